"""What both OpenAI protocols say alike: error bodies, parts of a message, how long a prompt is cached."""

import json
from collections.abc import Mapping
from typing import Final

from guardian_ci.model import Origin
from guardian_ci.wire import fields
from guardian_ci.wire.fields import Object
from guardian_ci.wire.json_text import as_object, as_text
from guardian_ci.wire.media import Media, inline_data

_TYPES: Final[Mapping[int, str]] = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
ORIGINS: Final[Mapping[str, Origin]] = {
    "system": Origin.SYSTEM,
    "developer": Origin.SYSTEM,
    "assistant": Origin.ANSWER,
    "tool": Origin.TOOL_RESULT,
    "function": Origin.TOOL_RESULT,
}
"""Where a message's text comes from, by its role; all others are the agent's or its user's."""

_INVALID: Final = "invalid_request_error"
_SERVER_ERROR: Final = 500


def error_object(*, status: int, code: str, message: str, request_id: str) -> Mapping[str, object]:
    """Make the error that OpenAI's SDKs turn into their exceptions."""
    kind = _TYPES.get(status, _INVALID if status < _SERVER_ERROR else "server_error")
    return {"error": {"message": message, "type": kind, "code": code, "param": None, "request_id": request_id}}


def refusal_body(*, status: int, code: str, message: str, request_id: str) -> bytes:
    """Write a refusal's body."""
    return json.dumps(error_object(status=status, code=code, message=message, request_id=request_id)).encode()


def cache_lifetime(request: Object) -> str | None:
    """Read how long OpenAI shall keep the prompt, in its words."""
    options = fields.record(request, "prompt_cache_options")
    return fields.text(options, "ttl") or fields.text(request, "prompt_cache_retention")


def add_part(media: Media, part: Object) -> None:
    """Count a part of a message that is no text, in the words of either OpenAI protocol."""
    kind = as_text(part.get("type"))
    if kind in {"image_url", "input_image", "computer_screenshot"}:
        url = part.get("image_url")
        media.add_image(inline_data(as_text(url) or as_text(as_object(url).get("url"))))
    elif kind == "input_audio":
        media.add_audio(as_text(as_object(part.get("input_audio")).get("data")))
    elif kind in {"file", "input_file"}:
        data = as_text((as_object(part.get("file")) or part).get("file_data"))
        media.add_document(inline_data(data) or data)
