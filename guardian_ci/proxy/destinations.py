"""Where an agent may go through the forward proxy: to a provider by way of the relay, past us, or nowhere.

A host whose calls can be metered leads to the relay's own endpoints, so that policy, money and log stay there. Every
other host is tunnelled unread, or refused: by the list of hosts where the policy has one, and always where it serves
models that nobody could meter, or hands out this machine's own keys.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from guardian_ci.errors import BadRequest
from guardian_ci.model import Finding, Verdict
from guardian_ci.policy import Policy, Settings
from guardian_ci.policy.hosts import Host, canonical_name, hosts
from guardian_ci.policy.rules import judged
from guardian_ci.policy.rules.network_allowlist import host_not_allowed
from guardian_ci.policy.upstreams import OWN, own_of
from guardian_ci.pricing.hosts import host_facts
from guardian_ci.proxy.credentials import session_of
from guardian_ci.proxy.gatekeeper import Gatekeeper

NO_SESSION: Final = "guardian"
"""The user name of a proxy's URL that names no session; some clients leave out a password without a user."""

_SESSION: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
_BEHIND_A_LOGIN: Final = re.compile(
    r"chatgpt\.com|(?:daily-)?cloudcode-pa\.googleapis\.com|(?:.+\.)?cursor\.sh|(?:.+\.)?githubcopilot\.com"
)
"""Hosts that serve models to who is logged in, in protocols of their own, and much else beside them."""
_HTTPS: Final = 443
_VERSION: Final = re.compile(r"/v1(?:beta)?$")
_MOST_HOSTS: Final = 1000
"""How many hosts are told in the log; an agent that asks for more gets the same answers."""


@dataclass(frozen=True, slots=True)
class Relayed:
    """The requests of ``host`` go to the relay: their paths lose ``base`` at the front and get ``prefix`` there."""

    host: str
    prefix: str
    base: str = ""

    def path(self, path: str) -> str:
        """The path at the relay."""
        inside = self.base and path.startswith(f"{self.base}/")
        return self.prefix + (path[len(self.base) :] if inside else path)


@dataclass(frozen=True, slots=True)
class Tunnelled:
    """The host's bytes pass unread."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The host is not reached."""

    finding: Finding


Destination = Relayed | Tunnelled | Refused


class Destinations:
    """Decides on each host, and has it written down once."""

    def __init__(self, policy: Policy, keeper: Gatekeeper) -> None:
        self._policy = policy
        self._keeper = keeper
        self._noted: set[tuple[str, str]] = set()

    def of(self, authority: tuple[str, int], session: str | None) -> Destination:
        """Decide on a host and port that an agent of a session (None: the agent named none) asks for.

        A refusal, and the first tunnel to a host, are on disk when it returns. Raises ``StoreError``, ``BadRequest``.
        """
        if session is not None and not _SESSION.fullmatch(session):
            raise BadRequest("the user name of a proxy's URL names the session; use letters, digits, . _ -")
        host = Host(name=canonical_name(authority[0]), port=authority[1])
        settings = self._policy.for_session(session or session_of(None))
        destination = _destination(settings, host, session)
        if isinstance(destination, Relayed) or self._refuses(destination, settings, host, session):
            return destination
        if self._new("host_tunnelled", host):
            self._keeper.tunnelled(str(host))
        return Tunnelled()

    def reached(self, authority: tuple[str, int], address: str, session: str | None) -> bool:
        """Whether a tunnel may stay open, now that the address is known to which its host's name led."""
        asked, found = Host(name=canonical_name(authority[0])), Host(name=canonical_name(address), port=authority[1])
        settings = self._policy.for_session(session or session_of(None))
        if asked.metadata or not found.metadata or hosts(settings.network_allowlist or ()).cover(found):
            return True  # it was decided by its name, or is none
        refused = Refused(_metadata(settings, f"{asked} ({found})", found))
        return not self._refuses(refused, settings, found, session)

    def distrusted(self, host: str) -> None:
        """Note that a client broke off because it does not trust the run's certificate."""
        message = (
            f"a client does not trust the certificate that this run made for {host}, so its calls did not leave; "
            "point it to the file that NODE_EXTRA_CA_CERTS names"
        )
        if self._new("certificate_distrusted", Host(name=host)):
            self._keeper.notice("warning", "certificate_distrusted", message)

    def _refuses(self, destination: Destination, settings: Settings, host: Host, session: str | None) -> bool:
        """Whether a host is refused by the policy's verdict, which is recorded."""
        found = judged(settings, destination.finding) if isinstance(destination, Refused) else None
        if found is not None and self._new(found.reason, host):
            self._keeper.observed(found, session)
        return found is not None and found.verdict is Verdict.BLOCK

    def _new(self, code: str, host: Host) -> bool:
        key = (code, str(host))
        if key in self._noted or len(self._noted) > _MOST_HOSTS:
            return False
        self._noted.add(key)
        if len(self._noted) <= _MOST_HOSTS:
            return True
        message = f"the agent asked the forward proxy for more than {_MOST_HOSTS:,} hosts; further ones are not told"
        self._keeper.notice("warning", "hosts_left_out", message)
        return False


def relayed_hosts(policy: Policy) -> frozenset[str]:
    """Return the hosts that lead to the relay in any session: the only ones whose TLS is ended here."""
    every = (*policy.settings, policy.fallback)
    return frozenset(host for settings in every for host, _, _ in _relayed(settings))


def _destination(settings: Settings, host: Host, session: str | None) -> Destination:
    start = "" if session is None else f"/s/{session}"
    for name, base, prefix in _relayed(settings):
        if name == host.name:
            return Relayed(name, start + prefix, base)
    if _BEHIND_A_LOGIN.fullmatch(host.name):
        # Codex looks in at chatgpt.com on its way to the API: refused, but that alone fails no build.
        return Refused(replace(_unmetered(host), throttle=True))
    if host_facts(host.name).provider is not None:
        return Refused(_unmetered(host))
    allowed = settings.network_allowlist
    if allowed is not None and not (host.local or hosts(allowed).cover(host)):
        return Refused(host_not_allowed(settings, "the agent", host.name if host.port == _HTTPS else str(host)))
    if allowed is None and host.metadata:
        return Refused(_metadata(settings, str(host), host))
    return Tunnelled()


def _relayed(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield host, base path and the relay's prefix of what can be metered; the policy's own upstreams first.

    At those the path alone tells the wire protocol. A gateway on this machine is none of them: who speaks to it asks
    no proxy.
    """
    own = ((name, own_of({}, protocol)) for protocol, name in OWN.items())
    for prefix, upstream in (*(("", each) for each in settings.upstreams.values()), *own):
        parts = urlsplit(upstream.url)
        host = Host(name=canonical_name(parts.hostname or ""))
        if not host.local:
            yield host.name, _VERSION.sub("", parts.path.rstrip("/")), prefix and f"/{prefix}"


def _unmetered(host: Host) -> Finding:
    return Finding(
        rule="unmetered_endpoint",
        verdict=Verdict.BLOCK,
        reason="unmetered_endpoint",
        message=f"{host} serves models that guardian-ci cannot meter there, so it is not reached; use a provider's API"
        " with a key, or name it in the policy's upstreams",
        subject=str(host),
    )


def _metadata(settings: Settings, name: str, host: Host) -> Finding:
    return replace(
        host_not_allowed(settings, "the agent", name),
        message=f"{name} is a metadata service, which hands out this machine's own keys, so it is not reached;"
        f" where it shall be, name {host.name} in network_allowlist.",
    )
