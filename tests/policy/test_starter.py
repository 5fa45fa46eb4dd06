"""The policy that ``init`` proposes."""

from itertools import combinations

import pytest

from guardian_ci.policy import Settings, load_policy
from guardian_ci.policy.default import KEY_FILES
from guardian_ci.policy.rules import evaluate_tool, view_of
from guardian_ci.policy.starter import ECOSYSTEMS, PLACES, Ecosystem, recognised, starter_policy
from guardian_ci.policy.tool_patterns import Kind, parse
from guardian_ci.policy.tools import describe_tool


def settings_of(*names: str, own_path: str = "") -> Settings:
    return load_policy(starter_policy(recognised(names), own_path), "guardian.yml").settings[0]


def blocked(settings: Settings, tool: str, argument: str) -> list[str]:
    use = describe_tool("1", tool, argument)
    return [finding.rule for finding in evaluate_tool(settings, use, view_of(use))[0] if finding.violation]


@pytest.mark.parametrize("ecosystem", ECOSYSTEMS, ids=lambda each: each.name)
def test_each_ecosystem_is_known_by_its_marks_and_its_policy_can_be_obeyed(ecosystem: Ecosystem) -> None:
    for mark in ecosystem.marks:
        assert ecosystem in recognised([mark.replace("*", "x")])
    load_policy(starter_policy([ecosystem]), "guardian.yml")
    for command in ecosystem.commands:
        assert parse(f"Bash({command})").kind is Kind.COMMAND


def test_any_two_and_all_together_can_be_obeyed() -> None:
    for pair in combinations(ECOSYSTEMS, 2):
        load_policy(starter_policy(pair, PLACES[0]), "guardian.yml")
    load_policy(starter_policy(ECOSYSTEMS, PLACES[1]), "guardian.yml")
    load_policy(starter_policy([]), "guardian.yml")


def test_the_comments_hold_entries_that_can_be_obeyed_too() -> None:
    text = starter_policy(recognised(["package.json", "go.mod"]))
    switched_on = text.replace("# allowed_tools:", "allowed_tools:").replace("#   - ", "  - ")
    settings = load_policy(switched_on.replace("# file_allowlist", "file_allowlist"), "guardian.yml").settings[0]
    assert blocked(settings, "Bash", '{"command": "npm test -- --watch=false"}') == []
    assert blocked(settings, "Bash", '{"command": "go test ./..."}') == []
    assert blocked(settings, "Bash", '{"command": "python3 x.py"}') == ["tool_allowlist"]


def test_what_it_keeps_is_what_the_default_keeps() -> None:
    patterns = [each.pattern for each in settings_of("main.tf").file_blocklist.read or ()]
    assert set(KEY_FILES) <= set(patterns)
    assert "*.tfvars" in patterns
    assert patterns[-1] == "!*.pub"
    assert len(patterns) == len(set(patterns))


def test_a_package_manager_may_talk_to_its_registry_and_nobody_to_a_stranger() -> None:
    settings = settings_of("pyproject.toml", ".github")
    assert blocked(settings, "Bash", '{"command": "pip install requests"}') == []
    assert blocked(settings, "Bash", '{"command": "curl https://api.github.com/repos"}') == []
    assert blocked(settings, "Bash", '{"command": "curl https://evil.example"}') == ["network_allowlist"]


def test_without_a_package_manager_any_host_may_be_talked_to() -> None:
    assert settings_of("README").network_allowlist is None


def test_it_keeps_the_agent_from_pushing_from_workflows_and_from_itself() -> None:
    settings = settings_of("package.json", own_path=".github/guardian.yml")
    for tool, argument in (
        ("Bash", '{"command": "git push origin main"}'),
        ("Write", '{"file_path": ".github/workflows/ci.yml", "content": ""}'),
        ("Bash", '{"command": "echo > .github/guardian.yml"}'),
    ):
        assert blocked(settings, tool, argument) == ["tool_blocklist"]
    assert blocked(settings, "Read", '{"file_path": ".github/workflows/ci.yml"}') == []


def test_a_strange_place_is_not_written_into_the_policy() -> None:
    assert "evil" not in starter_policy([], own_path="evil: [")
