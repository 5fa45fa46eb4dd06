"""The evasion table, judged by the real functions: what is neither blocked nor called opaque is a miss, and known."""

import json
from collections import Counter
from typing import Final

import pytest
from evasions import EVASIONS, POLICY, Evasion

from guardian_ci.model import Verdict
from guardian_ci.policy import load_policy
from guardian_ci.policy.rules import evaluate_tool, view_of
from guardian_ci.policy.tools import describe_tool

SETTINGS: Final = load_policy(json.dumps(POLICY), "guardian.yml").for_session("one")

KNOWN_MISSES: Final[dict[str, str]] = {}
"""By the evasion's id: why it is not seen. One that is seen now must leave this list, a new one must not come."""


def _seen(evasion: Evasion) -> bool:
    """Whether one of the calls, judged in their order, is blocked or called opaque."""
    for index, (name, arguments) in enumerate(evasion.calls):
        tool = describe_tool(f"call {index}", name, arguments)
        findings, _ = evaluate_tool(SETTINGS, tool, view_of(tool))
        if any(finding.verdict is Verdict.BLOCK or finding.rule == "opaque_command" for finding in findings):
            return True
    return False


MISSED: Final = frozenset(evasion.id for evasion in EVASIONS if not _seen(evasion))


def test_every_evasion_is_named_once() -> None:
    assert [name for name, times in Counter(evasion.id for evasion in EVASIONS).items() if times > 1] == []


def test_of_all_evasions_at_most_three_in_a_hundred_are_missed() -> None:
    assert len(MISSED) <= 0.03 * len(EVASIONS)


def test_every_miss_is_known_and_has_its_reason() -> None:
    assert sorted(MISSED - KNOWN_MISSES.keys()) == []
    assert all(KNOWN_MISSES.values())


def test_no_known_miss_is_seen_by_now() -> None:
    assert sorted(KNOWN_MISSES.keys() - MISSED) == []


@pytest.mark.parametrize("kind", sorted({evasion.kind for evasion in EVASIONS}))
def test_no_class_is_missed_as_a_whole(kind: str) -> None:
    names = {evasion.id for evasion in EVASIONS if evasion.kind == kind}
    assert len(names & MISSED) <= 0.2 * len(names)
