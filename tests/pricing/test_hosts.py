"""An upstream's host says whose prices hold, and where tokens are processed."""

import pytest

from guardian_ci.pricing.hosts import host_facts


@pytest.mark.parametrize(
    ("host", "provider", "geo"),
    [
        ("api.anthropic.com", "anthropic", None),
        ("api.anthropic.com:443", "anthropic", None),
        ("API.OpenAI.com", "openai", None),
        ("eu.api.openai.com", "openai", "eu"),
        ("us.api.openai.com", "openai", "us"),
        ("generativelanguage.googleapis.com", "google", None),
        ("aiplatform.googleapis.com", "google", None),
        ("us-east5-aiplatform.googleapis.com", "google", "us-east5"),
        ("aiplatform.eu.rep.googleapis.com", "google", "eu"),
        ("acme.openai.azure.com", "azure", None),
        ("bedrock-runtime.us-east-1.amazonaws.com", "aws", None),
        ("api.x.ai", "x-ai", None),
        ("api.deepseek.com", "deepseek", None),
        ("openrouter.ai", "openrouter", None),
        ("127.0.0.1:8080", None, None),
        ("api.openai.com.evil.example", None, None),
        ("evil.example/api.openai.com", None, None),
        ("notapi.anthropic.com.example", None, None),
        ("", None, None),
    ],
)
def test_hosts(host: str, provider: str | None, geo: str | None) -> None:
    assert host_facts(host) == (provider, geo)
