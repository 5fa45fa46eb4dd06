"""What a summary is made of, and the counting that makes it. Bounded, however long the log.

Counts are always complete. Lists (findings, paths, names) stop at a bound, and say how many they leave out.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from guardian_ci.audit import fields as read
from guardian_ci.audit.fields import Fields

RUN_INTEGRITY: Final = "run_integrity"
"""The rule that a log breaks which is not whole: no policy turns it off."""

MAX_FINDINGS: Final = 5_000
MAX_FINDINGS_A_RULE: Final = 50
MAX_PATHS: Final = 50
MAX_NAMES: Final = 1_000
MAX_SESSIONS: Final = 10_000
MAX_SUBAGENTS: Final = 100
OTHERS: Final = "(others)"
"""Stands for all names beyond a bound."""

FindingKind = Literal["violation", "throttled", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Tokens by kind. ``input`` includes what was read from a cache or written to one, ``output`` reasoning."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    @property
    def total(self) -> int:
        """What a token budget counts."""
        return self.input + self.output

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(
            input=self.input + other.input,
            output=self.output + other.output,
            cache_read=self.cache_read + other.cache_read,
            cache_write=self.cache_write + other.cache_write,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """A finding with where and when. ``file`` and ``line`` are the policy's; ``log_line`` is the log's (0: none)."""

    kind: FindingKind
    rule: str
    reason: str
    message: str
    subject: str = ""
    session: str | None = None
    request_id: str | None = None
    file: str | None = None
    line: int | None = None
    timestamp: str | None = None
    log_file: str = ""
    log_line: int = 0


@dataclass(slots=True, kw_only=True)
class Findings:
    """Findings of one kind: all counted, the first ones of each rule and session kept."""

    counts: Counter[tuple[str | None, str]] = field(default_factory=Counter)
    """How many there are, by session and rule."""
    kept: list[FindingRow] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many there are."""
        return self.counts.total()

    @property
    def left_out(self) -> int:
        """How many are counted and not kept."""
        return self.total - len(self.kept)

    def by_rule(self) -> dict[str, int]:
        """Return how many there are of each rule, most first."""
        rules: Counter[str] = Counter()
        for (_, rule), count in self.counts.items():
            rules[rule] += count
        return dict(sorted(rules.items(), key=lambda item: (-item[1], item[0])))

    def of(self, session: str | None, rule: str) -> list[FindingRow]:
        """Return the kept findings of one rule in one session."""
        return [row for row in self.kept if row.session == session and row.rule == rule]

    def add(self, row: FindingRow) -> None:
        """Count one."""
        key = (row.session, row.rule)
        self.counts[key] += 1
        if self.counts[key] <= MAX_FINDINGS_A_RULE and len(self.kept) < MAX_FINDINGS:
            self.kept.append(row)


@dataclass(slots=True, kw_only=True)
class ToolTally:
    """How often a tool was called, denied, and reported to have failed."""

    calls: int = 0
    denied: int = 0
    failed: int = 0


@dataclass(slots=True, kw_only=True)
class ModelTally:
    """What the calls to a model came to."""

    calls: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    picodollars: int = 0


@dataclass(slots=True, kw_only=True)
class AgentTally:
    """What one of a session's agents came to: who an agent says that it calls for, which nobody can check."""

    agent_session: str | None
    """The agent's own session; None where it told none."""
    subagent: str | None
    """None: the main agent."""
    parent: str | None = None
    calls: int = 0
    refused: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    picodollars: int = 0

    def count(self, record: Fields) -> None:
        """Count a call's record."""
        self.calls += 1
        self.refused += record.get("decision") != "approved"
        self.tokens += tokens_of(record)
        self.picodollars += read.picodollars(record, "cost") or 0


@dataclass(slots=True, kw_only=True)
class SessionTally:
    """One session: its calls, its spend, what it used and touched."""

    id: str | None
    calls: int = 0
    approved: int = 0
    rejected: int = 0
    throttled: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    picodollars: int = 0
    estimated_picodollars: int = 0
    estimated_calls: int = 0
    token_budget: int | None = None
    budget_picodollars: int | None = None
    first_call: str | None = None
    last_call: str | None = None
    agents: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)
    tools: Counter[str] = field(default_factory=Counter)
    paths: dict[str, None] = field(default_factory=dict)
    more_paths: bool = False
    attributed: dict[tuple[str | None, str | None], AgentTally] = field(default_factory=dict)
    """By the agent's own session and its subagent."""

    @property
    def parts(self) -> list[AgentTally]:
        """The agents that share this session, main agents first, then by cost; none where there is only one."""
        if len(self.attributed) <= 1:
            return []
        return sorted(self.attributed.values(), key=lambda one: (one.subagent is not None, -one.picodollars))

    def count(self, record: Fields) -> None:
        """Count a call's record."""
        self.calls += 1
        if record.get("decision") == "approved":
            self.approved += 1
        else:
            self.rejected += 1
        cost = read.picodollars(record, "cost") or 0
        self.tokens += tokens_of(record)
        self.picodollars += cost
        if read.flag(record, "estimated"):
            self.estimated_calls += 1
            self.estimated_picodollars += cost
        self.token_budget = read.whole(record, "budget")
        self.budget_picodollars = read.picodollars(record, "budget")
        timestamp = read.text(record, "timestamp")
        self.first_call = self.first_call or timestamp
        self.last_call = timestamp or self.last_call
        for names, name in ((self.agents, "agent"), (self.models, "model")):
            value = read.text(record, name)
            if value and len(names) < MAX_PATHS:
                names.add(value)
        self._use(read.rows(record, "tool_calls"))
        self._attribute(record)

    def _attribute(self, record: Fields) -> None:
        told = read.inner(record, "attribution")
        key = read.text(told, "agent_session"), read.text(told, "subagent")
        if key not in self.attributed and len(self.attributed) >= MAX_SUBAGENTS:
            key = None, OTHERS
        agent = self.attributed.setdefault(key, AgentTally(agent_session=key[0], subagent=key[1]))
        agent.parent = agent.parent or read.text(told, "parent")
        agent.count(record)

    def _use(self, tools: Iterable[Fields]) -> None:
        for tool in tools:
            name = tool_name(tool)
            self.tools[name if name in self.tools or len(self.tools) < MAX_PATHS else OTHERS] += 1
            if tool.get("verdict") == "block":
                continue  # a denied call touched nothing
            for path in read.texts(tool, "paths"):
                if path in self.paths or len(self.paths) < MAX_PATHS:
                    self.paths[path] = None
                else:
                    self.more_paths = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeRow:
    """What a scope has spent, against its limits."""

    scope: str
    picodollars: int
    tokens: int
    limit_picodollars: int | None = None
    limit_tokens: int | None = None


@dataclass(slots=True, kw_only=True)
class RunTally:
    """One run: who ran, under which policy, and whether its log is whole."""

    run_id: str
    log: str
    version: str | None = None
    policy_name: str | None = None
    policy_file: str | None = None
    policy_digest: str | None = None
    policy: Fields = field(default_factory=dict)
    started: datetime | None = None
    last: datetime | None = None
    ended: bool = False
    end_reason: str | None = None
    recovered_calls: int = 0
    recovered_picodollars: int = 0
    direct_connections: str | None = None
    """Whether connections past the proxy were watched for: watched, off, unsupported; None: not told."""
    direct_connections_unseen: str | None = None
    """Why none could be seen, though they were watched for."""
    tunnelled: dict[str, None] = field(default_factory=dict)
    """The hosts (with their ports) whose bytes the forward proxy passed on unread, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that a reader should know and that no rule found."""

    level: str
    code: str
    message: str
    request_id: str | None = None


@dataclass(slots=True, kw_only=True)
class OpenCall:
    """A call that was admitted and has no record yet. One that stays open was in flight when its proxy died."""

    session: str | None
    picodollars: int = 0
    findings: list[tuple[Fields, FindingRow]] = field(default_factory=list)


def tokens_of(record: Fields) -> Tokens:
    """Return the tokens of a call's record."""
    return Tokens(
        input=read.whole(record, "input_tokens") or 0,
        output=read.whole(record, "output_tokens") or 0,
        cache_read=read.whole(record, "cache_read_tokens") or 0,
        cache_write=read.whole(record, "cache_write_tokens") or 0,
    )


def tool_name(tool: Fields) -> str:
    """Return the name that is the same for every agent, or else the agent's own."""
    return read.text(tool, "canonical") or read.text(tool, "name") or "(unnamed)"


def finding_kind(finding: Fields) -> FindingKind | None:
    """Return what a finding counts as; None for one that only says that all is well."""
    if finding.get("violation") is True:
        return "violation"
    verdict = finding.get("verdict")
    if verdict == "block":
        return "throttled"
    return "warning" if verdict == "warn" else None
