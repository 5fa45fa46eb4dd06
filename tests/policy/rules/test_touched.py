"""What the rules on files judge: each case is in the tests of these rules, here is only what both build on."""

import pytest

from guardian_ci.policy.rules import view_of
from guardian_ci.policy.rules.touched import Patience, accesses_of, shown, touched
from guardian_ci.policy.shell.facts import TAME, UNKNOWN, Access, Touch
from guardian_ci.policy.tools import describe_tool


@pytest.mark.parametrize(
    ("name", "accesses"),
    [
        ("Read", "read"),
        ("Glob", "read"),
        ("Edit", "write"),
        ("mcp__a__readFile", "read"),
        ("mcp__a__read_file", "read"),
        ("mcp__a__write", "write"),
        ("mcp__a__get_or_create", "read write"),
        ("mcp__a__copy_path", "read write"),
        ("mcp__a__deploy", "read write"),
        ("deploy", "read write"),
    ],
)
def test_what_a_tool_does_with_its_paths_is_told_by_its_act_or_by_its_name(name: str, accesses: str) -> None:
    assert list(accesses_of(describe_tool("c", name, "{}"))) == [Access(each) for each in accesses.split()]


def test_a_search_touches_all_that_lies_below() -> None:
    tool = describe_tool("c", "Grep", '{"pattern": "x", "path": "src/"}')
    assert list(touched(tool, view_of(tool))) == [Touch(path="src/**", access=Access.READ, word="src/")]


def test_a_relative_path_is_touched_from_the_shells_folder_too_but_not_surely() -> None:
    tool = describe_tool("c", "Read", '{"path": "x"}')
    assert list(touched(tool, view_of(tool, cwd="/etc"))) == [
        Touch(path="x", access=Access.READ, word="x"),
        Touch(path="/etc/x", access=Access.READ, word="x", sure=False),
    ]


def test_what_is_not_known_is_shown_as_such() -> None:
    touch = Touch(path=f"{UNKNOWN}/{TAME}", access=Access.READ, word="$a/$b")
    assert shown(touch) == '"$a/$b" ("…/…")'
    assert shown(Touch(path="~/**", access=Access.READ, word="~")) == '"~"'


def test_patience_ends_with_globs_and_sooner_with_braces_but_never_with_plain_paths() -> None:
    patience, shorter = Patience(), Patience()
    assert sum(patience.lasts(f"*{number}") for number in range(2000)) == 511
    assert sum(shorter.lasts("{a,b}" * 9) for _ in range(2000)) == 15
    assert all(shorter.lasts("a/b.py") for _ in range(2000))
