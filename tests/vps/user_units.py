"""Units of a user's own service manager."""

from on_vps import MIB, SECONDS, WithHostAgent

UNIT = "[Service]\nExecStart=/usr/bin/test_workload grow 1m 8m\n"


class UserUnits(WithHostAgent):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vps.write("/home/worker/.config/systemd/user/mine.service", UNIT)
        cls.vps.run("chown --recursive worker: /home/worker && loginctl enable-linger worker && "
                    "systemctl start user@1000.service", seconds=120)
        cls.of_user("start mine.service")

    @classmethod
    def of_user(cls, command):
        return cls.vps.run("runuser -u worker -- env XDG_RUNTIME_DIR=/run/user/1000 systemctl --user " + command)

    def test_it_is_found_and_its_memory_is_read(self):
        self.wait_for_state("mine", "running")
