"""A set-up as shells read it: whatever a value holds, the shell's variable holds it too."""

import json
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardian_ci.cli.agents.changes import Changes
from guardian_ci.cli.agents.shells import FORMATS, fish, github, powershell, sh

HOSTILE = """it's "here" $HOME `id` \\ !x; & | %PATH% # \u2019"""


def made(value: str = "", *removed: str, **arguments: tuple[str, ...]) -> Changes:
    variables = {"VALUE": value} if value else {}
    return Changes(variables=variables, removed=removed, arguments=arguments, files={}, links={}, remarks=())


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40))
def test_a_shell_reads_back_what_was_meant(value: str) -> None:
    script = f'{sh(made(value, "GONE"))}printf %s "$VALUE${{GONE-}}"'
    done = subprocess.run(["sh", "-c", script], env={"GONE": "still here"}, capture_output=True, check=True)
    assert done.stdout.decode() == value


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_reads_back_what_was_meant() -> None:
    script = f'{fish(made(HOSTILE))}printf %s "$VALUE"'
    assert subprocess.run(["fish", "-c", script], capture_output=True, check=True).stdout.decode() == HOSTILE


def test_fish_and_powershell_quote_by_their_own_rules() -> None:
    assert fish(made("a'b\\c", "GONE")) == "set -gx VALUE 'a\\'b\\\\c'\nset -e GONE\n"
    text = powershell(made("a'b\u2019c$d", "GONE"))
    assert text == "$env:VALUE = 'a''b\u2019\u2019c$d'\nRemove-Item Env:GONE -ErrorAction Ignore\n"


def test_a_workflow_gets_what_is_taken_out_as_nothing() -> None:
    assert github(made(HOSTILE, "GONE")) == f"VALUE={HOSTILE}\nGONE=\n"


@pytest.mark.parametrize("value", ["a\nPATH=/tmp", "a\r", "a\n", " a ", "x-a: 1\nx-b<<y"])
def test_a_line_break_cannot_make_a_variable_of_its_own(value: str) -> None:
    head, _, rest = github(made(value)).partition("\n")
    name, _, mark = head.partition("<<")
    assert (name, rest) == ("VALUE", f"{value}\n{mark}\n")
    assert mark not in value


def test_flags_are_shown_behind_a_hash_as_a_shell_would_take_them() -> None:
    for name in ("sh", "fish", "powershell"):
        (line,) = FORMATS[name](made(codex=("-c", 'a="b c"'))).splitlines()
        assert line.startswith("# codex: ")
        assert line.endswith(""" -c 'a="b c"'""")


def test_programs_get_all_of_it_as_json() -> None:
    document = json.loads(FORMATS["json"](made("v", "GONE", codex=("-c",))))
    assert document == {"environment": {"VALUE": "v"}, "removed": ["GONE"], "arguments": {"codex": ["-c"]}}
