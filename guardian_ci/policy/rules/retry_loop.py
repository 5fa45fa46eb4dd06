"""The same prompt again and again: an agent that retries what has been answered."""

from typing import ClassVar

from guardian_ci.model import Call, Finding, Operation, Verdict
from guardian_ci.policy.rules.interface import CallRule, SessionView
from guardian_ci.policy.settings import Settings


class RetryLoop(CallRule):
    """``loop_detection``: more than ``max_repeats`` calls with one fingerprint within the window."""

    id: ClassVar[str] = "retry_loop"

    def check(self, settings: Settings, call: Call, view: SessionView) -> Finding | None:  # noqa: D102
        loop = settings.loop_detection
        if call.operation is not Operation.GENERATE:
            return None
        earlier = sum(1 for time in view.repeats if view.now - time < loop.window_seconds)
        if earlier < loop.max_repeats:
            return None
        wait = loop.retry_after_seconds if loop.then == "wait" else None
        way_out = f"Try again in {wait} s, with another prompt." if wait else "The run ends here."
        return Finding(
            rule=self.id,
            verdict=Verdict.BLOCK,
            reason="retry_loop",
            message=f"The same prompt came {earlier + 1} times within {loop.window_seconds} s;"
            f" {loop.max_repeats} are allowed. {way_out}",
            subject=call.fingerprint,
            place=settings.place("loop_detection.max_repeats"),
            retry_after=wait,
        )

    def stands_on(self, settings: Settings) -> str:  # noqa: D102
        loop = settings.loop_detection
        return f"the same prompt at most {loop.max_repeats} times in {loop.window_seconds} s"
