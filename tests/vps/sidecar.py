"""The shipped compose file with the shipped configuration: the agent in a container guards the one beside it."""

from on_vps import ADDRESS, MIB, SECONDS, OnVps

SHIPPED = "/srv/configs/leakguard.yml"


class Sidecar(OnVps):
    @classmethod
    def setUpClass(cls):
        # As the head of the file says; the images are made from the same binaries, without a registry.
        cls.vps.run("""set -e; cd /srv
            head -c 24 /dev/urandom | base64 >configs/admin_token
            echo "me:$(head -c 24 /dev/urandom | base64)" >configs/chat_keys
            docker-compose -f configs/compose.yml up --no-build --detach""", seconds=240)
        cls.wait_for_state("chat", "running")

    @classmethod
    def tearDownClass(cls):
        cls.vps.run("docker rm --force chat leakguard", seconds=120)

    def reload_after(self, change):
        """Runs a command that changes the configuration, and waits until the agent has read one again."""
        reloads = "docker logs leakguard 2>&1 | grep --count 'configuration reloaded'"
        before = self.vps.run(reloads, check=False)
        self.vps.run(f"{change} && docker kill --signal HUP leakguard")
        self.vps.wait_until(f"test $({reloads}) -gt {before}", SECONDS, "the configuration to be reloaded")

    def assert_caps_in_force(self):
        folder = self.container_cgroup("chat")
        self.wait_for_caps(folder, 700 * MIB, "80000 100000", 512)
        self.assertEqual(self.vps.run(f"cat {folder}/memory.low"), str(512 * MIB))

    def test_1_the_chat_server_has_all_caps_and_is_healthy(self):
        self.assert_caps_in_force()
        self.vps.wait_until("leakguard status --json chat | grep -E '\"healthy\": ?true'", 120)

    def test_2_the_machines_cgroups_and_pressure_are_read(self):
        self.assertNotIn("not locked in memory", self.vps.run("docker logs leakguard 2>&1"))
        self.assertEqual(self.series("leakguard_source_up", source="cgroup"), [1.0])
        self.assertEqual(self.series("leakguard_source_up", source="engine"), [1.0])
        self.assertEqual(len(self.series("leakguard_workload_pressure_stalled_seconds_total", workload="chat")), 6)
        self.assertGreater(self.series("leakguard_workload_memory_anon_bytes", workload="chat")[0], MIB)

    def test_3_a_container_without_limits_gets_them(self):
        self.vps.run("docker rm --force chat; docker run --detach --name chat --network none leakguard/workload "
                     "grow 4m 16m", seconds=120)
        self.assert_caps_in_force()
        drift = "curl -sS http://127.0.0.1:10780/metrics | grep '^leakguard_workload_cap_drift.*chat'"
        self.vps.wait_until(f"! {drift} | grep -v ' 0$'", 60)
        self.assertEqual(len(self.vps.run(drift).splitlines()), 4)

    def test_4_memory_high_without_write_access_is_refused_and_the_other_caps_are_kept(self):
        # The mounted file itself is written to.
        self.reload_after(f"sed 's/^    caps:/&\\n      memory_high: 600m/' {SHIPPED} >/srv/changed.yml && "
                          f"cat /srv/changed.yml >{SHIPPED}")
        self.vps.wait_until(f"curl -sSf {ADDRESS}/metrics | grep '^leakguard_workload_cap_refused.*\"chat\".* 1$'", SECONDS)
        refused = self.workload("chat")["caps_refused"]
        self.assertIn("memory.high", refused)
        self.assertIn("Read-only file system", refused)
        self.vps.run("docker update --memory 800m --memory-swap 800m --cpus 1 --pids-limit 100 chat")
        self.assert_caps_in_force()

    def test_5_a_configuration_that_an_editor_replaced_is_said_to_be_the_old_one(self):
        self.reload_after(f"cp {SHIPPED} {SHIPPED}.new && mv {SHIPPED}.new {SHIPPED}")
        self.assertIn("has been replaced or removed: the old one was read again", self.vps.run("docker logs leakguard 2>&1"))

    def test_6_memory_high_is_set_once_the_cgroups_are_mounted_writable(self):
        self.vps.run("""set -e; cd /srv
            sed --in-place 's,/host/cgroup:ro$,/host/cgroup,' configs/compose.yml
            grep --quiet '/host/cgroup$' configs/compose.yml
            docker-compose -f configs/compose.yml up --no-build --detach leakguard""", seconds=240)
        self.vps.wait_until(f"grep --line-regexp {600 * MIB} {self.container_cgroup('chat')}/memory.high", SECONDS)
        self.assert_caps_in_force()
