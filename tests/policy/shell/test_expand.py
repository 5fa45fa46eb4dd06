"""What words become: bash's own expansion is the judge."""

import subprocess
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardian_ci.policy.shell.analysis import analyse
from guardian_ci.policy.shell.facts import TAME, UNKNOWN

SETTING: Final = (
    "x=.env; y='a b'; z=a/b/c.e; e=; n=3; a=(one 'two three' four); declare -A m=([k]=v); "
    "set -- first 'second third' .env; unset q; "
)
SAME: Final = (
    "$x ${x} \"$x\" '$x' \\$x",
    '$y "$y" $e "$e" \'\'',
    'a$x"b$y"c',
    '${q:-d} ${q-d} ${e:-d} ${e-d} ${x:-d} ${q:-a b} "${q:-a b}" ${q:-"a b"}',
    '${x:+s} ${e:+s} ${e+s} ${q+s} "${q:+s}"',
    "${q:=new} $q",
    "${#x} ${#e} ${#a[@]} ${#a[1]} ${#} ${#@}",
    "${z#*/} ${z##*/} ${z%/*} ${z%%/*} ${z%.e} ${z#x}",
    "${z/b/B} ${z//\\//_} ${z/#a/A} ${z/%e/E} ${z//[abc]/} ${z/q/r}",
    "${z:2} ${z:2:3} ${z: -3} ${z: -3:2} ${z:0:-2} ${z:n:n-1}",
    "${x^^} ${x^} ${z^^[ab]} ${m[k]^} ${x~~}",
    "${x@Q} ${x@U} ${y@L}",
    '$1 $2 "$2" ${3} ${10} $#',
    "$@",
    '"$@"',
    "$*",
    '"$*"',
    'a"$@"b',
    '${@:2} "${@:2:1}" ${@: -1}',
    '${a[0]} ${a[1]} "${a[1]}" ${a[-1]} ${a[n-2]} $a',
    "${a[@]}",
    '"${a[@]}"',
    '"${a[*]}"',
    "${!a[@]} ${!m[@]} ${m[k]} ${m[q]}",
    '${a[@]:1} "${a[@]:0:2}" ${a[@]/t/T} "${a[@]#o}" ${a[@]^}',
    "$((1 + n)) $((n * 2, n)) $[n-1] $((a[0])) $((n > 2 ? 7 : 8))",
    '$(echo a b) "$(echo a b)" `echo c` "`echo \\"d\\"`" $(printf \'x\\n\\n\')',
    '{a,b}$x{1..2} {$x,y} "{a,b}" a{b}c',
    "~ '~' \\~ ~/x",
    "$'\\x2e\\145nv' $\"$x\" $'a\\nb'",
    "a\\\nb \"a\\\nb\" 'a b'\\ c",
    "$x$y$x",
    '${!n} ${q:-${x:-z}} ${q:-$(echo $x)} "${q:-"$y"}"',
    "\"${q:-it}\" ${q:-'a b'} \"${q:-'a'}\" ${x#'.'} \"${x#'.'}\" ${x#\"$e\"}",
    "a:b=c a=$x a=~",
    "\"a $x b\"c'd'",
    "$x.txt ${x}txt $x-1 $1x",
)


def becomes(words: str, setting: str = SETTING) -> list[tuple[str, ...]]:
    commands = analyse(f"{setting}show {words}").commands
    return [command[1:] for command in commands if command[0] == "show"]


def bash_makes(words: str, setting: str = SETTING) -> tuple[str, ...]:
    program = f'show() {{ printf "%s\\0" "$@"; }}; {setting}show {words}'
    run = subprocess.run(
        ["bash", "-f", "-c", program], capture_output=True, text=True, check=True, cwd="/", env={"HOME": "/home/me"}
    )
    return tuple(word.replace("/home/me", "~") for word in run.stdout.split("\0")[:-1])


@pytest.mark.parametrize("words", SAME)
def test_words_become_what_they_become_for_bash(words: str) -> None:
    assert bash_makes(words) in becomes(words)


@pytest.mark.parametrize(
    ("separators", "words"),
    [
        ("','", "$v"),
        ("' ,'", "$v"),
        ("''", "$v"),
        ("/", '$v "$v"'),
        ("','", "x$v,y"),
        ("','", "$(echo a,b)"),
        ("':'", '"$*" $*'),
        ("$' \\n'", "$v"),
    ],
)
def test_values_are_split_as_ifs_says(separators: str, words: str) -> None:
    setting = f"v=' a,b ,c/d,,e '; set -- p q; IFS={separators}; "
    assert becomes(words, setting) == [bash_makes(words, setting)]


quoted = st.sampled_from(
    ["plain", "single", "double", "backslash", "hex", "octal", "unicode", "variable", "empty", "echo"]
)


def written(text: str, kinds: list[str]) -> str:
    """Write a text so that bash reads it, each character in another way."""
    return "".join(one_way(sign, kind) for sign, kind in zip(text, kinds, strict=True))


def one_way(sign: str, kind: str) -> str:
    return {
        "single": f"'{sign}'",
        "double": f'"{sign}"',
        "backslash": "\\" + sign,
        "hex": f"$'\\x{ord(sign):02x}'",
        "octal": f"$'\\{ord(sign):03o}'",
        "unicode": f"$'\\u{ord(sign):04x}'",
        "variable": f'$nothing"{sign}"',
        "empty": f"{sign}''\\\n",
        "echo": f"$(echo '{sign}')",
    }.get(kind, sign)


WORDS: Final = (".env", "~/.ssh/id_rsa", "server.pem", "/etc/shadow", "secrets/db.txt")


@given(st.data())
def test_a_word_is_the_same_however_it_is_quoted(data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(WORDS))
    rest = word.removeprefix("~/")
    kinds = data.draw(st.lists(quoted, min_size=len(rest), max_size=len(rest)))
    text = word[: len(word) - len(rest)] + written(rest, kinds)
    assert word in {touch.path for touch in analyse(f"cat {text}").touches if touch.sure}, text


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(WORDS), st.lists(quoted, min_size=20, max_size=20))
def test_a_word_so_quoted_is_the_word_for_bash_too(word: str, kinds: list[str]) -> None:
    rest = word.removeprefix("~/")
    text = written(rest, kinds[: len(rest)])
    assert bash_makes(text, "") == (rest,)


@given(st.data())
def test_a_word_is_the_same_whatever_variables_it_is_put_together_from(data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(WORDS))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(word) - 1), max_size=4)))
    pieces = [word[begin:end] for begin, end in zip([0, *cuts], [*cuts, None], strict=True)]
    ways = data.draw(
        st.lists(
            st.sampled_from(["$", "${", '"$', "default", "array", "strip", "upper", "printf"]), min_size=5, max_size=5
        )
    )
    before, text = [], ""
    for number, (piece, way) in enumerate(zip(pieces, ways, strict=False)):
        name = f"v{number}"
        match way:
            case "$" | "${" | '"$':
                before.append(f"{name}='{piece}'")
                text += {"$": f'$v{number}""', "${": f"${{{name}}}", '"$': f'"${name}"'}[way]
            case "default":
                text += f"${{{name}:-'{piece}'}}"
            case "array":
                before.append(f"{name}=(x '{piece}')")
                text += f'"${{{name}[1]}}"'
            case "strip":
                before.append(f"{name}='x{piece}x'")
                text += f'"${{{name}:1:{len(piece)}}}"'
            case "upper":
                before.append(f"{name}='{piece.upper()}'")
                text += f'"${{{name},,}}"'
            case _:
                before.append(f"printf -v {name} %s '{piece}'")
                text += f'"${name}"'
    command = "; ".join([*before, f"cat {text}"])
    assert word in {touch.path for touch in analyse(command).touches}, command


@given(st.sampled_from(WORDS), st.data())
def test_a_word_is_among_those_that_its_braces_make(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(word) - 1))
    other = data.draw(st.text(alphabet="abc", max_size=3))
    first = data.draw(st.booleans())
    pair = f"{{{word[at]},{other}}}" if first else f"{{{other},{word[at]}}}"
    assert word in {touch.path for touch in analyse(f"cat {word[:at]}{pair}{word[at + 1 :]}").touches}


@pytest.mark.parametrize(
    ("words", "made"),
    [
        ("a$q", {("a",), (f"a{UNKNOWN}",)}),
        ("$RANDOM", {(TAME,)}),
        ("${HOME:0:1}", {("/",)}),
        ("${PATH:0:1}", {("/",)}),
        ("${PWD:0:1}", {("/",)}),
        ("${HOME##*/}", {(TAME,)}),
        ("${PWD%/*}", {("./..",)}),
        ("${#HOME}", {(TAME,)}),
        ("${CI:+.env}", {(".env",), ()}),
        ("${GITHUB_SHA:0:7}", {(TAME,)}),
        ("${(j::)x}", {(UNKNOWN,)}),
        ("$HOME/.ssh", {("~/.ssh",)}),
    ],
)
def test_what_the_environment_brings_is_told_as_far_as_it_is_known(words: str, made: set[tuple[str, ...]]) -> None:
    assert set(becomes(words, "")) == made


def test_a_variable_may_have_several_values_and_a_word_all_of_them() -> None:
    text = "if a; then x=1; else x=2; fi; if b; then y=3; else y=4; fi; show $x$y"
    assert {command[1] for command in analyse(text).commands if command[0] == "show"} == {"13", "14", "23", "24"}


def test_too_many_values_end_in_one_that_is_not_known() -> None:
    text = "".join(f"if a; then x{number}=a; else x{number}=b; fi; " for number in range(12))
    words = {
        command[1]
        for command in analyse(text + "show " + "".join(f"$x{n}" for n in range(12))).commands
        if command[0] == "show"
    }
    assert len(words) <= 40
    assert any(UNKNOWN in word for word in words)
