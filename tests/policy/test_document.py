"""How a policy's text is read."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.document import MAX_VALUES, read_mapping, read_text, to_json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("off", "off"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("5", 5),
        ("-5", -5),
        ("0x10", 16),
        ("0o10", 8),
        ("010", 10),
        ("5.00", Decimal("5.00")),
        ("1e3", Decimal(1000)),
        (".5", Decimal("0.5")),
        ("50_000", "50_000"),
        ("2026-01-31", "2026-01-31"),
        ("1:30", "1:30"),
        ('"5"', "5"),
        ("!!str 5", "5"),
        ("~/.ssh/*", "~/.ssh/*"),
    ],
)
def test_a_scalar_is_what_yaml_1_2_says(text: str, value: object) -> None:
    document = read_text(f"key: {text}", "p.yml")
    assert document.problems == []
    assert document.value == {"key": value}
    assert type(document.value["key"]) is type(value)


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("", 1, 1, "the file is empty"),
        ("# only a comment\n", 1, 1, "the file is empty"),
        ("a: 1\nb: 2\na: 3\n", 3, 1, "stands twice: first on line 1"),
        ("a:\n  b: 1\n  b: 1\n", 3, 3, "stands twice: first on line 2"),
        ("a:\n\t- 1\n", 2, 1, "a tab stands where"),
        ("a: [1, 2\nb: 3\n", 2, 2, "not YAML"),
        ("a: 'open\n", 2, 1, "not YAML"),
        ("a: 1\n---\nb: 2\n", 2, 1, "more than one YAML document"),
        ("a: *.pem\n", 1, 5, "begins with * is an alias"),
        ("a: *pem\n", 1, 4, "begins with * is an alias"),
        ("a: .nan\n", 1, 4, "must be a finite number"),
        ("a: -.inf\n", 1, 4, "must be a finite number"),
        ("a: 1e999999999\n", 1, 4, "out of all bounds"),
        ("a: " + "9" * 5000 + "\n", 1, 4, "out of all bounds"),
        ("a: !!python/object:os.system x\n", 1, 4, "has no meaning"),
        ("a: !secret x\n", 1, 4, "has no meaning"),
        ("[a, b]: 1\n", 1, 1, "a key must be text"),
        ("a: 1\nb: \x07\n", 2, 4, "U+0007 is not allowed"),
        ('a: "\\ud800"\n', 1, 4, "no text"),
        ('a: "\\UFFFFFFFF"\n', 1, 1, "stands for no character"),
        ('a: "\\0"\n', 1, 4, "no text"),
        ("[" * 1500, 1, 1, "nested deeper"),
        ("a: " + "[" * 60 + "]" * 60, 1, 44, "nested deeper"),
        ("a: &x [*x]\n", 1, 4, "nested deeper"),
    ],
)
def test_a_text_that_cannot_be_read_is_a_problem_at_its_place(text: str, line: int, column: int, said: str) -> None:
    problem = read_text(text, "p.yml").problems[0]
    assert said in problem.message
    assert (problem.line, problem.column) == (line, column)


def test_aliases_cannot_blow_a_small_text_up() -> None:
    laughs = "\n".join(
        ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    )
    document = read_text(laughs, "p.yml")
    assert len(document.marks) <= MAX_VALUES + 100
    assert [problem.message for problem in document.problems] == [
        f"the policy holds more than {MAX_VALUES:,} values (aliases count each time)"
    ]


def test_an_alias_stands_for_its_anchor() -> None:
    assert read_text("a: &files [x]\nb: *files\n", "p.yml").value == {"a": ["x"], "b": ["x"]}


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert read_text("\ufeffname: x", "p.yml").value == {"name": "x"}


def test_each_value_and_key_knows_its_place() -> None:
    document = read_text("a:\n  - b: 1\n    cc: [2,\n      3]\n", "p.yml")
    assert document.marks["a", 0, "cc", 1] == (4, 7)
    assert document.keys["a", 0, "cc"] == (3, 5)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.decimals(-1000, 1000, places=6).map(float)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from("abcd"), json_values, max_size=4))
def test_json_values_come_back_as_they_were(value: dict[str, object]) -> None:
    document = read_mapping(value, "log")
    assert document.problems == []
    assert to_json(document.value) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"bytes", "\ud800", 1e300, 10**1000])
def test_what_json_cannot_say_is_a_problem(value: object) -> None:
    assert len(read_mapping({"a": value}, "log").problems) == 1


def test_a_number_that_python_will_not_print_is_a_problem() -> None:
    assert len(read_mapping({"a": 10**5000}, "log").problems) == 1


def test_a_self_containing_mapping_is_a_problem() -> None:
    loop: dict[str, object] = {}
    loop["a"] = loop
    assert "nested deeper" in read_mapping(loop, "log").problems[0].message
