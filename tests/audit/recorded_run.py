"""Records runs with the proxy's own gatekeeper, session and writer, and no network: logs like real ones."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from guardian_ci.audit import records
from guardian_ci.audit.records import Exchange
from guardian_ci.audit.redact import Redactor
from guardian_ci.audit.writer import LogWriter
from guardian_ci.model import Call, InputSize, Operation, ToolOffer, ToolResult, Usage, WireProtocol
from guardian_ci.policy import load_policy
from guardian_ci.policy.tools import describe_tool
from guardian_ci.pricing.table import digest
from guardian_ci.proxy.gatekeeper import Gatekeeper
from guardian_ci.session.commands import Forward
from guardian_ci.session.events import Caller, Outcome
from guardian_ci.session.guard import Guard
from guardian_ci.stores import MemoryStore

DEFAULTS = {"name": "recorded", "reservation_wait_seconds": 0}
OFFERS = (
    ToolOffer(name="Bash", canonical="bash"),
    ToolOffer(name="web_search", canonical="web_search", provider_executed=True),
)


def asked(model: str = "claude-opus-5-5", number: int = 1, **fields: Any) -> Call:
    """A call as an agent makes it."""
    told: dict[str, Any] = {
        "protocol": WireProtocol.ANTHROPIC_MESSAGES,
        "operation": Operation.GENERATE,
        "model": model,
        "stream": True,
        "fingerprint": f"prompt-{number}",
        "size": InputSize(text_bytes=400),
        "max_output_tokens": 500,
    }
    return Call(**(told | fields))


class RecordedRun:
    """One run, step by step."""

    def __init__(self, path: Path, policy: Mapping[str, object], run_id: str = "run-1") -> None:
        self.path = path
        self.policy = load_policy(json.dumps(DEFAULTS | dict(policy)), "guardian.yml")
        self.redactor = Redactor(["a-secret-to-redact"])
        self.writer = LogWriter(path, run_id)
        self.keeper = Gatekeeper(Guard(self.policy), MemoryStore(), self.writer, self.redactor)
        self.open: list[Exchange] = []
        self.calls = 0
        told = {"name": "recorded", "file": "guardian.yml", "digest": self.policy.digest, "lines": {}}
        self.keeper.started(
            records.run_started(
                version="0.1.0",
                pid=7,
                policy=told | {"document": dict(self.policy.document)},
                log_level="info",
                store="memory",
                prices=digest(),
                recovered=[],
                direct_connections="off",
            )
        )

    def ask(self, call: Call | None = None, *, session: str = "dev", **caller: Any) -> Exchange | None:
        """Ask; the exchange, or None where it was refused."""
        self.calls += 1
        exchange = Exchange(request_id=f"req_{self.calls}", started=0.0, session=session, path="/v1/messages")
        told = Caller(session=session, run=self.writer._chain.run_id, provider="anthropic", **caller)
        command = asyncio.run(
            self.keeper.admit(exchange, told, call or asked(number=self.calls), status_of=lambda _: 400)
        )
        if not isinstance(command, Forward):
            return None
        self.open.append(exchange)
        return exchange

    def calls_tool(self, exchange: Exchange, name: str, arguments: str) -> None:
        asyncio.run(self.keeper.judge(exchange, describe_tool(f"id-{name}", name, arguments)))

    def comes(self, exchange: Exchange, usage: Usage | None, output_bytes: int) -> bool:
        """The answer comes so far; whether it is cut."""
        return asyncio.run(self.keeper.progress(exchange, usage, output_bytes)) is not None

    def ends(self, exchange: Exchange, outcome: Outcome = Outcome.COMPLETE, usage: Usage | None = None) -> None:
        exchange.status = 200
        asyncio.run(self.keeper.end(exchange, outcome, usage, output_bytes=90))
        self.open.remove(exchange)

    def end(self) -> Path:
        for exchange in list(self.open):
            self.ends(exchange, Outcome.UPSTREAM_ERROR)
        self.keeper.ended("finished")
        self.writer.close()
        return self.path


def used(output: int = 100, **fields: Any) -> Usage:
    return Usage(model="claude-opus-5-5", input_tokens=80, output_tokens=output, **fields)


def results(*keys: str) -> tuple[ToolResult, ...]:
    return tuple(ToolResult(id=key, ok=True) for key in keys)
