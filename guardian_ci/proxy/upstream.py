"""The client: sends a call on as it is, and turns what can go wrong on the way into ``UpstreamError``."""

import ssl
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any, Final, Self

import httpx

from guardian_ci.errors import UpstreamError
from guardian_ci.policy.settings import Timeouts
from guardian_ci.proxy.direct_lookout import OwnConnections

Headers = list[tuple[bytes, bytes]]

HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)


class UnreachedError(UpstreamError):
    """No request has left: nothing can be billed. ``status`` is what the agent gets."""

    status = 502


class BrokenError(UpstreamError):
    """The upstream reset, fell silent or made no sense after the request was sent: it may bill."""

    def __init__(self, message: str, status: int = 502) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer(ABC):
    """An upstream's answer, its body not read yet."""

    status: int
    headers: Headers

    @property
    def refuses(self) -> bool:
        """Whether the upstream refuses: nothing is billed."""
        return self.status >= HTTPStatus.BAD_REQUEST

    @property
    def redirects(self) -> bool:
        """Whether the upstream wants the call elsewhere."""
        return HTTPStatus.MULTIPLE_CHOICES <= self.status < HTTPStatus.BAD_REQUEST

    def header(self, name: bytes) -> str:
        """The first value of a header, ``""`` without it."""
        return next((value.decode("latin-1") for key, value in self.headers if key == name), "")

    @abstractmethod
    def chunks(self) -> AsyncIterator[bytes]:
        """The body's bytes as they come, compressed as they are. Raises ``BrokenError``."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of an answer that may not have been read to its end."""


@dataclass(frozen=True, slots=True)
class HttpAnswer(Answer):
    """An answer over HTTP."""

    _response: httpx.Response
    _silence: float

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body's bytes as they come, compressed as they are. Raises ``BrokenError``."""
        try:
            async for chunk in self._response.aiter_raw():
                yield chunk
        except httpx.ReadTimeout as error:
            raise BrokenError(f"the upstream sent nothing for {self._silence:g} s", 504) from error
        except httpx.HTTPError as error:
            raise BrokenError(f"the upstream broke off its answer ({error or type(error).__name__})") from error

    async def close(self) -> None:
        """End the connection if the body has not been read to its end."""
        await self._response.aclose()


class UpstreamClient:
    """A pool of connections to all upstreams."""

    def __init__(self, own: OwnConnections) -> None:
        """``own`` is told each connection that is made; who makes others tells it too."""
        self.own = own
        # No limit of our own: as many calls are open as the agents make, and a queue here would only hide it.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=30)
        self._client = httpx.AsyncClient(
            verify=trust(),
            limits=limits,
            follow_redirects=False,
            timeout=None,  # noqa: S113 - each request brings its own
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            self.own.add(info["return_value"].get_extra_info("client_addr"))

    async def send(self, method: str, url: str, headers: Headers, body: bytes, timeouts: Timeouts) -> Answer:
        """Send a request with exactly these headers. Raises ``UnreachedError`` or ``BrokenError``."""
        patience = {
            "connect": timeouts.connect_seconds,
            "read": timeouts.silence_seconds,
            "write": timeouts.silence_seconds,
            "pool": timeouts.connect_seconds,
        }
        try:
            request = httpx.Request(
                method,
                url,
                headers=headers,
                content=body or None,
                extensions={"timeout": patience, "trace": self._trace},
            )
            response = await self._client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            why = str(error) or type(error).__name__
            raise UnreachedError(f"the upstream {origin_of(url)} cannot be reached ({why})") from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise UnreachedError(f"the upstream {origin_of(url)} is no address to send to ({error})") from error
        except httpx.ReadTimeout as error:
            silence = timeouts.silence_seconds
            raise BrokenError(f"the upstream {origin_of(url)} did not answer within {silence:g} s", 504) from error
        except httpx.HTTPError as error:
            raise BrokenError(f"the upstream {origin_of(url)} broke off ({error or type(error).__name__})") from error
        answer_headers = [(name.lower(), value) for name, value in response.headers.raw]
        return HttpAnswer(response.status_code, answer_headers, response, timeouts.silence_seconds)


@cache
def trust() -> ssl.SSLContext:
    """Whose certificates are believed. Read once: it takes longer than the rest of a start."""
    return httpx.create_ssl_context()


def origin_of(url: str) -> str:
    """Scheme, host and port: a URL's path and query may hold what no message should."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return "named by the policy"
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii', 'replace').rpartition('@')[2]}"
