"""Upstreams with the providers' own paths."""

import pytest
from asked import asked, sent

from guardian_ci.policy.upstreams import upstream_of
from guardian_ci.proxy.upstreams.plain import Plain, joined


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
    assert joined(base, path, query) == url


@pytest.mark.parametrize(
    ("name", "path", "url"),
    [
        ("openrouter", "/v1/chat/completions", "https://openrouter.ai/api/v1/chat/completions"),
        ("openrouter", "/v1/messages", "https://openrouter.ai/api/v1/messages"),
        ("mistral", "/v1/chat/completions", "https://api.mistral.ai/v1/chat/completions"),
        ("xai", "/v1/responses", "https://api.x.ai/v1/responses"),
        ("deepseek", "/v1/chat/completions", "https://api.deepseek.com/v1/chat/completions"),
        ("deepseek", "/v1/messages", "https://api.deepseek.com/anthropic/v1/messages"),
    ],
)
def test_each_provider_is_asked_where_its_documentation_says(name: str, path: str, url: str) -> None:
    assert sent(Plain(), asked(upstream_of(name), path)).url == url


def test_a_base_url_with_the_version_keeps_the_other_api_beside_it() -> None:
    upstream = upstream_of("deepseek", url="https://api.deepseek.com/v1")
    assert sent(Plain(), asked(upstream, "/v1/messages")).url == "https://api.deepseek.com/anthropic/v1/messages"


def test_headers_and_body_go_out_as_they_are() -> None:
    call = asked(upstream_of("openai"), "/v1/responses", headers=[(b"x-a", b"1")], body=b'{"model": "m"}')
    out = sent(Plain(), call)
    assert (out.headers, out.body) == ([(b"x-a", b"1")], b'{"model": "m"}')
