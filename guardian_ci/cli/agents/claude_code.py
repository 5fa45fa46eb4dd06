"""Claude Code: variables, and in its modes for the clouds those of the clouds."""

from typing import Final

from guardian_ci.cli.agents.agent import Agent, Place, Setup
from guardian_ci.model import WireProtocol


def _prepare(place: Place) -> Setup:
    """The base URL and the token, which the settings of a repository cannot replace; no telemetry and no updates.

    IS_SANDBOX lets it work as root, as containers do, where ``--dangerously-skip-permissions`` is given.
    """
    return Setup(
        variables={"CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST": "1"} | _bedrock(place) | _vertex(place),
        defaults={"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "IS_SANDBOX": "1"},
    )


def _bedrock(place: Place) -> dict[str, str]:
    """Where the user has chosen Bedrock: its API as the proxy serves it, the token in the place of a signature."""
    if not place.environment.get("CLAUDE_CODE_USE_BEDROCK"):
        return {}
    return {
        "ANTHROPIC_BEDROCK_BASE_URL": place.base,
        "AWS_BEARER_TOKEN_BEDROCK": place.token,
        "AWS_REGION": place.environment.get("AWS_REGION") or "us-east-1",
    }


def _vertex(place: Place) -> dict[str, str]:
    """Where the user has chosen Vertex: its API as the proxy serves it, the token beside it in a header."""
    if not place.environment.get("CLAUDE_CODE_USE_VERTEX"):
        return {}
    own = place.environment.get("ANTHROPIC_CUSTOM_HEADERS", "")
    header = f"x-api-key: {place.token}"
    return {
        "ANTHROPIC_VERTEX_BASE_URL": f"{place.base}/v1",
        "CLAUDE_CODE_SKIP_VERTEX_AUTH": "1",
        "ANTHROPIC_CUSTOM_HEADERS": f"{own}\n{header}" if own and own != header else header,
        "ANTHROPIC_VERTEX_PROJECT_ID": place.environment.get("ANTHROPIC_VERTEX_PROJECT_ID") or "guardian-ci",
        "CLOUD_ML_REGION": place.environment.get("CLOUD_ML_REGION") or "global",
    }


CLAUDE_CODE: Final = Agent(
    name="claude-code",
    title="Claude Code",
    commands=("claude",),
    protocols=(WireProtocol.ANTHROPIC_MESSAGES,),
    prepare=_prepare,
    set_by="environment",
    detours=(
        "CLAUDE_CODE_USE_FOUNDRY",
        "CLAUDE_CODE_USE_MANTLE",
        "CLAUDE_CODE_USE_GATEWAY",
        "CLAUDE_CODE_USE_ANTHROPIC_AWS",
        "CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD",
        "ANTHROPIC_UNIX_SOCKET",
    ),
    outside=(
        "WebFetch's check of a page's host at api.anthropic.com (its setting skipWebFetchPreflight), and the page",
        "fast mode's check of the account, where CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC is turned off",
    ),
)
