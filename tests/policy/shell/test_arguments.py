"""How programs read their arguments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.arguments import Kind, Option, name_set, read_arguments, usage

HOW = usage("text read*", text="-m --message", read="-f --file", write="-o --output", maybe="-name")


@pytest.mark.parametrize(
    ("words", "options", "operands"),
    [
        ("a b", [], ["a", "b"]),
        ("-f a b", [("-f", "a")], ["b"]),
        ("-fa b", [("-f", "a")], ["b"]),
        ("-vf a b", [("-v", None), ("-f", "a")], ["b"]),
        ("-f=a", [("-f", "a")], []),
        ("--file a", [("--file", "a")], []),
        ("--file=a", [("--file", "a")], []),
        ("--fil=a b", [("--file", "a")], ["b"]),
        ("--mess x y", [("--message", "x")], ["y"]),
        ("--other=a b", [("--other", "a")], ["b"]),
        ("--other a", [("--other", None)], ["a"]),
        ("-name a", [("-name", "a")], []),
        ("-- -f a", [], ["-f", "a"]),
        ("- a", [], ["-", "a"]),
        ("-f", [("-f", None)], []),
        ("-o./a", [("-o", "./a")], []),
        ("-x./a", [("-x", "./a")], []),
        ("a -v b", [("-v", None)], ["a", "b"]),
    ],
)
def test_options_values_and_operands_are_told_apart(
    words: str, options: list[tuple[str, str | None]], operands: list[str]
) -> None:
    given_words = read_arguments(words.split(), HOW)
    assert [(option.name, option.value) for option in given_words.options] == options
    assert list(given_words.operands) == operands


def test_what_follows_the_first_operand_of_a_wrapper_is_no_option_of_its() -> None:
    words = read_arguments(["-v", "cat", "-n", "a"], usage("text*", stops=True))
    assert words.options == (Option("-v"),)
    assert words.operands == ("cat", "-n", "a")


def test_operands_have_kinds_in_their_order_the_last_its_own() -> None:
    copy = usage("read* write")
    assert [copy.kind_of(position, 3) for position in range(3)] == [Kind.READ, Kind.READ, Kind.WRITE]
    assert copy.kind_of(0, 1) is Kind.READ
    assert HOW.kind_of(0, 2) is Kind.TEXT
    assert HOW.kind_of(5, 6) is Kind.READ
    assert usage("text").kind_of(1, 2) is Kind.MAYBE


def test_a_usage_can_be_given_other_operands() -> None:
    other = HOW.with_operands("write*")
    assert other.options == HOW.options
    assert other.kind_of(0, 1) is Kind.WRITE


def test_values_are_looked_up_by_name_the_last_first() -> None:
    words = read_arguments(["-f", "a", "--file=b", "-v"], HOW)
    assert words.values("-f", "--file") == ["a", "b"]
    assert words.value("-f", "--file") == "b"
    assert words.value("-o") is None
    assert words.has("-v")
    assert not words.has("-o")


def test_a_long_table_of_names_is_one_text() -> None:
    assert name_set("a b\n c") == frozenset({"a", "b", "c"})


@given(st.lists(st.text(alphabet="-=fab/ ", max_size=8), max_size=10))
def test_no_word_is_lost_or_read_twice(words: list[str]) -> None:
    found = read_arguments(words, HOW)
    assert len(found.operands) <= len(words)
    assert set(found.operands) <= set(words)


def test_a_cluster_of_any_length_costs_little() -> None:
    assert len(read_arguments(["-" + "x" * 100_000], HOW).options) < 100
