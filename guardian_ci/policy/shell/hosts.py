"""Which host an address on a command line names: of a URL, of ``host:path``, of ``/dev/tcp/HOST/PORT``."""

import re
from typing import Final

from guardian_ci.policy.hosts import Host, canonical_name, host_of, hosts_of_url
from guardian_ci.policy.shell.facts import Contact

_URL: Final = re.compile(r"([a-z][a-z0-9+.-]{0,30}):[/\\]{1,3}", re.IGNORECASE)
_DEVICE: Final = re.compile(r"/+dev/+(?:tcp|udp)/+([^/]*)")
_SCP: Final = re.compile(r"(?:[^/:@\s]{1,200}@)?(\[[0-9a-fA-F:.%]{1,60}\]|[^/:@\s]{1,300}):(?!\\)")
_DRIVE: Final = re.compile(r"[A-Za-z]:[\\/]")
_LONGEST: Final = 1024


def is_url(text: str) -> bool:
    """Whether a text begins as a URL of whatever scheme."""
    return _URL.match(text) is not None


def scheme_of(text: str) -> str | None:
    """Return a URL's scheme in lower case; None for what is no URL."""
    return scheme[1].lower() if (scheme := _URL.match(text)) is not None else None


def names_of_url(text: str) -> tuple[str | None, ...]:
    """Return the hosts that programs may read in a URL, or in what a URL is without its scheme; None for an unknown one."""
    text = text.strip()[: _LONGEST * 4]
    return tuple(dict.fromkeys(map(_known, hosts_of_url(text if is_url(text) else f"http://{text}")))) or (None,)


def name_of_address(text: str) -> str | None:
    """Return the host of ``user@host:port``; None where it cannot be known."""
    return _known(host_of(text.strip())) if len(text) < _LONGEST else None


def remote_host(text: str) -> tuple[bool, str | None]:
    """Tell whether a word is on another machine (a URL, ``user@host:path``, ``host::module``), and on which."""
    if is_url(text):
        return scheme_of(text) != "file", names_of_url(text)[0]
    if _DRIVE.match(text) or (remote := _SCP.match(text[:_LONGEST])) is None:
        return False, None
    return True, _known(Host(name=canonical_name(remote[1].strip("[]"))))


def contact_of_path(path: str) -> Contact | None:
    """Return the contact that opening a path makes (``/dev/tcp/HOST/PORT`` in a redirection); None for a file."""
    device = _DEVICE.match(path[:_LONGEST])
    if device is None:
        return None
    return Contact(host=_known(Host(name=canonical_name(device[1].strip("[]")))), program="/dev/tcp", word=path)


def _known(host: Host) -> str | None:
    return host.name if host.known else None
