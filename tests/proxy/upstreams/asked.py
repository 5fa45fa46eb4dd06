"""Calls as a dialect is asked to forward them."""

from typing import Any

from guardian_ci.model import Operation, WireProtocol
from guardian_ci.policy.upstreams import Upstream
from guardian_ci.proxy.upstreams.interface import Asked, Dialect, Outgoing

_PROTOCOLS = {
    "/v1/messages": WireProtocol.ANTHROPIC_MESSAGES,
    "/v1/messages/count_tokens": WireProtocol.ANTHROPIC_MESSAGES,
    "/v1/responses": WireProtocol.OPENAI_RESPONSES,
}


def asked(upstream: Upstream, path: str, **more: Any) -> Asked:
    told: dict[str, Any] = {"query": "", "model": "m", "headers": [], "operation": Operation.GENERATE} | more
    protocol = _PROTOCOLS.get(path, WireProtocol.OPENAI_CHAT)
    return Asked(upstream=upstream, path=path, protocol=protocol, **told)


def sent(dialect: Dialect, call: Asked) -> Outgoing:
    return dialect.outgoing(call)
