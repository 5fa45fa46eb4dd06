"""Anthropic's models on Amazon Bedrock: signed as AWS wants it, answered in AWS's event streams.

botocore brings AWS's own chain of credentials and its signature; it is imported only where a policy has such an
upstream.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from typing import Any, Final
from urllib.parse import quote

from guardian_ci.errors import BadRequest, StartError
from guardian_ci.model import Operation
from guardian_ci.policy.upstreams import Upstream
from guardian_ci.proxy.upstream import Answer, Headers, UnreachedError
from guardian_ci.proxy.upstreams.interface import Asked, Dialect, Outgoing
from guardian_ci.wire.anthropic_clouds import BEDROCK_VERSION, changed
from guardian_ci.wire.bedrock import Frames
from guardian_ci.wire.eventstream import CONTENT_TYPE

_SERVICE: Final = "bedrock"
_ID_MARK: Final = "anthropic."
_BETAS: Final = b"anthropic-beta"
_TAKEN_BETAS: Final = (
    *("interleaved-thinking-", "context-1m-", "context-management-", "tool-search-tool-", "tool-examples-"),
    *("fine-grained-tool-streaming-", "token-efficient-tools-", "computer-use-", "output-128k-"),
    *("dev-full-thinking-", "effort-", "compact-"),
)
"""How the betas begin that Bedrock documents; it refuses a request that names another one."""


class Bedrock(Dialect):
    """The InvokeModel API. One instance serves all of a run's entries of this kind."""

    rewrites = True

    def __init__(self, session: Callable[[], Any] | None = None) -> None:
        """``session`` makes botocore's session; a test's own has credentials of its own."""
        self._make_session = session or _session

    @cached_property
    def _credentials(self) -> Any:
        return self._make_session().get_credentials()

    async def open(self, upstream: Upstream) -> None:
        """Find credentials. Raises ``StartError`` where there are none, or the extra is not installed."""
        _module("botocore.session")
        if upstream.chain and await asyncio.to_thread(lambda: self._credentials) is None:
            raise StartError(
                f"no AWS credentials can be found for the upstream {upstream.name}; set AWS_ACCESS_KEY_ID and"
                " AWS_SECRET_ACCESS_KEY (or a profile, a role, a web identity) for this command, or name the"
                " variable of a Bedrock API key as key_variable"
            )

    def outgoing(self, asked: Asked) -> Outgoing:
        """Name the model in the path, and the API's version in the body."""
        if asked.operation is not Operation.GENERATE:
            raise BadRequest(f"Bedrock has no {asked.path}: it only generates; agents estimate tokens without it")
        if _ID_MARK not in asked.model and not asked.model.startswith("arn:"):
            name = asked.upstream.name
            raise BadRequest(
                f"the upstream {name} is on Bedrock, which has no model {asked.model[:100]!r}; say its id there in the"
                f" policy: upstreams.{name}.model_ids"
            )
        betas = [beta for beta in _betas(asked.headers) if beta.startswith(_TAKEN_BETAS)]
        added: dict[str, object] = {"anthropic_version": BEDROCK_VERSION}
        added |= {"anthropic_beta": betas} if betas else {}
        action = "invoke-with-response-stream" if asked.stream else "invoke"
        headers: Headers = [
            (b"content-type", b"application/json"),
            (b"accept", (CONTENT_TYPE if asked.stream else "application/json").encode()),
            *((name, value) for name, value in asked.headers if name in {b"user-agent", b"authorization"}),
        ]
        return Outgoing(
            url=f"{asked.upstream.url}/model/{quote(asked.model, safe='')}/{action}",
            headers=headers,
            body=changed(asked.body, without=("model", "stream"), added=added),
        )

    async def signed(self, outgoing: Outgoing, upstream: Upstream) -> Outgoing:
        """Sign the request with the credentials of the moment. Raises ``UnreachedError``."""
        if not upstream.chain:
            return outgoing
        try:
            # Credentials that have expired are fetched anew, over the network.
            frozen = await asyncio.to_thread(self._credentials.get_frozen_credentials)
        except Exception as error:
            raise UnreachedError(f"AWS gives no credentials for the upstream {upstream.name}: {error}") from error
        signature = _signature(outgoing, upstream.region, frozen)
        return replace(outgoing, headers=[*outgoing.headers, *signature])

    def answer(self, answer: Answer) -> Answer:
        """Turn an event stream into server-sent events."""
        if answer.header(b"content-type").partition(";")[0].strip().lower() != CONTENT_TYPE:
            return answer
        headers = [each for each in answer.headers if each[0] not in {b"content-type", b"content-length"}]
        return _Streamed(answer.status, [*headers, (b"content-type", b"text/event-stream; charset=utf-8")], answer)


@dataclass(frozen=True, slots=True)
class _Streamed(Answer):
    """An event stream, as server-sent events."""

    _framed: Answer

    async def chunks(self) -> AsyncIterator[bytes]:
        """The frames as they are complete. Raises ``UpstreamError`` where a message is damaged."""
        frames = Frames()
        async for chunk in self._framed.chunks():
            if ready := b"".join(frames.feed(chunk)):
                yield ready

    async def close(self) -> None:
        """Let go of the stream."""
        await self._framed.close()


def _betas(headers: Headers) -> list[str]:
    named = ",".join(value.decode("latin-1") for name, value in headers if name == _BETAS)
    return [beta for each in named.split(",") if (beta := each.strip())]


def _signature(outgoing: Outgoing, region: str, credentials: Any) -> Headers:
    """The headers that a signature of the whole request adds. Host is signed as the client will send it."""
    told: Mapping[str, str] = {name.decode(): value.decode("latin-1") for name, value in outgoing.headers}
    request = _module("botocore.awsrequest").AWSRequest(
        method="POST", url=outgoing.url, data=outgoing.body, headers=dict(told)
    )
    _module("botocore.auth").SigV4Auth(credentials, _SERVICE, region).add_auth(request)
    added = ((name, value) for name, value in request.headers.items() if name not in told)
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in added]


def _session() -> Any:
    return _module("botocore.session").Session()


def _module(name: str) -> Any:
    """Import a part of botocore. Raises ``StartError`` where it is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        raise StartError(
            "the policy has an upstream on Bedrock, which needs botocore: pip install 'guardian-ci[bedrock]'"
        ) from error
