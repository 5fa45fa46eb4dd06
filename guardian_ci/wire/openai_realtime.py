"""OpenAI Realtime: what a connection may be billed for, bounded by all that was said on it.

A response is billed for the whole conversation before it, and may begin by itself once somebody has spoken. So the
conversation is counted as it grows, and only what can be bounded is let in: no tools (they would have to be judged
while the model speaks), no transcription and no stored prompt (neither can be priced beforehand).
"""

import json
from collections.abc import Mapping
from dataclasses import fields as members_of
from dataclasses import replace
from typing import Final

from guardian_ci.errors import BadRequest, UpstreamError
from guardian_ci.model import Call, InputSize, Operation, Usage, WireProtocol
from guardian_ci.wire import fields
from guardian_ci.wire.fields import Object
from guardian_ci.wire.json_text import as_list, as_object, as_text
from guardian_ci.wire.request import document_of
from guardian_ci.wire.usage import read_usage

MAX_OUTPUT: Final = 4096
"""Tokens that one response may have; the first message of a connection sees to it."""

OPENING: Final = json.dumps(
    {"type": "session.update", "session": {"type": "realtime", "max_output_tokens": MAX_OUTPUT}}
)
"""The first message of a connection."""

_FIRST_CONTEXT: Final = 2000
"""More tokens than the instructions have that a session begins with."""

_CHARACTERS_A_TOKEN: Final = 1000
"""Fewer base64 characters than a token of audio has: ten tokens a second, 8,000 bytes a second at least."""

_RESPONSES_NAMES: Final[Mapping[str, str]] = {
    "input_token_details": "input_tokens_details",
    "output_token_details": "output_tokens_details",
}
"""What Realtime's usage calls otherwise than that of the responses API."""

_AUDIO: Final = "input_audio_buffer.append"
_KNOWN: Final = frozenset(
    {
        _AUDIO,
        "session.update",
        "input_audio_buffer.commit",
        "input_audio_buffer.clear",
        "output_audio_buffer.clear",
        "conversation.item.create",
        "conversation.item.delete",
        "conversation.item.truncate",
        "conversation.item.retrieve",
        "response.create",
        "response.cancel",
    }
)


def connection_call(model: str, ceiling: int) -> Call:
    """Describe a connection as the call that it is: bounded by a ceiling, in picodollars, and by nothing else."""
    return Call(
        protocol=WireProtocol.OPENAI_RESPONSES,
        operation=Operation.GENERATE,
        model=model,
        stream=True,
        fingerprint="",
        # A second and a picture stand for any number of them: their rates are among those that may hold.
        size=InputSize(text_bytes=0, audio_seconds=1, images=1),
        max_output_tokens=MAX_OUTPUT,
        ceiling=ceiling,
    )


class Realtime:
    """One connection. ``context`` bounds the tokens of the conversation, ``in_flight`` counts open responses.

    ``usage`` is the sum of all responses that have ended; ``lost`` that one of them has not told its own.
    """

    def __init__(self, model: str) -> None:
        self.usage = Usage(model=model)
        self.context = _FIRST_CONTEXT
        self.in_flight = 0
        self.lost = False
        self.bounded = False

    def heard(self, text: str) -> None:
        """Count a message of the client. Raises ``BadRequest`` for one that may not pass."""
        event = _event(text)
        kind = fields.text(event, "type") or ""
        if kind not in _KNOWN:
            raise BadRequest(f"type: {kind[:100]!r} is no event that guardian-ci can meter in Realtime")
        session, response = fields.record(event, "session"), fields.record(event, "response")
        for place, asked in (("session", session), ("response", response)):
            _check(place, asked)
        if kind == "response.create" and self.in_flight:
            raise BadRequest("a response is open on this connection; wait for its response.done")
        audio = len(as_text(event.get("audio"))) if kind == _AUDIO else 0
        self.context += audio // _CHARACTERS_A_TOKEN + len(text.encode()) - audio

    def told(self, text: str) -> bool:
        """Count a message of the server; whether a response ends with it. Raises ``UpstreamError`` for a tool."""
        try:
            event = as_object(json.loads(text))
        except (ValueError, RecursionError):
            raise UpstreamError("the upstream sent a message that is not JSON") from None
        kind, response, session = as_text(event.get("type")), as_object(event.get("response")), event.get("session")
        items = [event.get("item"), *as_list(response.get("output"))]
        if kind.startswith("response.function_call") or any(_is_call(as_object(item)) for item in items):
            raise UpstreamError("the model called a tool, and in Realtime none is judged")
        if isinstance(session, dict):
            self._session(session)
        if kind == "response.created":
            self.in_flight += 1
        if kind != "response.done":
            return False
        self.in_flight = max(0, self.in_flight - 1)
        self._done(response)
        return True

    def _session(self, session: Object) -> None:
        try:
            _check("session", {name: value for name, value in session.items() if name != "max_output_tokens"})
        except BadRequest as error:
            raise UpstreamError(f"the upstream's session has what guardian-ci cannot bound: {error}") from error
        most = session.get("max_output_tokens")
        self.bounded = isinstance(most, int) and most <= MAX_OUTPUT

    def _done(self, response: Object) -> None:
        raw = as_object(response.get("usage"))
        told = {_RESPONSES_NAMES.get(name, name): value for name, value in raw.items()}
        usage = read_usage(WireProtocol.OPENAI_RESPONSES, told, model=self.usage.model)
        if usage is None:
            self.lost = True
            return
        self.usage = _added(self.usage, usage)
        self.context += usage.total_output


def _event(text: str) -> Object:
    try:
        return as_object(document_of(text.encode()).value)
    except RecursionError:
        raise BadRequest("the message is nested too deeply") from None


def _check(place: str, asked: Object) -> None:
    """Refuse what cannot be bounded."""
    if as_list(asked.get("tools")):
        raise BadRequest(f"{place}.tools: no tool is judged in Realtime, so none may be offered; leave tools out")
    if asked.get("prompt") is not None:
        raise BadRequest(f"{place}.prompt: the size of a prompt that OpenAI keeps is unknown; send its text")
    if "model" in asked and place == "response":
        raise BadRequest("response.model: a connection has one model, which its address names")
    if asked.get("type") not in {None, "realtime"}:
        raise BadRequest(f"{place}.type: guardian-ci meters sessions of the type realtime only")
    heard = as_object(as_object(asked.get("audio")).get("input"))
    if asked.get("input_audio_transcription") is not None or heard.get("transcription") is not None:
        raise BadRequest(f"{place}.audio.input.transcription: has no price that is known beforehand; leave it out")
    for name in ("max_output_tokens", "max_response_output_tokens"):
        if (most := asked.get(name)) is not None and not (isinstance(most, int) and most <= MAX_OUTPUT):
            raise BadRequest(f"{place}.{name}: must be at most {MAX_OUTPUT}")


def _is_call(item: Mapping[str, object]) -> bool:
    kind = as_text(item.get("type"))
    return kind.endswith("_call") or kind.startswith("mcp_")


def _added(one: Usage, other: Usage) -> Usage:
    """Add the counts of two usages."""
    counts = {
        member.name: getattr(one, member.name) + getattr(other, member.name)
        for member in members_of(Usage)
        if isinstance(getattr(one, member.name), int)
    }
    return replace(one, **counts)
