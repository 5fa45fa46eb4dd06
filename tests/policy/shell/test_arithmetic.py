"""What the shell's arithmetic comes to: bash's own is the judge."""

import subprocess
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.arithmetic import evaluate


class Names:
    def __init__(self) -> None:
        self.values: dict[str, int | None] = {"x": 5, "y": -3}

    def number(self, name: str, depth: int) -> int | None:
        return self.values.get(name, 0)

    def set_number(self, name: str, value: int | None) -> None:
        self.values[name] = value


EXPRESSIONS: Final = (
    "1+2*3", "(1+2)*3", "7/2", "-7/2", "-7%3", "7%-3", "2**10", "2**3**2", "1<<4", "-16>>2", "5&3", "5|3", "5^3",
    "~5", "!5", "!0", "-x", "+x", "x+y", "x*y", "x>y", "x<=5", "x==5&&y==-3", "0||0", "1?2:3", "0?2:3", "1?0?4:5:6",
    "x=7", "x=7,x+1", "x+=2", "x-=2", "x*=2", "x<<=1", "x++", "++x", "x--", "--x", "x++ + x", "0x1F", "010", "2#101",
    "36#z", "64#_", "1,2,3", "a", "a+1", "9223372036854775807+1", "-9223372036854775808-1", "1 + \t2", "", "5!=3",
    "~~7", "- -3", "(x)", "x=y=4",
)  # fmt: skip


def test_expressions_are_worth_what_they_are_worth_for_bash() -> None:
    program = "for e; do x=5 y=-3; echo $((e)); done"
    found = subprocess.run(["bash", "-c", program, "_", *EXPRESSIONS], capture_output=True, text=True, check=True)
    assert [evaluate(expression, Names()) for expression in EXPRESSIONS] == [int(line) for line in found.stdout.split()]


def test_assignments_reach_the_variables() -> None:
    names = Names()
    assert evaluate("x = y + 10, z = x++", names) == 7
    assert names.values == {"x": 8, "y": -3, "z": 7}


@pytest.mark.parametrize(
    "expression", ["1/0", "1%0", "2**-1", "1+", "(1", "1)", "a b", "08", "$x", "1=2", "3#9", "x[", "1.5"]
)
def test_what_bash_would_complain_of_is_not_known(expression: str) -> None:
    assert evaluate(expression, Names()) is None


@pytest.mark.parametrize(
    "expression",
    ["(" * 500 + "1" + ")" * 500, "1+" * 5000 + "1", "-" * 900 + "1", "1?" * 300 + "2", "9" * 100, "x=" * 300 + "1"],
)
def test_an_expression_without_end_is_not_known(expression: str) -> None:
    assert evaluate(expression, Names()) in {None, -1, 1}


def test_what_is_not_known_makes_the_whole_unknown() -> None:
    names = Names()
    names.values["x"] = None
    assert evaluate("x + 1", names) is None
    assert evaluate("y = x", names) is None
    assert names.values["y"] is None


@given(st.text(alphabet="0129xya+-*/%<>=!&|^~?:(),# []", max_size=30))
def test_any_expression_is_answered_with_a_number_of_64_bits_or_none(expression: str) -> None:
    value = evaluate(expression, Names())
    assert value is None or -(1 << 63) <= value < 1 << 63
