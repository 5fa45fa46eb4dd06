#!/usr/bin/env python3
"""Judges the self-test: ``judge_selftest.py JOBS ARTIFACTS``.

JOBS is a file with a JSON line for each job, ``{"name", "conclusion"}``; a job that is judged is named
``…, must end in CONCLUSION``. ARTIFACTS is a folder with each job's artifact as ``selftest-RULE-N``: RULE is the one
rule that must have failed, or ``nothing``. Both together: a job that must be red was red for its own reason.
"""

import json
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path


def main() -> int:
    """Print every mistake; return 1 if there is one."""
    jobs, artifacts = map(Path, sys.argv[1:])
    mistakes = [*judge_jobs(jobs.read_text(encoding="utf-8")), *judge_artifacts(artifacts)]
    for mistake in mistakes:
        print(f"::error title=self-test::{mistake}")
    return 1 if mistakes else 0


def judge_jobs(lines: str) -> Iterator[str]:
    """Compare each job's end with what its name asks for."""
    judged = 0
    for job in map(json.loads, lines.splitlines()):
        _, asked, expected = job["name"].partition(", must end in ")
        judged += bool(asked)
        if asked and job["conclusion"] != expected:
            yield f"{job['name']}, but ended in {job['conclusion']}"
    if not judged:
        yield "no job was judged"


def judge_artifacts(folder: Path) -> Iterator[str]:
    """Compare the rules that failed in each artifact with the one that its name asks for."""
    artifacts = sorted(folder.glob("selftest-*"))
    for artifact in artifacts:
        expected = artifact.name.split("-")[1].replace("nothing", "")
        cases = ET.parse(artifact / "junit.xml").iter("testcase")  # noqa: S314 - our own file
        failed = ",".join(sorted({case.get("name", "") for case in cases if case.find("failure") is not None}))
        if failed != expected:
            yield f"{artifact.name}: failed rules are [{failed}]"
    if not artifacts:
        yield "no artifact was uploaded"


if __name__ == "__main__":
    sys.exit(main())
