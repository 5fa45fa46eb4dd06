"""Which dialect an upstream has."""

from guardian_ci.policy import Policy
from guardian_ci.policy.upstreams import Upstream
from guardian_ci.proxy.upstreams.azure import Azure
from guardian_ci.proxy.upstreams.bedrock import Bedrock
from guardian_ci.proxy.upstreams.interface import Dialect
from guardian_ci.proxy.upstreams.plain import Plain
from guardian_ci.proxy.upstreams.vertex import Vertex


class Dialects:
    """The dialects of one run."""

    def __init__(self) -> None:
        self._plain = Plain()
        self._others: dict[str, Dialect] = {"azure": Azure(), "bedrock": Bedrock(), "vertex": Vertex()}

    async def open(self, policy: Policy) -> None:
        """Get ready for every upstream that a policy names. Raises ``StartError``."""
        for settings in (*policy.settings, policy.fallback):
            for upstream in settings.upstreams.values():
                await self.of(upstream).open(upstream)

    def of(self, upstream: Upstream) -> Dialect:
        """The dialect of an upstream."""
        return self._others.get(upstream.kind, self._plain)
