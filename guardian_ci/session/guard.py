"""The machine: one file owns every decision about a call, from its request to its settlement.

There is no ``await`` here, and the caller writes each decision to the log before it handles another event, so the
order of the log is the order of the decisions.
"""

from dataclasses import replace
from functools import partial
from typing import Final, TypedDict

from guardian_ci.model import (
    Amount,
    Cost,
    Evaluation,
    Finding,
    Limit,
    Operation,
    Usage,
    Verdict,
)
from guardian_ci.policy import Policy, Settings
from guardian_ci.policy.rules import (
    cost_limit,
    evaluate_call,
    evaluate_tool,
    judged,
    offers_to_remove,
    secret_leak,
    token_budget,
    unknown_model,
    view_of,
)
from guardian_ci.policy.rules.interface import SessionView
from guardian_ci.policy.rules.secret_leak import to_redact
from guardian_ci.pricing import ModelPrice, PriceTable
from guardian_ci.session import commands as do
from guardian_ci.session import events as on
from guardian_ci.session.bounds import ask_of, charge_of, missing, stays_below
from guardian_ci.session.events import Outcome
from guardian_ci.session.ledger import Ask, Demand, Denial, Grant
from guardian_ci.session.open_call import OpenCall
from guardian_ci.session.prices import Prices
from guardian_ci.session.scopes import fraction_of, warnings_of
from guardian_ci.session.state import SessionState

_RETRIED: Final = frozenset({408, 409, 429})
_SERVER_ERROR: Final = 500
"""Statuses after which an SDK tries again of its own accord: that is no loop."""

_MOST_SESSIONS: Final = 10_000


class _Judged(TypedDict):
    request: str
    findings: tuple[Finding, ...]
    trace: tuple[Evaluation, ...]


class Guard:
    """Decides for one run. ``handle`` an event, carry out the commands, feed their answers back.

    ``folder`` is where the agent works, as an absolute path, where that is known.
    """

    def __init__(self, policy: Policy, folder: str | None = None) -> None:
        self.policy = policy
        self._folder = folder
        self._prices = Prices()
        self._prices.load(policy)
        self._sessions: dict[str, SessionState] = {}
        self._open: dict[str, OpenCall] = {}
        self._stopped: Finding | None = None
        self._revision = 0

    def knows(self, session: str) -> bool:
        """Whether the session is in memory; if not, ``CallReceived`` should bring what a store remembers."""
        return session in self._sessions

    def cwd_of(self, session: str) -> str | None:
        """The folder that the session's shell has changed to, by what its commands told."""
        state = self._sessions.get(session)
        return None if state is None else state.cwd

    def fits(self, request: str, usage: Usage, *, context: int, responses: int) -> bool:
        """Whether a connection with a ceiling can pay for its next responses; ``context`` bounds each one's input."""
        call = self._open[request]
        cost = self._cost_of(call, usage)
        spent = 0 if cost is None else cost.picodollars
        return stays_below(call, self._table(call), spent, context=context, responses=responses)

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
        self._prices.load(policy)

    def handle(self, event: on.Event) -> list[do.Command]:  # noqa: PLR0911 - one line an event
        """Decide. Raises ``KeyError`` for an event of a request that is not open."""
        match event:
            case on.CallReceived():
                return self._received(event)
            case on.Reserved():
                return self._reserved(self._open[event.request], event)
            case on.ToolCalled():
                return self._tool_called(self._open[event.request], event)
            case on.Wrote():
                return self._wrote(self._open[event.request], event)
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
        same_results, same_tool = state.same_results(event.call)
        view = SessionView(
            now=event.at,
            recent_calls=state.recent,
            repeats=state.repeats_of(event.call),
            same_results=same_results,
            same_tool=same_tool,
            idle_turns=state.idle_turns,
        )
        if event.call.operation is Operation.MODELS:
            # A list of models costs nothing and names none.
            findings: list[Finding] = []
            trace: list[Evaluation] = []
        else:
            findings, trace = evaluate_call(settings, event.call, view)
        open_call = OpenCall(
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
        ask = ask_of(open_call, self._table(open_call))
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
        elif state.calls:
            # A refused call is no idleness: an agent cannot wait for a fresh budget by trying all the time.
            state.last_call = event.at
        return state

    def _has_open(self, name: str) -> bool:
        return any(call.state.name == name for call in self._open.values())

    def _forget_one(self) -> None:
        busy = {call.state.name for call in self._open.values()}
        name = next((name for name in self._sessions if name not in busy), None)
        if name is not None:
            del self._sessions[name]

    def _soften(self, call: OpenCall) -> None:
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

    def _price(self, call: OpenCall) -> Finding | None:
        """Find the price of every model that the call may be billed for; the finding that refuses it, if any."""
        model = call.model or call.received.call.model
        self._route(call, model)
        call.price, refused = self._price_of(call, model)
        others: list[ModelPrice] = []
        for other in call.received.call.other_models:
            price, also_refused = self._price_of(call, other)
            refused = refused or also_refused
            if price is not None:
                others.append(price)
        call.others = tuple(others)
        return refused

    @staticmethod
    def _route(call: OpenCall, model: str) -> None:
        """Note who serves the model. A cheaper one may be served elsewhere: then the call has that upstream's facts."""
        received, settings = call.received, call.settings
        asked = settings.upstream_for(received.call.protocol, received.call.model)
        call.upstream = served = settings.upstream_for(received.call.protocol, model)
        if served is None or asked is None or served == asked:
            return
        geo = served.geo if received.call.geo == asked.geo else received.call.geo
        call.received = replace(
            received,
            caller=replace(received.caller, provider=served.provider),
            call=replace(received.call, geo=geo),
        )

    def _table(self, call: OpenCall) -> PriceTable:
        return self._prices.table(call.settings, call.upstream)

    def _price_of(self, call: OpenCall, model: str) -> tuple[ModelPrice | None, Finding | None]:
        received, table = call.received, self._table(call)
        provider, at = received.caller.provider, received.time
        price = self._prices.find(call.settings, call.upstream, model, provider=provider, at=at)
        if price is not None:
            where = "" if call.upstream is None or call.upstream.built_in else f" at {call.upstream.name}"
            call.trace.append(_allowed("unknown_model", f"{model}{where}: {price.source}, {price.as_of}"))
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

    def _reserved(self, call: OpenCall, event: on.Reserved) -> list[do.Command]:
        answer = event.answer
        if call.extending:
            return self._extended(call, answer)
        if isinstance(answer, Denial) and (fewer := call.fewer_searches()):
            # Each search is billed again with all that it found: a few fit where the request's many do not.
            call.searches = fewer
            return [do.Reserve(request=event.request, ask=ask_of(call, self._table(call)))]
        call.trace.extend(_money_trace(call, answer))
        if isinstance(answer, Denial):
            del self._open[event.request]
            finding = _exceeded(call.settings, answer)
            call.findings.append(finding)
            return [_refusal(call, finding, answer)]
        call.held = answer.amount
        call.output_tokens = answer.output_tokens
        return [self._forward(call, answer)]

    def _forward(self, call: OpenCall, grant: Grant | None = None) -> do.Forward:
        request, state = call.received.call, call.state
        state.notified = state.notified or call.notice is not None
        state.first_call = state.first_call or call.received.at
        state.last_call = call.received.at
        if request.operation is Operation.GENERATE:
            state.calls += 1
            state.remember_call(call.received.at, call.settings.requests_per_minute or 0)
            state.remember_outcomes(request)
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
            notice=call.told or None,
            # Where nothing bounds the money, nothing need bound the searches.
            max_web_searches=(call.as_forwarded().max_web_searches or None) if _is_limited(call) else None,
            reserved=call.held,
            demands=call.demands,
            balances=grant.balances if grant is not None else (),
            tool_results=state.results_of(request),
            redact=to_redact(call.settings, request),
        )

    # While the answer comes

    def _tool_called(self, call: OpenCall, event: on.ToolCalled) -> list[do.Command]:
        view = view_of(event.tool, cwd=call.state.cwd, scripts=call.state.scripts, root=self._folder)
        findings, trace = evaluate_tool(call.settings, event.tool, view)
        blocking = next((finding for finding in findings if finding.verdict is Verdict.BLOCK), None)
        call.findings.extend(findings)
        common = _Judged(request=event.request, findings=tuple(findings), trace=tuple(trace))
        if blocking is None:
            call.state.remember_tool(event.tool, cwd=view.analysis.cwd, written=view.analysis.written)
            return [do.Release(**common)]
        if call.settings.tool_denial == "stop":
            call.state.latched = blocking
            return [do.Cut(**common, finding=blocking)]
        call.state.remember_denial(event.tool, blocking.message)
        return [do.Rewrite(**common, finding=blocking)]

    def _wrote(self, call: OpenCall, event: on.Wrote) -> list[do.Command]:
        """A secret stands in the answer's text. The text is with the agent already: warn, or end the answer."""
        finding = judged(call.settings, found) if (found := secret_leak.found(call.settings, event.leaks)) else None
        if finding is None or call.over is not None:
            return []
        call.findings.append(finding)
        if finding.verdict is not Verdict.BLOCK:
            return [do.Note(request=event.request, code=finding.reason, message=finding.message, finding=finding)]
        call.over = call.state.latched = finding
        return [_cut(event.request, finding)]

    def _progressed(self, call: OpenCall, event: on.Progressed) -> list[do.Command]:
        if self._stopped is not None and call.over is None and not event.abandoned:
            call.over = self._stopped
            return [_cut(event.request, self._stopped)]
        if call.asked is None or call.extending or call.over is not None:
            return []
        extra = missing(call, event, self._cost_of(call, event.usage))
        if call.revision != self._revision:
            self._adopt(call)
        elif extra == Amount():
            return []
        call.extending = True
        ask = Ask(id=event.request, demands=call.demands, fixed=extra, extends=True)
        return [do.Reserve(request=event.request, ask=ask)]

    def _adopt(self, call: OpenCall) -> None:
        """Hold an open call to the limits of a changed policy; its scopes stay those that it was reserved in."""
        call.revision = self._revision
        call.settings = self.policy.for_session(call.state.name)
        limits = {demand.scope: demand.limit for demand in call.scopes(enforced=True)}
        call.demands = tuple(
            Demand(scope=demand.scope, limit=limits.get(demand.scope, demand.limit)) for demand in call.demands
        )

    def _extended(self, call: OpenCall, answer: Grant | Denial) -> list[do.Command]:
        call.extending = False
        if isinstance(answer, Grant):
            call.held += answer.amount
            return []
        finding = _exceeded(call.settings, answer)
        call.over = call.state.latched = finding
        call.findings.append(finding)
        return [_cut(call.received.request, finding)]

    # At the end

    def _ended(self, call: OpenCall, event: on.Ended) -> list[do.Command]:
        request = call.received.call
        if event.upstream_status in _RETRIED or (event.upstream_status or 0) >= _SERVER_ERROR:
            call.state.excuse_prompt(request, call.received.at)
        if event.outcome is Outcome.UNREACHED:
            call.state.excuse_prompt(request, call.received.at)
        charge, cost, estimated = charge_of(call, event, self._cost_of(call, event.usage))
        call.charge = charge
        if event.usage is not None and event.outcome is Outcome.COMPLETE and not estimated:
            call.state.remember_measure(request, call.price.model if call.price else "", event.usage.total_input)
        call.state.remember_context(event.response_id, event.usage, call.held.tokens)
        call.state.add(event.usage, charge.picodollars)
        call.state.remember_cost(charge.picodollars)
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

    def _cost_of(self, call: OpenCall, usage: Usage | None) -> Cost | None:
        if usage is None or call.price is None:
            return None
        received = call.received
        return self._prices.cost(call.settings, call.upstream, usage, received.call, call.prices, received.time)

    def _settled(self, call: OpenCall, event: on.Settled) -> list[do.Command]:
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


def _is_limited(call: OpenCall) -> bool:
    return any(demand.limit != Limit() for demand in call.demands)


def _refusal(call: OpenCall, finding: Finding, denial: Denial | None = None) -> do.Refuse:
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


def _over(call: OpenCall, *, kind: str, scope: str, limit: int, spent: int) -> Finding:
    """The warning of a limit that is passed and blocks nothing."""
    exceeded = cost_limit.exceeded if kind == "cost" else token_budget.exceeded
    found = exceeded(call.settings, scope=scope, limit=limit, spent=spent, reserved=0, needed=0)
    return replace(found, verdict=Verdict.WARN)


def _money_trace(call: OpenCall, answer: Grant | Denial) -> list[Evaluation]:
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
