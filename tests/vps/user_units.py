"""Units of a user's own service manager, in its default slice and in one of their own."""

from on_vps import MIB, SECONDS, WithHostAgent

UNIT = "[Service]\nExecStart=/usr/bin/test_workload grow 4m 8m\n"
MANAGER = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service"


class UserUnits(WithHostAgent):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vps.write("/home/worker/.config/systemd/user/mine.service", UNIT)
        cls.vps.write("/home/worker/.config/systemd/user/sliced-mine.service", UNIT + "Slice=own-inner.slice\n")
        cls.vps.run("chown --recursive worker: /home/worker && loginctl enable-linger worker && "
                    "systemctl start user@1000.service", seconds=120)
        cls.of_user("daemon-reload")
        cls.of_user("start mine.service sliced-mine.service")

    @classmethod
    def of_user(cls, command):
        return cls.vps.run("runuser -u worker -- env XDG_RUNTIME_DIR=/run/user/1000 systemctl --user " + command)

    def wait_for_user_caps(self, folder):
        """A user's manager has no CPU controller."""
        self.vps.wait_until(f"test \"$(cat {folder}/memory.max {folder}/pids.max)\" = '{48 * MIB}\n24'", SECONDS)

    def test_it_is_found_and_its_memory_is_read(self):
        self.wait_for_state("mine", "running")
        self.wait_for_memory("mine")

    def test_it_is_found_in_a_slice_of_its_own(self):
        self.vps.run(f"test -d {MANAGER}/own.slice/own-inner.slice/sliced-mine.service")
        self.wait_for_state("sliced-mine", "running")
        self.wait_for_memory("sliced-mine")

    def test_its_caps_are_in_force_also_after_the_users_daemon_reload(self):
        for folder in (f"{MANAGER}/app.slice/mine.service", f"{MANAGER}/own.slice/own-inner.slice/sliced-mine.service"):
            self.wait_for_user_caps(folder)
            self.of_user("daemon-reload")
            self.of_user("set-property --runtime " + folder.rpartition("/")[2] + " MemoryMax=96M TasksMax=60")
            self.wait_for_user_caps(folder)

    def test_stopped_it_is_not_running_and_started_again_it_has_its_caps(self):
        self.of_user("stop mine.service")
        self.wait_for_state("mine", "stopped")
        self.of_user("start mine.service")
        self.wait_for_state("mine", "running")
        self.wait_for_user_caps(f"{MANAGER}/app.slice/mine.service")
