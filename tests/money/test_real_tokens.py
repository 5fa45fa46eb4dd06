"""Counted by a real vocabulary, over real files: no token budget is exceeded by what is read."""

import asyncio
import base64
import json
import random
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from agents import TEXTS, Agents, Ask
from proxies import in_process, policy
from upstream import Plan, Upstream, count_really, serving

from guardian_ci.model import Call, Operation, WireProtocol
from guardian_ci.pricing import estimate
from guardian_ci.wire import WIRES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    count_really(
        "gpt-5.1", '["one"]', tools=False
    )  # loads the vocabulary, which takes longer than the proxy would wait
    with serving(count_really) as server:
        yield server


@cache
def _texts() -> dict[str, str]:
    """What agents read: sources, documents, schemas, lock files, logs, noise, other scripts."""
    noise = random.Random(7)
    identities = [uuid.UUID(int=noise.getrandbits(128)) for _ in range(400)]
    return {
        "sources": "".join(path.read_text("utf-8") for path in sorted((ROOT / "guardian_ci/session").glob("*.py"))),
        "schema": (ROOT / "schemas/record.schema.json").read_text("utf-8"),
        "lock file": (ROOT / "tests/requirements.txt").read_text("utf-8")[:60_000],
        "licence": (ROOT / "LICENSE").read_text("utf-8"),
        "logs": "".join(
            f"2026-11-22T01:02:{i % 60:02}.{i:03}Z {key} INFO took {i} ms\n" for i, key in enumerate(identities)
        ),
        "base64": base64.b64encode(noise.randbytes(12_000)).decode(),
        "hex": noise.randbytes(8_000).hex(),
        "chinese": TEXTS["chinese"] * 100,
        "numbers": json.dumps([noise.random() for _ in range(900)]),
        "control": "\x00\x01\x02\x1b[31m" * 900,
        "emoji": "\U0001f9ea\U0001f525\u2728\U0001f468\u200d\U0001f469\u200d\U0001f467" * 400,
    }


def _parsed(turns: list[str]) -> tuple[Call, int]:
    """A conversation as the product reads it, and what it really counts."""
    messages = [{"role": ("user", "assistant")[index % 2], "content": turn} for index, turn in enumerate(turns)]
    body = json.dumps({"model": "gpt-4.1", "messages": messages}, ensure_ascii=False)
    wire = WIRES[WireProtocol.OPENAI_CHAT]
    call = wire.parse_call(body.encode(), operation=Operation.GENERATE, headers={}).call
    return call, count_really("gpt-4.1", body, tools=False)


@pytest.mark.parametrize("first", sorted(_texts()))
def test_what_comes_to_a_conversation_is_bounded_whatever_was_said_before(first: str) -> None:
    """A long text of one kind and a short one of any other: neither hides how dense the other is."""
    before, counted = _parsed([_texts()[first][:11_000]])
    for kind, text in _texts().items():
        for size in (400, 1500, 6000):
            later, true = _parsed([_texts()[first][:11_000], "Answer.", text[:size]])
            assert later.continues == before.conversation
            bound = estimate.later_upper_bound(later.size, "o200k", before=before.size, counted=counted)
            assert bound >= true, (first, kind, size)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("protocol", ["chat/completions", "responses"])
def test_no_mixture_of_texts_is_billed_over_a_budget_of_tokens(
    protocol: str, seed: int, upstream: Upstream, tmp_path: Path
) -> None:
    """Answers are short, so nearly all of the budget is input; each prompt is another text, in one session."""
    upstream.bill.lines.clear()
    budget = 60_000
    texts = _texts()
    chance = random.Random(seed)
    document = policy({"run": {"tokens": budget}, "session": {"tokens": budget - 7}})

    async def spend() -> int:
        refused = 0
        async with in_process(document, upstream.url, tmp_path) as url, Agents(url) as agents:
            while refused < 12:
                whole = texts[chance.choice(sorted(texts))]
                size = chance.choice([200, 3000, 12_000])
                start = chance.randrange(max(1, len(whole) - size))
                told = await agents.call(
                    Ask(
                        protocol=protocol,
                        model=chance.choice(["gpt-4.1", "gpt-5.1"]),
                        text=whole[start : start + size],
                        turns=chance.choice([0, 0, 1, 2]),
                        most=chance.choice([16, 300]),
                        plan=Plan(output=16),
                    )
                )
                assert told.status == 200 or told.reason == "token_budget_exceeded", told
                refused += told.status != 200
        return refused

    asyncio.run(spend())
    assert budget * 0.8 < upstream.bill.tokens <= budget - 7
