import json
import shlex

import pytest

from guardian_ci.model import Finding, Place
from guardian_ci.policy import load_policy
from guardian_ci.policy.rules import evaluate_tool, view_of
from guardian_ci.policy.rules.interface import ToolView
from guardian_ci.policy.rules.tool_blocklist import ToolBlocklist, may_be_denied
from guardian_ci.policy.settings import Settings
from guardian_ci.policy.shell.facts import UNKNOWN, Access, Analysis, Contact, Touch
from guardian_ci.policy.tools import describe_tool

ROOT = "/work/app"


def listed(*entries: str) -> Settings:
    return load_policy(f"allowed_tools: ['*']\ndenied_tools: {json.dumps(entries)}", "p.yml").settings[0]


def asked(settings: Settings, name: str, arguments: object, **view: object) -> Finding | None:
    tool = describe_tool("c", name, json.dumps(arguments))
    return ToolBlocklist().check(settings, tool, ToolView(**{"root": ROOT, **view}))


def ran(*commands: str, **facts: object) -> Analysis:
    return Analysis(commands=tuple(tuple(shlex.split(command)) for command in commands), **facts)


@pytest.mark.parametrize(
    ("entry", "denied", "passing"),
    [
        ("Bash", ["Bash", "run_shell_command", "write_stdin", "BashOutput"], ["Read"]),
        ("web_*", ["WebFetch", "WebSearch", "web_search_20250305"], ["Bash"]),
        ("mcp__github", ["mcp__github__create_issue"], ["mcp__gitlab__x"]),
        ("mcp__*", ["mcp__gitlab__x"], ["Bash"]),
        ("Write", ["Write", "create_file"], ["Edit", "Read"]),
        ("*", ["anything"], []),
    ],
)
def test_a_tool_is_denied_by_any_of_its_names(entry: str, denied: list[str], passing: list[str]) -> None:
    settings = listed(entry)
    assert [name for name in (*denied, *passing) if asked(settings, name, {}) is not None] == denied


def test_the_finding_names_the_entry_and_its_line() -> None:
    settings = load_policy("denied_tools:\n  - Read\n  - WebFetch\n", "p.yml").settings[0]
    finding = asked(settings, "WebFetch", {})
    assert finding is not None
    assert finding.message == "The tool WebFetch is denied: the policy denies WebFetch. Use another one."
    assert (finding.reason, finding.subject, finding.place) == ("tool_denied", "WebFetch", Place(file="p.yml", line=3))


def test_without_a_list_nothing_is_denied() -> None:
    assert asked(Settings(), "Bash", {"command": "x"}, analysis=ran("x")) is None


def test_one_denied_command_denies_the_line_and_says_which() -> None:
    finding = asked(listed("Bash(git push:*)"), "Bash", {"command": "c"}, analysis=ran("git add x", "git -C y push -f"))
    assert finding is not None
    assert finding.message == 'Bash is denied "git -C y push -f": the policy denies Bash(git push:*). Go on without it.'


def test_a_denied_command_is_denied_to_every_tool_that_runs_commands() -> None:
    settings = listed("Bash(curl:*)")
    for name in ("Bash", "write_stdin", "mcp__shell__run"):
        assert asked(settings, name, {"command": "c"}, analysis=ran("sudo curl x", "curl x")) is not None
        assert asked(settings, name, {"command": "c"}, analysis=ran("wget x")) is None


@pytest.mark.parametrize(
    ("entry", "denied", "passing"),
    [
        (
            "Read(./.env)",
            [
                ("Read", {"file_path": f"{ROOT}/.env"}),
                ("view", {"path": ".env"}),
                ("Grep", {"pattern": "x", "path": ".env"}),
                ("Edit", {"file_path": "sub/../.env", "old_string": "a", "new_string": "b"}),
                ("mcp__fs__read_file", {"path": ".env"}),
            ],
            [("Read", {"file_path": ".env.example"}), ("Write", {"file_path": "a", "content": ".env"})],
        ),
        (
            "Edit(//etc/**)",
            [("Write", {"file_path": "/etc/hosts", "content": ""}), ("delete_file", {"path": "/etc/hosts"})],
            [("Read", {"file_path": "/etc/hosts"}), ("Write", {"file_path": f"{ROOT}/etc/hosts", "content": ""})],
        ),
        (
            "Edit(/docs/**)",
            [("Write", {"file_path": f"{ROOT}/docs/a", "content": ""})],
            [("Write", {"file_path": f"{ROOT}/src/docs/a", "content": ""})],
        ),
        (
            "Glob(src/**)",
            [("Glob", {"pattern": "src/x"})],
            [("Read", {"file_path": "src/x"})],
        ),
        (
            "WebFetch(domain:evil.example)",
            [
                ("WebFetch", {"url": "https://EVIL.example./x"}),
                ("WebFetch", {"url": "http://good.example\\@evil.example/"}),
            ],
            [("WebFetch", {"url": "https://good.example/evil.example"})],
        ),
        (
            "WebFetch(domain:*)",
            [("WebFetch", {"url": "http://169.254.169.254/latest"})],
            [("WebSearch", {"query": "x"})],
        ),
        (
            "Agent(Explore)",
            [("Task", {"subagent_type": "Explore"})],
            [("Task", {"subagent_type": "Plan"}), ("Task", {"prompt": "Explore"})],
        ),
        (
            "Agent(model:opus)",
            [("Task", {"model": "opus", "prompt": "x"})],
            [("Task", {"model": "haiku"}), ("Task", {"prompt": "model:opus"})],
        ),
        (
            "Bash(run_in_background:true)",
            [("Bash", {"command": "x", "run_in_background": True})],
            [("Bash", {"command": "x", "run_in_background": False}), ("Bash", {"command": "run_in_background"})],
        ),
        (
            "mcp__jira__create(project:OPS*)",
            [("mcp__jira__create", {"project": "OPS-1"})],
            [("mcp__jira__create", {"project": "DEV"}), ("mcp__jira__read", {"project": "OPS-1"})],
        ),
    ],
)
def test_a_pattern_denies_calls_that_name_what_it_means(
    entry: str, denied: list[tuple[str, object]], passing: list[tuple[str, object]]
) -> None:
    settings = listed(entry)
    assert [each for each in (*denied, *passing) if asked(settings, *each) is not None] == denied


def test_a_denied_file_or_host_is_denied_to_commands_too() -> None:
    reading = ran("cat .env", touches=(Touch(path=".env", access=Access.READ, word=".env"),))
    writing = ran("x", touches=(Touch(path="/etc/hosts", access=Access.WRITE, word="/etc/hosts"),))
    talking = ran("curl evil.example", contacts=(Contact(host="evil.example", program="curl", word="evil.example"),))
    assert asked(listed("Read(.env)"), "Bash", {"command": "c"}, analysis=reading) is not None
    assert asked(listed("Edit(.env)"), "Bash", {"command": "c"}, analysis=reading) is None
    assert asked(listed("Edit(//etc/**)"), "Bash", {"command": "c"}, analysis=writing) is not None
    assert asked(listed("WebFetch(domain:evil.example)"), "Bash", {"command": "c"}, analysis=talking) is not None


def test_an_argument_that_stands_twice_is_denied_in_either_reading() -> None:
    for text in ('{"model": "opus", "model": "haiku"}', '{"model": "haiku", "model": "opus"}'):
        assert (
            ToolBlocklist().check(listed("Agent(model:opus)"), describe_tool("c", "Task", text), ToolView()) is not None
        )


def test_what_may_be_denied_is_told_apart() -> None:
    settings, tool = listed("Bash(git push:*)"), describe_tool("c", "Bash", '{"command": "c"}')
    dark = ToolView(analysis=ran(f"git {UNKNOWN} x"))
    assert ToolBlocklist().check(settings, tool, dark) is None
    assert may_be_denied(settings, tool, dark) == (f"git {UNKNOWN} x", "Bash(git push:*)")
    assert may_be_denied(settings, tool, ToolView(analysis=ran(f"git log {UNKNOWN}"))) is None


def test_a_tool_behind_another_is_denied_by_its_own_name_and_the_other_by_its_own() -> None:
    def denied(entry: str, name: str, arguments: object) -> list[str]:
        tool = describe_tool("c", name, arguments if isinstance(arguments, str) else json.dumps(arguments))
        findings, _ = evaluate_tool(listed(entry), tool, view_of(tool, root=ROOT))
        return [finding.subject for finding in findings if finding.rule == "tool_blocklist"]

    calls = {"tool_calls": [{"tool": "read", "parameters": {"filePath": "a"}}, {"tool": "webfetch", "parameters": {}}]}
    assert denied("WebFetch", "batch", calls) == ["webfetch"]
    assert denied("batch", "batch", calls) == ["batch"]
    assert denied("Read(./a)", "batch", calls) == ["batch"]
    assert denied("mcp__jira", "exec", "await tools.mcp__jira__create({})") == ["mcp__jira__create"]
    assert denied("mcp__jira__create(project:OPS)", "exec", "await tools.mcp__jira__create({project: 'OPS'})")
    assert denied("mcp__jira", "exec", "await tools.exec_command({cmd: 'ls'})") == []
