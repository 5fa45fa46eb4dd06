"""The table finds exactly the model that was asked for, and prices its usage to the picodollar."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.model import PICODOLLARS, Call, InputSize, Operation, ToolOffer, Usage, WireProtocol
from guardian_ci.pricing import CustomPrice, CustomTier, PriceTable, UnderivableError
from guardian_ci.pricing.rates import STANDARD

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
PACKAGED = PriceTable.load()


def found(table: PriceTable, model: str, provider: str | None = None, at: datetime = AT) -> str | None:
    price = table.find(model, provider=provider, at=at)
    return price and f"{price.provider}:{price.model}"


# -- finding --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "provider", "expected"),
    [
        ("claude-one", "anthropic", "anthropic:claude-one"),
        ("claude-one", None, "anthropic:claude-one"),
        ("CLAUDE-ONE", None, "anthropic:claude-one"),
        ("claude-one[1m]", None, "anthropic:claude-one"),
        ("claude-one-latest", None, "anthropic:claude-one"),
        ("claude-one-20260505", None, "anthropic:claude-one"),
        ("claude-one@20260505", None, "anthropic:claude-one"),
        ("claude-one-20260101", None, "anthropic:claude-one"),
        ("anthropic/claude-one", None, "anthropic:claude-one"),
        ("anthropic/claude-one", "anthropic", "anthropic:claude-one"),
        ("models/gemini-one", None, "google:gemini-one"),
        ("publishers/anthropic/models/claude-one", "google", "anthropic:claude-one"),
        ("claude-one", "google", "anthropic:claude-one"),
        ("gpt-one", "azure", "openai:gpt-one"),
        ("gpt-one", "a gateway", "openai:gpt-one"),
        ("us.anthropic.claude-one-20260101-v1:0", "aws", "aws:us.anthropic.claude-one"),
        ("anthropic/claude-one", "openrouter", "openrouter:anthropic/claude-one"),
        ("anthropic/claude-two", "openrouter", "anthropic:claude-two"),
        ("ft:gpt-one:acme::id", "openai", "openai:ft:gpt-one"),
    ],
)
def test_ids_that_differ_as_providers_vary_them_are_the_same_model(
    table: PriceTable, model: str, provider: str | None, expected: str
) -> None:
    assert found(table, model, provider) == expected


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("claude-one-fast", None),
        ("claude-on", None),
        ("claude", None),
        ("claude-one-mini", "anthropic"),
        ("my-claude-one", None),
        ("gpt-one", "anthropic"),
        ("openai/gpt-one", "anthropic"),
        ("anthropic/gpt-one", None),
        ("", None),
        ("latest", None),
        (":", None),
        ("eu.anthropic.claude-one", "aws"),
    ],
)
def test_a_part_of_an_id_is_no_id(table: PriceTable, model: str, provider: str | None) -> None:
    assert found(table, model, provider) is None


def test_of_entries_that_differ_by_date_the_dearest_is_meant(table: PriceTable) -> None:
    assert found(table, "gpt-dated", "openai") == "openai:gpt-dated-2026-02-02"
    assert found(table, "gpt-dated-2026-01-01", "openai") == "openai:gpt-dated-2026-01-01"


def test_an_error_can_name_the_nearest_id(table: PriceTable) -> None:
    assert table.nearest("claud-one") == "claude-one"
    assert table.nearest("zzzzzzzz") is None


def test_a_price_names_its_sources_and_the_day_they_were_taken_over(table: PriceTable) -> None:
    price = table.find("claude-one", provider=None, at=AT)
    assert price is not None
    assert (price.source, price.as_of) == ("genai-prices 1, litellm 2", "2026-02-02")
    assert (price.max_output_tokens, price.context_tokens, price.tokenizer) == (64000, 1000000, "claude-4.7")


@given(st.text(max_size=30), st.sampled_from([None, "anthropic", "openai", "aws", "openrouter", "nobody"]))
def test_no_name_makes_the_search_fail(text: str, provider: str | None) -> None:
    PACKAGED.find(text, provider=provider, at=AT)


# -- custom prices --------------------------------------------------------------------------------------------------


def costs(table: PriceTable, model: str, usage: Usage, at: datetime = AT) -> int | None:
    price = table.find(model, provider=None, at=at)
    return None if price is None else table.cost(usage, price, at=at).picodollars


def test_an_exact_pattern_goes_before_a_glob_and_both_before_the_table(table_text: str) -> None:
    table = PriceTable(
        table_text,
        [CustomPrice(pattern="claude-*", input=1, output=1), CustomPrice(pattern="claude-one", input=2, output=2)],
    )
    usage = Usage(input_tokens=10)
    assert costs(table, "claude-one", usage) == 20
    assert costs(table, "anthropic/claude-one-20260505", usage) == 20
    assert costs(table, "claude-two", usage) == 10
    assert costs(table, "gpt-one", usage) == 1000


def test_the_first_glob_that_matches_wins(table_text: str) -> None:
    globs = [CustomPrice(pattern="claude-*", input=1, output=1), CustomPrice(pattern="*", input=3, output=3)]
    assert costs(PriceTable(table_text, globs), "claude-x", Usage(input_tokens=10)) == 10


def test_a_custom_price_holds_from_its_day_on(table_text: str) -> None:
    prices = [
        CustomPrice(pattern="mine", input=1, output=1),
        CustomPrice(pattern="mine", input=5, output=5, effective_from=date(2026, 11, 20)),
        CustomPrice(pattern="mine", input=9, output=9, effective_from=date(2026, 12, 1)),
    ]
    table = PriceTable(table_text, prices)
    usage = Usage(input_tokens=1)
    assert costs(table, "mine", usage, datetime(2026, 11, 19, 23, tzinfo=UTC)) == 1
    assert costs(table, "mine", usage) == 5
    assert costs(table, "mine", usage, datetime(2026, 12, 1, tzinfo=UTC)) == 9


def test_a_custom_price_has_tiers_and_cache_rates_and_a_multiplier(table_text: str) -> None:
    price = CustomPrice(
        pattern="mine",
        input=100,
        output=500,
        cache_read=10,
        tiers=(CustomTier(above=1000, input=200, cache_read=30),),
        multiplier=Fraction(1, 2),
    )
    table = PriceTable(table_text, [price])
    small = Usage(input_tokens=500, cache_read_tokens=500, output_tokens=10)
    large = Usage(input_tokens=501, cache_read_tokens=500, output_tokens=10)
    assert costs(table, "mine", small) == (500 * 100 + 500 * 10 + 10 * 500) // 2
    assert costs(table, "mine", large) == (501 * 200 + 500 * 30 + 10 * 500) // 2


def test_cache_writes_that_a_policy_leaves_out_cost_the_most_they_cost_anywhere(table_text: str) -> None:
    table = PriceTable(table_text, [CustomPrice(pattern="mine", input=100, output=500)])
    assert costs(table, "mine", Usage(cache_write_5m_tokens=1)) == 125
    assert costs(table, "mine", Usage(cache_write_1h_tokens=1)) == 200


def test_a_custom_price_holds_for_every_tier_and_keeps_the_models_limits(table_text: str) -> None:
    table = PriceTable(table_text, [CustomPrice(pattern="gpt-one", input=1, output=1, source="p.yml:3")])
    price = table.find("gpt-one", provider="openai", at=AT)
    assert price is not None
    assert (price.max_output_tokens, price.tokenizer, price.source) == (1000, "o200k", "p.yml:3")
    assert table.derive(Usage(input_tokens=3, service_tier="priority"), price, at=AT, geo="eu").picodollars == 3


def test_a_multiplier_alone_scales_the_tables_own_price(table_text: str) -> None:
    table = PriceTable(table_text, [CustomPrice(pattern="gpt-*", multiplier=Fraction(3, 4))])
    assert costs(table, "gpt-one", Usage(input_tokens=4, service_tier="priority")) == 600
    assert table.find("gpt-none", provider="openai", at=AT) is None


# -- costs ----------------------------------------------------------------------------------------------------------


def test_a_part_is_billed_at_its_own_model_and_level(table: PriceTable) -> None:
    price = table.find("claude-one", provider="anthropic", at=AT)
    assert price is not None
    usage = Usage(
        model="claude-one",
        input_tokens=10,
        output_tokens=2,
        web_searches=3,
        parts=(
            Usage(model="claude-one", input_tokens=10, output_tokens=2),
            Usage(model="claude-one", input_tokens=200_001),
            Usage(model="claude-two", input_tokens=100, output_tokens=1),
        ),
    )
    cost = table.derive(usage, price, at=AT)
    assert cost.picodollars == 3 * 7 + 10 * 1000 + 2 * 5000 + 200_001 * 2000 + 100 * 5 + 1 * 25
    assert [line.unit for line in cost.lines if "claude-two" in line.unit] == [
        "input (claude-two)",
        "output (claude-two)",
    ]


def test_the_top_level_is_billed_where_it_is_more_than_its_parts(table: PriceTable) -> None:
    price = table.find("claude-one", provider="anthropic", at=AT)
    assert price is not None
    usage = Usage(model="claude-one", input_tokens=10, parts=(Usage(model="claude-one", input_tokens=1),))
    assert table.derive(usage, price, at=AT).picodollars == 10_000


def test_a_part_of_an_unknown_model_cannot_be_derived_and_is_charged_as_the_dearest(table: PriceTable) -> None:
    price = table.find("claude-one", provider="anthropic", at=AT)
    assert price is not None
    usage = Usage(model="claude-one", input_tokens=1, parts=(Usage(model="claude-three", output_tokens=10),))
    with pytest.raises(UnderivableError, match="claude-three"):
        table.derive(usage, price, at=AT)
    cost = table.cost(usage, price, at=AT)
    assert cost.picodollars == 10 * 16_500
    assert "claude-three" in cost.notes["ceiling"]


@pytest.mark.parametrize("tier", ["scale", "reserved", "turbo", "batch"])
def test_an_unknown_tier_is_not_derived_but_charged_at_the_dearest_that_is_known(table: PriceTable, tier: str) -> None:
    price = table.find("gpt-one", provider="openai", at=AT)
    assert price is not None
    usage = Usage(input_tokens=10, output_tokens=1, service_tier=tier)
    with pytest.raises(UnderivableError, match=tier):
        table.derive(usage, price, at=AT)
    cost = table.cost(usage, price, at=AT)
    assert cost.picodollars == 10 * 220 + 1 * 1100
    assert cost.notes["ceiling"] == f"no price is known for '{tier}' of gpt-one"


def test_the_providers_own_word_is_preferred_and_the_drift_is_told(table: PriceTable) -> None:
    price = table.find("grok-one", provider="x-ai", at=AT)
    assert price is not None
    cost = table.cost(Usage(input_tokens=10, output_tokens=5, reported_picodollars=60), price, at=AT)
    assert cost.picodollars == 60
    assert cost.source == "reported by x-ai"
    assert cost.notes["drift_picodollars"] == "10"
    same = table.cost(Usage(input_tokens=10, output_tokens=5, reported_picodollars=50), price, at=AT)
    assert same.notes == {}


def test_the_calls_geography_counts_where_the_usage_names_none(table: PriceTable) -> None:
    price = table.find("gpt-one", provider="openai", at=AT)
    assert price is not None
    usage = Usage(input_tokens=10)
    assert table.cost(usage, price, at=AT, call=a_call(geo="eu")).picodollars == 1100
    assert table.cost(replace(usage, geo="global"), price, at=AT, call=a_call(geo="eu")).picodollars == 1000


# -- ceilings -------------------------------------------------------------------------------------------------------


def test_the_ceiling_is_at_least_as_dear_as_every_model_of_the_provider(packaged: PriceTable) -> None:
    for provider in ("anthropic", "openai", "google"):
        ceiling = packaged.ceiling(provider, AT).modes(AT)[STANDARD][0].rates
        for key in packaged.models:
            owner, _, name = key.partition(":")
            if owner == provider:
                price = packaged.find(name, provider=owner, at=AT)
                assert price is not None
                for level in price.modes(AT)[STANDARD]:
                    assert all(ceiling[unit] >= rate for unit, rate in level.rates.items()), (key, level)


def test_the_ceiling_of_an_unknown_provider_is_that_of_all(table: PriceTable) -> None:
    assert table.ceiling("nobody", AT).modes(AT)[STANDARD][0].rates["input"] == 2000
    assert table.ceiling("openai", AT).modes(AT)[STANDARD][0].rates["output"] == 600


# -- the packaged table ---------------------------------------------------------------------------------------------


def test_every_entry_of_the_packaged_table_can_be_read(packaged: PriceTable) -> None:
    for key in packaged.models:
        provider, _, name = key.partition(":")
        price = packaged.find(name, provider=provider, at=AT)
        assert price is not None, key
        assert price.source, key
        date.fromisoformat(price.as_of)
        for period in price.periods:
            assert STANDARD in period.modes, key
            for levels in period.modes.values():
                assert [level.above for level in levels] == sorted({level.above for level in levels}), key
                assert levels[0].above == -1, key
                assert all(rate >= 0 for level in levels for rate in level.rates.values()), key


FACTS = {
    # anthropic
    "fast mode": ("anthropic", "claude-opus-5-5", Usage(input_tokens=1000, output_tokens=500, speed="fast"), "0.028"),
    "fast mode multiplies the cache, too": (
        "anthropic",
        "claude-opus-4-8",
        Usage(cache_read_tokens=1000, cache_write_5m_tokens=1000, cache_write_1h_tokens=1000, speed="fast"),
        "0.0335",
    ),
    "fast in the United States": (
        "anthropic",
        "claude-opus-5-5",
        Usage(input_tokens=1000, output_tokens=500, speed="fast", geo="us"),
        "0.0308",
    ),
    "bound to the United States": (
        "anthropic",
        "claude-sonnet-5-5",
        Usage(input_tokens=1000, cache_read_tokens=1000, output_tokens=100, geo="us"),
        "0.00341",
    ),
    "bound before 4.6 costs nothing more": (
        "anthropic",
        "claude-haiku-4-5",
        Usage(input_tokens=1000, output_tokens=100, geo="us"),
        "0.0015",
    ),
    "a geography that is not available": (
        "anthropic",
        "claude-sonnet-5-5",
        Usage(input_tokens=1000, geo="not_available"),
        "0.002",
    ),
    "one token over the tier": ("anthropic", "claude-haiku-5-5", Usage(input_tokens=100_001), "0.0500005"),
    "cached tokens select the tier": (
        "anthropic",
        "claude-haiku-5-5",
        Usage(input_tokens=1, cache_read_tokens=100_000, output_tokens=10),
        "0.0050255",
    ),
    "a batch beyond the tier": (
        "anthropic",
        "claude-haiku-5-5",
        Usage(input_tokens=200_000, output_tokens=100, service_tier="batch"),
        "0.050125",
    ),
    "searches are not halved in a batch": (
        "anthropic",
        "claude-opus-5-5",
        Usage(input_tokens=1000, web_searches=1, service_tier="batch"),
        "0.012",
    ),
    "a dated id": ("anthropic", "claude-haiku-4-5-20251001", Usage(input_tokens=1000), "0.001"),
    # openai
    "flex": ("openai", "gpt-5.5", Usage(input_tokens=1000, output_tokens=500, service_tier="flex"), "0.01"),
    "fast is priority": ("openai", "gpt-5.5", Usage(input_tokens=1000, output_tokens=500, service_tier="fast"), "0.05"),
    "default is standard": (
        "openai",
        "gpt-5.5",
        Usage(input_tokens=1000, output_tokens=500, service_tier="default"),
        "0.02",
    ),
    "ultrafast is six times": (
        "openai",
        "gpt-6.1-sol",
        Usage(input_tokens=1000, output_tokens=500, service_tier="ultrafast"),
        "0.042",
    ),
    "exactly at the long context": (
        "openai",
        "gpt-6.1-sol",
        Usage(input_tokens=272_000, output_tokens=100),
        "0.545",
    ),
    "12 hours in a long context": (
        "openai",
        "gpt-6.1-terra",
        Usage(cache_write_12h_tokens=300_000, output_tokens=100),
        "1.50075",
    ),
    "o3 before its price fell": ("openai", "o3", Usage(input_tokens=1000, cache_read_tokens=1000), "0.0025"),
    "a dated gpt": ("openai", "gpt-4o-2024-05-13", Usage(input_tokens=1000, output_tokens=100), "0.0065"),
    "audio": (
        "openai",
        "gpt-audio",
        Usage(input_tokens=100, input_audio_tokens=1000, output_tokens=10, output_audio_tokens=100),
        "0.03875",
    ),
    # google
    "priority": (
        "google",
        "gemini-3.8-flash",
        Usage(input_tokens=10_000, output_tokens=1000, service_tier="priority"),
        "0.02025",
    ),
    "audio in": (
        "google",
        "gemini-2.5-flash",
        Usage(input_tokens=1000, input_audio_tokens=1000, output_tokens=100),
        "0.00155",
    ),
    "each query": ("google", "gemini-3.8-flash", Usage(input_tokens=1000, web_searches=3), "0.04275"),
    "each grounded prompt": ("google", "gemini-2.5-flash", Usage(input_tokens=1000, web_searches=3), "0.0353"),
    "an image": ("google", "gemini-2.5-flash-image", Usage(input_tokens=10, output_image_tokens=1290), "0.038703"),
    "regional Vertex": (
        "google",
        "claude-opus-5-5",
        Usage(input_tokens=1000, output_tokens=500, geo="us-east5"),
        "0.0154",
    ),
    # others
    "one token under xAI's tier": ("x-ai", "grok-4.7", Usage(input_tokens=199_999), "0.399998"),
    "xAI's batch": ("x-ai", "grok-4.7", Usage(input_tokens=1000, service_tier="batch"), "0.0016"),
    "global Bedrock": ("aws", "global.anthropic.claude-opus-5-5-v1:0", Usage(input_tokens=1000), "0.004"),
    "government Bedrock": ("aws", "us-gov.anthropic.claude-sonnet-5-5", Usage(input_tokens=1000), "0.0024"),
    "Azure's data zone": ("azure", "gpt-5.5", Usage(input_tokens=1000, output_tokens=500, geo="eu"), "0.022"),
}


@pytest.mark.parametrize(("provider", "model", "usage", "dollars"), FACTS.values(), ids=FACTS)
def test_the_packaged_table_prices_as_published(
    packaged: PriceTable, provider: str, model: str, usage: Usage, dollars: str
) -> None:
    price = packaged.find(model, provider=provider, at=AT)
    assert price is not None
    assert Decimal(packaged.derive(usage, price, at=AT).picodollars) / PICODOLLARS == Decimal(dollars)


HISTORY = {
    "the day before o3's price fell": ("openai", "o3", datetime(2025, 6, 9, 23, 59, tzinfo=UTC), "10"),
    "the day o3's price fell": ("openai", "o3", datetime(2025, 6, 10, tzinfo=UTC), "2"),
    "an introductory price": ("google", "gemini-4-argon", datetime(2026, 11, 30, 23, tzinfo=UTC), "2"),
    "after the introduction": ("google", "gemini-4-argon", datetime(2026, 12, 1, tzinfo=UTC), "4"),
    "DeepSeek at its peak": ("deepseek", "deepseek-v4-pro", datetime(2026, 11, 20, 2, tzinfo=UTC), "1.32"),
    "DeepSeek's peak ends": ("deepseek", "deepseek-v4-pro", datetime(2026, 11, 20, 4, tzinfo=UTC), "0.66"),
    "DeepSeek's second peak": ("deepseek", "deepseek-v4-pro", datetime(2026, 11, 20, 9, 59, tzinfo=UTC), "1.32"),
    "DeepSeek on Sundays": ("deepseek", "deepseek-v4-pro", datetime(2026, 11, 22, 7, tzinfo=UTC), "0.66"),
    "DeepSeek before weekends were cheap": (
        "deepseek",
        "deepseek-v4-pro",
        datetime(2026, 8, 22, 7, tzinfo=UTC),
        "1.32",
    ),
    "DeepSeek before peaks": ("deepseek", "deepseek-v4-pro", datetime(2026, 8, 16, 7, tzinfo=UTC), "0.435"),
}


@pytest.mark.parametrize(("provider", "model", "at", "dollars"), HISTORY.values(), ids=HISTORY)
def test_the_packaged_table_knows_history(
    packaged: PriceTable, provider: str, model: str, at: datetime, dollars: str
) -> None:
    price = packaged.find(model, provider=provider, at=at)
    assert price is not None
    cost = packaged.derive(Usage(input_tokens=1000), price, at=at)
    assert Decimal(cost.picodollars) * 1000 / PICODOLLARS == Decimal(dollars)


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("claude-opus-4-8-fast", "anthropic"),
        ("claude-opus-9", "anthropic"),
        ("gpt-5.5-turbo", "openai"),
        ("gpt-9", "openai"),
        ("gemini-9-pro", "google"),
        ("claude-opus", "anthropic"),
        ("gpt", None),
    ],
)
def test_the_packaged_table_never_guesses(packaged: PriceTable, model: str, provider: str | None) -> None:
    assert found(packaged, model, provider) is None


# -- bounds ---------------------------------------------------------------------------------------------------------


def a_call(protocol: WireProtocol = WireProtocol.OPENAI_CHAT, text_bytes: int = 1000, **wishes: object) -> Call:
    return Call(
        protocol=protocol,
        operation=Operation.GENERATE,
        model="m",
        stream=False,
        fingerprint="f",
        size=InputSize(text_bytes=text_bytes),
        **wishes,  # type: ignore[arg-type]
    )


def worst(table: PriceTable, model: str, call: Call, at: datetime = AT) -> tuple[int, int, int]:
    price = table.find(model, provider=None, at=at)
    assert price is not None
    bound = table.worst(price, call, at=at)
    return bound.input_rate, bound.output_rate, bound.fixed


ANTHROPIC = WireProtocol.ANTHROPIC_MESSAGES


@pytest.mark.parametrize(
    ("model", "call", "expected"),
    [
        ("claude-one", a_call(ANTHROPIC, geo="global"), (1000, 5000, 0)),
        ("claude-one", a_call(ANTHROPIC), (1100, 5500, 0)),
        ("claude-one", a_call(ANTHROPIC, geo="global", cache_ttl="5m"), (1250, 5000, 0)),
        ("claude-one", a_call(ANTHROPIC, geo="global", cache_ttl="1h"), (2000, 5000, 0)),
        ("claude-one", a_call(ANTHROPIC, geo="global", speed="fast"), (3000, 15000, 0)),
        ("claude-one", a_call(ANTHROPIC, 250_000, geo="global"), (2000, 7500, 0)),
        ("claude-one", a_call(ANTHROPIC, 190_000, geo="global"), (1000, 5000, 0)),
        ("gpt-one", a_call(), (125, 500, 0)),
        ("gpt-one", a_call(service_tier="auto"), (250, 1000, 0)),
        ("gpt-one", a_call(service_tier="priority"), (250, 1000, 0)),
        ("gpt-one", a_call(service_tier="flex"), (125, 500, 0)),
        ("gpt-one", a_call(service_tier="unheard of"), (250, 1000, 0)),
        ("gpt-one", a_call(geo="eu"), (138, 550, 0)),
        ("gpt-one", a_call(cache_ttl="24h"), (250, 500, 0)),
        ("gpt-thinks", a_call(), (1, 9, 1000)),
        ("night-owl", a_call(), (10, 20, 0)),
    ],
)
def test_the_worst_that_a_call_can_cost(
    table: PriceTable, model: str, call: Call, expected: tuple[int, int, int]
) -> None:
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert worst(table, model, call, at) == expected


def test_a_price_that_rises_at_midnight_is_the_worst_before_it(table: PriceTable) -> None:
    call = a_call(ANTHROPIC)
    assert worst(table, "claude-two", call, datetime(2026, 2, 28, 1, tzinfo=UTC)) == (20, 100, 0)
    assert worst(table, "claude-two", call, datetime(2026, 2, 27, 1, tzinfo=UTC)) == (10, 50, 0)


def test_searches_are_bounded_with_all_that_they_add_to_the_input(table: PriceTable) -> None:
    input_rate, _, fixed = worst(table, "claude-one", a_call(ANTHROPIC, geo="global", max_web_searches=2))
    assert input_rate == 1000
    assert fixed >= 2 * 7 + 2 * 25_000 * 1000


def test_an_advisor_is_bounded_by_the_dearest_model_of_its_provider(table: PriceTable) -> None:
    advisor = ToolOffer(name="advisor", canonical="advisor", provider_executed=True)
    price = table.find("claude-two", provider="anthropic", at=AT)
    assert price is not None
    bound = table.worst(price, a_call(ANTHROPIC, tools=(advisor,), geo="global"), at=AT)
    assert (bound.input_rate, bound.output_rate) == (2000, 7500)


TOKENS = st.integers(0, 300_000)
MODELS = ("claude-opus-5-5", "claude-haiku-5-5", "gpt-6.1-sol", "gpt-5.5", "gemini-2.5-pro", "grok-4.7", "o3")


@given(
    model=st.sampled_from(MODELS),
    kinds=st.lists(TOKENS, min_size=3, max_size=3),
    output=TOKENS,
    ttl=st.sampled_from([None, "5m", "1h", "12h"]),
    asked=st.sampled_from([None, "auto", "flex", "priority", "default", "fast"]),
    served=st.sampled_from([None, "default", "asked"]),
    geo=st.sampled_from([None, "us", "eu", "global"]),
)
def test_no_usage_within_a_calls_bounds_costs_more_than_its_worst(
    model: str,
    kinds: list[int],
    output: int,
    ttl: str | None,
    asked: str | None,
    served: str | None,
    geo: str | None,
) -> None:
    table = PACKAGED
    price = table.find(model, provider=None, at=AT)
    assert price is not None
    anthropic = price.provider == "anthropic"
    speed, tier = (None, asked) if not anthropic else ("fast" if asked == "fast" else None, None)
    call = a_call(
        ANTHROPIC if anthropic else WireProtocol.OPENAI_CHAT,
        text_bytes=sum(kinds),
        cache_ttl=ttl,
        service_tier=tier,
        speed=speed,
        geo=geo,
    )
    plain, read, written = kinds
    written = written if ttl or not anthropic else 0
    hour = written if ttl == "1h" and anthropic else 0
    half_day = written if ttl == "12h" and not anthropic else 0
    usage = Usage(
        input_tokens=plain,
        cache_read_tokens=read,
        cache_write_1h_tokens=hour,
        cache_write_12h_tokens=half_day,
        cache_write_5m_tokens=written - hour - half_day,
        output_tokens=output,
        service_tier=(tier if tier != "auto" else "priority") if served == "asked" else served,
        speed=speed if served == "asked" else None,
        geo=geo if anthropic else None,
    )
    try:
        cost = table.derive(usage, price, at=AT, geo=geo).picodollars
    except UnderivableError:
        return
    bound = table.worst(price, call, at=AT)
    assert cost <= usage.total_input * bound.input_rate + output * bound.output_rate + bound.fixed
