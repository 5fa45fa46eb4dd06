"""Two ids are the same model only if they differ by what providers themselves vary."""

import pytest

from guardian_ci.pricing.ids import provider_id, spellings, undated, unversioned


@pytest.mark.parametrize(
    ("model", "last"),
    [
        ("claude-opus-5-5", (None, "claude-opus-5-5")),
        ("Claude-Opus-5-5", (None, "claude-opus-5-5")),
        ("claude-opus-5-5[1m]", (None, "claude-opus-5-5")),
        ("models/gemini-2.5-pro", (None, "gemini-2.5-pro")),
        ("anthropic/claude-opus-5-5", ("anthropic", "claude-opus-5-5")),
        ("google/models/gemini-2.5-pro", (None, "gemini-2.5-pro")),
        ("vertex_ai/claude-opus-5-5@default", ("google", "claude-opus-5-5@default")),
        ("xai/grok-4.7", ("x-ai", "grok-4.7")),
        ("projects/p/locations/us-east5/publishers/anthropic/models/claude-opus-5-5", ("google", "claude-opus-5-5")),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-x", ("aws", "us.anthropic.claude-x")),
        ("arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-x", ("aws", "anthropic.claude-x")),
        ("ft:gpt-4o-mini-2024-07-18:acme::abc", (None, "ft:gpt-4o-mini-2024-07-18")),
        ("someone/else", (None, "someone/else")),
    ],
)
def test_what_stands_before_an_id_is_taken_off(model: str, last: tuple[str | None, str]) -> None:
    assert list(spellings(model))[-1] == last


def test_the_id_as_it_stands_comes_first() -> None:
    assert next(spellings("anthropic/claude-one")) == (None, "anthropic/claude-one")


@pytest.mark.parametrize(
    ("model", "bare"),
    [
        ("gpt-5.5-2026-04-23", "gpt-5.5"),
        ("claude-opus-5-5-20260918", "claude-opus-5-5"),
        ("claude-opus-5-5@20260918", "claude-opus-5-5"),
        ("claude-opus-5-5@default", "claude-opus-5-5"),
        ("claude-3-7-sonnet-latest", "claude-3-7-sonnet"),
        ("grok-4-0709", "grok-4-0709"),
        ("claude-opus-4-8-fast", "claude-opus-4-8-fast"),
        ("gpt-5.5-20269999", "gpt-5.5-20269999"),
        ("gpt-5.5-mini", "gpt-5.5-mini"),
        ("gemini-2.5-flash-preview-09-2025", "gemini-2.5-flash-preview-09-2025"),
    ],
)
def test_only_dates_and_latest_come_off_the_end(model: str, bare: str) -> None:
    assert undated(model) == bare


@pytest.mark.parametrize(
    ("name", "provider"),
    [("xai", "x-ai"), ("Vertex", "google"), ("bedrock", "aws"), ("openai", "openai"), ("Nobody", "nobody")],
)
def test_a_provider_has_many_names(name: str, provider: str) -> None:
    assert provider_id(name) == provider


@pytest.mark.parametrize(
    ("model", "bare"),
    [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.anthropic.claude-sonnet-4-5"),
        ("anthropic.claude-opus-4-8-v1", "anthropic.claude-opus-4-8"),
        ("amazon.nova-lite-v1:0:300k", "amazon.nova-lite"),
        ("anthropic.claude-opus-5-5", "anthropic.claude-opus-5-5"),
    ],
)
def test_bedrocks_versions_come_off_with_the_date_before_them(model: str, bare: str) -> None:
    assert unversioned(model) == bare
