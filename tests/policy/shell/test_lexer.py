"""How words are read: quotes, escapes, and where a word ends."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.grammar import parse
from guardian_ci.policy.shell.lexer import ansi_text
from guardian_ci.policy.shell.syntax import Literal, Parameter, ProcessFile, Simple, Substitution, Word


def words(text: str) -> list[Word]:
    (command,) = parse(text).commands
    assert isinstance(command, Simple)
    return [word for word in command.words if isinstance(word, Word)]


@pytest.mark.parametrize(
    ("text", "constant"),
    [
        ("a''b", "ab"),
        ('a"b"c', "abc"),
        (r"a\b\ c", "ab c"),
        ("'a b'", "a b"),
        ('"a\\"b\\c\\$"', 'a"b\\c$'),
        ("a\\\nb", "ab"),
        ('"a\\\nb"', "ab"),
        ("'a\\\nb'", "a\\\nb"),
        ("$'a\\tb'", "a\tb"),
        ('$"a"', "a"),
        ("a=b", "a=b"),
        ("''", ""),
        ("a#b", "a#b"),
        ("[a-z]*", "[a-z]*"),
        ("%1", "%1"),
        ("a$", "a$"),
        ("a:$%", "a:$%"),
    ],
)
def test_quotes_are_taken_away_and_what_is_constant_is_known_at_once(text: str, constant: str) -> None:
    assert words(f"x {text}")[1].constant == constant


@pytest.mark.parametrize("text", ["~/x", "{a,b}", "@(a|b)", "$x", "$(a)", "`a`", "$((1))", "<(a)", "a{b"])
def test_what_must_be_expanded_is_not_constant(text: str) -> None:
    assert words(f"x {text}")[1].constant is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('"."e$\'\\x6e\'"v"', 1),
        ("a\"b\"'c'$d${e}$(f g)`h i`$((1 + 2))", 1),
        ('"a b"c d', 2),
        ("a<(b c)d", 1),
        ('"$(a "b c" \')\')" d', 2),
        ("${a:-'b c'} d", 2),
        ("${a[1 + 2]:-z} d", 2),
        ("a\tb", 2),
        ("a\\ b", 1),
        ("@(a|b c)d", 1),
        ("'a'\\\n'b'", 1),
        ('""""""a', 1),
    ],
)
def test_a_word_ends_where_it_ends_for_bash(text: str, count: int) -> None:
    assert len(words(f"x {text}")) == count + 1
    program = f"b() {{ :; }}; h() {{ :; }}; f() {{ echo F; }}; x() {{ echo $#; }}; d=D; x {text}"
    printed = subprocess.run(["bash", "-O", "extglob", "-c", program], capture_output=True, text=True, check=False)
    assert int(printed.stdout.split()[-1]) == count


def test_the_parts_of_a_word_say_whether_they_are_quoted() -> None:
    (_, word) = words('x a\'b\'"$c"$d"$(e)"<(f)')
    assert [type(part) for part in word.parts] == [Literal, Literal, Parameter, Parameter, Substitution, ProcessFile]
    assert [getattr(part, "quoted", None) for part in word.parts] == [False, True, True, False, True, None]


@pytest.mark.parametrize(
    ("text", "name", "operator", "first", "second"),
    [
        ("${x:-a b}", "x", ":-", "a b", None),
        ("${x##*/}", "x", "##", "*/", None),
        ("${x/a/b}", "x", "/", "a", "b"),
        ("${x//\\//_}", "x", "//", "\\/", "_"),
        ("${x/#a}", "x", "/#", "a", None),
        ("${x:1:2}", "x", ":", "1", "2"),
        ("${x: -1}", "x", ":", " -1", None),
        ("${x:$((a?1:2)):3}", "x", ":", "$((a?1:2))", "3"),
        ("${x^^}", "x", "^^", "", None),
        ("${@:2}", "@", ":", "2", None),
        ("${x@Q}", "x", "@", "Q", None),
    ],
)
def test_an_expansion_is_read_with_its_operator(
    text: str, name: str, operator: str, first: str, second: str | None
) -> None:
    part = words(f"x {text}")[1].parts[0]
    assert isinstance(part, Parameter)
    assert (part.name, part.operator) == (name, operator)
    assert part.first is not None
    assert part.first.source == first
    assert (part.second.source if part.second else None) == second


@pytest.mark.parametrize(
    ("text", "length", "indirect", "name"),
    [("${#x}", True, False, "x"), ("${!x}", False, True, "x"), ("${#}", False, False, "#"), ("${!}", False, False, "!"),
     ("${#@}", True, False, "@"), ("${##}", True, False, "#"), ("${!a[@]}", False, True, "a")],
)  # fmt: skip
def test_lengths_and_indirections_are_told_from_names(text: str, length: bool, indirect: bool, name: str) -> None:
    part = words(f"x {text}")[1].parts[0]
    assert isinstance(part, Parameter)
    assert (part.length, part.indirect, part.name) == (length, indirect, name)


def test_an_expansion_of_another_shell_is_stepped_over() -> None:
    (_, word, behind) = words("x ${(f)y} z")
    assert word.parts == (Parameter(""),)
    assert behind.constant == "z"


ESCAPED = r"a\n\t\\\'\"\?\a\b\e\E\f\r\v\q\x41\x4g\101\1018\u0041\u41g\U00000041\cA\x{41}é\xc3\xa9"


def test_ansi_quotes_say_what_they_say_for_bash() -> None:
    printed = subprocess.run(["bash", "-c", f"printf %s $'{ESCAPED}'"], capture_output=True, check=True).stdout
    assert ansi_text(ESCAPED) == printed.decode()


def test_a_nul_ends_an_ansi_quote() -> None:
    assert ansi_text(r"ab\0cd") == "ab"


@given(st.text(alphabet=st.sampled_from("\\xuU0123456789abcdefAFq{}cn'"), max_size=40))
def test_any_ansi_quote_is_decoded(text: str) -> None:
    assert isinstance(ansi_text(text), str)
