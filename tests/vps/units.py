"""Units of systemd as workloads, and caps that survive what systemd and Docker do."""

from on_vps import MIB, SECONDS, WithHostAgent

KILLS = 3  # StartLimitBurst of the unit


class Units(WithHostAgent):
    def test_every_oom_kill_of_a_restarting_instance_is_counted(self):
        self.vps.run("systemctl start leaky@1.service")
        # systemd counts the restart that the start limit then refuses, too.
        self.vps.wait_until("systemctl is-failed --quiet leaky@1.service && systemctl show --property NRestarts --value "
                            f"leaky@1.service | grep --line-regexp {KILLS}", 120, "the unit to be given up")
        kernel = int(self.vps.run("journalctl --dmesg --output cat | grep --count 'oom-kill:.*leaky@1.service'"))
        self.assertEqual(kernel, KILLS)
        self.vps.wait_until("curl -sS http://127.0.0.1:10780/metrics | "
                            f"grep '^leakguard_workload_oom_kills_total.*\"leaky\".* {KILLS}$'", SECONDS)
        self.wait_for_state("leaky", "stopped")
        lifecycle = self.workload("leaky")["lifecycle"]
        self.assertEqual(lifecycle["last_exit"], "oom_kill")
        self.assertEqual(lifecycle["restarts"], KILLS - 1)

    def test_a_stopped_unit_is_stopped_and_an_unknown_one_absent(self):
        self.wait_for_state("idle", "stopped")
        self.wait_for_state("nowhere", "absent")


class Caps(WithHostAgent):
    def test_caps_of_a_container_survive_daemon_reload_and_docker_update(self):
        folder = self.container_cgroup("plain")
        self.wait_for_caps(folder, 64 * MIB, "50000 100000", 64)
        self.vps.run("systemctl daemon-reload")
        self.wait_for_caps(folder, 64 * MIB, "50000 100000", 64)
        self.vps.run("docker update --memory 128m --memory-swap 128m --cpus 1 --pids-limit 100 plain")
        self.wait_for_caps(folder, 64 * MIB, "50000 100000", 64)
        self.assertEqual(self.vps.run("docker inspect --format '{{.HostConfig.Memory}}' plain"), str(64 * MIB))

    def test_caps_of_a_unit_survive_daemon_reload_and_set_property(self):
        folder = "/sys/fs/cgroup/system.slice/capped.service"
        self.wait_for_caps(folder, 64 * MIB, "50000 100000", 32)
        self.vps.run("systemctl daemon-reload")
        self.assertEqual(self.vps.run(f"cat {folder}/memory.max"), str(64 * MIB))
        self.vps.run("systemctl set-property --runtime capped.service MemoryMax=128M CPUQuota=100% TasksMax=100")
        self.wait_for_caps(folder, 64 * MIB, "50000 100000", 32)

    def test_a_unit_in_a_slice_of_its_own_is_found_and_has_its_caps(self):
        self.vps.run("systemctl start sliced")
        self.wait_for_state("sliced", "running")
        folder = "/sys/fs/cgroup/own.slice/own-inner.slice/sliced.service"
        self.wait_for_caps(folder, 64 * MIB, "50000 100000", 32)
        self.wait_for_memory("sliced")
