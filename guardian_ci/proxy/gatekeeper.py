"""Carries out what the session decides: reserves and settles in the store, writes the log before any effect.

Between a decision and its line in the log there is no suspension (the local stores never suspend), so the order of
the log is the order of the decisions. Every method returns only when its line is on disk.
"""

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from guardian_ci.audit import records
from guardian_ci.audit.records import Exchange
from guardian_ci.audit.redact import Redactor
from guardian_ci.audit.writer import LogWriter
from guardian_ci.errors import BadRequest, StoreError
from guardian_ci.model import PICODOLLARS, Call, Finding, Leak, ToolUse, Usage, Verdict
from guardian_ci.proxy.refunds import Refunds
from guardian_ci.session import commands as do
from guardian_ci.session import events as on
from guardian_ci.session.guard import Guard
from guardian_ci.session.ledger import Balance, Demand, Denial
from guardian_ci.session.store import Store


class Gatekeeper:
    """The one place where the session, the store and the log meet."""

    def __init__(self, guard: Guard, store: Store, log: LogWriter, redactor: Redactor) -> None:
        self.guard = guard
        self.calls = 0
        self.violations = 0
        self._store = store
        self._log = log
        self._redactor = redactor
        self._refunds = Refunds()
        self._open: set[Callable[[Finding], None]] = set()

    @property
    def open_calls(self) -> int:
        """How many calls are with their upstream."""
        return len(self._open)

    @contextlib.contextmanager
    def open_call(self, on_stop: Callable[[Finding], None]) -> Iterator[None]:
        """Call ``on_stop`` if the run is stopped inside."""
        self._open.add(on_stop)
        try:
            yield
        finally:
            self._open.discard(on_stop)

    def stop(self, finding: Finding) -> None:
        """Latch the run: every later call is refused, those that wait for room too, and open answers are cut."""
        self.guard.stop(finding)
        self._refunds.wake()
        for on_stop in tuple(self._open):
            on_stop(finding)

    def holds_secret(self, text: str) -> bool:
        """Whether the log would not show this text as it is."""
        return self._redactor.text(text) != text

    async def admit(
        self,
        exchange: Exchange,
        caller: on.Caller,
        call: Call,
        *,
        status_of: Callable[[Finding], int],
        prompt: str | None = None,
    ) -> do.Forward | do.Refuse:
        """Decide on a call. A call that only other calls' refunds can make room for waits for them, in order.

        ``status_of`` tells the HTTP status that a refusal for this finding will have; ``prompt`` is logged, redacted.
        """
        exchange.call = call
        exchange.session = caller.session
        command = await self._try_admit(exchange, caller, call)
        deadline = time.monotonic() + (command.may_wait if isinstance(command, do.Refuse) else 0.0)
        waited = False
        while isinstance(command, do.Refuse) and command.denial is not None and command.may_wait > 0:
            patience = deadline - time.monotonic()
            if patience <= 0:
                break
            scope = command.denial.scope
            await self._refunds.wait(scope, patience, first=waited)
            waited = True
            command = await self._try_admit(exchange, caller, call)
        if isinstance(command, do.Forward):
            try:
                self._admitted(exchange, command, prompt)
            except StoreError:
                await self._take_back(exchange)
                raise
        else:
            exchange.status = status_of(command.finding)
            await self._refused(exchange, command)
        if waited:
            # Whoever leaves the queue, by whichever door, lets the next one look.
            self._refunds.refunded(demand.scope for demand in command.demands)
        return command

    async def _try_admit(self, exchange: Exchange, caller: on.Caller, call: Call) -> do.Forward | do.Refuse:
        name = caller.session
        stored = None if self.guard.knows(name) else await self._store.session(name)
        remembered = None if stored is None else json.loads(stored)
        event = on.CallReceived(
            request=exchange.request_id, at=time.time(), caller=caller, call=call, remembered=remembered
        )
        exchange.received = event
        command = self.guard.handle(event)[0]
        while isinstance(command, do.Reserve):
            try:
                answer = await self._store.reserve(command.ask)
            except StoreError:
                self.guard.abandon(event.request)
                raise
            command = self.guard.handle(on.Reserved(request=event.request, at=event.at, answer=answer))[0]
        if isinstance(command, do.Forward | do.Refuse):
            return command
        msg = f"the session answered a call with {command!r}"
        raise TypeError(msg)

    def _admitted(self, exchange: Exchange, command: do.Forward, prompt: str | None) -> None:
        exchange.findings.extend(command.findings)
        exchange.trace.extend(command.trace)
        for key, name, well in command.tool_results:
            if well is not None:
                self._write("tool_result", records.tool_result(exchange, key, name, self._redactor, well=well))
        self._write("call_admitted", records.call_admitted(exchange, command, self._redactor, prompt))

    async def _take_back(self, exchange: Exchange) -> None:
        """Give back what was reserved for a call that may not leave: its line did not reach the log."""
        now = time.time()
        settle = self.guard.handle(on.Ended(request=exchange.request_id, at=now, outcome=on.Outcome.UNREACHED))[0]
        if isinstance(settle, do.Settle):
            if settle.reserved:
                await self._store.settle(exchange.request_id, settle.charge)
            none = tuple(Balance() for _ in settle.demands)
            self.guard.handle(on.Settled(request=exchange.request_id, at=now, balances=none))
            self._refunds.refunded(demand.scope for demand in settle.demands)

    async def _refused(self, exchange: Exchange, command: do.Refuse) -> None:
        exchange.findings.extend(command.findings)
        exchange.trace.extend(command.trace)
        if command.denial is not None:
            balances: Sequence[Balance] = command.denial.balances
        else:
            balances = await self._store.balances([demand.scope for demand in command.demands])
        self.rejected(exchange, command.finding, command.demands, balances)

    def rejected(
        self, exchange: Exchange, finding: Finding, demands: Sequence[Demand] = (), balances: Sequence[Balance] = ()
    ) -> None:
        """Record a call that does not leave for the upstream."""
        if finding not in exchange.findings:
            exchange.findings.append(finding)
        self._count(exchange)
        line = records.rejected(exchange, finding, time.time(), self._redactor, demands, balances)
        self._write("call", line)

    async def judge(self, exchange: Exchange, tool: ToolUse) -> do.Release | do.Rewrite | do.Cut:
        """Decide on a complete tool call."""
        event = on.ToolCalled(request=exchange.request_id, at=time.time(), tool=tool)
        command = self.guard.handle(event)[0]
        if not isinstance(command, do.Release | do.Rewrite | do.Cut):
            msg = f"the session answered a tool call with {command!r}"
            raise TypeError(msg)
        if isinstance(command, do.Release):
            verdict = Verdict.WARN if command.findings else Verdict.ALLOW
            reason = command.findings[0].reason if command.findings else None
        else:
            verdict, reason = Verdict.BLOCK, command.finding.reason
        exchange.findings.extend(command.findings)
        exchange.tool_calls.append(records.judged_tool(tool, verdict, reason, self._redactor))
        line = records.tool_call(exchange, tool, event.at, verdict, command.findings, command.trace, self._redactor)
        self._write("tool_call", line)
        return command

    def wrote(self, exchange: Exchange, leaks: tuple[Leak, ...]) -> do.Cut | None:
        """Tell that the answer's text holds secrets."""
        event = on.Wrote(request=exchange.request_id, at=time.time(), leaks=leaks)
        commands = self.guard.handle(event)
        for command in commands:
            finding = command.finding if isinstance(command, do.Cut | do.Note) else None
            if finding is not None:
                exchange.findings.append(finding)
                self._write("notice", records.wrote(event, finding, self._redactor))
        return next((command for command in commands if isinstance(command, do.Cut)), None)

    async def progress(
        self, exchange: Exchange, usage: Usage | None, output_bytes: int, *, abandoned: bool = False
    ) -> do.Cut | None:
        """Tell how far an answer has come; it may have outgrown its reservation."""
        event = on.Progressed(
            request=exchange.request_id, at=time.time(), usage=usage, output_bytes=output_bytes, abandoned=abandoned
        )
        commands = self.guard.handle(event)
        if commands and isinstance(commands[0], do.Reserve):
            ask = commands[0].ask
            answer = await self._store.reserve(ask)
            granted = not isinstance(answer, Denial)
            commands = self.guard.handle(on.Reserved(request=event.request, at=event.at, answer=answer))
            self._write(
                "notice",
                records.extension(event, ask.fixed, ask.demands, answer.balances, self._redactor, granted=granted),
            )
        if commands and isinstance(commands[0], do.Cut):
            exchange.findings.extend(commands[0].findings)
            exchange.trace.extend(commands[0].trace)
            return commands[0]
        return None

    async def end(
        self,
        exchange: Exchange,
        outcome: on.Outcome,
        usage: Usage | None = None,
        output_bytes: int = 0,
        response_id: str | None = None,
        *,
        usage_final: bool = True,
    ) -> None:
        """Settle a forwarded call, exactly once, and write its record."""
        event = on.Ended(
            request=exchange.request_id,
            at=time.time(),
            outcome=outcome,
            usage=usage,
            upstream_status=exchange.upstream_status,
            output_bytes=output_bytes,
            response_id=response_id,
            unparsed=exchange.unparsed,
            usage_final=usage_final,
        )
        settle = self.guard.handle(event)[0]
        if not isinstance(settle, do.Settle):
            msg = f"the session answered the end of a call with {settle!r}"
            raise TypeError(msg)
        scopes = [demand.scope for demand in settle.demands]
        try:
            if settle.reserved:
                name, remembered = settle.session
                await self._store.settle(exchange.request_id, settle.charge, (name, json.dumps(remembered)))
            balances = await self._store.balances(scopes)
        except StoreError as error:
            # The reservation stays open, which is an upper bound of the charge; the next run counts it as spent.
            balances = [Balance() for _ in scopes]
            self._write("notice", records.notice("error", "store_failed", str(error), exchange.request_id))
        notes = self.guard.handle(on.Settled(request=exchange.request_id, at=event.at, balances=tuple(balances)))
        for note in notes:
            if isinstance(note, do.Note):
                if note.finding is not None:
                    exchange.findings.append(note.finding)
                self.notice("warning", note.code, note.message, exchange.request_id)
        self._count(exchange)
        self._write("call", records.finished(exchange, event, settle, balances, self._redactor))
        self._refunds.refunded(scopes)

    def lower_budget(self, *, usd: Decimal | None, tokens: int | None) -> None:
        """Lower what the run may spend, for calls to come and for those that are open. Raises ``BadRequest``.

        Never higher: whoever may ask holds the same token as the agent.
        """
        policy = self.guard.policy
        asked = None if usd is None else int(usd * PICODOLLARS)
        budgets = [budget for settings in (*policy.settings, policy.fallback) for budget in settings.budgets]
        for limit in (budget.limit for budget in budgets if budget.scope == "run"):
            for now, wanted in ((limit.picodollars, asked), (limit.tokens, tokens)):
                if now is not None and wanted is not None and wanted > now:
                    raise BadRequest("the run's budget can only be lowered while it runs")
        lowered = policy.override(budget_usd=usd, token_budget=tokens)
        line = records.notice("warning", "budget_lowered", "the run's budget was lowered while it ran")
        self._write("notice", line | {"facts": {"document": self._redactor.value(lowered.document)}})
        self.guard.change_policy(lowered)

    def notice(self, level: str, code: str, message: str, request_id: str | None = None) -> None:
        """Write a line that decides nothing."""
        self._write("notice", records.notice(level, code, self._redactor.excerpt(message, 2000), request_id))

    def tunnelled(self, host: str) -> None:
        """Record a host whose bytes pass unread."""
        self._write("notice", records.tunnelled(host, self._redactor))

    def observed(self, finding: Finding, session: str | None = None, facts: dict[str, object] | None = None) -> None:
        """Record what was found outside of every call, and in which session where that is known."""
        self.violations += finding.violation
        self._write("notice", records.observed(finding, self._redactor, session, facts))

    def started(self, fields: dict[str, object]) -> None:
        """Write the first line of the run."""
        self._write("run_started", fields)

    def ended(self, reason: str, unseen: str = "") -> None:
        """Write the last line of the run; a log without it is a violation.

        ``unseen`` is why connections past the proxy could not be seen, though they were watched for.
        """
        line: dict[str, object] = {"reason": reason, "calls": self.calls, "violations": self.violations}
        if unseen:
            line["direct_connections_unseen"] = self._redactor.excerpt(unseen, 300)
        self._write("run_ended", line)

    def _count(self, exchange: Exchange) -> None:
        self.calls += 1
        self.violations += sum(finding.violation for finding in exchange.findings)

    def _write(self, kind: str, fields: dict[str, object]) -> None:
        try:
            self._log.write(kind, datetime.now(UTC), fields)
        except StoreError as error:
            # The line that would tell cannot be written either, so the terminal has to.
            sys.stderr.write(f"guardian-ci: {error}\n")
            raise
