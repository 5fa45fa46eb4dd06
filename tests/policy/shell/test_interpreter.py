"""How the ways of a program are followed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.analysis import analyse
from guardian_ci.policy.shell.facts import UNKNOWN, Access


def reads(command: str) -> set[str]:
    return {touch.path for touch in analyse(command).touches if touch.sure and touch.access is Access.READ}


@pytest.mark.parametrize(
    ("command", "paths"),
    [
        ("cat a; cat b", {"a", "b"}),
        ("cat a && cat b || cat c", {"a", "b", "c"}),
        ("cat a | cat b", {"a", "b"}),
        ("cat a & cat b", {"a", "b"}),
        ("! cat a", {"a"}),
        ("time cat a", {"a"}),
        ("(cat a)", {"a"}),
        ("{ cat a; }", {"a"}),
        ("if x; then cat a; elif y; then cat b; else cat c; fi", {"a", "b", "c"}),
        ("if cat a; then :; fi", {"a"}),
        ("while x; do cat a; done", {"a"}),
        ("until cat a; do :; done", {"a"}),
        ("for i in a b; do cat $i; done", {"a", "b"}),
        ("for i in *.txt; do cat $i; done", {"*.txt"}),
        ("for i in $(echo a b); do cat $i; done", {"a", "b"}),
        ("for ((i=0; i<3; i++)); do cat f$i; done", {"f0", "f1", "f2"}),
        ("select i in a; do cat $i; done", {"a"}),
        ("case $x in a) cat a;; *) cat b;; esac", {"a", "b"}),
        ("case a in a) cat a;; *) cat b;; esac", {"a"}),
        ("case a in a) cat a;& b) cat b;; *) cat c;; esac", {"a", "b"}),
        ("case a in a) cat a;;& *) cat c;; esac", {"a", "c"}),
        ("case abc in [a-c]*|x) cat a;; esac", {"a"}),
        ("f() { cat $1; }; f a; f b", {"a", "b"}),
        ("function f { cat a; }; f", {"a"}),
        ("f() (cat a); f", {"a"}),
        ("f() { g; }; g() { cat a; }; f", {"a"}),
        ("f() { [ $1 = 0 ] && cat a || f $(($1 - 1)); }; f 3", {"a"}),
        ("cat() { command cat a; }; cat b", {"a"}),
        ("coproc cat a", {"a"}),
        ("cat <<E\n$(cat a)\nE", {"a"}),
        ("cat <<'E'\n$(cat a)\nE", set()),
        ('echo "${x:-$(cat a)}"', {"a"}),
        ("x=(1 $(cat a))", {"a"}),
        ("x[$(cat a)]=1", {"a"}),
        ("echo $(( $(cat a) ))", {"a"}),
        ("[[ -n $(cat a) ]]", {"a"}),
        ("> $(cat a) b", {"a"}),
        ("case $(cat a) in $(cat b)) ;; esac", {"a", "b"}),
    ],
)
def test_every_way_is_gone(command: str, paths: set[str]) -> None:
    assert reads(command) == paths


@pytest.mark.parametrize(
    ("command", "paths"),
    [
        ("x=a; if y; then x=b; fi; cat $x", {"a", "b"}),
        ("if y; then x=a; else x=b; fi; cat $x", {"a", "b"}),
        ("x=a; y && x=b; cat $x", {"a", "b"}),
        ("x=a; true && x=b; cat $x", {"b"}),
        ("x=a; y || x=b; cat $x", {"a", "b"}),
        ("x=a; while y; do x=b; done; cat $x", {"a", "b"}),
        ("x=a; (x=b); cat $x", {"a"}),
        ("x=a; echo $(x=b); cat $x", {"a"}),
        ("x=a; f() { x=b; }; f; cat $x", {"b"}),
        ("x=a; f() { local x=b; cat $x; }; f; cat $x", {"a", "b"}),
        ("x=a; f() { declare -g x=b; }; f; cat $x", {"b"}),
        ("x=a; if y; then x=b; exit; fi; cat $x", {"a"}),
        ("x=a; y || { x=b; exit 1; }; cat $x", {"a"}),
        ("for x in a b; do y=$x; done; cat $y", {"b"}),
        ("x=a; { x=b; }; cat $x", {"b"}),
        ("x=a; case $y in 1) x=b;; 2) x=c;; esac; cat $x", {"a", "b", "c"}),
        ("x=a; for i in $y; do x=b; break; done; cat $x", {"a", "b"}),
        ("s=; for i in a b c; do s=$i$s; done; cat $s", {"cba"}),
        ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); done; cat f$i", {"f3"}),
        ("i=3; until ((i == 0)); do ((i--)); s+=$i; done; cat $s", {"210"}),
    ],
)
def test_a_variable_has_the_values_of_all_the_ways_to_it(command: str, paths: set[str]) -> None:
    assert paths <= reads(command)
    assert len(reads(command)) <= len(paths) + 1


@pytest.mark.parametrize(
    ("command", "commands"),
    [
        ("timeout 5 git diff", {("timeout", "5", "git", "diff"), ("git", "diff")}),
        ("sudo -u x cat a", {("sudo", "-u", "x", "cat", "a"), ("cat", "a")}),
        ("sh -c 'git log'", {("sh", "-c", "git log"), ("git", "log")}),
        ("eval git log", {("eval", "git", "log"), ("git", "log")}),
        ("f() { git log; }; f x", {("f", "x"), ("git", "log")}),
        ("x=log; git $x", {("git", "log")}),
        ("git $X", {("git",), ("git", UNKNOWN)}),
        ("a | b", {("a",), ("b",)}),
        ("echo $(a)", {("a",), ("echo", UNKNOWN)}),
        ("for f in *; do; done", {(UNKNOWN,)}),
        ("export A=b", {("export", "A=b")}),
    ],
)
def test_every_simple_command_is_told_with_its_words(command: str, commands: set[tuple[str, ...]]) -> None:
    assert set(analyse(command).commands) == commands


def test_a_function_that_nobody_calls_may_be_called_later() -> None:
    assert reads("command_not_found_handle() { cat .env; }; x") == {".env"}
    assert analyse('f() { eval "$1"; rm -rf "$2"; }').opaque == ()


def test_text_of_another_shell_is_looked_through_by_its_words() -> None:
    analysis = analyse("for f in .env; cat $f; end\ncat b")
    assert {(touch.path, touch.sure) for touch in analysis.touches} >= {(".env", False), ("b", True)}
    assert analysis.opaque == ()


def test_a_loop_that_was_left_before_its_end_leaves_its_variables_unknown() -> None:
    assert any(UNKNOWN in path for path in reads("while true; do x=a$x; done; cat $x"))
    assert not any(UNKNOWN in path for path in reads("for ((i=0; i<5000; i++)); do :; done; cat f$i"))


names = st.sampled_from(["a", "b", "c"])
values = st.sampled_from(["1", "$a", "$b", '"$c$a"', "$(echo $b)", "${a:-x}", "$((a+1))"])
statements = st.recursive(
    st.builds("{}={}".format, names, values)
    | st.builds("cat {}".format, values)
    | st.sampled_from(["break", "exit", "x", "f", "cd d"]),
    lambda inner: st.one_of(
        st.builds("if x; then {}; else {}; fi".format, inner, inner),
        st.builds("for a in 1 $b; do {}; done".format, inner),
        st.builds("while x; do {}; done".format, inner),
        st.builds("f() {{ {}; }}".format, inner),
        st.builds("({})".format, inner),
        st.builds("{{ {}; }} > f".format, inner),
        st.builds("{} && {} || {}".format, inner, inner, inner),
        st.builds("{}; {}".format, inner, inner),
        st.builds("{} | {}".format, inner, inner),
        st.builds("eval '{}'".format, inner),
        st.builds("case $a in 1) {};; *) {};; esac".format, inner, inner),
        st.builds("x=$({})".format, inner),
    ),
    max_leaves=12,
)


@given(statements)
def test_any_program_is_followed_to_an_end(program: str) -> None:
    analysis = analyse(program)
    assert len(analysis.touches) + len(analysis.commands) < 6_000


@given(statements)
def test_what_stands_behind_any_program_is_seen(program: str) -> None:
    assert ".env" in {touch.path.rpartition("/")[2] for touch in analyse(f"{program}\ncat .env").touches}
