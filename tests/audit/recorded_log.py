"""Builds logs for tests: whole ones by default, each line checked against the schema."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from guardian_ci.audit.writer import LogWriter

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "record.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
START = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
POLICY = {"token_budget": 50_000, "cost_limit_usd": 5, "rules": {"retry_loop": "off"}}

Json = dict[str, Any]


def problems_of(record: Mapping[str, object]) -> list[str]:
    """Return what the schema says against a line."""
    return [
        f"{'/'.join(str(part) for part in error.absolute_path)}: {error.message}"
        for error in VALIDATOR.iter_errors(record)
    ]


def finding(**fields: Any) -> Json:
    """Return a violation of tool_allowlist, unless the fields say otherwise."""
    return {
        "rule": "tool_allowlist",
        "verdict": "block",
        "reason": "tool_not_allowed",
        "message": "The tool WebFetch is not allowed; allowed_tools names read_file and bash",
        "subject": "WebFetch",
        "violation": fields.get("verdict", "block") == "block",
        "file": ".github/guardian.yml",
        "line": 7,
    } | fields


def tool(**fields: Any) -> Json:
    """Return an allowed tool call, as the record of its call lists it."""
    return {
        "id": "toolu_1",
        "name": "Read",
        "canonical": "read_file",
        "arguments": '{"file_path": "src/app.py"}',
        "verdict": "allow",
        "reason": None,
        "result_status": "unknown",
        "paths": ["src/app.py"],
    } | fields


def scope(**fields: Any) -> Json:
    """Return the scope of the run, of which a part is spent."""
    return {
        "scope": "run",
        "spent_usd": 0.5,
        "spent_picodollars": 500_000_000_000,
        "spent_tokens": 1_200,
        "limit_usd": 5,
        "limit_picodollars": 5_000_000_000_000,
        "limit_tokens": None,
    } | fields


class RecordedLog:
    """Writes the lines of one run at a clock of its own: a second a line."""

    def __init__(self, path: Path, run_id: str = "run-1") -> None:
        self.path = path
        self.writer = LogWriter(path, run_id)
        self.now = START
        self.requests = 0

    def write(self, kind: str, **fields: Any) -> None:
        """Write any line; refuse one that the schema does not know."""
        line = self.writer._chain.line(kind, self.now, fields)
        assert problems_of(json.loads(line)) == []
        self.writer.write(kind, self.now, fields)
        self.now += timedelta(seconds=1)

    def start(self, **fields: Any) -> "RecordedLog":
        policy = {"name": "dev", "file": ".github/guardian.yml", "digest": "0" * 64, "document": POLICY}
        self.write(
            "run_started",
            **{
                "guardian_version": "0.1.0",
                "pid": 7,
                "policy": policy | fields.pop("policy", {}),
                "log_level": "info",
                "store": "sqlite",
                "recovered": [],
            }
            | fields,
        )
        return self

    def admitted(self, **fields: Any) -> "RecordedLog":
        reservation = {
            "cost_usd": 0.25,
            "cost_picodollars": 250_000_000_000,
            "tokens": 9_000,
            "max_output_tokens": 8_000,
            "scopes": [scope(reserved_usd=0, reserved_tokens=0)],
        }
        self.write(
            "call_admitted",
            **{
                "request_id": self._next(fields),
                "session_id": "dev",
                "protocol": "anthropic-messages",
                "operation": "generate",
                "model": "claude-opus-5-5",
                "stream": True,
                "facts": {"at": 1.5},
                "trace": [],
                "findings": [],
                "reservation": reservation,
                "edits": {},
            }
            | fields,
        )
        return self

    def judged(self, **fields: Any) -> "RecordedLog":
        judged = {
            name: value for name, value in tool().items() if name in ("id", "name", "canonical", "arguments", "paths")
        }
        self.write(
            "tool_call",
            **{
                "request_id": f"req-{self.requests}",
                "session_id": "dev",
                "tool": judged,
                "verdict": "allow",
                "findings": [],
                "trace": [],
                "facts": {"at": 2.5},
            }
            | fields,
        )
        return self

    def call(self, **fields: Any) -> "RecordedLog":
        self.write("call", **(self._call(fields) | fields))
        return self

    def refused(self, *findings: Json, **fields: Any) -> "RecordedLog":
        """Write the record of a call that was refused before it was forwarded."""
        first = findings[0]
        none = {"input_tokens": 0, "output_tokens": 0, "cache_read_tokens": 0, "cost_usd": 0, "cost_picodollars": 0}
        refusal = {
            "decision": "rejected",
            "reason": first["reason"],
            "message": first["message"],
            "outcome": "refused",
            "status": 400,
            "upstream_status": None,
            "price": None,
            "usage": None,
            "findings": list(findings),
            "trace": [{"rule": first["rule"], "verdict": first["verdict"], "detail": "it says no"}],
        }
        return self.call(**(none | refusal | fields))

    def result(self, **fields: Any) -> "RecordedLog":
        result = {"request_id": "req-2", "session_id": "dev", "id": "toolu_1", "name": "Read", "status": "error"}
        self.write("tool_result", **(result | fields))
        return self

    def notice(self, **fields: Any) -> "RecordedLog":
        said = {"level": "warning", "code": "budget_warning", "message": "80 % of run is spent", "request_id": None}
        self.write("notice", **(said | fields))
        return self

    def end(self, **fields: Any) -> Path:
        """Write the last line and return the log."""
        self.write("run_ended", **({"reason": "finished", "calls": self.requests, "violations": 0} | fields))
        return self.cut()

    def cut(self) -> Path:
        """Close the log as it is, without its end marker."""
        self.writer.close()
        return self.path

    def _next(self, fields: Json) -> str:
        self.requests += 1
        return str(fields.get("request_id", f"req-{self.requests}"))

    def _call(self, fields: Json) -> Json:
        return {
            "request_id": self._next(fields),
            "session_id": "dev",
            "protocol": "anthropic-messages",
            "operation": "generate",
            "path": "/v1/messages",
            "agent": "claude-cli/2.1.330",
            "model": "claude-opus-5-5",
            "stream": True,
            "decision": "approved",
            "reason": None,
            "message": None,
            "input_tokens": 1_000,
            "output_tokens": 200,
            "cache_read_tokens": 400,
            "cache_write_tokens": 0,
            "cumulative_tokens": 1_200,
            "cumulative_cost_usd": 0.5,
            "budget": 50_000,
            "budget_usd": 5,
            "cost_usd": 0.5,
            "cost_picodollars": 500_000_000_000,
            "price": {"model": "claude-opus-5-5", "source": "genai-prices", "as_of": "2026-11-01"},
            "estimated": False,
            "outcome": "complete",
            "status": 200,
            "upstream_status": 200,
            "tool_calls": [],
            "findings": [],
            "trace": [],
            "latency": {"time_to_first_token_ms": 12.5, "total_ms": 300},
            "unparsed_frames": 0,
            "scopes": [scope()],
            "usage": {"model": "claude-opus-5-5", "input_tokens": 600, "cache_read_tokens": 400, "output_tokens": 200},
        }
