"""What a policy says, as values: one ``Settings`` for the sessions of one entry."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, Literal

from guardian_ci.model import Limit, Place, WireProtocol
from guardian_ci.policy.model_globs import model_matches
from guardian_ci.policy.upstreams import Upstream, choose
from guardian_ci.pricing.rates import CustomPrice

Action = Literal["block", "warn", "off"]
Scope = Literal["session", "run", "day", "user", "pull_request", "model"]

SCOPES: Final[tuple[Scope, ...]] = ("session", "run", "day", "user", "pull_request", "model")


SecretAction = Literal["off", "warn", "redact", "block"]

DEFAULT_ACTIONS: Final[Mapping[str, Action]] = {
    "opaque_command": "warn",
    "injection": "warn",
    "tool_loop": "warn",
    "stalled": "warn",
    "direct_connection": "warn",
}
"""What follows from the findings of these rules unless the policy says otherwise; all others block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The most that one scope may spend. ``pattern`` (scope ``model`` only) is the glob of the model ids.

    Each model that the glob matches has the whole limit to itself. ``place`` is the line of the dollars,
    ``tokens_place`` that of the tokens.
    """

    scope: Scope
    limit: Limit
    pattern: str | None = None
    place: Place | None = None
    tokens_place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Downgrade:
    """From this fraction of the budget on, calls go to a cheaper model."""

    at: Fraction
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnBudget:
    """The soft landing before a budget's end; nothing of it unless asked for."""

    warn_agent_at: Fraction | None = None
    downgrade: Downgrade | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopDetection:
    """How often the same prompt may come within a window, and what follows then."""

    max_repeats: int = 3
    window_seconds: int = 60
    retry_after_seconds: int = 300
    then: Literal["wait", "end"] = "wait"
    max_same_results: int = 5
    max_idle_turns: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePattern:
    """One pattern of a list of files, and the field of the policy that says it (``file_blocklist.read[2]``)."""

    pattern: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePatterns:
    """A list of files, for reading and for writing; None where the policy says nothing for that kind."""

    read: tuple[FilePattern, ...] | None = None
    write: tuple[FilePattern, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRules:
    """What follows from a secret, by where it stands, and what beside the known formats is one.

    ``environment`` names environment variables whose values are secrets; ``rules`` is a file of gitleaks rules.
    """

    prompts: SecretAction = "warn"
    tool_results: SecretAction = "warn"
    tool_calls: SecretAction = "warn"
    answers: SecretAction = "warn"
    environment: tuple[str, ...] = ()
    rules: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long the proxy waits, in seconds."""

    connect_seconds: float = 10
    silence_seconds: float = 300
    call_seconds: float = 3600
    drain_seconds: float = 120
    tool_call_seconds: float = 120
    """The longest that a tool call is held back until it is complete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSockets:
    """Whether the responses API may be spoken over WebSocket, and what a Realtime connection may cost.

    ``realtime_ceiling`` in picodollars; None refuses Realtime.
    """

    responses: Literal["allow", "refuse"] = "allow"
    realtime_ceiling: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that policy says for the sessions whose names one of ``sessions`` matches (empty: all sessions).

    ``None`` means that the policy says nothing: no list of models, of tools, no rate limit. ``budget_status`` None
    lets each wire protocol use the status that ends its agents best.
    """

    name: str = "default"
    sessions: tuple[str, ...] = ()
    budgets: tuple[Budget, ...] = ()
    budget_status: int | None = None
    budget_warnings: tuple[Fraction, ...] = (Fraction(4, 5), Fraction(19, 20))
    min_output_tokens: int = 256
    reservation_wait_seconds: float = 30
    on_budget: OnBudget = OnBudget()
    allowed_models: tuple[str, ...] | None = None
    unknown_model: Literal["refuse", "ceiling"] = "refuse"
    prices: tuple[CustomPrice, ...] = ()
    allowed_tools: tuple[str, ...] | None = None
    denied_tools: tuple[str, ...] = ()
    denied_definitions: Literal["remove", "keep"] = "remove"
    tool_denial: Literal["continue", "stop"] = "continue"
    file_blocklist: FilePatterns = FilePatterns()
    file_allowlist: FilePatterns = FilePatterns()
    network_allowlist: tuple[str, ...] | None = None
    secrets: SecretRules = SecretRules()
    requests_per_minute: int | None = None
    loop_detection: LoopDetection = LoopDetection()
    idle_timeout_minutes: float = 30
    upstreams: Mapping[str, Upstream] = field(default_factory=dict)
    websockets: WebSockets = WebSockets()
    timeouts: Timeouts = Timeouts()
    max_request_mb: int = 32
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    rules: Mapping[str, Action] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict, repr=False, compare=False)
    """Where each field was said, by its path (``file_blocklist[2]``)."""

    def action(self, rule: str) -> Action:
        """Return what follows from a finding of this rule."""
        return self.rules.get(rule) or DEFAULT_ACTIONS.get(rule, "block")

    def place(self, field_path: str) -> Place | None:
        """Return where the policy says this field, or the nearest one that holds it (``budgets.run.usd``)."""
        while field_path:
            if (place := self.places.get(field_path)) is not None:
                return place
            field_path = _parent(field_path)
        return None

    def upstream_for(self, protocol: WireProtocol, model: str) -> Upstream | None:
        """Return who serves a model over a protocol; None where the policy leaves nobody."""
        return choose(self.upstreams, protocol, model)

    def budgets_of(self, scope: str, model: str | None = None) -> tuple[Budget, ...]:
        """Return the budgets of a scope; for ``model`` all whose glob matches the model id."""
        return tuple(each for each in self.budgets if each.scope == scope and _covers(each.pattern, model))


_LAST_STEP: Final = re.compile(r"(\.[^.\[\]]*|\[[^\[\]]*\])$")


def _parent(field_path: str) -> str:
    shorter = _LAST_STEP.sub("", field_path)
    return shorter if shorter != field_path else ""


def _covers(pattern: str | None, model: str | None) -> bool:
    return pattern is None or (model is not None and model_matches(pattern, model))
