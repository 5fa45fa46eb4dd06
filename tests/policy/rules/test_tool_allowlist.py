import json
import shlex
from dataclasses import replace

import pytest

from guardian_ci.model import Finding, Place
from guardian_ci.policy import load_policy
from guardian_ci.policy.rules.interface import ToolView
from guardian_ci.policy.rules.tool_allowlist import ToolAllowlist
from guardian_ci.policy.settings import Settings
from guardian_ci.policy.shell.facts import UNKNOWN, Access, Analysis, Opaque, Touch
from guardian_ci.policy.tools import describe_tool

ROOT = "/work/app"


def listed(*entries: str) -> Settings:
    return load_policy(f"name: x\nallowed_tools: {json.dumps(entries)}", "p.yml").settings[0]


def asked(settings: Settings, name: str, arguments: object, **view: object) -> Finding | None:
    tool = describe_tool("c", name, json.dumps(arguments))
    return ToolAllowlist().check(settings, tool, ToolView(**{"root": ROOT, **view}))


def ran(*commands: str, **facts: object) -> Analysis:
    return Analysis(commands=tuple(tuple(shlex.split(command)) for command in commands), **facts)


@pytest.mark.parametrize(
    ("allowed", "passing", "denied"),
    [
        (
            ["read_file", "write_file", "bash"],
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
        (["Read"], ["Read", "read_file", "view"], ["Write", "Bash"]),
        (["edit_file"], ["Edit"], ["Write"]),
        (["mcp__github__*"], ["mcp__github__create_issue"], ["mcp__gitlab__x", "mcp__github"]),
        (["mcp__github"], ["mcp__github__create_issue", "mcp__github"], ["mcp__github2__x", "mcp__gitlab__x"]),
        (["*"], ["anything", "Bash"], []),
        (["Bash(*)"], ["Bash", "write_stdin"], ["Read"]),
        (["web_*"], ["WebFetch", "WebSearch"], ["Bash"]),
        (["deploy"], ["deploy"], ["Deploy", "deploys"]),
        ([], [], ["Read", "deploy"]),
    ],
)
def test_a_tool_passes_by_its_own_name_the_common_one_or_a_glob(
    allowed: list[str], passing: list[str], denied: list[str]
) -> None:
    settings = listed(*allowed)
    assert [name for name in (*passing, *denied) if asked(settings, name, {}) is not None] == denied


def test_without_a_list_every_tool_passes() -> None:
    assert asked(Settings(), "anything", {}) is None


def test_the_finding_names_the_tool_what_is_allowed_and_the_line() -> None:
    finding = asked(listed("read_file", "bash"), "WebFetch", {})
    assert finding is not None
    assert finding.message == "The tool WebFetch (web_fetch) is not allowed here. Allowed tools: read_file, bash."
    assert (finding.reason, finding.subject, finding.violation) == ("tool_not_allowed", "WebFetch", True)
    assert finding.place == Place(file="p.yml", line=2)


def test_the_finding_on_a_command_says_which_one_is_not_allowed_and_which_would_be() -> None:
    settings = listed("Read", "Bash(git diff:*)", "Bash(npm run test)")
    finding = asked(settings, "Bash", {"command": "git diff && rm -r x"}, analysis=ran("git diff", "rm -r x"))
    assert finding is not None
    assert finding.message == 'Bash is not allowed "rm -r x". Allowed: Bash(git diff:*), Bash(npm run test).'


@pytest.mark.parametrize(
    ("analysis", "why"),
    [
        (ran("git diff x"), None),
        (ran("cd sub", "git diff", "echo done"), None),
        (ran("git diff", "cat x"), '"cat x"'),
        (ran("git push"), '"git push"'),
        (ran(), '"c": no command can be made out in it'),
        (
            ran("git diff", opaque=(Opaque(reason="runs a text that is not known", word="$x"),)),
            '"$x": runs a text that is not known, so no pattern can mean it',
        ),
        (
            ran("git diff", assigned=("A", "PATH")),
            '"PATH": a variable of this name can make an allowed command do something else',
        ),
        (ran("git diff", assigned=("CI",)), None),
        (
            ran("git diff", touches=(Touch(path="~/.bashrc", access=Access.WRITE, word="~/.bashrc", redirected=True),)),
            '"> ~/.bashrc": no entry allows to write this file',
        ),
        (ran("git diff", touches=(Touch(path="x", access=Access.WRITE, word="x"),)), None),
        (
            ran("git diff", touches=(Touch(path="/dev/null", access=Access.WRITE, word="/dev/null", redirected=True),)),
            None,
        ),
    ],
)
def test_a_pattern_allows_a_command_only_where_it_means_all_that_runs(analysis: Analysis, why: str | None) -> None:
    finding = asked(listed("Bash(git diff:*)"), "Bash", {"command": "c"}, analysis=analysis)
    wanted = None if why is None else f"Bash is not allowed {why}. Allowed: Bash(git diff:*)."
    assert (finding and finding.message) == wanted


def test_a_redirection_needs_an_entry_that_allows_to_write_its_file() -> None:
    touch = Touch(path="out/x", access=Access.WRITE, word="out/x", redirected=True)
    line = ran("git diff", touches=(touch,))
    for entry in ("Write", "edit_file", "Edit(./out/**)", "Write(out/x)"):
        assert asked(listed("Bash(git diff:*)", entry), "Bash", {"command": "c"}, analysis=line) is None
    assert asked(listed("Bash(git diff:*)", "Edit(./src/**)"), "Bash", {"command": "c"}, analysis=line) is not None


def test_what_cannot_be_known_is_allowed_only_by_the_name_of_the_tool() -> None:
    dark = ran(f"git {UNKNOWN}", opaque=(Opaque(reason="dark", word="x"),))
    assert asked(listed("Bash(git:*)"), "Bash", {"command": "c"}, analysis=dark) is not None
    assert asked(listed("Bash(git:*)", "Bash"), "Bash", {"command": "c"}, analysis=dark) is None
    assert asked(listed("Bash(*)"), "Bash", {"command": "c"}, analysis=dark) is None


def test_who_may_run_some_commands_may_look_at_them_end_them_and_type_no_others() -> None:
    settings = listed("Bash(git diff:*)")
    assert asked(settings, "BashOutput", {"id": "1"}) is None
    assert asked(settings, "KillShell", {"id": "1"}) is None
    assert asked(settings, "write_stdin", {"chars": "git diff\n"}, analysis=ran("git diff")) is None
    assert asked(settings, "write_stdin", {"chars": "rm x\n"}, analysis=ran("rm x")) is not None


@pytest.mark.parametrize(
    ("entry", "passing", "denied"),
    [
        (
            "Read(./src/**)",
            [
                ("Read", {"file_path": f"{ROOT}/src/a.py"}),
                ("view", {"path": "src/b/c.py"}),
                ("Grep", {"pattern": "x", "path": "src"}),
                ("Glob", {"pattern": "**/*.py", "path": f"{ROOT}/src"}),
                ("Glob", {"pattern": "src/**/*.py"}),
                ("LS", {"path": f"{ROOT}/src/b"}),
            ],
            [
                ("Read", {"file_path": f"{ROOT}/a.py"}),
                ("Read", {"file_path": "/etc/src/a.py"}),
                ("Read", {"file_path": "src/../a.py"}),
                ("Grep", {"pattern": "x"}),
                ("Grep", {"pattern": "x", "path": "."}),
                ("Glob", {"pattern": "**/*.py"}),
                ("Glob", {"pattern": "../../*", "path": "src"}),
                ("LS", {"path": ROOT}),
                ("Write", {"file_path": f"{ROOT}/src/a.py", "content": ""}),
                ("mcp__fs__read_file", {"path": "src/a.py"}),
            ],
        ),
        (
            "Edit(/docs/**)",
            [
                ("Edit", {"file_path": f"{ROOT}/docs/a.md", "old_string": "", "new_string": ""}),
                ("Write", {"file_path": "docs/a.md", "content": ""}),
                ("delete_file", {"path": "docs/a.md"}),
                ("apply_patch", {"input": "*** Begin Patch\n*** Update File: docs/a.md\n*** End Patch"}),
            ],
            [
                ("Edit", {"file_path": "/docs/a.md", "old_string": "", "new_string": ""}),
                ("apply_patch", {"input": "*** Update File: docs/a.md\n*** Delete File: b.md\n"}),
                ("Read", {"file_path": "docs/a.md"}),
            ],
        ),
        ("Read(//etc/**)", [("Read", {"file_path": "/etc/hosts"})], [("Read", {"file_path": f"{ROOT}/etc/hosts"})]),
        (
            "Read(~/notes/**)",
            [("Read", {"file_path": "~/notes/a"}), ("Read", {"file_path": "/home/me/notes/a"})],
            [("Read", {"file_path": f"{ROOT}/notes/a"})],
        ),
        (
            "Read(**)",
            [("Read", {"file_path": f"{ROOT}/a/b"}), ("Grep", {"pattern": "x"}), ("LS", {"path": "."})],
            [("Read", {"file_path": "/etc/hosts"})],
        ),
        ("write_file(out/*)", [("Write", {"file_path": "out/a"})], [("delete_file", {"path": "out/a"})]),
        ("Grep(src/**)", [("Grep", {"pattern": "x", "path": "src"})], [("Read", {"file_path": "src/a"})]),
        (
            "WebFetch(domain:*.example.com)",
            [("WebFetch", {"url": "https://docs.example.com/x"})],
            [
                ("WebFetch", {"url": "https://example.com/x"}),
                ("WebFetch", {"url": "https://docs.example.com@evil.example/"}),
                ("WebFetch", {"url": "http://docs.example.com\\@evil.example/"}),
                ("WebFetch", {"prompt": "x"}),
                ("WebSearch", {"query": "x"}),
            ],
        ),
        (
            "Agent(Explore)",
            [("Task", {"subagent_type": "Explore", "prompt": "x"})],
            [("Task", {"subagent_type": "explore2"}), ("Task", {"prompt": "x"}), ("Skill", {"skill": "Explore"})],
        ),
        (
            "Skill(deploy *)",
            [("Skill", {"skill": "deploy"}), ("Skill", {"skill": "deploy", "args": "now"})],
            [("Skill", {"skill": "deployment"}), ("Task", {"subagent_type": "deploy"})],
        ),
        ("Skill(deploy)", [("Skill", {"skill": "deploy"})], [("Skill", {"skill": "deploy", "args": "now"})]),
    ],
)
def test_a_pattern_of_files_hosts_or_names_allows_calls_that_name_nothing_else(
    entry: str, passing: list[tuple[str, object]], denied: list[tuple[str, object]]
) -> None:
    settings = listed(entry)
    assert [each for each in (*passing, *denied) if asked(settings, *each) is not None] == denied


def test_a_link_that_leads_out_is_not_allowed() -> None:
    tool = replace(describe_tool("c", "Read", '{"file_path": "src/a"}'), links=(("src/a", "/etc/passwd"),))
    assert ToolAllowlist().check(listed("Read(src/**)"), tool, ToolView(root=ROOT)) is not None


def test_where_the_agents_folder_is_not_known_only_relative_paths_lie_in_it() -> None:
    settings = listed("Read(./src/**)")
    assert asked(settings, "Read", {"file_path": "src/a"}, root=None) is None
    assert asked(settings, "Read", {"file_path": "/x/src/a"}, root=None) is not None


def test_a_tool_behind_another_is_the_one_that_is_judged() -> None:
    hidden = {"name": "web_fetch", "arguments": {}}
    assert asked(listed("read_file"), "tool_call", hidden) is not None
    assert asked(listed("web_fetch"), "tool_call", hidden) is None
    agent = {"name": "task", "arguments": {"subagent_type": "Explore"}}
    assert asked(listed("Task(Explore)"), "tool_call", agent) is None
    assert asked(listed("Task(Plan)"), "tool_call", agent) is not None


def test_an_argument_that_stands_twice_is_judged_twice() -> None:
    tool = describe_tool("c", "Task", '{"subagent_type": "Explore", "subagent_type": "Other"}')
    assert ToolAllowlist().check(listed("Task(Explore)"), tool, ToolView()) is not None


def test_reading_through_an_editor_is_reading() -> None:
    assert asked(listed("read_file"), "str_replace_editor", {"command": "view", "path": "a"}) is None
