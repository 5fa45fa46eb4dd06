"""What the marks say of a text, and what becomes of what is given from outside."""

import pytest

from guardian_ci.policy.shell.facts import TAME, UNKNOWN
from guardian_ci.policy.shell.marks import GIVEN, HERE, PRINTED, as_program, as_word, is_bare, is_known, nothing_known


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a/b", "a/b"),
        (GIVEN, TAME),
        (f"{GIVEN}/{GIVEN}", f"{TAME}/{TAME}"),
        (f"src/{GIVEN}", f"src/{TAME}"),
        (f"{GIVEN}/x.py", f"{TAME}/x.py"),
        (f"--file={GIVEN}", f"--file={TAME}"),
        (f".e{GIVEN}", f".e{UNKNOWN}"),
        (f"{GIVEN}.pem", f"{UNKNOWN}.pem"),
        (f"~/{GIVEN}", f"~/{UNKNOWN}"),
    ],
)
def test_what_is_given_is_harmless_as_a_whole_and_unknown_as_a_piece(text: str, word: str) -> None:
    assert as_word(text) == word


def test_a_program_text_that_is_given_is_not_known() -> None:
    assert as_program(GIVEN) == UNKNOWN
    assert as_program("a b") == "a b"


def test_what_a_plain_program_prints_may_be_run_but_names_no_known_file() -> None:
    assert as_program(PRINTED) == TAME
    assert as_word(PRINTED) == UNKNOWN


def test_the_folder_of_the_beginning_is_shown_as_here() -> None:
    assert as_program(f"{HERE}/a") == "./a"
    assert not is_known(HERE)


@pytest.mark.parametrize("mark", [UNKNOWN, TAME, GIVEN])
def test_a_mark_makes_a_text_unknown(mark: str) -> None:
    assert is_known("abc")
    assert not is_known(f"a{mark}c")
    assert is_bare(mark)
    assert not is_bare(f"a{mark}")
    assert not is_bare("")


def test_what_is_made_of_an_unknown_text_is_no_better_known() -> None:
    assert nothing_known(f"a{GIVEN}") == GIVEN
    assert nothing_known(f"a{TAME}") == TAME
    assert nothing_known(f"{TAME}{UNKNOWN}{GIVEN}") == UNKNOWN
    assert nothing_known(f"{GIVEN}{PRINTED}") == PRINTED
    assert nothing_known("abc") == UNKNOWN
