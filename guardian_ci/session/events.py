"""What may come into the session: facts, each with its time (Unix seconds) and the request it belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from guardian_ci.model import Call, Leak, ToolUse, Usage
from guardian_ci.session.ledger import Balance, Denial, Grant


class Outcome(StrEnum):
    """How a forwarded call ended."""

    COMPLETE = "complete"
    """The terminal frame (or the whole body) came."""
    REFUSED_UPSTREAM = "upstream_refused"
    """The upstream answered with an error status: nothing is billed."""
    UNREACHED = "upstream_unreached"
    """No request left the proxy: nothing is billed."""
    UPSTREAM_ERROR = "upstream_error"
    """Reset, silence, a body that is not of the protocol, no terminal frame: what is billed is not known."""
    CLIENT_GONE = "client_gone"
    """The agent hung up and the upstream did not come to its end in time."""
    CUT = "cut"
    """Policy ended the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls: the session's name and what a call is charged to beside it."""

    session: str
    run: str
    provider: str
    user: str | None = None
    pull_request: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to one request."""

    request: str
    at: float

    @property
    def time(self) -> datetime:
        """``at`` as a date."""
        return datetime.fromtimestamp(self.at, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReceived(Event):
    """An agent asks. ``remembered`` is what a store knows of the session, if the machine does not hold it yet."""

    caller: Caller
    call: Call
    remembered: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved(Event):
    """The store's answer to a ``Reserve``."""

    answer: Grant | Denial


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalled(Event):
    """The answer holds a complete tool call, which is not with the agent yet."""

    tool: ToolUse


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrote(Event):
    """The answer's text holds these secrets."""

    leaks: tuple[Leak, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progressed(Event):
    """The answer has come this far: the usage that the provider has told, and the bytes of model output."""

    usage: Usage | None
    output_bytes: int
    abandoned: bool = False
    """The agent has hung up: the answer is only read on to learn what it costs, also when the run is stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Event):
    """A forwarded call is over."""

    outcome: Outcome
    usage: Usage | None = None
    upstream_status: int | None = None
    output_bytes: int = 0
    unparsed: int = 0
    """Frames that nobody could read: any of them may have told more output, or the last word on usage."""
    usage_final: bool = True
    """Whether the usage may be the provider's last word; an answer's beginning tells one that is not."""
    response_id: str | None = None
    """What a later call may name as its ``previous_response_id``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled(Event):
    """The store has settled; ``balances`` are those of the call's demands right after."""

    balances: tuple[Balance, ...]
