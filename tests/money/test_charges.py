"""What the ledger charges for one call is never below the bill, however its answer ends."""

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from agents import MODELS, PROTOCOLS, Agents, Ask
from proxies import in_process, policy
from upstream import Plan, Upstream, serving

from guardian_ci.model import Amount
from guardian_ci.stores import MemoryStore


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with serving() as server:
        yield server


ENDS = {
    "as it should": Plan(output=700),
    "cut at its maximum": Plan(output=5000),
    "with nothing but reasoning": Plan(output=700, hidden=True),
    "without its usage": Plan(output=700, mute=True),
    "without its usage and nothing but reasoning": Plan(output=700, hidden=True, mute=True),
    "with its usage garbled": Plan(output=700, garbage=True),
    "with its usage garbled and nothing but reasoning": Plan(output=700, hidden=True, garbage=True),
    "torn": Plan(output=700, reset=True),
    "silent": Plan(output=700, stall=True),
    "refused by the upstream": Plan(status=529),
}
_REQUESTS = (("prose", None), ("code", "5m"), ("log", "1h"), ("chinese", None))


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_call_is_charged_what_its_end_may_cost(protocol: str, end: str, upstream: Upstream, tmp_path: Path) -> None:
    """Whole and streamed, with and without tools and cache marks, of every kind of text and model."""
    upstream.bill.lines.clear()
    asks = [
        Ask(
            protocol=protocol,
            model=model,
            session=f"{number}",
            stream=stream,
            kind=kind,
            size=1500,
            tools=cache == "5m",
            cache=cache,
            plan=ENDS[end],
        )
        for number, (model, stream, (kind, cache)) in enumerate(
            itertools.product(MODELS[protocol], [True, False], _REQUESTS)
        )
    ]
    charges = asyncio.run(_charges(asks, upstream, tmp_path))
    for ask in asks:
        bill = upstream.bill.of(f"session:{ask.session}")
        charge = charges[ask.session]
        assert charge.picodollars >= bill.picodollars, ask
        assert charge.tokens >= bill.tokens, ask
    exact = end in ("as it should", "cut at its maximum", "with nothing but reasoning", "refused by the upstream")
    if exact:
        assert sum(charge.picodollars for charge in charges.values()) == upstream.bill.picodollars
        assert sum(charge.tokens for charge in charges.values()) == upstream.bill.tokens


async def _charges(asks: list[Ask], upstream: Upstream, folder: Path) -> dict[str, Amount]:
    store = MemoryStore()
    async with in_process(policy({"run": {"usd": 1000}}), upstream.url, folder, store) as url, Agents(url) as agents:
        await agents.burst(asks)
    balances = await store.balances([f"session:{ask.session}#1" for ask in asks])
    return {ask.session: balance.spent for ask, balance in zip(asks, balances, strict=True)}
