"""What braces become: bash's own expansion is the judge."""

import subprocess
from typing import Final

import pytest

from guardian_ci.policy.shell.braces import MOST_WORDS, expanded
from guardian_ci.policy.shell.facts import TAME
from guardian_ci.policy.shell.grammar import parse
from guardian_ci.policy.shell.syntax import Literal, Simple, Word


def made_of(text: str) -> list[str]:
    (command,) = parse(f"x {text}").commands
    assert isinstance(command, Simple)
    word = command.words[1]
    assert isinstance(word, Word)
    return ["".join(part.text for part in parts if isinstance(part, Literal)) for parts in expanded(word.parts)]


TABLE: Final = (
    "a{b,c}d", "{a,b}{c,d}", "{a,{b,c}d}e", "{1..3}", "{3..1}", "{01..03}", "{-1..1}", "{a..e}", "{e..a..2}",
    "{1..9..4}", "{a}", "{a", "a}", "{}", "{a..}", "{a,b", "a,b}", "{a,b}{", "x{,y}", "{.env,x}", ".e{n,}v",
    "'{a,b}'", "{'a,b',c}", "\\{a,b}", "{a\\,b,c}", "{{a,b},c}", "{a..c}{1..2}", "{{a}", "{a,b}}", "{1..a}", "{A..C}",
)  # fmt: skip


@pytest.mark.parametrize("text", TABLE)
def test_braces_become_what_they_become_for_bash(text: str) -> None:
    printed = subprocess.run(["bash", "-c", f"printf '%s\\n' {text}"], capture_output=True, text=True, check=True)
    assert made_of(text) == printed.stdout.splitlines()


def test_a_long_series_ends_in_a_number_that_is_not_known() -> None:
    series = made_of("{1..99999999}")
    assert len(series) == MOST_WORDS
    assert series[:2] == ["1", "2"]
    assert series[-1] == TAME


@pytest.mark.parametrize(
    "text", ["{a,b}" * 60, "{1..9999}" * 5, "{a," * 60 + "}" * 60, "{" * 1000, "{a,b" * 900 + "}" * 900]
)
def test_braces_that_explode_are_bounded(text: str) -> None:
    assert 1 <= len(made_of(text)) <= MOST_WORDS
