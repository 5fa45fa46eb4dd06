"""Which host an address names: on a command line, of ``/dev/tcp/HOST/PORT``, in a variable that programs heed."""

import re
from collections.abc import Iterator
from typing import Final

from guardian_ci.policy.hosts import Host, canonical_name, host_of, hosts_of_url
from guardian_ci.policy.shell.facts import Contact

_URL: Final = re.compile(r"([a-z][a-z0-9+.-]{1,30}):[/\\]{1,3}", re.IGNORECASE)
_DEVICE: Final = re.compile(r"/+dev/+(?:tcp|udp)/+([^/]*)")
_SCP: Final = re.compile(r"(?:[^/:@\s]{1,200}@)?(\[[0-9a-fA-F:.%]{1,60}\]|[^/:@\s]{1,300}):(?!\\)")
_DRIVE: Final = re.compile(r"[A-Za-z]:[\\/]")
_LONGEST: Final = 1024
_HEEDED: Final = re.compile(
    r"(?i:(?:https?|ftp|all|rsync|socks5?)_proxy|npm_config_(?:registry|(?:https?_)?proxy))"
    r"|PIP_(?:(?:EXTRA_)?INDEX_URL|PROXY|FIND_LINKS)|UV_(?:(?:DEFAULT_|EXTRA_)?INDEX(?:_URL)?|FIND_LINKS)"
    r"|POETRY_REPOSITORIES_\w{1,40}_URL|YARN_(?:NPM_)?REGISTRY(?:_SERVER)?|BUN_CONFIG_REGISTRY|GOPROXY|GOSUMDB"
    r"|CARGO_(?:REGISTRIES_\w{1,40}_INDEX|HTTP_PROXY)|RUSTUP_(?:DIST_SERVER|UPDATE_ROOT)|NVM_NODEJS_ORG_MIRROR"
    r"|HOMEBREW_\w{1,40}_(?:DOMAIN|REMOTE)|DOCKER_HOST|PGHOST(?:ADDR)?|MYSQL_HOST|VAULT_ADDR|HF_ENDPOINT"
    r"|AWS_ENDPOINT_URL(?:_\w{1,40})?|(?:ANTHROPIC|OPENAI|GEMINI|GOOGLE_GEMINI)_(?:API_)?BASE(?:_URL)?"
)
"""Variables that tell programs where to talk to."""
_RESOLVERS: Final = frozenset(
    {"HOSTALIASES", "RES_OPTIONS", "LOCALDOMAIN", "RESOLV_HOST_CONF", "RESOLV_ADD_TRIM_DOMAINS"}
)
"""Variables that tell where the names of hosts lead."""
_NO_ADDRESS: Final = frozenset({"", "direct", "off", "none", "true", "false", "0", "1"})
_BETWEEN_ADDRESSES: Final = re.compile(r"[\s,|]+")
_MOST_ADDRESSES: Final = 16


def is_url(text: str) -> bool:
    """Whether a text begins as a URL of whatever scheme."""
    return _URL.match(text) is not None


def scheme_of(text: str) -> str | None:
    """Return a URL's scheme in lower case; None for what is no URL."""
    return scheme[1].lower() if (scheme := _URL.match(text)) is not None else None


def names_of_url(text: str) -> tuple[str | None, ...]:
    """Return the hosts that programs may read in a URL, with its scheme or without; None for an unknown one."""
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


def contacts_of_variable(name: str, value: str) -> Iterator[Contact]:
    """Yield the hosts that programs talk to because of a variable: a proxy, a registry, a server."""
    word = f"{name}={value}"
    if name in _RESOLVERS:
        yield Contact(host=None, program=name, word=word)
    elif _HEEDED.fullmatch(name) is not None:
        for address in _BETWEEN_ADDRESSES.split(value[:_LONGEST])[:_MOST_ADDRESSES]:
            if address.lower() not in _NO_ADDRESS and not address.startswith("/"):
                yield from (Contact(host=host, program=name, word=word) for host in names_of_url(address))


def _known(host: Host) -> str | None:
    return host.name if host.known else None
