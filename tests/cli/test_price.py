"""``guardian-ci price`` answers one line for one line, exactly, and says why where it cannot."""

import io
import json
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from guardian_ci.cli.main import main
from guardian_ci.cli.price import dollars

VECTORS = json.loads((Path(__file__).parents[1] / "pricing" / "vectors.json").read_text())
CASES = {case["id"]: case for case in VECTORS}


class Stdin(io.TextIOWrapper):
    """Standard input with these bytes."""


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # noqa: ANN201
    """Run the command on these lines; return its exit code, its answers and its complaints."""

    def run(*lines: object, arguments: tuple[str, ...] = ()) -> tuple[int, list[dict[str, object]], str]:
        text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        monkeypatch.setattr(sys, "stdin", Stdin(io.BytesIO(text.encode())))
        code = main(["price", *arguments])
        told = capsys.readouterr()
        return code, [json.loads(line) for line in told.out.splitlines()], told.err

    return run


def question(**changes: object) -> dict[str, object]:
    return {
        "protocol": "anthropic-messages",
        "provider": "anthropic",
        "model": "claude-opus-5-5",
        "usage": {"input_tokens": 1000, "output_tokens": 500},
        "timestamp": "2026-11-20T12:00:00Z",
        "service_tier": None,
        "request": {},
        "response_extra": {},
        **changes,
    }


def chat(**changes: object) -> dict[str, object]:
    return question(
        **{
            "protocol": "openai-chat",
            "provider": "openai",
            "model": "gpt-5.5",
            "usage": {"prompt_tokens": 1000, "completion_tokens": 500},
            **changes,
        }
    )


@pytest.mark.parametrize("name", CASES)
def test_the_vectors_are_exact(ask, name: str) -> None:  # noqa: ANN001
    code, [answer], _ = ask(CASES[name])
    expected = CASES[name]["expected_cost_usd"]
    assert code == 0
    if expected is None:
        assert answer["cost_usd"] is None
        assert answer["reason"]
    else:
        assert Decimal(answer["cost_usd"]) == Decimal(expected)


def test_an_answer_adds_up_and_says_where_its_price_is_from(ask) -> None:  # noqa: ANN001
    code, [answer], _ = ask(question())
    assert code == 0
    assert answer["cost_usd"] == "0.0140"
    assert answer["cost_picodollars"] == 14_000_000_000
    assert sum(line["quantity"] * line["rate"] for line in answer["lines"]) == answer["cost_picodollars"]
    assert answer["lines"][0] == {"unit": "input", "quantity": 1000, "rate": 4_000_000, "rate_usd": "0.000004"}
    assert "genai-prices" in answer["source"]
    assert answer["as_of"] >= "2026-11-22"


MORE = {
    "one hour writes that the answer does not split": (
        question(
            usage={"input_tokens": 1, "output_tokens": 0, "cache_creation_input_tokens": 1000},
            request={"messages": [{"content": [{"cache_control": {"type": "ephemeral", "ttl": "1h"}}]}]},
        ),
        "0.008004",
    ),
    "compaction": (
        question(
            usage={
                "input_tokens": 100,
                "output_tokens": 10,
                "iterations": [
                    {"type": "compaction", "input_tokens": 1000, "output_tokens": 100},
                    {"type": "message", "input_tokens": 100, "output_tokens": 10},
                ],
            }
        ),
        "0.0066",
    ),
    "a stream that was cut": (
        question(
            usage=None,
            response_extra={
                "stream_events": [
                    {"type": "message_start", "message": {"usage": {"input_tokens": 5, "output_tokens": 1}}}
                ]
            },
        ),
        None,
    ),
    "a host in the European Union": (chat(request={"host": "eu.api.openai.com"}), "0.022"),
    "no uplift for older models there": (
        chat(model="gpt-4o", request={"host": "eu.api.openai.com"}),
        "0.0075",
    ),
    "priority that was downgraded": (chat(request={"service_tier": "priority"}, service_tier="default"), "0.02"),
    "priority that the answer does not mention": (chat(request={"service_tier": "priority"}), "0.05"),
    "flex that the answer does not mention": (chat(request={"service_tier": "flex"}), "0.02"),
    "a tier without a price": (chat(service_tier="scale"), None),
    "the priority of Anthropic, which is a contract": (
        question(usage={"input_tokens": 1, "output_tokens": 1, "service_tier": "priority"}),
        None,
    ),
    "an unknown model": (chat(model="gpt-9"), None),
    "a model of a similar name": (question(model="claude-opus-4-8-fast"), None),
    "xAI's own cost": (
        chat(
            provider="x-ai",
            model="grok-4.7",
            usage={"prompt_tokens": 10, "completion_tokens": 5, "cost_in_usd_ticks": 123_456_789},
        ),
        "0.0123456789",
    ),
    "OpenRouter's own cost of a model that nobody lists": (
        chat(
            provider="openrouter", model="acme/secret", usage={"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.25}
        ),
        "0.25",
    ),
    "web searches among the output": (
        chat(
            protocol="openai-responses",
            usage={"input_tokens": 1000, "output_tokens": 500},
            response_extra={"output": [{"type": "web_search_call", "action": {"type": "search"}}]},
        ),
        "0.03",
    ),
    "Gemini's thoughts and grounding": (
        question(
            protocol="gemini-generateContent",
            provider="google",
            model="models/gemini-3.8-flash",
            usage={
                "promptTokenCount": 1000,
                "candidatesTokenCount": 100,
                "thoughtsTokenCount": 300,
                "toolUsePromptTokenCount": 1000,
                "totalTokenCount": 2400,
            },
            response_extra={"candidates": [{"groundingMetadata": {"webSearchQueries": ["a", "b"]}}]},
        ),
        "0.031",
    ),
    "Vertex by its host": (
        question(
            protocol="vertex-anthropic", provider="google", request={"host": "us-east5-aiplatform.googleapis.com"}
        ),
        "0.0154",
    ),
    "no provider named": (question(provider=None), "0.014"),
    "a protocol by another name": (chat(protocol="azure-chat"), "0.02"),
    "the model that the answer names": (question(model=None, response_extra={"model": "claude-opus-5-5"}), "0.014"),
    "no model at all": (question(model=None), None),
}


@pytest.mark.parametrize("name", MORE)
def test_what_a_request_and_its_answer_say_beside_the_usage(ask, name: str) -> None:  # noqa: ANN001
    line, expected = MORE[name]
    code, [answer], _ = ask(line)
    assert code == 0
    assert answer["cost_usd"] is None if expected is None else Decimal(answer["cost_usd"]) == Decimal(expected)
    assert (answer.get("reason") is None) == (expected is not None)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("{", "not JSON"),
        ("[1]", "must be a JSON object"),
        ("[" * 100_000, "not JSON"),
        ('{"protocol": "openai-chat"}', "usage is missing"),
        ({"usage": {}}, "protocol is missing"),
        (question(protocol=7), "protocol must be a string, not a number"),
        (question(usage="much"), "usage must be an object, not a string"),
        (question(request=[1]), "request must be an object, not a list"),
        (question(model=True), "model must be a string, not a boolean"),
        (question(timestamp="yesterday"), "timestamp must be like"),
        (question(timestamp=5), "timestamp must be like"),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_answered(ask, bad: object, why: str) -> None:  # noqa: ANN001
    code, answers, complaint = ask(question(), "", bad, question())
    assert code == 2
    assert complaint.startswith("guardian-ci: standard input:3: ")
    assert why in complaint
    assert [answer["cost_usd"] for answer in answers] == ["0.0140", None, "0.0140"]


def test_a_usage_that_contradicts_itself_is_answered_with_the_reason(ask) -> None:  # noqa: ANN001
    code, [answer], _ = ask(question(usage={"input_tokens": -1, "output_tokens": 1}))
    assert code == 0
    assert answer["reason"] == "input_tokens must be a whole number of at least 0, not -1"


def test_the_drift_of_a_reported_cost_is_told(ask) -> None:  # noqa: ANN001
    usage = {"prompt_tokens": 1000, "completion_tokens": 0, "cost_in_usd_ticks": 10}
    _, [answer], _ = ask(chat(provider="x-ai", model="grok-4.7", usage=usage))
    assert answer["source"] == "reported by x-ai"
    assert answer["notes"]["drift_picodollars"] == str(1000 - 2_000_000_000)


def test_lines_may_stand_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "calls.ndjson"
    file.write_text(json.dumps(question()) + "\n")
    assert main(["price", str(file)]) == 0
    assert json.loads(capsys.readouterr().out)["cost_usd"] == "0.0140"
    assert main(["price", str(tmp_path / "none")]) == 2
    assert "none: cannot be read: No such file" in capsys.readouterr().err


POLICY = "prices: {claude-opus-5-5: {input: 1, output: 2}, 'mine-*': {input: 3, output: 4}}\n"


def test_a_policys_prices_go_first(ask, tmp_path: Path) -> None:  # noqa: ANN001
    policy = tmp_path / "guardian.yml"
    policy.write_text(POLICY)
    code, answers, _ = ask(question(), question(model="mine-1"), arguments=("--policy", str(policy)))
    assert code == 0
    assert [answer["cost_usd"] for answer in answers] == ["0.0020", "0.0050"]
    assert answers[0]["source"] == f"{policy}:1"


def test_one_price_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    counts = ["--input", "1,000", "--output", "500", "--cache-read", "123456", "--web-searches", "2"]
    assert main(["price", "--model", "claude-opus-5-5", *counts]) == 0
    assert capsys.readouterr().out.splitlines()[:-1] == [
        "claude-opus-5-5",
        "  input         1,000  x $4/M    $0.0040",
        "  cache read  123,456  x $0.2/M  $0.0246912",
        "  output          500  x $20/M   $0.0100",
        "  web search        2  x $0.01   $0.0200",
        "  total                          $0.0586912",
    ]


def test_one_price_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--model", "o3", "--input", "1000", "--at", "2025-06-01", "--json"]
    assert main(["price", *arguments]) == 0
    assert json.loads(capsys.readouterr().out)["cost_usd"] == "0.0100"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--model", "gpt-9"], "no price is known for the model 'gpt-9'; the nearest known id is"),
        (["--model", "gpt-5.5", "--service-tier", "scale"], "no price is known for 'scale' of gpt-5.5"),
        (["--model", "gpt-5.5", "calls.ndjson"], "give it without FILE"),
    ],
)
def test_a_price_that_cannot_be_told_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], arguments: list[str], why: str
) -> None:
    assert main(["price", *arguments]) == 2
    assert why in capsys.readouterr().err


@pytest.mark.parametrize("count", ["-1", "x", "1.5"])
def test_a_count_is_a_whole_number(capsys: pytest.CaptureFixture[str], count: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["price", "--model", "gpt-5.5", "--input", count])
    assert stop.value.code == 2
    assert "invalid count value" in capsys.readouterr().err or count == "-1"


@pytest.mark.parametrize(
    ("picodollars", "text"),
    [(0, "0.0000"), (1, "0.000000000001"), (14_000_000_000, "0.0140"), (10**12, "1.0000"), (1_500 * 10**9, "1.5000")],
)
def test_dollars_are_exact_with_at_least_four_decimals(picodollars: int, text: str) -> None:
    assert dollars(picodollars) == text
