"""What a policy makes of one thing: a tool call, a text, a whole request. What ``guardian-ci explain`` prints."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from guardian_ci.audit.redact import Redactor
from guardian_ci.model import (
    Call,
    Evaluation,
    Finding,
    InputSize,
    Operation,
    Origin,
    ToolUse,
    Verdict,
    WireProtocol,
)
from guardian_ci.policy import Settings
from guardian_ci.policy.code_mode import looks_like_program, runs_programs
from guardian_ci.policy.rules import evaluate_call, evaluate_tool, offers_to_remove, view_of
from guardian_ci.policy.rules.interface import SessionView, ToolView
from guardian_ci.policy.shell.facts import TAME, UNKNOWN
from guardian_ci.policy.tools import canonical_name, describe_tool
from guardian_ci.proxy.inspection import Inspector
from guardian_ci.session.state import SessionState
from guardian_ci.wire import WIRES
from guardian_ci.wire.shape import protocol_of

_MAIN_ARGUMENT: Final[Mapping[str, str]] = {
    "bash": "command",
    "write_stdin": "chars",
    "read_file": "file_path",
    "write_file": "file_path",
    "edit_file": "file_path",
    "delete_file": "file_path",
    "list_dir": "path",
    "glob": "pattern",
    "grep": "path",
    "web_fetch": "url",
    "web_search": "query",
}
_GAPS: Final = str.maketrans({UNKNOWN: "…", TAME: "…"})
_ORDER: Final = (Verdict.ALLOW, Verdict.WARN, Verdict.BLOCK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A verdict, what was found, every rule's line, and what was seen (``what it is: text``) to judge by."""

    subject: str
    findings: Sequence[Finding]
    trace: Sequence[Evaluation]
    seen: Sequence[tuple[str, str]] = ()

    @property
    def verdict(self) -> Verdict:
        """The gravest of what was found."""
        return max((finding.verdict for finding in self.findings), key=_ORDER.index, default=Verdict.ALLOW)

    def to_json(self, redactor: Redactor) -> dict[str, object]:
        """Return what programs read: one object, without a secret."""
        findings = [
            {
                "rule": each.rule,
                "verdict": each.verdict.value,
                "reason": each.reason,
                "match": each.subject,
                "message": each.message,
                "file": each.place.file if each.place else None,
                "line": each.place.line if each.place else None,
            }
            for each in self.findings
        ]
        told = redactor.value({"verdict": self.verdict.value, "findings": findings})
        assert isinstance(told, dict)  # noqa: S101 - an object stays one; this is for the type checker
        return told


@dataclass(slots=True)
class Explainer:
    """Judges by one policy. ``state`` remembers earlier tool calls, where they are to count as one session."""

    settings: Settings
    inspector: Inspector
    state: SessionState | None = None
    _number: int = field(default=0)

    def tool(self, name: str, given: object) -> Explanation:
        """Judge a tool call. ``given`` are its arguments, or a text that stands for the most telling of them."""
        self._number += 1
        state = self.state or SessionState(name="")
        described = describe_tool(f"call-{self._number}", name, _arguments(name, given))
        use = self.inspector.tool(described, cwd=state.cwd)
        view = view_of(use, cwd=state.cwd, scripts=state.scripts, root=self.inspector.root)
        findings, trace = evaluate_tool(self.settings, use, view)
        explanation = Explanation(subject=name, findings=findings, trace=trace, seen=tuple(_seen(use, view)))
        if self.state is not None and explanation.verdict is not Verdict.BLOCK:
            self.state.remember_tool(use, cwd=view.analysis.cwd, written=view.analysis.written)
        return explanation

    def text(self, text: str, origin: Origin) -> Explanation:
        """Judge a prompt or a tool's result for what should not stand in it."""
        call = self.inspector.text(_nothing(), text, origin)
        return self._call(origin.value.replace("_", " "), call, only=("secret_leak", "injection"))

    def request(self, body: bytes, protocol: WireProtocol | None) -> Explanation:
        """Judge a whole request. Raises ``BadRequest``."""
        wire = WIRES[protocol or protocol_of(body)]
        parsed = wire.parse_call(body, operation=Operation.GENERATE, headers={})
        call = self.inspector.request(wire, parsed, self.settings).parsed.call
        removed = offers_to_remove(self.settings, call)
        explanation = self._call(f"{call.protocol.value} request for {call.model}", call)
        tools = [("offers", ", ".join(tool.name for tool in call.tools) or "no tool")]
        if removed:
            tools.append(("goes without", ", ".join(call.tools[index].name for index in sorted(removed))))
        if self.settings.upstreams:
            served = self.settings.upstream_for(call.protocol, call.model)
            tools.append(("goes to", f"{served.name} at {served.url}" if served else "no upstream, so it is refused"))
        return replace(explanation, seen=tools)

    def _call(self, subject: str, call: Call, only: Iterable[str] = ()) -> Explanation:
        findings, trace = evaluate_call(self.settings, call, SessionView(now=0.0))
        wanted = frozenset(only) or frozenset(line.rule for line in trace)
        return Explanation(
            subject=subject,
            findings=[finding for finding in findings if finding.rule in wanted],
            trace=[line for line in trace if line.rule in wanted],
        )


def _arguments(name: str, given: object) -> str:
    if not isinstance(given, str):
        return json.dumps(given)
    program = runs_programs(name) and looks_like_program(given)
    key = None if program else _MAIN_ARGUMENT.get(canonical_name(name))
    return given if key is None else json.dumps({key: given})


def _nothing() -> Call:
    return Call(
        protocol=WireProtocol.ANTHROPIC_MESSAGES,
        operation=Operation.GENERATE,
        model="",
        stream=False,
        fingerprint="",
        size=InputSize(text_bytes=0),
    )


def _seen(use: ToolUse, view: ToolView) -> Iterable[tuple[str, str]]:
    """Say what a tool call was understood to do."""
    if use.canonical != use.name:
        yield "is", use.canonical
    analysis = view.analysis
    calls = [("calls", each.name) for each in use.calls]
    named = [("names", path) for path in use.paths] + [("leads to", real) for _, real in use.links]
    does = [("runs", " ".join(words)) for words in analysis.commands]
    touches = [(f"{each.access.value}s" if each.sure else "may touch", each.path) for each in analysis.touches]
    hosts = [("talks to", contact.host or contact.registry or "…") for contact in analysis.contacts]
    hosts += [("talks to", url) for url in use.urls]
    dark = [("cannot tell", f"{each.reason}: {each.word}" if each.word else each.reason) for each in analysis.opaque]
    for what, text in dict.fromkeys([*calls, *named, *does, *touches, *hosts, *dark]):
        yield what, text.translate(_GAPS)
