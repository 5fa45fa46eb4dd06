"""Builds the fields of each line of the log (``schemas/record.schema.json``) from events and commands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from guardian_ci.audit.facts import Plain, ended_to_plain, received_to_plain, to_plain
from guardian_ci.audit.redact import Redactor
from guardian_ci.model import PICODOLLARS, Amount, Call, Cost, Evaluation, Finding, ToolUse, Usage, Verdict
from guardian_ci.session.commands import Forward, Settle
from guardian_ci.session.events import CallReceived, Ended, Outcome, Progressed, Wrote
from guardian_ci.session.ledger import Balance, Demand
from guardian_ci.session.store import Recovered

RESTARTED: Final = "proxy_restarted"
"""The code of the notice that a proxy has taken a dead one's place, and the reason of its finding."""

_ARGUMENTS: Final = 2000
_COMMAND: Final = 16_384
_NAME: Final = 300
_ID: Final = 128
_OUTCOMES: Final = {
    Outcome.COMPLETE: "complete",
    Outcome.REFUSED_UPSTREAM: "upstream_error",
    Outcome.UNREACHED: "upstream_error",
    Outcome.UPSTREAM_ERROR: "upstream_error",
    Outcome.CLIENT_GONE: "client_gone",
    Outcome.CUT: "cut",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """For which of its own sessions and subagents an agent says that it calls. Untrusted: nothing is decided by it."""

    agent_session: str
    subagent: str | None = None
    """None: the main agent."""
    parent: str | None = None
    """Who started the subagent, where the agent tells."""

    def plain(self, redactor: Redactor) -> Plain:
        """The members that are told, redacted and cut to length."""
        told = (("agent_session", self.agent_session), ("subagent", self.subagent), ("parent", self.parent))
        return {name: redactor.excerpt(text, _ID) for name, text in told if text is not None}


@dataclass(slots=True, kw_only=True)
class Exchange:
    """What the proxy knows of one request beside the events: collected while it runs, written at its end."""

    request_id: str
    started: float
    session: str | None = None
    path: str | None = None
    agent: str | None = None
    socket: bool = False
    attribution: Attribution | None = None
    call: Call | None = None
    received: CallReceived | None = None
    status: int | None = None
    upstream_status: int | None = None
    first_byte: float | None = None
    unparsed: int = 0
    client_gone: bool = False
    tool_calls: list[Plain] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    trace: list[Evaluation] = field(default_factory=list)

    def began(self, now: float) -> None:
        """Note when the first byte of the answer came."""
        self.first_byte = now if self.first_byte is None else self.first_byte

    def head(self) -> Plain:
        """The members that every line about this request begins with."""
        return {"request_id": self.request_id, "session_id": self.session}

    def attributed(self, redactor: Redactor) -> Plain:
        """The member that tells for whom the agent says that it calls; nothing where it says nothing."""
        return {} if self.attribution is None else {"attribution": self.attribution.plain(redactor)}


def usd(picodollars: int) -> float:
    """Dollars as a JSON number; the shortest that reads back as the same float."""
    return picodollars / PICODOLLARS


def finding(found: Finding, redactor: Redactor) -> Plain:
    """A finding as the log writes it."""
    plain: Plain = {
        "rule": found.rule,
        "verdict": found.verdict.value,
        "reason": found.reason,
        "message": redactor.excerpt(found.message, _ARGUMENTS),
        "subject": redactor.excerpt(found.subject, _NAME),
        "violation": found.violation,
        "file": found.place.file if found.place else None,
        "line": found.place.line if found.place else None,
    }
    if found.retry_after is not None:
        plain["retry_after"] = found.retry_after
    if found.throttle:
        plain["throttle"] = True
    return plain


def trace(evaluations: Sequence[Evaluation], redactor: Redactor) -> list[Plain]:
    """The lines of every rule that was evaluated."""
    return [
        {"rule": each.rule, "verdict": each.verdict.value, "detail": redactor.excerpt(each.detail, _ARGUMENTS)}
        for each in evaluations
    ]


def tool(use: ToolUse, redactor: Redactor) -> Plain:
    """A tool call as the log writes it: what it touches whole, its arguments as a redacted excerpt.

    The command stays whole too: a replay judges each word of it, and a blocked file may be the last one.
    """
    plain: Plain = {
        "id": redactor.excerpt(use.id, _NAME),
        "name": redactor.excerpt(use.name, _NAME),
        "canonical": redactor.excerpt(use.canonical, _NAME),
        "paths": [redactor.text(path) for path in use.paths],
        "arguments": redactor.excerpt(use.arguments, _ARGUMENTS),
    }
    if use.command is not None:
        plain["command"] = redactor.text(use.command)
    if use.workdir is not None:
        plain["workdir"] = redactor.text(use.workdir)
    plain |= {
        name: redactor.value(to_plain(told))
        for name, told in (("urls", use.urls), ("scripts", use.scripts), ("links", use.links), ("leaks", use.leaks))
        if told
    }
    if use.calls:
        plain["calls"] = [tool(each, redactor) for each in use.calls]
    return plain


def scope(demand: Demand, balance: Balance, redactor: Redactor) -> Plain:
    """A scope with its limit and balance: exact, and in dollars for people."""
    limit = demand.limit
    return {
        "scope": redactor.text(demand.scope),  # some are named after a model, in the request's own word
        "spent_usd": usd(balance.spent.picodollars),
        "spent_picodollars": balance.spent.picodollars,
        "spent_tokens": balance.spent.tokens,
        "reserved_usd": usd(balance.reserved.picodollars),
        "reserved_picodollars": balance.reserved.picodollars,
        "reserved_tokens": balance.reserved.tokens,
        "limit_usd": None if limit.picodollars is None else usd(limit.picodollars),
        "limit_picodollars": limit.picodollars,
        "limit_tokens": limit.tokens,
    }


def _scopes(demands: Sequence[Demand], balances: Sequence[Balance], redactor: Redactor) -> list[Plain]:
    return [scope(demand, balance, redactor) for demand, balance in zip(demands, balances, strict=True)]


def call_admitted(exchange: Exchange, forward: Forward, redactor: Redactor, prompt: str | None) -> Plain:
    """The line that stands on disk before the call leaves for the upstream."""
    call, received = _known(exchange)
    edits: Plain = {}
    if forward.max_output_tokens is not None:
        edits["max_output_tokens"] = forward.max_output_tokens
    if forward.remove_tools:
        edits["remove_tools"] = [call.tools[index].name for index in forward.remove_tools]
    if forward.model is not None:
        edits["model"] = forward.model
    if forward.notice is not None:
        edits["notice"] = forward.notice
    if forward.max_web_searches not in (None, call.max_web_searches):
        edits["max_web_searches"] = forward.max_web_searches
    if forward.redact:
        edits["redact"] = [origin.value for origin in forward.redact]
    line: Plain = exchange.head() | exchange.attributed(redactor)
    line |= {
        "protocol": call.protocol.value,
        "operation": call.operation.value,
        "model": redactor.excerpt(call.model, _NAME) or None,
        "stream": call.stream,
        "facts": redactor.value(received_to_plain(received)),
        "trace": trace(forward.trace, redactor),
        "findings": [finding(each, redactor) for each in forward.findings],
        "reservation": _reservation(forward, redactor),
        "edits": redactor.value(edits),
    }
    if prompt is not None:
        line["prompt"] = redactor.text(prompt)
    return line


def _reservation(forward: Forward, redactor: Redactor) -> Plain | None:
    if not forward.balances:
        return None
    return {
        "cost_usd": usd(forward.reserved.picodollars),
        "cost_picodollars": forward.reserved.picodollars,
        "tokens": forward.reserved.tokens,
        "max_output_tokens": forward.max_output_tokens,
        "scopes": _scopes(forward.demands, forward.balances, redactor),
    }


def tool_result(exchange: Exchange, key: str, name: str, redactor: Redactor, *, well: bool) -> Plain:
    """What the agent reports of a tool call in an earlier answer."""
    return exchange.head() | {
        "id": redactor.excerpt(key, _NAME),
        "name": redactor.excerpt(name, _NAME),
        "status": "ok" if well else "error",
    }


def tool_call(
    exchange: Exchange,
    use: ToolUse,
    at: float,
    verdict: Verdict,
    findings: Sequence[Finding],
    evaluations: Sequence[Evaluation],
    redactor: Redactor,
) -> Plain:
    """The line that stands on disk before a tool call is released or rewritten."""
    return exchange.head() | {
        "facts": {"at": at},
        "tool": tool(use, redactor),
        "verdict": verdict.value,
        "findings": [finding(each, redactor) for each in findings],
        "trace": trace(evaluations, redactor),
    }


def wrote(event: Wrote, found: Finding, redactor: Redactor) -> Plain:
    """A secret in an answer's text."""
    return notice("warning", found.reason, redactor.excerpt(found.message, _ARGUMENTS), event.request) | {
        "facts": {"at": event.at, "leaks": to_plain(event.leaks), "verdict": found.verdict.value}
    }


def extension(
    event: Progressed,
    extra: Amount,
    demands: Sequence[Demand],
    balances: Sequence[Balance],
    redactor: Redactor,
    *,
    granted: bool,
) -> Plain:
    """A running answer that outgrew its reservation, and what the ledger said."""
    message = (
        "the answer costs more than was reserved for it; the reservation was extended"
        if granted
        else "the answer costs more than was reserved for it and the budget holds no more: it is cut"
    )
    return {
        "level": "info" if granted else "warning",
        "code": "reservation_extended" if granted else "reservation_exceeded",
        "message": message,
        "request_id": event.request,
        "facts": {
            "at": event.at,
            "usage": redactor.value(to_plain(event.usage)),
            "output_bytes": event.output_bytes,
            "extra": to_plain(extra),
            "scopes": _scopes(demands, balances, redactor),
        },
    }


def rejected(
    exchange: Exchange,
    found: Finding,
    now: float,
    redactor: Redactor,
    demands: Sequence[Demand] = (),
    balances: Sequence[Balance] = (),
) -> Plain:
    """The record of a call that was refused before it was forwarded."""
    line = _call(exchange, now, redactor, demands, balances)
    line |= {"decision": "rejected", "reason": found.reason, "message": redactor.excerpt(found.message, _ARGUMENTS)}
    if exchange.received is not None:
        line["facts"] = {"received": redactor.value(received_to_plain(exchange.received))}
    return line


def finished(
    exchange: Exchange, event: Ended, settle: Settle, balances: Sequence[Balance], redactor: Redactor
) -> Plain:
    """The record of a call that was forwarded: what it cost, what it did."""
    line = _call(exchange, event.at, redactor, settle.demands, balances)
    blocking = next((each for each in exchange.findings if each.violation), None)
    line |= _tokens(settle.usage, settle.charge)
    line |= {
        "decision": "approved",
        "reason": None if blocking is None else blocking.reason,
        "message": None if blocking is None else redactor.excerpt(blocking.message, _ARGUMENTS),
        "cost_usd": usd(settle.charge.picodollars),
        "cost_picodollars": settle.charge.picodollars,
        "price": redactor.value(_price(settle.cost, exchange.call)),
        "estimated": settle.estimated,
        "outcome": "client_gone" if exchange.client_gone else _OUTCOMES[event.outcome],
        "usage": redactor.value(to_plain(settle.usage)),
        "facts": {"ended": redactor.value(ended_to_plain(event))},
    }
    return line


def _call(
    exchange: Exchange, now: float, redactor: Redactor, demands: Sequence[Demand], balances: Sequence[Balance]
) -> Plain:
    call = exchange.call
    session, session_spent = (demands[0], balances[0]) if demands else (None, Balance())
    first = exchange.first_byte
    head = exchange.head() | exchange.attributed(redactor)
    if exchange.socket:
        head["transport"] = "websocket"
    return head | {
        "protocol": call.protocol.value if call else None,
        "operation": call.operation.value if call else None,
        "path": None if exchange.path is None else redactor.excerpt(exchange.path, _NAME),
        "agent": None if exchange.agent is None else redactor.excerpt(exchange.agent, 100),
        "model": redactor.excerpt(call.model, _NAME) or None if call else None,
        "stream": call.stream if call else False,
        "decision": "rejected",
        "reason": None,
        "message": None,
        "input_tokens": 0,
        "output_tokens": 0,
        "cache_read_tokens": 0,
        "cache_write_tokens": 0,
        "cumulative_tokens": session_spent.spent.tokens,
        "cumulative_cost_usd": usd(session_spent.spent.picodollars),
        "budget": None if session is None else session.limit.tokens,
        "budget_usd": None if session is None or session.limit.picodollars is None else usd(session.limit.picodollars),
        "cost_usd": 0,
        "cost_picodollars": 0,
        "price": None,
        "estimated": False,
        "outcome": "refused",
        "status": exchange.status,
        "upstream_status": exchange.upstream_status,
        "tool_calls": exchange.tool_calls,
        "findings": [finding(each, redactor) for each in exchange.findings],
        "trace": trace(exchange.trace, redactor),
        "latency": {
            "time_to_first_token_ms": None if first is None else round((first - exchange.started) * 1000, 3),
            "total_ms": round(max(now - exchange.started, 0) * 1000, 3),
        },
        "unparsed_frames": exchange.unparsed,
        "scopes": _scopes(demands, balances, redactor),
        "usage": None,
    }


def _tokens(used: Usage | None, charge: Amount) -> Plain:
    if used is None:
        # An estimate does not know the kinds: all of it counts as input, so that the sum is what was charged.
        return {"input_tokens": charge.tokens, "output_tokens": 0, "cache_read_tokens": 0, "cache_write_tokens": 0}
    return {
        "input_tokens": used.total_input,
        "output_tokens": used.total_output,
        "cache_read_tokens": used.cache_read_tokens + used.cache_read_audio_tokens,
        "cache_write_tokens": used.cache_write_5m_tokens + used.cache_write_1h_tokens + used.cache_write_12h_tokens,
    }


def _price(cost: Cost | None, call: Call | None) -> Plain | None:
    if cost is None or call is None:
        return None
    return {"model": cost.model or call.model, "source": cost.source, "as_of": cost.as_of}


def _known(exchange: Exchange) -> tuple[Call, CallReceived]:
    if exchange.call is None or exchange.received is None:
        msg = f"request {exchange.request_id} was admitted before it was received"
        raise ValueError(msg)
    return exchange.call, exchange.received


def judged_tool(use: ToolUse, verdict: Verdict, reason: str | None, redactor: Redactor) -> Plain:
    """A tool call as its call's record lists it. Its result is known only when a later request reports it."""
    status = "denied" if verdict is Verdict.BLOCK else "unknown"
    plain = tool(use, redactor) | {"verdict": verdict.value, "reason": reason, "result_status": status}
    for own in ("scripts", "calls"):  # they stand in the tool call's own line
        plain.pop(own, None)
    if use.command is not None:
        plain["command"] = redactor.excerpt(use.command, _COMMAND)
    return plain


def run_started(
    *,
    version: str,
    pid: int,
    policy: Mapping[str, object],
    log_level: str,
    store: str,
    folder: str | None = None,
    prices: str,
    recovered: Sequence[Recovered],
    direct_connections: str,
) -> Plain:
    """The first line of a run."""
    return {
        "guardian_version": version,
        "pid": pid,
        "policy": dict(policy),
        "log_level": log_level,
        "store": store,
        "folder": folder,
        "prices": prices,
        "recovered": [left_open(each) for each in recovered],
        "direct_connections": direct_connections,
    }


def left_open(reservation: Recovered) -> Plain:
    """A reservation that a dead proxy has left open."""
    named = (scope for scope in reservation.scopes if scope.startswith("session:"))
    return {
        "call_id": reservation.id,
        "session_id": next((scope.removeprefix("session:").rpartition("#")[0] for scope in named), None),
        "scopes": list(reservation.scopes),
        "cost_usd": usd(reservation.amount.picodollars),
        "cost_picodollars": reservation.amount.picodollars,
        "tokens": reservation.amount.tokens,
    }


def notice(level: str, code: str, message: str, request_id: str | None = None) -> Plain:
    """A line that decides nothing."""
    return {"level": level, "code": code, "message": message, "request_id": request_id}


def tunnelled(host: str, redactor: Redactor) -> Plain:
    """A host (with its port) whose bytes the forward proxy passes on unread."""
    name = redactor.excerpt(host, _NAME)
    return notice("info", "host_tunnelled", f"{name} is tunnelled by the forward proxy, unread") | {"host": name}


def observed(found: Finding, redactor: Redactor, session: str | None = None, facts: Plain | None = None) -> Plain:
    """Something that a rule found outside of every call: it decides nothing in any session."""
    line = notice("warning", found.reason, redactor.excerpt(found.message, _ARGUMENTS))
    line["findings"] = [finding(found, redactor)]
    if session is not None:
        line["session_id"] = session
    if facts is not None:
        line["facts"] = facts
    return line
