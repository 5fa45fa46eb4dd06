"""The machine: one file owns every decision about a call, from its request to its settlement.

There is no ``await`` here, and the caller writes each decision to the log before it handles another event, so the
order of the log is the order of the decisions.
"""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, TypedDict

from guardian_ci.model import (
    Amount,
    Call,
    Cost,
    Evaluation,
    Finding,
    InputSize,
    Operation,
    Usage,
    Verdict,
    WireProtocol,
)
from guardian_ci.policy import Policy, Settings
from guardian_ci.policy.rules import (
    cost_limit,
    evaluate_call,
    evaluate_tool,
    judged,
    offers_to_remove,
    token_budget,
    unknown_model,
)
from guardian_ci.policy.rules.interface import SessionView
from guardian_ci.policy.settings import PriceEntry
from guardian_ci.pricing import ModelPrice, PriceTable, estimate
from guardian_ci.pricing.custom import custom_prices
from guardian_ci.session import commands as do
from guardian_ci.session import events as on
from guardian_ci.session.events import Outcome
from guardian_ci.session.ledger import Ask, Demand, Denial, Grant
from guardian_ci.session.scopes import demands_of, fraction_of, warnings_of
from guardian_ci.session.state import SessionState

DEFAULT_OUTPUT: Final = 32_000
"""Output tokens to reserve where neither the request nor the price table bounds them; then the request gets them
as its maximum, so that the bound is true."""

LARGEST_CONTEXT: Final = 2_000_000
"""Tokens of the largest context window that any provider sells."""

_BYTES_A_TOKEN: Final = 8
"""More model output than this many bytes for each granted token means that the upstream ignores its maximum.
English and code run at 3 to 6; below that a legitimate answer would be cut."""

_FEW_TOKENS: Final = 64
"""Long words make a short answer's bytes a token meaningless."""

_RETRIED: Final = frozenset({408, 409, 429})
_SERVER_ERROR: Final = 500
"""Statuses after which an SDK tries again of its own accord: that is no loop."""

_MOST_SESSIONS: Final = 10_000


@dataclass(slots=True, kw_only=True)
class _OpenCall:
    received: on.CallReceived
    settings: Settings
    state: SessionState
    findings: list[Finding]
    trace: list[Evaluation]
    price: ModelPrice | None = None
    others: tuple[ModelPrice, ...] = ()
    searches: int | None = None
    demands: tuple[Demand, ...] = ()
    asked: Ask | None = None
    held: Amount = field(default_factory=Amount)
    fixed: int = 0
    output_rate: int = 0
    output_tokens: int = 0
    charge: Amount = field(default_factory=Amount)
    remove_tools: tuple[int, ...] = ()
    model: str | None = None
    notice: str | None = None
    extending: bool = False
    revision: int = 0
    over: Finding | None = None

    def scopes(self, *, enforced: bool) -> tuple[Demand, ...]:
        """The scopes of this call, with the limits that block or with those to warn of."""
        received = self.received
        return demands_of(
            self.settings,
            session=self.state.scope,
            caller=received.caller,
            model=self.model or received.call.model,
            at=received.time,
            enforced=enforced,
        )


class _Judged(TypedDict):
    request: str
    findings: tuple[Finding, ...]
    trace: tuple[Evaluation, ...]


class Guard:
    """Decides for one run. ``handle`` an event, carry out the commands, feed their answers back."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._prices: dict[tuple[PriceEntry, ...], PriceTable] = {}
        self._load_prices()
        self._sessions: dict[str, SessionState] = {}
        self._open: dict[str, _OpenCall] = {}
        self._stopped: Finding | None = None
        self._revision = 0

    def knows(self, session: str) -> bool:
        """Whether the session is in memory; if not, ``CallReceived`` should bring what a store remembers."""
        return session in self._sessions

    def abandon(self, request: str) -> None:
        """Forget a call whose reservation could not be asked for: nothing of it has happened."""
        self._open.pop(request, None)

    def stop(self, finding: Finding) -> None:
        """Latch the whole run: open answers are cut at their next event, every later call is refused."""
        self._stopped = finding

    def change_policy(self, policy: Policy) -> None:
        """Go on under another policy. Open answers that no longer fit are cut at their next event."""
        self.policy = policy
        self._revision += 1
        self._load_prices()

    def _load_prices(self) -> None:
        for settings in (*self.policy.settings, self.policy.fallback):
            if settings.prices not in self._prices:
                self._prices[settings.prices] = PriceTable.load(custom_prices(settings.prices))

    def handle(self, event: on.Event) -> list[do.Command]:
        """Decide. Raises ``KeyError`` for an event of a request that is not open."""
        match event:
            case on.CallReceived():
                return self._received(event)
            case on.Reserved():
                return self._reserved(self._open[event.request], event)
            case on.ToolCalled():
                return self._tool_called(self._open[event.request], event)
            case on.Progressed():
                return self._progressed(self._open[event.request], event)
            case on.Ended():
                return self._ended(self._open[event.request], event)
            case on.Settled():
                return self._settled(self._open.pop(event.request), event)
            case _:
                msg = f"no such event: {event!r}"
                raise TypeError(msg)

    # Before the call is forwarded

    def _received(self, event: on.CallReceived) -> list[do.Command]:
        settings = self.policy.for_session(event.caller.session)
        state = self._session(event, settings)
        latched = self._stopped or state.latched
        view = SessionView(now=event.at, recent_calls=state.recent, repeats=state.repeats_of(event.call))
        if event.call.operation is Operation.MODELS:
            # A list of models costs nothing and names none.
            findings: list[Finding] = []
            trace: list[Evaluation] = []
        else:
            findings, trace = evaluate_call(settings, event.call, view)
        open_call = _OpenCall(
            received=event, settings=settings, state=state, findings=findings, trace=trace, revision=self._revision
        )
        if latched is not None:
            trace.insert(0, Evaluation(rule=latched.rule, verdict=Verdict.BLOCK, detail="the session has ended"))
            findings.insert(0, latched)
            return [_refusal(open_call, latched)]
        blocking = next((finding for finding in findings if finding.verdict is Verdict.BLOCK), None)
        if blocking is not None:
            if blocking.rule == "retry_loop":
                state.remember_prompt(event.call, event.at, settings.loop_detection.max_repeats)
            return [_refusal(open_call, blocking)]
        open_call.remove_tools = tuple(sorted(offers_to_remove(settings, event.call)))
        if event.call.operation is not Operation.GENERATE:
            self._open[event.request] = open_call
            return [self._forward(open_call)]
        self._soften(open_call)
        refused = self._price(open_call)
        if refused is not None:
            return [_refusal(open_call, refused)]
        self._open[event.request] = open_call
        ask = self._ask(open_call)
        return [do.Reserve(request=event.request, ask=ask)]

    def _session(self, event: on.CallReceived, settings: Settings) -> SessionState:
        name = event.caller.session
        state = self._sessions.get(name)
        if state is None:
            state = SessionState(name=name) if event.remembered is None else SessionState.recalled(event.remembered)
            if len(self._sessions) >= _MOST_SESSIONS:
                self._forget_one()
            self._sessions[name] = state
        if state.expired(event.at, settings.idle_timeout_minutes * 60) and not self._has_open(name):
            state = SessionState(name=name, generation=state.generation + 1)
            self._sessions[name] = state
        return state

    def _has_open(self, name: str) -> bool:
        return any(call.state.name == name for call in self._open.values())

    def _forget_one(self) -> None:
        busy = {call.state.name for call in self._open.values()}
        name = next((name for name in self._sessions if name not in busy), None)
        if name is not None:
            del self._sessions[name]

    def _soften(self, call: _OpenCall) -> None:
        """Apply ``on_budget``: a cheaper model, a word to the agent."""
        soft, fraction = call.settings.on_budget, call.state.fraction
        cheaper = soft.downgrade
        if cheaper is not None and fraction >= cheaper.at and call.received.call.model != cheaper.to:
            call.model = cheaper.to
        if soft.warn_agent_at is not None and fraction >= soft.warn_agent_at and not call.state.notified:
            call.notice = (
                f"[guardian-ci] {fraction:.0%} of this session's budget is spent. "
                "Finish what you are doing, save it, and report what is left."
            )

    def _price(self, call: _OpenCall) -> Finding | None:
        """Find the price of every model that the call may be billed for; the finding that refuses it, if any."""
        model = call.model or call.received.call.model
        call.price, refused = self._price_of(call, model)
        others: list[ModelPrice] = []
        for other in call.received.call.other_models:
            price, also_refused = self._price_of(call, other)
            refused = refused or also_refused
            if price is not None:
                others.append(price)
        call.others = tuple(others)
        return refused

    def _price_of(self, call: _OpenCall, model: str) -> tuple[ModelPrice | None, Finding | None]:
        received, table = call.received, self._prices[call.settings.prices]
        # A gateway may sell models of other providers under their own ids.
        price = table.find(model, provider=received.caller.provider, at=received.time) or table.find(
            model, provider=None, at=received.time
        )
        if price is not None:
            call.trace.append(_allowed("unknown_model", f"{model}: {price.source}, {price.as_of}"))
            return price, None
        refused = unknown_model.refused(call.settings, model, table.nearest(model))
        finding = None if call.settings.unknown_model == "ceiling" else judged(call.settings, refused)
        if finding is None:
            verdict, detail = Verdict.ALLOW, f"{model}: priced like the dearest model of its provider"
        else:
            call.findings.append(finding)
            verdict, detail = finding.verdict, finding.message
        call.trace.append(Evaluation(rule="unknown_model", verdict=verdict, detail=detail))
        if finding is not None and finding.verdict is Verdict.BLOCK:
            return None, finding
        # Allowed without a price of its own: then at the dearest, so that the budget holds all the same.
        return table.ceiling(received.caller.provider, received.time), None

    def _ask(self, call: _OpenCall) -> Ask:
        """An upper bound of what the call may cost, and the scopes that it is charged to."""
        request, settings, price = _as_forwarded(call), call.settings, call.price
        assert price is not None  # noqa: S101 - _price has set it; this is for the type checker
        table = self._prices[settings.prices]
        window = price.context_tokens or LARGEST_CONTEXT
        hidden = call.state.hidden_tokens(request, window)
        size = replace(request.size, hidden_tokens=max(request.size.hidden_tokens, hidden))
        tokens = max(
            _input_bound(size, each.tokenizer, call.state.measure_of(request, each.model))
            for each in (price, *call.others)
        )
        if size.hidden_tokens or size.pdf_pages or size.images:
            # What nobody here can see is at most what fits into the model; text is sized by itself.
            seen = replace(size, hidden_tokens=0, pdf_pages=0, images=0, audio_seconds=0)
            tokens = min(tokens, max(window, estimate.input_upper_bound(seen, price.tokenizer)))
        worst = [table.worst(each, request, at=call.received.time) for each in (price, *call.others)]
        call.fixed = max(tokens * each.input_rate + each.fixed for each in worst)
        call.output_rate = max(each.output_rate for each in worst)
        call.demands = call.scopes(enforced=True)
        call.asked = Ask(
            id=call.received.request,
            demands=call.demands,
            fixed=Amount(picodollars=call.fixed, tokens=tokens),
            per_output=Amount(picodollars=call.output_rate * request.choices, tokens=request.choices),
            wanted_output=_wanted_output(call, price),
            useful_output=settings.min_output_tokens,
            comfortable_output=max(settings.min_output_tokens, call.state.comfortable_output),
        )
        return call.asked

    def _reserved(self, call: _OpenCall, event: on.Reserved) -> list[do.Command]:
        answer = event.answer
        if call.extending:
            return self._extended(call, answer)
        if isinstance(answer, Denial) and (fewer := _fewer_searches(call)):
            # Each search is billed again with all that it found: a few fit where the request's many do not.
            call.searches = fewer
            return [do.Reserve(request=event.request, ask=self._ask(call))]
        call.trace.extend(_money_trace(call, answer))
        if isinstance(answer, Denial):
            del self._open[event.request]
            finding = _exceeded(call.settings, answer)
            call.findings.append(finding)
            return [_refusal(call, finding, answer)]
        call.held = answer.amount
        call.output_tokens = answer.output_tokens
        return [self._forward(call, answer)]

    def _forward(self, call: _OpenCall, grant: Grant | None = None) -> do.Forward:
        request, state = call.received.call, call.state
        state.notified = state.notified or call.notice is not None
        state.first_call = state.first_call or call.received.at
        state.last_call = call.received.at
        if request.operation is Operation.GENERATE:
            state.calls += 1
            state.remember_call(call.received.at, call.settings.requests_per_minute or 0)
            state.remember_prompt(request, call.received.at, call.settings.loop_detection.max_repeats)
        clamp: int | None = None
        if grant is not None:
            bounded = request.max_output_tokens or (call.price.max_output_tokens if call.price else None)
            if bounded is None or grant.output_tokens < bounded:
                clamp = grant.output_tokens
        return do.Forward(
            request=call.received.request,
            findings=tuple(call.findings),
            trace=tuple(call.trace),
            max_output_tokens=clamp,
            remove_tools=call.remove_tools,
            model=call.model,
            notice=call.notice,
            max_web_searches=_as_forwarded(call).max_web_searches or None,
            reserved=call.held,
            demands=call.demands,
            balances=grant.balances if grant is not None else (),
            tool_results=state.results_of(request),
        )

    # While the answer comes

    def _tool_called(self, call: _OpenCall, event: on.ToolCalled) -> list[do.Command]:
        findings, trace = evaluate_tool(call.settings, event.tool)
        blocking = next((finding for finding in findings if finding.verdict is Verdict.BLOCK), None)
        call.findings.extend(findings)
        common = _Judged(request=event.request, findings=tuple(findings), trace=tuple(trace))
        if blocking is None:
            call.state.remember_tool(event.tool)
            return [do.Release(**common)]
        if call.settings.tool_denial == "stop":
            call.state.latched = blocking
            return [do.Cut(**common, finding=blocking)]
        return [do.Rewrite(**common, finding=blocking)]

    def _progressed(self, call: _OpenCall, event: on.Progressed) -> list[do.Command]:
        if self._stopped is not None and call.over is None and not event.abandoned:
            call.over = self._stopped
            return [_cut(event.request, self._stopped)]
        if call.asked is None or call.extending or call.over is not None:
            return []
        missing = self._missing(call, event)
        if call.revision != self._revision:
            self._adopt(call)
        elif missing == Amount():
            return []
        call.extending = True
        extra = Ask(id=event.request, demands=call.demands, fixed=missing, extends=True)
        return [do.Reserve(request=event.request, ask=extra)]

    def _adopt(self, call: _OpenCall) -> None:
        """Hold an open call to the limits of a changed policy; its scopes stay those that it was reserved in."""
        call.revision = self._revision
        call.settings = self.policy.for_session(call.state.name)
        limits = {demand.scope: demand.limit for demand in call.scopes(enforced=True)}
        call.demands = tuple(
            Demand(scope=demand.scope, limit=limits.get(demand.scope, demand.limit)) for demand in call.demands
        )

    def _missing(self, call: _OpenCall, event: on.Progressed) -> Amount:
        """What the answer will cost beyond its reservation: an input dearer than its bound, an endless output."""
        picodollars = tokens = 0
        choices = call.received.call.choices
        if event.usage is not None:
            # A usage that comes before the output tells the input: all that was granted may still follow.
            ahead = max(0, call.output_tokens * choices - event.usage.total_output) if event.output_bytes == 0 else 0
            spent = self._cost_of(call, event.usage)
            if spent is not None:
                picodollars = max(0, spent.picodollars + ahead * call.output_rate - call.held.picodollars)
            tokens = max(0, event.usage.billed_tokens + ahead - call.held.tokens)
        least = event.output_bytes // _BYTES_A_TOKEN - call.output_tokens * choices
        if least > 0:
            step = least + 1024
            picodollars = max(picodollars, step * call.output_rate)
            tokens = max(tokens, step)
            call.output_tokens += -(-step // choices)
        return Amount(picodollars=picodollars, tokens=tokens)

    def _extended(self, call: _OpenCall, answer: Grant | Denial) -> list[do.Command]:
        call.extending = False
        if isinstance(answer, Grant):
            call.held += answer.amount
            return []
        finding = _exceeded(call.settings, answer)
        call.over = call.state.latched = finding
        call.findings.append(finding)
        return [_cut(call.received.request, finding)]

    # At the end

    def _ended(self, call: _OpenCall, event: on.Ended) -> list[do.Command]:
        request = call.received.call
        if event.upstream_status in _RETRIED or (event.upstream_status or 0) >= _SERVER_ERROR:
            call.state.excuse_prompt(request, call.received.at)
        if event.outcome is Outcome.UNREACHED:
            call.state.excuse_prompt(request, call.received.at)
        charge, cost, estimated = self._charge(call, event)
        call.charge = charge
        if event.usage is not None and event.outcome is Outcome.COMPLETE and not estimated:
            call.state.remember_measure(request, call.price.model if call.price else "", event.usage.total_input)
        call.state.remember_context(event.response_id, event.usage)
        call.state.add(event.usage, charge.picodollars)
        return [
            do.Settle(
                request=event.request,
                charge=charge,
                reserved=call.asked is not None,
                session=(call.state.name, call.state.remembered()),
                cost=cost,
                usage=event.usage,
                estimated=estimated,
                demands=call.demands,
            )
        ]

    def _charge(self, call: _OpenCall, event: on.Ended) -> tuple[Amount, Cost | None, bool]:
        free = event.outcome in (Outcome.REFUSED_UPSTREAM, Outcome.UNREACHED)
        if call.asked is None or (free and event.usage is None):
            return Amount(), None, False
        cost = None if event.usage is None else self._cost_of(call, event.usage)
        if cost is not None and event.usage is not None and _final(event):
            return _amount(cost, event.usage), cost, False
        # Nobody knows what the upstream bills for an answer that is torn or tells no usage (reasoning is not seen
        # in it): at most the reservation, at least what it told.
        least = Amount() if cost is None or event.usage is None else _amount(cost, event.usage)
        upper = Amount(
            picodollars=max(call.held.picodollars, least.picodollars), tokens=max(call.held.tokens, least.tokens)
        )
        return upper, cost, True

    def _cost_of(self, call: _OpenCall, usage: Usage) -> Cost | None:
        if call.price is None:
            return None
        table = self._prices[call.settings.prices]
        return table.cost(usage, call.price, at=call.received.time, call=call.received.call)

    def _settled(self, call: _OpenCall, event: on.Settled) -> list[do.Command]:
        notes: list[do.Command] = []
        balances = dict(zip((demand.scope for demand in call.demands), event.balances, strict=True))
        watched = [demand for demand in call.scopes(enforced=False) if demand.scope in balances]
        call.state.fraction = max((fraction_of(each, balances[each.scope]) for each in watched), default=0.0)
        for demand in watched:
            crossed = warnings_of(call.settings, demand, balances[demand.scope], call.charge, partial(_over, call))
            notes += [
                do.Note(request=event.request, code=found.reason, message=found.message, finding=found)
                for found in crossed
            ]
        return notes


def _input_bound(size: InputSize, tokenizer: str, measured: tuple[InputSize, int] | None) -> int:
    """A bound of the whole input, or what was counted before and a bound of what has come to it."""
    if measured is None:
        return estimate.input_upper_bound(size, tokenizer)
    before, counted = measured
    return estimate.later_upper_bound(size, tokenizer, before=before, counted=counted)


def _final(event: on.Ended) -> bool:
    """Whether the usage is the provider's last word, and can be: it does not count less than was written."""
    if event.outcome is not Outcome.COMPLETE or event.usage is None or event.unparsed:
        return False
    return event.output_bytes <= _BYTES_A_TOKEN * (event.usage.total_output + _FEW_TOKENS)


def _refusal(call: _OpenCall, finding: Finding, denial: Denial | None = None) -> do.Refuse:
    waits = denial is not None and denial.may_fit
    return do.Refuse(
        request=call.received.request,
        findings=tuple(call.findings),
        trace=tuple(call.trace),
        finding=finding,
        may_wait=call.settings.reservation_wait_seconds if waits else 0.0,
        denial=denial,
        demands=call.demands or call.scopes(enforced=True),
    )


def _cut(request: str, finding: Finding) -> do.Cut:
    trace = (Evaluation(rule=finding.rule, verdict=Verdict.BLOCK, detail=finding.message),)
    return do.Cut(request=request, findings=(finding,), trace=trace, finding=finding)


def _allowed(rule: str, detail: str) -> Evaluation:
    return Evaluation(rule=rule, verdict=Verdict.ALLOW, detail=detail)


def _exceeded(settings: Settings, denial: Denial) -> Finding:
    exceeded = cost_limit.exceeded if denial.kind == "cost" else token_budget.exceeded
    return exceeded(
        settings,
        scope=denial.scope,
        limit=denial.limit,
        spent=denial.spent,
        reserved=denial.reserved,
        needed=denial.needed,
    )


def _over(call: _OpenCall, *, kind: str, scope: str, limit: int, spent: int) -> Finding:
    """The warning of a limit that is passed and blocks nothing."""
    exceeded = cost_limit.exceeded if kind == "cost" else token_budget.exceeded
    found = exceeded(call.settings, scope=scope, limit=limit, spent=spent, reserved=0, needed=0)
    return replace(found, verdict=Verdict.WARN)


def _money_trace(call: _OpenCall, answer: Grant | Denial) -> list[Evaluation]:
    lines: list[Evaluation] = []
    for rule, kind in (("token_budget", "tokens"), ("cost_limit", "cost")):
        if isinstance(answer, Denial) and answer.kind == kind:
            due = f"{answer.spent} spent + {answer.reserved} reserved + {answer.needed} needed"
            detail = f"{answer.scope}: {due} > {answer.limit}"
            lines.append(Evaluation(rule=rule, verdict=Verdict.BLOCK, detail=detail))
        else:
            limits = [
                f"{demand.scope} {limit}"
                for demand in call.demands
                if (limit := demand.limit.tokens if kind == "tokens" else demand.limit.picodollars) is not None
            ]
            lines.append(_allowed(rule, "fits " + ", ".join(limits) if limits else "no limit"))
    return lines


def _wanted_output(call: _OpenCall, price: ModelPrice) -> int:
    wanted = call.received.call.max_output_tokens or price.max_output_tokens or DEFAULT_OUTPUT
    if call.model is not None and price.max_output_tokens is not None:
        # The agent asked what another model can write; the provider refuses a maximum above the model's own.
        wanted = min(wanted, price.max_output_tokens)
    return wanted


def _fewer_searches(call: _OpenCall) -> int:
    """Half as many searches as the call may make now; 0 where there is nothing to halve."""
    if call.received.call.protocol is WireProtocol.OPENAI_CHAT:
        return 0  # no member of its requests bounds searches, so a smaller bound would not be true
    return _as_forwarded(call).max_web_searches // 2


def _as_forwarded(call: _OpenCall) -> Call:
    """The request as it is forwarded: with fewer searches, and none where policy takes the tool out of it."""
    request = call.received.call
    if call.searches is not None:
        request = replace(request, max_web_searches=call.searches)
    left = (tool for index, tool in enumerate(request.tools) if index not in call.remove_tools)
    if not call.remove_tools or any(tool.provider_executed for tool in left):
        return request
    return replace(request, max_web_searches=0)


def _amount(cost: Cost, usage: Usage) -> Amount:
    return Amount(picodollars=cost.picodollars, tokens=usage.billed_tokens)
