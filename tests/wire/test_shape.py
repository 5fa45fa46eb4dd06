import json

import pytest

from guardian_ci.errors import BadRequest
from guardian_ci.model import WireProtocol
from guardian_ci.wire.shape import protocol_of

FUNCTION = [{"type": "function", "function": {"name": "x"}}]


@pytest.mark.parametrize(
    ("request_", "protocol"),
    [
        ({"contents": []}, WireProtocol.GEMINI_GENERATE),
        ({"model": "m", "input": "hi"}, WireProtocol.OPENAI_RESPONSES),
        ({"model": "m", "messages": [], "max_tokens": 9}, WireProtocol.ANTHROPIC_MESSAGES),
        ({"model": "m", "messages": [], "system": "s"}, WireProtocol.ANTHROPIC_MESSAGES),
        ({"model": "m", "messages": [], "max_tokens": 9, "tools": FUNCTION}, WireProtocol.OPENAI_CHAT),
        ({"model": "m", "messages": []}, WireProtocol.OPENAI_CHAT),
        ([], WireProtocol.OPENAI_CHAT),
    ],
)
def test_a_protocol_is_known_by_the_members_that_only_it_has(request_: object, protocol: WireProtocol) -> None:
    assert protocol_of(json.dumps(request_).encode()) is protocol


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(BadRequest, match="is not JSON"):
        protocol_of(b"{")
