"""Which protocol a request is spoken in, by its shape alone: for a body that came without its address."""

import json

from guardian_ci.errors import BadRequest
from guardian_ci.model import WireProtocol
from guardian_ci.wire.json_text import as_list, as_object


def protocol_of(body: bytes) -> WireProtocol:
    """Guess by the members that only one protocol has. Raises ``BadRequest`` for what is no JSON."""
    try:
        request = as_object(json.loads(body))
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the request is not JSON: {error}") from error
    if "contents" in request:
        return WireProtocol.GEMINI_GENERATE
    if "input" in request:
        return WireProtocol.OPENAI_RESPONSES
    functions = any("function" in as_object(tool) for tool in as_list(request.get("tools")))
    if not functions and ("max_tokens" in request or "system" in request):
        return WireProtocol.ANTHROPIC_MESSAGES
    return WireProtocol.OPENAI_CHAT
