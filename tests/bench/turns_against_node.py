#!/usr/bin/env python3
"""Durable turns a second and their p99, chatcore against the same work written in Node (peer/server.js), in one run:

    python3 tests/bench/turns_against_node.py BUILD_FOLDER [--clients 32] [--seconds 5] [--repeats 3]

Each turn: question and answer stored with a full sync to disk, 10 chunks retrieved of 10,000 × 384, the answer streamed.
Both take turns, and the medians are compared. Needs node and npm; the peer's one package is installed into the build
folder. Prints one JSON document.
"""
import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CHUNKS = 10_000
DIMENSIONS = 384
SYLLABLES = ["ba", "de", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va", "ze"]


def write_texts(folder, chance):
    """One file a chunk. The words follow Zipf's law, as in any language, and those of the questions are among them."""
    words = ["memory", "server", "keeps", "bounded", "turn", "what", "the", "of", "this"]
    words += ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _ in range(5000)]
    weights = [1 / (rank + 1) for rank in range(len(words))]
    texts = []
    for number in range(CHUNKS):
        sentences = (" ".join(chance.choices(words, weights, k=12)).capitalize() + "." for _ in range(11))
        texts.append(" ".join(sentences)[:950])
        (folder / f"{number:05}.txt").write_text(texts[-1], encoding="utf-8")
    return texts


def ingest_chunks(folder):
    """FOLDER/vectors.store of FOLDER/texts, made by chatcore (CHATCORE_BINARY); writes the texts when there are none."""
    texts = folder / "texts"
    if not texts.exists():
        texts.mkdir()
        write_texts(texts, random.Random(1))
    store = folder / "vectors.store"
    subprocess.run([os.environ["CHATCORE_BINARY"], "ingest", texts, "--store", store], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return store


def write_vectors(path, texts, chance):
    """The store of the incident's application. Its numbers are random: what they are does not change their cost."""
    documents = [{"pageContent": text, "embedding": [round(chance.gauss(0, 0.05), 6) for _ in range(DIMENSIONS)]}
                 for text in texts]
    path.write_text(json.dumps({"_documents": documents}), encoding="utf-8")


def install_peer(build):
    modules = build / "bench-peer"
    modules.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        (modules / name).write_bytes((HERE / "peer" / name).read_bytes())
    if not (modules / "node_modules" / "better-sqlite3" / "build").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=modules, check=True, stdout=subprocess.DEVNULL)
    return modules / "node_modules"


def measure(build, port, given):
    load = build / "tests" / "bench" / "chatcore_load"
    run = subprocess.run([load, str(port), str(given.clients), str(given.seconds)], check=True, capture_output=True,
                         text=True)
    return json.loads(run.stdout)


def resident_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


def measure_chatcore(build, folder, store, given):
    import server as chatcore_server  # reads CHATCORE_BINARY when it is imported

    server = chatcore_server.Chatcore(folder, {"log-level": "info", "retrieval-store": store, "retrieval-top": "10"})
    try:
        return measure(build, server.port, given) | {"resident_mib": round(resident_mib(server.process.pid))}
    finally:
        server.kill()


def measure_node(build, folder, vectors, modules, given):
    from harness.process import Program, free_port

    port = free_port()
    peer = ["node", HERE / "peer" / "server.js", port, f"{folder}/peer.db", vectors]
    with Program(peer, env={"PEER_MODULES": str(modules)}) as node:
        node.wait_for_http(f"http://127.0.0.1:{port}/", 60)
        return measure(build, port, given) | {"resident_mib": round(resident_mib(node.pid))}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("build", type=pathlib.Path)
    options.add_argument("--clients", type=int, default=32)
    options.add_argument("--seconds", type=int, default=5)
    options.add_argument("--repeats", type=int, default=3)
    given = options.parse_args()
    build = given.build.resolve()
    os.environ["CHATCORE_BINARY"] = str(build / "chatcore" / "chatcore")
    sys.path[:0] = [str(HERE.parent), str(HERE.parent / "integration" / "chatcore")]
    modules = install_peer(build)
    chance = random.Random(1)
    runs = {"chatcore": [], "node": []}
    with tempfile.TemporaryDirectory(prefix="chatcore-bench-") as name:
        folder = pathlib.Path(name)
        (folder / "texts").mkdir()
        write_vectors(folder / "vectors.json", write_texts(folder / "texts", chance), chance)
        store = ingest_chunks(folder)
        for repeat in range(given.repeats):
            own = folder / str(repeat)
            own.mkdir()
            runs["chatcore"].append(measure_chatcore(build, str(own), str(store), given))
            runs["node"].append(measure_node(build, str(own), folder / "vectors.json", modules, given))
    figures = {name: {key: statistics.median(run[key] for run in results)
                      for key in ("turns_per_second", "p50_ms", "p99_ms", "refused", "broken", "resident_mib")}
               for name, results in runs.items()}
    ours, theirs = figures["chatcore"], figures["node"]
    figures["ratio"] = {"turns_per_second": round(ours["turns_per_second"] / theirs["turns_per_second"], 1),
                        "p99": round(ours["p99_ms"] / theirs["p99_ms"], 3)}
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
