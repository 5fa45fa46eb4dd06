"""What a ledger can do: the interface that stores implement and the proxy is handed."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from guardian_ci.model import Amount
from guardian_ci.session.ledger import Ask, Balance, Denial, Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """A reservation that its run left open when it was killed; counted as spent from now on."""

    id: str
    run_id: str
    scopes: tuple[str, ...]
    amount: Amount


class Store(ABC):
    """A ledger. Every method is atomic; every failure is a ``StoreError``, and then nothing has changed.

    The methods are coroutines so that a store over a network fits. The local ones never suspend: what a caller
    does between two of their calls is one step for every other call of the process.
    """

    kind: str

    @abstractmethod
    async def open(self, run_id: str) -> Sequence[Recovered]:
        """Begin a run; returns what dead runs had left open, already counted as spent."""

    @abstractmethod
    async def reserve(self, ask: Ask) -> Grant | Denial:
        """Decide by ``session.ledger.admit`` and hold the amount in every scope of the ask."""

    @abstractmethod
    async def settle(self, reservation: str, charge: Amount, session: tuple[str, str] | None = None) -> None:
        """Turn a reservation into ``charge`` spent; the rest is free again at once.

        ``session`` is (name, JSON) to remember in the same step. Raises ``StoreError`` when the reservation is
        not open: it is settled exactly once.
        """

    @abstractmethod
    async def balances(self, scopes: Sequence[str]) -> list[Balance]:
        """The balances of some scopes."""

    @abstractmethod
    async def session(self, name: str) -> str | None:
        """The JSON that was last remembered of a session."""

    @abstractmethod
    async def close(self) -> None:
        """End the run. Reservations that are still open stay so, and are recovered by the next one."""
