"""The price table's script: the higher rate where two sources differ, no rate made up, every change told."""

import datetime as dt
import importlib.util
import json
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import pytest
from genai_prices.types import (
    ClauseEquals,
    ClauseOr,
    ClauseStartsWith,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    StartDateConstraint,
    Tier,
    TieredPrices,
)

from guardian_ci.model import Usage
from guardian_ci.pricing import PriceTable

ROOT = Path(__file__).resolve().parents[1]
TODAY = dt.date(2026, 11, 22)
SOURCES = {
    "genai": {"name": "genai-prices", "version": "1", "date": "2026-11-01"},
    "litellm": {"name": "litellm", "version": "2", "date": "2026-11-02"},
}


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("update_prices", ROOT / ".github" / "scripts" / "update_prices.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


script = loaded()


def money(amount: str) -> Decimal:
    return Decimal(amount)


def a_model(name: str = "claude-test-5", **parts: object) -> ModelInfo:
    price = ModelPrice(input_mtok=money("3"), output_mtok=money("15"), cache_read_mtok=money("0.3"))
    return ModelInfo(**{"id": name, "match": ClauseEquals(equals=name), "prices": price, **parts})  # type: ignore[arg-type]


def a_record(**parts: object) -> dict[str, object]:
    return {
        "litellm_provider": "anthropic",
        "mode": "chat",
        "input_cost_per_token": 3e-06,
        "output_cost_per_token": 1.6e-05,
        "max_output_tokens": 64000,
        **parts,
    }


def table_of(model: ModelInfo | None, record: dict[str, object] | None, provider: str = "anthropic") -> PriceTable:
    name = model.id if model else "claude-test-5"
    entry = script.as_json(script.build(provider, name, model, record, TODAY))
    return PriceTable(script.render({f"{provider}:{name}": entry}, SOURCES))


def rate(table: PriceTable, unit: str, mode: str = "standard", at: dt.date = TODAY, tokens: int = 0) -> int:
    moment = dt.datetime.combine(at, dt.time(12), tzinfo=dt.UTC)
    price = table.find(table.models[0].partition(":")[2], provider=table.models[0].partition(":")[0], at=moment)
    assert price is not None
    levels = price.modes(moment)[mode]
    return [level for level in levels if tokens > level.above][-1].rates[unit]


def test_the_higher_rate_is_taken_and_both_sources_are_named() -> None:
    table = table_of(a_model(), a_record(cache_read_input_token_cost=2e-07))
    assert rate(table, "output") == 16_000_000
    assert rate(table, "cache_read") == 300_000
    price = table.find("claude-test-5", provider="anthropic", at=dt.datetime(2026, 11, 22, tzinfo=dt.UTC))
    assert price is not None
    assert (price.source, price.as_of) == ("genai-prices 1, litellm 2", "2026-11-02")
    assert price.max_output_tokens == 64000


@pytest.mark.parametrize(
    ("dollars", "per", "rate"),
    [
        ("1.0000000000000001e-07", 1, 100_000),
        ("0.000004", 1, 4_000_000),
        ("0.003625", 10**6, 3625),
        ("10", 1000, 10_000_000_000),
        ("0.0000000000015", 1, 2),
        ("0", 1, 0),
    ],
)
def test_the_dust_of_binary_fractions_is_brushed_off_and_true_fractions_are_rounded_up(
    dollars: str, per: int, rate: int
) -> None:
    assert script.picodollars(Decimal(dollars), per) == rate


def test_a_free_cache_means_that_nobody_told_its_price() -> None:
    table = table_of(None, a_record(cache_read_input_token_cost=0.0))
    assert rate(table, "cache_read") == 3_000_000


def test_tiers_of_both_sources_are_merged_size_by_size() -> None:
    prices = ModelPrice(
        input_mtok=TieredPrices(base=money("3"), tiers=[Tier(start=200_000, price=money("6"))]),
        output_mtok=money("15"),
    )
    record = a_record(input_cost_per_token_above_100k_tokens=5e-06, output_cost_per_token_above_100k_tokens=1.5e-05)
    table = table_of(a_model(prices=prices), record)
    assert [rate(table, "input", tokens=n) for n in (100_000, 100_001, 200_001)] == [3_000_000, 5_000_000, 6_000_000]


def test_a_tier_of_xai_begins_at_its_size_and_not_behind_it() -> None:
    record = a_record(litellm_provider="xai", input_cost_per_token_above_200k_tokens=6e-06)
    table = table_of(None, record, provider="x-ai")
    assert [rate(table, "input", tokens=n) for n in (199_999, 200_000)] == [3_000_000, 6_000_000]


def test_a_mode_follows_the_standard_rates_where_claudes_discounts_stack() -> None:
    table = table_of(a_model(), a_record(input_cost_per_token_batches=1.5e-06, output_cost_per_token_batches=8e-06))
    assert rate(table, "cache_read", "batch") == 150_000
    assert rate(table, "cache_write_1h", "batch") == 3_000_000


def test_elsewhere_what_a_cheaper_mode_leaves_out_stays_at_its_standard_rate() -> None:
    record = a_record(litellm_provider="groq", input_cost_per_token_flex=1.5e-06, output_cost_per_token_flex=8e-06)
    table = table_of(a_model("llama-test"), record, provider="groq")
    assert rate(table, "cache_read", "flex") == 300_000


def test_geminis_flex_and_priority_are_known_where_both_sources_leave_them_out() -> None:
    table = table_of(a_model("gemini-3-test"), None, provider="google")
    assert [rate(table, "input", mode) for mode in ("flex", "priority")] == [1_500_000, 5_400_000]


def test_history_is_kept_and_modes_are_carried_to_it_by_their_ratio() -> None:
    old, new = (ModelPrice(input_mtok=money(price), output_mtok=money(price)) for price in ("10", "2"))
    half = ModelPrice(input_mtok=money("1"), output_mtok=money("1"))
    model = a_model(
        "gpt-test",
        prices=[
            ConditionalPrice(prices=old),
            ConditionalPrice(StartDateConstraint(start_date=dt.date(2025, 6, 10)), prices=new),
        ],
        price_variants=[PriceVariant(when={"processing": "batch"}, prices=half)],
    )
    table = table_of(model, None, provider="openai")
    assert [rate(table, "input", at=dt.date(2025, 6, day)) for day in (9, 10)] == [10_000_000, 2_000_000]
    assert [rate(table, "input", "batch", at=dt.date(2025, 6, day)) for day in (9, 10)] == [5_000_000, 1_000_000]


def test_a_rate_to_come_waits_for_its_day() -> None:
    now, later = (ModelPrice(input_mtok=money(price), output_mtok=money(price)) for price in ("2", "4"))
    model = a_model(
        prices=[
            ConditionalPrice(prices=now),
            ConditionalPrice(StartDateConstraint(start_date=dt.date(2026, 12, 1)), prices=later),
        ]
    )
    table = table_of(model, a_record(output_cost_per_token=2e-06, input_cost_per_token=2e-06))
    assert rate(table, "input") == 2_000_000
    assert rate(table, "input", at=dt.date(2026, 12, 1)) == 4_000_000


def test_every_claude_since_4_6_costs_more_in_the_united_states() -> None:
    assert script.geography("anthropic", "claude-opus-4-6", {}) == {"us": "11/10"}
    assert script.geography("anthropic", "claude-opus-4-5", {}) == {}
    assert script.geography("openai", "gpt-x", {"regional_processing_uplift_multiplier_eu": 1.1}) == {"eu": "11/10"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("claude-opus-4-6", "claude"),
        ("claude-haiku-4-5-20251001", "claude"),
        ("claude-opus-4-20250514", "claude"),
        ("claude-3-5-sonnet", "claude"),
        ("us.anthropic.claude-opus-4-7-v1:0", "claude-4.7"),
        ("claude-sonnet-5", "claude-4.7"),
        ("claude-unheard-of", "claude-4.7"),
        ("gpt-5.5", "o200k"),
        ("openai/gpt-4o", "o200k"),
        ("o3", "o200k"),
        ("gemini-2.5-pro", "other"),
        ("olmo-7b", "other"),
    ],
)
def test_tokenizer_classes(name: str, kind: str) -> None:
    assert script.tokenizer(name) == kind


def test_only_whole_ids_become_other_names() -> None:
    match = ClauseOr(
        or_=[
            ClauseEquals(equals="claude-opus-4"),
            ClauseStartsWith(starts_with="claude-4-opus"),
            ClauseStartsWith(starts_with="claude-sonnet-4-2025"),
            ClauseStartsWith(starts_with="claude-sonnet-4@"),
            ClauseStartsWith(starts_with="ft:gpt-4-0"),
        ]
    )
    assert list(script.genai_literals(match)) == ["claude-opus-4", "claude-4-opus"]


def entry(price: int, *, start: str | None = None) -> dict[str, object]:
    period: dict[str, object] = {"modes": {"standard": [{"input": price, "output": price}]}}
    return {"source": "litellm", "periods": [{"from": start, **period} if start else period]}


def test_a_price_that_changes_without_a_date_changes_today() -> None:
    made = script.with_history(entry(1), entry(2), TODAY)
    assert [period.get("from") for period in made["periods"]] == [None, "2026-11-22"]
    tomorrow = dt.date(2026, 11, 23)
    assert script.with_history(made, entry(2), tomorrow) == made
    again = script.with_history(made, entry(3), tomorrow)
    assert [period.get("from") for period in again["periods"]] == [None, "2026-11-22", "2026-11-23"]
    assert [period["modes"]["standard"][0]["input"] for period in again["periods"]] == [1, 2, 3]


def test_a_correction_of_other_rates_is_no_new_price() -> None:
    corrected = {
        "source": "litellm",
        "periods": [{"modes": {"standard": [{"input": 1, "output": 1, "web_search": 9}]}}],
    }
    assert script.with_history(entry(1), corrected, TODAY) == corrected


def test_changes_are_told_a_line_a_fact() -> None:
    old = {"p:a": entry(4_000_000), "p:gone": entry(1_000_000), "p:same": entry(1)}
    new = {"p:a": entry(5_000_000), "p:new": entry(2_500_000), "p:same": entry(1)}
    assert list(script.changes(old, new)) == [
        "~ p:a periods.0.modes.standard.0.input: 4 -> 5",
        "~ p:a periods.0.modes.standard.0.output: 4 -> 5",
        "- p:gone: input $1/M, output $1/M",
        "+ p:new: input $2.5/M, output $2.5/M",
    ]


def test_the_script_writes_a_table_and_tells_the_second_time_that_nothing_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    litellm, output = tmp_path / "litellm.json", tmp_path / "prices.json"
    litellm.write_text(json.dumps({"sample_spec": {}, "claude-test-5": a_record(input_cost_per_token=7e-06)}))
    arguments = ["update_prices.py", "--litellm", str(litellm), "--litellm-version", "9", "--output", str(output)]
    monkeypatch.setattr(sys, "argv", arguments)
    assert script.main() == 0
    assert "+ anthropic:claude-test-5: input $7/M, output $16/M" in capsys.readouterr().out
    table = PriceTable(output.read_text())
    price = table.find("claude-test-5", provider=None, at=dt.datetime(2026, 11, 22, tzinfo=dt.UTC))
    assert price is not None
    assert (
        table.derive(Usage(input_tokens=1), price, at=dt.datetime(2026, 11, 22, tzinfo=dt.UTC)).picodollars == 7 * 10**6
    )
    first = output.read_bytes()
    assert script.main() == 0
    assert capsys.readouterr().out == "No price changed.\n"
    assert output.read_bytes() == first


def test_the_packaged_table_is_written_as_the_script_writes_it() -> None:
    path = ROOT / "guardian_ci" / "pricing" / "data" / "prices.json"
    models, sources = script.read_table(path)
    assert script.render(models, sources) == path.read_text(encoding="utf-8")


def test_scaling_rounds_up() -> None:
    assert script.up(Fraction(7, 2)) == 4
    assert script.up(-3) == -3
