"""1,000 calls at once against ten cents."""

import asyncio
from collections import Counter
from pathlib import Path

from agents import MODELS, PROTOCOLS, Agents, Ask, Told, shuffled
from proxies import DOLLAR, Process, policy
from upstream import Line, Plan, Upstream, serving

_BUDGET = 0.10
_PATIENCE = {"connect_seconds": 60, "silence_seconds": 60}
"""A thousand calls at once keep two cores busy for seconds."""


def _asks(number_of_calls: int) -> list[Ask]:
    """All protocols and models, streamed and not; a true call costs at most five cents of the dollar's tenth."""
    asks = []
    for number in range(number_of_calls):
        protocol = PROTOCOLS[number % 3]
        model = MODELS[protocol][number // 3 % 2]
        output = 20 + number * 7 % 100
        asks.append(
            Ask(
                protocol=protocol,
                model=model,
                stream=number % 2 == 0,
                kind=("prose", "code", "json")[number % 7 % 3],
                size=300,
                most=32_000,
                plan=Plan(output=output, delay=number % 5 / 100),
                seed=number,
            )
        )
    return shuffled(asks, 1)


class _Watch(Agents):
    """Agents that note what was billed when the first of them was refused."""

    upstream: Upstream
    billed_at_first_refusal: int | None = None

    async def call(self, ask: Ask) -> Told:
        told = await super().call(ask)
        if told.reason is not None and self.billed_at_first_refusal is None:
            self.billed_at_first_refusal = self.upstream.bill.picodollars
        return told


async def _burst(folder: Path, upstream: Upstream, calls: int, wait: float) -> tuple[list[Told], int]:
    document = policy({"run": {"usd": _BUDGET}}, reservation_wait_seconds=wait, timeouts=_PATIENCE)
    proxy = Process(document, upstream.url, folder)
    await proxy.start()
    try:
        async with _Watch(proxy.url, ("run:1",)) as agents:
            agents.upstream = upstream
            told = await agents.burst(_asks(calls))
            return told, agents.billed_at_first_refusal or 0
    finally:
        await proxy.stop()


def _report(name: str, told: list[Told], lines: list[Line], first: int) -> None:
    bill = sum(line.picodollars for line in lines)
    answers = Counter(each.status for each in told)
    print(
        f"\n{name}: {len(told):,} calls at once, budget ${_BUDGET:.2f}: billed ${bill / DOLLAR:.5f} "
        f"({bill / DOLLAR / _BUDGET:.3f} x), at the first refusal ${first / DOLLAR:.5f} "
        f"({first / DOLLAR / _BUDGET:.0%}), {len(lines)} served, statuses {dict(answers)}"
    )


def test_a_thousand_calls_at_once_are_billed_no_more_than_the_budget(tmp_path: Path) -> None:
    """Each is answered or refused; whoever waits for refunds gets them, so nearly all of the budget is used."""
    with serving() as upstream:
        told, first = asyncio.run(_burst(tmp_path, upstream, 1000, wait=30))
    bill = upstream.bill.picodollars
    _report("waiting for refunds", told, upstream.bill.lines, first)
    assert bill <= _BUDGET * DOLLAR
    assert all(each.status == 200 or each.reason == "cost_limit_exceeded" for each in told)
    assert sum(each.status == 200 for each in told) == len(upstream.bill.lines)
    assert first >= 0.9 * _BUDGET * DOLLAR


def test_nor_where_no_call_waits_for_a_refund(tmp_path: Path) -> None:
    with serving() as upstream:
        told, first = asyncio.run(_burst(tmp_path, upstream, 300, wait=0))
    _report("refused at once", told, upstream.bill.lines, first)
    assert upstream.bill.picodollars <= _BUDGET * DOLLAR
    assert all(each.status == 200 or each.reason == "cost_limit_exceeded" for each in told)
