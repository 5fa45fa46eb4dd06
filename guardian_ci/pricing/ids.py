"""Strict model ids: two ids are the same model only if they differ by what providers themselves vary.

That is a date, ``-latest``, ``@date`` or ``@default``, a ``models/`` path, the provider's name in front, Claude Code's
``[1m]``, and the owner and number behind a fine-tuned model's base (``ft:gpt-4o-mini-2024-07-18:acme::id``). Nothing
else: ``claude-opus-4-8-fast`` is not ``claude-opus-4-8``.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

PREFIXES: Final[Mapping[str, str]] = {
    "anthropic": "anthropic",
    "openai": "openai",
    "google": "google",
    "gemini": "google",
    "vertex_ai": "google",
    "vertex": "google",
    "google-vertex": "google",
    "azure": "azure",
    "azure_ai": "azure",
    "azure-openai": "azure",
    "bedrock": "aws",
    "amazon-bedrock": "aws",
    "aws": "aws",
    "xai": "x-ai",
    "x-ai": "x-ai",
    "deepseek": "deepseek",
    "mistral": "mistral",
    "mistralai": "mistral",
    "groq": "groq",
    "openrouter": "openrouter",
    "moonshot": "moonshotai",
    "moonshotai": "moonshotai",
    "zai": "zai",
    "z-ai": "zai",
    "cerebras": "cerebras",
    "together_ai": "together",
    "fireworks_ai": "fireworks",
    "perplexity": "perplexity",
    "cohere": "cohere",
    "minimax": "minimax",
    "github_copilot": "github-copilot",
}
"""The names that stand in front of a model's id, and the provider that each one means."""

_CONTEXT = re.compile(r"\[1m\]$")
_PATH = re.compile(r"^(?:.*[/:])?(?:models|inference-profile|foundation-model)/")
_FINE_TUNED = re.compile(r"^(ft:[^:]+):.*$")
_DATE: Final = r"(?:20\d{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01]))"
_SUFFIX = re.compile(rf"(?:-latest|[-@]{_DATE}|@default|@latest)$")
_BEDROCK_SUFFIX = re.compile(rf"(?:-{_DATE})?(?:-v\d+(?::\d+(?::[0-9a-z]+)?)?)$")


def spellings(model: str) -> Iterator[tuple[str | None, str]]:
    """Yield the ways to look ``model`` up, strictest first: the provider that its prefix names, and the id."""
    name = _FINE_TUNED.sub(r"\1", _CONTEXT.sub("", model.strip().lower()))
    yield None, name
    path = _PATH.sub("", name)
    if path != name:
        yield _publisher(name), path
        name = path
    first, slash, rest = name.partition("/")
    if slash and first in PREFIXES:
        yield PREFIXES[first], rest
        inner = _PATH.sub("", rest)
        if inner != rest:
            yield PREFIXES[first], inner


def provider_id(name: str) -> str:
    """Turn any of a provider's names into the one that the table goes by."""
    return PREFIXES.get(name.lower(), name.lower())


def undated(model: str) -> str:
    """Take off a date, ``-latest`` and what stands for them."""
    return _SUFFIX.sub("", model)


def unversioned(model: str) -> str:
    """Take off Bedrock's version (``-v1:0``) and a date before it."""
    return _BEDROCK_SUFFIX.sub("", model)


def _publisher(name: str) -> str | None:
    """Find whose model a path like ``publishers/google/models/x`` leads to."""
    found = re.search(r"publishers/([a-z0-9-]+)/models/", name)
    if name.startswith("arn:"):
        return "aws"
    return "google" if found or name.startswith("projects/") else None
