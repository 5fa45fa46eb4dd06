import json

import pytest

from guardian_ci.model import Place
from guardian_ci.policy import load_policy
from guardian_ci.policy.rules import view_of
from guardian_ci.policy.rules.file_allowlist import FileAllowlist, undecided
from guardian_ci.policy.rules.file_blocklist import undecided as undecided_file
from guardian_ci.policy.rules.interface import ToolView
from guardian_ci.policy.settings import Settings
from guardian_ci.policy.shell.facts import UNKNOWN, Access, Analysis, Touch
from guardian_ci.policy.tools import describe_tool

INSIDE = load_policy("file_allowlist: [./**]", "p.yml").settings[0]
APART = load_policy("file_allowlist:\n  read: [./**, /usr/**]\n  write: [src/**, '*.md']", "p.yml").settings[0]
BASH = describe_tool("c", "Bash", '{"command": "x"}')


def says(settings: Settings, name: str, path: str, *, root: str | None = None, cwd: str | None = None) -> str:
    """Whether a path is denied, undecided or allowed to a tool."""
    tool = describe_tool("c", name, json.dumps({"path": path}))
    view = view_of(tool, root=root, cwd=cwd)
    if FileAllowlist().check(settings, tool, view) is not None:
        return "denied"
    return "allowed" if undecided(settings, tool, view) is None else "undecided"


def touching(path: str, access: Access = Access.READ, *, sure: bool = True) -> ToolView:
    return ToolView(analysis=Analysis(touches=(Touch(path=path, access=access, word=path, sure=sure),)))


@pytest.mark.parametrize(
    ("settings", "name", "path", "said"),
    [
        (INSIDE, "Read", "src/a.py", "allowed"),
        (INSIDE, "Read", "../a.py", "denied"),
        (INSIDE, "Read", "/etc/passwd", "denied"),
        (INSIDE, "Write", "~/x", "denied"),
        (INSIDE, "Grep", ".", "allowed"),
        (INSIDE, "Grep", "/", "denied"),
        (INSIDE, "mcp__fs__move_file", "x", "allowed"),
        (APART, "Read", "docs/x", "allowed"),
        (APART, "Read", "/usr/include/x.h", "allowed"),
        (APART, "Write", "docs/x", "denied"),
        (APART, "Write", "src/x", "allowed"),
        (APART, "Write", "docs/x.md", "allowed"),
        (APART, "Edit", "setup.py", "denied"),
        (APART, "mcp__fs__move_file", "docs/x", "denied"),
        (APART, "mcp__git__merge", "main", "allowed"),
        (APART, "Write", "main", "denied"),
        (APART, "mcp__fs__write_file", "{src/x,docs/x}", "denied"),
        (Settings(), "Write", "/etc/passwd", "allowed"),
    ],
)
def test_a_file_passes_if_the_list_for_what_is_done_with_it_holds_it(
    settings: Settings, name: str, path: str, said: str
) -> None:
    assert says(settings, name, path) == said


def test_an_absolute_path_lies_inside_only_a_folder_that_is_known() -> None:
    assert says(INSIDE, "Read", "/work/repo/x") == "denied"
    assert says(INSIDE, "Read", "/work/repo/x", root="/work/repo") == "allowed"
    assert says(INSIDE, "Read", "/work/repository/x", root="/work/repo") == "denied"


def test_the_finding_names_the_file_what_is_allowed_and_the_line() -> None:
    tool = describe_tool("c", "Write", '{"path": "setup.py"}')
    finding = FileAllowlist().check(APART, tool, view_of(tool))
    assert finding is not None
    assert finding.message == (
        'Write may not write "setup.py": the policy allows src/**, *.md. Go on with those, or have the file added to'
        " file_allowlist."
    )
    assert (finding.rule, finding.reason, finding.violation) == ("file_allowlist", "file_not_allowed", True)
    assert finding.place == Place(file="p.yml", line=3)


def test_the_trace_says_what_is_allowed() -> None:
    assert FileAllowlist().stands_on(APART) == "read: ./**, /usr/**; write: src/**, *.md"
    assert FileAllowlist().stands_on(Settings()) == "any file may be touched"
    nothing = load_policy("file_allowlist: {write: []}", "p.yml").settings[0]
    assert FileAllowlist().stands_on(nothing) == "write: no file"
    many = load_policy(f"file_allowlist: {list('abcdefghij')}", "p.yml").settings[0]
    assert FileAllowlist().stands_on(many).endswith("g, h and 2 more")


def test_a_file_of_a_command_is_judged_by_what_the_command_does_with_it() -> None:
    assert FileAllowlist().check(APART, BASH, touching("docs/x")) is None
    assert FileAllowlist().check(APART, BASH, touching("docs/x", Access.WRITE)) is not None


@pytest.mark.parametrize("word", ["word", "a.b", "--flag", "-o/x", "https://x/y", f"/x/{UNKNOWN}"])
def test_a_word_that_does_not_look_like_a_path_is_not_held_against_the_list(word: str) -> None:
    assert FileAllowlist().check(INSIDE, BASH, touching(word, sure=False)) is None


def test_a_word_that_looks_like_a_path_is_held_against_the_list() -> None:
    assert FileAllowlist().check(INSIDE, BASH, touching("/etc/x", sure=False)) is not None
    assert FileAllowlist().check(INSIDE, BASH, touching("./x", sure=False)) is None


def test_what_nobody_can_resolve_is_undecided() -> None:
    assert undecided(INSIDE, BASH, touching(UNKNOWN)) == (UNKNOWN, "file_allowlist")
    assert undecided_file(INSIDE, BASH, touching(UNKNOWN)) == (UNKNOWN, "file_allowlist")
    assert FileAllowlist().check(INSIDE, BASH, touching(UNKNOWN)) is None
    off = load_policy("file_allowlist: [./**]\nrules: {file_allowlist: 'off'}", "p.yml").settings[0]
    assert undecided(off, BASH, touching(UNKNOWN)) is None


def test_a_relative_path_of_a_file_tool_is_undecided_while_the_shell_is_outside() -> None:
    assert says(INSIDE, "Read", "passwd", cwd="/etc") == "undecided"
    assert says(INSIDE, "Read", "a.py", cwd="src") == "allowed"
