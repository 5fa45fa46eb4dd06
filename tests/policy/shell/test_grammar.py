"""Which commands a text is: bash's own parser is the judge."""

import dataclasses
import subprocess
from pathlib import Path
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guardian_ci.policy.shell.grammar import parse, parse_text
from guardian_ci.policy.shell.syntax import AndOr, Background, Broken, Pipeline, Redirected, Sequence, Simple

ROOT: Final = Path(__file__).resolve().parents[3]


def broken(node: object) -> list[Broken]:
    if isinstance(node, Broken):
        return [node]
    if isinstance(node, tuple):
        return [found for each in node for found in broken(each)]
    if dataclasses.is_dataclass(node):
        return [found for field in dataclasses.fields(node) for found in broken(getattr(node, field.name))]
    return []


def bash_reads(text: str) -> bool:
    return subprocess.run(["bash", "-O", "extglob", "-n", "-c", text], capture_output=True, check=False).returncode == 0


READ: Final = (
    "cat .e\\\nnv",
    "cat a \\\n  b",
    "cat {.env,x}",
    "{cat,.env}",
    "cat<.env",
    "cat <<EOF | sh\ncat .env\nEOF",
    "cat <<'EOF' > x.py; python x.py\nopen('x')\nEOF",
    "cat <<A <<B\na\nA\nb\nB",
    "cat <<-EOF\n\ta\n\tEOF",
    'cat <<"E F"\na\nE F',
    "x=$(cat <<EOF\na)b\nEOF\n)",
    "cat <<EOF && echo a\n$(echo b)\n`c` ${d}\nEOF",
    "((x = 1 + 2)); echo $((x+1)) $[x+2]",
    "((1)) && ((x > (2))) || echo $(( (1+2)*3 ))",
    "( (a); (b) )",
    "((a); b)",
    "$((a); b)",
    "[[ $x =~ ^a(b|c)$ && -f y || ! -e z ]] && echo y",
    "[[ $x =~ [0-9]+\\.[0-9]+ ]]",
    "[[ ( a == b ) ]]",
    "[[ a < b\n&& c > d ]]",
    "case $x in a|b) echo 1;; (c) echo 2;& *) echo 3;;& esac",
    "case x in\n  # nothing\n  a) ;;\n  b)\n  ;;\nesac",
    "case x in esac",
    "case in in in) echo in;; esac",
    "a=(1 2 '3 4' [5]=x [k]+=y)\na+=(x)\na[0]=y\na[$((i+1))]=z a[${b[0]}]+=z",
    "coproc cat x",
    "coproc X { cat x; }",
    "a |& b; a &> x; a &>> x; a >& x; a 2>&1 >&- 3<&0-",
    "exec 3<a {fd}<b 4<>c 5>|d; cat <&3 <&$fd",
    "cat <<< a; cat <<<'a b'",
    "diff <(a) <(b) > >(tee c)",
    "cat @(a|b) ?(c) +(d) *(e) x!(f)",
    "for ((i=0; i<3; i++)); do echo $i; done; for ((;;)) { break; }",
    "for i in a b; do :; done < x; for i\ndo :; done; for i in; do :; done; for i; { :; }",
    "select x in a b; do break; done",
    "while read -r l; do :; done < <(a); until false; do break; done",
    "f() { :; }; function g { :; }; function h() (:); f () if true; then :; fi; a-b() { :; }",
    "! a; time b; time -p c | d; time; !",
    "{ a; } > x; { a; } && (b) | { c; }",
    "if a; then b; elif c; then d; else e; fi",
    "if a\nthen { b; } fi",
    "while (a) do (b) done",
    "echo `a \\`b\\``",
    "x=.env y=z cat $x > a b",
    "echo ${x:-.env} ${x/a/b} ${x//\\//_} ${x#a} ${x%%a*} ${x:1:2} ${x^^} ${!x} ${x@Q}",
    "echo ${!p*} ${#x} ${x: -3} ${#} ${##}",
    'echo "${x:-"a b"}" "${x:-\'}\'}" "${x//\\"/\\\\}" "${a[@]:1:2}" "$(b "c $(d)")"',
    "echo a#b # c\n# d",
    "a & b & wait",
    "echo if then fi done { } ! [[ in",
    "declare -a x=(1 2); local y=1 z; export A=b C; readonly -p; eval a=(b)",
    "find . \\( -name a -o -name b \\) -exec c {} \\;",
    "git log HEAD^..HEAD~2 --format='%h %s'",
    "echo 'a\nb' \"c\nd\"",
    "a &&\n# why\nb ||\n\nc",
    "a |\nb",
    "echo $'a\\'b' $\"c\"",
    "echo $ $% a$",
    "[ a = b ] && [ ! -e c ]",
    "{ { { a; }; }; }",
    "echo }",
)
NOT_READ: Final = (
    "echo a; ; b",
    "echo (a)",
    "if a; then b",
    "fi",
    "cat 'a",
    'cat "a',
    "cat `a",
    "cat $(a",
    "cat ${a",
    "for in a; do :; done",
    "case x in a) b",
    "a | | b",
    "a && ; b",
    "{ a; ",
    "(a",
    "a)",
    "[[ a",
    "> ",
    "a=(b",
    "f() ",
    "while a; done",
    "& a",
)


@pytest.mark.parametrize("text", READ)
def test_what_bash_reads_is_read_whole(text: str) -> None:
    assert bash_reads(text)
    assert broken(parse(text)) == []


@pytest.mark.parametrize("text", NOT_READ)
def test_what_bash_does_not_read_is_called_broken(text: str) -> None:
    assert not bash_reads(text)
    assert broken(parse(text)) != []


@pytest.mark.parametrize("path", [".ci/run", "tests/run"])
def test_this_repository_s_own_scripts_are_read_whole(path: str) -> None:
    assert broken(parse((ROOT / path).read_text(encoding="utf-8"))) == []


def test_a_line_that_cannot_be_read_costs_no_other() -> None:
    first, second, third = parse("echo a\nfor f in *; echo $f; end\necho b").commands
    assert isinstance(first, Simple)
    assert isinstance(second, Broken)
    assert second.source == "for f in *; echo $f; end\n"
    assert isinstance(third, Simple)


def test_after_many_broken_lines_the_rest_is_one() -> None:
    assert len(parse("(a\n" * 1000).commands) < 100


def test_lists_and_pipelines_are_told_apart() -> None:
    (both, beside) = parse("a | b && c || d; e > f &").commands
    assert isinstance(both, AndOr)
    assert isinstance(both.first, Pipeline)
    assert [sign for sign, _ in both.rest] == ["&&", "||"]
    assert isinstance(beside, Background)


def test_a_here_document_begins_behind_its_line_and_may_be_quoted() -> None:
    (first, second) = parse("cat <<A && cat <<'B'\n$x\nA\n$y\nB\n").commands[0].rest[0][1], parse("a").commands[0]  # type: ignore[union-attr]
    assert isinstance(first, Simple)
    document = first.redirects[0].target
    assert document.body.constant == "$y\n"  # type: ignore[union-attr]
    assert isinstance(second, Simple)


def test_redirections_of_a_group_belong_to_the_group() -> None:
    (group,) = parse("{ a; b; } > x 2>&1").commands
    assert isinstance(group, Redirected)
    assert [redirect.operator for redirect in group.redirects] == [">", ">&"]
    assert isinstance(group.body, Sequence)


@pytest.mark.parametrize(
    "text",
    ["(" * 10_000, "$(" * 10_000, "$((" * 10_000, "${x:-" * 10_000, "{ " * 10_000, "if " * 10_000, "`" * 9_999,
     "case x in " * 10_000, "[[ ( " * 10_000, "<(" * 10_000, "a=(" * 10_000, "f() " * 10_000, '"$(' * 10_000],
)  # fmt: skip
def test_what_nests_without_end_is_given_up(text: str) -> None:
    assert len(broken(parse(text))) >= 1


def test_what_has_too_many_parts_is_given_up() -> None:
    assert any(found.bound for found in broken(parse("a;" * 50_000)))


@given(
    st.text(
        alphabet=st.sampled_from("ab \t\n;&|<>(){}[]'\"\\$`#!=*?@+-~:/%^,0 if then fi do done case in esac"),
        max_size=60,
    )
)
@example("a=(\n")
@example("<<A")
@example("cat <<A\n")
@example("x <<'A\nb")
@example("case a in b) ;; esac")
def test_any_text_is_read_somehow(text: str) -> None:
    assert isinstance(parse(text), Sequence)
    assert parse_text(text) is not None


@given(st.text(max_size=200))
def test_any_characters_are_read_somehow(text: str) -> None:
    assert isinstance(parse(text), Sequence)


@given(
    st.sampled_from(READ),
    st.integers(0, 200),
    st.integers(0, 200),
    st.sampled_from(["", "'", '"', "`", "(", ")", "}", "\\", "$", "<", ";", "\n"]),
)
def test_damaged_commands_are_read_somehow(text: str, begin: int, length: int, patch: str) -> None:
    assert isinstance(parse(text[:begin] + patch + text[begin + length :]), Sequence)
