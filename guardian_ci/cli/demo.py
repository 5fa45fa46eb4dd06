"""``guardian-ci demo``: see it work, with no key, no network and no server."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from guardian_ci.errors import EXIT_CLEAN, EXIT_UNABLE

if TYPE_CHECKING:
    from guardian_ci.demo.agent import Event
    from guardian_ci.demo.show import Played, Show

_MARKS: Final = {
    "task": "task   ",
    "said": "model  ",
    "tool": "tool   ",
    "denied": "DENIED ",
    "cut": "cut    ",
    "refused": "REFUSED",
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "demo",
        help="see it work: no key, no network, no server",
        description="A scripted agent works through the real proxy against a scripted provider, all on this machine: "
        "allowed work, a denied tool, a blocked file, a budget that runs out. Nothing is executed.",
    )
    parser.add_argument("--report-dir", metavar="DIR", help="where policy, log and reports go (default: a new folder)")
    parser.add_argument("--json", action="store_true", help="print what happened as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Play the demo. Its violations are what it is for: exit 0 if each happened as it should, else 3."""
    from guardian_ci.demo.show import play  # noqa: PLC0415 - the other commands start without the demo's server

    folder = Path(args.report_dir or tempfile.mkdtemp(prefix="guardian-demo-"))
    started = time.monotonic()
    show = play(folder)
    if args.json:
        print(json.dumps(_document(show), ensure_ascii=False, indent=2))
    else:
        print("\n".join(_transcript(show)))
    print(f"guardian-ci: the demo took {time.monotonic() - started:.1f} s", file=sys.stderr)
    for problem in show.problems:
        print(f"guardian-ci: the demo did not show what it should: {problem}", file=sys.stderr)
    return EXIT_UNABLE if show.problems else EXIT_CLEAN


def _transcript(show: "Show") -> Iterator[str]:
    """Yield the demo as lines to read."""
    from guardian_ci.demo.scenes import POLICY  # noqa: PLC0415
    from guardian_ci.reports import TerminalReport  # noqa: PLC0415

    yield "A scripted agent works through the real proxy against a scripted provider. Nothing leaves this machine,"
    yield "and nothing is executed. The policy:"
    yield ""
    yield from (f"    {line}" for line in POLICY.splitlines())
    for number, played in enumerate(show.played, start=1):
        yield ""
        yield f"{number}. {played.scene.title} (session {played.scene.session})"
        yield from (_line(event) for event in played.events if event.kind in _MARKS)
        yield f"   {'=> ' + played.scene.shown if played.ok else '=> NOT AS IT SHOULD BE'}"
    yield ""
    yield TerminalReport(colour=sys.stdout.isatty()).render(show.summary).rstrip()
    yield ""
    yield "These violations are what the demo is for; with `guardian-ci run` they end with exit code 1."
    yield f"Reports: {show.folder / 'summary.md'}, {show.folder / 'junit.xml'}"
    yield f"Log:     {show.folder / 'log.ndjson'} (try: guardian-ci replay {show.folder / 'log.ndjson'})"


def _line(event: "Event") -> str:
    """Return one event as a line."""
    text = event.text.strip().splitlines()[0] if event.text.strip() else ""
    if event.kind == "cut":
        text = "the answer ended early: max_tokens was lowered to what the budget still held"
    return f"   {_MARKS[event.kind]}  {event.about}{': ' if event.about and text else ''}{text}"


def _document(show: "Show") -> dict[str, object]:
    """Return the demo as JSON."""
    from guardian_ci.reports import REPORTS  # noqa: PLC0415

    return {
        "ok": not show.problems,
        "problems": list(show.problems),
        "scenes": [_scene(played) for played in show.played],
        "summary": json.loads(REPORTS["json"].render(show.summary)),
        "bill": list(show.bill),
        "reports": {
            "junit": str(show.folder / "junit.xml"),
            "summary": str(show.folder / "summary.md"),
            "log": str(show.folder / "log.ndjson"),
        },
    }


def _scene(played: "Played") -> dict[str, object]:
    """Return one scene as JSON."""
    return {
        "session": played.scene.session,
        "title": played.scene.title,
        "ok": played.ok,
        "violation": played.scene.violation,
        "events": [{"kind": event.kind.value, "about": event.about, "text": event.text} for event in played.events],
    }
