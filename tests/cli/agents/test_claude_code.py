"""Claude Code's variables."""

from pathlib import Path

from places import BASE, TOKEN, place

from guardian_ci.cli.agents.agent import Setup
from guardian_ci.cli.agents.claude_code import CLAUDE_CODE


def prepared(folder: Path, **environment: str) -> Setup:
    assert CLAUDE_CODE.prepare is not None
    return CLAUDE_CODE.prepare(place(folder, environment))


def test_a_repositorys_settings_cannot_name_another_provider(tmp_path: Path) -> None:
    assert prepared(tmp_path).variables == {"CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST": "1"}


def test_in_its_mode_for_bedrock_it_calls_the_proxy_with_the_token(tmp_path: Path) -> None:
    found = prepared(tmp_path, CLAUDE_CODE_USE_BEDROCK="1", AWS_REGION="eu-west-1").variables
    assert found["ANTHROPIC_BEDROCK_BASE_URL"] == BASE
    assert (found["AWS_BEARER_TOKEN_BEDROCK"], found["AWS_REGION"]) == (TOKEN, "eu-west-1")


def test_in_its_mode_for_vertex_it_calls_the_proxy_with_the_token_beside_headers_of_the_users(tmp_path: Path) -> None:
    found = prepared(tmp_path, CLAUDE_CODE_USE_VERTEX="1", ANTHROPIC_CUSTOM_HEADERS="x-team: a").variables
    assert found["ANTHROPIC_VERTEX_BASE_URL"] == f"{BASE}/v1"
    assert found["ANTHROPIC_CUSTOM_HEADERS"] == f"x-team: a\nx-api-key: {TOKEN}"
    assert found["CLAUDE_CODE_SKIP_VERTEX_AUTH"] == "1"
    again = prepared(tmp_path, CLAUDE_CODE_USE_VERTEX="1", ANTHROPIC_CUSTOM_HEADERS=f"x-api-key: {TOKEN}").variables
    assert again["ANTHROPIC_CUSTOM_HEADERS"] == f"x-api-key: {TOKEN}"
