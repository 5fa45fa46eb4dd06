"""The arithmetic of the ledger: scopes, balances, and when a reservation fits.

Every store decides by ``admit`` (or by the same formula where it cannot call Python), inside one atomic step, so
that spent + reserved never exceeds a limit however many calls come at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from guardian_ci.model import Amount, Limit

NOTHING: Final = Amount()
UNLIMITED: Final = Limit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What a scope has spent, and what open calls may still spend."""

    spent: Amount = NOTHING
    reserved: Amount = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A scope that a call is charged to (``session:NAME#1``, ``day:2026-11-22``), and its limit."""

    scope: str
    limit: Limit = UNLIMITED


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A wish to reserve.

    ``fixed`` is an upper bound of everything but the output; ``per_output`` one output token's (all choices');
    ``wanted_output`` the output tokens asked for and ``useful_output`` the fewest that are worth a call. Beyond
    ``comfortable_output`` a call gets no more than half of what is left, so that calls beside it find room.
    An ask with the id of an open reservation adds to it; ``extends`` says so: then a limit that its own reservation
    has just filled is not in its way.
    """

    id: str
    demands: tuple[Demand, ...]
    fixed: Amount
    per_output: Amount = NOTHING
    wanted_output: int = 0
    useful_output: int = 0
    comfortable_output: int = 0
    extends: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A reservation that was made. ``balances`` are those from before it, in the order of the demands."""

    id: str
    amount: Amount
    output_tokens: int
    balances: tuple[Balance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """A reservation that does not fit: the tightest scope, in its own unit (picodollars or tokens).

    ``may_fit`` says that it would fit once every open reservation of that scope is refunded in full.
    """

    id: str
    scope: str
    kind: Literal["cost", "tokens"]
    limit: int
    spent: int
    reserved: int
    needed: int
    balances: tuple[Balance, ...]

    @property
    def may_fit(self) -> bool:
        """Whether waiting for refunds can help."""
        return self.limit - self.spent >= self.needed


def admit(ask: Ask, balances: Sequence[Balance]) -> Grant | Denial:
    """Grant as much output as every scope has room for, or deny.

    ``balances`` are those of ``ask.demands``, in order. The grant's amount is an upper bound of what the call may
    cost; its ``output_tokens`` is never above ``ask.wanted_output`` and never below ``ask.useful_output``.
    """
    useful = min(ask.useful_output, ask.wanted_output)
    output = ask.wanted_output
    tightest: Denial | None = None
    worst_short = 0.0
    for demand, balance in zip(ask.demands, balances, strict=True):
        for kind, limit, spent, reserved, fixed, each in _dimensions(ask, demand, balance):
            left = limit - spent - reserved
            needed = fixed + useful * each
            # A limit is full once nothing is left, even for a further call that is bounded by zero.
            if left >= needed and (left > 0 or ask.extends):
                if each:
                    most = (left - fixed) // each
                    output = min(output, max(useful, most // 2, min(most, ask.comfortable_output)))
                continue
            short = (needed - left + 1) / (limit + 1)
            if tightest is None or short > worst_short:
                worst_short = short
                tightest = Denial(
                    id=ask.id,
                    scope=demand.scope,
                    kind=kind,
                    limit=limit,
                    spent=spent,
                    reserved=reserved,
                    needed=max(needed, 1),
                    balances=tuple(balances),
                )
    if tightest is not None:
        return tightest
    amount = Amount(
        picodollars=ask.fixed.picodollars + output * ask.per_output.picodollars,
        tokens=ask.fixed.tokens + output * ask.per_output.tokens,
    )
    return Grant(id=ask.id, amount=amount, output_tokens=output, balances=tuple(balances))


def _dimensions(
    ask: Ask, demand: Demand, balance: Balance
) -> list[tuple[Literal["cost", "tokens"], int, int, int, int, int]]:
    found: list[tuple[Literal["cost", "tokens"], int, int, int, int, int]] = []
    limit = demand.limit
    if limit.picodollars is not None:
        found.append(
            (
                "cost",
                limit.picodollars,
                balance.spent.picodollars,
                balance.reserved.picodollars,
                ask.fixed.picodollars,
                ask.per_output.picodollars,
            )
        )
    if limit.tokens is not None:
        found.append(
            (
                "tokens",
                limit.tokens,
                balance.spent.tokens,
                balance.reserved.tokens,
                ask.fixed.tokens,
                ask.per_output.tokens,
            )
        )
    return found


def balances_of(ask: Ask, known: Mapping[str, Balance]) -> list[Balance]:
    """The balances of an ask's demands, nothing for a scope that is not known yet."""
    return [known.get(demand.scope, Balance()) for demand in ask.demands]
