"""Containers as workloads: a cap below the memory in use, redeployment, and a host that runs out of memory."""

from on_vps import ADDRESS, HOST_AGENT, MIB, SECONDS, WithHostAgent

CAP_BELOW_USE = "  - {name: heavy, container: heavy, caps: {memory: 32m%s, pids: 40}}\n"
IN_USE = 64  # MiB


class CapBelowUse(WithHostAgent):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vps.run(f"docker run --detach --name heavy --network none leakguard/workload grow 64m {IN_USE}m", seconds=120)
        cls.folder = cls.container_cgroup("heavy")
        cls.vps.wait_until(f"test $(cat {cls.folder}/memory.current) -ge {IN_USE * MIB}", SECONDS)
        cls.started = cls.run_of_container("heavy")
        cls.configure(HOST_AGENT + CAP_BELOW_USE % "")

    @classmethod
    def tearDownClass(cls):
        cls.configure(HOST_AGENT)
        cls.vps.run("docker rm --force heavy", seconds=120)

    def test_1_it_is_refused_with_both_numbers_and_kills_nothing(self):
        self.vps.wait_until(f"curl -sSf {ADDRESS}/metrics | grep '^leakguard_workload_cap_refused.*\"heavy\".* 1$'", SECONDS)
        refusal = self.workload("heavy")["caps_refused"]
        self.assertRegex(refusal, r"memory cap 32 ?MiB is below the 6\d(\.\d+)? ?MiB in use")
        self.assertIn("force: true", refusal)
        self.assertEqual(self.run_of_container("heavy"), self.started)
        self.assertEqual(self.vps.run(f"grep '^oom_kill ' {self.folder}/memory.events"), "oom_kill 0")

    def test_2_the_other_caps_do_not_wait_for_it(self):
        self.vps.wait_until(f"grep -x 40 {self.folder}/pids.max", SECONDS)
        self.assertEqual(self.vps.run(f"cat {self.folder}/memory.max {self.folder}/memory.high"), "max\nmax")

    def test_3_with_force_it_is_written(self):
        self.configure(HOST_AGENT + CAP_BELOW_USE % ", force: true")
        self.vps.wait_until("docker inspect --format '{{.HostConfig.Memory}} {{.State.Running}}' heavy | "
                            f"grep -x '{32 * MIB} false'", SECONDS, "the container to be killed by its forced cap")
        self.vps.wait_until(f"curl -sSf {ADDRESS}/metrics | grep '^leakguard_workload_oom_kills_total.*\"heavy\".* 1$'", SECONDS)
        self.assertEqual(self.workload("heavy")["lifecycle"]["last_exit"], "oom_kill")


class Redeployment(WithHostAgent):
    RUN = "docker run --detach --name redeployed --network none leakguard/workload grow 1m 8m"

    def test_three_redeploys_are_no_restarts(self):
        self.vps.run(self.RUN, seconds=120)
        self.addCleanup(self.vps.run, "docker rm --force redeployed", 120)
        self.wait_for_state("redeployed", "running")
        for _ in range(3):
            before = self.workload("redeployed")["identity"]["container_id"]
            self.vps.run("docker rm --force redeployed", seconds=120)
            self.wait_for_state("redeployed", "absent")
            self.vps.run(self.RUN, seconds=120)
            self.wait_for_state("redeployed", "running")
            self.assertNotEqual(self.workload("redeployed")["identity"]["container_id"], before)
        lifecycle = self.workload("redeployed")["lifecycle"]
        self.assertEqual(lifecycle["restarts"], 0)
        self.assertFalse(lifecycle["restart_loop"])
        # The twin: a restart of the same container counts.
        self.vps.run("docker restart --time 1 redeployed", seconds=120)
        self.vps.wait_until(f"curl -sSf {ADDRESS}/api/v1/workloads/redeployed | grep -E '\"restarts\": ?1,'", SECONDS)


class HostOom(WithHostAgent):
    """Kills by the machine's OOM killer, outside of any cgroup's limit."""

    # The killer is called by hand: before the kernel calls it, it looks for minutes for memory that it can reclaim.
    KILL = "echo f >/proc/sysrq-trigger"
    # What it takes first.
    VICTIM = "grow 1g 64m"

    def kills_of_kernel(self):
        return int(self.vps.run("sed -n 's/^oom_kill //p' /proc/vmstat"))

    def wait_for_victim(self, process):
        """Waits until the agent has seen the process killed; returns what it tells of it."""
        self.vps.wait_until(f"curl -sSf {ADDRESS}/api/v1/status | grep '\"pid\":{process},\"process\":'", SECONDS,
                            f"the agent to name process {process}")
        return next(victim for victim in self.status()["host"]["oom_victims"] if victim["pid"] == int(process))

    def wait_for_count(self, count):
        self.vps.wait_until(f"curl -sSf {ADDRESS}/metrics | grep --line-regexp 'leakguard_host_oom_kills_total {count}'", SECONDS,
                            f"{count} kills to be counted")

    def test_1_a_victim_that_is_a_workload_is_named(self):
        before = self.kills_of_kernel()
        self.vps.run(f"docker run --detach --name hog --network none --oom-score-adj 1000 leakguard/workload {self.VICTIM}",
                     seconds=120)
        self.addCleanup(self.vps.run, "docker rm --force hog", 120)
        self.wait_for_state("hog", "running")
        process = self.vps.run("docker inspect --format '{{.State.Pid}}' hog")
        self.vps.run(self.KILL)
        self.wait_for_state("hog", "stopped")
        victim = self.wait_for_victim(process)
        self.assertEqual((victim["workload"], victim["process"], victim["host_wide"]), ("hog", "test_workload", True))
        self.wait_for_count(before + 1)
        hog = self.workload("hog")
        self.assertEqual(hog["memory"]["oom_kills"], 1)
        self.assertEqual(hog["lifecycle"]["last_exit"], "oom_kill")
        self.assertRegex(" ".join(self.status()["host"]["words"]), r"\(test_workload\) of hog: the machine was out of memory")

    def test_2_a_victim_that_is_no_workload_is_named_by_its_cgroup(self):
        before = self.kills_of_kernel()
        self.vps.run(f"systemd-run --unit stranger --property OOMScoreAdjust=1000 /usr/bin/test_workload {self.VICTIM}")
        self.addCleanup(self.vps.run, "systemctl reset-failed stranger")
        process = self.unit_property("stranger", "MainPID")
        self.vps.run(self.KILL)
        victim = self.wait_for_victim(process)
        self.assertEqual((victim["workload"], victim["cgroup"]), ("", "/system.slice/stranger.service"))
        self.assertTrue(victim["host_wide"])
        self.wait_for_count(before + 1)

    def test_3_the_agent_goes_on_while_the_machine_has_no_memory(self):
        agent = self.unit_property("leakguard", "MainPID")
        self.vps.run(f"grep --perl-regexp '^VmLck:\\s+[1-9]\\d{{3,}} kB' /proc/{agent}/status")  # its code
        before = self.kills_of_kernel()
        self.vps.run("systemd-run --unit eater --property OOMScoreAdjust=1000 /usr/bin/test_workload grow 4g")
        self.addCleanup(self.vps.run, "systemctl reset-failed eater")
        process = self.unit_property("eater", "MainPID")
        self.vps.wait_until("systemctl is-failed --quiet eater", 600)
        self.assertTrue(self.wait_for_victim(process)["host_wide"])
        self.assertGreater(self.kills_of_kernel(), before)
        self.assertEqual(self.unit_property("leakguard", "MainPID"), agent, "its watchdog has ended it")
