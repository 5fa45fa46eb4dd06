import pytest

from guardian_ci.model import Place
from guardian_ci.policy import load_policy
from guardian_ci.policy.rules.tool_allowlist import ToolAllowlist, allows
from guardian_ci.policy.settings import Settings
from guardian_ci.policy.tools import describe_tool


def listed(tools: str) -> Settings:
    return load_policy(f"name: x\nallowed_tools: {tools}", "p.yml").settings[0]


@pytest.mark.parametrize(
    ("allowed", "passing", "denied"),
    [
        (
            "[read_file, write_file, bash]",
            [
                "Read",
                "view",
                "Write",
                "Edit",
                "apply_patch",
                "Bash",
                "run_shell_command",
                "write_stdin",
                "exec",
                "BashOutput",
            ],
            ["WebFetch", "WebSearch", "mcp__fs__read_file", "Glob", "delete_file", "Task", "web_search_20250305", ""],
        ),
        ("[Read]", ["Read", "read_file", "view"], ["Write", "Bash"]),
        ("[edit_file]", ["Edit"], ["Write"]),
        ("['mcp__github__*']", ["mcp__github__create_issue"], ["mcp__gitlab__x", "mcp__github"]),
        ("['*']", ["anything", "Bash"], []),
        ("['web_*']", ["WebFetch", "WebSearch"], ["Bash"]),
        ("[deploy]", ["deploy"], ["Deploy", "deploys"]),
        ("[]", [], ["Read", "deploy"]),
    ],
)
def test_a_tool_passes_by_its_own_name_the_common_one_or_a_glob(
    allowed: str, passing: list[str], denied: list[str]
) -> None:
    rule, settings = ToolAllowlist(), listed(allowed)
    found = {name: rule.check(settings, describe_tool("c", name, "{}")) for name in (*passing, *denied)}
    assert [name for name, finding in found.items() if finding is not None] == denied


def test_without_a_list_every_tool_passes() -> None:
    assert allows(Settings(), "anything")


def test_the_finding_names_the_tool_what_is_allowed_and_the_line() -> None:
    finding = ToolAllowlist().check(listed("[read_file, bash]"), describe_tool("c", "WebFetch", "{}"))
    assert finding is not None
    assert finding.message == "The tool WebFetch (web_fetch) is not allowed here. Allowed tools: read_file, bash."
    assert (finding.reason, finding.subject, finding.violation) == ("tool_not_allowed", "WebFetch", True)
    assert finding.place == Place(file="p.yml", line=2)


def test_a_tool_behind_another_is_the_one_that_is_judged() -> None:
    hidden = describe_tool("c", "tool_call", '{"name": "web_fetch", "arguments": {}}')
    assert ToolAllowlist().check(listed("[read_file]"), hidden) is not None
    assert ToolAllowlist().check(listed("[web_fetch]"), hidden) is None


def test_reading_through_an_editor_is_reading() -> None:
    view = describe_tool("c", "str_replace_editor", '{"command": "view", "path": "a"}')
    assert ToolAllowlist().check(listed("[read_file]"), view) is None
