"""What the rules' tests share."""

from collections.abc import Callable

import pytest

from guardian_ci.model import Call, InputSize, Operation, WireProtocol


@pytest.fixture
def call() -> Callable[..., Call]:
    """Make a call with the facts that a test is about."""

    def make(model: str = "claude-opus-5-5", **facts: object) -> Call:
        return Call(
            **{
                "protocol": WireProtocol.ANTHROPIC_MESSAGES,
                "operation": Operation.GENERATE,
                "model": model,
                "stream": True,
                "fingerprint": "abc",
                "size": InputSize(text_bytes=10),
                **facts,
            }
        )

    return make
