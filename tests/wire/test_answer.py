"""What the protocols share in answers: names of denied tools, and who may be denied when."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import finding, parse

from guardian_ci.model import WireProtocol
from guardian_ci.wire import WIRES
from guardian_ci.wire.answer import denied_name, error_text, is_stream, tool_use, utf8_length

CHAT = WIRES[WireProtocol.OPENAI_CHAT]
CALL = (
    b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"bash",'
    b'"arguments":"{}"}}]},"finish_reason":"tool_calls"}]}\n\n'
)


@settings(max_examples=50, deadline=None)
@given(name=st.text(max_size=100))
def test_the_name_of_a_denied_tool_is_valid_at_every_provider(name: str) -> None:
    assert re.fullmatch(r"guardian_denied_[a-zA-Z0-9_-]{0,48}", denied_name(name))


@pytest.mark.parametrize(
    ("content_type", "asked", "stream"),
    [
        ("text/event-stream", False, True),
        ("Text/Event-Stream; charset=utf-8", True, True),
        ("application/json", True, False),
        ("text/html", True, False),
        ("", True, True),
        ("text/plain", True, True),
        ("", False, False),
    ],
)
def test_an_answer_is_what_it_says_or_else_what_was_asked_for(content_type: str, asked: bool, stream: bool) -> None:
    assert is_stream(content_type, asked=asked) is stream


def test_a_piece_is_denied_once_and_before_the_next() -> None:
    reader = CHAT.reader(parse(CHAT, b'{"model":"m","stream":true,"messages":[]}'), content_type="text/event-stream")
    (piece,) = [piece for piece in reader.feed(CALL) if piece.tool]
    assert piece.tool is not None
    assert b"guardian_denied_bash" in reader.deny(piece, finding(piece.tool))
    with pytest.raises(ValueError, match="only once"):
        reader.deny(piece, finding(piece.tool))


def test_a_tool_call_is_fit_for_a_log() -> None:
    tool = tool_use(5, "na\ud800me", '{"a": "\udfff"}')
    assert (tool.id, tool.name, tool.arguments) == ("", "na\ufffdme", '{"a": "\ufffd"}')


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ({"message": "m", "type": "t"}, "m"),
        ({"type": "t"}, "t"),
        ("plain", "plain"),
        (None, "an error"),
        ({"message": "x" * 900}, "x" * 500),
    ],
)
def test_an_error_is_told_in_one_line(error: object, text: str) -> None:
    assert error_text(error) == text


def test_only_text_is_counted() -> None:
    assert utf8_length("\u00fc", None, 5, "\ud800", "a") == 4
