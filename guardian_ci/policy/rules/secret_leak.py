"""Keys, tokens and passwords in what goes to the model and in what comes from it."""

from collections.abc import Iterable
from typing import ClassVar, Final

from guardian_ci.model import Call, Finding, Leak, Operation, Origin, ToolUse, Verdict
from guardian_ci.policy.problems import quote
from guardian_ci.policy.rules.interface import CallRule, SessionView, ToolRule, ToolView
from guardian_ci.policy.settings import SecretAction, Settings

ID: Final = "secret_leak"

_WORDS: Final = {
    Origin.SYSTEM: "the system prompt",
    Origin.PROMPT: "a prompt",
    Origin.TOOL_RESULT: "a tool's result",
    Origin.ANSWER: "the model's answer",
    Origin.TOOL_CALL: "a tool call",
    Origin.DEFINITION: "a tool's definition",
}
_KEYS: Final = {
    Origin.TOOL_RESULT: "tool_results",
    Origin.ANSWER: "answers",
    Origin.TOOL_CALL: "tool_calls",
}
_MOST_NAMED: Final = 5


def action_on(settings: Settings, origin: Origin) -> SecretAction:
    """Return what the policy does with a secret in a text of this origin."""
    if settings.action(ID) == "off":
        return "off"
    action: SecretAction = getattr(settings.secrets, _KEYS.get(origin, "prompts"))
    return action


def to_redact(settings: Settings, call: Call) -> tuple[Origin, ...]:
    """Return the origins whose texts are to be forwarded without the secrets in them, of those that hold any."""
    origins = dict.fromkeys(leak.origin for leak in call.leaks)
    return tuple(origin for origin in origins if action_on(settings, origin) == "redact")


def found(settings: Settings, leaks: Iterable[Leak], where: str = "") -> Finding | None:
    """Return the finding for secrets in a text, with the policy's verdict for where they stand; None where all is off.

    A text of an earlier turn counts only where it blocks: for a warning it was reported when it was new.
    """
    by_action: dict[SecretAction, list[Leak]] = {}
    for leak in leaks:
        action = action_on(settings, leak.origin)
        if action == "block" or (action != "off" and leak.fresh):
            by_action.setdefault(action, []).append(leak)
    if not by_action:
        return None
    blocked = by_action.get("block")
    telling = blocked or [leak for each in by_action.values() for leak in each]
    kinds = list(dict.fromkeys(leak.kind for leak in telling))
    places = list(dict.fromkeys(_WORDS[leak.origin] for leak in telling))
    redacted = not blocked and set(by_action) == {"redact"}
    return Finding(
        rule=ID,
        verdict=Verdict.BLOCK if blocked else Verdict.WARN,
        reason="secret_leak",
        message=f"{_listed(kinds)} in {where or ' and '.join(places)}"
        + (": it was taken out before the call was forwarded." if redacted else f".{_way_out(blocked, telling)}"),
        subject=", ".join(kinds[:_MOST_NAMED]),
        place=settings.place(f"secrets.{_KEYS.get(telling[0].origin, 'prompts')}"),
    )


def _listed(kinds: list[str]) -> str:
    shown = ", ".join(kinds[:_MOST_NAMED])
    more = f" and {len(kinds) - _MOST_NAMED} more" if len(kinds) > _MOST_NAMED else ""
    return f"A secret ({shown}{more})" if len(kinds) == 1 else f"Secrets ({shown}{more})"


def _way_out(blocked: list[Leak] | None, telling: list[Leak]) -> str:
    if not blocked:
        return ""
    if telling[0].origin in {Origin.TOOL_CALL, Origin.ANSWER}:
        return " Go on without it: name the variable that holds it, not its value."
    return " Take it out, or let the policy take it out (secrets: redact)."


class SecretLeak(CallRule):
    """``secrets``: what a request carries to the provider."""

    id: ClassVar[str] = ID

    def check(self, settings: Settings, call: Call, view: SessionView) -> Finding | None:  # noqa: ARG002, D102
        return found(settings, call.leaks) if call.operation is not Operation.MODELS else None

    def stands_on(self, settings: Settings) -> str:  # noqa: D102
        return f"prompts: {settings.secrets.prompts}, tool results: {settings.secrets.tool_results}"


class SecretInToolCall(ToolRule):
    """``secrets.tool_calls``: what the model writes into a tool's arguments."""

    id: ClassVar[str] = ID

    def check(self, settings: Settings, tool: ToolUse, view: ToolView) -> Finding | None:  # noqa: ARG002, D102
        return found(settings, tool.leaks, f"the arguments of {quote(tool.name)[1:-1]}")

    def stands_on(self, settings: Settings) -> str:  # noqa: D102
        return f"tool calls: {settings.secrets.tool_calls}"
