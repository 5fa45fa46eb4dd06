"""What the protocols share in requests: digests, turns, and removing without traces."""

import pytest

from guardian_ci.errors import BadRequest
from guardian_ci.model import Operation
from guardian_ci.wire.request import Offers, check_spelling, fingerprint, last_turn, unmarked


def test_a_fingerprint_is_sixteen_digits_of_what_is_new() -> None:
    digest = fingerprint("m", Operation.GENERATE, [{"a": 1, "b": "\ud800"}])
    assert len(digest) == 16
    assert digest == fingerprint("m", Operation.GENERATE, [{"b": "\ud800", "a": 1}])
    assert digest != fingerprint("m", Operation.COUNT_TOKENS, [{"a": 1, "b": "\ud800"}])


@pytest.mark.parametrize(
    ("answers", "new"),
    [
        ([], 0),
        ([False], 0),
        ([False, True, False], 2),
        ([False, True, False, True], 2),
        ([False, True], 0),
        ([True], 0),
    ],
)
def test_the_new_part_begins_behind_the_last_answer_that_is_no_prefill(answers: list[bool], new: int) -> None:
    assert last_turn(answers, answers) == new


def test_an_offer_is_named_by_what_its_kind_does() -> None:
    offers = Offers()
    offers.add("anything", ("tools", 0), kind="web_search_20250305", provider_executed=True)
    offers.add("Read", ("tools", 1))
    assert [tool.canonical for tool in offers.tools] == ["web_search", "read_file"]
    assert offers.paths == [("tools", 0), ("tools", 1)]


def test_members_that_differ_by_their_case_alone_are_refused() -> None:
    check_spelling({"model": 1, "Other": 2}, ["model"])
    with pytest.raises(BadRequest, match=r"mODEL: did you mean model\?"):
        check_spelling({"mODEL": 1}, ["model"])


@pytest.mark.parametrize(
    "turn",
    [
        {"a": "x", "cache_control": {"type": "ephemeral"}},
        {"cache_control": {"type": "ephemeral", "ttl": "1h"}, "a": "x"},
        {"cache_control": None, "a": "x"},
        {"a": "x"},
    ],
)
def test_a_turn_is_the_same_whatever_cache_marks_it_has(turn: object) -> None:
    assert unmarked(turn) == '{"a":"x"}'


def test_text_that_only_reads_like_a_cache_mark_counts() -> None:
    assert unmarked({"a": ',"cache_control":null'}) != unmarked({"a": ""})
