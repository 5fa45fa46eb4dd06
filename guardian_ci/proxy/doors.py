"""The clouds' own paths, for agents that are set up for Bedrock or Vertex.

Inside, there is one protocol: at the door a request becomes what Anthropic itself is sent, with the path's model and
wish for a stream in its body; a stream for an agent of Bedrock's leaves as an event stream.
"""

from collections.abc import Iterator
from typing import Final

from guardian_ci.proxy.client import Headers, Message, Send
from guardian_ci.wire.anthropic_clouds import changed
from guardian_ci.wire.bedrock import messages_of
from guardian_ci.wire.eventstream import CONTENT_TYPE
from guardian_ci.wire.json_text import as_list, parse_strictly, value_at
from guardian_ci.wire.sse import Framer

_BETAS: Final = b"anthropic-beta"
_VERSION: Final = (b"anthropic-version", b"2023-06-01")
_STREAM: Final = b"text/event-stream"
_BODY: Final = frozenset({b"content-encoding"})


def opened(body: bytes, headers: Headers, *, model: str, stream: bool) -> tuple[bytes, Headers]:
    """Turn a cloud's request into Anthropic's own; ``model`` (``""``: none) and ``stream`` are what its path says.

    Raises ``ValueError`` or ``RecursionError`` where the body is no JSON object.
    """
    betas = as_list(value_at(parse_strictly(body.decode()).value, ["anthropic_beta"]))
    kept = [each for each in headers if each[0] not in _BODY]
    if not any(name == _VERSION[0] for name, _ in kept):
        kept.append(_VERSION)
    if betas and not any(name == _BETAS for name, _ in kept):
        kept.append((_BETAS, ",".join(str(beta) for beta in betas).encode("latin-1", "replace")))
    added = {"model": model, "stream": stream} if model else {}
    return changed(body, without=("anthropic_version", "anthropic_beta"), added=added), kept


class EventStreamSend:
    """Sends to an agent of Bedrock's: what streams leaves in event-stream messages, all else as it is."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._framer: Framer | None = None

    async def __call__(self, message: Message) -> None:
        """Send one ASGI message."""
        if message["type"] == "http.response.start":
            message = {**message, "headers": list(self._headers(message["headers"]))}
        elif self._framer is not None:
            ended = not message.get("more_body", False)
            message = {**message, "body": b"".join(self._messages(self._framer, message.get("body", b""), ended=ended))}
        await self._send(message)

    def _headers(self, headers: Headers) -> Iterator[tuple[bytes, bytes]]:
        for name, value in headers:
            if name == b"content-type" and _STREAM in value.lower():
                self._framer = Framer()
                yield name, CONTENT_TYPE.encode()
            else:
                yield name, value

    @staticmethod
    def _messages(framer: Framer, data: bytes, *, ended: bool) -> Iterator[bytes]:
        for frame in framer.feed(data):
            yield from messages_of(frame)
        for frame in framer.close() if ended else ():
            yield from messages_of(frame)
