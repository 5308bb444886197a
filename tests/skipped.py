"""Lists what a ctest run skipped, and why: one line a test, from the JUnit file that ctest wrote."""

import sys
import xml.etree.ElementTree as ElementTree


def reason(case: ElementTree.Element) -> str:
    """The last line that the test printed: by agreement a skipped test says why in it."""
    output = (case.findtext("system-out") or "").strip().splitlines()
    lines = [line.strip() for line in output if line.strip() and not line.startswith(("[", "Note:"))]
    return lines[-1] if lines else "no reason given"


def main() -> None:
    cases = ElementTree.parse(sys.argv[1]).getroot().iter("testcase")
    skipped = [case for case in cases if case.find("skipped") is not None]
    if skipped:
        print(f"Skipped {len(skipped)} tests:")
    for case in skipped:
        print(f"  {case.get('name')}: {reason(case)}")


if __name__ == "__main__":
    main()
