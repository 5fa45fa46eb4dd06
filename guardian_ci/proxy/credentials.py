"""Whose key goes where: the provider's key never reaches the agent, the per-run token never the provider."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_plus

from guardian_ci.errors import BadRequest
from guardian_ci.model import RUN_TOKEN_PREFIX
from guardian_ci.policy.upstreams import Upstream

Headers = list[tuple[bytes, bytes]]

_CARRIERS: Final = frozenset({b"x-api-key", b"authorization", b"x-goog-api-key", b"api-key"})
_KEY_HEADERS: Final = {"anthropic": b"x-api-key", "gemini": b"x-goog-api-key", "azure": b"api-key"}
"""Where each kind of upstream looks for its key, if not for a bearer."""
_BEARER: Final = "bearer "


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The upstreams' keys, as ``Upstream.key`` names them, and the per-run token."""

    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    token: str | None = field(default=None, repr=False)

    def is_token(self, key: str | None) -> bool:
        """Whether the key is this run's token. Takes the same time for every wrong key."""
        if key is None or self.token is None:
            return False
        return hmac.compare_digest(key.encode(), self.token.encode())

    def outgoing(self, headers: Headers, upstream: Upstream) -> Headers:
        """The agent's headers with the key that the upstream shall see.

        Raises ``BadRequest`` for a token of another run, or for none where one is due. Without a token every agent
        on this machine gets the upstream's key; with one, an agent that brings a key of its own keeps it, where the
        call goes to the provider whose protocol it speaks: no other upstream is one that the agent meant.
        """
        given = presented(headers)
        if given is not None and given.startswith(RUN_TOKEN_PREFIX) and self.token and not self.is_token(given):
            raise BadRequest(
                "the API key is a guardian-ci token of another run; start the agent with the environment of this run"
            )
        own = None if upstream.key is None else self.keys.get(upstream.key)
        held = own is not None or upstream.chain
        if given is None and held and self.token is not None:
            raise BadRequest("the request has no API key; start the agent with the environment that guardian-ci sets")
        stands_in = self.is_token(given) or (given or "").startswith(RUN_TOKEN_PREFIX)
        if not stands_in and (not held or self.token is not None) and given is not None:
            if upstream.built_in and not upstream.chain:
                # An agent may send its own key in one header and our token in another.
                return [each for each in headers if not _is_any_token(*each)]
            if held:
                raise BadRequest(
                    f"the upstream {upstream.name} takes the proxy's credentials only, and an agent's own API key does"
                    " not open them; start the agent with the environment that guardian-ci sets"
                )
        kept = [(name, value) for name, value in headers if name not in _CARRIERS]
        return kept if own is None else [*kept, _header(upstream, own)]


def presented(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The key that an agent sends, in whichever header; None without one."""
    for name, value in headers:
        if name in _CARRIERS:
            text = value.decode("latin-1")
            if name == b"authorization":
                text = text[len(_BEARER) :] if text.lower().startswith(_BEARER) else text
            if text.strip():
                return text.strip()
    return None


def _is_any_token(name: bytes, value: bytes) -> bool:
    return name in _CARRIERS and (presented([(name, value)]) or "").startswith(RUN_TOKEN_PREFIX)


def key_in_header(headers: Headers, query: str) -> tuple[Headers, str]:
    """Take the key that Google's clients may put into the query out of it, into the header that means the same."""
    if "=" not in query:
        return headers, query
    kept: list[str] = []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if unquote_plus(name) != "key":
            kept.append(part)
        elif presented(headers) is None:
            headers = [*headers, (b"x-goog-api-key", unquote_plus(value).encode("latin-1", "replace"))]
    return headers, "&".join(kept)


def session_of(key: str | None) -> str:
    """The session's name for a key: a digest, so that no log holds the key."""
    return "anonymous" if key is None else "key-" + hashlib.sha256(key.encode()).hexdigest()[:12]


def _header(upstream: Upstream, key: str) -> tuple[bytes, bytes]:
    name = _KEY_HEADERS.get(upstream.kind)
    return (b"authorization", b"Bearer " + key.encode()) if name is None else (name, key.encode())
