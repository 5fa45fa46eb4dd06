"""What both OpenAI protocols say alike."""

import json

import pytest

from guardian_ci.wire.media import Media
from guardian_ci.wire.openai_shared import add_part, cache_lifetime, refusal_body


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_request_error"), (402, "billing_error"), (429, "rate_limit_error"), (502, "server_error")],
)
def test_a_refusal_has_the_type_of_its_status_and_our_code(status: int, kind: str) -> None:
    body = json.loads(refusal_body(status=status, code="token_budget_exceeded", message="m", request_id="r"))
    expected = {"message": "m", "type": kind, "code": "token_budget_exceeded", "param": None, "request_id": "r"}
    assert body == {"error": expected}


@pytest.mark.parametrize(
    ("request_", "lifetime"),
    [
        ({}, None),
        ({"prompt_cache_retention": "24h"}, "24h"),
        ({"prompt_cache_options": {"ttl": "12h"}, "prompt_cache_retention": "24h"}, "12h"),
    ],
)
def test_the_cache_lifetime_is_read_under_its_new_and_its_old_name(request_: dict[str, object], lifetime: str) -> None:
    assert cache_lifetime(request_) == lifetime


def test_parts_are_counted_in_the_words_of_either_protocol() -> None:
    media = Media()
    for part in (
        {"type": "text", "text": "x"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "input_image", "image_url": "data:image/png;base64,AAAA"},
        {"type": "input_audio", "input_audio": {"data": "AAAA"}},
        {"type": "input_file", "file_data": "data:application/pdf;base64,AAAA"},
    ):
        add_part(media, part)
    assert (media.images, media.audio_seconds, media.pdf_pages, sum(map(len, media.encoded))) == (2, 1, 1, 16)
