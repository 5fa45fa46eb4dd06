"""Azure OpenAI: the v1 API, or the older paths that name a deployment and an ``api-version``."""

from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from guardian_ci.proxy.upstreams.interface import Asked, Dialect, Outgoing

_CHAT: Final = "/chat/completions"
_VERSION: Final = "api-version"


class Azure(Dialect):
    """A resource of Azure OpenAI. With ``api_version`` in its entry the older paths are used."""

    def outgoing(self, asked: Asked) -> Outgoing:
        """Name the deployment where Azure looks for it."""
        upstream = asked.upstream
        base = upstream.url.removesuffix("/v1").removesuffix("/openai")
        path = asked.path.removeprefix("/v1")
        # A version that an agent of Azure's names is that of the path it used, which may be the other one.
        query = [pair for pair in parse_qsl(asked.query, keep_blank_values=True) if pair[0] != _VERSION]
        if upstream.api_version is None:
            prefix = "/openai/v1"
        else:
            query.append((_VERSION, upstream.api_version))
            prefix = f"/openai/deployments/{quote(asked.model, safe='')}" if path == _CHAT else "/openai"
        url = f"{base}{prefix}{path}{'?' + urlencode(query) if query else ''}"
        return Outgoing(url=url, headers=asked.headers, body=asked.body)
