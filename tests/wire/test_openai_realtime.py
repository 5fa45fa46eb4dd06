"""OpenAI Realtime: what may pass, and what it may be billed for."""

import json

import pytest

from guardian_ci.errors import BadRequest, UpstreamError
from guardian_ci.model import Usage
from guardian_ci.wire.openai_realtime import MAX_OUTPUT, Realtime, connection_call

USAGE = {
    "total_tokens": 130,
    "input_tokens": 100,
    "output_tokens": 30,
    "input_token_details": {
        "text_tokens": 40,
        "audio_tokens": 60,
        "cached_tokens": 20,
        "cached_tokens_details": {"text_tokens": 5, "audio_tokens": 15},
    },
    "output_token_details": {"text_tokens": 10, "audio_tokens": 20},
}


def event(kind: str, **members: object) -> str:
    return json.dumps({"type": kind, **members})


def done(usage: object = USAGE) -> str:
    return event("response.done", response={"id": "r", "status": "completed", "usage": usage, "output": []})


def test_the_usage_of_every_response_is_added_by_kind() -> None:
    meter = Realtime("gpt-realtime")
    for _ in range(2):
        assert not meter.told(event("response.created", response={"id": "r"}))
        assert meter.told(done())
    assert meter.usage == Usage(
        model="gpt-realtime",
        input_tokens=70,
        cache_read_tokens=10,
        cache_read_audio_tokens=30,
        input_audio_tokens=90,
        output_tokens=20,
        output_audio_tokens=40,
    )
    assert (meter.in_flight, meter.lost) == (0, False)


@pytest.mark.parametrize("usage", [None, {}, {"input_tokens": 3}, "much"])
def test_a_response_without_its_usage_is_lost(usage: object) -> None:
    meter = Realtime("gpt-realtime")
    meter.told(done(usage))
    assert meter.lost


def test_the_conversation_is_bounded_by_all_that_was_said() -> None:
    meter = Realtime("gpt-realtime")
    before = meter.context
    minute = "A" * (8000 * 60 * 4 // 3)  # of the sparsest encoding: 600 tokens
    meter.heard(event("input_audio_buffer.append", audio=minute))
    assert 600 <= meter.context - before < 750
    meter.heard(event("conversation.item.create", item={"type": "message", "content": "x" * 900}))
    assert meter.context - before > 1500
    meter.told(done())
    assert meter.context - before > 1530


@pytest.mark.parametrize(
    "message",
    [
        "no JSON",
        "[]",
        event("session.close"),
        event("transcription_session.update"),
        event("session.update", session={"tools": [{"type": "function", "name": "a"}]}),
        event("session.update", session={"prompt": {"id": "pmpt_1"}}),
        event("session.update", session={"type": "transcription"}),
        event("session.update", session={"audio": {"input": {"transcription": {"model": "whisper-1"}}}}),
        event("session.update", session={"input_audio_transcription": {"model": "whisper-1"}}),
        event("session.update", session={"max_output_tokens": "inf"}),
        event("session.update", session={"max_output_tokens": MAX_OUTPUT + 1}),
        event("session.update", session=7),
        event("response.create", response={"tools": [{"type": "mcp"}]}),
        event("response.create", response={"model": "gpt-5.4-pro"}),
        event("response.create", response={"max_output_tokens": "inf"}),
    ],
)
def test_what_cannot_be_bounded_or_judged_is_refused(message: str) -> None:
    with pytest.raises(BadRequest):
        Realtime("gpt-realtime").heard(message)


def test_one_response_at_a_time() -> None:
    meter = Realtime("gpt-realtime")
    meter.heard(event("response.create"))
    meter.told(event("response.created", response={"id": "r"}))
    with pytest.raises(BadRequest, match="a response is open"):
        meter.heard(event("response.create"))


@pytest.mark.parametrize(
    "message",
    [
        "no JSON",
        event("response.function_call_arguments.delta", delta="{"),
        event("response.output_item.added", item={"type": "function_call", "name": "a"}),
        event("response.done", response={"output": [{"type": "function_call"}]}),
        event("conversation.item.created", item={"type": "mcp_call"}),
        event("session.created", session={"type": "realtime", "tools": [{"type": "function"}]}),
        event("session.created", session={"type": "transcription"}),
    ],
)
def test_a_tool_call_of_the_model_ends_it(message: str) -> None:
    with pytest.raises(UpstreamError):
        Realtime("gpt-realtime").told(message)


def test_a_session_is_bounded_once_it_says_so() -> None:
    meter = Realtime("gpt-realtime")
    meter.told(event("session.created", session={"type": "realtime", "max_output_tokens": "inf", "tools": []}))
    assert not meter.bounded
    meter.told(event("session.updated", session={"type": "realtime", "max_output_tokens": MAX_OUTPUT}))
    assert meter.bounded


def test_a_connection_is_a_call_with_a_ceiling_that_asks_nothing_again() -> None:
    call = connection_call("gpt-realtime", 5)
    assert (call.ceiling, call.fingerprint, call.max_output_tokens) == (5, "", MAX_OUTPUT)
