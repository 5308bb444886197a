"""`leakguard analyze` on recordings of each form, as an operator runs it: verdicts, words, exit codes, bad input."""

import json
import os
import resource
import subprocess
import tempfile
import unittest

from agent import BINARY, SECONDS, ask
from harness.process import http_get
from harness.prometheus import Prometheus
from harness.requirements import require_file

MIB = 1 << 20
START = 1767323045


def rising(minutes=600, start=START):
    """300 MiB and half a mebibyte more each minute."""
    return [(start + 60 * i, 300 * MIB + i * MIB // 2) for i in range(minutes)]


def level(minutes=600, start=START):
    return [(start + 60 * i, 300 * MIB + i % 7 * MIB // 8) for i in range(minutes)]


def csv(samples, header="timestamp,memory_bytes"):
    return header + "\n" + "".join(f"{at},{used}\n" for at, used in samples)


def query_range(series):
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [
        {"metric": labels, "values": [[at, str(used)] for at, used in samples]} for labels, samples in series]}})


def docker_log(name, samples, limit="700MiB"):
    """What the loop of docs/analyze.md writes, in the docker client's own columns."""
    header = "CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT   MEM %     NET I/O       BLOCK I/O   PIDS\n"
    return "".join(f"{at}\n{header}0123456789ab   {name}   0.10%     {used / MIB:.1f}MiB / {limit}   5.00%   "
                   f"656B / 0B    0B / 0B     3\n" for at, used in samples)


class AnalyzeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        require_file(BINARY, "the agent (target leakguard)")
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="leakguard-analyze-"))

    def file(self, text):
        path = os.path.join(self.folder, self.id().rpartition(".")[2])
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def analyze(self, text, *flags):
        return ask("analyze", self.file(text), *flags)

    def series(self, text, *flags, code):
        answer = self.analyze(text, "--json", *flags)
        self.assertEqual((answer.returncode, answer.stderr), (code, ""))
        return json.loads(answer.stdout)["series"]

    def test_a_leak_is_found_in_csv_and_is_exit_code_3(self):
        leak = self.series(csv(rising()), "--limit", "700m", code=3)[0]
        self.assertEqual(list(leak), ["name", "verdict", "growth_bytes_per_hour", "growth_low", "growth_high",
                                      "limit_bytes", "time_to_limit_seconds", "first_leaking_at", "samples",
                                      "span_seconds", "evidence"])
        self.assertEqual((leak["verdict"], leak["limit_bytes"], leak["samples"]), ("leaking", 700 * MIB, 600))
        self.assertAlmostEqual(leak["growth_bytes_per_hour"], 30 * MIB, delta=MIB)
        self.assertLessEqual(leak["growth_low"], leak["growth_bytes_per_hour"])
        self.assertAlmostEqual(leak["time_to_limit_seconds"], 100 * MIB / (MIB / 120), delta=1000)
        self.assertTrue(START < leak["first_leaking_at"] < START + 36000)

    def test_no_leak_is_exit_code_0(self):
        self.assertEqual(self.series(csv(level()), code=0)[0]["verdict"], "stable")

    def test_the_words_say_why(self):
        answer = self.analyze(csv(rising()), "--limit", "700m")
        self.assertEqual(answer.returncode, 3)
        self.assertRegex(answer.stdout, r"(?m)^memory_bytes: leaking$")
        self.assertRegex(answer.stdout, r"minimum rose 30 MiB/h \(.*\) for .*: continuous growth")
        self.assertRegex(answer.stdout, r"limit of 700 MiB in 3h .*\(.* – .*\)")
        self.assertRegex(answer.stdout, r"first called leaking at 2026-01-02T\d\d:\d\d:05Z, after")

    def test_no_verdict_rests_on_what_comes_later(self):
        first = self.series(csv(rising()), "--limit", "700m", code=3)[0]["first_leaking_at"]
        until = [sample for sample in rising() if sample[0] <= first]
        self.assertEqual(self.series(csv(until), "--limit", "700m", code=3)[0]["first_leaking_at"], first)
        self.assertIsNone(self.series(csv(until[:-1]), "--limit", "700m", code=0)[0]["first_leaking_at"])

    def test_every_form_has_the_same_verdict(self):
        samples = [(at, used // MIB * MIB) for at, used in rising()]
        flags = ("--limit", "700m")
        both = [self.series(csv(samples), *flags, code=3),
                self.series(csv([(at, used // MIB) for at, used in samples], "timestamp,Memory(Mi)"),
                            "--column", "Memory(Mi)", *flags, code=3),
                self.series(query_range([({"__name__": "m"}, samples)]), *flags, code=3),
                self.series(docker_log("web", samples), code=3)]
        self.assertEqual([[one["name"] for one in answer] for answer in both],
                         [["memory_bytes"], ["Memory(Mi)"], ["m"], ["web"]])
        for answer in both:
            del answer[0]["name"]
            self.assertEqual(answer, both[0])

    def test_series_are_told_apart_and_one_leak_is_enough(self):
        rows = "".join(f"{at},leaky,{a}\n{at},calm,{b}\n" for (at, a), (_, b) in zip(rising(), level(), strict=True))
        series = self.series("timestamp,pod,memory_bytes\n" + rows, "--series-column", "pod", code=3)
        self.assertEqual([(one["name"], one["verdict"]) for one in series], [("calm", "stable"), ("leaky", "leaking")])

    def test_standard_input_is_read(self):
        answer = subprocess.run([BINARY, "analyze", "-", "--json"], input=csv(level()), capture_output=True, text=True,
                                timeout=SECONDS, check=False)
        self.assertEqual((answer.returncode, json.loads(answer.stdout)["series"][0]["samples"]), (0, 600))

    def test_a_real_prometheus_is_understood(self):
        with Prometheus({}) as prometheus:
            # Of a server that has only just begun: an expression that grows with time, at every second of an hour.
            query = "query=vector(time())*1024&start=1767323045&end=1767359045&step=60"
            document = http_get(f"{prometheus.address}/api/v1/query_range?{query}", seconds=20)[1]
            error = http_get(f"{prometheus.address}/api/v1/query_range?query=oops(&start=1&end=2&step=1", seconds=20)[1]
        series = self.series(document, code=0)
        self.assertEqual([(one["name"], one["samples"]) for one in series], [("{}", 601)])
        self.refused(error, "Prometheus answered with an error: .*parse error")

    def refused(self, text, pattern, *flags, code=1):
        answer = self.analyze(text, *flags)
        self.assertEqual((answer.returncode, answer.stdout), (code, ""))
        self.assertRegex(answer.stderr, pattern)

    def test_what_is_wrong_is_told_with_its_line(self):
        header = "timestamp,memory_bytes\n"
        self.refused(header + "0,5\n60,-1\n", "line 3: memory below zero")
        self.refused(header + "60,5\n0,5\n", "line 3: its time, 0 s, lies before")
        self.refused(header + "1767323045000,5\n", "line 2: '1767323045000' is not a time.*not milliseconds")
        self.refused(header + "0,5\n1,5MiB\n", "line 3: '5MiB' is not a number; the unit belongs")
        self.refused("time,memory_bytes\n0,5\n", "line 1: no column 'timestamp'; nearest: 'time' .--time-column")
        self.refused("timestamp,m(%)\n0,5\n", "in % of what", "--column", "m(%)")
        self.refused("timestamp,memory_bytes\n", "no samples in it")
        self.refused("", "empty")
        self.refused('{"status":"success","data":{"resultType":"matrix","result":[', "no JSON")
        self.refused("\0" * 200_000, "line 1: longer")
        self.assertEqual(ask("analyze", "/nowhere").returncode, 1)

    def test_what_is_missing_is_counted(self):
        rows = csv(level()).replace(f"\n{START + 600},", f"\n{START + 540},", 1)
        rows += f"{START + 36_000},NaN\n{START + 90 * 86400},{300 * MIB}\n"
        answer = self.analyze(rows)
        self.assertEqual(answer.returncode, 0)
        for words in ("1 readings missing", "1 samples at the time of the one before, left out", "1 gap of 89d"):
            self.assertIn(words, answer.stdout)

    def test_usage(self):
        for flags in ((), ("x", "--format", "xml"), ("x", "--limit", "much"), ("x", "--nothing")):
            answer = ask("analyze", *flags)
            self.assertEqual((answer.returncode, answer.stdout), (2, ""), flags)
        words = ask("analyze", "--help")
        self.assertEqual(words.returncode, 0)
        for flag in ("--limit", "--column", "--time-column", "--series-column", "--run-column", "docker stats"):
            self.assertIn(flag, words.stdout)

    def test_a_name_does_not_steer_the_terminal(self):
        text = query_range([({"__name__": "\x1b[31mred"}, level())])
        self.assertNotIn("\x1b", self.analyze(text).stdout)

    def test_a_million_rows_need_no_more_memory_than_ten(self):
        path = os.path.join(self.folder, "many.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("timestamp,memory_bytes\n")
            file.writelines(f"{i},{300_000_000 + i % 1000}\n" for i in range(1_000_000))
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            os.execv(BINARY, [BINARY, "analyze", path])
        _, status, usage = os.wait4(child, 0)
        self.assertEqual(os.waitstatus_to_exitcode(status), 0)
        self.assertLess(usage.ru_maxrss, 40 * 1024, "KiB")


if __name__ == "__main__":
    unittest.main()
