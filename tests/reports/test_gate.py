"""How a gate's result reads: in a terminal, in a job summary, as JUnit, as JSON."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hostile_log import HOSTILE
from markdown_it import MarkdownIt
from recorded_log import RecordedLog

from guardian_ci.audit.gate import GateResult, GateRun, Unknown, gate
from guardian_ci.audit.sources import find_logs
from guardian_ci.model import Amount
from guardian_ci.reports import gate as reports

GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
BLOCKS = ("heading", "paragraph", "bullet_list", "list_item", "table", "thead", "tbody", "tr", "th", "td")
OF_7: dict[str, Any] = {"facts": {"at": 1.5, "caller": {"session": "dev", "pull_request": "7"}}}


@pytest.fixture
def result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., GateResult]:
    """Gate two runs, one of which came twice and one of which was killed."""
    monkeypatch.chdir(tmp_path)
    whole = RecordedLog(Path("logs/one.ndjson"), "run-one").start().admitted(**OF_7)
    whole.call(request_id="req-1").call(estimated=True).end()
    Path("logs/copy.ndjson").write_bytes(Path("logs/one.ndjson").read_bytes())
    RecordedLog(Path("logs/two.ndjson"), "run-two").start().admitted(**OF_7).cut()

    def gated(usd: int = 10, tokens: int | None = 5_000) -> GateResult:
        limit = usd * 10**12
        return gate(find_logs([Path("logs")]), "7", limit_picodollars=limit, limit_tokens=tokens, assume="this")

    return gated


def hostile(text: str) -> GateResult:
    """A result that holds a hostile text wherever a log can put one."""
    return GateResult(
        pull_request=text,
        assume="this",
        limit_picodollars=1,
        limit_tokens=None,
        runs={text: GateRun(run_id=text, file=text, calls=1, again=[text])},
        doubles=1,
        unknown=[Unknown(file=text, line=1, message=text, most=Amount())],
    )


def test_the_terminal_says_verdict_sums_doubles_and_what_is_not_known(result: Callable[..., GateResult]) -> None:
    spent = "$1.00 of $10.00, 2,400 of 5,000 tokens are spent for certain"
    cut = "the log has no end marker (run_ended): its proxy was killed, or it was cut"
    left = "the call req-1 was admitted and has no end: it was in flight when its proxy died (at most $0.2500)"
    assert reports.terminal(result(), unknown_fails=True).splitlines() == [
        f"guardian-ci FAIL pull request 7: {spent}, and 2 things could not be counted",
        "  2 calls in 1 run: $1.00, 2,400 tokens",
        "  10 % of the dollars",
        "  48 % of the tokens",
        "  at an upper bound, since the provider did not tell their usage: 1 call, $0.5000 (50 % of the cost)",
        "  naming no pull request, counted for this one (--assume-pull-request): 1 call, $0.5000",
        "  found again, counted once: 5 records in 1 further file of a run",
        "  up to $0.2500 more may have been spent by what is not known",
        f"  not known: logs/two.ndjson:2: {cut}",
        f"  not known: logs/two.ndjson:2: {left}",
    ]


@pytest.mark.parametrize(
    ("usd", "tokens", "verdict"), [(10, None, "within"), (1, 2_400, "within"), (0, 5_000, "over"), (1, 2_399, "over")]
)
def test_the_headline_names_what_is_spent_of_what(tmp_path: Path, usd: int, tokens: int | None, verdict: str) -> None:
    log = RecordedLog(tmp_path / "log.ndjson").start().call().call().end()
    told = gate(find_logs([log]), "7", limit_picodollars=usd * 10**12, limit_tokens=tokens, assume="this")
    assert told.verdict == verdict
    limits = f"$1.00 of ${usd}.00" + (f", 2,400 of {tokens:,} tokens" if tokens else "")
    words = {"within": "is within its limit", "over": "is over its limit"}[verdict]
    assert reports.headline(told) == f"pull request 7 {words}: {limits}"
    mark = {"within": "PASS", "over": "FAIL"}[verdict]
    assert reports.terminal(told, unknown_fails=False).startswith(f"guardian-ci {mark} pull request 7 ")


@pytest.mark.parametrize("unknown_fails", [True, False])
def test_junit_has_a_case_for_the_limit_and_one_for_what_is_known(
    result: Callable[..., GateResult], unknown_fails: bool
) -> None:
    (suite,) = ET.fromstring(reports.junit(result(usd=0), unknown_fails=unknown_fails))
    spent, known = suite.findall("testcase")
    assert (spent.get("name"), known.get("name")) == ("pull_request_budget", "pull_request_spend_known")
    failure = spent.find("failure")
    assert failure is not None
    assert "over its limit: $1.00 of $0.00" in str(failure.get("message"))
    assert (known.find("failure") is not None) == unknown_fails
    shown = known.find("failure" if unknown_fails else "system-out")
    assert shown is not None
    assert "logs/two.ndjson:2" in str(shown.text)


def test_json_tells_all_of_it(result: Callable[..., GateResult]) -> None:
    told = json.loads(reports.document(result(), unknown_fails=False))
    assert (told["verdict"], told["over"], told["pull_request"]) == ("unknown", [], "7")
    assert told["failed"] is False
    assert [run["known"] for run in told["runs"]] == [True, False]
    assert told["spent"] == {"usd": "1", "picodollars": 10**12, "tokens": 2_400}
    assert (told["limit_usd"], told["limit_tokens"], told["doubles"]) == ("10", 5_000, 5)
    assert told["runs"][0]["files"] == ["logs/copy.ndjson", "logs/one.ndjson"]
    assert told["unknown"][1]["at_most"] == {"usd": "0.25", "picodollars": 250_000_000_000, "tokens": 9_000}


@pytest.mark.parametrize(("unknown_fails", "mark"), [(True, "❌"), (False, "⚠️")])
def test_the_job_summary_has_the_verdict_first_and_a_row_for_each_run(
    result: Callable[..., GateResult], unknown_fails: bool, mark: str
) -> None:
    lines = reports.markdown(result(), unknown_fails=unknown_fails).splitlines()
    assert lines[0].startswith(f"## {mark} guardian-ci gate: pull request 7: &#36;1.00 of &#36;10.00")
    assert lines[-4:] == [
        "| Run | Log | Calls | Tokens | Cost | Known |",
        "| --- | --- | ---: | ---: | ---: | --- |",
        "| `run-one` | `logs/copy.ndjson` and 1 copy | 2 | 2,400 | $1.00 | yes |",
        "| `run-two` | `logs/two.ndjson` | 0 | 0 | $0.00 | **no** |",
    ]
    assert "### Not known" in lines


def test_of_very_many_rows_the_first_are_shown_and_the_others_counted() -> None:
    many = hostile("x")
    many.unknown *= 80
    many.more_unknown = 20
    assert "*50 more are not shown here.*" in reports.markdown(many, unknown_fails=True)
    assert "… and 50 more" in reports.terminal(many, unknown_fails=True)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_log_says_is_markup_and_a_command_in_none_of_them(text: str) -> None:
    told = hostile(text)
    tokens = GITHUB.parse(reports.markdown(told, unknown_fails=True))
    kinds = {token.type for token in tokens}
    assert kinds <= {f"{kind}_{end}" for kind in BLOCKS for end in ("open", "close")} | {"inline"}
    inner = {child.type for token in tokens for child in token.children or []}
    assert inner <= {"text", "text_special", "code_inline", "html_inline"}
    assert [token.type for token in tokens].count("tr_open") == 4
    terminal = reports.terminal(told, unknown_fails=True)
    assert not re.search(r"^\s*::", terminal, re.MULTILINE)
    assert "##[" not in terminal + reports.document(told, unknown_fails=True)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", terminal)
    ET.fromstring(reports.junit(told, unknown_fails=True))
    assert json.loads(reports.document(told, unknown_fails=True))["pull_request"] == text
