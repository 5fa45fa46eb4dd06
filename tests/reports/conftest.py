"""A log in which everything happened once, and its summary."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from recorded_log import RecordedLog, finding, scope, tool

from guardian_ci.audit.reader import read_log
from guardian_ci.audit.summary import Summary

EXPECTED = Path(__file__).parent / "expected"


@pytest.fixture
def expected() -> Callable[[str, str], None]:
    """Compare a report with the one in ``expected/``; write it there where UPDATE_EXPECTED is set."""

    def compare(name: str, text: str) -> None:
        path = EXPECTED / name
        if os.environ.get("UPDATE_EXPECTED"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        assert text == path.read_text()

    return compare


@pytest.fixture
def rich(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Summary:
    """Two sessions, a subagent, a denied tool, a budget that ran out, a warning, a slow-down, an unmetered path."""
    monkeypatch.chdir(tmp_path)  # so that the log's name is the same in every run
    log = RecordedLog(Path("log.ndjson")).start(direct_connections="watched")
    log.call(tool_calls=[tool(), tool(name="Bash", canonical="bash", paths=[])])
    denied = tool(name="WebFetch", canonical="web_fetch", paths=[], verdict="block", reason="tool_not_allowed")
    agent = {"agent_session": "76f46753-4ae3-4ebb"}
    log.call(session_id="docs", attribution=agent, tool_calls=[denied], findings=[finding()], estimated=True)
    log.result(name="read_file")
    careful = finding(rule="file_blocklist", verdict="warn", message="careful", line=5)
    log.call(session_id="docs", attribution=agent | {"subagent": "ae00c11afb25d2b0b"}, findings=[careful])
    log.refused(finding(rule="rate_limit", reason="rate_limited", message="wait 12 s", violation=False, throttle=True))
    over = finding(rule="cost_limit", reason="cost_limit_exceeded", message="The budget is used up", line=3)
    log.refused(over, scopes=[scope(spent_picodollars=4_900_000_000_000)])
    path = finding(rule="unmetered_endpoint", reason="unmetered_endpoint", message="no such path", subject="/v1/files")
    nobody = {"session_id": None, "protocol": None, "operation": None, "model": None, "scopes": []}
    log.refused(path | {"file": None, "line": None}, **nobody)
    past = finding(
        rule="direct_connection", verdict="warn", message="node went past the proxy", subject="api.openai.com"
    )
    log.notice(code="direct_connection", findings=[past | {"file": None, "line": None}])
    log.notice(level="info", code="host_tunnelled", host="github.com:443")
    log.notice()
    return Summary.of(read_log(log.end()))
