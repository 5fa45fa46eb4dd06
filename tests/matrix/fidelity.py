"""Whether bytes pass as they are: what an agent sent and got, beside what the provider got and sent."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from desk import Desk, Served
from tee import Exchange, recorded

# The token becomes the key, and the connection is the proxy's own: its host, its framing, its compression.
_FRAMING = {"connection", "content-length", "keep-alive", "transfer-encoding"}
_HANDSHAKE = {f"sec-websocket-{name}" for name in ("accept", "extensions", "key", "protocol", "version")} | {"upgrade"}
REPLACED = _FRAMING | _HANDSHAKE | {"accept-encoding", "authorization", "host", "x-api-key", "x-goog-api-key"}
ADDED = _FRAMING | _HANDSHAKE | {"date", "server", "x-guardian-request-id"}
# Passes at once, also while a tool call is held in which the provider has sent it.
_PING = b'event: ping\ndata: {"type": "ping"}\n\n'
_SESSION = re.compile(r"^/s/[^/]+")


def changes(desk: Desk) -> list[str]:
    """Return what differs between the two sides of the proxy, each kind once: nothing, where it is invisible."""
    agent = [exchange for exchange in recorded(desk.folder / "wire") if exchange.request.line]
    provider = list(desk.served)
    found = set()
    for exchange in agent:
        differing = [set(_differences(exchange, one)) for one in provider]
        nearest = min(range(len(provider)), key=lambda number: len(differing[number]))
        found |= differing[nearest]
        del provider[nearest]
    found |= {f"{one.path} is the proxy's own" for one in provider}
    return sorted(found, reverse=True)


def _differences(agent: Exchange, provider: Served) -> Iterator[str]:
    path = _SESSION.sub("", agent.request.line.split()[1].partition("?")[0])
    if path != provider.path:
        yield f"path {path}: {provider.path}"
    if agent.request.body != bytes(provider.body):
        yield from _members(agent.request.body, bytes(provider.body))
    if agent.answer.body.replace(_PING, b"") != bytes(provider.answer).replace(_PING, b""):
        yield "answer"
    yield from _headers("request", agent.request.headers, provider.headers, REPLACED)
    yield from _headers("answer", agent.answer.headers, provider.answer_headers, ADDED)


def _members(sent: bytes, got: bytes) -> Iterator[str]:
    """Yield the members of the documents that were changed, or that their bytes were."""
    before, after = _documents(sent), _documents(got)
    named = {
        name
        for one, other in zip(before, after, strict=False)
        for name in {*one, *other}
        if one.get(name) != other.get(name)
    }
    same_number = len(before) == len(after)
    yield from (f"request {name}" for name in sorted(named)) if named and same_number else ("request bytes",)


def _documents(body: bytes) -> Sequence[Mapping[str, object]]:
    """Return a request's document, or those that were sent one a line."""
    try:
        return [json.loads(body)]
    except ValueError:
        return [json.loads(line) for line in body.splitlines()]


def _headers(side: str, before: Mapping[str, str], after: Mapping[str, str], free: AbstractSet[str]) -> Sequence[str]:
    names = {*before, *after} - free
    return [f"{side} header {name}" for name in sorted(names) if before.get(name) != after.get(name)]
