"""Programs of the stream editor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.sed import commands_of, edited


@pytest.mark.parametrize(
    ("program", "text", "result"),
    [
        ("s/x/./;s/Y/env/", "xY\n", ".env\n"),
        ("s/a/b/g", "aa\n", "bb\n"),
        ("s/a/b/2", "aaa\n", "aba\n"),
        ("s/A/b/i", "a\n", "b\n"),
        ("s|a|/|", "a\n", "/\n"),
        (r"s,\,,x,", ",\n", "x\n"),
        (r"s/\(.\)\(.\)/\2\1/", "ab\n", "ba\n"),
        ("s/.*/[&]/", "a\n", "[a]\n"),
        (r"s/x/\x2e/", "x\n", ".\n"),
        ("y/abc/xyz/", "cab\n", "zxy\n"),
        ("2d", "a\nb\nc\n", "a\nc\n"),
        ("$d", "a\nb\n", "a\n"),
        ("1,2d", "a\nb\nc\n", "c\n"),
        ("/b/,/d/d", "a\nb\nc\nd\ne\n", "a\ne\n"),
        ("/a/!d", "a\nb\n", "a\n"),
        ("2q", "a\nb\nc\n", "a\nb\n"),
        ("1!s/a/b/", "a\na\n", "a\nb\n"),
        ("# nothing\ns/a/b/", "a\n", "b\n"),
        ("i\\x", "a\n", "x\na\n"),
        ("s/[/]/-/", "a/b\n", "a-b\n"),
    ],
)
def test_a_program_makes_of_a_text_what_the_editor_would(program: str, text: str, result: str) -> None:
    assert edited(program, text) == result


def test_only_what_is_asked_for_is_printed_when_it_is_quiet() -> None:
    assert edited("2p", "a\nb\n", quiet=True) == "b\n"
    assert edited("s/a/b/p", "a\nc\n", quiet=True) == "b\n"


def test_extended_patterns_need_no_backslashes() -> None:
    assert edited("s/(a+)b/<\\1>/", "aab\n", extended=True) == "<aa>\n"


@pytest.mark.parametrize(
    ("program", "quiet", "result"),
    [
        ("/nv/p", True, "*nv*\n.*nv*\n"),
        ("3p", True, "*\n.*\n"),
        ("/x/d", False, "*\n.*\n"),
        ("/nv/!d", False, "*nv*\n.*nv*\n"),
        ("s/x/y/", False, "*\n.*\n"),
    ],
)
def test_names_that_nobody_knows_pass_or_are_narrowed(program: str, quiet: bool, result: str) -> None:
    assert edited(program, "*\n.*\n", quiet=quiet) == result


def test_a_line_that_is_not_known_stays_so() -> None:
    assert edited("s/^.//", f"a{UNKNOWN}\nbc\n") == f"{UNKNOWN}\nc\n"


@pytest.mark.parametrize("program", ["s/a", "N;s/a/b/", "s/(?=a)/b/", "b x", "s/a/\\U&/", "}{", "@", "s/a/b/w out"])
def test_what_is_more_than_is_followed_is_not_known(program: str) -> None:
    assert edited(program, "a\n", extended=True) is None


@pytest.mark.parametrize(
    ("program", "found"),
    [
        ("r .env", [("r", ".env", "")]),
        ("/x/w out", [("w", "out", "")]),
        ("s/a/b/w out", [("s", "out", "b")]),
        ("1e cat .env", [("e", "", "cat .env")]),
        ("s/.*/cat .env/e", [("s", "", "cat .env")]),
        ("1{r a\n}", [("{", "", ""), ("r", "a", "")]),
        ("a\\\ntext r .env", [("a", "", "text r .env")]),
    ],
)
def test_commands_name_files_and_command_lines(program: str, found: list[tuple[str, str, str]]) -> None:
    commands = commands_of(program)
    assert commands is not None
    assert [(command.name, command.file, command.text) for command in commands] == found


@given(st.text(alphabet="s/y,;{}!$1ab\\&.*[]^pdqwrei \n", max_size=30), st.text(alphabet="ab*\n", max_size=20))
def test_no_program_makes_it_fail(program: str, text: str) -> None:
    commands_of(program)
    edited(program, text)


@pytest.mark.parametrize("program", ["2~2d", "0~2p", "0,/a/s/a/b/", "1,+2d", "1,2c x"])
def test_lines_that_are_counted_in_steps_are_not_taken_for_others(program: str) -> None:
    assert edited(program, "a\nb\nc\n") is None


def test_a_line_in_place_of_another_is_printed_even_when_it_is_quiet() -> None:
    assert edited("1c .env", "a\nb\n", quiet=True) == ".env\n"


def test_nothing_is_not_matched_where_a_match_has_ended() -> None:
    assert edited("s/a*/x/g", "baac\n") == "xbxcx\n"


def test_a_replacement_has_decimal_codes() -> None:
    assert edited(r"s/x/\d046/", "xenv\n") == ".env\n"
