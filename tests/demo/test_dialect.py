"""The reading of JSON that all dialects share."""

import re

import pytest

from guardian_ci.demo import dialect
from guardian_ci.errors import BadRequest


def test_what_stands_behind_the_last_answer_is_new() -> None:
    assert dialect.behind_last("abcd", [False, True, True, False]) == "d"
    assert dialect.behind_last("ab", [False, False]) == "ab"


def test_a_call_id_tells_its_step() -> None:
    assert dialect.scripted_step("toolu_demo_12_0_abc") == 12
    assert dialect.scripted_step("call_x") is None
    assert dialect.scripted_step(None) is None


def test_texts_are_taken_from_both_forms_of_content() -> None:
    parts = [
        {"type": "text", "text": "a"},
        {"type": "image"},
        {"type": "text", "text": 1},
        {"type": "text", "text": "b"},
    ]
    assert dialect.content_texts("a", "text") == ("a",)
    assert dialect.content_texts(parts, "text") == ("a", "b")
    assert dialect.content_texts(None, "text") == ()


def test_media_is_counted_apart_from_text() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 100}}
    url = "data:image/png;base64,AAAA"
    assert dialect.media_bytes([image, {"image_url": {"url": url}}, "data"]) == (2, 100 + len(url))


def test_wrong_types_are_named() -> None:
    for check in (
        lambda: dialect.objects({}, "messages"),
        lambda: dialect.objects([1], "messages"),
        lambda: dialect.optional_count({"messages": -1}, "messages"),
        lambda: dialect.optional_count({"messages": True}, "messages"),
        lambda: dialect.required_text({}, "messages"),
        lambda: dialect.require_pattern(["a b"], re.compile(r"\w+"), "messages"),
    ):
        with pytest.raises(BadRequest, match="messages"):
            check()


def test_an_event_is_framed() -> None:
    assert dialect.sse({"a": "é"}, event="x") == 'event: x\ndata: {"a":"é"}\n\n'.encode()
    assert dialect.sse({}) == b"data: {}\n\n"
