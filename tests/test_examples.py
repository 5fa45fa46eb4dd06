"""Each example is whole and true: its workflow runs the action, its log was made by its policy, its reports by its log.

After a change of the reports, GUARDIAN_UPDATE_EXAMPLES=1 writes them anew; tests/e2e/record_examples.py records the
logs themselves from the real agents.
"""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from guardian_ci.cli.main import main
from guardian_ci.policy import load_policy, policy_from_document
from guardian_ci.reports import write_reports

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
VIOLATIONS = {"aider": ["token_budget"], "claude-code": [], "codex": ["file_blocklist"]}
FILES = {"guardian.yml", "junit.xml", "log.ndjson", "summary.md", "workflow.yml"}

each = pytest.mark.parametrize("name", VIOLATIONS)


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (EXAMPLES / name / "log.ndjson").read_text(encoding="utf-8").splitlines()]


def test_every_example_with_a_log_is_tested() -> None:
    assert {path.parent.name for path in EXAMPLES.glob("*/log.ndjson")} == set(VIOLATIONS)


@each
def test_an_example_has_its_five_files(name: str) -> None:
    assert {path.name for path in (EXAMPLES / name).iterdir()} == FILES


@each
def test_its_reports_are_what_its_log_says(name: str, tmp_path: Path) -> None:
    summary = write_reports(EXAMPLES / name / "log.ndjson", tmp_path)
    assert [row.rule for row in summary.violations.kept] == VIOLATIONS[name]
    for report in ("junit.xml", "summary.md"):
        expected = EXAMPLES / name / report
        if os.environ.get("GUARDIAN_UPDATE_EXAMPLES"):
            expected.write_bytes((tmp_path / report).read_bytes())
        assert (tmp_path / report).read_text(encoding="utf-8") == expected.read_text(encoding="utf-8")


@each
def test_its_decisions_are_made_again(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(EXAMPLES / name / "log.ndjson")]) == 0


@each
def test_its_log_was_made_by_its_policy(name: str) -> None:
    text = (EXAMPLES / name / "guardian.yml").read_text(encoding="utf-8")
    recorded = dict(lines(name)[0]["policy"]["document"])
    # The only difference: it was recorded against the demo upstream.
    assert list(recorded.pop("upstreams").values()) == ["http://127.0.0.1:9100"]
    own = load_policy(text, ".github/guardian.yml")
    assert policy_from_document(recorded, ".github/guardian.yml").digest == own.digest


@each
def test_its_log_is_as_the_schema_says_and_holds_no_secret(name: str) -> None:
    schema = json.loads((ROOT / "schemas" / "record.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    for line in lines(name):
        validator.validate(line)
    assert "sk-recorded" not in (EXAMPLES / name / "log.ndjson").read_text(encoding="utf-8")
    assert "of-the-example" not in (EXAMPLES / name / "log.ndjson").read_text(encoding="utf-8")


@each
def test_its_policy_is_valid(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(EXAMPLES / name / "guardian.yml")]) == 0


def test_the_example_of_upstreams_is_valid_and_says_where_each_model_goes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(EXAMPLES / "upstreams" / "guardian.yml")]) == 0
    said = capsys.readouterr().out
    entries = yaml.safe_load((EXAMPLES / "upstreams" / "guardian.yml").read_text(encoding="utf-8"))["upstreams"]
    assert [line for name in entries for line in said.splitlines() if f": {name} at https://" in line] != []
    assert said.count(" over ") == len(entries)


@each
def test_its_workflow_uses_the_action_as_it_is(name: str) -> None:
    workflow = yaml.safe_load((EXAMPLES / name / "workflow.yml").read_text(encoding="utf-8"))
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    (job,) = workflow["jobs"].values()
    assert workflow["permissions"] == {}
    (step,) = [step for step in job["steps"] if step.get("uses", "").startswith("guardian-runtime/")]
    assert step["uses"] == "guardian-runtime/guardian-ci@v1"
    assert step["with"].keys() <= action["inputs"].keys()
    assert step["with"]["policy"] == ".github/guardian.yml"
    # No key is in the environment of the step that the agent runs in.
    assert all("secrets." not in json.dumps(step) for step in job["steps"] if "run" in step)


def test_the_agents_are_those_that_the_tests_drive() -> None:
    claude = json.loads((ROOT / "tests/agents/package.json").read_text())["dependencies"]["@anthropic-ai/claude-code"]
    aider = (ROOT / "tests/agents/aider.in").read_text().strip().splitlines()[-1]
    assert f"@anthropic-ai/claude-code@{claude} " in (EXAMPLES / "claude-code" / "workflow.yml").read_text()
    assert aider in (EXAMPLES / "aider" / "workflow.yml").read_text()
