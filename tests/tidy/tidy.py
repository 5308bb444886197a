#!/usr/bin/env python3
"""Holds what a compiler does not: floors, confined libraries, lengths, banned calls, how a header begins.

Prints one line a finding, `file:line: what: how to mend`, and ends with 1 when there is any. The tables below are
the rules; docs/architecture.md gives the reasons. `--root DIR` checks another tree (the self-test uses it).
"""

import argparse
import collections
import pathlib
import re
import sys

from cpp_text import blank_out, functions

Finding = collections.namedtuple("Finding", "path line what mend")

# What a folder may include besides itself. A folder that is not here may include nothing of ours.
FLOORS = {
    "base": [],
    "base/config": ["base"],
    "base/web": ["base", "base/config"],
    "guard/sample": ["base"],
    "guard/signal": ["base", "guard/sample"],
    "guard/policy": ["base", "guard/sample", "guard/signal"],
    "guard/source": ["base", "guard/sample"],
    "guard/source/host": ["base", "guard/sample", "guard/source"],
    "guard/source/process": ["base", "guard/sample", "guard/source"],
    "guard/source/cgroup": ["base", "guard/sample", "guard/source", "guard/source/host", "guard/source/process"],
    "guard/source/systemd": ["base", "guard/sample", "guard/source/cgroup"],
    "guard/source/log": ["base", "guard/sample"],
    "guard/source/docker": ["base", "guard/sample", "guard/source/log"],
    "guard/source/probe": ["base", "guard/sample"],
    "guard/action": ["base", "guard/sample", "guard/signal", "guard/policy"],
    "guard/telemetry": ["base", "guard/sample", "guard/signal", "guard/policy"],
    "guard/history": ["base", "guard/sample", "guard/signal", "guard/policy"],
    "guard/config": ["base", "base/*", "guard/sample", "guard/signal", "guard/policy"],
    "guard/collect": ["base", "guard/sample", "guard/signal", "guard/policy", "guard/source", "guard/source/*", "guard/action", "guard/telemetry",
                      "guard/history", "guard/config"],
    "guard/enforce": ["base", "guard/sample", "guard/signal", "guard/policy", "guard/source", "guard/source/*", "guard/action", "guard/telemetry",
                      "guard/history", "guard/config"],
    "guard": ["base", "guard/*"],
    "agent": ["base", "base/*", "guard", "guard/*", "agent/*"],
    "agent/commands": ["base", "base/*", "guard", "guard/*", "agent", "agent/*"],
    "agent/web": ["base", "guard", "guard/*", "agent/recording"],
    "agent/supervisor": ["base", "guard", "guard/*"],
    "agent/simulation": ["base", "guard", "guard/*", "agent/recording"],
    "agent/recording": ["base", "guard/sample", "guard/signal"],
    "chatcore/memory": ["base"],
    "chatcore/access": ["base"],
    "chatcore/conversation": ["base", "chatcore/memory"],
    "chatcore/storage": ["base", "chatcore/conversation"],
    "chatcore/retrieval": ["base"],
    "chatcore/llm": ["base", "chatcore/conversation", "chatcore/retrieval"],
    "chatcore": ["base", "base/*", "chatcore/memory", "chatcore/conversation", "chatcore/storage", "chatcore/retrieval", "chatcore/llm",
                 "chatcore/command"],
    "chatcore/api": ["base", "chatcore", "chatcore/memory", "chatcore/access", "chatcore/conversation", "chatcore/storage",
                     "chatcore/retrieval", "chatcore/llm"],
    "chatcore/command": ["base", "base/*", "chatcore", "chatcore/*"],
}

# Where a library's headers may be met: in the files that translate it.
LIBRARIES = {
    r"boost/beast/": ["base/http_parser.cc"],
    r"boost/asio/": ["base/io_context_pool.h", "base/io_context_pool.cc", "base/event_loop.cc", "base/descriptor_watch.cc", "base/http_socket.h",
                     "base/http_poll.h", "base/http_poll.cc",
                     "base/http_deadline.h", "base/http_connection.cc", "base/http_server.cc", "base/http_parser.cc"],
    r"boost/program_options": ["agent/commands/options_parts.h", "chatcore/command/command_line.cc"],
    r"openssl/": ["base/digest.cc", "base/tls.cc"],
    r"libxml/": ["chatcore/retrieval/html_text.cc"],
    r"curl/": ["base/curl_parts.h"],
    r"spdlog/": ["base/log.cc"],
    r"tl/expected": ["base/result.h", "chatcore/api/problem.h"],
    r"sqlite3\.h": ["chatcore/storage/sqlite_connection.cc", "guard/history/sqlite.cc", "tests/bench/store_bench.cc"],
    r"libpq-fe\.h": ["chatcore/storage/postgres_connection.cc"],
    r"jemalloc/": ["chatcore/main.cc"],
    r"systemd/": ["base/systemd_bus.cc", "agent/service_manager.cc", "chatcore/command/service_manager.cc"],
    r"yaml-cpp/": ["base/config/yaml_tree.cc"],
    r"re2/": ["guard/config/pattern.cc", "guard/source/log/matcher.cc"],
    r"prometheus/": ["guard/telemetry/exposition.cc", "chatcore/metrics.cc"],
    r"hnswlib/": ["chatcore/retrieval/graph_builder.cc", "tests/bench/brute_force_peer.cc"],
    r"nlohmann/": ["guard/source/docker/json.h", "guard/action/engine_control.cc",
                   "guard/action/engine_control_update.cc", "guard/action/shed_request.cc",
                   "guard/telemetry/json_text.h", "agent/journal_memory.cc", "agent/commands/status.cc", "agent/commands/try_pattern.cc",
                   "agent/history_actions.cc", "agent/commands/history_lines.cc", "agent/web/history_page.cc", "agent/recording/query_range.cc",
                   "agent/recording/docker_json.cc", "agent/recording/verdict_json.cc", "agent/simulation/entry_json.h",
                   "agent/simulation/replay_json.cc", "agent/simulation/drill_json.cc", "agent/recording/report_page.cc", "chatcore/access/jwt.cc",
                   "chatcore/storage/archive_lines.cc", "chatcore/api/problem.cc", "chatcore/retrieval/docs_json.cc",
                   "chatcore/llm/openai_json.cc", "chatcore/llm/chat_chunk.cc", "chatcore/llm/passed_on.cc",
                   "chatcore/llm/backend_refusal.cc", "chatcore/llm/learned_limits.cc",
                   "chatcore/api/json_reader.h", "chatcore/api/json_writer.h", "chatcore/config_schema.cc"],
}

# Headers of the C library and the kernel.
SYSTEM_HEADER = re.compile(r"(sys|linux|netinet|arpa|asm)/\S+\.h|[a-z_0-9]+\.h")
STANDARD_HEADER = re.compile(r"[a-z_0-9]+")

MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 70

SOURCES = ("base", "guard", "agent", "chatcore")
CODE = SOURCES + ("tests",)
PURE = ("guard/signal/", "guard/policy/")
# Who talks to people on the terminal.
SPEAKERS = ("agent/", "chatcore/command/", "chatcore/main.cc", "tests/")

Ban = collections.namedtuple("Ban", "pattern what mend applies")


def everywhere(path):
    return not path.startswith("tests/") or path.endswith("_test.cc")


BANS = [
    Ban(r"\b(sleep_for|sleep_until|usleep|nanosleep)\b|(?<![\w.>:])sleep\s*\(", "a thread sleeps",
        "use EventLoop::after, or wait for a condition with a deadline", everywhere),
    Ban(r"\bstd::system\s*\(|(^|[;{}=(,!])\s*(::)?(system|popen)\s*\(", "a shell is started",
        "start the program itself, with a list of arguments", everywhere),
    Ban(r"\b(strcpy|strcat|sprintf|vsprintf|gets)\s*\(", "a copy without a bound", "use std::string", everywhere),
    Ban(r"(?<![\w.>])(std::)?s?rand\s*\(", "rand()", "use <random>, with a seed that a test can print", everywhere),
    Ban(r"\.detach\s*\(\s*\)", "a thread that nobody waits for", "use base::Worker or join it",
        # A thread that hangs in the kernel, on a file system that does not answer, cannot be joined.
        lambda path: path not in ("guard/source/log/file_log_reader.cc", "base/timed_call.h")),
    Ban(r"(?<![\w.>])(std::)?(printf|fprintf|vprintf|puts|fputs)\s*\(|\bstd::(cout|cerr|clog)\b",
        "output past the log", "use base/log.h", lambda path: not path.startswith(SPEAKERS)),
    Ban(r"_clock::now\s*\(|\b(steady_now|wall_now)\s*\(|\b(clock_gettime|gettimeofday)\s*\(|(?<![\w.>:])time\s*\(",
        "logic reads a clock", "take the time as an argument", lambda path: path.startswith(PURE)),
]
# Private words that the glossary has replaced by the field's terms; also in comments and texts. base and chatcore follow
# with their own renaming.
WORDS = {
    r"ladders?": "escalation policy",
    r"hindrances?|hindered": "suppression, suppressed",
    r"sufferers?": "simulated workload",
    r"rehears\w+": "simulation, drill",
    r"second looks?": "recheck",
    r"course of action": "action arbitration",
    r"rivals?": "another rule that takes precedence",
    r"followers": "dependents",
}
WORDY_TREES = ("guard", "agent", "docs", "configs", "dashboards", "ansible")
WORDY_SUFFIXES = (".h", ".cc", ".md", ".yml", ".html", ".json", ".service")
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3]) + r")\b")
UNFINISHED_SUFFIXES = (".cc", ".h", ".py", ".sh", ".cmake", ".yml", ".html")


# The exceptions, each with its reason.
EXCEPTIONS = {
    # A cgroup tells nobody when its last process has gone (v1); the wait is bounded and runs in a worker.
    ("guard/action/cgroup_files.cc", "a thread sleeps"),
    # Memory that comes back tells nobody; as bounded, in a worker too.
    ("guard/action/memory_approach.cc", "a thread sleeps"),
    # After a deadlock the other transaction has to go first; the wait is bounded and the thread the writer's own.
    ("chatcore/storage/postgres_write_session.cc", "a thread sleeps"),
}


def folder_of(path):
    return path.rpartition("/")[0]


def may_include(folder, target):
    if folder == target:
        return True
    allowed = FLOORS.get(folder, [])
    return target in allowed or any(a.endswith("/*") and target.startswith(a[:-1]) for a in allowed)


def check_includes(path, lines):
    for number, line in enumerate(lines, 1):
        ours = re.match(r'#include "([^"]+)"', line)
        if ours and path.startswith(tuple(s + "/" for s in SOURCES)):
            target = folder_of(ours[1])
            if not may_include(folder_of(path), target):
                yield Finding(path, number, f"{folder_of(path)} includes {target or ours[1]}",
                              "move the code down a floor, or pass what is needed as an argument")
        theirs = re.match(r"#include <([^>]+)>", line)
        if theirs and path.startswith(tuple(s + "/" for s in SOURCES)):
            yield from check_library(path, number, theirs[1])


def check_library(path, number, header):
    for pattern, files in LIBRARIES.items():
        if re.match(pattern, header):
            if path not in files:
                yield Finding(path, number, f"<{header}> outside {', '.join(files)}",
                              "translate the library there and include our own header here")
            return
    if not SYSTEM_HEADER.fullmatch(header) and not STANDARD_HEADER.fullmatch(header):
        yield Finding(path, number, f"<{header}> is of no known library",
                      "name the one file that may use it in LIBRARIES")


def check_header_form(path, lines):
    if not path.endswith(".h"):
        return
    if not lines or lines[0] != "#pragma once":
        yield Finding(path, 1, "a header without #pragma once in its first line", "begin it with that line")
    elif len(lines) < 2 or not lines[1].startswith("//"):
        yield Finding(path, 2, "a header that does not say what it is for",
                      "open it with a paragraph: what, why, its place")


def check_own_header_first(path, lines, root):
    if not path.endswith(".cc") or not path.startswith(SOURCES) or not (root / path).with_suffix(".h").exists():
        return
    own = f'#include "{path[:-3]}.h"'
    for number, line in enumerate(lines, 1):
        if line.startswith("#include"):
            if line != own:
                yield Finding(path, number, "the first include is not the file's own header", f"begin with {own}")
            return
    yield Finding(path, 1, "the file does not include its own header", f"begin with {own}")


def check_lengths(path, lines, blanked):
    if len(lines) > MAX_FILE_LINES:
        yield Finding(path, len(lines), f"{len(lines)} lines, more than {MAX_FILE_LINES}",
                      "part it by what it is about")
    for first, last in functions(blanked):
        if last - first + 1 > MAX_FUNCTION_LINES:
            yield Finding(path, first, f"a function of {last - first + 1} lines, more than {MAX_FUNCTION_LINES}",
                          "let parents branch and leaves compute")


def check_bans(path, blanked):
    for ban in BANS:
        if not ban.applies(path):
            continue
        lines = blanked.split("\n")
        for number, line in enumerate(lines, 1):
            # The last words of a process whose invariant is broken may go past the log, which would not be written.
            dying = ban.what == "output past the log" and any("abort(" in after for after in lines[number:number + 2])
            if re.search(ban.pattern, line) and not dying and (path, ban.what) not in EXCEPTIONS:
                yield Finding(path, number, ban.what, ban.mend)


def check_unfinished(path, lines):
    for number, line in enumerate(lines, 1):
        if UNFINISHED.search(line):
            yield Finding(path, number, "an unfinished thing", "do it now, or open an issue and take the mark out")


def check_words(path, lines):
    for number, line in enumerate(lines, 1):
        for word, term in WORDS.items():
            if re.search(rf"\b({word})\b", line, re.IGNORECASE):
                yield Finding(path, number, f"a private word ({word})", f"write: {term}")


def files_under(root, tops, suffixes):
    for top in tops:
        for path in sorted((root / top).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and path.suffix in suffixes and "/fixtures/" not in name:
                yield name, path


def findings(root):
    for name, path in files_under(root, CODE, (".cc", ".h")):
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        blanked = blank_out(text)
        yield from check_includes(name, lines)
        yield from check_header_form(name, lines)
        yield from check_own_header_first(name, lines, root)
        yield from check_lengths(name, lines, blanked)
        yield from check_bans(name, blanked)
    for name, path in files_under(root, CODE + ("cmake", "ansible", "configs"), UNFINISHED_SUFFIXES):
        yield from check_unfinished(name, path.read_text(encoding="utf-8", errors="replace").splitlines())
    for name, path in files_under(root, WORDY_TREES, WORDY_SUFFIXES):
        yield from check_words(name, path.read_text(encoding="utf-8", errors="replace").splitlines())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    found = list(findings(parser.parse_args().root))
    for finding in found:
        print(f"{finding.path}:{finding.line}: {finding.what}: {finding.mend}")
    print(f"{len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
