"""Words that are meant for the model and come from neither its user nor its agent."""

from typing import ClassVar, Final

from guardian_ci.model import Call, Finding, Operation, Origin, Verdict
from guardian_ci.policy.problems import quote
from guardian_ci.policy.rules.interface import CallRule, SessionView
from guardian_ci.policy.settings import Settings

_WORDS: Final = {Origin.TOOL_RESULT: "a tool's result", Origin.DEFINITION: "a tool's definition"}


class Injection(CallRule):
    """Texts from outside that speak to the model; a warning unless the policy says ``rules: {injection: block}``."""

    id: ClassVar[str] = "injection"

    def check(self, settings: Settings, call: Call, view: SessionView) -> Finding | None:  # noqa: ARG002, D102
        blocks = settings.action(self.id) == "block"
        seen = [each for each in call.suspicions if each.fresh or blocks]
        if not seen or call.operation is Operation.MODELS:
            return None
        first = seen[0]
        more = f" and {len(seen) - 1} more" if len(seen) > 1 else ""
        return Finding(
            rule=self.id,
            verdict=Verdict.BLOCK,
            reason=first.kind,
            message=f"{_WORDS.get(first.origin, 'a text')} reads like an attack on the model"
            f" ({first.kind.replace('_', ' ')}: {quote(first.excerpt)}){more}. Look at where it comes from.",
            subject=first.kind,
            place=settings.place(f"rules.{self.id}"),
        )

    def stands_on(self, settings: Settings) -> str:  # noqa: ARG002, D102
        return "tool results and tool definitions are looked at"
