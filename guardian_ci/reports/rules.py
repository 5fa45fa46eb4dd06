"""The rules that reports have a place for, and which of them a session's policy had turned off."""

from typing import Final

from guardian_ci.audit.summary import Summary
from guardian_ci.audit.tally import RUN_INTEGRITY, RunTally
from guardian_ci.errors import PolicyError
from guardian_ci.policy import Policy, policy_from_document, rules
from guardian_ci.policy.rules import RULE_IDS

SESSION_RULES: Final = tuple(rule for rule in RULE_IDS if rule not in rules.RUN_RULES)
RUN_RULES: Final = (RUN_INTEGRITY, *rules.RUN_RULES)
"""Broken by a run as a whole, outside of every session."""


class RulesOff:
    """Knows which rules the policies of a summary's runs turned off; policies are read once."""

    def __init__(self, summary: Summary) -> None:
        self._policies = [_policy(run) for run in summary.runs]

    def of(self, session: str | None) -> frozenset[str]:
        """Return the rules that were off for a session in every run; none where a policy is not known."""
        settings = [policy.for_session(session or "") if policy else None for policy in self._policies]
        return frozenset(
            rule
            for rule in RULE_IDS
            if settings and all(entry is not None and entry.action(rule) == "off" for entry in settings)
        )


def _policy(run: RunTally) -> Policy | None:
    try:
        return policy_from_document(run.policy, run.policy_file or "") if run.policy else None
    except PolicyError:  # a log that was changed, or one from another version: then nothing is known to be off
        return None
