"""Reports have a place for every rule there is."""

from pathlib import Path

import pytest
from recorded_log import RecordedLog

from guardian_ci.audit.reader import read_log
from guardian_ci.audit.summary import Summary
from guardian_ci.policy.rules import RULE_IDS
from guardian_ci.reports.rules import RUN_RULES, SESSION_RULES, RulesOff


def off(folder: Path, document: dict[str, object], session: str) -> frozenset[str]:
    path = RecordedLog(folder / "log.ndjson").start(policy={"document": document}).end()
    return RulesOff(Summary.of(read_log(path))).of(session)


def test_every_rule_has_its_place_once() -> None:
    assert sorted(SESSION_RULES + RUN_RULES) == sorted([*RULE_IDS, "run_integrity"])


@pytest.mark.parametrize(("session", "expected"), [("docs-1", {"retry_loop"}), ("dev", {"rate_limit"})])
def test_a_rule_is_off_as_the_policy_of_the_session_says(tmp_path: Path, session: str, expected: set[str]) -> None:
    document: dict[str, object] = {
        "policies": [
            {"name": "docs", "sessions": ["docs-*"], "rules": {"retry_loop": "off"}},
            {"name": "dev", "rules": {"rate_limit": "off", "cost_limit": "warn"}},
        ]
    }
    assert off(tmp_path, document, session) == expected


def test_of_a_policy_that_cannot_be_read_nothing_is_known_to_be_off(tmp_path: Path) -> None:
    assert off(tmp_path, {"rules": {"cost_limit": "perhaps"}}, "dev") == frozenset()


def test_without_a_run_no_rule_is_off() -> None:
    assert RulesOff(Summary.of()).of("dev") == frozenset()
