"""Which addresses are a provider's: the hosts that are known, resolved again and again.

An address may belong to many hosts (Google's and Cloudflare's do), so what is known of one is: it is an address of
these hosts, never that one of them was meant.
"""

import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from guardian_ci.proxy.direct_table import End

HTTPS: Final = 443
PROVIDERS: Final = (
    "api.anthropic.com",
    "api.openai.com",
    "chatgpt.com",
    "generativelanguage.googleapis.com",
    "cloudcode-pa.googleapis.com",
    "aiplatform.googleapis.com",
    "us-central1-aiplatform.googleapis.com",
    "us-east5-aiplatform.googleapis.com",
    "europe-west1-aiplatform.googleapis.com",
    "bedrock-runtime.us-east-1.amazonaws.com",
    "bedrock-runtime.us-west-2.amazonaws.com",
    "bedrock-runtime.eu-central-1.amazonaws.com",
    "openrouter.ai",
    "api.mistral.ai",
    "api.x.ai",
    "api.deepseek.com",
    "api.groq.com",
    "api.cerebras.ai",
    "api.together.xyz",
    "api.fireworks.ai",
    "api.moonshot.ai",
    "api.z.ai",
    "api.minimax.io",
    "api.perplexity.ai",
    "api.githubcopilot.com",
    "api.individual.githubcopilot.com",
    "api2.cursor.sh",
)
"""Where agents' models are. Hosts that are made of an account's name or a region's can only be known from a policy."""

_AGAIN: Final = 300.0
"""Seconds after which names are resolved anew. What an address was before it may still be, so it is kept."""
_MOST: Final = 4096
"""Addresses that are kept."""

Resolve = Callable[[str], Iterable[str]]
"""The addresses of a host. Raises ``OSError``."""


def resolve(host: str) -> list[str]:
    """Ask the system's resolver, which may take its time."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


def hosts_of(upstreams: Iterable[str]) -> list[End]:
    """The hosts that are watched, with their ports: those of the upstreams' URLs first, then all that are known."""
    found: dict[End, None] = {}
    for url in upstreams:
        parts = urlsplit(url)
        if parts.hostname:
            found[parts.hostname, parts.port or (HTTPS if parts.scheme == "https" else 80)] = None
    return list(found | {(host, HTTPS): None for host in PROVIDERS})


class KnownAddresses:
    """The hosts of each address and port, filled by a thread of its own: a resolver may block for long.

    A thread that ends with the process, because nobody can call a resolver back.
    """

    def __init__(self, hosts: Sequence[End], resolve: Resolve) -> None:
        self.ports = frozenset(port for _, port in hosts)
        self.failure = ""
        """Why a name could not be resolved, the last time that one could not."""
        self.found_providers = False
        """Whether the name of any provider has an address."""
        self._hosts = hosts
        self._resolve = resolve
        self._stop = threading.Event()
        self._known: dict[End, tuple[str, ...]] = {}

    def start(self) -> None:
        """Begin to resolve."""
        threading.Thread(target=self._run, name="guardian-ci-hosts", daemon=True).start()

    def stop(self) -> None:
        """Resolve no further name."""
        self._stop.set()

    def at(self, remote: End) -> tuple[str, ...]:
        """The hosts that have this address and port; empty for an address that is not known."""
        return self._known.get(remote, ())

    def learn(self) -> None:
        """Resolve all names once."""
        for host, port in self._hosts:
            if self._stop.is_set():
                return
            try:
                addresses = {str(ip_address(address)) for address in self._resolve(host)}
            except (OSError, ValueError) as error:  # ValueError: no name at all, or an address with a zone
                self.failure = f"{host}: {error}"
                continue
            self.found_providers = self.found_providers or host in PROVIDERS
            for address in addresses:
                self._add(host, (address, port))

    def _add(self, host: str, remote: End) -> None:
        hosts = self._known.get(remote, ())
        if host not in hosts and (hosts or len(self._known) < _MOST):
            self._known[remote] = (*hosts, host)

    def _run(self) -> None:
        while not self._stop.is_set():
            self.learn()
            self._stop.wait(_AGAIN)
