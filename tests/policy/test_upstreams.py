"""Which upstream serves a model, and what is known of it."""

import pytest

from guardian_ci.model import WireProtocol
from guardian_ci.policy import Settings, load_policy
from guardian_ci.policy.schema import load_schema
from guardian_ci.policy.upstreams import BUILT_IN, KINDS, Upstream, kind_of, only, own_of, upstream_of

CHAT, MESSAGES = WireProtocol.OPENAI_CHAT, WireProtocol.ANTHROPIC_MESSAGES
RESPONSES, GEMINI = WireProtocol.OPENAI_RESPONSES, WireProtocol.GEMINI_GENERATE


def settings_of(upstreams: str) -> Settings:
    (settings,) = load_policy(f"upstreams: {{{upstreams}}}", "p.yml").settings
    return settings


SEVERAL = settings_of(
    "openrouter: {models: ['*/*']}, mine: {url: 'http://own:1/v1', models: ['llama*', 'gpt-oss*'], free: true},"
    "azure: {url: 'https://a.openai.azure.com', models: ['gpt-*'], model_ids: {gpt-4.1: prod}}"
)


@pytest.mark.parametrize(
    ("protocol", "model", "name"),
    [
        (CHAT, "openai/gpt-5", "openrouter"),
        (MESSAGES, "anthropic/claude-sonnet-5", "openrouter"),
        (CHAT, "llama3:70b", "mine"),
        (CHAT, "gpt-oss:20b", "mine"),
        (CHAT, "gpt-5", "azure"),
        (RESPONSES, "gpt-5", "azure"),
        # The deployment's name means the model that it serves.
        (CHAT, "prod", "azure"),
        # Nobody lists these, or not over this protocol: the provider's own.
        (CHAT, "o3", "openai"),
        (MESSAGES, "gpt-5", "anthropic"),
        (MESSAGES, "claude-opus-5-5", "anthropic"),
        (GEMINI, "llama3", "gemini"),
    ],
)
def test_the_first_entry_that_lists_a_model_serves_it_and_else_the_providers_own(
    protocol: WireProtocol, model: str, name: str
) -> None:
    upstream = SEVERAL.upstream_for(protocol, model)
    assert upstream is not None
    assert upstream.name == name


def test_an_own_entry_that_is_bound_to_models_serves_no_other() -> None:
    settings = settings_of("openai: {models: ['gpt-*']}")
    assert settings.upstream_for(CHAT, "o3") is None
    assert settings.upstream_for(CHAT, "gpt-5") is not None
    assert own_of(settings.upstreams, CHAT).name == "openai"


def test_where_no_further_entry_speaks_a_protocol_the_own_one_serves_it_whatever_the_model() -> None:
    assert only(SEVERAL.upstreams, RESPONSES) is None
    assert only(SEVERAL.upstreams, GEMINI) == upstream_of("gemini")
    assert only({}, RESPONSES) == upstream_of("openai")


def test_an_entry_names_a_model_by_the_upstreams_id_and_back() -> None:
    azure = SEVERAL.upstreams["azure"]
    assert (azure.id_of("gpt-4.1"), azure.id_of("gpt-5")) == ("prod", "gpt-5")
    assert (azure.model_of("prod"), azure.model_of("gpt-5")) == ("gpt-4.1", "gpt-5")


def test_a_glob_names_no_model_that_an_id_could_mean() -> None:
    upstream = upstream_of("u", url="http://u", model_ids={"claude-*": "one"})
    assert (upstream.id_of("claude-3"), upstream.model_of("one")) == ("one", "one")


def test_a_deployments_name_is_no_name_to_look_a_price_up_by_and_another_providers_id_is() -> None:
    azure, router = (
        upstream_of(name, url="http://u", kind=name, model_ids={"m": "n"}) for name in ("azure", "openrouter")
    )
    assert (azure.billed_as("m"), router.billed_as("m"), router.billed_as("o")) == (None, "n", None)


@pytest.mark.parametrize(
    ("name", "url", "kind", "expected"),
    [
        ("x", "https://openrouter.ai/api/v1", None, "openrouter"),
        ("x", "https://acme.openai.azure.com", None, "azure"),
        ("x", "https://api.mistral.ai/v1", None, "mistral"),
        ("x", "https://api.x.ai/v1", None, "xai"),
        ("x", "https://api.deepseek.com", None, "deepseek"),
        ("x", "http://127.0.0.1:11434/v1", None, "compatible"),
        ("x", "http://127.0.0.1:1", "azure", "azure"),
        ("mistral", None, None, "mistral"),
        ("mistral", "http://gw/v1", None, "compatible"),
        ("x", None, None, None),
        ("openai", "https://openrouter.ai/api/v1", None, "openai"),
    ],
)
def test_a_kind_is_what_the_entry_says_or_its_host_or_its_name(
    name: str, url: str | None, kind: str | None, expected: str | None
) -> None:
    assert kind_of(name, url, kind) == expected


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_entry_keeps_its_paths_its_key_and_its_own_prices_at_any_address(name: str) -> None:
    upstream = upstream_of(name, url="http://127.0.0.1:9")
    assert (upstream.kind, upstream.key, upstream.provider, upstream.geo) == (name, name, name, None)


@pytest.mark.parametrize(
    ("url", "provider", "geo"),
    [
        ("https://api.openai.com/v1", "openai", None),
        ("https://eu.api.openai.com/v1", "openai", "eu"),
        ("https://openrouter.ai/api/v1", "openrouter", None),
        ("http://127.0.0.1:9000/api.x.ai", "openai", None),
    ],
)
def test_the_host_tells_whose_prices_hold_and_where(url: str, provider: str, geo: str | None) -> None:
    upstream = upstream_of("openai", url=url)
    assert (upstream.provider, upstream.geo) == (provider, geo)


def test_an_entry_may_say_whose_prices_hold() -> None:
    assert upstream_of("gw", url="http://gw", provider="groq").provider == "groq"


def test_the_schema_knows_the_kinds_that_there_are() -> None:
    told = load_schema()["$defs"]["upstream"]["properties"]["kind"]["enum"]  # type: ignore[index]
    assert told == list(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_speak_what_it_speaks_unasked(kind: str) -> None:
    upstream: Upstream = upstream_of("u", url="http://u", kind=kind)
    assert upstream.protocols == KINDS[kind].speaks
    assert set(KINDS[kind].speaks) <= set(KINDS[kind].can)
