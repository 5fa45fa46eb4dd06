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


@pytest.mark.parametrize(
    ("program", "text", "result"),
    [
        ("{print $2}", "a .env\n", ".env\n"),
        ("{print $NF}", "a b c\n", "c\n"),
        ("{print $1, $2}", "a b\n", "a b\n"),
        ('{print $1 "-" $2}', "a b\n", "a-b\n"),
        ("NR==2{print $1}", "a\nb\n", "b\n"),
        ("/b/", "a\nb\n", "b\n"),
        ("/b/{print NR}", "a\nb\n", "2\n"),
        ("1", "a\n", "a\n"),
        ('BEGIN{printf "%c%s", 46, "env"}', None, ".env"),
        ('BEGIN{x="e"; print "." x "nv"}', None, ".env\n"),
        ('BEGIN{print toupper(substr("xenv", 2, 3))}', None, "ENV\n"),
        ("{print 1+2*1}", "a\n", "3\n"),
        ("/nv/{print $9}", "*\n.*\n", "*nv*\n.*nv*\n"),
        ("NR==2", "*\n", "*\n"),
        ("{print $2}", f"{UNKNOWN}\n", f"{UNKNOWN}\n"),
    ],
)
def test_a_plain_program_prints_what_awk_would(program: str, text: str | None, result: str) -> None:
    assert evaluated(program, {}, None, text) == result


@pytest.mark.parametrize(("separator", "field"), [(":", "b"), ("[:]", "b"), ("::*", "b")])
def test_fields_are_parted_at_the_separator(separator: str, field: str) -> None:
    assert evaluated("{print $2}", {}, separator, "a:b\n") == f"{field}\n"


def test_variables_that_are_set_before_are_known() -> None:
    assert evaluated('BEGIN{print x "nv"}', {"x": ".e"}, None, None) == ".env\n"


@pytest.mark.parametrize(
    "program", ["{for(i=1;i<3;i++) print i}", "{x[$1]++} END{print 1 > 2}", 'BEGIN{print "a" > "b"}', "{"]
)
def test_what_is_more_than_is_followed_is_not_known(program: str) -> None:
    assert evaluated(program, {}, None, "a\n") is None


@pytest.mark.parametrize(
    ("program", "deeds"),
    [
        ('BEGIN{while((getline l<".env")>0)print l}', Deeds(reads=[".env"])),
        ('BEGIN{f="." "env"; getline x < f}', Deeds(reads=[".env"])),
        ('{getline < ("." "env")}', Deeds(reads=[".env"])),
        ('{print > "out"}', Deeds(writes=["out"])),
        ('{printf "%s", $1 >> $2".txt"}', Deeds(writes=[f"{UNKNOWN}.txt"])),
        ('BEGIN{system("cat .env")}', Deeds(shells=["cat .env"])),
        ('BEGIN{"cat .env"|getline x}', Deeds(shells=["cat .env"])),
        ('BEGIN{while(("cat " f) | getline x) print x}', Deeds(shells=["cat .env"])),
        ('{print | "sort > out"}', Deeds(shells=["sort > out"])),
        ('@include "x.awk"', Deeds(reads=["x.awk"])),
        ('BEGIN{ARGV[ARGC++]=".env"}', Deeds(reads=[".env"])),
        ("BEGIN{while((getline l < ARGV[1])>0) print l}", Deeds(reads=["operand"])),
        ("$3 > 5 {print $1}", Deeds()),
        ("{if ($1 > 3) print}", Deeds()),
        ("/a>b/{print $1/2}", Deeds()),
    ],
)
def test_files_and_command_lines_are_found(program: str, deeds: Deeds) -> None:
    assert deeds_of(program, {"f": ".env"}, ("operand",)) == deeds


@given(st.text(alphabet='{}()"$123 \n;/>|<=getlinprsyma,.', max_size=60), st.text(alphabet="ab *\n", max_size=20))
def test_no_program_makes_it_fail(program: str, text: str) -> None:
    deeds_of(program, {})
    evaluated(program, {}, None, text)


@pytest.mark.parametrize(
    "program", ["(" * 9_000, "print " * 9_000, "x=x x x;" * 3_000, "getline<" * 5_000, 'x=x "a" x;' * 500]
)
def test_a_hostile_program_costs_bounded_work(program: str) -> None:
    assert len(deeds_of(program, {}).shells) <= 9_000


@pytest.mark.parametrize(
    ("program", "text", "result"),
    [
        ("{print; exit}", "a\nb\n", "a\n"),
        ("{print; exit} END{print NR}", "a\nb\n", "a\n1\n"),
        ("NR==1{next} {print}", "a\nb\n", "b\n"),
        ("{x=x $0} END{print x}", ".e\nnv\n", ".env\n"),
        ("{n=n+1} END{print n, NR}", "a\nb\n", "2 2\n"),
        ('BEGIN{printf "%.4s", ".env.old"}', None, ".env"),
    ],
)
def test_a_program_is_left_where_it_says_and_ends_with_its_end(program: str, text: str | None, result: str) -> None:
    assert evaluated(program, {}, None, text) == result
