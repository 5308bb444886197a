"""Draws the pictures of docs/leak-detection.md anew: generated series through the real `leakguard analyze --html`, whose
drawings are taken out of a real Chromium.

    PYTHONPATH=tests tests/sim/pictures.py BUILD_FOLDER docs/pictures
"""
import pathlib
import re
import subprocess
import sys
import tempfile

from harness.browser import Browser

# What each picture shows: kind and seed.
PICTURES = {"leak": ("leak_linear", 4), "leak-sawtooth": ("leak_sawtooth", 11), "leak-below-days": ("leak_daily_cycle", 6),
            "leak-restarts": ("leak_restarts", 8), "warm-up": ("warm_up_exponential", 1), "cache": ("cache_fill", 4),
            "days": ("daily_cycle", 11), "steps": ("deploy_steps", 3)}


def report(build, kind, seed, folder):
    series = subprocess.run([build / "tests/sim/series_csv", kind, str(seed)], capture_output=True, text=True, check=True)
    page = pathlib.Path(folder, "report.html")
    subprocess.run([build / "agent/leakguard", "analyze", "-", "--limit", series.stderr.strip(), "--run-column", "run",
                    "--html", page], input=series.stdout, stdout=subprocess.DEVNULL, text=True, check=False)
    return page


def main():
    build, into = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="leakguard-pictures-") as folder, Browser() as browser:
        for name, (kind, seed) in PICTURES.items():
            page = browser.open(f"file://{report(build, kind, seed, folder)}")
            page.resize(760, 900)
            page.wait_for("document.querySelector('svg')?.viewBox.baseVal.width < 740")
            style = page.evaluate("document.querySelector('style').textContent")
            drawing = page.evaluate("document.querySelector('svg').outerHTML")
            colours = " ".join(re.findall(r":root \{[^}]*\}|@media \(prefers-color-scheme: dark\) \{ :root \{[^}]*\} \}", style))
            rules = f"<style>{colours} svg {{ background: var(--paper); color: #000; font: 12px system-ui, sans-serif; }} " \
                    "text { fill: currentColor; opacity: .75; } " \
                    "@media (prefers-color-scheme: dark) { svg { color: #fff; } }</style>"
            into.joinpath(f"{name}.svg").write_text(
                re.sub(r"^<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', drawing).replace(">", ">" + rules, 1) + "\n",
                encoding="utf-8")
            print(name, kind, seed, len(drawing), "bytes")


if __name__ == "__main__":
    main()
