"""How each API speaks."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from guardian_ci.model import WireProtocol
from guardian_ci.wire.anthropic_messages import AnthropicMessages
from guardian_ci.wire.gemini_generate import GeminiGenerate
from guardian_ci.wire.interface import Wire
from guardian_ci.wire.openai_chat import OpenAIChat
from guardian_ci.wire.openai_responses import OpenAIResponses

_ALL: Final[tuple[Wire, ...]] = (
    AnthropicMessages(),
    OpenAIChat(),
    OpenAIResponses(),
    GeminiGenerate(),
)

WIRES: Final[Mapping[WireProtocol, Wire]] = MappingProxyType({wire.protocol: wire for wire in _ALL})
"""Every wire protocol that is spoken. A further one costs its file and its line above."""
