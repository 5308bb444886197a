#!/usr/bin/env python3
"""Shows that tidy.py can fail: each rule finds its violation, and lets the same thing done right pass."""

import pathlib
import tempfile
import unittest

import tidy

HEADER = "#pragma once\n// What it is for.\n"


def findings_in(files):
    """What tidy says about a tree of {path: text}, as `path:line: what`."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        return [f"{f.path}:{f.line}: {f.what}" for f in tidy.findings(root)]


class Tidy(unittest.TestCase):
    def assert_clean(self, path, text):
        self.assertEqual(findings_in({path: text}), [])

    def assert_found(self, path, text, expected):
        found = findings_in({path: text})
        self.assertEqual(len(found), 1, found)
        self.assertIn(expected, found[0])

    def test_floors(self):
        self.assert_found("base/a.cc", '#include "guard/sample/x.h"\n', "base/a.cc:1: base includes guard/sample")
        self.assert_found("guard/source/a.cc", '#include "guard/action/x.h"\n', "guard/source includes guard/action")
        self.assert_found("guard/signal/a.cc", '#include "guard/policy/x.h"\n', "guard/signal includes guard/policy")
        self.assert_found("chatcore/api/a.cc", '#include "guard/guard.h"\n', "chatcore/api includes guard")
        self.assert_found("guard/new/a.cc", '#include "base/x.h"\n', "guard/new includes base")
        self.assert_clean("guard/policy/a.cc", '#include "guard/signal/x.h"\n#include "base/x.h"\n')
        self.assert_clean("guard/a.cc", '#include "guard/source/x.h"\n#include "guard/b.h"\n')
        self.assert_clean("agent/a.cc", '#include "guard/guard.h"\n#include "guard/config/x.h"\n')
        self.assert_clean("tests/base/a_test.cc", '#include "guard/guard.h"\n')

    def test_libraries(self):
        self.assert_found("guard/source/a.cc", "#include <curl/curl.h>\n", "outside base/curl_parts.h")
        self.assert_found("base/a.cc", "#include <new_library/x.hpp>\n", "of no known library")
        self.assert_clean("base/curl_parts.h", "#pragma once\n// What it is for.\n#include <curl/curl.h>\n")
        self.assert_clean("base/a.cc", "#include <vector>\n#include <sys/stat.h>\n#include <unistd.h>\n")

    def test_header_form(self):
        self.assert_found("base/a.h", "int x;\n", "base/a.h:1: a header without #pragma once")
        self.assert_found("base/a.h", "#pragma once\n\nint x;\n", "base/a.h:2: a header that does not say")
        self.assert_clean("base/a.h", HEADER)

    def test_own_header_first(self):
        late = {"base/a.h": HEADER, "base/a.cc": '#include <vector>\n\n#include "base/a.h"\n'}
        self.assertEqual(findings_in(late), ["base/a.cc:1: the first include is not the file's own header"])
        never = {"base/a.h": HEADER, "base/a.cc": "int x;\n"}
        self.assertEqual(findings_in(never), ["base/a.cc:1: the file does not include its own header"])
        first = {"base/a.h": HEADER, "base/a.cc": '#include "base/a.h"\n\n#include <vector>\n'}
        self.assertEqual(findings_in(first), [])

    def test_file_length(self):
        self.assert_clean("base/a.cc", "int x;\n" * 600)
        self.assert_found("base/a.cc", "int x;\n" * 601, "601 lines, more than 600")

    def test_function_length(self):
        def function(lines):
            return "namespace base {\nclass A {\n  int f(int a) const {\n" + "  ++x;\n" * (lines - 2) + "  }\n};\n}\n"

        self.assert_clean("base/a.cc", function(70))
        self.assert_found("base/a.cc", function(71), "base/a.cc:3: a function of 71 lines")
        self.assert_clean("base/a.cc", "struct A {\n" + "int x;\n" * 100 + "};\n")
        self.assert_clean("base/a.cc", "const int kTable[] = {\n" + "1,\n" * 100 + "};\n")

    def test_function_length_is_not_misled_by_text(self):
        body = '  auto s = "}";  // }\n  auto r = R"(}\n)";\n  char c = \'}\';\n' + "  ++x;\n" * 70
        self.assert_found("base/a.cc", "void f() {\n" + body + "}\n", "base/a.cc:1: a function of 76 lines")

    def test_banned_calls(self):
        for call, what in {
            "std::this_thread::sleep_for(1s);": "a thread sleeps",
            "sleep(1);": "a thread sleeps",
            'std::system("ls");': "a shell is started",
            'popen("ls", "r");': "a shell is started",
            "strcpy(a, b);": "a copy without a bound",
            "sprintf(a, b);": "a copy without a bound",
            "std::rand();": "rand()",
            "thread.detach();": "a thread that nobody waits for",
            'printf("x");': "output past the log",
            "std::cerr << x;": "output past the log",
        }.items():
            self.assert_found("guard/source/a.cc", call + "\n", what)
        self.assert_clean("base/a.cc", 'std::fprintf(stderr, "lost");\nstd::abort();\n')
        for call in ("static A& system();", "snprintf(a, n, b);", "timer.sleep(1);", "system_error(x);", "// rand()",
                     '"printf(";', "grand(1);"):
            self.assert_clean("guard/source/a.cc", call + "\n")

    def test_who_may_speak_and_who_may_sleep(self):
        self.assert_clean("agent/a.cc", 'printf("x");\n')
        self.assert_clean("chatcore/command/a.cc", "std::cout << x;\n")
        self.assert_clean("tests/harness/workload.cc", "sleep(1);\n")
        self.assert_found("tests/base/a_test.cc", "usleep(1);\n", "a thread sleeps")

    def test_pure_code_reads_no_clock(self):
        for call in ("steady_clock::now();", "clock.wall_now();", "time(nullptr);", "clock_gettime(a, b);"):
            self.assert_found("guard/policy/a.cc", call + "\n", "logic reads a clock")
            self.assert_found("guard/signal/a.cc", call + "\n", "logic reads a clock")
            self.assert_clean("guard/source/a.cc", call + "\n")
        self.assert_clean("guard/policy/a.cc", "observation.time();\n")

    def test_unfinished(self):
        for mark in ("TO" + "DO", "FIX" + "ME"):
            self.assert_found("base/a.cc", f"int x;\n// {mark}: later\n", "base/a.cc:2: an unfinished thing")
            self.assert_found("tests/a.py", f"# {mark}\n", "an unfinished thing")

    def test_exit_code_and_form(self):
        found = findings_in({"base/a.cc": "sleep(1);\n"})
        self.assertEqual(found, ["base/a.cc:1: a thread sleeps"])

    def test_private_words_are_found_in_code_and_documents(self):
        self.assert_found("guard/a.cc", "// The next step of the ladder.\n", "a private word")
        self.assert_found("docs/a.md", "A Ladder of actions.\n", "a private word")
        self.assert_clean("guard/a.cc", "// The next step of the escalation.\n")


if __name__ == "__main__":
    unittest.main()
