"""Upstreams with the providers' own paths: a call goes out as it came in."""

from guardian_ci.policy.upstreams import KINDS
from guardian_ci.proxy.upstreams.interface import Asked, Dialect, Outgoing


class Plain(Dialect):
    """Whoever has the paths of the API that it speaks."""

    def outgoing(self, asked: Asked) -> Outgoing:
        """Keep all but the address."""
        base = asked.upstream.url
        # An API that is not the upstream's first one may stand below a path of its own (DeepSeek's /anthropic).
        if below := KINDS[asked.upstream.kind].can.get(asked.protocol):
            base = base.removesuffix("/v1") + below
        return Outgoing(url=joined(base, asked.path, asked.query), headers=asked.headers, body=asked.body)


def joined(base: str, path: str, query: str) -> str:
    """Where a call goes. ``base`` may end in ``/v1``, as SDKs write it; the path's own is then not doubled."""
    base = base.rstrip("/")
    version = next((each for each in ("/v1beta", "/v1") if path.startswith(f"{each}/")), "")
    if version and base.endswith(version):
        base = base[: -len(version)]
    return f"{base}{path}{'?' + query if query else ''}"
