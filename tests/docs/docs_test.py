"""The documents: links lead somewhere, commands and options exist, pages stay short."""
import functools
import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(os.environ["LEAKGUARD_SOURCE_DIR"])
PROGRAMS = {"leakguard": os.environ["LEAKGUARD_BINARY"], "chatcore": os.environ["CHATCORE_BINARY"]}
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
MAX_LINES = 200


def anchor_of(heading: str) -> str:
    """The anchor that GitHub gives to a heading."""
    text = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", lambda match: match[1] or "", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


@functools.cache
def anchors(page: pathlib.Path) -> set[str]:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return {anchor_of(heading) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


@functools.cache
def help_of(program: str, *words: str) -> str:
    ran = subprocess.run([PROGRAMS[program], *words, "--help"], capture_output=True, text=True, timeout=20, check=False)
    return ran.stdout if ran.returncode == 0 else ""


def shell_blocks(page: pathlib.Path):
    """The text of each code block without a language, or of "sh"."""
    language, block = None, []
    for line in page.read_text(encoding="utf-8").splitlines():
        if not line.lstrip().startswith("```"):
            block.append(line)
        elif language is None:
            language, block = line.strip()[3:], []
        else:
            if language in ("", "sh"):
                yield "\n".join(block)
            language = None


def commands(page: pathlib.Path):
    """Each command line of leakguard and chatcore in the page's code blocks, continued lines joined."""
    for block in shell_blocks(page):
        for line in re.sub(r"\\\n", " ", block).splitlines():
            line = re.sub(r"'[^']*'|\"[^\"]*\"", "TEXT", line.split(" #")[0])
            for part in re.split(r"[|;&]", line):
                words = part.split()
                if len(words) > 1 and os.path.basename(words[0]) in PROGRAMS:
                    yield os.path.basename(words[0]), words[1:], line


class Documents(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        for page in PAGES:
            for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
                if re.match(r"[a-z]+:", target):
                    continue
                path, _, anchor = target.partition("#")
                linked = (page.parent / path).resolve() if path else page
                with self.subTest(page=page.name, link=target):
                    self.assertTrue(linked.exists(), f"{page}: {target}: no such file")
                    if anchor:
                        self.assertIn(anchor, anchors(linked), f"{page}: {target}: no such heading")

    def test_every_page_named_in_the_code_exists(self):
        found = subprocess.run(["grep", "-rnoE", r"docs/[a-z/-]+\.md", "--include=*.h", "--include=*.cc", "--include=*.yml",
                                "--include=*.py", "--include=*.html", "--exclude-dir=build", "--exclude-dir=fixtures", "--exclude-dir=tidy", "."],
                               cwd=ROOT, capture_output=True, text=True, check=False).stdout
        for line in found.splitlines():
            with self.subTest(line=line):
                self.assertTrue((ROOT / line.rsplit(":", 1)[1]).exists(), line)

    def test_every_command_and_option_exists(self):
        seen = 0
        for page in PAGES:
            for program, words, line in commands(page):
                with self.subTest(page=page.name, line=line.strip()):
                    subcommand = [words[0]] if not words[0].startswith("-") else []
                    if words[:2] == ["history", "export"]:
                        subcommand = words[:2]
                    text = help_of(program, *subcommand)
                    self.assertTrue(text, f"no such command: {program} {' '.join(subcommand)}")
                    own = words[: words.index("--")] if "--" in words else words
                    for option in re.findall(r"(?<!\S)--?[a-z][a-z-]*", " ".join(own)):
                        self.assertRegex(text, rf"(?<![\w-]){option}(?![\w-])", f"{option} is not an option of {program} {subcommand}")
                    seen += 1
        self.assertGreater(seen, 30)

    def test_pages_stay_short(self):
        for page in PAGES:
            with self.subTest(page=page.name):
                self.assertLessEqual(len(page.read_text(encoding="utf-8").splitlines()), MAX_LINES,
                                     "split it by task")


if __name__ == "__main__":
    unittest.main()
