"""The bill never exceeds a budget: parallel calls, hang-ups, retries, errors, restarts and SIGKILLs, any protocol."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from agents import MODELS, PROTOCOLS, TEXTS, Agents, Ask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from proxies import DOLLAR, Process, check, in_process, policy, today
from upstream import Plan, Upstream, serving

from guardian_ci.stores import MemoryStore


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with serving() as server:
        yield server


_PLANS = st.builds(
    Plan,
    output=st.integers(0, 3000),
    hidden=st.booleans(),
    status=st.sampled_from([200, 200, 200, 200, 429, 529, 500]),
    reset=st.sampled_from([False, False, False, True]),
    stall=st.sampled_from([False] * 9 + [True]),
    mute=st.sampled_from([False] * 5 + [True]),
    garbage=st.sampled_from([False] * 5 + [True]),
    delay=st.sampled_from([0.0, 0.0, 0.02]),
)


@st.composite
def _asks(draw: st.DrawFn) -> Ask:
    protocol = draw(st.sampled_from(PROTOCOLS))
    session = draw(st.sampled_from(["one", "two"]))
    return Ask(
        protocol=protocol,
        model=draw(st.sampled_from(MODELS[protocol])),
        session=session,
        stream=draw(st.booleans()),
        kind=draw(st.sampled_from(sorted(TEXTS))),
        size=draw(st.integers(50, 4000)),
        most=draw(st.sampled_from([None, 300, 1000, 32_000])),
        choices=draw(st.sampled_from([1, 1, 2])) if protocol == "chat/completions" else 1,
        tools=draw(st.booleans()),
        cache=draw(st.sampled_from([None, "5m", "1h"])),
        plan=draw(_PLANS),
        hang_up=draw(st.sampled_from([None, None, None, 0.005, 0.05])),
        retries=draw(st.booleans()),
        turns=draw(st.integers(0, 3)),
        seed=draw(st.sampled_from([0, 0, 7, 50])),
    )


_DOLLARS = st.integers(1, 20).map(lambda cents: cents / 100)
_TOKENS = st.integers(2000, 30_000)
_LIMITS = st.one_of(
    st.fixed_dictionaries({"usd": _DOLLARS}),
    st.fixed_dictionaries({"tokens": _TOKENS}),
    st.fixed_dictionaries({"usd": _DOLLARS, "tokens": _TOKENS}),
)
_BUDGETS = st.dictionaries(st.sampled_from(["run", "session", "day"]), _LIMITS, min_size=1)

_BOUNDED = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("memory", [True, False], ids=["memory", "sqlite"])
@given(budgets=_BUDGETS, bursts=st.lists(st.lists(_asks(), min_size=1, max_size=12), min_size=1, max_size=3))
@settings(_BOUNDED, max_examples=20)
def test_no_schedule_of_calls_is_billed_over_a_budget(
    *, memory: bool, upstream: Upstream, tmp_path_factory: pytest.TempPathFactory, budgets: Any, bursts: Any
) -> None:
    upstream.bill.lines.clear()
    asyncio.run(_spend(budgets, bursts, upstream, tmp_path_factory.mktemp("run"), memory=memory))


async def _spend(budgets: Any, bursts: list[list[Ask]], upstream: Upstream, folder: Path, *, memory: bool) -> None:
    day = today()
    proxy = in_process(policy(budgets), upstream.url, folder, MemoryStore() if memory else None)
    async with proxy as url, Agents(url, ("run:1",)) as agents:
        for burst in bursts:
            await agents.burst(burst)
    check(upstream.bill, budgets, day=day)


_ENDS = st.sampled_from(["kill", "kill at once", "restart"])


@given(
    budgets=_BUDGETS,
    bursts=st.lists(st.tuples(st.lists(_asks(), min_size=2, max_size=10), _ENDS), min_size=2, max_size=3),
)
@settings(_BOUNDED, max_examples=5)
def test_no_kill_and_no_restart_gives_a_budget_back(
    upstream: Upstream, tmp_path_factory: pytest.TempPathFactory, budgets: Any, bursts: Any
) -> None:
    upstream.bill.lines.clear()
    asyncio.run(_spend_and_kill(budgets, bursts, upstream, tmp_path_factory.mktemp("run")))


async def _spend_and_kill(budgets: Any, bursts: list[tuple[list[Ask], str]], upstream: Upstream, folder: Path) -> None:
    day = today()
    proxy = Process(policy(budgets), upstream.url, folder)
    for asks, end in bursts:
        await proxy.start()
        async with Agents(proxy.url, (proxy.label,)) as agents:
            spending = asyncio.create_task(agents.burst(asks))
            if end == "restart":
                await spending
                await proxy.stop()
            else:
                await asyncio.sleep(0.03 if end == "kill at once" else 0.3)
                await proxy.kill()
                await spending
    check(upstream.bill, budgets, day=day)


def test_calls_that_a_kill_has_torn_count_as_spent(upstream: Upstream, tmp_path: Path) -> None:
    """Twice a proxy is killed with all its calls on their way, billed all the same; the third spends what is left."""
    upstream.bill.lines.clear()
    budgets = {"day": {"usd": 0.1}, "session": {"tokens": 30_000}}
    day = today()
    asks = [
        Ask(protocol=protocol, model=MODELS[protocol][0], most=1000, plan=Plan(output=1000, stall=True), seed=seed)
        for seed, protocol in enumerate(PROTOCOLS * 4)
    ]

    async def spend() -> None:
        proxy = Process(policy(budgets), upstream.url, tmp_path)
        for _ in range(2):
            await proxy.start()
            async with Agents(proxy.url) as agents:
                asked = len(upstream.seen) + 3
                spending = asyncio.create_task(agents.burst(asks[:3]))
                while len(upstream.seen) < asked:  # noqa: ASYNC110 - the upstream only keeps a list
                    await asyncio.sleep(0.01)
                await proxy.kill()
                await spending
        await proxy.start()
        async with Agents(proxy.url) as agents:
            for ask in asks * 3:
                await agents.call(replace(ask, plan=Plan(output=700)))
        await proxy.stop()

    asyncio.run(spend())
    check(upstream.bill, budgets, day=day)
    assert upstream.bill.picodollars > 0.07 * DOLLAR
    recovered = [json.loads((tmp_path / f"log-{run}.ndjson").read_text().splitlines()[0]) for run in (1, 2, 3)]
    assert [len(line["recovered"]) for line in recovered] == [0, 3, 3]
