"""How variables get their values."""

import pytest

from guardian_ci.policy.shell.analysis import analyse
from guardian_ci.policy.shell.facts import UNKNOWN


def shown(command: str) -> list[tuple[str, ...]]:
    return [each[1:] for each in analyse(command).commands if each[0] == "show"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("x=a; show $x", ("a",)),
        ("x=a; x+=b; show $x", ("ab",)),
        ("x=(a b); show ${x[1]}", ("b",)),
        ("x=(a); x+=(b c); show ${x[@]}", ("a", "b", "c")),
        ("x[3]=a; show ${x[3]}", ("a",)),
        ("x=([2]=a b); show ${!x[@]}", ("2", "3")),
        ("x=([7]=a [0]=b); x+=(c); show ${x[8]}", ("c",)),
        (f"x=({'a ' * 2000} b); show ${{x[2000]}}", ("b",)),
        ("declare -A x=([a]=1 [b]=2); show ${x[b]} ${!x[@]}", ("2", "a", "b")),
        ("declare x=a y=b; show $x$y", ("ab",)),
        ("declare -i x=1+2; show $x", ("3",)),
        ("declare -l x=ABC; show $x", ("abc",)),
        ("declare -n r=x; r=a; show $x", ("a",)),
        ("declare 'x=a b'; show \"$x\"", ("a b",)),
        ("n=x; export $n=a; show $x", ("a",)),
        ("export x=a; show $x", ("a",)),
        ("readonly x=a; show $x", ("a",)),
        ("local x=a; show $x", ("a",)),
        ("command export x=a; show $x", ("a",)),
        ('x=a y=b true; show "$y"', None),
        ("x=a; x=b show $x", ("a",)),
        ("read x <<< a; show $x", ("a",)),
        ("read x y <<< 'a b c'; show \"$y\"", ("b c",)),
        ("IFS=: read -r x y <<< a:b; show $y", ("b",)),
        ("read -a x <<< 'a b'; show ${x[1]}", ("b",)),
        ("read -n 2 x <<< abc; show $x", ("ab",)),
        ("read -d : x <<< a:b; show $x", ("a",)),
        ("read <<< a; show $REPLY", ("a",)),
        ("read -p 'say: ' -r x <<< 'a\\b'; show $x", ("a\\b",)),
        ("mapfile -t x <<< $'a\\nb'; show ${x[1]}", ("b",)),
        ("readarray x < <(echo a); show ${x[0]}", ("a",)),
        ("mapfile <<< a; show ${MAPFILE[0]}", ("a",)),
        ("printf -v x '%s-%s' a b; show $x", ("a-b",)),
        ("printf -v 'x[1]' a; show ${x[1]}", ("a",)),
        ("let x=1+2; show $x", ("3",)),
        ("((x = 4)); show $x", ("4",)),
        ("((x++)); ((x++)); show $x", ("2",)),
        ("set -- a b; show $2", ("b",)),
        ("set -euo pipefail -- a; show $1", ("a",)),
        ("set -e a b; show $2", ("b",)),
        ("set -- a b c; shift; show $1", ("b",)),
        ("set -- a b c; shift 2; show $1", ("c",)),
        ("for x in a; do :; done; show $x", ("a",)),
        (": ${x:=a}; show $x", ("a",)),
        ("x=a; unset x; show ${x-b}", ("b",)),
        ("x=(a b); unset 'x[0]'; show ${x[@]}", ("b",)),
        ("[[ a-b =~ (.)-(.) ]]; show ${BASH_REMATCH[2]}", ("b",)),
        ("show a; show $_", ("a",)),
    ],
)
def test_a_variable_has_the_value_that_it_was_given(command: str, words: tuple[str, ...] | None) -> None:
    if words is not None:
        assert words in shown(command)


def test_a_variable_set_for_one_program_is_gone_afterwards() -> None:
    assert shown("x=a; x=b true; show $x") == [("a",)]
    assert ("b",) in shown("x=b eval 'show $x'")


def test_what_is_read_from_a_file_that_nobody_wrote_is_not_known() -> None:
    assert shown("read x < a; show $x") == [(UNKNOWN,)]
    assert shown("read x; show $x") == [(UNKNOWN,)]


@pytest.mark.parametrize(
    "command",
    [
        'mapfile -t f < <(ls -A); show "${f[0]}"',
        "set -- $(ls -A); show $1",
        "f=($(ls -A)); show ${f[2]}",
        "set -- * .*; show $1",
    ],
)
def test_any_name_of_a_listing_may_stand_at_any_place(command: str) -> None:
    assert {("*",), (".*",)} <= set(shown(command))


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("a=1", {"a"}),
        ("a=1 b=2 x", {"a", "b"}),
        ("export a=1 b", {"a", "b"}),
        ("read a b", {"a", "b"}),
        ("for a in x; do :; done", {"a"}),
        ("printf -v a x", {"a"}),
        ("mapfile a", {"a"}),
        ("((a = 1))", {"a"}),
        ("x ${a:=1}", {"a"}),
        ("a[1]=2; b=(1)", {"a", "b"}),
        ("env A=1 x", {"A"}),
        ("bash -c 'a=1'", {"a"}),
        ('export "$X=1"', {UNKNOWN}),
    ],
)
def test_the_names_of_variables_that_are_set_are_told(command: str, names: set[str]) -> None:
    assert names <= set(analyse(command).assigned)


@pytest.mark.parametrize(
    "command",
    [
        "PROMPT_COMMAND='cat .env'",
        "GIT_PAGER='cat .env' git log",
        "export EDITOR='cat .env #'",
        "BASH_ENV=.env bash -c :",
        "echo 'cat .env' > f; BASH_ENV=f bash -c :",
        "PS4='$(cat .env)' bash -xc :",
        "mapfile -C 'cat .env #' -c 1 <<< x",
        "KUBECONFIG=.env kubectl get pods",
        "env LESSOPEN='|cat .env' less a",
    ],
)
def test_a_variable_that_others_run_or_open_is_followed(command: str) -> None:
    assert ".env" in {touch.path for touch in analyse(command).touches}


@pytest.mark.parametrize(
    "command", ["EDITOR=vim git commit", "PAGER=cat git log", "export EDITOR=$MY_EDITOR", "PS1='\\u$ '"]
)
def test_a_variable_that_names_a_usual_program_says_nothing(command: str) -> None:
    analysis = analyse(command)
    assert analysis.opaque == ()
    assert [touch for touch in analysis.touches if touch.sure] == []
