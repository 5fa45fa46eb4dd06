"""What an upstream's host tells of its prices: whose they are, and in which geography the tokens are processed."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

_HOSTS: Final[Sequence[tuple[re.Pattern[str], str]]] = tuple(
    (re.compile(pattern), provider)
    for pattern, provider in (
        (r"api\.anthropic\.com", "anthropic"),
        (r"(?:(?P<geo>[a-z-]+)\.)?api\.openai\.com", "openai"),
        (r"generativelanguage\.googleapis\.com", "google"),
        (r"(?:(?P<geo>[a-z0-9-]+)-)?aiplatform\.googleapis\.com", "google"),
        (r"aiplatform\.(?P<geo>[a-z0-9-]+)\.rep\.googleapis\.com", "google"),
        (r".+\.(?:openai\.azure\.com|cognitiveservices\.azure\.com|services\.ai\.azure\.com)", "azure"),
        (r"bedrock(?:-runtime|-mantle)?(?:-fips)?\.[a-z0-9-]+\.(?:amazonaws\.com|api\.aws)", "aws"),
        (r"(?:[a-z0-9-]+\.)?api\.x\.ai", "x-ai"),
        (r"api\.deepseek\.com", "deepseek"),
        (r"openrouter\.ai", "openrouter"),
        (r"api\.mistral\.ai", "mistral"),
        (r"api\.groq\.com", "groq"),
        (r"api\.cerebras\.ai", "cerebras"),
        (r"api\.together\.(?:xyz|ai)", "together"),
        (r"api\.fireworks\.ai", "fireworks"),
        (r"api\.moonshot\.(?:ai|cn)", "moonshotai"),
        (r"api\.z\.ai", "zai"),
        (r"api\.minimax\.io", "minimax"),
        (r"api\.perplexity\.ai", "perplexity"),
        (r"api\.(?:individual\.|business\.|enterprise\.)?githubcopilot\.com", "github-copilot"),
    )
)


class HostFacts(NamedTuple):
    """Whose prices hold at a host (None: nobody's that we know), and the geography that its name binds to."""

    provider: str | None
    geo: str | None


def host_facts(host: str) -> HostFacts:
    """Read a host's name, with or without a port."""
    name = host.lower().rpartition("@")[2].partition(":")[0].strip(".")
    for pattern, provider in _HOSTS:
        found = pattern.fullmatch(name)
        if found:
            return HostFacts(provider, found.groupdict().get("geo"))
    return HostFacts(None, None)
