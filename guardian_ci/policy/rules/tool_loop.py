"""The same tool call with the same result again and again, while nothing else is new."""

from typing import ClassVar

from guardian_ci.model import Call, Finding, Operation, Verdict
from guardian_ci.policy.problems import quote
from guardian_ci.policy.rules.interface import CallRule, SessionView
from guardian_ci.policy.settings import Settings


class ToolLoop(CallRule):
    """``loop_detection.max_same_results``. Whatever is new between two of them (an edit, an output) starts afresh."""

    id: ClassVar[str] = "tool_loop"

    def check(self, settings: Settings, call: Call, view: SessionView) -> Finding | None:  # noqa: D102
        loop = settings.loop_detection
        if call.operation is not Operation.GENERATE or view.same_results <= loop.max_same_results:
            return None
        wait = loop.retry_after_seconds if loop.then == "wait" else None
        return Finding(
            rule=self.id,
            verdict=Verdict.BLOCK,
            reason="tool_loop",
            message=f"The same call of {quote(view.same_tool)[1:-1]} had the same result {view.same_results} times"
            f" and nothing else was new; {loop.max_same_results} are allowed. Try something else, or stop.",
            subject=view.same_tool,
            place=settings.place("loop_detection.max_same_results"),
            retry_after=wait,
        )

    def stands_on(self, settings: Settings) -> str:  # noqa: D102
        return f"the same tool call with the same result at most {settings.loop_detection.max_same_results} times"
