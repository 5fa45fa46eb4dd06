"""How long it takes to look for secrets: a megabyte of mixed text, and an agent's turn that brings a little more.

    python tests/benchmarks/secrets.py [--megabytes N] [--rounds N] [--rules FILE] [--json]

The text is what agents send: prose, code, JSON and logs in equal parts, with sixteen planted secrets a megabyte. Beside
the scanner, in the same process, the baseline: all patterns of the same list as one alternation of Python's ``re``, as
one would write it first. A turn is a conversation of a megabyte that comes again with five kilobytes of new text. With
``--rules`` the rules of a file in the format of gitleaks are timed as well.

The least processor time of some rounds is told, since whatever else runs here only adds to it. The ratios matter; the
milliseconds are those of the machine.
"""

import argparse
import json
import re
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

sys.path.append(str(Path(__file__).resolve().parents[1] / "policy" / "scan"))

from planted import planted

from guardian_ci.policy.scan.formats import FORMATS
from guardian_ci.policy.scan.gitleaks import GitleaksRules
from guardian_ci.policy.scan.secrets import SecretScanner

_PASSAGE: Final = 5_000
_CHUNK: Final = 16
_SECRETS: Final = 16
_PROSE: Final = "The run failed again, so the agent looked at the log and tried the second test with a longer timeout. "


def mixed(size: int, random: Random) -> str:
    """Prose, code, JSON and logs in equal parts, with secrets in them."""
    package = Path(sysconfig.get_path("purelib"))
    sources = [path.read_text(encoding="utf-8", errors="replace") for path in sorted(package.glob("[hjp]*/*.py"))]
    code = "".join(source for source in sources if source.isascii())
    part = size // 4
    while len(code) < part:
        code += code
    records = []
    while sum(map(len, records)) < part:
        at = random.randrange(len(code) - 400)
        records.append(json.dumps({"id": random.randrange(10**9), "ok": True, "text": code[at : at + 400]}) + "\n")
    logs = []
    while sum(map(len, logs)) < part:
        logs.append(
            f"2026-11-22T04:05:{random.randrange(60):02d}Z INFO worker-{random.randrange(9)} "
            f"request={random.getrandbits(128):032x} took={random.randrange(900)}ms status=200 path=/v1/items\n"
        )
    parts = [_PROSE * (part // len(_PROSE)), code[:part], "".join(records)[:part], "".join(logs)[:part]]
    pieces = [text[at : at + _PASSAGE] for text in parts for at in range(0, len(text), _PASSAGE)]
    random.shuffle(pieces)
    cases = list({case.kind: case for case in planted(random)}.values())
    for case in random.sample(cases, k=min(int(size / 1e6 * _SECRETS), len(cases))):
        pieces.insert(random.randrange(len(pieces)), f"\n{case.text}\n")
    return "".join(pieces)


def alternation() -> re.Pattern[str]:
    """All patterns of the list as one."""
    patterns = []
    for known in FORMATS:
        if known.pattern is not None:
            marks = "|".join(map(re.escape, known.marks))
            patterns.append(f"(?:{marks}){known.pattern}" if known.behind else known.pattern)
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.ASCII)


def least(rounds: int, work: Callable[[], object]) -> float:
    """The least processor seconds of some rounds."""
    seconds = []
    for _ in range(rounds):
        begin = time.process_time()
        work()
        seconds.append(time.process_time() - begin)
    return min(seconds)


def measure(megabytes: float, rounds: int, rules: Path | None) -> dict[str, float]:
    """Time it all; milliseconds a megabyte where nothing else is said."""
    text = mixed(int(megabytes * 1e6), Random(1))
    size = len(text) / 1e6
    fresh, wide = SecretScanner(remembered=0), SecretScanner(remembered=0, wide=True)
    found = {
        "megabytes": size,
        "secrets": float(len(fresh.find(text))),
        "scanner": least(rounds, lambda: fresh.find(text)) * 1e3 / size,
        "with_escapes": least(rounds, lambda: fresh.find_in_json(text)) * 1e3 / size,
        "redaction_of_the_log": least(rounds, lambda: wide.redacted(text)) * 1e3 / size,
        "stream": least(1, lambda: streamed(fresh, text)) * 1e3 / size,
        "ready_ms": least(rounds, SecretScanner) * 1e3,
    }
    sample = text[: len(text) // 8]
    pattern = alternation()
    found["baseline"] = least(1, lambda: sum(1 for _ in pattern.finditer(sample))) * 1e3 / (len(sample) / 1e6)
    found["ratio"] = found["baseline"] / found["scanner"]
    found |= turn(text, rounds)
    if rules is not None:
        begin = time.process_time()
        own = GitleaksRules(rules.read_text(encoding="utf-8"), str(rules))
        found["rules"] = float(len(own.ids))
        found["rules_ready_ms"] = (time.process_time() - begin) * 1e3
        found["rules_alone"] = least(rounds, lambda: own(text)) * 1e3 / size
    return found


def streamed(scanner: SecretScanner, text: str) -> None:
    """Feed a text as models write it."""
    stream = scanner.stream()
    for at in range(0, len(text), _CHUNK):
        stream.feed(text[at : at + _CHUNK])
    stream.close()


def turn(text: str, rounds: int) -> dict[str, float]:
    """Time a conversation that is new, and its next turn, in milliseconds."""
    passages = [text[at : at + _PASSAGE] for at in range(0, 1_000_000, _PASSAGE)]
    first, following = [], []
    for number in range(rounds):
        scanner = SecretScanner()
        copies = ["".join([f"{number} ", passage]) for passage in passages]
        first.append(least(1, lambda s=scanner, c=copies: [s.find(passage) for passage in c]))
        copies = ["".join([f"{number} ", passage]) for passage in passages] + [text[-_PASSAGE:] + str(number)]
        following.append(least(1, lambda s=scanner, c=copies: [s.find(passage) for passage in c]))
    return {
        "first_turn_ms": min(first) * 1e3,
        "next_turn_ms": min(following) * 1e3,
        "turns_ratio": min(following) / min(first),
    }


def table(found: dict[str, float]) -> str:
    """The figures for people."""
    lines = [
        f"{found['megabytes']:.1f} MB of mixed text, {found['secrets']:.0f} secrets found",
        f"  scanner               {found['scanner']:8.2f} ms/MB",
        f"  with JSON's escapes   {found['with_escapes']:8.2f} ms/MB",
        f"  redaction of the log  {found['redaction_of_the_log']:8.2f} ms/MB",
        f"  stream of {_CHUNK} characters {found['stream']:6.2f} ms/MB",
        f"  baseline, one re      {found['baseline']:8.2f} ms/MB   {found['ratio']:.0f} x the scanner",
        f"  made ready in         {found['ready_ms']:8.2f} ms",
        f"a conversation of 1 MB  {found['first_turn_ms']:8.2f} ms",
        f"  again, with 5 kB more {found['next_turn_ms']:8.2f} ms      {found['turns_ratio']:.2f} x the first turn",
    ]
    if "rules" in found:
        lines.append(
            f"{found['rules']:.0f} rules of a file     {found['rules_alone']:8.2f} ms/MB   "
            f"made ready in {found['rules_ready_ms']:.0f} ms"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time the search for secrets.", allow_abbrev=False)
    parser.add_argument("--megabytes", type=float, default=4, metavar="N", help="of text (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="of which the least counts")
    parser.add_argument("--rules", type=Path, metavar="FILE", help="a file of gitleaks rules to time as well")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    found = measure(options.megabytes, options.rounds, options.rules)
    print(json.dumps(found, indent=2) if options.json else table(found))


if __name__ == "__main__":
    main()
