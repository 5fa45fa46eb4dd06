"""The schema of a line knows every type of line, and nothing beside what it names."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from recorded_log import SCHEMA, RecordedLog, finding, problems_of, tool

from guardian_ci.audit.reader import read_log


@pytest.fixture
def lines(tmp_path: Path) -> dict[str, dict[str, Any]]:
    """One line of each type, by type."""
    log = RecordedLog(tmp_path / "log.ndjson").start().admitted()
    log.judged().call(request_id="req-1", tool_calls=[tool()], findings=[finding()]).result().notice()
    return {line.type: dict(line.fields) for line in read_log(log.end())}


def test_it_is_a_valid_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_it_knows_every_type_of_line(lines: dict[str, dict[str, Any]]) -> None:
    assert set(lines) == set(SCHEMA["properties"]["type"]["enum"]) == set(SCHEMA["$defs"]["lines"])
    assert {kind: problems_of(line) for kind, line in lines.items()} == {kind: [] for kind in lines}


@pytest.mark.parametrize("kind", SCHEMA["$defs"]["lines"])
def test_a_field_that_it_does_not_name_is_an_error(lines: dict[str, dict[str, Any]], kind: str) -> None:
    assert problems_of(lines[kind] | {"extra": 1})


@pytest.mark.parametrize("kind", SCHEMA["$defs"]["lines"])
def test_each_field_that_must_be_there_must_be_there(lines: dict[str, dict[str, Any]], kind: str) -> None:
    for name in SCHEMA["$defs"]["lines"][kind]["required"]:
        without = {key: value for key, value in lines[kind].items() if key != name}
        assert problems_of(without), name


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("call", "cost_picodollars", 0.5),
        ("call", "cost_usd", -1),
        ("call", "input_tokens", "12"),
        ("call", "outcome", "fine"),
        ("call", "session_id", 7),
        ("call", "latency", {"total_ms": 1}),
        ("call", "tool_calls", [{"name": "Bash"}]),
        ("call", "findings", [{"rule": "cost_limit"}]),
        ("call", "decision", "maybe"),
        ("call_admitted", "protocol", "smtp"),
        ("tool_call", "verdict", "perhaps"),
        ("tool_result", "status", "unknown"),
        ("notice", "level", "debug"),
        ("run_started", "timestamp", "yesterday"),
        ("run_started", "prev", "abc"),
        ("run_ended", "calls", -1),
    ],
)
def test_a_wrong_value_is_an_error(lines: dict[str, dict[str, Any]], kind: str, field: str, value: object) -> None:
    assert problems_of(lines[kind] | {field: value})


def test_a_rejection_has_a_reason_and_a_message(lines: dict[str, dict[str, Any]]) -> None:
    assert problems_of(lines["call"] | {"decision": "rejected"})


def test_arguments_are_cut_to_length(lines: dict[str, dict[str, Any]]) -> None:
    assert problems_of(lines["call"] | {"tool_calls": [tool(arguments="x" * 2_001)]})


def test_every_definition_is_used() -> None:
    text = str(SCHEMA)
    assert [name for name in SCHEMA["$defs"] if name != "lines" and f"#/$defs/{name}'" not in text] == []
