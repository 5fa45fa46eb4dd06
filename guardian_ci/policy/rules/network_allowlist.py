"""Only the hosts that the policy names may be talked to, by commands and by web tools."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Final

from guardian_ci.model import Finding, ToolUse, Verdict
from guardian_ci.policy.hosts import Host, Hosts, host_of, hosts, hosts_of_url
from guardian_ci.policy.paths import blocklist
from guardian_ci.policy.problems import quote
from guardian_ci.policy.rules.interface import ToolRule, ToolView
from guardian_ci.policy.rules.touched import touched
from guardian_ci.policy.settings import Settings
from guardian_ci.policy.shell.facts import UNKNOWN, Access, Contact
from guardian_ci.policy.shell.programs.packages import managers_of

_SHOWN: Final = 8
_STEERING_FILES: Final = (
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/wgetrc",
    "/etc/ssh/ssh_config",
    "~/.ssh/config",
    "~/.curlrc",
    "~/.wgetrc",
    "~/.config/curlrc",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reached:
    """Something that is talked to. ``allowed`` is None where that cannot be known from here.

    ``name`` is what the list would have to say: the host, or the registry.
    """

    who: str
    name: str
    word: str
    allowed: bool | None


class NetworkAllowlist(ToolRule):
    """``network_allowlist``: hosts, globs, networks, registries; without the key any host. This machine is allowed."""

    id: ClassVar[str] = "network_allowlist"

    def check(self, settings: Settings, tool: ToolUse, view: ToolView) -> Finding | None:  # noqa: D102
        allowed = settings.network_allowlist
        if allowed is None:
            return None
        foreign = next((each for each in _reached(allowed, tool, view) if each.allowed is False), None)
        if foreign is None:
            return None
        return host_not_allowed(settings, foreign.who, foreign.name)

    def stands_on(self, settings: Settings) -> str:  # noqa: D102
        if settings.network_allowlist is None:
            return "any host is allowed"
        return f"network_allowlist: {', '.join(settings.network_allowlist) or 'none'}, and this machine itself"


def host_not_allowed(settings: Settings, who: str, name: str) -> Finding:
    """Return what is said where somebody wants to talk to a host or registry that the policy does not name."""
    allowed = settings.network_allowlist or ()
    listed = ", ".join(allowed[:_SHOWN]) + (f" and {len(allowed) - _SHOWN} more" if len(allowed) > _SHOWN else "")
    return Finding(
        rule=NetworkAllowlist.id,
        verdict=Verdict.BLOCK,
        reason="host_not_allowed",
        message=f"{_plain(who)} may not talk to {_plain(name)}. Allowed: {listed or 'no host'}."
        f" Go on without it, or add {_plain(name)} to network_allowlist.",
        subject=name,
        place=settings.place("network_allowlist"),
    )


def unresolved_hosts(settings: Settings, tool: ToolUse, view: ToolView) -> Iterator[str]:
    """Yield the words that name a host which nobody can know before, where the policy has a list of hosts.

    A file that says where names lead, or through which proxy, is one as well.
    """
    if settings.network_allowlist is None:
        return
    yield from (each.word for each in _reached(settings.network_allowlist, tool, view) if each.allowed is None)
    steering = blocklist(_STEERING_FILES)
    for touch in touched(tool, view):
        if touch.access is Access.WRITE and touch.sure:
            match = steering.match(touch.path)
            if match is not None and match.certain:
                yield touch.word


@lru_cache(maxsize=8)
def _reached(entries: tuple[str, ...], tool: ToolUse, view: ToolView) -> tuple[_Reached, ...]:
    """Return all that a call talks to; two rules ask this of each call."""
    allowed = hosts(entries)
    urls = (_of_host(allowed, host, tool.name, url) for url in tool.urls for host in hosts_of_url(url))
    return (*urls, *(_of_contact(allowed, contact) for contact in view.analysis.contacts))


def _of_host(allowed: Hosts, host: Host, who: str, word: str) -> _Reached:
    covered = _allows(allowed, host)
    # The port is said where the list has this host with another one.
    with_port = not covered and host.known and allowed.cover(Host(name=host.name)) is None
    return _Reached(who=who, name=str(host) if with_port else host.name, word=word, allowed=covered)


def _allows(allowed: Hosts, host: Host) -> bool | None:
    return host.local or allowed.cover(host)


def _of_contact(allowed: Hosts, contact: Contact) -> _Reached:
    who, word = contact.program, contact.word
    spelled = hosts_of_url(word)
    if contact.host is not None:
        host = host_of(contact.host)
        written = next((each for each in spelled if each.name == host.name and host.port is None), host)
        return _of_host(allowed, written, who, word)
    if contact.registry is not None:
        covered = allowed.cover_registry(contact.registry, managers_of(contact.registry) | {who})
        return _Reached(who=who, name=contact.registry, word=word, allowed=covered)
    if allowed.cover(Host(name=UNKNOWN)) or (UNKNOWN not in word and allowed.name(who)):
        return _Reached(who=who, name=word, word=word, allowed=True)
    # Of a host that is known in part, the certain end may be enough.
    enough = bool(spelled) and all(not host.known and _allows(allowed, host) for host in spelled)
    return _Reached(who=who, name=word, word=word, allowed=True if enough else None)


def _plain(text: str) -> str:
    return quote(text)[1:-1]
