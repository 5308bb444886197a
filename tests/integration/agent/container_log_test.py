"""The log of a real container as the agent counts it: colours, reloads, a new container in the old one's place."""

import os
import signal
import tempfile
import time
import unittest

from agent import Agent, SECONDS, config_text, require_agent
from harness.engine import Engine, require_engine
from harness.process import free_port

SHELL = {"/bin/sh": "/bin/dash", "/bin/sleep": "/bin/sleep"}
LINES = 300
# It waits for the agent to follow its log: of the first container that is seen, the past is history.
PRINTS = (f"sleep 3; n=0; while [ $n -lt {LINES} ]; do n=$((n+1)); "
          "printf '\\033[32mCleaned up \\033[1m%d\\033[0m old\\r\\n' $n; sleep 0.02; done; sleep 600")


class ContainerLogTest(unittest.TestCase):
    def test_reloads_lose_and_repeat_no_line_and_colours_hide_none(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        engine = self.enterContext(Engine())
        engine.build_image("shell", SHELL, entrypoint=["/bin/sh", "-c"])
        config = os.path.join(folder, "leakguard.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(config_text(folder, "  - name: job\n    container: job\n    expect_log:\n"
                                   "      - {name: cleanup, pattern: '^Cleaned up (?P<count>\\d+) old$', every: 2s,"
                                   " grace: 1s}\n", free_port(), engine.socket))
        agent = self.enterContext(Agent.run(config))
        agent.wait_until_ready()
        engine.run("shell", name="job", command=[PRINTS])
        agent.wait_for_metric("leakguard_log_matches_total", lambda seen: seen >= 1)
        for reload in range(1, 11):
            agent.send(signal.SIGHUP)
            agent.wait_for_line("configuration reloaded", SECONDS, count=reload)
            self.assertNotEqual(agent.metric("leakguard_log_overdue"), 1)
            time.sleep(0.3)
        agent.wait_for_metric("leakguard_log_value", lambda last: last == LINES, seconds=60)
        time.sleep(1)  # a line that is counted twice comes after all have come
        print(f"10 reloads: {LINES} lines, counted {agent.metric('leakguard_log_matches_total'):.0f}")
        self.assertEqual(agent.metric("leakguard_log_matches_total"), LINES)



if __name__ == "__main__":
    require_agent()
    require_engine()
    unittest.main()
