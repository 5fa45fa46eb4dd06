"""Gemini's answers: streams of events, streams that are one array, and whole documents, judged in pieces."""

import json
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.errors import UpstreamError
from guardian_ci.model import Finding, Operation, Verdict
from guardian_ci.wire.gemini_generate import GeminiGenerate
from guardian_ci.wire.interface import Address, AnswerReader, Piece

WIRE = GeminiGenerate()
NO = Finding(rule="tool_allowlist", verdict=Verdict.BLOCK, reason="tool_not_allowed", message="no \u2013 \U0001f512")
USAGE = {"promptTokenCount": 100, "candidatesTokenCount": 20, "thoughtsTokenCount": 5, "totalTokenCount": 125}
SSE, ARRAY, WHOLE = "sse", "array", "whole"
Json = Mapping[str, object]


def chunk(*parts: Json, finish: str | None = None, **more: object) -> Json:
    candidate = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    return {
        "candidates": [candidate | ({"finishReason": finish} if finish else {})],
        "usageMetadata": USAGE,
        "modelVersion": "gemini-2.5-pro",
        "responseId": "r1",
        **more,
    }


def call(name: str, **given: object) -> Json:
    return {"functionCall": {"name": name, "args": given}}


ANSWER = [
    chunk({"text": "Let me think.", "thought": True}),
    chunk({"text": "Gr\u00fc\u00dfe \U0001f600 "}, {"text": "you"}),
    chunk(call("run_shell_command", command="cat .env"), call("read_file", file_path="a")),
    chunk({"text": ""}, finish="STOP"),
]


def written(form: str, chunks: Iterable[Json] = ANSWER) -> bytes:
    chunks = list(chunks)
    if form == SSE:
        return b"".join(b"data: " + json.dumps(each).encode() + b"\r\n\r\n" for each in chunks)
    if form == ARRAY:
        return json.dumps(chunks, indent=1).encode()
    parts = [part for each in chunks for part in each["candidates"][0]["content"]["parts"]]  # type: ignore[index]
    return json.dumps(chunk(*parts, finish="STOP")).encode()


def reader(form: str) -> AnswerReader:
    body = b'{"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}'
    address = Address(model="gemini-2.5-pro", stream=form != WHOLE)
    parsed = WIRE.parse_call(body, operation=Operation.GENERATE, headers={}, address=address)
    return WIRE.reader(parsed, content_type="text/event-stream" if form == SSE else "application/json")


def relayed(form: str, data: bytes, size: int = 1 << 20, denied: str = "") -> tuple[bytes, list[Piece], AnswerReader]:
    """Read an answer in pieces of a size, deny the calls of one tool; what the agent receives."""
    read = reader(form)
    out, pieces = b"", []
    for piece in [*(data[start : start + size] for start in range(0, len(data), size)), None]:
        for each in read.close() if piece is None else read.feed(piece):
            pieces.append(each)
            out += read.deny(each, NO) if each.tool and each.tool.name == denied else each.data
    return out + read.rest(), pieces, read


@pytest.mark.parametrize("form", [SSE, ARRAY, WHOLE])
@given(size=st.integers(1, 400))
def test_bytes_that_need_no_edit_pass_untouched_however_they_are_cut(form: str, size: int) -> None:
    data = written(form)
    out, pieces, read = relayed(form, data, size)
    assert out == data
    assert [piece.tool.name for piece in pieces if piece.tool] == ["run_shell_command", "read_file"]
    assert [piece.tool.canonical for piece in pieces if piece.tool] == ["bash", "read_file"]
    assert read.complete
    assert read.usage is not None
    assert (read.usage.total_input, read.usage.total_output, read.usage.reasoning_tokens) == (100, 25, 5)


@pytest.mark.parametrize("form", [SSE, ARRAY, WHOLE])
@pytest.mark.parametrize("denied", ["run_shell_command", "read_file"])
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_exactly_the_denied_call_changes(form: str, denied: str, size: int) -> None:
    out, *_ = relayed(form, written(form), size, denied)
    changed = json.loads(json.dumps(ANSWER))
    for part in changed[2]["candidates"][0]["content"]["parts"]:
        if part["functionCall"]["name"] == denied:
            part["functionCall"] = {
                "name": f"guardian_denied_{denied}",
                "args": {"reason": NO.message, "rule": NO.rule},
            }
    expected = json.loads(written(WHOLE, changed)) if form == WHOLE else changed
    if form == SSE:
        assert [json.loads(line[6:]) for line in out.decode().split("\r\n") if line] == expected
    else:
        assert json.loads(out) == expected


@pytest.mark.parametrize("form", [SSE, ARRAY])
def test_text_is_never_held_back_and_told_by_the_run_that_it_belongs_to(form: str) -> None:
    _, pieces, _ = relayed(form, written(form))
    assert [(piece.block, piece.text) for piece in pieces if piece.text] == [
        ("0 thought", "Let me think."),
        ("0", "Gr\u00fc\u00dfe \U0001f600 "),
        ("0", "you"),
    ]


@pytest.mark.parametrize("form", [SSE, ARRAY])
def test_a_stream_without_its_finish_is_not_complete(form: str) -> None:
    assert not relayed(form, written(form, ANSWER[:-1]))[2].complete


def test_a_refused_prompt_is_a_complete_answer() -> None:
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": USAGE}
    assert relayed(SSE, written(SSE, [blocked]))[2].complete


def test_an_error_within_a_stream_is_told() -> None:
    *_, read = relayed(SSE, written(SSE, [ANSWER[0], {"error": {"code": 503, "message": "Overloaded"}}]))
    assert (read.complete, read.state.error) == (False, "Overloaded")


@pytest.mark.parametrize("form", [SSE, ARRAY, WHOLE])
def test_a_call_whose_arguments_come_in_parts_is_not_passed_on(form: str) -> None:
    part = {"functionCall": {"name": "run_shell_command", "willContinue": True}}
    with pytest.raises(UpstreamError, match="in parts"):
        relayed(form, written(form, [chunk(part)]))


@pytest.mark.parametrize("form", [SSE, ARRAY, WHOLE])
def test_searches_are_counted_for_the_bill(form: str) -> None:
    found = chunk({"text": "x"}, finish="STOP")
    found["candidates"][0]["groundingMetadata"] = {"webSearchQueries": ["a", "b"]}  # type: ignore[index]
    data = json.dumps(found).encode() if form == WHOLE else written(form, [found])
    usage = relayed(form, data)[2].usage
    assert usage is not None
    assert usage.web_searches == 2
