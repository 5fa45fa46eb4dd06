"""The ledger of one process that need not outlive it: tests and replays."""

from collections.abc import Sequence

from guardian_ci.errors import StoreError
from guardian_ci.model import Amount
from guardian_ci.session.ledger import Ask, Balance, Demand, Denial, Grant, admit, balances_of
from guardian_ci.session.store import Recovered, Store


class MemoryStore(Store):
    """A ledger in two dictionaries."""

    kind = "memory"

    def __init__(self) -> None:
        self._balances: dict[str, Balance] = {}
        self._open: dict[str, tuple[tuple[Demand, ...], Amount]] = {}
        self._sessions: dict[str, str] = {}

    async def open(self, run_id: str) -> Sequence[Recovered]:
        """Nothing outlives the process, so there is nothing to recover."""
        del run_id
        return ()

    async def reserve(self, ask: Ask) -> Grant | Denial:
        """See ``Store.reserve``."""
        answer = admit(ask, balances_of(ask, self._balances))
        if isinstance(answer, Grant):
            held = self._open.get(ask.id, (ask.demands, Amount()))[1]
            self._open[ask.id] = (ask.demands, held + answer.amount)
            self._add(ask.demands, Amount(), answer.amount)
        return answer

    async def settle(self, reservation: str, charge: Amount, session: tuple[str, str] | None = None) -> None:
        """See ``Store.settle``."""
        if reservation not in self._open:
            msg = f"reservation {reservation} is not open: it was settled before or never made"
            raise StoreError(msg)
        demands, held = self._open.pop(reservation)
        self._add(demands, charge, Amount() - held)
        if session is not None:
            self._sessions[session[0]] = session[1]

    async def balances(self, scopes: Sequence[str]) -> list[Balance]:
        """See ``Store.balances``."""
        return [self._balances.get(scope, Balance()) for scope in scopes]

    async def session(self, name: str) -> str | None:
        """See ``Store.session``."""
        return self._sessions.get(name)

    async def close(self) -> None:
        """Nothing to do."""

    def _add(self, demands: Sequence[Demand], spent: Amount, reserved: Amount) -> None:
        for demand in demands:
            before = self._balances.get(demand.scope, Balance())
            self._balances[demand.scope] = Balance(spent=before.spent + spent, reserved=before.reserved + reserved)
