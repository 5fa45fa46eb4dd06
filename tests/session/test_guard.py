"""Events in, commands out: what the session decides on a call, from its request to its settlement."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardian_ci.model import (
    Amount,
    Call,
    Finding,
    InputSize,
    Leak,
    Operation,
    Origin,
    ToolOffer,
    ToolResult,
    Usage,
    Verdict,
    WireProtocol,
)
from guardian_ci.policy import load_policy
from guardian_ci.policy.rules import CALL_RULES, TOOL_RULES
from guardian_ci.policy.tools import describe_tool
from guardian_ci.session import commands as do
from guardian_ci.session import events as on
from guardian_ci.session.bounds import DEFAULT_OUTPUT
from guardian_ci.session.events import Outcome
from guardian_ci.session.guard import Guard
from guardian_ci.stores import MemoryStore

AT: Final = 1_795_348_800.0
"""Noon of 2026-11-22, UTC."""
IN: Final = 10**6
OUT: Final = 10**7
"""Picodollars a token of the models below: 1 and 10 dollars a million."""
PRICES: Final = {"m": {"input": 1, "output": 10}, "cheap": {"input": 0.5, "output": 1}}
INPUT: Final = 1000
"""Tokens that the input of ``_call`` is bounded by: a token a byte, and the frame's 32."""

Json = dict[str, Any]


def _call(**fields: Any) -> Call:
    usual: Json = {
        "protocol": WireProtocol.ANTHROPIC_MESSAGES,
        "operation": Operation.GENERATE,
        "model": "m",
        "stream": True,
        "fingerprint": "a prompt",
        "size": InputSize(text_bytes=INPUT - 32),
        "max_output_tokens": 1000,
    }
    return Call(**usual | fields)


def _usage(output: int = 10, **fields: Any) -> Usage:
    return Usage(**{"input_tokens": INPUT, "output_tokens": output} | fields)


def _policy(document: Json) -> Any:
    name = {} if "policies" in document else {"name": "tests"}
    return load_policy(json.dumps(name | {"prices": PRICES} | dict(document)), "guardian.yml")


class Desk:
    """A guard with a ledger in memory: carries out what the guard says, at a clock that the test moves."""

    def __init__(self, document: Json | None = None, store: MemoryStore | None = None) -> None:
        self.guard = Guard(_policy(document or {}))
        self.store = store or MemoryStore()
        self.now = AT
        self.asked = 0

    def ask(self, *, session: str = "one", remembered: Json | None = None, **fields: Any) -> do.Forward | do.Refuse:
        """A call comes; every prompt differs unless ``fingerprint`` is given."""
        self.asked += 1
        call = _call(**{"fingerprint": f"prompt {self.asked}"} | fields)
        caller = on.Caller(session=session, run="R", provider="anthropic", user="ann", pull_request="o/r#7")
        event = on.CallReceived(
            request=f"req-{self.asked}", at=self.now, caller=caller, call=call, remembered=remembered
        )
        (command,) = self.guard.handle(event)
        while isinstance(command, do.Reserve):
            (command,) = self.guard.handle(self._reserved(command))
        assert isinstance(command, do.Forward | do.Refuse)
        return command

    def admitted(self, **fields: Any) -> do.Forward:
        command = self.ask(**fields)
        assert isinstance(command, do.Forward), command
        return command

    def refused(self, **fields: Any) -> do.Refuse:
        command = self.ask(**fields)
        assert isinstance(command, do.Refuse), command
        return command

    def progress(
        self, forward: do.Forward, usage: Usage | None = None, output_bytes: int = 0, *, abandoned: bool = False
    ) -> list[do.Command]:
        """The answer comes along; what is left to do once the ledger has answered."""
        event = on.Progressed(
            request=forward.request, at=self.now, usage=usage, output_bytes=output_bytes, abandoned=abandoned
        )
        commands = self.guard.handle(event)
        if commands and isinstance(commands[0], do.Reserve):
            commands = self.guard.handle(self._reserved(commands[0]))
        return commands

    def tool(self, forward: do.Forward, name: str, **arguments: object) -> do.Command:
        tool = describe_tool(f"{name} of {forward.request}", name, json.dumps(arguments))
        (command,) = self.guard.handle(on.ToolCalled(request=forward.request, at=self.now, tool=tool))
        return command

    def end(
        self, forward: do.Forward, outcome: Outcome = Outcome.COMPLETE, usage: Usage | None = None, **fields: Any
    ) -> tuple[do.Settle, list[do.Note]]:
        """The call ends and is settled; the settlement, and what is said of it."""
        event = on.Ended(request=forward.request, at=self.now, outcome=outcome, usage=usage, **fields)
        (settle,) = self.guard.handle(event)
        assert isinstance(settle, do.Settle)
        if settle.reserved:
            name, kept = settle.session
            _done(self.store.settle(forward.request, settle.charge, (name, json.dumps(kept))))
        balances = _done(self.store.balances([demand.scope for demand in settle.demands]))
        notes = self.guard.handle(on.Settled(request=forward.request, at=self.now, balances=tuple(balances)))
        assert all(isinstance(note, do.Note) for note in notes)
        return settle, notes  # type: ignore[return-value]

    def served(self, output: int = 10, **fields: Any) -> tuple[do.Settle, list[do.Note]]:
        """A call, admitted and answered."""
        return self.end(self.admitted(**fields), usage=_usage(output))

    def spent(self, scope: str = "run:R") -> tuple[int, int]:
        """Picodollars that a scope has spent and that are reserved in it."""
        (balance,) = _done(self.store.balances([scope]))
        return balance.spent.picodollars, balance.reserved.picodollars

    def _reserved(self, command: do.Reserve) -> on.Reserved:
        answer = _done(self.store.reserve(command.ask))
        return on.Reserved(request=command.request, at=self.now, answer=answer)


def _done(coroutine: Any) -> Any:
    """What a coroutine of a local store returns: it never suspends."""
    with pytest.raises(StopIteration) as end:
        coroutine.send(None)
    return end.value.value


def _rules(command: do.Judged) -> dict[str, Verdict]:
    return {line.rule: line.verdict for line in command.trace}


# Refusals


@pytest.mark.parametrize(
    ("document", "fields", "rule", "reason"),
    [
        ({"allowed_models": ["claude-*"]}, {}, "model_allowlist", "model_not_allowed"),
        ({"budgets": {"run": {"usd": 0.003}}}, {}, "cost_limit", "cost_limit_exceeded"),
        ({"budgets": {"day": {"usd": 0}}}, {}, "cost_limit", "cost_limit_exceeded"),
        ({"budgets": {"model": {"m": {"usd": 0.003}}}}, {}, "cost_limit", "cost_limit_exceeded"),
        ({"budgets": {"user": {"usd": 0.003}}}, {}, "cost_limit", "cost_limit_exceeded"),
        ({"budgets": {"pull_request": {"usd": 0.003}}}, {}, "cost_limit", "cost_limit_exceeded"),
        ({"token_budget": 1255}, {}, "token_budget", "token_budget_exceeded"),
        ({}, {"model": "nobody-knows-it"}, "unknown_model", "unknown_model"),
        ({}, {"other_models": ("cheap", "nobody-knows-it")}, "unknown_model", "unknown_model"),
    ],
)
def test_each_rule_refuses_a_first_call_and_reserves_nothing(
    document: Json, fields: dict[str, Any], rule: str, reason: str
) -> None:
    desk = Desk(document)
    refusal = desk.refused(**fields)
    assert (refusal.finding.rule, refusal.finding.reason, refusal.finding.violation) == (rule, reason, True)
    assert refusal.finding in refusal.findings
    assert _rules(refusal)[rule] is Verdict.BLOCK
    assert refusal.demands
    assert all(desk.spent(demand.scope) == (0, 0) for demand in refusal.demands)


def test_a_refusal_for_money_tells_the_line_of_every_rule_of_a_call() -> None:
    refusal = Desk({"budgets": {"run": {"usd": 0.003}}, "rules": {"rate_limit": "off"}}).refused()
    assert [(line.rule, line.verdict.value, line.detail) for line in refusal.trace] == [
        ("model_allowlist", "allow", "any model is allowed"),
        ("rate_limit", "allow", "off in this policy"),
        ("retry_loop", "allow", "the same prompt at most 3 times in 60 s"),
        ("tool_loop", "allow", "the same tool call with the same result at most 5 times"),
        ("stalled", "allow", "at most 10 dearer turns without a new result"),
        ("secret_leak", "allow", "prompts: warn, tool results: warn"),
        ("injection", "allow", "tool results and tool definitions are looked at"),
        ("unknown_model", "allow", "m: guardian.yml:1, undated"),
        ("token_budget", "allow", "no limit"),
        ("cost_limit", "block", "run:R: 0 spent + 0 reserved + 3560000000 needed > 3000000000"),
    ]


def test_a_call_that_is_let_pass_tells_the_line_of_every_rule_too() -> None:
    forward = Desk({"token_budget": 50_000}).admitted()
    assert set(_rules(forward)) == {"unknown_model", "token_budget", "cost_limit"} | {rule.id for rule in CALL_RULES}
    assert set(_rules(forward).values()) == {Verdict.ALLOW}
    assert "fits session:one#1 50000" in {line.detail for line in forward.trace}


def test_the_tightest_scope_is_the_one_that_a_refusal_names() -> None:
    refusal = Desk({"budgets": {"session": {"usd": 0.003}, "run": {"usd": 0.001}, "day": {"usd": 1}}}).refused()
    assert refusal.finding.subject == "run:R"


def test_a_rule_that_warns_lets_the_call_pass_and_says_so() -> None:
    forward = Desk({"allowed_models": ["claude-*"], "rules": {"model_allowlist": "warn"}}).admitted()
    assert [(each.rule, each.verdict) for each in forward.findings] == [("model_allowlist", Verdict.WARN)]
    assert not forward.findings[0].violation


@pytest.mark.parametrize(("rule", "document"), [("cost_limit", {"usd": 0.001}), ("token_budget", {"tokens": 10})])
@pytest.mark.parametrize("action", ["warn", "off"])
def test_a_budget_that_does_not_block_bounds_nothing(rule: str, document: Json, action: str) -> None:
    desk = Desk({"budgets": {"run": document}, "rules": {rule: action}})
    forward = desk.admitted()
    assert forward.max_output_tokens is None
    _, notes = desk.end(forward, usage=_usage(100))
    said = [(note.code, note.finding.verdict) for note in notes if note.finding is not None]
    assert said == ([(f"{rule}_exceeded", Verdict.WARN)] if action == "warn" else [])
    _, notes = desk.served()
    assert notes == []


def test_a_list_of_models_and_a_count_of_tokens_cost_nothing_and_need_no_price() -> None:
    desk = Desk({"budgets": {"run": {"usd": 0}}})
    for operation, fields in (
        (Operation.MODELS, {"model": ""}),
        (Operation.COUNT_TOKENS, {"model": "nobody-knows-it"}),
    ):
        forward = desk.admitted(operation=operation, **fields)
        assert (forward.reserved, forward.balances, forward.max_output_tokens) == (Amount(), (), None)
        settle, _ = desk.end(forward)
        assert (settle.reserved, settle.charge, settle.estimated) == (False, Amount(), False)


def test_an_event_of_a_call_that_is_not_open_is_an_error() -> None:
    desk = Desk()
    refusal = Desk({"allowed_models": []}).refused()
    for request in ("req-9", refusal.request):
        with pytest.raises(KeyError):
            desk.guard.handle(on.Ended(request=request, at=AT, outcome=Outcome.COMPLETE))


def test_what_is_no_event_is_an_error() -> None:
    with pytest.raises(TypeError, match="no such event"):
        Guard(_policy({})).handle(on.Event(request="req-1", at=AT))


# The clamp


@pytest.mark.parametrize(
    ("model", "wanted", "edit", "reserved"),
    [
        ("m", 1000, None, 1000),  # it bounds itself
        ("m", None, DEFAULT_OUTPUT, DEFAULT_OUTPUT),  # nobody bounds it: then the request has to
        ("claude-haiku-4-5", None, None, 64_000),  # the table bounds it
    ],
)
def test_where_everything_fits_only_a_call_that_nothing_bounds_is_edited(
    model: str, wanted: int | None, edit: int | None, reserved: int
) -> None:
    forward = Desk().admitted(model=model, max_output_tokens=wanted)
    assert forward.max_output_tokens == edit
    assert forward.reserved.tokens >= reserved
    assert (forward.model, forward.notice, forward.remove_tools, forward.max_web_searches) == (None, None, (), None)


@pytest.mark.parametrize(
    ("budget", "wanted", "edit"),
    [
        (0.021, 32_000, 2000),  # all that is left, which is less than is comfortable
        (0.061, 32_000, 4096),  # what is comfortable
        (0.161, 32_000, 8000),  # half of what is left, so that a call beside it finds room
        (0.161, None, 8000),  # added where the request does not say
        (0.161, 8000, None),  # nothing to lower
        (0.00356, 32_000, 256),  # just the useful minimum
    ],
)
def test_the_output_maximum_is_lowered_to_what_is_left(budget: float, wanted: int | None, edit: int | None) -> None:
    """1,000 tokens of input are 0.1 cent; each further cent is 1,000 tokens of output."""
    desk = Desk({"budgets": {"run": {"usd": budget}}})
    forward = desk.admitted(max_output_tokens=wanted)
    assert forward.max_output_tokens == edit
    assert forward.reserved == Amount(picodollars=INPUT * IN + (edit or 8000) * OUT, tokens=INPUT + (edit or 8000))
    assert desk.spent() == (0, forward.reserved.picodollars)


def test_each_choice_is_reserved_for_and_the_maximum_is_that_of_one() -> None:
    forward = Desk({"budgets": {"run": {"usd": 0.081}}}).admitted(max_output_tokens=32_000, choices=4)
    assert forward.max_output_tokens == 2000
    assert forward.reserved.tokens == INPUT + 4 * 2000


def test_what_is_comfortable_follows_the_longest_answer_of_the_session() -> None:
    desk = Desk({"budgets": {"run": {"usd": 0.08}}})
    forward = desk.admitted(max_output_tokens=32_000)
    assert forward.max_output_tokens == 4096
    desk.end(forward, usage=_usage(300))
    # 4 x 300 is comfortable; beyond that, half of what is left after the input.
    granted = [desk.admitted(max_output_tokens=32_000).max_output_tokens for _ in range(4)]
    assert granted == [3750, 1825, 1200, 425]
    assert desk.refused(max_output_tokens=32_000).may_wait > 0


def test_a_refusal_waits_only_for_what_open_calls_may_give_back() -> None:
    desk = Desk({"budgets": {"run": {"usd": 0.02}}, "reservation_wait_seconds": 7})
    first = desk.admitted(max_output_tokens=1800)
    waiting = desk.refused(max_output_tokens=400)
    assert (waiting.may_wait, waiting.denial and waiting.denial.scope) == (7, "run:R")
    desk.end(first, usage=_usage(1700))
    assert desk.refused(max_output_tokens=400).may_wait == 0


def test_a_call_that_was_refused_leaves_no_trace_and_may_be_tried_again() -> None:
    desk = Desk({"budgets": {"run": {"usd": 0.02}}, "rate_limit": {"requests_per_minute": 2}})
    first = desk.admitted(max_output_tokens=1800)
    for _ in range(9):
        desk.refused(max_output_tokens=400, fingerprint="the same")
    desk.end(first, usage=_usage(1))
    desk.admitted(max_output_tokens=400, fingerprint="the same")


def test_a_call_whose_reservation_could_not_be_asked_for_is_forgotten() -> None:
    desk = Desk()
    caller = on.Caller(session="one", run="R", provider="anthropic")
    event = on.CallReceived(request="req-1", at=AT, caller=caller, call=_call())
    assert isinstance(desk.guard.handle(event)[0], do.Reserve)
    desk.guard.abandon("req-1")
    with pytest.raises(KeyError):
        desk.guard.handle(on.Ended(request="req-1", at=AT, outcome=Outcome.UNREACHED))


# Models, tools, searches, hidden context


@pytest.mark.parametrize(
    ("document", "verdicts", "findings"),
    [
        ({"unknown_model": "ceiling"}, Verdict.ALLOW, 0),
        ({"rules": {"unknown_model": "off"}}, Verdict.ALLOW, 0),
        ({"rules": {"unknown_model": "warn"}}, Verdict.WARN, 1),
    ],
)
def test_an_unknown_model_that_is_let_pass_is_priced_like_the_dearest_of_its_provider(
    document: Json, verdicts: Verdict, findings: int
) -> None:
    desk = Desk(document)
    forward = desk.admitted(model="nobody-knows-it")
    dear = Desk().admitted(model="claude-opus-5-5")
    assert _rules(forward)["unknown_model"] is verdicts
    assert len(forward.findings) == findings
    assert forward.reserved.picodollars >= dear.reserved.picodollars > 0
    settle, _ = desk.end(forward, usage=_usage())
    assert settle.charge.picodollars > 0


def test_the_refusal_of_an_unknown_model_shows_the_line_that_would_allow_it() -> None:
    message = Desk().refused(model="claude-opus-5-6").finding.message
    line = message.rpartition(" to the policy: ")[2]
    assert line == 'prices: {"claude-opus-5-6": {input: 3.00, output: 15.00}}'
    assert "Did you mean claude-opus-5-5?" in message


def test_a_call_is_reserved_at_the_dearest_of_the_models_that_it_may_be_billed_for() -> None:
    amounts = [
        Desk().admitted(model=model, other_models=others).reserved
        for model, others in (("cheap", ()), ("m", ()), ("m", ("cheap",)), ("cheap", ("m",)))
    ]
    assert amounts[0].picodollars < amounts[1].picodollars
    assert amounts[1] == amounts[2] == amounts[3]


def test_tools_that_the_provider_would_execute_are_taken_out_of_the_request() -> None:
    offers = (
        ToolOffer(name="web_search", canonical="web_search", provider_executed=True),
        ToolOffer(name="WebSearch", canonical="web_search"),
        ToolOffer(name="Read", canonical="read_file"),
        ToolOffer(name="code_execution", canonical="code_execution", provider_executed=True),
    )
    policy = {"allowed_tools": ["read_file"]}
    assert Desk(policy | {"denied_definitions": "keep"}).admitted(tools=offers).remove_tools == (0, 3)
    assert Desk(policy).admitted(tools=offers).remove_tools == (0, 1, 3)
    assert Desk({"allowed_tools": ["read_file", "web_search"]}).admitted(tools=offers).remove_tools == (3,)
    assert Desk({}).admitted(tools=offers).remove_tools == ()
    warned = {"allowed_tools": ["read_file"], "rules": {"tool_allowlist": "warn"}}
    assert Desk(warned).admitted(tools=offers).remove_tools == ()


_SEARCH: Final = (ToolOffer(name="web_search", canonical="web_search", provider_executed=True),)


@pytest.mark.parametrize(("budget", "searches"), [(100, 8), (1, 4), (0.3, 2), (0.15, 1)])
def test_searches_are_halved_until_they_fit(budget: float, searches: int) -> None:
    desk = Desk({"budgets": {"run": {"usd": budget}}})
    forward = desk.admitted(tools=_SEARCH, max_web_searches=8, max_output_tokens=400)
    assert forward.max_web_searches == searches
    assert forward.reserved.picodollars <= budget * 10**12


def test_a_call_that_cannot_have_one_search_is_refused() -> None:
    refusal = Desk({"budgets": {"run": {"usd": 0.05}}}).refused(tools=_SEARCH, max_web_searches=8)
    assert refusal.finding.rule == "cost_limit"


def test_a_search_tool_that_is_taken_out_is_not_reserved_for() -> None:
    desk = Desk({"budgets": {"run": {"usd": 0.05}}, "allowed_tools": []})
    forward = desk.admitted(tools=_SEARCH, max_web_searches=8)
    assert (forward.remove_tools, forward.max_web_searches) == ((0,), None)


def test_searches_are_not_halved_where_the_wire_protocol_cannot_say_so() -> None:
    desk = Desk({"budgets": {"run": {"usd": 0.3}}})
    fields = {"tools": _SEARCH, "max_web_searches": 4, "max_output_tokens": 400}
    assert desk.refused(protocol=WireProtocol.OPENAI_CHAT, **fields).finding.rule == "cost_limit"
    assert desk.admitted(protocol=WireProtocol.OPENAI_RESPONSES, **fields).max_web_searches == 2


def test_the_context_of_an_answer_that_the_session_has_seen_is_reserved_for() -> None:
    desk = Desk()
    desk.end(desk.admitted(model="gpt-5.2"), usage=_usage(500), response_id="resp_1")
    plain = desk.admitted(model="gpt-5.2").reserved.tokens
    known = desk.admitted(model="gpt-5.2", previous_response_id="resp_1").reserved.tokens
    named = desk.admitted(model="gpt-5.2", item_references=1).reserved.tokens
    assert known == named == plain + INPUT + 500


def test_the_context_of_an_answer_that_nobody_knows_is_all_that_fits_into_the_model() -> None:
    desk = Desk()
    forward = desk.admitted(model="gpt-5.2", previous_response_id="resp_of_another_life")
    assert forward.reserved.tokens == 400_000 + 1000
    named = Desk().admitted(model="gpt-5.2", item_references=3)
    assert named.reserved.tokens == 400_000 + 1000


def test_a_later_turn_is_bounded_by_what_its_conversation_was_counted_as() -> None:
    desk = Desk()
    first = desk.admitted(size=InputSize(text_bytes=100_000), conversation="c1")
    assert first.reserved.tokens == 100_032 + 1000
    desk.end(first, usage=_usage(10, input_tokens=25_000))
    grown = InputSize(text_bytes=101_000)
    tokens = desk.admitted(size=grown, continues="c1").reserved.tokens - 1032 - 1000
    assert 25_000 <= tokens <= 25_000 * 1.05
    assert desk.admitted(size=grown, continues="another").reserved.tokens == 101_032 + 1000


@pytest.mark.parametrize("outcome", [each for each in Outcome if each is not Outcome.COMPLETE])
def test_an_answer_that_is_not_whole_measures_nothing(outcome: Outcome) -> None:
    desk = Desk()
    desk.end(desk.admitted(conversation="c1"), outcome, usage=_usage(10, input_tokens=1))
    assert desk.admitted(continues="c1").reserved.tokens == INPUT + 1000


# The soft landing


_SOFT: Final = {
    "budgets": {"run": {"usd": 0.1}},
    "on_budget": {"warn_agent_at": 0.5, "downgrade": {"at": 0.8, "to": "cheap"}},
}


def test_the_agent_is_told_once_and_a_cheaper_model_takes_over() -> None:
    desk = Desk(_SOFT)
    told = []
    for output in (4000, 2500, 2000, 100):
        forward = desk.admitted(max_output_tokens=4096)
        told.append((forward.notice is not None, forward.model))
        desk.end(forward, usage=_usage(output))
    assert told == [(False, None), (False, None), (True, None), (False, "cheap")]
    forward = desk.admitted(model="cheap", max_output_tokens=400)
    assert (forward.notice, forward.model) == (None, None)


def test_the_notice_says_how_much_is_spent() -> None:
    desk = Desk(_SOFT)
    desk.served(6000, max_output_tokens=6000, model="m")
    notice = desk.admitted().notice
    assert notice is not None
    assert notice.startswith("[guardian-ci] 61% of this session's budget is spent.")


@pytest.mark.parametrize("name", ["", "invalid"], ids=["the provider keeps the call", "the agent calls it otherwise"])
def test_a_model_to_which_no_agent_sends_our_words_is_told_why_its_call_was_denied(name: str) -> None:
    desk = Desk({"denied_tools": ["Bash"]})
    forward = desk.admitted(model="gpt-5.2")
    desk.tool(forward, "Bash", command="ls")
    desk.end(forward, usage=_usage(), response_id="resp_1")
    brought = ToolResult(id=f"Bash of {forward.request}", ok=False, name="guardian_denied_Bash")
    hidden = replace(brought, name=name)
    silent = desk.admitted(model="gpt-5.2", tool_results=(brought,))  # the agent sends our words itself
    assert silent.notice is None
    told = desk.admitted(model="gpt-5.2", tool_results=(hidden,))
    assert told.notice is not None
    assert told.notice.startswith("[guardian-ci] The tool Bash is denied")
    assert told.reserved.tokens > silent.reserved.tokens + len(told.notice)
    assert desk.admitted(model="gpt-5.2", previous_response_id="resp_1").notice is None


def test_a_notice_is_kept_for_the_next_call_where_this_one_is_refused() -> None:
    desk = Desk(_SOFT | {"budgets": {"run": {"usd": 0.01}}, "on_budget": {"warn_agent_at": 0.5}})
    desk.served(500)
    desk.refused(size=InputSize(text_bytes=9000))
    assert desk.admitted(max_output_tokens=256).notice is not None


def test_a_downgraded_call_is_priced_and_counted_as_the_model_that_it_goes_to() -> None:
    soft = {"on_budget": {"downgrade": {"at": 0.8, "to": "cheap"}}}
    desk = Desk(_SOFT | soft | {"budgets": {"run": {"usd": 0.1}, "model": {"cheap": {"tokens": 5000}}}})
    desk.served(8000, max_output_tokens=8000)
    forward = desk.admitted(max_output_tokens=1000)
    assert forward.model == "cheap"
    assert forward.reserved.picodollars == INPUT * IN // 2 + 1000 * IN
    assert "model:cheap@2026-11-22" in {demand.scope for demand in forward.demands}
    settle, _ = desk.end(forward, usage=_usage(100))
    assert settle.charge.picodollars == INPUT * IN // 2 + 100 * IN


def test_a_downgraded_call_asks_for_no_more_than_the_cheaper_model_can_write() -> None:
    """The provider would refuse a maximum above the model's own."""
    soft = {"budgets": {"run": {"usd": 20}}, "on_budget": {"downgrade": {"at": 0.1, "to": "gpt-4o"}}}
    desk = Desk(soft)
    desk.end(desk.admitted(model="claude-opus-5-5"), usage=_usage(300_000))
    forward = desk.admitted(model="claude-opus-5-5", max_output_tokens=32_000)
    assert (forward.model, forward.max_output_tokens) == ("gpt-4o", 16_384)


def test_a_downgrade_that_leads_to_another_upstream_is_charged_at_that_ones_prices() -> None:
    free = {"url": "http://127.0.0.1:1", "models": ["cheap"], "protocols": ["anthropic-messages"], "free": True}
    desk = Desk(_SOFT | {"upstreams": {"mine": free}})
    desk.served(8000, max_output_tokens=8000)
    forward = desk.admitted(max_output_tokens=1000)
    assert (forward.model, forward.reserved.picodollars) == ("cheap", 0)
    settle, _ = desk.end(forward, usage=_usage(100, reported_picodollars=7, web_searches=1))
    assert (settle.charge.picodollars, settle.charge.tokens) == (0, INPUT + 100)
    assert settle.cost is not None
    assert settle.cost.source == "guardian.yml:1"


def test_a_downgrade_takes_the_geography_of_where_it_goes() -> None:
    eu = {"url": "https://eu.api.openai.com", "kind": "openai", "models": ["gpt-5-4"]}
    policy = {"budgets": {"run": {"usd": 1}}, "on_budget": {"downgrade": {"at": 0.0001, "to": "gpt-5-4"}}}
    chat = {"protocol": WireProtocol.OPENAI_CHAT, "model": "gpt-4o"}
    here, there = Desk(policy), Desk(policy | {"upstreams": {"eu": eu}})
    for desk in (here, there):
        desk.end(desk.admitted(**chat), usage=_usage(1000))
    reserved = [desk.admitted(**chat).reserved.picodollars for desk in (here, there)]
    assert reserved[1] == reserved[0] * 11 // 10


# Tool calls


@pytest.mark.parametrize(
    ("name", "arguments", "rule"),
    [
        ("Read", {"file_path": "src/app.py"}, None),
        ("Read", {"file_path": "certs/server.pem"}, "file_blocklist"),
        ("Bash", {"command": "ls"}, None),
        ("Bash", {"command": "cat certs/server.pem"}, "file_blocklist"),
        ("WebFetch", {"url": "https://example.org"}, "tool_allowlist"),
    ],
)
def test_a_tool_call_is_released_or_rewritten_with_the_line_of_every_rule(
    name: str, arguments: dict[str, object], rule: str | None
) -> None:
    desk = Desk({"allowed_tools": ["read_file", "bash"], "file_blocklist": ["*.pem"]})
    command = desk.tool(desk.admitted(), name, **arguments)
    assert isinstance(command, do.Release | do.Rewrite)
    assert set(_rules(command)) == {each.id for each in TOOL_RULES}
    if rule is None:
        assert isinstance(command, do.Release)
        assert command.findings == ()
    else:
        assert isinstance(command, do.Rewrite)
        assert (command.finding.rule, command.finding.violation) == (rule, True)
        desk.admitted()


def test_a_tool_rule_that_warns_releases_the_call_and_says_so() -> None:
    desk = Desk({"allowed_tools": [], "rules": {"tool_allowlist": "warn"}})
    command = desk.tool(desk.admitted(), "Bash", command="ls")
    assert isinstance(command, do.Release)
    assert [each.verdict for each in command.findings] == [Verdict.WARN]


def test_a_denied_tool_call_ends_the_session_where_the_policy_says_so() -> None:
    desk = Desk({"allowed_tools": [], "tool_denial": "stop"})
    forward = desk.admitted()
    command = desk.tool(forward, "Bash", command="ls")
    assert isinstance(command, do.Cut)
    desk.end(forward, Outcome.CUT)
    refusal = desk.refused()
    assert refusal.finding == command.finding
    assert (refusal.trace[0].rule, refusal.trace[0].detail) == ("tool_allowlist", "the session has ended")
    assert {rule.id for rule in CALL_RULES} <= set(_rules(refusal))
    desk.admitted(session="another")


def test_the_results_of_released_tool_calls_are_told_once_with_the_call_that_reports_them() -> None:
    desk = Desk({"allowed_tools": ["read_file"]})
    first = desk.admitted()
    for name in ("Read", "read_file", "Bash"):
        desk.tool(first, name, file_path="a")
    results = (
        ToolResult(id="Read of req-1", ok=True),
        ToolResult(id="read_file of req-1", ok=None),
        ToolResult(id="Bash of req-1", ok=False),
        ToolResult(id="of another life", ok=True),
    )
    told = desk.admitted(tool_results=results).tool_results
    assert told == (("Read of req-1", "Read", True), ("read_file of req-1", "read_file", None))
    assert desk.admitted(tool_results=results).tool_results == ()


# While the answer comes


def test_an_answer_within_its_reservation_asks_for_nothing() -> None:
    desk = Desk({"budgets": {"run": {"usd": 1}}})
    forward = desk.admitted()
    for usage, output_bytes in ((None, 0), (_usage(1), 0), (_usage(1), 500), (None, 8000), (_usage(1000), 4000)):
        assert desk.progress(forward, usage, output_bytes) == []
    assert desk.spent() == (0, forward.reserved.picodollars)


@pytest.mark.parametrize(
    ("usage", "output_bytes", "extra"),
    [
        (_usage(0, input_tokens=3000), 0, 2000 * IN),  # all of the output may still follow
        (_usage(0, input_tokens=3000), 100, 0),  # some of it has: it stays within what is held
        (_usage(1200), 4800, 200 * OUT),
        (None, 8 * 1200, (200 + 1024) * OUT),  # the upstream ignores its maximum
    ],
)
def test_an_answer_that_outgrows_its_reservation_extends_it(usage: Usage | None, output_bytes: int, extra: int) -> None:
    desk = Desk()
    forward = desk.admitted()
    assert desk.progress(forward, usage, output_bytes) == []
    held = desk.spent()[1]
    assert held == forward.reserved.picodollars + extra
    assert desk.progress(forward, usage, output_bytes) == []
    assert desk.spent()[1] == held


def test_an_answer_that_outgrows_the_budget_is_cut_and_ends_the_session() -> None:
    desk = Desk({"budgets": {"run": {"usd": 0.012}}})
    forward = desk.admitted()
    (cut,) = desk.progress(forward, _usage(1200), 4800)
    assert isinstance(cut, do.Cut)
    assert (cut.finding.rule, cut.finding.subject) == ("cost_limit", "run:R")
    assert desk.progress(forward, _usage(9000), 40_000) == []  # it is cut once
    settle, _ = desk.end(forward, Outcome.CUT, usage=_usage(1200))
    assert settle.charge.picodollars == INPUT * IN + 1200 * OUT  # what the upstream has told is billed
    refusal = desk.refused()
    assert refusal.finding == cut.finding
    assert refusal.may_wait == 0


@pytest.mark.parametrize(
    "document", [{"token_budget": 2000}, {"budgets": {"run": {"tokens": 2000}, "day": {"usd": 1}}}]
)
def test_a_limit_that_the_call_itself_has_just_filled_is_not_in_the_way_of_its_extension(document: Json) -> None:
    """More dollars a token than was thought need no more tokens."""
    desk = Desk(document)
    forward = desk.admitted(max_output_tokens=5000)
    assert forward.reserved.tokens == 2000
    usage = _usage(1000, cache_write_1h_tokens=INPUT, input_tokens=0)
    assert desk.progress(forward, usage, 4000) == []
    settle, _ = desk.end(forward, usage=usage)
    assert settle.charge.picodollars == 2 * INPUT * IN + 1000 * OUT


def test_a_lower_budget_cuts_the_open_answers_that_no_longer_fit() -> None:
    desk = Desk({"budgets": {"run": {"usd": 1}}})
    first, second = desk.admitted(), desk.admitted()
    desk.guard.change_policy(_policy({"budgets": {"run": {"usd": 0.021}}}))
    (cut,) = desk.progress(first)
    assert isinstance(cut, do.Cut)
    desk.end(first, Outcome.CUT)
    (cut,) = desk.progress(second)
    assert isinstance(cut, do.Cut)  # the first is charged its reservation: nothing has come free
    desk.end(second, Outcome.CUT)
    assert desk.refused(session="another").finding.rule == "cost_limit"


def test_a_lower_budget_leaves_the_open_answers_that_still_fit() -> None:
    desk = Desk({"budgets": {"run": {"usd": 1}}})
    forward = desk.admitted()
    desk.guard.change_policy(_policy({"budgets": {"run": {"usd": 0.011}}}))  # exactly what it holds
    assert desk.progress(forward) == []
    assert desk.progress(forward, _usage(1000), 4000) == []
    desk.end(forward, usage=_usage(10))
    assert desk.spent() == (INPUT * IN + 10 * OUT, 0)


_STOP: Final = Finding(
    rule="run_integrity", verdict=Verdict.BLOCK, reason="run_stopped", message="The run was stopped.", throttle=True
)


def test_a_stopped_run_cuts_what_is_open_once_and_refuses_what_comes() -> None:
    desk = Desk()
    forward = desk.admitted()
    desk.guard.stop(_STOP)
    (cut,) = desk.progress(forward)
    assert isinstance(cut, do.Cut)
    assert cut.finding is _STOP
    assert desk.progress(forward) == []
    desk.end(forward, Outcome.CUT)
    assert [desk.refused(session=name).finding for name in ("one", "another")] == [_STOP, _STOP]


def test_a_stopped_run_reads_on_what_its_agent_has_left() -> None:
    """The bill is then known, and nobody waits for the answer."""
    desk = Desk()
    forward = desk.admitted()
    desk.guard.stop(_STOP)
    assert desk.progress(forward, _usage(5), 20, abandoned=True) == []
    settle, _ = desk.end(forward, usage=_usage(5))
    assert not settle.estimated


# At the end

_TRUE: Final = Amount(picodollars=INPUT * IN + 10 * OUT, tokens=INPUT + 10)
_ALL: Final = Amount(picodollars=INPUT * IN + 1000 * OUT, tokens=INPUT + 1000)
_OVER: Final = Amount(picodollars=INPUT * IN + 1500 * OUT, tokens=INPUT + 1500)


@pytest.mark.parametrize(
    ("outcome", "usage", "fields", "charge", "estimated"),
    [
        (Outcome.COMPLETE, _usage(), {}, _TRUE, False),
        (Outcome.COMPLETE, _usage(1500), {}, _OVER, False),
        (Outcome.COMPLETE, None, {}, _ALL, True),
        (Outcome.COMPLETE, _usage(), {"unparsed": 1}, _ALL, True),
        (Outcome.COMPLETE, _usage(), {"output_bytes": 5000}, _ALL, True),
        (Outcome.COMPLETE, _usage(), {"output_bytes": 500}, _TRUE, False),
        (Outcome.REFUSED_UPSTREAM, None, {"upstream_status": 429}, Amount(), False),
        (Outcome.UNREACHED, None, {}, Amount(), False),
        (Outcome.UPSTREAM_ERROR, None, {}, _ALL, True),
        (Outcome.UPSTREAM_ERROR, _usage(), {}, _ALL, True),
        (Outcome.UPSTREAM_ERROR, _usage(1500), {}, _OVER, True),
        (Outcome.CLIENT_GONE, None, {}, _ALL, True),
        (Outcome.CLIENT_GONE, _usage(), {}, _ALL, True),
        (Outcome.CUT, _usage(), {}, _ALL, True),
    ],
)
def test_each_outcome_is_charged_what_the_upstream_may_bill(
    outcome: Outcome, usage: Usage | None, fields: dict[str, Any], charge: Amount, estimated: bool
) -> None:
    """The provider's last word, nothing where nothing was billed, and else the whole reservation."""
    desk = Desk({"budgets": {"run": {"usd": 1}}})
    settle, _ = desk.end(desk.admitted(), outcome, usage, **fields)
    assert (settle.charge, settle.estimated) == (charge, estimated)
    assert desk.spent() == (charge.picodollars, 0)
    assert settle.usage == usage


def test_a_settlement_names_the_source_and_the_date_of_its_price() -> None:
    desk = Desk()
    ours, _ = desk.served()
    theirs, _ = desk.served(model="claude-haiku-4-5")
    assert ours.cost is not None
    assert ours.cost.source == "guardian.yml:1"
    assert theirs.cost is not None
    assert (bool(theirs.cost.source), len(theirs.cost.as_of)) == (True, 10)


def test_a_cost_that_the_provider_tells_itself_is_what_is_charged() -> None:
    desk = Desk()
    settle, _ = desk.end(desk.admitted(), usage=_usage(reported_picodollars=12_345))
    assert settle.charge.picodollars == 12_345


def test_a_call_is_settled_once() -> None:
    desk = Desk()
    forward = desk.admitted()
    desk.end(forward, usage=_usage())
    with pytest.raises(KeyError):
        desk.end(forward, usage=_usage())


def test_a_session_knows_its_calls_tokens_dollars_tools_and_files() -> None:
    desk = Desk()
    first = desk.admitted()
    desk.tool(first, "Read", file_path="a.py")
    desk.tool(first, "view", path="b.py")
    desk.end(first, usage=_usage(10, cache_read_tokens=7, cache_write_5m_tokens=5))
    desk.now += 60
    settle, _ = desk.served(30)
    name, kept = settle.session
    assert name == "one"
    assert {key: kept[key] for key in ("calls", "first_call", "last_call", "tools", "paths")} == {
        "calls": 2,
        "first_call": AT,
        "last_call": AT + 60,
        "tools": {"read_file": 2},
        "paths": ["a.py", "b.py"],
    }
    assert [kept[f"{kind}_tokens"] for kind in ("input", "output", "cache_read", "cache_write")] == [2012, 40, 7, 5]
    assert kept["picodollars"] == sum(desk.spent())


# Warnings


def test_each_fraction_of_a_budget_is_said_once_when_it_is_crossed() -> None:
    desk = Desk({"budgets": {"run": {"usd": 0.1}}, "budget_warnings": [0.5, 0.8, 0.95]})
    said = []
    for output in (4000, 1000, 1000, 1000, 1000, 900, 300):
        _, notes = desk.served(output, max_output_tokens=output)
        said.append([(note.code, note.message) for note in notes])
    message = "{} of the dollars of run:R are spent"
    assert said == [
        [],
        [("budget_warning", message.format("52%"))],
        [],
        [],
        [("budget_warning", message.format("85%"))],
        [("budget_warning", message.format("95%"))],
        [],
    ]


def test_a_charge_that_crosses_several_fractions_is_said_once_for_each_kind_of_budget() -> None:
    desk = Desk({"budgets": {"run": {"usd": 0.0114, "tokens": 2100}}})
    _, notes = desk.served(1000)
    assert [note.message for note in notes] == [
        "96% of the dollars of run:R are spent",
        "95% of the tokens of run:R are spent",
    ]
    assert all(note.finding is not None and not note.finding.violation for note in notes)


# Loops and pace


def test_the_same_prompt_is_refused_after_three_times_within_a_minute() -> None:
    desk = Desk()
    for _ in range(3):
        desk.served(fingerprint="again")
        desk.now += 10
    refusal = desk.refused(fingerprint="again")
    assert (refusal.finding.rule, refusal.finding.retry_after) == ("retry_loop", 300)
    desk.admitted(fingerprint="another")
    desk.admitted(fingerprint="again", session="two")


def test_an_agent_that_goes_on_with_a_refused_prompt_stays_refused() -> None:
    desk = Desk()
    for _ in range(3):
        desk.served(fingerprint="again")
    for _ in range(20):
        desk.now += 15
        assert desk.refused(fingerprint="again").finding.rule == "retry_loop"
    desk.now += 61
    desk.admitted(fingerprint="again")


@pytest.mark.parametrize(
    ("outcome", "status", "excused"),
    [
        (Outcome.REFUSED_UPSTREAM, 429, True),
        (Outcome.REFUSED_UPSTREAM, 529, True),
        (Outcome.REFUSED_UPSTREAM, 500, True),
        (Outcome.REFUSED_UPSTREAM, 408, True),
        (Outcome.UNREACHED, None, True),
        (Outcome.REFUSED_UPSTREAM, 400, False),
        (Outcome.COMPLETE, 200, False),
        (Outcome.CLIENT_GONE, 200, False),
        (Outcome.UPSTREAM_ERROR, None, False),
    ],
)
def test_a_retry_that_the_upstream_asked_for_is_no_loop(outcome: Outcome, status: int | None, excused: bool) -> None:
    desk = Desk()
    for _ in range(3):
        desk.end(desk.admitted(fingerprint="again"), outcome, upstream_status=status)
        desk.now += 1
    assert isinstance(desk.ask(fingerprint="again"), do.Forward) is excused


@pytest.mark.parametrize("most", [1, 64, 65, 100])
def test_as_many_repeats_are_counted_as_the_policy_allows(most: int) -> None:
    desk = Desk({"loop_detection": {"max_repeats": most, "window_seconds": 600}})
    for _ in range(most):
        desk.served(fingerprint="again")
        desk.now += 1
    assert desk.refused(fingerprint="again").finding.rule == "retry_loop"


@pytest.mark.parametrize("most", [1, 30, 1500])
def test_as_many_calls_a_minute_are_counted_as_the_policy_allows(most: int) -> None:
    desk = Desk({"rate_limit": {"requests_per_minute": most}})
    for number in range(1, most + 1):
        desk.admitted()
        desk.now = AT + 30 * number / most
    refusal = desk.refused()
    assert (refusal.finding.rule, refusal.finding.retry_after, refusal.finding.violation) == ("rate_limit", 30, False)
    desk.now += 30
    desk.admitted()


def test_a_call_that_was_refused_for_its_pace_does_not_count() -> None:
    desk = Desk({"rate_limit": {"requests_per_minute": 1}})
    desk.admitted()
    for _ in range(5):
        desk.now += 10
        desk.refused()
    desk.now += 10
    desk.admitted()


# The life of a session


def test_an_idle_session_begins_anew_with_a_budget_of_its_own() -> None:
    desk = Desk({"token_budget": 2100, "session": {"idle_timeout_minutes": 10}})
    desk.served(1000)
    assert desk.refused().finding.subject == "session:one#1"
    desk.now += 601
    forward = desk.admitted()
    assert forward.demands[0].scope == "session:one#2"
    settle, _ = desk.end(forward, usage=_usage())
    assert (settle.session[1]["generation"], settle.session[1]["calls"]) == (2, 1)


def test_an_agent_that_keeps_trying_is_not_idle_though_it_is_refused() -> None:
    desk = Desk({"token_budget": 2100, "session": {"idle_timeout_minutes": 10}})
    desk.served(1000)
    for _ in range(5):
        desk.now += 590
        assert desk.refused().finding.subject == "session:one#1"


def test_a_session_with_an_open_call_is_not_idle_however_long_that_takes() -> None:
    desk = Desk()
    first = desk.admitted()
    desk.now += 3600
    assert desk.admitted().demands[0].scope == "session:one#1"
    desk.end(first)


def test_a_session_that_a_store_remembers_goes_on_where_it_was() -> None:
    before = Desk({"token_budget": 2100})
    settle, _ = before.served(1000)
    again = Desk({"token_budget": 2100}, store=before.store)
    again.now += 60
    remembered = json.loads(_done(before.store.session("one")))
    assert remembered == settle.session[1]
    refusal = again.refused(remembered=remembered)
    assert (refusal.finding.rule, refusal.finding.subject) == ("token_budget", "session:one#1")


def test_a_session_that_ended_stays_so_over_a_restart_until_it_is_idle_for_long() -> None:
    before = Desk({"allowed_tools": [], "tool_denial": "stop"})
    forward = before.admitted()
    cut = before.tool(forward, "Bash", command="ls")
    assert isinstance(cut, do.Cut)
    settle, _ = before.end(forward, Outcome.CUT)
    again = Desk()
    refusal = again.refused(remembered=json.loads(json.dumps(settle.session[1])))
    assert (refusal.finding.reason, refusal.finding.message) == (cut.finding.reason, cut.finding.message)
    again.now += 1801
    again.admitted()


def test_a_restart_keeps_the_context_and_the_pace_that_rules_need() -> None:
    before = Desk()
    settle, _ = before.end(before.admitted(model="gpt-5.2"), usage=_usage(500), response_id="resp_1")
    again = Desk({"rate_limit": {"requests_per_minute": 2}})
    remembered = json.loads(json.dumps(settle.session[1]))
    forward = again.admitted(model="gpt-5.2", previous_response_id="resp_1", remembered=remembered)
    assert forward.reserved.tokens == before.admitted(model="gpt-5.2").reserved.tokens + INPUT + 500
    assert again.refused().finding.rule == "rate_limit"


def test_what_a_store_remembered_is_not_changed_by_what_follows() -> None:
    """It is part of an event, and the log holds it as it was."""
    before = Desk()
    first = before.admitted()
    before.tool(first, "Read", file_path="a")
    remembered = before.end(first, usage=_usage())[0].session[1]
    kept = json.dumps(remembered)
    again = Desk()
    forward = again.admitted(remembered=remembered)
    again.tool(forward, "Read", file_path="b")
    again.end(forward, usage=_usage())
    before.tool(before.admitted(), "Read", file_path="c")
    assert json.dumps(remembered) == kept


def test_words_that_nobody_knows_in_what_is_remembered_are_left_out() -> None:
    Desk().admitted(remembered={"name": "one", "of_a_later_version": 1})


def test_each_session_obeys_the_policy_that_names_it() -> None:
    entries = [{"name": "small", "sessions": ["a*"], "token_budget": 10}, {"name": "other"}]
    desk = Desk({"policies": entries})
    assert desk.refused(session="abc").finding.rule == "token_budget"
    desk.admitted(session="xyz")


def test_of_very_many_sessions_none_with_an_open_call_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guardian_ci.session.guard._MOST_SESSIONS", 3)
    desk = Desk()
    first = desk.admitted(session="first")
    for number in range(20):
        desk.end(desk.admitted(session=f"session {number}"), usage=_usage())
    assert desk.guard.knows("first")
    assert desk.guard.knows("session 19")
    assert not desk.guard.knows("session 1")
    desk.end(first, usage=_usage())


# Money, whatever comes

_LIMITS: Final = st.none() | st.integers(0, 30).map(lambda cents: cents / 100)
_TOKENS: Final = st.none() | st.integers(0, 30_000)
_STEP: Final = st.tuples(
    st.sampled_from(["ask", "ask", "ask", "progress", "end", "end", "tool", "lower", "later"]),
    st.integers(0, 7),
    st.integers(0, 12_000),
    st.sampled_from(list(Outcome)),
)


def _budgets(session: float | None, run: float | None, tokens: int | None) -> Json:
    limits = {"session": {"usd": session}, "run": {"usd": run, "tokens": tokens}}
    kept = {name: {unit: most for unit, most in limit.items() if most is not None} for name, limit in limits.items()}
    return {"budgets": {name: limit for name, limit in kept.items() if limit}, "rules": {"retry_loop": "off"}}


class _Life:
    """A run in which anything happens; the upstream keeps to the bounds that it was given."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self.desk = Desk(document)
        self.open: list[do.Forward] = []
        self.lowered = False

    def step(self, kind: str, which: int, size: int, outcome: Outcome) -> None:
        self.desk.now += 1
        if kind == "ask":
            self.ask(which, size)
        elif kind == "lower":
            self.lowered = True
            self.desk.guard.change_policy(_policy(self.document | {"budgets": {"run": {"usd": size / 10**6}}}))
        elif self.open:
            forward = self.open[which % len(self.open)]
            if kind == "tool":
                self.desk.tool(forward, "Bash", command="ls")
            elif kind == "progress":
                self.desk.progress(forward, None, size % (8 * forward.reserved.tokens))
            else:
                self.end(forward, size, outcome, told=outcome is Outcome.COMPLETE or which % 2 == 1)

    def ask(self, which: int, size: int) -> None:
        command = self.desk.ask(
            session=("one", "two")[which % 2],
            model=("m", "cheap")[which // 2 % 2],
            max_output_tokens=size or None,
            choices=1 + which // 4,
            size=InputSize(text_bytes=size),
        )
        if isinstance(command, do.Forward):
            self.open.append(command)

    def end(self, forward: do.Forward, size: int, outcome: Outcome, *, told: bool) -> None:
        self.open.remove(forward)
        used = Usage(input_tokens=1, output_tokens=size % forward.reserved.tokens)
        if used.total_output * OUT > forward.reserved.picodollars:
            used = Usage(input_tokens=1)
        self.desk.end(forward, outcome, usage=used if told else None)


@settings(max_examples=100)
@given(_LIMITS, _LIMITS, _TOKENS, st.lists(_STEP, max_size=40))
def test_whatever_is_called_nothing_exceeds_a_limit_and_at_the_end_nothing_is_reserved(
    session: float | None, run: float | None, tokens: int | None, steps: list[tuple[str, int, int, Outcome]]
) -> None:
    life = _Life(_budgets(session, run, tokens))
    limits = {"session:one#1": (session, None), "session:two#1": (session, None), "run:R": (run, tokens)}
    for step in steps:
        life.step(*step)
        if not life.lowered:  # what was spent before cannot be taken back
            _within(life.desk, limits)
    for forward in life.open:
        life.desk.end(forward, Outcome.CLIENT_GONE)
    if not life.lowered:
        _within(life.desk, limits)
    everywhere = [*limits, "day:2026-11-22", "pull_request:o/r#7"]
    assert all(balance.reserved == Amount() for balance in _done(life.desk.store.balances(everywhere)))


def _within(desk: Desk, limits: Mapping[str, tuple[float | None, int | None]]) -> None:
    for balance, (usd, tokens) in zip(_done(desk.store.balances(list(limits))), limits.values(), strict=True):
        held = balance.spent + balance.reserved
        assert usd is None or held.picodollars <= round(usd * 10**12)
        assert tokens is None or held.tokens <= tokens


# What a session remembers of tools


def _turn(desk: Desk, command: str, output: str, *, cost: int = 10) -> do.Forward:
    """One turn of an agent: the model calls a tool, and the next request brings its result."""
    first = desk.admitted()
    assert isinstance(desk.tool(first, "Bash", command=command), do.Release)
    desk.end(first, usage=_usage(cost))
    result = ToolResult(id=f"Bash of {first.request}", ok=True, digest=output)
    forward = desk.admitted(tool_results=(result,))
    desk.end(forward, usage=_usage(cost))
    return forward


def _found(forward: do.Forward) -> list[str]:
    return [finding.rule for finding in forward.findings]


def test_the_same_tool_call_with_the_same_result_is_a_loop_when_nothing_else_is_new() -> None:
    desk = Desk({"loop_detection": {"max_same_results": 3}})
    told = [_found(_turn(desk, "make", "failed")) for _ in range(5)]
    # Every turn of the helper begins with a new prompt, which is something new.
    assert told == [[]] * 5
    told = []
    for _ in range(5):
        forward = desk.admitted(fingerprint="x", tool_results=())
        desk.tool(forward, "Bash", command="make")
        desk.end(forward, usage=_usage(1))
        result = ToolResult(id=f"Bash of {forward.request}", ok=False, digest="failed")
        forward = desk.admitted(fingerprint="y", tool_results=(result,))
        desk.end(forward, usage=_usage(1))
        told.append(_found(forward))
        desk.now += 61  # the prompts' own rule looks at a minute
    assert told[-1] == ["tool_loop"]
    assert told[0] == []


def test_an_edit_between_two_runs_of_the_tests_makes_them_no_loop() -> None:
    desk = Desk({"loop_detection": {"max_same_results": 1}})
    previous: list[ToolResult] = []
    for turn in range(12):
        forward = desk.admitted(tool_results=tuple(previous))
        assert _found(forward) == []
        if turn % 2:
            desk.tool(forward, "Bash", command="make test")
            previous = [ToolResult(id=f"Bash of {forward.request}", ok=False, digest="2 failed")]
        else:
            desk.tool(forward, "Edit", file_path="a.py", old_string=f"{turn}", new_string=f"{turn + 1}")
            previous = [ToolResult(id=f"Edit of {forward.request}", ok=True, digest="edited")]
        desk.end(forward, usage=_usage(1))


def test_turns_that_cost_more_and_bring_nothing_new_are_warned_of() -> None:
    desk = Desk({"loop_detection": {"max_idle_turns": 3, "max_same_results": 100}})
    told = []
    previous: tuple[ToolResult, ...] = ()
    for turn in range(8):
        forward = desk.admitted(fingerprint="again", tool_results=previous)
        told.append(_found(forward))
        desk.tool(forward, "Bash", command="ls")
        previous = (ToolResult(id=f"Bash of {forward.request}", ok=True, digest="a b"),)
        desk.end(forward, usage=_usage(10 + turn))
        desk.now += 61
    assert told.count(["stalled"]) == 2
    assert told[-1] == ["stalled"] or told[-2] == ["stalled"]


def test_a_folder_that_the_shell_has_changed_to_is_remembered_for_the_next_command() -> None:
    desk = Desk({"file_blocklist": ["~/.config/key"]})
    forward = desk.admitted()
    assert isinstance(desk.tool(forward, "Bash", command="cd ~/.config"), do.Release)
    assert isinstance(desk.tool(forward, "Bash", command="cat key"), do.Rewrite)


def test_a_script_that_the_agent_wrote_is_judged_when_it_is_run() -> None:
    desk = Desk({"file_blocklist": [".env"]})
    forward = desk.admitted()
    written = desk.tool(forward, "Write", file_path="a.sh", content="#!/bin/sh\ncat .e''nv\n")
    assert isinstance(written, do.Release)
    assert isinstance(desk.tool(forward, "Bash", command="bash ./a.sh"), do.Rewrite)


def test_an_edit_of_a_script_does_not_make_forget_what_it_held_before() -> None:
    desk = Desk({"file_blocklist": [".env"]})
    forward = desk.admitted()
    assert isinstance(desk.tool(forward, "Write", file_path="a.sh", content="cat .e''nv\n"), do.Release)
    assert isinstance(desk.tool(forward, "Edit", file_path="a.sh", old_string="x", new_string="ls"), do.Release)
    assert isinstance(desk.tool(forward, "Bash", command="bash a.sh"), do.Rewrite)


def test_a_secret_in_the_answers_text_is_warned_of_or_ends_the_session() -> None:
    leak = Leak(kind="jwt", origin=Origin.ANSWER)
    desk = Desk()
    forward = desk.admitted()
    (note,) = desk.guard.handle(on.Wrote(request=forward.request, at=desk.now, leaks=(leak,)))
    assert isinstance(note, do.Note)
    desk = Desk({"secrets": "block"})
    forward = desk.admitted()
    (cut,) = desk.guard.handle(on.Wrote(request=forward.request, at=desk.now, leaks=(leak,)))
    assert isinstance(cut, do.Cut)
    desk.end(forward, Outcome.CUT, usage=_usage(1))
    assert desk.refused().finding.rule == "secret_leak"


def test_secrets_that_the_policy_redacts_are_asked_to_be_taken_out() -> None:
    leaks = (Leak(kind="jwt", origin=Origin.TOOL_RESULT), Leak(kind="jwt", origin=Origin.ANSWER))
    assert Desk({"secrets": "redact"}).admitted(leaks=leaks).redact == (Origin.TOOL_RESULT,)
    assert Desk().admitted(leaks=leaks).redact == ()


class TestConnectionsWithACeiling:
    CEILING: Final = 2 * 10**11
    """Twenty cents."""

    def test_the_ceiling_is_what_is_reserved_whatever_else_the_request_says(self) -> None:
        desk = Desk({"budgets": {"run": {"usd": 0.30}}})
        assert desk.admitted(ceiling=self.CEILING).reserved == Amount(picodollars=self.CEILING)
        assert desk.spent() == (0, self.CEILING)
        assert desk.refused(ceiling=self.CEILING).may_wait > 0

    def test_the_next_responses_fit_while_all_of_them_stay_below_it(self) -> None:
        desk = Desk({"budgets": {"run": {"usd": 1}}})
        forward = desk.admitted(ceiling=self.CEILING, max_output_tokens=1000)

        def fits(usage: Usage, context: int, responses: int = 1) -> bool:
            return desk.guard.fits(forward.request, usage, context=context, responses=responses)

        left = self.CEILING - 1000 * OUT
        assert fits(Usage(), left // IN)
        assert not fits(Usage(), left // IN + 1)
        assert not fits(Usage(output_tokens=19_001), 0)
        assert fits(Usage(output_tokens=18_000), 0)
        assert not fits(Usage(output_tokens=18_000), 0, responses=2)

    def test_it_is_billed_what_it_told_and_no_more_is_reserved_on_the_way(self) -> None:
        desk = Desk({"budgets": {"run": {"usd": 1}}})
        forward = desk.admitted(ceiling=self.CEILING)
        assert desk.progress(forward, _usage(5000)) == []
        settle, _ = desk.end(forward, usage=_usage(5000))
        assert settle.charge == Amount(picodollars=INPUT * IN + 5000 * OUT, tokens=INPUT + 5000)
        assert desk.spent() == (INPUT * IN + 5000 * OUT, 0)

    def test_what_goes_on_from_an_answer_without_a_usage_is_bounded_by_its_reservation(self) -> None:
        desk = Desk({"budgets": {"run": {"usd": 1}}})
        first = desk.admitted(max_output_tokens=500)
        desk.end(first, response_id="resp_1")
        second = desk.admitted(max_output_tokens=500, previous_response_id="resp_1")
        assert second.reserved.tokens == 2 * first.reserved.tokens
