"""What policy can forbid: one rule a file, and the list of them.

A rule costs one file, its test and one line here. ``CALL_RULES`` judge a call before it is forwarded, ``TOOL_RULES`` a
tool call in an answer. The money rules (``token_budget``, ``cost_limit``, ``unknown_model``) are decided where money
is counted; their files say what a refusal tells the agent, and ``judged`` gives it the policy's verdict.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final, TypeVar

from guardian_ci.model import Call, Evaluation, Finding, ToolOffer, ToolUse, Verdict
from guardian_ci.policy.rules import cost_limit, token_budget, unknown_model
from guardian_ci.policy.rules.file_allowlist import FileAllowlist
from guardian_ci.policy.rules.file_blocklist import FileBlocklist
from guardian_ci.policy.rules.injection import Injection
from guardian_ci.policy.rules.interface import CallRule, SessionView, ToolRule, ToolView
from guardian_ci.policy.rules.model_allowlist import ModelAllowlist
from guardian_ci.policy.rules.network_allowlist import NetworkAllowlist
from guardian_ci.policy.rules.opaque_command import OpaqueCommand
from guardian_ci.policy.rules.rate_limit import RateLimit
from guardian_ci.policy.rules.retry_loop import RetryLoop
from guardian_ci.policy.rules.secret_leak import SecretInToolCall, SecretLeak
from guardian_ci.policy.rules.stalled import Stalled
from guardian_ci.policy.rules.tool_allowlist import ToolAllowlist
from guardian_ci.policy.rules.tool_blocklist import ToolBlocklist
from guardian_ci.policy.rules.tool_lists import allowed_tools, denied_tools
from guardian_ci.policy.rules.tool_loop import ToolLoop
from guardian_ci.policy.settings import Settings
from guardian_ci.policy.shell.analysis import analyse
from guardian_ci.policy.shell.facts import NOTHING

CALL_RULES: Final[tuple[CallRule, ...]] = (
    ModelAllowlist(),
    RateLimit(),
    RetryLoop(),
    ToolLoop(),
    Stalled(),
    SecretLeak(),
    Injection(),
)
TOOL_RULES: Final[tuple[ToolRule, ...]] = (
    ToolBlocklist(),
    ToolAllowlist(),
    FileBlocklist(),
    FileAllowlist(),
    NetworkAllowlist(),
    OpaqueCommand(),
    SecretInToolCall(),
)
MONEY_RULES: Final = (token_budget.ID, cost_limit.ID, unknown_model.ID)
RUN_RULES: Final = ("unmetered_endpoint", "bad_request", "direct_connection")
"""What the proxy itself reports; a policy may soften it. A broken log (``run_integrity``) is not for it to forgive."""

RULE_IDS: Final = tuple(
    dict.fromkeys((*(rule.id for rule in CALL_RULES), *MONEY_RULES, *(rule.id for rule in TOOL_RULES), *RUN_RULES))
)

_NO_SCRIPTS: Final[Mapping[str, str]] = MappingProxyType({})

_Rule = TypeVar("_Rule", CallRule, ToolRule)


def evaluate_call(settings: Settings, call: Call, view: SessionView) -> tuple[list[Finding], list[Evaluation]]:
    """Ask every call rule; return what they found, with the policy's verdicts, and the trace of all of them."""
    return _evaluate(settings, CALL_RULES, lambda rule: rule.check(settings, call, view))


def view_of(
    tool: ToolUse, *, cwd: str | None = None, scripts: Mapping[str, str] = _NO_SCRIPTS, root: str | None = None
) -> ToolView:
    """Look at a tool call once for all rules.

    ``cwd`` and ``scripts`` are what the session has seen before it; ``root`` is the agent's own folder, if known.
    """
    behind = tuple(view_of(each, cwd=cwd, scripts=scripts, root=root) for each in tool.calls)
    cwd = cwd if tool.workdir is None else tool.workdir
    analysis = NOTHING if tool.command is None else analyse(tool.command, cwd=cwd, scripts=scripts)
    return ToolView(analysis=analysis, cwd=cwd, root=root, calls=behind)


def evaluate_tool(settings: Settings, tool: ToolUse, view: ToolView) -> tuple[list[Finding], list[Evaluation]]:
    """Ask every tool rule; return what they found, with the policy's verdicts, and the trace of all of them.

    A call that only calls others is judged as a whole and call by call: the first that a rule finds counts.
    """
    acts = ((tool, view), *zip(tool.calls, view.calls, strict=True))

    def check(rule: ToolRule) -> Finding | None:
        return next((found for act, seen in acts if (found := rule.check(settings, act, seen)) is not None), None)

    return _evaluate(settings, TOOL_RULES, check)


def judged(settings: Settings, finding: Finding) -> Finding | None:
    """Give a finding the policy's verdict: as it is, as a warning, or None where its rule is off."""
    action = settings.action(finding.rule)
    if action == "off":
        return None
    return finding if action == "block" else replace(finding, verdict=Verdict.WARN, retry_after=None)


def offers_to_remove(settings: Settings, call: Call) -> frozenset[int]:
    """Return the indexes of the offered tools that are taken out of a request, the same in every turn.

    They are those that the provider would execute, though the policy does not allow all their calls: no answer shows
    such a call before it has happened. And, as ``denied_definitions`` says, those that no call could use.
    """
    return frozenset(index for index, offer in enumerate(call.tools) if _is_removed(settings, offer))


def _is_removed(settings: Settings, offer: ToolOffer) -> bool:
    allowed = None
    if settings.allowed_tools is not None and settings.action(ToolAllowlist.id) == "block":
        allowed = allowed_tools(settings.allowed_tools)
    denied = denied_tools(settings.denied_tools if settings.action(ToolBlocklist.id) == "block" else ())
    name, canonical = offer.name, offer.canonical
    if denied.wholly(name, canonical) or (allowed is not None and not allowed.partly(name, canonical)):
        return offer.provider_executed or settings.denied_definitions == "remove"
    if not offer.provider_executed:
        return False
    if denied.partly(canonical):
        return True
    named = allowed is not None and allowed.wholly(name, canonical)
    return not named and (allowed is not None or _fetches_unseen(settings, offer))


def _fetches_unseen(settings: Settings, offer: ToolOffer) -> bool:
    """Whether a tool of the provider's talks to hosts that a policy's list of hosts cannot be held against."""
    hosts = settings.network_allowlist
    listed = hosts is not None and "*" not in hosts and settings.action(NetworkAllowlist.id) == "block"
    return listed and offer.canonical == "web_fetch"


def _evaluate(
    settings: Settings, rules: Sequence[_Rule], check: Callable[[_Rule], Finding | None]
) -> tuple[list[Finding], list[Evaluation]]:
    findings: list[Finding] = []
    trace: list[Evaluation] = []
    for rule in rules:
        found = check(rule) if settings.action(rule.id) != "off" else None
        finding = judged(settings, found) if found is not None else None
        if finding is not None:
            findings.append(finding)
            trace.append(Evaluation(rule=rule.id, verdict=finding.verdict, detail=finding.message))
        else:
            off = settings.action(rule.id) == "off"
            detail = "off in this policy" if off else rule.stands_on(settings)
            trace.append(Evaluation(rule=rule.id, verdict=Verdict.ALLOW, detail=detail))
    return findings, trace
