"""Nearly all of a budget is really spent when the first call is refused, and a small one serves a large request."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from agents import Agents, Ask, Told
from proxies import DOLLAR, in_process, policy
from upstream import Plan, Upstream, serving

_SHARE = 0.05
_USED = 0.9


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with serving() as server:
        yield server


async def _cost(ask: Ask, upstream: Upstream, folder: Path) -> int:
    """What the provider bills for it, where money is no matter."""
    upstream.bill.lines.clear()
    async with in_process(policy({"run": {"usd": 1000}}), upstream.url, folder) as url, Agents(url) as agents:
        await agents.call(ask)
    (line,) = upstream.bill.lines
    upstream.bill.lines.clear()
    return line.picodollars


def _refused(told: Told) -> bool:
    assert told.status == 200 or told.reason == "cost_limit_exceeded", told
    return told.status != 200


_CALLS = {
    "short prompts, long answers": Ask(size=200, tools=True, most=32_000, plan=Plan(output=2000)),
    "short prompts, short answers": Ask(size=2000, tools=True, most=32_000, plan=Plan(output=500)),
    "long prompts, short answers": Ask(size=40_000, kind="code", tools=True, most=32_000, plan=Plan(output=300)),
    "prompts written to the cache": Ask(size=40_000, kind="log", cache="1h", most=32_000, plan=Plan(output=300)),
    "a small model": Ask(model="claude-haiku-4-5", size=20_000, kind="json", most=32_000, plan=Plan(output=500)),
    "chat": Ask(protocol="chat/completions", model="gpt-4.1", size=20_000, most=None, plan=Plan(output=400)),
    "chat, several choices": Ask(
        protocol="chat/completions", model="gpt-5.1", size=4000, choices=3, most=8000, plan=Plan(output=400)
    ),
    "responses": Ask(protocol="responses", model="gpt-5.1", size=20_000, kind="code", most=None, plan=Plan(output=400)),
    "unstreamed": Ask(protocol="responses", model="gpt-4.1", size=9000, stream=False, plan=Plan(output=400)),
}


@pytest.mark.parametrize("name", _CALLS)
def test_calls_of_a_twentieth_of_the_budget_spend_nine_tenths_of_it(
    name: str, upstream: Upstream, tmp_path: Path
) -> None:
    """One after the other, each with a new prompt."""

    async def spend() -> None:
        cost = await _cost(_CALLS[name], upstream, tmp_path)
        budget = int(cost / _SHARE)
        document = policy({"run": {"usd": budget / DOLLAR}})
        async with in_process(document, upstream.url, tmp_path) as url, Agents(url) as agents:
            for number in range(100):
                if _refused(await agents.call(replace(_CALLS[name], seed=number))):
                    break
        used = upstream.bill.picodollars / budget
        print(f"\n{name}: {used:.1%} of ${budget / DOLLAR:.3f} spent at the first refusal")
        assert _USED <= used <= 1

    asyncio.run(spend())


@pytest.mark.parametrize("name", ["short prompts, short answers", "long prompts, short answers", "chat", "responses"])
def test_so_do_agents_side_by_side(name: str, upstream: Upstream, tmp_path: Path) -> None:
    """Six agents call until one is refused; a call waits for the others' refunds."""

    async def spend() -> None:
        cost = await _cost(_CALLS[name], upstream, tmp_path)
        budget = int(cost / _SHARE)
        document = policy({"run": {"usd": budget / DOLLAR}}, reservation_wait_seconds=20)
        at_first: list[int] = []

        async def agent(agents: Agents, ask: Ask) -> None:
            while not at_first:
                if _refused(await agents.call(ask)):
                    at_first.append(upstream.bill.picodollars)

        async with in_process(document, upstream.url, tmp_path) as url, Agents(url) as agents:
            asks = [replace(_CALLS[name], session=f"{number}") for number in range(6)]
            await asyncio.gather(*(agent(agents, ask) for ask in asks))
        used = at_first[0] / budget
        print(f"\n{name}, six agents: {used:.1%} of ${budget / DOLLAR:.3f} spent at the first refusal")
        assert used >= _USED
        assert upstream.bill.picodollars <= budget

    asyncio.run(spend())


_REQUESTS = {"max_tokens 32,000 with 31,999 to think": (32_000, 31_999), "max_tokens 128,000": (128_000, None)}


async def _converse(ask: Ask, budget: float, upstream: Upstream, folder: Path) -> int:
    """Go on with one conversation until it is refused; how many turns it had."""
    async with in_process(policy({"run": {"usd": budget}}), upstream.url, folder) as url, Agents(url) as agents:
        for turns in range(200):
            if _refused(await agents.call(replace(ask, turns=turns))):
                return turns
    return 200


@pytest.mark.parametrize("warm", [False, True], ids=["cache written anew each turn", "cache warm"])
@pytest.mark.parametrize("name", _REQUESTS)
def test_a_dollar_serves_requests_of_claude_code(name: str, *, warm: bool, upstream: Upstream, tmp_path: Path) -> None:
    """Its default model would cost 64 cents for 32,000 tokens of output, and $2.56 for 128,000, each turn."""
    upstream.bill.lines.clear()
    upstream.seen.clear()
    most, thinking = _REQUESTS[name]
    plan = Plan(output=700, hidden=True, warm=warm)
    ask = Ask(kind="code", size=3000, tools=True, cache="5m", most=most, thinking=thinking, plan=plan)
    served = asyncio.run(_converse(ask, 1.0, upstream, tmp_path))
    maxima = [request["max_tokens"] for request in upstream.seen]
    used = upstream.bill.picodollars / DOLLAR
    last = upstream.bill.lines[-1]
    print(
        f"\n{name}, {'warm' if warm else 'cold'}: {served} turns for ${used:.3f}, the last of "
        f"{last.input_tokens} + {last.output_tokens} tokens; maxima forwarded {maxima[0]} … {maxima[-1]}"
    )
    assert served == len(maxima)
    assert used <= 1
    assert served >= (20 if warm else 10)
    assert maxima[0] >= 16_000, "half of the dollar"
    assert all(maximum >= 700 for maximum in maxima[:-1]), "room for a whole answer until the end"
    assert all(request.get("thinking", {}).get("budget_tokens", 0) < request["max_tokens"] for request in upstream.seen)


def test_a_conversation_whose_turns_cost_a_twentieth_spends_nine_tenths(upstream: Upstream, tmp_path: Path) -> None:
    """Its earlier turns are bounded by what they were counted as, so the bound stays near the truth."""
    upstream.bill.lines.clear()
    ask = Ask(kind="log", size=200, tools=True, cache="5m", most=32_000, plan=Plan(output=400))
    asyncio.run(_converse(ask, 1.0, upstream, tmp_path))
    dearest = max(line.picodollars for line in upstream.bill.lines)
    used = upstream.bill.picodollars / DOLLAR
    print(f"\na growing conversation: {used:.1%} of $1, the dearest turn {dearest / DOLLAR:.1%}")
    assert dearest <= _SHARE * DOLLAR
    assert _USED <= used <= 1
