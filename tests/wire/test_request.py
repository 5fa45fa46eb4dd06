"""What the protocols share in requests: digests, turns, and removing without traces."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardian_ci.errors import BadRequest
from guardian_ci.model import Operation
from guardian_ci.wire.json_text import parse_strictly, spliced
from guardian_ci.wire.request import Offers, check_spelling, fingerprint, last_turn, removals


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


@settings(max_examples=60, deadline=None)
@given(data=st.data(), lists=st.lists(st.integers(0, 3), min_size=1, max_size=4))
def test_removing_leaves_valid_json_without_empty_owners(data: st.DataObject, lists: list[int]) -> None:
    document = {"keep": 1, "tools": [{"inner": list(range(size))} for size in lists], "choice": 2}
    paths = [("tools", i, "inner", j) for i, size in enumerate(lists) for j in range(size)]
    chosen = data.draw(st.sets(st.sampled_from(paths))) if paths else set()
    root = parse_strictly(json.dumps(document))
    result = json.loads(spliced(root.text, list(removals(root, sorted(chosen), {"choice"}))))
    kept = [[j for j in range(size) if ("tools", i, "inner", j) not in chosen] for i, size in enumerate(lists)]
    expected = [{"inner": inner} for inner, size in zip(kept, lists, strict=True) if inner or not size]
    assert result.get("tools", []) == expected
    assert ("choice" in result, result["keep"]) == (False, 1)


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
