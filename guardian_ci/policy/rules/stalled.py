"""A conversation that costs more with every turn and brings nothing new."""

from typing import ClassVar

from guardian_ci.model import Call, Finding, Operation, Verdict
from guardian_ci.policy.rules.interface import CallRule, SessionView
from guardian_ci.policy.settings import Settings


class Stalled(CallRule):
    """``loop_detection.max_idle_turns``: said once for every so many turns, not at each of them."""

    id: ClassVar[str] = "stalled"

    def check(self, settings: Settings, call: Call, view: SessionView) -> Finding | None:  # noqa: D102
        most = settings.loop_detection.max_idle_turns
        if call.operation is not Operation.GENERATE or not view.idle_turns or view.idle_turns % most:
            return None
        return Finding(
            rule=self.id,
            verdict=Verdict.BLOCK,
            reason="stalled",
            message=f"{view.idle_turns} turns in a row cost no less than the one before and brought no new result."
            " The agent may be going in circles; stop it, or give it a smaller task.",
            subject=f"{view.idle_turns} turns",
            place=settings.place("loop_detection.max_idle_turns"),
        )

    def stands_on(self, settings: Settings) -> str:  # noqa: D102
        return f"at most {settings.loop_detection.max_idle_turns} dearer turns without a new result"
