"""The error bodies that both OpenAI protocols share."""

import json
from collections.abc import Mapping
from typing import Final

_TYPES: Final[Mapping[int, str]] = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_INVALID: Final = "invalid_request_error"


def error_object(*, status: int, code: str, message: str, request_id: str) -> Mapping[str, object]:
    """Make the error that OpenAI's SDKs turn into their exceptions."""
    kind = _TYPES.get(status, _INVALID if status < 500 else "server_error")  # noqa: PLR2004 - HTTP's server errors
    return {"error": {"message": message, "type": kind, "code": code, "param": None, "request_id": request_id}}


def refusal_body(*, status: int, code: str, message: str, request_id: str) -> bytes:
    """Write a refusal's body."""
    return json.dumps(error_object(status=status, code=code, message=message, request_id=request_id)).encode()
