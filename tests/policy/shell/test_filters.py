"""What filters and printers print where their input is known."""

import base64
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.facts import TAME, UNKNOWN
from guardian_ci.policy.shell.filters import printed, prints

PRINTERS = [
    ("echo a b", "a b\n"),
    ("echo -n a", "a"),
    (r"echo -e '\x2eenv\c more'", ".env"),
    (r"echo '\056env'", ".env\n"),
    (r"echo '\n'", "\\n\n"),
    ("echo -x", "-x\n"),
    ("printf '%s%s' .e nv", ".env"),
    (r"printf '\056env'", ".env"),
    (r"printf '%b' '\0056env'", ".env"),
    ("printf '%s\\n' a b", "a\nb\n"),
    ("printf '%d-%x-%o\\n' 10 255 8", "10-ff-10\n"),
    ("printf '%c%c' ab cd", "ac"),
    ("printf '%5s|%-3s|' a b", "    a|b  |"),
    ("printf '%03d' 7", "007"),
    ("printf '%%'", "%"),
    ("printf '%.2s' abc", "ab"),
    ("printf '%*s' 3 a", "  a"),
    ('printf "%d" "\'A"', "65"),
    ("printf -v x y", ""),
    ("seq 3", "1\n2\n3\n"),
    ("seq 1 2 5", "1\n3\n5\n"),
    ("seq -s, 2 4", "2,3,4\n"),
    ("seq 3 -1 1", "3\n2\n1\n"),
    ("basename /a/b.txt .txt", "b\n"),
    ("basename -a a/b c/d", "b\nd\n"),
    ("dirname a/b c", "a\n.\n"),
    ("realpath ./a", "./a\n"),
    ("expr 2 '*' 3", "6\n"),
    ("expr substr x.env 2 4", ".env\n"),
    ("expr x.env : 'x\\(.*\\)'", ".env\n"),
    ("expr abc : 'ab'", "2\n"),
    ("date +%F", f"{TAME}\n"),
    ("date +.env", ".env\n"),
    ("uname -m", f"{TAME}\n"),
]
FILTERS = [
    ("cat", ".env", ".env"),
    ("rev", "vne.\n", ".env\n"),
    ("tac", "a\nb\n", "b\na\n"),
    ("tr a-z n-za-m", ".rai", ".env"),
    ("tr -d x", ".xexnv", ".env"),
    ("tr -cd 'a-z.'", ".1e2nv", ".env"),
    ("tr -s a", "aab", "ab"),
    ("tr '[:upper:]' '[:lower:]'", ".ENV", ".env"),
    (r"tr '\141' b", "a", "b"),
    ("tr abc x", "abc", "xxx"),
    ("base64 -d", "LmVudg==", ".env"),
    ("base64 --decode", "LmVudg==", ".env"),
    ("base64 -w0", ".env", "LmVudg==\n"),
    ("base32 -d", "FZSW45Q=", ".env"),
    ("basenc --base16 -d", "2E656E76", ".env"),
    ("xxd -r -p", "2e656e76", ".env"),
    ("xxd -r", "00000000: 2e65 6e76                                .env\n", ".env"),
    ("xxd -p", ".env", "2e656e76\n"),
    ("openssl base64 -d", "LmVudg==", ".env"),
    ("openssl enc -base64 -d", "LmVudg==", ".env"),
    ("cut -c2-5", "x.envx\n", ".env\n"),
    ("cut -d: -f2,3", "a:b:c:d\n", "b:c\n"),
    ("cut -d: -f2-", "a:b:c\n", "b:c\n"),
    ("cut --complement -c1", "x.env\n", ".env\n"),
    ("cut -d, -f1,2 --output-delimiter=", ".e,nv\n", ".env\n"),
    ("cut -d: -f2", "no\n", "no\n"),
    ("head -n 1", "a\nb\n", "a\n"),
    ("head -1", "a\nb\n", "a\n"),
    ("head -c 2", "abc", "ab"),
    ("tail -n 1", "a\nb\n", "b\n"),
    ("tail -n +2", "a\nb\n", "b\n"),
    ("tail -c 4", "x.env", ".env"),
    ("sort -r", "a\nb\n", "b\na\n"),
    ("sort -u", "b\na\nb\n", "a\nb\n"),
    ("uniq", "a\na\nb\n", "a\nb\n"),
    ("nl", "a\n", "     1\ta\n"),
    ("fold -w 2", "abc\n", "ab\nc\n"),
    ("paste -sd ''", ".e\nnv\n", ".env\n"),
    ("paste -sd -", "a\nb\n", "a-b\n"),
    ("rot13", ".rai", ".env"),
    ("dd bs=1 skip=1 count=4", "x.envx", ".env"),
    ("grep -o e.v", ".env\n", "env\n"),
    ("grep -v b", "a\nb\n", "a\n"),
    ("grep -x b", "ab\nb\n", "b\n"),
    ("grep -i B", "b\n", "b\n"),
    ("egrep 'a|b'", "a\nc\n", "a\n"),
    ("fgrep .", "a\n.\n", ".\n"),
    ("grep -c x", "x\n", f"{TAME}\n"),
    ("sed s/x/./", "xenv\n", ".env\n"),
    ("sed -n 2p", "a\nb\n", "b\n"),
    ("jq -r .a", '{"a": ".env"}', ".env\n"),
    ("wc -l", "a\n", f"{TAME}\n"),
    ("iconv -f UTF-16LE", "a\0b\0", "ab"),
    ("envsubst", ".env", ".env"),
]


@pytest.mark.parametrize(("command", "text"), PRINTERS)
def test_printers_print_their_words(command: str, text: str) -> None:
    program, *words = shlex.split(command)
    assert printed(program, words, None) == text


@pytest.mark.parametrize(("command", "stdin", "text"), FILTERS)
def test_filters_print_what_they_make_of_their_input(command: str, stdin: str, text: str) -> None:
    program, *words = shlex.split(command)
    assert printed(program, words, stdin) == text


@pytest.mark.parametrize("command", ["head -n 1", "tail -n +3", "sort -r", "tac", "cut -d. -f2", "sed -n 2p", "shuf"])
def test_of_names_that_nobody_knows_any_may_be_picked(command: str) -> None:
    program, *words = shlex.split(command)
    assert sorted(str(printed(program, words, "*\n.*\n")).splitlines()) == ["*", ".*"]


def test_a_search_narrows_names_that_nobody_knows() -> None:
    assert printed("grep", ["nv"], "*\n.*\n") == "*nv*\n.*nv*\n"
    assert printed("grep", ["-v", "nv"], "*\n") == "*\n"
    assert printed("grep", ["-F", ".e"], ".*\n") == ".*.e*\n.e*\n"


@pytest.mark.parametrize(
    "command", ["base64 -d", "xxd -r -p", "rev", "cut -c1", "grep a", "jq .a", "gunzip", "sed s/a/b/"]
)
def test_what_is_made_of_the_unknown_is_not_known(command: str) -> None:
    program, *words = shlex.split(command)
    text = printed(program, words, f"{UNKNOWN}\n")
    assert text is None or text.strip() == UNKNOWN


@pytest.mark.parametrize("command", ["rev", "base64 -d", "tr a b", "grep a", "nobody"])
def test_without_input_nothing_is_known(command: str) -> None:
    program, *words = shlex.split(command)
    assert printed(program, words, None) is None


@pytest.mark.parametrize(
    "command", ["printf '%999999999d' 1", "seq x", "head -n x", "expr 1 / 0", "printf %d x", "dd count=x", "tr"]
)
def test_words_that_make_no_sense_stop_nothing(command: str) -> None:
    program, *words = shlex.split(command)
    text = printed(program, words, "a\n")
    assert text is None or len(text) < 100


def test_what_grows_without_bound_is_cut() -> None:
    assert len(str(printed("yes", [".env"], None))) < 70_000
    assert len(str(printed("seq", ["999999999"], None))) < 70_000
    assert printed("cat", [], "a" * 1_000_000) is None


def test_it_is_known_which_programs_print_what_they_are_given() -> None:
    assert prints("base64")
    assert not prints("frobnicate")


@given(st.binary(max_size=60))
def test_base_64_is_undone_wherever_it_comes_from(data: bytes) -> None:
    text = base64.b64encode(data).decode()
    assert printed("base64", ["-d"], text) == printed("openssl", ["base64", "-d"], text)


@given(
    st.sampled_from(sorted({row[0].split()[0] for row in [*PRINTERS, *FILTERS]})),
    st.lists(st.text(alphabet="-ncdfrsa1%:+./\\[]*x", max_size=6), max_size=4),
    st.none() | st.text(alphabet="ab*.\n" + UNKNOWN + TAME, max_size=20),
)
def test_no_words_and_no_input_make_it_fail(program: str, words: list[str], stdin: str | None) -> None:
    text = printed(program, words, stdin)
    assert text is None or len(text) <= 65_536
