"""Each line is numbered and carries the digest of the line before it."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.audit.chain import ChainCheck, LineChain, rfc3339

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ANY_TEXT = st.text(st.characters(codec=None), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)


def chained(*fields: dict[str, object]) -> list[bytes]:
    chain = LineChain("run-1")
    lines = []
    for one in fields:
        lines.append(chain.line("notice", NOON, one))
        chain.accept(lines[-1])
    return lines


def problems(lines: list[bytes]) -> list[str | None]:
    check = ChainCheck()
    return [check.check(line, seq=json.loads(line)["seq"], prev=json.loads(line)["prev"]) for line in lines]


def test_the_first_line_continues_nothing_and_the_second_the_first() -> None:
    first, second = chained({"a": 1}, {"a": 2})
    assert json.loads(first) == {
        "v": 1,
        "seq": 0,
        "prev": "",
        "type": "notice",
        "timestamp": "2026-11-22T12:00:00.000Z",
        "run_id": "run-1",
        "a": 1,
    }
    assert json.loads(second)["seq"] == 1
    assert json.loads(second)["prev"] == hashlib.sha256(first).hexdigest()


def test_a_line_that_was_not_accepted_is_followed_by_one_with_the_same_number() -> None:
    chain = LineChain("run-1")
    assert chain.line("notice", NOON, {}) == chain.line("notice", NOON, {})


def test_a_moment_is_written_in_utc_with_milliseconds() -> None:
    there = timezone(timedelta(hours=2))
    assert rfc3339(datetime(2026, 11, 22, 14, 0, 0, 123_999, tzinfo=there)) == "2026-11-22T12:00:00.123Z"


@pytest.mark.parametrize("field", ["v", "seq", "prev", "type", "timestamp", "run_id"])
def test_no_field_may_pass_itself_off_as_the_chains(field: str) -> None:
    with pytest.raises(ValueError, match=field):
        LineChain("run-1").line("notice", NOON, {field: "mine"})


def test_a_number_that_json_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        LineChain("run-1").line("notice", NOON, {"cost": float("nan")})


@given(st.dictionaries(ANY_TEXT.map(lambda name: f"x{name}"), JSON, max_size=4))
def test_any_text_is_one_printable_line_and_reads_back_as_it_was(fields: dict[str, object]) -> None:
    (line,) = chained(fields)
    assert all(0x20 <= byte < 0x7F for byte in line)
    record = json.loads(line)
    assert {name: record[name] for name in fields} == fields


def test_a_whole_chain_has_no_problem() -> None:
    assert problems(chained({}, {}, {})) == [None, None, None]


def test_a_changed_line_is_found_at_the_line_behind_it() -> None:
    lines = chained({"cost": 1}, {}, {})
    lines[0] = lines[0].replace(b'"cost":1', b'"cost":0')
    first, second, third = problems(lines)
    assert (first, third) == (None, None)
    assert second is not None
    assert "was changed" in second


def test_a_line_taken_out_leaves_a_gap() -> None:
    lines = chained({}, {}, {})
    del lines[1]
    assert [problem is None for problem in problems(lines)] == [True, False]


def test_two_lines_in_the_wrong_order_are_found() -> None:
    first, second, third = chained({}, {}, {})
    assert any(problems([first, third, second]))


def test_a_line_that_could_not_be_read_takes_its_number_and_no_more() -> None:
    first, second, third = chained({}, {}, {})
    check = ChainCheck()
    assert check.check(first, seq=0, prev="") is None
    check.skip()
    assert check.check(third, seq=2, prev=json.loads(third)["prev"]) is None
    assert second
