"""The demo shows what it says, and notices when it does not."""

import json
from pathlib import Path

import pytest

from guardian_ci.demo import show
from guardian_ci.demo.agent import Kind
from guardian_ci.demo.show import Show, play


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Show:
    return play(tmp_path_factory.mktemp("show") / "new folder")


def test_every_scene_goes_as_it_should(played: Show) -> None:
    assert played.problems == []
    assert [one.ok for one in played.played] == [True] * 4


def test_the_log_agrees_with_the_provider_s_bill(played: Show) -> None:
    assert played.summary.tokens.input == sum(int(str(line["input_tokens"])) for line in played.bill)
    assert played.summary.tokens.output == sum(int(str(line["output_tokens"])) for line in played.bill)


def test_the_budget_is_kept_to_the_picodollar(played: Show) -> None:
    (row,) = [row for row in played.summary.scopes if "run-away" in row.scope]
    assert row.limit_picodollars == 10**11
    assert 0.9 * 10**11 < row.picodollars <= 10**11
    assert any(event.kind is Kind.CUT for event in played.played[-1].events)


def test_policy_log_and_reports_lie_in_the_folder(played: Show) -> None:
    names = {path.name for path in played.folder.iterdir() if path.is_file()}
    assert {"guardian.yml", "junit.xml", "log.ndjson", "summary.md"} <= names
    assert (played.folder / "junit.xml").read_text().count("<failure") == 3


def test_no_key_and_no_secret_is_in_the_log(played: Show) -> None:
    text = (played.folder / "log.ndjson").read_text()
    assert "demo-provider-key" not in text
    assert "what-an-agent-should-not-see" not in text
    assert all(json.loads(line) for line in text.splitlines())


def test_a_policy_that_forbids_nothing_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show, "POLICY", "name: lax\n")
    problems = play(tmp_path).problems
    assert "scene 'A tool that the policy does not allow' went another way" in problems
    assert "the log has violations of [], not of ['cost_limit', 'file_blocklist', 'tool_allowlist']" in problems
