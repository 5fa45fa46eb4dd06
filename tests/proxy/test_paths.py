"""Which path is which, and where a call goes."""

import pytest

from guardian_ci.proxy.paths import ENDPOINTS, MODELS, upstream_url
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
    ],
)
def test_a_call_goes_to_the_base_and_its_own_path_once(base: str, path: str, query: str, url: str) -> None:
    assert upstream_url(base, path, query) == url


def test_every_endpoint_speaks_a_protocol_that_is_known() -> None:
    assert {each.protocol for each in (*ENDPOINTS, *MODELS.values())} <= set(WIRES)
