"""What is kept of what a command was seen to do."""

from collections.abc import Iterator

import pytest

from guardian_ci.policy.shell.facts import UNKNOWN, Access, Contact, Touch
from guardian_ci.policy.shell.lexer import Bound
from guardian_ci.policy.shell.marks import GIVEN
from guardian_ci.policy.shell.record import Record


def consume(steps: Iterator[None]) -> None:
    for _ in steps:
        pass


def touch(path: str, word: str = "w") -> Touch:
    return Touch(path=path, access=Access.READ, word=word)


def test_each_fact_is_kept_once_in_the_order_of_the_first() -> None:
    record = Record()
    for path in ("a", "b", "a"):
        record.touch(touch(path))
        record.command(("cat", path))
        record.contact(Contact(host=path, program="x", word=path))
        record.opaque("dark", path)
        record.assigned(path)
    analysis = record.analysis(None, ())
    assert [each.path for each in analysis.touches] == ["a", "b"]
    assert analysis.commands == (("cat", "a"), ("cat", "b"))
    assert [each.host for each in analysis.contacts] == ["a", "b"]
    assert [each.word for each in analysis.opaque] == ["a", "b"]
    assert analysis.assigned == ("a", "b")


def test_nothing_says_given_outside() -> None:
    record = Record()
    record.command(("cat", GIVEN))
    record.opaque("dark", GIVEN)
    record.assigned(f"a{GIVEN}")
    analysis = record.analysis(None, ())
    assert analysis.commands == (("cat", UNKNOWN),)
    assert analysis.opaque[0].word == UNKNOWN
    assert analysis.assigned == (UNKNOWN,)


def test_a_path_longer_than_any_file_s_is_left_out() -> None:
    record = Record()
    record.touch(touch("a" * 5000))
    assert record.analysis(None, ()).touches == ()


def test_what_does_not_run_is_hushed() -> None:
    record = Record()
    record.hushed = True
    record.opaque("dark", "x")
    assert record.analysis(None, ()).opaque == ()


def test_more_than_is_of_use_stops_the_reading_and_a_full_record_takes_its_end() -> None:
    record = Record()
    with pytest.raises(Bound):
        consume(record.touch(touch(str(number))) for number in range(100_000))
    with pytest.raises(Bound):
        consume(record.command((str(number),)) for number in range(100_000))
    record.full = True
    record.command((UNKNOWN,))
    record.opaque("more than can be followed", "")
    assert record.analysis(None, ()).commands[-1] == (UNKNOWN,)
