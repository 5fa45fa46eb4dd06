"""What programs of awk name, and what the plain ones print."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.awk import Deeds, deeds_of, evaluated
from guardian_ci.policy.shell.facts import TAME, UNKNOWN

PROGRAMS = st.lists(
    st.sampled_from(
        ["BEGIN", "END", "print", "getline", "system", "{", "}", "(", ")", '"a"', "/a/", ">", "|", "$", "1"]
    ),
    max_size=40,
).map(" ".join)


@pytest.mark.parametrize(
    ("program", "variables", "deeds"),
    [
        ('BEGIN { while ((getline line < "a.txt") > 0) print line }', {}, Deeds(reads=["a.txt"])),
        ('BEGIN { f = "a." "txt"; getline < f }', {}, Deeds(reads=["a.txt"])),
        ("BEGIN { getline < f }", {"f": "a.txt"}, Deeds(reads=["a.txt"])),
        ("BEGIN { getline < ARGV[1] }", {}, Deeds(reads=["operand"])),
        ('BEGIN { ARGV[1] = "a.txt"; ARGC = 2 }', {}, Deeds(reads=["a.txt"])),
        ('@include "a.awk"', {}, Deeds(reads=["a.awk"])),
        ('{ print > "a.txt" }', {}, Deeds(writes=["a.txt"])),
        ('{ printf "%s", $1 >> "a.txt" }', {}, Deeds(writes=["a.txt"])),
        ('BEGIN { system("cat a.txt") }', {}, Deeds(shells=["cat a.txt"])),
        ('BEGIN { system(sprintf("%s %c.txt", "cat", 97)) }', {}, Deeds(shells=["cat a.txt"])),
        ('BEGIN { "cat a.txt" | getline x }', {}, Deeds(shells=["cat a.txt"])),
        ('{ print | "cat a.txt" }', {}, Deeds(shells=["cat a.txt"])),
        ("{ system($0) }", {}, Deeds(shells=[UNKNOWN])),
        ("{ print $1 > $2 }", {}, Deeds(writes=[UNKNOWN])),
    ],
)
def test_a_program_names_files_and_commands(program: str, variables: Mapping[str, str], deeds: Deeds) -> None:
    assert deeds_of(program, variables, ("operand",)) == deeds


@pytest.mark.parametrize(
    "program",
    [
        "{ print $1 }",
        "$1 > 2 { print }",
        "{ print ($1 > 2) }",
        '{ print "a > b | c" }',
        '/a > "b"/',
        '# print > "x"\n{ print }',
        "{ a = $1 / 2; b = 4 / 2 } END { print a, b }",
        "NR % 2 == 0 || length($0) > 80",
    ],
)
def test_an_ordinary_program_names_nothing(program: str) -> None:
    assert deeds_of(program, {}) == Deeds()


@pytest.mark.parametrize(
    ("program", "text", "output"),
    [
        ('BEGIN { print "a" ".txt" }', None, "a.txt\n"),
        ('BEGIN { printf "%c%c%s", 97, 46, "txt" }', None, "a.txt"),
        ('BEGIN { printf "%.5s", "a.txt.old" }', None, "a.txt"),
        ("{ print $2 }", "a b\n", "b\n"),
        ("{ print $NF }", "a b c\n", "c\n"),
        ('BEGIN { FS = ":"; OFS = "-" } { print $1, $2 }', "a:b\n", "a-b\n"),
        ("{ print prefix $1 }", "txt\n", "a.txt\n"),
        ("{ print substr($0, 2, 3) toupper($0) length($0) }", "abcd\n", "bcdABCD4\n"),
        ("{ print 1 + 2 * 2 - 1 }", "a\n", "5\n"),
        ("NR==2", "a\nb\n", "b\n"),
        ("/b/ { print $1 }", "a x\nb y\n", "b\n"),
        ("1", "a\n", "a\n"),
        ("{ print; exit }", "a\nb\n", "a\n"),
        ("NR==1 { next } { print }", "a\nb\n", "b\n"),
        ("{ x = x $0 } END { print x }", "a.\ntxt\n", "a.txt\n"),
        ("{ n = n + 1 } END { print n, NR }", "a\nb\n", "2 2\n"),
        ("/nv/", "*\n", "*nv*\n"),
        ("END { print NR }", "*\n", f"*\n{TAME}\n"),
    ],
)
def test_what_a_plain_program_prints_is_known(program: str, text: str | None, output: str) -> None:
    assert evaluated(program, {"prefix": "a."}, None, text) == output


@pytest.mark.parametrize(
    "program", ["{ for (i = 1; i < 3; i++) print i }", '{ gsub(/x/, "e") } 1', '$1 == "a"', '{ print > "x" }', "{"]
)
def test_what_is_not_followed_has_no_known_output(program: str) -> None:
    assert evaluated(program, {}, None, "a\n") is None


def test_the_separator_is_a_character_or_a_pattern() -> None:
    assert evaluated("{ print $2 }", {}, ":", "a:b\n") == "b\n"
    assert evaluated("{ print $2 }", {}, "[0-9]+", "a12b\n") == "b\n"


@given(program=PROGRAMS | st.text(max_size=80), text=st.none() | st.text(max_size=40), separator=st.text(max_size=4))
def test_no_program_is_too_broken(program: str, text: str | None, separator: str) -> None:
    deeds_of(program, {}, ("a",))
    evaluated(program, {}, separator, text)


@pytest.mark.parametrize("part", ["(", "$", "{print ", '"a" ', "x=x x;", "system(", "getline<", '|"a"|getline '])
def test_deep_and_long_programs_cost_so_much_and_no_more(part: str) -> None:
    deeds_of(part * 20_000, {})
    evaluated("BEGIN{" + part * 20_000 + "}", {}, None, "a\n")
