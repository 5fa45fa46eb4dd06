"""``guardian-ci explain``: what a policy makes of a tool call, a text or a request, and why."""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from guardian_ci.audit.redact import Redactor
from guardian_ci.cli import options as common
from guardian_ci.cli.explanation import Explainer, Explanation
from guardian_ci.cli.validate import read_policy
from guardian_ci.errors import EXIT_CLEAN, EXIT_USAGE, EXIT_VIOLATION, UsageError
from guardian_ci.model import Origin, Verdict, WireProtocol
from guardian_ci.policy import Policy, default_policy
from guardian_ci.policy.scan.secrets import SecretScanner
from guardian_ci.proxy.inspection import Inspector
from guardian_ci.reports.untrusted import defuse, one_line
from guardian_ci.session.state import SessionState

_EPILOG: Final = """\
--input is a JSON object of arguments, or a text that stands for the most telling one: the command, the file, the URL.
--stdin takes one JSON object a line and answers one a line, in the same order: {"tool": …, "input": …},
{"prompt": "…"} or {"tool_result": "…"}. Each line is judged alone; with --session they are one session, so that
a script which one line writes is known when a later one runs it.

examples:
  guardian-ci explain --tool Bash --input 'cat .e*'
  guardian-ci explain --policy guardian.yml --tool Read --input '{"file_path": "/etc/passwd"}' --json
  guardian-ci explain --policy guardian.yml --request request.json
  jq -c '{tool: "Bash", input: .command}' history.jsonl | guardian-ci explain --stdin

exit codes: 0 allowed or warned of (--stdin: every line was read), 1 blocked, 2 input that cannot be read
"""

_COLOURS: Final = {Verdict.ALLOW: "32", Verdict.WARN: "33", Verdict.BLOCK: "31;1"}
_MOST_SHOWN: Final = 40
_LINE: Final = 400
_LARGEST_REQUEST: Final = 64 << 20
_TEXTS: Final = {"prompt": Origin.PROMPT, "tool_result": Origin.TOOL_RESULT}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "explain",
        help="say what a policy makes of a tool call, a text or a request, and why",
        description="Say what a policy makes of a tool call, a text or a request: the verdict, the rule, the words.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--policy", type=Path, metavar="FILE", help="the policy (without one: the safe default)")
    parser.add_argument("--as-session", metavar="NAME", default="", help="the session whose entry of the policy counts")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--tool", metavar="NAME", help="a tool, by the agent's name or the common one")
    what.add_argument("--request", type=Path, metavar="FILE", help="a request's JSON body; - reads standard input")
    what.add_argument("--stdin", action="store_true", help="one JSON object a line, one answer a line")
    parser.add_argument("--input", metavar="TEXT", help="what the tool is called with; - reads standard input")
    parser.add_argument("--protocol", choices=[each.value for each in WireProtocol], help="how the request is spoken")
    parser.add_argument("--session", action="store_true", help="with --stdin: the lines are one session")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Explain; 1 where it would be blocked."""
    policy = default_policy() if options.policy is None else read_policy(options.policy)
    secrets = [*common.keys_of(os.environ).values(), *common.secrets_of(policy, os.environ)]
    rules = common.secret_rules_of(policy)
    explainer = _explainer(policy, options, SecretScanner(secrets, rules))
    redactor = Redactor(secrets, rules)
    if options.stdin:
        return _answer_lines(explainer, redactor)
    if options.request is not None:
        protocol = WireProtocol(options.protocol) if options.protocol else None
        explanation = explainer.request(_read(options.request), protocol)
    else:
        explanation = explainer.tool(options.tool, _input_of(options))
    if options.json:
        print(json.dumps(explanation.to_json(redactor)))
    else:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        for line in lines_of(explanation, colour=colour):
            print(defuse(redactor.text(line)))
    return EXIT_VIOLATION if explanation.verdict is Verdict.BLOCK else EXIT_CLEAN


def _explainer(policy: Policy, options: argparse.Namespace, secrets: SecretScanner) -> Explainer:
    state = SessionState(name="explain") if options.session else None
    return Explainer(policy.for_session(options.as_session), Inspector(secrets, Path.cwd()), state)


def _input_of(options: argparse.Namespace) -> object:
    if options.input is None:
        raise UsageError("--tool needs --input: a JSON object of arguments, or the command, the file, the URL as text")
    text = str(options.input)
    if text == "-":
        text = _read(Path("-")).decode("utf-8", "replace")
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return given if isinstance(given, dict) else text


def _read(path: Path) -> bytes:
    try:
        data = sys.stdin.buffer.read(_LARGEST_REQUEST + 1) if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(data) > _LARGEST_REQUEST:
        raise UsageError(f"{path} is larger than {_LARGEST_REQUEST >> 20} MB; a request is not")
    return data


def _answer_lines(explainer: Explainer, redactor: Redactor) -> int:
    bad = 0
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if not line.strip():
            continue
        try:
            answer = _explained(explainer, line).to_json(redactor)
        except UsageError as error:
            bad += 1
            answer = {"error": f"line {number}: {error}", "line": number}
        print(json.dumps(answer), flush=True)
    if bad:
        print(f"guardian-ci: {bad} line{'s' if bad > 1 else ''} could not be read", file=sys.stderr)
    return EXIT_USAGE if bad else EXIT_CLEAN


def _explained(explainer: Explainer, line: bytes) -> Explanation:
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"is not JSON: {error}") from error
    if not isinstance(asked, Mapping):
        raise UsageError('is no object; write {"tool": "Bash", "input": "ls"}')
    for name, origin in _TEXTS.items():
        if isinstance(asked.get(name), str):
            return explainer.text(asked[name], origin)
    tool = asked.get("tool")
    if not isinstance(tool, str) or not tool:
        raise UsageError('names no tool; write {"tool": "Bash", "input": "ls"}')
    return explainer.tool(tool, asked.get("input", {}))


def lines_of(explanation: Explanation, *, colour: bool) -> Iterator[str]:
    """Yield what people read: the verdict, what the call was understood to do, and every rule's line."""

    def paint(verdict: Verdict) -> str:
        text = f"{verdict.value:<5}"
        return f"\033[{_COLOURS[verdict]}m{text}\033[0m" if colour else text

    yield f"{paint(explanation.verdict)}  {one_line(explanation.subject, _LINE)}"
    seen = list(explanation.seen)
    for what, text in seen[:_MOST_SHOWN]:
        yield f"       {what} {one_line(text, _LINE)}"
    if len(seen) > _MOST_SHOWN:
        yield f"       … and {len(seen) - _MOST_SHOWN} more"
    places = {finding.rule: finding.place for finding in explanation.findings}
    width = max((len(line.rule) for line in explanation.trace), default=0)
    for line in explanation.trace:
        place = places.get(line.rule)
        where = f"  ({place.file}:{place.line})" if place else ""
        yield f"{paint(line.verdict)}  {line.rule:<{width}}  {one_line(line.detail, _LINE)}{where}"
