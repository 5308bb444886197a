"""The report of `leakguard analyze --html` in a real Chromium: drawn, escaped, on a phone too, with no network.
Screenshots go to BUILD/screenshots."""

import os
import tempfile
import unittest

from agent import BINARY, ask
from harness.browser import Browser
from harness.requirements import require_file, require_programs

MIB = 1 << 20
START = 1767323045
NASTY = "</script><script>document.title='broken'</script><img src=x onerror=alert(1)>"


def rows():
    for i in range(600):
        yield f"{START + 60 * i},{NASTY},{300 * MIB + i * MIB // 2 + i % 9 * MIB}\n"
        yield f"{START + 60 * i},calm,{300 * MIB + i % 7 * MIB // 8}\n"


class AnalyzePageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        require_file(BINARY, "the agent (target leakguard)")
        require_programs("chromium")
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="leakguard-report-"))
        recording, cls.report = os.path.join(cls.folder, "usage.csv"), os.path.join(cls.folder, "report.html")
        with open(recording, "w", encoding="utf-8") as file:
            file.write("timestamp,pod,memory_bytes\n")
            file.writelines(rows())
        answer = ask("analyze", recording, "--series-column", "pod", "--limit", "700m", "--html", cls.report)
        assert answer.returncode == 3, answer.stderr
        cls.browser = cls.enterClassContext(Browser())

    def setUp(self):
        self.page = self.browser.open(f"file://{self.report}")

    def screenshot(self, name):
        path = os.path.join(os.environ["LEAKGUARD_BUILD_DIR"], "screenshots", f"analyze-{name}.png")
        self.page.screenshot(path)
        self.assertGreater(os.path.getsize(path), 10_000)

    def test_it_draws_each_series_the_leak_first(self):
        self.assertEqual(self.page.evaluate("[...document.querySelectorAll('h2 .tag')].map(e => e.textContent)"),
                         ["leaking", "stable"])
        self.assertEqual(self.page.evaluate("document.querySelectorAll('svg').length"), 2)
        for part in ("path.fit", "path.forecast", "path.first"):
            self.assertEqual(self.page.evaluate(f"document.querySelectorAll('{part}').length"), 1, part)
        self.assertIn("limit 700 MiB", self.page.evaluate("document.querySelector('svg').textContent"))
        self.assertNotIn("NaN", self.page.evaluate("document.querySelector('main').innerHTML"))
        self.assertIn("minimum rose", self.page.text("main"))
        self.screenshot("desktop")

    def test_a_name_is_text_and_nothing_else(self):
        self.assertIn(NASTY, self.page.text("h2"))
        self.assertEqual(self.page.evaluate("document.title"), "leakguard analyze")
        self.assertEqual(self.page.evaluate("document.querySelectorAll('img').length"), 0)

    def test_it_asks_for_nothing_and_complains_of_nothing(self):
        self.assertEqual((self.page.requests, self.page.complaints), ([f"file://{self.report}"], []))

    def test_it_fits_a_phone_in_the_dark(self):
        self.page.prefer("dark")
        self.page.resize(390, 844, mobile=True)
        self.page.wait_for("document.querySelector('svg').viewBox.baseVal.width < 390")
        self.assertEqual(self.page.evaluate("document.documentElement.scrollWidth"), 390)
        self.assertNotEqual(self.page.evaluate("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)")
        self.screenshot("phone")


if __name__ == "__main__":
    unittest.main()
