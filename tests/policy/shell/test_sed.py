"""What programs of the stream editor name, and what they make of a text; the results are those of GNU sed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.sed import commands_of, edited

PROGRAMS = st.text(st.sampled_from("spdqyiacrwe/|\\()[]{}*.^$&!,;+~x0129 \n"), max_size=60)


@pytest.mark.parametrize(
    ("program", "text", "result"),
    [
        ("s/x/e/", "axbx\n", "aebx\n"),
        ("s/x/e/g", "axbx\n", "aebe\n"),
        ("s/x/e/2", "axbx\n", "axbe\n"),
        ("s|x|e|", "x\n", "e\n"),
        ("s,[,],e,", "a,b\n", "aeb\n"),
        ("s/X/e/I", "x\n", "e\n"),
        (r"s/\(a\)\(b\)/\2\1/", "ab\n", "ba\n"),
        ("s/b/[&]/", "abc\n", "a[b]c\n"),
        ("s/a*/x/g", "baac\n", "xbxcx\n"),
        (r"s/a/\x2e/", "a\n", ".\n"),
        (r"s/a/\o056/", "a\n", ".\n"),
        (r"s/a/\d046/", "a\n", ".\n"),
        ("s/a/b/;s/b/c/", "a\n", "c\n"),
        ("y/abc/xyz/", "cab\n", "zxy\n"),
        ("# nothing\np", "a\n", "a\na\n"),
        ("2d", "a\nb\nc\n", "a\nc\n"),
        ("$d", "a\nb\n", "a\n"),
        ("/b/d", "a\nb\nc\n", "a\nc\n"),
        ("/b/!d", "a\nb\nc\n", "b\n"),
        ("2,3d", "a\nb\nc\nd\n", "a\nd\n"),
        ("/x/,/y/d", "x\na\ny\nb\n", "b\n"),
        ("2q", "a\nb\nc\n", "a\nb\n"),
        ("1i x", "a\n", "x\na\n"),
        ("1c x", "a\n", "x\n"),
        ("=", "a\n", "1\na\n"),
    ],
)
def test_a_known_text_is_edited(program: str, text: str, result: str) -> None:
    assert edited(program, text) == result


def test_quiet_only_what_is_printed_is_left() -> None:
    assert edited("/b/p", "a\nb\n", quiet=True) == "b\n"
    assert edited("1c x", "a\nb\n", quiet=True) == "x\n"


def test_extended_patterns_have_plain_groups() -> None:
    assert edited(r"s/(a)(b)/\2\1/", "ab\n", extended=True) == "ba\n"


@pytest.mark.parametrize(
    "program",
    [
        "s/a/b/e",
        "w file",
        "r file",
        r"s/a/\U&/",
        "1!G;h;$!d",
        "2~2d",
        "0,/a/s/a/b/",
        "1,+2d",
        "1,2c x",
        "s/",
        "nonsense",
    ],
)
def test_what_is_not_followed_has_no_known_result(program: str) -> None:
    assert edited(program, "a\nb\nc\n") is None


def test_names_that_nobody_knows_are_narrowed_by_an_address_and_kept_by_others() -> None:
    assert edited("/nv/p", "*\n", quiet=True) == "*nv*\n"
    assert edited("2d", "*\n") == "*\n"
    assert edited("s/^/there\\//", "*\n") == "there/*\n"


def test_a_line_that_is_not_known_stays_so() -> None:
    assert edited("s/a/b/", f"a\n{UNKNOWN}\n") == f"b\n{UNKNOWN}\n"


@pytest.mark.parametrize(
    ("program", "name", "file"),
    [
        ("r a.txt", "r", "a.txt"),
        ("1R a.txt", "R", "a.txt"),
        ("/x/w a.txt\np", "w", "a.txt"),
        ("$!W a.txt", "W", "a.txt"),
        ("s/x/y/gw a.txt", "s", "a.txt"),
    ],
)
def test_a_command_names_its_file(program: str, name: str, file: str) -> None:
    command = (commands_of(program) or [])[0]
    assert (command.name, command.file) == (name, file)


@pytest.mark.parametrize("program", ["e cat a.txt", "1e cat a.txt", "s/.*/cat a.txt/e"])
def test_a_command_names_what_it_runs(program: str) -> None:
    command = (commands_of(program) or [])[0]
    assert command.text == "cat a.txt"
    assert command.name == "e" or "e" in command.flags


@given(program=PROGRAMS | st.text(max_size=60), text=st.text(max_size=40), extended=st.booleans())
def test_no_program_is_too_broken(program: str, text: str, extended: bool) -> None:
    commands_of(program)
    edited(program, text, extended=extended)


@pytest.mark.parametrize("program", ["s/(a*)*b/x/g", "s/(a|aa)*(a|aa)*b/x/g", "s/a/&&&&&&&&/g;" * 60, "p;" * 100_000])
def test_a_program_costs_so_much_and_no_more(program: str) -> None:
    assert len(edited(program, "a" * 5_000, extended=True) or "") <= 1 << 17


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


def test_a_line_that_is_not_known_stays_so_too() -> None:
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


def test_a_line_that_is_replaced_as_a_whole_is_known() -> None:
    assert edited("s/.*/.env/", f"{UNKNOWN}\n") == ".env\n"
    assert edited("s/.*/x&/", f"{UNKNOWN}\n") == f"{UNKNOWN}\n"
