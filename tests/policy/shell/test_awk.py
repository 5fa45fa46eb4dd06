"""Programs of awk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.awk import Deeds, deeds_of, evaluated
from guardian_ci.policy.shell.facts import UNKNOWN


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
