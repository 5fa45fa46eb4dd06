"""Whose price holds where several upstreams serve the same model."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from guardian_ci.model import WireProtocol
from guardian_ci.policy import load_policy
from guardian_ci.pricing import ModelPrice
from guardian_ci.session.prices import Prices

AT = datetime(2026, 11, 22, tzinfo=UTC)
MILLION = 10**6
RATES = {"input": 1, "output": 2}


def price_of(model: str, upstreams: dict[str, Any], **policy: Any) -> ModelPrice | None:
    told = load_policy(json.dumps({"upstreams": upstreams, **policy}), "p.yml")
    prices = Prices()
    prices.load(told)
    (settings,) = told.settings
    upstream = settings.upstream_for(WireProtocol.OPENAI_CHAT, model)
    assert upstream is not None
    return prices.find(settings, upstream, model, provider=upstream.provider, at=AT)


def rate_of(price: ModelPrice | None) -> int | None:
    return None if price is None else price.periods[0].modes["standard"][0].rates["input"]


MINE = {"url": "http://127.0.0.1:1", "models": ["gpt-4o", "llama*"]}


@pytest.mark.parametrize(
    ("model", "entry", "policy", "rate"),
    [
        # The table's price, and none for a model that nobody prices.
        ("gpt-4o", {}, {}, 2.5),
        ("llama-of-mine", {}, {}, None),
        # The policy's own, the upstream's own before it, and nothing at all before both.
        ("llama-of-mine", {}, {"prices": {"llama*": RATES}}, 1),
        ("llama-of-mine", {"prices": {"llama*": {"input": 3, "output": 4}}}, {"prices": {"llama*": RATES}}, 3),
        ("llama-of-mine", {"free": True}, {"prices": {"llama-of-mine": RATES}}, 0),
        ("gpt-4o", {"free": True}, {}, 0),
        ("gpt-4o", {"free": False}, {}, 2.5),
    ],
)
def test_the_nearest_word_on_a_price_counts(
    model: str, entry: dict[str, Any], policy: dict[str, Any], rate: float | None
) -> None:
    found = rate_of(price_of(model, {"mine": MINE | entry}, **policy))
    assert found == (None if rate is None else rate * MILLION)


def test_what_is_free_costs_nothing_in_any_unit_and_only_there() -> None:
    upstreams = {"mine": MINE | {"free": True}}
    price = price_of("llama-of-mine", upstreams)
    assert price is not None
    assert set(price.periods[0].modes["standard"][0].rates.values()) == {0}
    assert price.source == "p.yml:1"
    assert rate_of(price_of("gpt-4.1", upstreams)) == 2 * MILLION


def test_the_upstreams_own_id_may_have_a_price_of_its_own() -> None:
    told = {"models": ["claude-*"], "model_ids": {"claude-sonnet": "anthropic/claude-sonnet-4.5"}}
    price = price_of("claude-sonnet", {"openrouter": told})
    assert price is not None
    assert (price.provider, price.model) == ("openrouter", "anthropic/claude-sonnet-4.5")


def test_a_deployments_name_decides_no_price() -> None:
    azure = {"url": "https://a.openai.azure.com", "models": ["gpt-4o"], "model_ids": {"gpt-4o": "gpt-4.1"}}
    price = price_of("gpt-4o", {"azure": azure})
    assert price is not None
    assert (price.provider, price.model) == ("azure", "gpt-4o")
