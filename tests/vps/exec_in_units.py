"""`leakguard exec` as the program of a unit, with and without Delegate, over daemon-reload."""

from on_vps import MIB, SECONDS, OnVps

EXEC = "/usr/bin/leakguard exec --listen off --name job --memory 48m --pids 24 -- /usr/bin/test_workload grow 1m 8m"


class ExecInUnits(OnVps):
    def start(self, unit, *properties):
        options = " ".join(f"--property {one}" for one in properties)
        self.vps.run(f"systemd-run --unit {unit} {options} {EXEC}")
        self.addCleanup(self.vps.run, f"systemctl stop {unit}; systemctl reset-failed {unit} 2>/dev/null || true")
        folder = f"/sys/fs/cgroup/system.slice/{unit}.service/leakguard-job"
        self.wait_for_command_caps(folder)
        return folder

    def wait_for_command_caps(self, folder):
        self.vps.wait_until(f"test \"$(cat {folder}/memory.max {folder}/pids.max)\" = '{48 * MIB}\n24'", SECONDS,
                            f"{folder} to have the caps")

    def test_without_delegation_the_caps_are_put_back_and_it_is_said(self):
        folder = self.start("plain-exec")
        process = self.vps.run(f"cat {folder}/cgroup.procs")
        # systemd takes the controllers away when it looks at the unit again.
        self.vps.run("systemctl daemon-reload && systemctl set-property --runtime plain-exec.service CPUWeight=50")
        self.wait_for_command_caps(folder)
        self.assertEqual(self.vps.run(f"cat {folder}/cgroup.procs"), process)
        self.vps.wait_until("journalctl --unit plain-exec --output cat | grep 'set Delegate=yes in the unit'", SECONDS)

    def test_with_delegation_they_stay(self):
        folder = self.start("delegated-exec", "Delegate=yes")
        self.vps.run("systemctl daemon-reload && systemctl set-property --runtime delegated-exec.service CPUWeight=50")
        self.assertEqual(self.vps.run(f"cat {folder}/memory.max"), str(48 * MIB))
        self.assertNotIn("Delegate", self.vps.run("journalctl --unit delegated-exec --output cat"))
