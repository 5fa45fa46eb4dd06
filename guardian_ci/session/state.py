"""What is remembered of a session. Every collection here is bounded: a session may live for a million calls."""

import hashlib
from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

from guardian_ci.model import Call, Finding, InputSize, ToolUse, Usage, Verdict

FIRST_COMFORT: Final = 4096
LEAST_COMFORT: Final = 1024
_MOST_PATHS: Final = 500
_MOST_TOOLS: Final = 200
_MOST_FINGERPRINTS: Final = 256
_MOST_TIMES: Final = 1024
_MOST_REPEATS: Final = 64
_MOST_PENDING: Final = 1024
_MOST_MEASURED: Final = 256
_MOST_CONTEXTS: Final = 1024
_KEPT_CONTEXTS: Final = 32
_MOST_SEEN: Final = 4096
_MOST_SCRIPTS: Final = 64
_LONGEST_SCRIPT: Final = 16_384


class PendingTool(NamedTuple):
    """A tool call that the agent has got and whose result is not known yet."""

    name: str
    digest: str
    """What the call is: the same for the same tool with the same arguments."""


@dataclass(slots=True, kw_only=True)
class SessionState:
    """One session: when, how much, which tools and files, and what its rules need of the past.

    ``generation`` counts the lives of the name: an idle session expires and the next call begins a new one.
    ``latched`` is the finding that ended it: every later call gets it as its answer. ``cwd`` is the folder that the
    agent's shell has changed to, ``scripts`` the files that it has written and may run, by their paths.
    """

    name: str
    generation: int = 1
    first_call: float = 0.0
    last_call: float = 0.0
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    picodollars: int = 0
    tools: dict[str, int] = field(default_factory=dict)
    paths: dict[str, None] = field(default_factory=dict)
    measured: OrderedDict[tuple[str, str], tuple[InputSize, int]] = field(default_factory=OrderedDict)
    longest_output: int | None = None
    latched: Finding | None = None
    contexts: OrderedDict[str, int] = field(default_factory=OrderedDict)
    notified: bool = False
    fraction: float = 0.0
    recent: deque[float] = field(default_factory=deque)
    repeats: OrderedDict[str, deque[float]] = field(default_factory=OrderedDict)
    pending_tools: OrderedDict[str, PendingTool] = field(default_factory=OrderedDict)
    denied: OrderedDict[str, str] = field(default_factory=OrderedDict)
    """Why tool calls were denied, by their ids."""
    seen: OrderedDict[str, None] = field(default_factory=OrderedDict)
    """Digests of a tool call with its result."""
    same: dict[str, int] = field(default_factory=dict)
    """How often each of them has come since anything new came."""
    idle_turns: int = 0
    last_cost: int = 0
    cwd: str | None = None
    scripts: OrderedDict[str, str] = field(default_factory=OrderedDict)

    @property
    def scope(self) -> str:
        """The session's scope in the ledger."""
        return f"session:{self.name}#{self.generation}"

    @property
    def comfortable_output(self) -> int:
        """Output tokens that a call of this session hardly ever needs more of: four times its longest so far."""
        if self.longest_output is None:
            return FIRST_COMFORT
        return max(LEAST_COMFORT, 4 * self.longest_output)

    def expired(self, now: float, idle_seconds: float) -> bool:
        """Whether the session has been idle for too long to go on."""
        return self.calls > 0 and now - self.last_call > idle_seconds

    def repeats_of(self, call: Call) -> deque[float]:
        """The times at which this prompt was sent before."""
        return self.repeats.get(call.fingerprint, deque())

    def remember_call(self, now: float, most: int) -> None:
        """Note that a call was admitted now; ``most`` is what the rate limit may have to count."""
        _append(self.recent, now, max(_MOST_TIMES, most))

    def remember_prompt(self, call: Call, now: float, most: int) -> None:
        """Note that this prompt was sent now; ``most`` is how many sendings loop detection may have to count."""
        if not call.fingerprint:
            return  # it asks nothing: a warm-up
        times = self.repeats.setdefault(call.fingerprint, deque())
        _append(times, now, max(_MOST_REPEATS, most))
        self.repeats.move_to_end(call.fingerprint)
        if len(self.repeats) > _MOST_FINGERPRINTS:
            self.repeats.popitem(last=False)

    def excuse_prompt(self, call: Call, at: float) -> None:
        """Forget one sending: the upstream asked for the retry (429, 529), so it is no loop."""
        times = self.repeats.get(call.fingerprint)
        if times is not None and at in times:
            times.remove(at)

    def remember_tool(
        self, tool: ToolUse, *, cwd: str | None = None, written: tuple[tuple[str, str], ...] = ()
    ) -> None:
        """Note a tool call that the agent will get, where its command leaves the shell, and the files it leaves."""
        if tool.canonical in self.tools or len(self.tools) < _MOST_TOOLS:
            self.tools[tool.canonical] = self.tools.get(tool.canonical, 0) + 1
        for path in tool.paths:
            if len(self.paths) < _MOST_PATHS:
                self.paths[path] = None
        digest = hashlib.sha256(f"{tool.canonical}\0{tool.arguments}".encode("utf-8", "replace")).hexdigest()[:16]
        self.pending_tools[tool.id] = PendingTool(tool.name, digest)
        if len(self.pending_tools) > _MOST_PENDING:
            self.pending_tools.popitem(last=False)
        self.cwd = cwd if cwd is not None else self.cwd
        for path, content in (*tool.scripts, *written):
            # An edit tells what it puts in; what was there before may still be run.
            before = f"\n{self.scripts.get(path, '')}" if tool.canonical == "edit_file" else ""
            self.scripts[path] = f"{content}{before}"[:_LONGEST_SCRIPT]
            self.scripts.move_to_end(path)
            if len(self.scripts) > _MOST_SCRIPTS:
                self.scripts.popitem(last=False)

    def _outcomes(self, call: Call) -> Iterator[tuple[str, str]]:
        """Yield the name of each tool call that this request brings the result of, and the digest of both."""
        for result in call.tool_results:
            pending = self.pending_tools.get(result.id)
            if pending is not None and result.digest:
                yield pending.name, f"{pending.digest}:{result.digest}"

    def same_results(self, call: Call) -> tuple[int, str]:
        """How often a result of this request has come since anything new came, and the tool's name."""
        outcomes = list(self._outcomes(call))
        if not outcomes or any(outcome not in self.seen for _, outcome in outcomes):
            return 0, ""
        return max((self.same.get(outcome, 0) + 1, name) for name, outcome in outcomes)

    def remember_outcomes(self, call: Call) -> None:
        """Note what this request brings: results that were not seen before, or a new prompt, begin afresh."""
        outcomes = [outcome for _, outcome in self._outcomes(call)]
        new = any(outcome not in self.seen for outcome in outcomes)
        if new or (call.fingerprint and not outcomes and call.fingerprint not in self.repeats):
            self.same.clear()
            self.idle_turns = 0
        for outcome in outcomes:
            self.same[outcome] = self.same.get(outcome, 0) + 1
            self.seen[outcome] = None
            self.seen.move_to_end(outcome)
        while len(self.seen) > _MOST_SEEN:
            self.same.pop(self.seen.popitem(last=False)[0], None)

    def remember_cost(self, picodollars: int) -> None:
        """Note what a turn cost: one that costs no less than the one before may be idle."""
        self.idle_turns = self.idle_turns + 1 if 0 < self.last_cost <= picodollars else 0
        self.last_cost = picodollars

    def results_of(self, call: Call) -> tuple[tuple[str, str, bool | None], ...]:
        """The results in this call of tool calls that were let pass, each reported once."""
        return tuple(
            (result.id, self.pending_tools.pop(result.id).name, result.ok)
            for result in call.tool_results
            if result.id in self.pending_tools
        )

    def remember_denial(self, tool: ToolUse, reason: str) -> None:
        """Note why a tool call was denied."""
        self.denied[tool.id] = reason
        if len(self.denied) > _MOST_PENDING:
            self.denied.popitem(last=False)

    def denials_of(self, call: Call) -> tuple[str, ...]:
        """Why the tool calls were denied whose results this call brings, where it does not tell so itself."""
        hiding = (result for result in call.tool_results if result.hides_denial)
        return tuple(self.denied[result.id] for result in hiding if result.id in self.denied)

    def remember_measure(self, call: Call, model: str, tokens: int) -> None:
        """Note what a model's tokenizer made of this conversation."""
        self.measured[model, call.conversation] = (call.size, tokens)
        if len(self.measured) > _MOST_MEASURED:
            self.measured.popitem(last=False)

    def measure_of(self, call: Call, model: str) -> tuple[InputSize, int] | None:
        """The size and the tokens of the conversation that this call goes on from, if they were measured."""
        return self.measured.get((model, call.continues)) if call.continues else None

    def remember_context(self, response: str | None, usage: Usage | None, bound: int) -> None:
        """Note how many tokens a later call inherits that names this answer as its previous one.

        ``bound`` holds where the answer has not told its usage (a warm-up may not): what was reserved for it.
        """
        if response is None:
            return
        self.contexts[response] = bound if usage is None else usage.total_input + usage.total_output
        if len(self.contexts) > _MOST_CONTEXTS:
            self.contexts.popitem(last=False)

    def hidden_tokens(self, call: Call, window: int) -> int:
        """A bound of the context that the provider adds itself; ``window`` where this session has not seen it."""
        hidden = 0
        if call.previous_response_id is not None:
            hidden = self.contexts.get(call.previous_response_id, window)
        if call.item_references:
            hidden = max(hidden, max(self.contexts.values(), default=window))
        return hidden

    def add(self, usage: Usage | None, picodollars: int) -> None:
        """Add what a call cost."""
        self.picodollars += picodollars
        if usage is not None:
            self.input_tokens += usage.total_input
            self.output_tokens += usage.total_output
            if usage.total_output:  # a warm-up writes nothing, which says nothing of what others need
                self.longest_output = max(self.longest_output or 0, usage.total_output)
            self.cache_read_tokens += usage.cache_read_tokens + usage.cache_read_audio_tokens
            self.cache_write_tokens += (
                usage.cache_write_5m_tokens + usage.cache_write_1h_tokens + usage.cache_write_12h_tokens
            )

    def remembered(self) -> dict[str, object]:
        """What a store keeps, as plain values. The windows of a minute are not worth a restart."""
        kept: dict[str, object] = {name: getattr(self, name) for name in _KEPT}
        kept["tools"] = dict(self.tools)
        kept["paths"] = list(self.paths)
        kept["latched"] = None if self.latched is None else _finding_to_plain(self.latched)
        kept["contexts"] = dict(list(self.contexts.items())[-_KEPT_CONTEXTS:])
        kept["recent"] = list(self.recent)[-64:]
        return kept

    @classmethod
    def recalled(cls, kept: Mapping[str, object]) -> Self:
        """The session of ``remembered``'s answer. Unknown names in it are left out."""
        state = cls(name=str(kept["name"]))
        for name in _KEPT:
            if name in kept:
                setattr(state, name, kept[name])
        state.tools = dict(state.tools)  # what was kept belongs to an event, which does not change
        paths, recent, latched = kept.get("paths"), kept.get("recent"), kept.get("latched")
        contexts = kept.get("contexts")
        if isinstance(contexts, Mapping):
            state.contexts.update({str(response): int(tokens) for response, tokens in contexts.items()})
        if isinstance(paths, list):
            state.paths = dict.fromkeys(str(path) for path in paths)
        if isinstance(recent, list):
            state.recent.extend(float(moment) for moment in recent)
        if isinstance(latched, Mapping):
            state.latched = _finding_from_plain(latched)
        return state


_KEPT: Final = (
    "name",
    "generation",
    "first_call",
    "last_call",
    "calls",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "picodollars",
    "tools",
    "longest_output",
    "notified",
    "fraction",
)


def _append(times: deque[float], now: float, most: int) -> None:
    times.append(now)
    while len(times) > most:
        times.popleft()


def _finding_to_plain(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule,
        "reason": finding.reason,
        "message": finding.message,
        "subject": finding.subject,
    }


def _finding_from_plain(plain: Mapping[str, object]) -> Finding:
    return Finding(
        rule=str(plain.get("rule", "")),
        verdict=Verdict.BLOCK,
        reason=str(plain.get("reason", "")),
        message=str(plain.get("message", "")),
        subject=str(plain.get("subject", "")),
    )
