"""What a proxy is told when it starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from guardian_ci.policy import Policy
from guardian_ci.policy.scan.secrets import Rules
from guardian_ci.proxy.direct_hosts import Resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyConfig:
    """What the command line, the policy's files and the environment say.

    ``keys`` are those of the upstreams, as ``Upstream.key`` names them; ``token`` is what agents hold instead (None:
    any key will do). ``secrets`` are further values that are secret; ``secret_rules`` what the policy's own files of
    rules find. ``folder`` is where the agent works: its links are followed; None where its files are not at hand.
    ``resolve`` tells the addresses of hosts, for the watch on connections past the proxy; without it there is none.
    """

    policy: Policy
    log: Path
    host: str = "127.0.0.1"
    port: int = 8080
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    token: str | None = field(default=None, repr=False)
    user: str | None = None
    pull_request: str | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    secret_rules: Rules | None = field(default=None, repr=False)
    folder: Path | None = None
    resolve: Resolve | None = None
