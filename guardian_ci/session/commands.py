"""What the session asks of the outside. Each command is carried out before the next event of its request."""

from collections.abc import Mapping
from dataclasses import dataclass

from guardian_ci.model import Amount, Cost, Evaluation, Finding, Origin, Usage
from guardian_ci.session.ledger import NOTHING, Ask, Balance, Demand, Denial


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing to do for one request."""

    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged(Command):
    """A command that rules have spoken on: what they found, and every rule's line."""

    findings: tuple[Finding, ...] = ()
    trace: tuple[Evaluation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse(Judged):
    """Answer the agent with a refusal. ``finding`` is the one that decided; nothing was forwarded or reserved.

    Where ``may_wait`` is not 0, other calls' refunds may make room: the same call may be tried again for so many
    seconds before it is refused. A refusal leaves no trace in the session, so a later try decides afresh.
    ``denial`` is the store's answer, if that was what refused.
    """

    finding: Finding
    may_wait: float = 0.0
    denial: Denial | None = None
    demands: tuple[Demand, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve(Command):
    """Reserve in the store and answer with ``Reserved``."""

    ask: Ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward(Judged):
    """Send the call on, with these edits."""

    max_output_tokens: int | None = None
    """Lower the output maximum to this; None leaves it as it is."""
    remove_tools: tuple[int, ...] = ()
    model: str | None = None
    notice: str | None = None
    max_web_searches: int | None = None
    """Bound the searches of a request that does not bound them itself."""
    reserved: Amount = NOTHING
    demands: tuple[Demand, ...] = ()
    balances: tuple[Balance, ...] = ()
    tool_results: tuple[tuple[str, str, bool | None], ...] = ()
    """Results of earlier tool calls that this call reports: id, name, whether it went well."""
    redact: tuple[Origin, ...] = ()
    """Texts of these origins go without the secrets in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Judged):
    """Let the tool call pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite(Judged):
    """Replace the tool call by one that the agent itself turns into an error with the reason."""

    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut(Judged):
    """End the answer at the next good place, with an error that says why."""

    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Command):
    """Something to log that decides nothing (a budget is 80 % spent)."""

    code: str
    message: str
    finding: Finding | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle(Command):
    """Charge the call, give the rest of its reservation back, remember the session.

    ``reserved`` says whether there is a reservation to settle. ``session`` is (name, what to remember of it).
    """

    charge: Amount
    reserved: bool
    session: tuple[str, Mapping[str, object]]
    cost: Cost | None
    usage: Usage | None
    estimated: bool
    demands: tuple[Demand, ...]
