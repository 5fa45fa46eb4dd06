"""The ledger that ends with its process; what it has in common with the others is in test_interface.py."""

import asyncio

from guardian_ci.model import Amount
from guardian_ci.session.ledger import Ask, Balance, Demand
from guardian_ci.stores import MemoryStore


def test_a_new_memory_store_knows_nothing_of_an_earlier_one() -> None:
    async def both() -> list[Balance]:
        first, second = MemoryStore(), MemoryStore()
        await first.reserve(Ask(id="a", demands=(Demand(scope="run"),), fixed=Amount(picodollars=5)))
        assert await second.open("run-2") == ()
        return await second.balances(["run"])

    assert asyncio.run(both()) == [Balance()]
