"""Anthropic's models on Google Cloud's Vertex AI: the model in the path, and a bearer from Google's own chain.

google-auth brings that chain of credentials; it is imported only where a policy has such an upstream.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Final
from urllib.parse import quote

import httpx

from guardian_ci.errors import BadRequest, StartError
from guardian_ci.model import Operation
from guardian_ci.policy.upstreams import Upstream
from guardian_ci.proxy.upstream import UnreachedError
from guardian_ci.proxy.upstreams.interface import Asked, Dialect, Outgoing
from guardian_ci.wire.anthropic_clouds import VERTEX_VERSION, changed

_SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)
_DATED: Final = re.compile(r"-(20\d{6})$")
_PASSED_ON: Final = frozenset({b"accept", b"accept-encoding", b"user-agent", b"anthropic-beta", b"authorization"})
_PATIENCE: Final = 30
"""Seconds that Google has to hand out a token."""


class Vertex(Dialect):
    """The rawPredict API. One instance serves all of a run's entries of this kind."""

    rewrites = True

    def __init__(self, credentials: Callable[[], Any] | None = None) -> None:
        """``credentials`` finds Google's; a test's own are others."""
        self._find = credentials or _default
        self._credentials: Any = None
        self._refreshing = asyncio.Lock()

    async def open(self, upstream: Upstream) -> None:
        """Find credentials. Raises ``StartError`` where there are none, or the extra is not installed."""
        if not upstream.chain or self._credentials is not None:
            return
        missing = _module("google.auth.exceptions").DefaultCredentialsError
        try:
            self._credentials = await asyncio.to_thread(self._find)
        except missing as error:
            raise StartError(
                f"no Google Cloud credentials can be found for the upstream {upstream.name}; let"
                " GOOGLE_APPLICATION_CREDENTIALS name their file for this command, or name the variable of an access"
                f" token as key_variable ({error})"
            ) from error

    def outgoing(self, asked: Asked) -> Outgoing:
        """Name the model in the path, and the API's version in the body."""
        upstream, counts = asked.upstream, asked.operation is Operation.COUNT_TOKENS
        if asked.operation is Operation.MODELS:
            raise BadRequest(f"Vertex has no {asked.path} for Anthropic's models")
        model = _DATED.sub(r"@\1", asked.model)
        named = "count-tokens" if counts else quote(model, safe="@")
        method = "streamRawPredict" if asked.stream and not counts else "rawPredict"
        base = upstream.url.removesuffix("/v1")
        place = f"projects/{upstream.project}/locations/{upstream.location}/publishers/anthropic"
        added: dict[str, object] = {"anthropic_version": VERTEX_VERSION}
        if counts:
            added["model"] = model
        headers = [each for each in asked.headers if each[0] in _PASSED_ON]
        return Outgoing(
            url=f"{base}/v1/{place}/models/{named}:{method}",
            headers=[(b"content-type", b"application/json"), *headers],
            body=changed(asked.body, without=("model",), added=added),
        )

    async def signed(self, outgoing: Outgoing, upstream: Upstream) -> Outgoing:
        """Add a token that is valid now. Raises ``UnreachedError``."""
        if not upstream.chain:
            return outgoing
        async with self._refreshing:
            if not self._credentials.valid:
                try:
                    await asyncio.to_thread(self._credentials.refresh, _ask)
                except Exception as error:
                    message = f"Google Cloud gives no token for the upstream {upstream.name}: {error}"
                    raise UnreachedError(message) from error
        bearer = (b"authorization", f"Bearer {self._credentials.token}".encode())
        return replace(outgoing, headers=[*outgoing.headers, bearer])


@dataclass(frozen=True, slots=True)
class _Told:
    """An answer, as google-auth reads it."""

    status: int
    headers: Mapping[str, str]
    data: bytes


def _ask(
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float | None = None,
    **_: object,
) -> _Told:
    """Ask for a token through the client that this package has anyway. Raises google-auth's ``TransportError``."""
    try:
        got = httpx.request(method, url, content=body, headers=headers, timeout=timeout or _PATIENCE)
    except httpx.HTTPError as error:
        raise _module("google.auth.exceptions").TransportError(error) from error
    return _Told(got.status_code, dict(got.headers), got.content)


def _default() -> Any:
    return _module("google.auth").default(scopes=_SCOPES)[0]


def _module(name: str) -> Any:
    """Import a part of google-auth. Raises ``StartError`` where it is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        raise StartError(
            "the policy has an upstream on Vertex, which needs google-auth: pip install 'guardian-ci[vertex]'"
        ) from error
