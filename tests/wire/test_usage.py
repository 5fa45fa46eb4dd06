"""What each protocol's usage object is read as: disjoint counts, nothing counted twice, nothing believed blindly."""

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.model import Usage, WireProtocol
from guardian_ci.wire.usage import UnusableUsageError, merge_stream, parse_usage, read_usage

ANTHROPIC = WireProtocol.ANTHROPIC_MESSAGES
CHAT = WireProtocol.OPENAI_CHAT
RESPONSES = WireProtocol.OPENAI_RESPONSES
GEMINI = WireProtocol.GEMINI_GENERATE


def read(protocol: str, raw: Mapping[str, object] | None, **more: object) -> dict[str, object]:
    """Read a usage and keep what it says: the fields that differ from an empty usage."""
    usage = parse_usage(protocol, raw, model="m", **more)  # type: ignore[arg-type]
    return said(usage)


def said(usage: Usage) -> dict[str, object]:
    empty = Usage()
    return {
        field.name: getattr(usage, field.name)
        for field in fields(usage)
        if field.name != "model" and getattr(usage, field.name) != getattr(empty, field.name)
    }


ANTHROPIC_CASES: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "plain": (
        {"input_tokens": 10, "output_tokens": 5, "service_tier": "standard", "inference_geo": "us", "speed": "fast"},
        {"input_tokens": 10, "output_tokens": 5, "service_tier": "standard", "geo": "us", "speed": "fast"},
    ),
    "cache counts stand beside the input": (
        {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 3},
        {"input_tokens": 10, "output_tokens": 5, "cache_read_tokens": 7, "cache_write_5m_tokens": 3},
    ),
    "writes are split by lifetime": (
        {
            "input_tokens": 1,
            "output_tokens": 1,
            "cache_creation_input_tokens": 9,
            "cache_creation": {"ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 5},
        },
        {"input_tokens": 1, "output_tokens": 1, "cache_write_5m_tokens": 4, "cache_write_1h_tokens": 5},
    ),
    "what the split leaves over goes to the hour, if there is any": (
        {
            "input_tokens": 1,
            "output_tokens": 1,
            "cache_creation_input_tokens": 9,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 5},
        },
        {"input_tokens": 1, "output_tokens": 1, "cache_write_1h_tokens": 9},
    ),
    "a split larger than its sum is believed": (
        {
            "input_tokens": 1,
            "output_tokens": 1,
            "cache_creation_input_tokens": 2,
            "cache_creation": {"ephemeral_5m_input_tokens": 4},
        },
        {"input_tokens": 1, "output_tokens": 1, "cache_write_5m_tokens": 4},
    ),
    "thinking is part of the output": (
        {"input_tokens": 1, "output_tokens": 9, "output_tokens_details": {"thinking_tokens": 6}},
        {"input_tokens": 1, "output_tokens": 9, "reasoning_tokens": 6},
    ),
    "searches count, fetches are free": (
        {
            "input_tokens": 1,
            "output_tokens": 1,
            "server_tool_use": {"web_search_requests": 3, "web_fetch_requests": 2},
        },
        {"input_tokens": 1, "output_tokens": 1, "web_searches": 3},
    ),
    "null means nothing": (
        {"input_tokens": 1, "output_tokens": 1, "cache_creation": None, "cache_read_input_tokens": None},
        {"input_tokens": 1, "output_tokens": 1},
    ),
}


@pytest.mark.parametrize(("raw", "expected"), ANTHROPIC_CASES.values(), ids=ANTHROPIC_CASES)
def test_anthropic(raw: dict[str, object], expected: dict[str, object]) -> None:
    assert read(ANTHROPIC, raw) == expected


def test_unsplit_cache_writes_cost_the_longest_lifetime_that_was_asked_for() -> None:
    raw = {"input_tokens": 1, "output_tokens": 1, "cache_creation_input_tokens": 8}
    assert read(ANTHROPIC, raw, cache_ttl="1h")["cache_write_1h_tokens"] == 8
    assert read(ANTHROPIC, raw, cache_ttl="5m")["cache_write_5m_tokens"] == 8


def test_iterations_become_parts_of_their_own_model_with_the_tier_of_the_whole() -> None:
    raw = {
        "input_tokens": 10,
        "output_tokens": 5,
        "service_tier": "standard",
        "inference_geo": "us",
        "speed": "fast",
        "server_tool_use": {"web_search_requests": 1},
        "iterations": [
            {"type": "message", "input_tokens": 10, "output_tokens": 5},
            {"type": "compaction", "input_tokens": 90, "output_tokens": 20},
            {"type": "advisor_message", "input_tokens": 7, "output_tokens": 6, "model": "other"},
        ],
    }
    usage = parse_usage(ANTHROPIC, raw, model="m", service_tier="batch")
    assert [(part.model, part.input_tokens, part.output_tokens) for part in usage.parts] == [
        ("m", 10, 5),
        ("m", 90, 20),
        ("other", 7, 6),
    ]
    assert [part.speed for part in usage.parts] == ["fast", "fast", None]
    assert {part.geo for part in usage.parts} == {"us"}
    assert {part.service_tier for part in (usage, *usage.parts)} == {"batch"}
    assert sum(part.web_searches for part in usage.parts) == 0
    assert usage.billed_tokens == 15 + 110 + 13


START = {
    "input_tokens": 10,
    "cache_creation_input_tokens": 2000,
    "cache_read_input_tokens": 5000,
    "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 2000},
    "output_tokens": 1,
    "service_tier": "standard",
    "inference_geo": "us",
    "speed": "fast",
}


def test_a_later_usage_replaces_counts_and_keeps_what_it_leaves_out() -> None:
    first = merge_stream(ANTHROPIC, START, {"output_tokens": 120})
    merged = merge_stream(ANTHROPIC, first, {"input_tokens": 12, "output_tokens": 350, "service_tier": None})
    assert merged == {**START, "input_tokens": 12, "output_tokens": 350}


def test_a_relay_that_zeroes_the_input_at_the_end_does_not_make_it_free() -> None:
    merged = merge_stream(ANTHROPIC, START, {"input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 9})
    assert merged == {**START, "output_tokens": 9}


def test_a_stream_that_starts_with_zero_and_ends_with_the_truth_is_believed_at_its_end() -> None:
    assert merge_stream(
        ANTHROPIC, {"input_tokens": 0, "output_tokens": 0}, {"input_tokens": 7, "output_tokens": 3}
    ) == {
        "input_tokens": 7,
        "output_tokens": 3,
    }


@pytest.mark.parametrize("protocol", [CHAT, RESPONSES, GEMINI])
def test_elsewhere_the_last_usage_is_the_whole_one(protocol: WireProtocol) -> None:
    assert merge_stream(protocol, {"a": 1, "b": 2}, {"a": 3}) == {"a": 3}
    assert merge_stream(protocol, {"a": 1}, None) == {"a": 1}


def test_the_events_of_a_whole_stream_stand_for_a_missing_usage() -> None:
    events = [
        {"type": "message_start", "message": {"usage": START}},
        {"type": "message_delta", "delta": {"stop_reason": None}, "usage": {"output_tokens": 4}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}},
    ]
    whole = read_usage(ANTHROPIC, None, model="m", response_extra={"stream_events": events})
    assert whole is not None
    assert (whole.output_tokens, whole.cache_write_1h_tokens, whole.speed) == (9, 2000, "fast")


def test_a_cut_stream_has_no_usage() -> None:
    events = [{"type": "message_start", "message": {"usage": START}}]
    assert read_usage(ANTHROPIC, None, model="m", response_extra={"stream_events": events}) is None


def test_the_last_chunk_of_a_stream_is_its_usage() -> None:
    chunks = [
        {"usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 1, "totalTokenCount": 6}},
        {"usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 9, "totalTokenCount": 14}},
    ]
    assert read(GEMINI, None, response_extra={"stream_events": chunks}) == {"input_tokens": 5, "output_tokens": 9}


OPENAI_CASES: dict[str, tuple[str, str | None, dict[str, object], dict[str, object]]] = {
    "the prompt includes the cached part": (
        CHAT,
        "openai",
        {"prompt_tokens": 100, "completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": 60}},
        {"input_tokens": 40, "cache_read_tokens": 60, "output_tokens": 9},
    ),
    "the completion includes reasoning and rejected predictions": (
        CHAT,
        "openai",
        {
            "prompt_tokens": 1,
            "completion_tokens": 9,
            "total_tokens": 10,
            "completion_tokens_details": {"reasoning_tokens": 4, "rejected_prediction_tokens": 2},
        },
        {"input_tokens": 1, "output_tokens": 9, "reasoning_tokens": 4},
    ),
    "audio is counted apart": (
        CHAT,
        "openai",
        {
            "prompt_tokens": 100,
            "completion_tokens": 50,
            "prompt_tokens_details": {"cached_tokens": 20, "audio_tokens": 30},
            "completion_tokens_details": {"audio_tokens": 40},
        },
        {
            "input_tokens": 50,
            "cache_read_tokens": 20,
            "input_audio_tokens": 30,
            "output_tokens": 10,
            "output_audio_tokens": 40,
        },
    ),
    "cache writes are part of the prompt": (
        CHAT,
        "openrouter",
        {
            "prompt_tokens": 100,
            "completion_tokens": 1,
            "prompt_tokens_details": {"cached_tokens": 20, "cache_write_tokens": 30},
        },
        {"input_tokens": 50, "cache_read_tokens": 20, "cache_write_5m_tokens": 30, "output_tokens": 1},
    ),
    "DeepSeek names its cache hits elsewhere": (
        CHAT,
        "deepseek",
        {"prompt_tokens": 10, "completion_tokens": 1, "prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 6},
        {"input_tokens": 6, "cache_read_tokens": 4, "output_tokens": 1},
    ),
    "xAI's completion excludes reasoning": (
        CHAT,
        "x-ai",
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 35,
            "completion_tokens_details": {"reasoning_tokens": 20},
        },
        {"input_tokens": 10, "output_tokens": 25, "reasoning_tokens": 20},
    ),
    "xAI without a total": (
        CHAT,
        "x-ai",
        {"prompt_tokens": 10, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 20}},
        {"input_tokens": 10, "output_tokens": 25, "reasoning_tokens": 20},
    ),
    "a total tells that reasoning is included": (
        CHAT,
        "x-ai",
        {
            "prompt_tokens": 10,
            "completion_tokens": 25,
            "total_tokens": 35,
            "completion_tokens_details": {"reasoning_tokens": 20},
        },
        {"input_tokens": 10, "output_tokens": 25, "reasoning_tokens": 20},
    ),
    "xAI states its cost in ticks": (
        CHAT,
        "x-ai",
        {"prompt_tokens": 10, "completion_tokens": 5, "cost_in_usd_ticks": 12345},
        {"input_tokens": 10, "output_tokens": 5, "reported_picodollars": 1_234_500},
    ),
    "OpenRouter states its cost in dollars": (
        CHAT,
        "openrouter",
        {"prompt_tokens": 10, "completion_tokens": 5, "cost": Decimal("0.00014")},
        {"input_tokens": 10, "output_tokens": 5, "reported_picodollars": 140_000_000},
    ),
    "a float is the decimal that it is written as": (
        CHAT,
        "openrouter",
        {"prompt_tokens": 10, "completion_tokens": 5, "cost": 0.1},
        {"input_tokens": 10, "output_tokens": 5, "reported_picodollars": 100_000_000_000},
    ),
    "with one's own key, OpenRouter's fee and the provider's bill": (
        CHAT,
        "openrouter",
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "cost": 0.001,
            "is_byok": True,
            "cost_details": {"upstream_inference_cost": 0.02},
        },
        {"input_tokens": 10, "output_tokens": 5, "reported_picodollars": 21_000_000_000},
    ),
    "xAI's sources are paid for like searches": (
        CHAT,
        "xai",
        {"prompt_tokens": 10, "completion_tokens": 5, "num_sources_used": 4},
        {"input_tokens": 10, "output_tokens": 5, "web_searches": 4},
    ),
    "nobody else sets their own price": (
        CHAT,
        "openai",
        {"prompt_tokens": 10, "completion_tokens": 5, "cost": 0},
        {"input_tokens": 10, "output_tokens": 5},
    ),
    "responses": (
        RESPONSES,
        "openai",
        {
            "input_tokens": 300,
            "input_tokens_details": {"cached_tokens": 200, "cache_write_tokens": 40},
            "output_tokens": 20,
            "output_tokens_details": {"reasoning_tokens": 8},
            "total_tokens": 320,
        },
        {
            "input_tokens": 60,
            "cache_read_tokens": 200,
            "cache_write_5m_tokens": 40,
            "output_tokens": 20,
            "reasoning_tokens": 8,
        },
    ),
    "writes of 12 hours": (
        RESPONSES,
        "openai",
        {
            "input_tokens": 100,
            "input_tokens_details": {
                "cache_write_tokens": 80,
                "cache_write_tokens_details": {"ttl_12h_tokens": 50, "ttl_30m_tokens": 30},
            },
            "output_tokens": 1,
        },
        {"input_tokens": 20, "cache_write_5m_tokens": 30, "cache_write_12h_tokens": 50, "output_tokens": 1},
    ),
}


@pytest.mark.parametrize(("protocol", "provider", "raw", "expected"), OPENAI_CASES.values(), ids=OPENAI_CASES)
def test_openai_and_its_like(
    protocol: str, provider: str | None, raw: dict[str, object], expected: dict[str, object]
) -> None:
    assert read(protocol, raw, provider=provider) == expected


def test_a_model_that_always_searches_is_billed_for_it() -> None:
    raw = {"prompt_tokens": 1, "completion_tokens": 1}
    assert parse_usage(CHAT, raw, model="gpt-4o-search-preview-2025-03-11").web_searches == 1
    assert parse_usage(CHAT, raw, model="gpt-4o").web_searches == 0


def test_openrouter_states_its_cost_in_every_protocol() -> None:
    raw = {"input_tokens": 1, "output_tokens": 1, "cost": "0.5"}
    for protocol in (ANTHROPIC, RESPONSES):
        assert read(protocol, raw, provider="openrouter")["reported_picodollars"] == 5 * 10**11


def test_only_searches_are_billed_of_what_a_web_search_does() -> None:
    output = [
        {"type": "web_search_call", "action": {"type": "search", "query": "q"}},
        {"type": "web_search_call", "action": {"type": "open_page"}},
        {"type": "web_search_call", "action": {"type": "find_in_page"}},
        {"type": "web_search_call"},
        {"type": "file_search_call"},
        {"type": "message"},
        "noise",
    ]
    usage = parse_usage(
        RESPONSES, {"input_tokens": 1, "output_tokens": 1}, model="m", response_extra={"output": output}
    )
    assert (usage.web_searches, usage.file_searches) == (2, 1)


GEMINI_CASES: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "thoughts stand beside the candidates": (
        {"promptTokenCount": 10, "candidatesTokenCount": 5, "thoughtsTokenCount": 7, "totalTokenCount": 22},
        {"input_tokens": 10, "output_tokens": 12, "reasoning_tokens": 7},
    ),
    "thoughts stand within the candidates": (
        {"promptTokenCount": 10, "candidatesTokenCount": 12, "thoughtsTokenCount": 7, "totalTokenCount": 22},
        {"input_tokens": 10, "output_tokens": 12, "reasoning_tokens": 7},
    ),
    "an answer of thoughts alone": (
        {"promptTokenCount": 10, "thoughtsTokenCount": 7, "totalTokenCount": 17},
        {"input_tokens": 10, "output_tokens": 7, "reasoning_tokens": 7},
    ),
    "tool use is input": (
        {
            "promptTokenCount": 10,
            "candidatesTokenCount": 5,
            "toolUsePromptTokenCount": 30,
            "thoughtsTokenCount": 7,
            "totalTokenCount": 52,
        },
        {"input_tokens": 40, "output_tokens": 12, "reasoning_tokens": 7},
    ),
    "tool use that the total forgot": (
        {"promptTokenCount": 10, "candidatesTokenCount": 50, "toolUsePromptTokenCount": 30, "totalTokenCount": 60},
        {"input_tokens": 40, "output_tokens": 50},
    ),
    "the prompt includes the cached part": (
        {
            "promptTokenCount": 10,
            "candidatesTokenCount": 5,
            "totalTokenCount": 15,
            "cachedContentTokenCount": 8,
        },
        {"input_tokens": 2, "cache_read_tokens": 8, "output_tokens": 5},
    ),
    "audio in, image out": (
        {
            "promptTokenCount": 100,
            "candidatesTokenCount": 1300,
            "totalTokenCount": 1400,
            "promptTokensDetails": [
                {"modality": "TEXT", "tokenCount": 20},
                {"modality": "AUDIO", "tokenCount": 80},
            ],
            "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}],
        },
        {"input_tokens": 20, "input_audio_tokens": 80, "output_tokens": 10, "output_image_tokens": 1290},
    ),
    "cached audio, where the usage says so": (
        {
            "promptTokenCount": 100,
            "candidatesTokenCount": 1,
            "totalTokenCount": 101,
            "cachedContentTokenCount": 50,
            "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 80}],
            "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 45}],
        },
        {
            "input_tokens": 15,
            "cache_read_tokens": 5,
            "cache_read_audio_tokens": 45,
            "input_audio_tokens": 35,
            "output_tokens": 1,
        },
    ),
    "Vertex names the tier as traffic": (
        {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2, "trafficType": "ON_DEMAND_PRIORITY"},
        {"input_tokens": 1, "output_tokens": 1, "service_tier": "priority"},
    ),
}


@pytest.mark.parametrize(("raw", "expected"), GEMINI_CASES.values(), ids=GEMINI_CASES)
def test_gemini(raw: dict[str, object], expected: dict[str, object]) -> None:
    assert read(GEMINI, raw) == expected


def test_grounding_queries_are_counted_over_all_candidates() -> None:
    raw = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    candidates = [{"groundingMetadata": {"webSearchQueries": ["a", "b"]}}, {"groundingMetadata": {}}, {}]
    assert read(GEMINI, raw, response_extra={"candidates": candidates})["web_searches"] == 2


def test_bedrock_splits_cache_writes_by_lifetime() -> None:
    raw = {
        "inputTokens": 500,
        "outputTokens": 300,
        "cacheReadInputTokens": 6000,
        "cacheWriteInputTokens": 2100,
        "cacheDetails": [{"ttl": "5m", "inputTokens": 500}, {"ttl": "1h", "inputTokens": 1500}],
    }
    assert read("bedrock-converse", raw) == {
        "input_tokens": 500,
        "cache_read_tokens": 6000,
        "cache_write_5m_tokens": 500,
        "cache_write_1h_tokens": 1600,
        "output_tokens": 300,
    }


@pytest.mark.parametrize(
    ("raw", "extra", "told", "tier"),
    [
        ({}, {}, None, None),
        ({"service_tier": "standard"}, {}, None, "standard"),
        ({"service_tier": "standard"}, {}, "batch", "batch"),
        ({}, {"service_tier": "flex"}, None, "flex"),
        ({}, {"headers": {"X-Gemini-Service-Tier": "priority"}}, None, "priority"),
        ({"service_tier": "default"}, {"service_tier": "flex"}, "priority", "priority"),
        ({}, {"serviceTier": {"type": "flex"}}, None, "flex"),
    ],
)
def test_the_tier_is_the_one_that_the_answer_was_served_at(
    raw: dict[str, object], extra: dict[str, object], told: str | None, tier: str | None
) -> None:
    counts = {"prompt_tokens": 1, "completion_tokens": 1, **raw}
    assert parse_usage(CHAT, counts, model="m", response_extra=extra, service_tier=told).service_tier == tier


@pytest.mark.parametrize(
    "raw",
    [
        {"input_tokens": 1},
        {"output_tokens": 1},
        {"input_tokens": -1, "output_tokens": 1},
        {"input_tokens": True, "output_tokens": 1},
        {"input_tokens": "7", "output_tokens": 1},
        {"input_tokens": 1.5, "output_tokens": 1},
        {"input_tokens": float("nan"), "output_tokens": 1},
        {"input_tokens": float("inf"), "output_tokens": 1},
        {"input_tokens": [1], "output_tokens": 1},
        {},
        None,
    ],
)
def test_a_usage_that_cannot_be_believed_is_none(raw: dict[str, object] | None) -> None:
    assert read_usage(ANTHROPIC, raw, model="m") is None


@pytest.mark.parametrize(
    ("protocol", "raw"),
    [
        (CHAT, {"prompt_tokens": 1}),
        (CHAT, {"completion_tokens": 1}),
        (CHAT, {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 6}}),
        (CHAT, {"prompt_tokens": 5, "completion_tokens": 1, "cost_in_usd_ticks": "many"}),
        (CHAT, {"prompt_tokens": 5, "completion_tokens": 1, "cost_in_usd_ticks": -1}),
        (RESPONSES, {"input_tokens": 5}),
        (GEMINI, {"candidatesTokenCount": 5}),
        ("bedrock-converse", {"inputTokens": 5}),
        ("nobody's", {"tokens": 5}),
    ],
)
def test_a_usage_that_contradicts_itself_says_why(protocol: str, raw: dict[str, object]) -> None:
    with pytest.raises(UnusableUsageError, match=r"lacks|more cached|cost must|unknown protocol"):
        parse_usage(protocol, raw, model="m")


@pytest.mark.parametrize(
    ("raw", "output"),
    [
        ({"prompt_tokens": 1, "completion_tokens": 2}, 2),
        ({"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3}, 2),
        ({"inputTokens": 1, "outputTokens": 2}, 2),
        ({"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}, 2),
        ({"input_tokens": 1, "output_tokens": 2}, 2),
    ],
)
def test_an_unknown_protocol_is_recognized_by_the_shape_of_its_usage(raw: dict[str, object], output: int) -> None:
    usage = parse_usage("some-gateway", raw, model="m")
    assert (usage.total_input, usage.total_output) == (1, output)


COUNTS = st.integers(0, 10**7)


@given(total=COUNTS, cached=COUNTS, writes=COUNTS, audio=COUNTS, image=COUNTS, output=COUNTS, spoken=COUNTS)
def test_the_parts_of_openais_counts_always_add_up_to_them(
    total: int, cached: int, writes: int, audio: int, image: int, output: int, spoken: int
) -> None:
    raw = {
        "prompt_tokens": total,
        "completion_tokens": output,
        "prompt_tokens_details": {
            "cached_tokens": cached,
            "cache_write_tokens": writes,
            "audio_tokens": audio,
            "image_tokens": image,
        },
        "completion_tokens_details": {"audio_tokens": spoken},
    }
    usage = read_usage(CHAT, raw, model="m")
    if cached + writes > total:
        assert usage is None
    else:
        assert usage is not None
        assert (usage.total_input, usage.total_output) == (total, output)
        assert min(value for value in vars_of(usage)) >= 0


@given(prompt=COUNTS, tools=COUNTS, shown=COUNTS, thoughts=COUNTS, audio=COUNTS, cached=COUNTS)
def test_geminis_parts_always_add_up_to_its_total(
    prompt: int, tools: int, shown: int, thoughts: int, audio: int, cached: int
) -> None:
    raw = {
        "promptTokenCount": prompt,
        "toolUsePromptTokenCount": tools,
        "candidatesTokenCount": shown,
        "thoughtsTokenCount": thoughts,
        "cachedContentTokenCount": min(cached, prompt),
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": min(audio, prompt)}],
        "totalTokenCount": prompt + tools + shown + thoughts,
    }
    usage = read_usage(GEMINI, raw, model="m")
    assert usage is not None
    assert usage.total_input == prompt + tools
    assert usage.total_output == shown + thoughts
    assert min(vars_of(usage)) >= 0


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "input_tokens",
                        "output_tokens",
                        "prompt_tokens",
                        "completion_tokens",
                        "iterations",
                        "cache_creation",
                        "prompt_tokens_details",
                        "promptTokenCount",
                        "promptTokensDetails",
                        "stream_events",
                        "usage",
                        "cost",
                        "output",
                        "headers",
                    ]
                ),
                inner,
                max_size=6,
            )
        ),
        max_leaves=12,
    ),
    st.sampled_from([*WireProtocol, "bedrock-converse", "else"]),
)
def test_no_json_makes_the_reader_fail(value: object, protocol: str) -> None:
    raw = value if isinstance(value, dict) else {"input_tokens": value, "output_tokens": value}
    usage = read_usage(protocol, raw, model="m", provider="openrouter", response_extra=raw)
    assert usage is None or min(vars_of(usage)) >= 0


def vars_of(usage: Usage) -> list[int]:
    """List all counts of a usage."""
    return [value for field in fields(usage) if isinstance(value := getattr(usage, field.name), int)]
