"""The shipped compose file with the shipped configuration: the agent in a container guards the one beside it."""

from on_vps import MIB, OnVps


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

    def assert_caps_in_force(self):
        folder = self.container_cgroup("chat")
        self.wait_for_caps(folder, 700 * MIB, "80000 100000", 512)
        self.assertEqual(self.vps.run(f"cat {folder}/memory.low"), str(512 * MIB))

    def test_1_the_chat_server_has_all_caps_and_is_healthy(self):
        self.assert_caps_in_force()
        self.vps.wait_until("leakguard status --json chat | grep -E '\"healthy\": ?true'", 120)

    def test_2_the_machines_cgroups_and_pressure_are_read(self):
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
