#!/usr/bin/env python3
"""Real programs with real allocators and collectors, some of which leak, recorded from outside and judged.

    tests/bench/real_recordings.py BUILD_FOLDER FOLDER [--minutes 25] [--seed 1]

Starts Node, Python and C programs side by side, each doing a few hundred requests a second in its own way, and reads
their anonymous and shared memory from /proc once a second. Each recording becomes FOLDER/NAME.csv and goes through
`leakguard analyze` with the limit that fits it: a leak's is what it came to at the end, another's is half above its
highest. Prints a table: what it is, what was said, when. Needs node, python3 and cc.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import time

NODE_HEAD = """
let seed = +process.argv[2]; const rnd = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
const make = n => Array.from({length: 4 + rnd() * n | 0}, () => ({id: rnd(), text: 'x'.repeat(20 + rnd() * 80) + rnd()}));
const each = (perSecond, work) => setInterval(() => { for (let i = 0; i < perSecond / 20; i++) work(); }, 50);
"""
PYTHON_HEAD = """
import random, sys, time, functools, collections
rnd = random.Random(int(sys.argv[1]))
def make(n): return [("%x" % rnd.getrandbits(200)) * 2 for _ in range(4 + rnd.randrange(n))]
def each(per_second, work):
    due = time.monotonic()
    while True:
        for _ in range(per_second // 10): work()
        due += 0.1
        time.sleep(max(0, due - time.monotonic()))
"""
C_HEAD = """
#include <stdlib.h>
#include <string.h>
#include <time.h>
static void *live[40000];
static void pause_(void) { struct timespec t = {0, 50000000}; nanosleep(&t, 0); }
static size_t size_(void) { return rand() % 50 ? 32 + rand() % 2000 : 4000 + rand() % 60000; }
static void churn(int n, int count) { for (int i = 0; i < n; i++) { int k = rand() % count; free(live[k]);
  size_t s = size_(); live[k] = malloc(s); memset(live[k], 1, s); } }
"""

# Name: (leaks, language, program).
PROGRAMS = {
    "node-closures": (True, "node", "const kept = []; each(200, () => { make(20); if (rnd() < .2) kept.push(make(4)); });"),
    "node-listeners": (True, "node", "const e = new (require('events'))(); e.setMaxListeners(0);"
                                     "each(150, () => { const o = make(6); make(40); if (rnd() < .1) e.on('x', () => o); });"),
    "node-requests": (False, "node", "each(300, () => { make(60); });"),
    "node-lru": (False, "node", "const m = new Map(); each(200, () => { const k = rnd() * 30000 | 0; m.delete(k); m.set(k, make(4));"
                                "if (m.size > 6000) m.delete(m.keys().next().value); });"),
    "node-ttl": (False, "node", "const m = new Map(); let n = 0; each(60, () => { m.set(n++, [Date.now(), make(8)]); });"
                                "setInterval(() => { for (const [k, v] of m) if (Date.now() - v[0] > 60000) m.delete(k); }, 20000);"),
    "python-sessions": (True, "python", "kept = {}\ndef work():\n  make(30)\n  if rnd.random() < .1: kept[len(kept)] = make(8)\neach(200, work)"),
    "python-bursts": (True, "python", "kept = []\ndef work():\n  make(30)\n  if rnd.random() < .002: kept.extend(make(8) for _ in range(50))\neach(200, work)"),
    "python-lru": (False, "python", "@functools.lru_cache(maxsize=5000)\ndef get(k): return make(8)\neach(200, lambda: get(int(rnd.paretovariate(.6)) % 100000))"),
    "python-window": (False, "python", "kept = collections.deque(maxlen=20000)\neach(100, lambda: kept.append(make(4)))"),
    "python-tides": (False, "python", "kept = []\ndef work():\n  want = 3000 + 2500 * abs((time.time() / 150) % 2 - 1)\n  kept.append(make(8))\n"
                                      "  while len(kept) > want: kept.pop(rnd.randrange(len(kept)))\neach(200, work)"),
    "c-one-in-a-hundred": (True, "c", "int main(int c, char **v) { srand(atoi(v[1])); for (;;) { churn(60, 4000); for (int i = 0; i < 6; i++)"
                                      "{ size_t s = 200 + rand() % 800; memset(malloc(s), 1, s); } pause_(); } }"),
    "c-fragments": (False, "c", "int main(int c, char **v) { srand(atoi(v[1])); for (;;) { churn(60, 20000); pause_(); } }"),
    "c-phases": (False, "c", "int main(int c, char **v) { srand(atoi(v[1])); for (int t = 0;; t++) { churn(80, t / 1200 % 2 ? 30000 : 6000);"
                             "if (t % 1200 == 0) for (int i = 6000; i < 30000; i++) { free(live[i]); live[i] = 0; } pause_(); } }"),
}


def start(name, seed, folder):
    _, language, text = PROGRAMS[name]
    if language == "c":
        source, program = folder / f"{name}.c", folder / f"{name}.bin"
        source.write_text(C_HEAD + text)
        subprocess.run(["cc", "-O1", "-w", "-o", program, source], check=True)
        command = [program, str(seed)]
    elif language == "node":
        command = ["node", "-e", NODE_HEAD.replace("process.argv[2]", "process.argv[1]") + text, str(seed)]
    else:
        command = ["python3", "-c", PYTHON_HEAD + text, str(seed)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def memory(pid):
    fields = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    return sum(int(fields[name].split()[0]) << 10 for name in ("RssAnon", "RssShmem"))


def record(running, seconds):
    series = {name: [] for name in running}
    began = time.monotonic()
    for second in range(int(seconds)):
        time.sleep(max(0, began + second - time.monotonic()))
        now = time.time()
        for name, process in running.items():
            series[name].append((now, memory(process.pid)))
    return series


def judge(build, name, samples, folder):
    leaks = PROGRAMS[name][0]
    limit = samples[-1][1] if leaks else int(1.5 * max(value for _, value in samples))
    path = folder / f"{name}.csv"
    path.write_text("timestamp,memory_bytes\n" + "".join(f"{at:.3f},{value}\n" for at, value in samples))
    answer = subprocess.run([build / "agent/leakguard", "analyze", path, "--limit", str(limit), "--json"],
                            capture_output=True, text=True, check=False)
    series = json.loads(answer.stdout)["series"][0]
    first = series["first_leaking_at"]
    used = None
    if first is not None:
        begin = min(value for at, value in samples[min(60, len(samples) // 2):])
        used = (next(value for at, value in samples if at >= first) - begin) / (limit - begin)
    return {"name": name, "leaks": leaks, "verdict": series["verdict"], "ever_leaking": first is not None,
            "right": leaks == (first is not None), "after_minutes": first and round((first - samples[0][0]) / 60, 1),
            "room_used": used and round(used, 2), "mib": [samples[0][1] >> 20, samples[-1][1] >> 20],
            "evidence": series["evidence"][0]}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("build", type=pathlib.Path)
    options.add_argument("folder", type=pathlib.Path)
    options.add_argument("--minutes", type=float, default=25)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(given.seed)
    running = {name: start(name, rng.randrange(1 << 30), given.folder) for name in PROGRAMS}
    try:
        series = record(running, 60 * given.minutes)
    finally:
        for process in running.values():
            process.kill()
            process.wait()
    verdicts = [judge(given.build, name, samples, given.folder) for name, samples in series.items()]
    for verdict in verdicts:
        print(json.dumps(verdict))
    print(f"{sum(verdict['right'] for verdict in verdicts)} of {len(verdicts)} right")
    return 0 if all(verdict["right"] for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
