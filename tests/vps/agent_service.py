"""The agent as the shipped systemd unit: its start, a wrong configuration, its watchdog."""

from on_vps import ADDRESS, CONFIGURATION, HOST_AGENT, SECONDS, WithHostAgent


class AgentService(WithHostAgent):
    def test_it_is_started_once_it_answers(self):
        self.vps.run(f"systemctl restart leakguard && curl -sSf {ADDRESS}/-/healthy")
        self.assertEqual(self.unit_property("leakguard", "Type"), "notify")

    def test_a_wrong_configuration_makes_the_restart_fail(self):
        self.vps.write(CONFIGURATION, HOST_AGENT + "  - {name: other, container: other, caps: {memory: lots}}\n")
        self.addCleanup(self.vps.run, "systemctl restart leakguard")
        self.addCleanup(self.vps.write, CONFIGURATION, HOST_AGENT)
        status, _ = self.vps.status_of("systemctl restart leakguard")
        self.assertNotEqual(status, 0)
        self.assertEqual(self.unit_property("leakguard", "ExecMainStatus"), "78")
        self.assertEqual(self.unit_property("leakguard", "ActiveState"), "failed", "it is not started again")
        self.assertIn("caps.memory", self.vps.run("journalctl --unit leakguard --lines 20 --output cat"))

    def test_a_wrong_configuration_is_not_reloaded(self):
        before = self.unit_property("leakguard", "MainPID")
        self.vps.write(CONFIGURATION, "workloads: 7\n")
        self.addCleanup(self.vps.write, CONFIGURATION, HOST_AGENT)
        self.assertNotEqual(self.vps.status_of("systemctl reload leakguard")[0], 0)
        self.assertEqual(self.unit_property("leakguard", "MainPID"), before)
        self.assertEqual(self.workload("plain")["lifecycle"]["state"], "running")

    def test_a_hung_agent_is_replaced_and_its_workloads_go_on(self):
        self.wait_for_state("job", "running")
        agent, job = self.unit_property("leakguard", "MainPID"), self.workload("job")["identity"]["pid"]
        container = self.vps.run("docker inspect --format '{{.State.Pid}} {{.State.StartedAt}}' plain")
        self.vps.run(f"kill -STOP {agent}")
        # WatchdogSec is 30 s.
        self.vps.wait_until(f"test $(systemctl show --property MainPID --value leakguard) != {agent} && "
                            f"curl -sSf {ADDRESS}/-/ready", 120, "another agent")
        self.assertIn("watchdog", self.vps.run("journalctl --unit leakguard --lines 50 --output cat").lower())
        self.wait_for_state("job", "running", SECONDS)
        self.assertEqual(self.workload("job")["identity"]["pid"], job)
        self.assertEqual(self.vps.run("docker inspect --format '{{.State.Pid}} {{.State.StartedAt}}' plain"), container)
