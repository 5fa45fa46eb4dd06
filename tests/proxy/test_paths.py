"""Which path is which, and where a call goes."""

import pytest

from guardian_ci.proxy.paths import ENDPOINTS, MODELS, geo_of, provider_of, upstream_url
from guardian_ci.wire import WIRES


@pytest.mark.parametrize(
    ("base", "path", "query", "url"),
    [
        ("https://api.anthropic.com", "/v1/messages", "", "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/", "/v1/messages", "beta=true", "https://api.anthropic.com/v1/messages?beta=true"),
        ("https://api.openai.com/v1", "/v1/responses", "", "https://api.openai.com/v1/responses"),
        ("https://api.openai.com/v1/", "/v1/responses", "", "https://api.openai.com/v1/responses"),
        ("http://gw/openai/v1", "/v1/models/gpt-5", "a=%2F&b", "http://gw/openai/v1/models/gpt-5?a=%2F&b"),
        ("http://gw/proxy", "/v1/messages", "", "http://gw/proxy/v1/messages"),
        ("http://gw/av1", "/v1/messages", "", "http://gw/av1/v1/messages"),
        ("http://gw/v1beta", "/v1beta/models/m:generateContent", "", "http://gw/v1beta/models/m:generateContent"),
        ("http://gw/v1", "/v1beta/models/m:generateContent", "", "http://gw/v1/v1beta/models/m:generateContent"),
    ],
)
def test_a_call_goes_to_the_base_and_its_own_path_once(base: str, path: str, query: str, url: str) -> None:
    assert upstream_url(base, path, query) == url


@pytest.mark.parametrize(
    ("base", "provider", "geo"),
    [
        ("https://api.openai.com/v1", "openai", None),
        ("https://eu.api.openai.com/v1", "openai", "eu"),
        ("https://openrouter.ai/api/v1", "openrouter", None),
        ("http://127.0.0.1:9000/api.x.ai", "spoken", None),
        ("not a url", "spoken", None),
    ],
)
def test_the_upstreams_host_tells_whose_prices_hold_and_where(base: str, provider: str, geo: str | None) -> None:
    assert provider_of(base, "spoken") == provider
    assert geo_of(base) == geo


def test_every_endpoint_speaks_a_protocol_that_is_known() -> None:
    assert {each.protocol for each in (*ENDPOINTS, *MODELS.values())} <= set(WIRES)
