"""Which hosts a list of them means, however a host is spelled.

An entry is a host (``github.com``: that host alone), a glob (``*.example.com``: all below it and not itself; ``*``
stands for dots too), an address (``10.1.2.3``, ``fd00::1``), a network (``10.0.0.0/8``), any of these with a port
(``example.com:8443``, ``[fd00::1]:443``: that port alone), the name of a package registry or of its manager (``pip``,
``npm``), or of another program (``git``, ``kubectl``): where it goes by its own settings.

Hosts are compared in one form: lower case, without the final dot, international names as ASCII, addresses in the usual
notation, since a resolver reads ``0x7f.1`` and ``2130706433`` as ``127.0.0.1``. A part that nobody could resolve stays
``UNKNOWN`` and is matched by ``*`` alone.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final
from urllib.parse import unquote

from guardian_ci.policy.problems import quote
from guardian_ci.policy.shell.facts import TAME, UNKNOWN

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network

_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]{0,30}):(?=[/\\])|(https?|wss?):", re.IGNORECASE)
_HOSTLESS: Final = frozenset({"file", "data", "about", "blob", "javascript"})
_URL_ENDS: Final = re.compile(r"[/?#]")
_URL_ENDS_IN_BROWSERS: Final = re.compile(r"[/?#\\]")
_DROPPED: Final = re.compile("[\u0000-\u0020\u007f\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufe00-\ufe0f\ufeff]+")
"""Characters that URL parsers and international names leave out."""
_DOTS: Final = re.compile("[\u3002\uff0e\uff61]")
_DEVIATIONS: Final = re.compile("[\u00df\u03c2]")
"""Letters that one standard of international names maps away and the other keeps: two hosts in one spelling."""
_PORT: Final = re.compile(r"\d{1,10}")
_LONGEST: Final = 1024
_NUMBER: Final = re.compile(r"0x([0-9a-f]*)|(0[0-7]*)|([1-9]\d*)")
_MOST_DIGITS: Final = 64
_PARTS_OF_IPV4: Final = 4
_HIGHEST_PORT: Final = 65535
_USUAL_PORTS: Final = {"https": 443, "wss": 443, "http": 80, "ws": 80, "ftp": 21, "ssh": 22, "git+ssh": 22, "git": 9418}
_LOCAL_NAMES: Final = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})
_METADATA_NAMES: Final = frozenset(
    {"metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"}
)
_METADATA_NETWORKS: Final = tuple(
    map(ip_network, ("169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "fe80::/10", "fd00:ec2::254/128"))
)
_METADATA_IN_A_NAME: Final = re.compile(r"(?:^|[.-])(?:169(?P<dot>[.-])254(?P=dot)169(?P=dot)254|a9fea9fe)(?:[.-]|$)")
"""Names that a public resolver answers with the address that they spell."""
_WILD: Final = re.compile(r"[*?]")
_HOST: Final = re.compile(rf"[\w.:%{UNKNOWN}-]*")
_ENTRY: Final = re.compile(r"[\w*?:%-][\w.*?:%-]*")
_GAPS: Final = ("0", "000")
"""What stands for a part that is not known when a glob is asked: ``*`` suits any length, ``?`` does not."""
_ALSO_CALLED: Final[Mapping[str, frozenset[str]]] = {
    "debian": frozenset({"ubuntu"}),
    "yarnpkg": frozenset({"npmjs", "npm"}),
    "conda": frozenset({"anaconda"}),
}
"""Registries that serve the same packages, so that their hosts stand for each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host in the form in which hosts are compared; ``port`` is None where nothing says it."""

    name: str
    port: int | None = None

    @property
    def address(self) -> _Address | None:
        """Return the address that the name is; None for a name."""
        return _address(self.name)

    @property
    def known(self) -> bool:
        """Whether all of it is known."""
        return bool(self.name) and UNKNOWN not in self.name

    @property
    def local(self) -> bool:
        """Whether it is this machine."""
        if (address := self.address) is not None:
            return address.is_loopback or address.is_unspecified
        return self.name in _LOCAL_NAMES or self.name.endswith(".localhost")

    @property
    def metadata(self) -> bool:
        """Whether it is a cloud's metadata service, which hands out the machine's own keys."""
        if (address := self.address) is not None:
            return any(address in network for network in _METADATA_NETWORKS)
        return self.name in _METADATA_NAMES or _METADATA_IN_A_NAME.search(self.name) is not None

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name and self.port is not None else self.name
        return name if self.port is None else f"{name}:{self.port}"


def canonical_name(text: str) -> str:
    """Return a host's name in the form in which names are compared; what is not known in it stays ``UNKNOWN``.

    So does the whole of what no host is called: ``{a,b}.com``, or a slash that was hidden as ``%2f``.
    """
    name = _canonical(text)
    return name if _HOST.fullmatch(name) else UNKNOWN


def _canonical(text: str) -> str:
    text = unquote(text[:_LONGEST]).replace(TAME, UNKNOWN)
    text = _DOTS.sub(".", _DROPPED.sub("", text)).lower().removeprefix("[").removesuffix("]")
    text = (text if text.isascii() else _as_ascii(text)).rstrip(".")
    address = _address(text)
    return text if address is None else str(address)


def _as_ascii(text: str) -> str:
    if _DEVIATIONS.search(text):
        return text
    return ".".join(map(_label_as_ascii, unicodedata.normalize("NFKC", text).lower().split(".")))


def _label_as_ascii(label: str) -> str:
    if label.isascii() or UNKNOWN in label:
        return label
    try:
        return label.encode("idna").decode("ascii")
    except UnicodeError:
        return label  # no resolver takes it; it is itself and nothing else


def _address(text: str) -> _Address | None:
    if ":" in text:
        try:
            address = IPv6Address(text.partition("%")[0])
        except ValueError:
            return None
        return address.ipv4_mapped or address
    return _ipv4(text)


def _ipv4(text: str) -> IPv4Address | None:
    """Read an address as the C library does: one to four numbers, decimal, octal or hexadecimal."""
    parts = text.split(".", _PARTS_OF_IPV4)
    if len(parts) > _PARTS_OF_IPV4:
        return None
    value = 0
    for position, part in enumerate(parts, start=1):
        number = _number(part)
        bits = 8 if position < len(parts) else 8 * (_PARTS_OF_IPV4 - len(parts) + 1)
        if number is None or number >= 1 << bits:
            return None
        value = (value << bits) + number
    return IPv4Address(value)


def _number(text: str) -> int | None:
    if len(text) > _MOST_DIGITS or (read := _NUMBER.fullmatch(text)) is None:
        return None
    if read[1] is not None:
        return int(read[1] or "0", 16)
    return int(text, 8 if read[2] is not None else 10)


def host_of(address: str) -> Host:
    """Return the host of ``user@host:port``."""
    name, port = _parts(address)
    return Host(name=canonical_name(name), port=_port(port))


def _parts(address: str) -> tuple[str, str]:
    """Return the name and the port of ``user@host:port`` as they are written."""
    text = address.rpartition("@")[2].strip()
    if text.startswith("["):
        inside, _, behind = text[1:].partition("]")
        return inside, behind.removeprefix(":")
    if text.count(":") > 1:
        return text, ""
    name, _, port = text.partition(":")
    return name, port


def _port(text: str) -> int | None:
    text = text.strip()
    return int(text) if _PORT.fullmatch(text) and int(text) <= _HIGHEST_PORT else None


def hosts_of_url(url: str) -> tuple[Host, ...]:
    """Return the hosts that a URL, with or without its scheme, leads to: one for each way in which parsers read it.

    Browsers take a backslash for a slash, other programs do not. A URL that needs no host gives none.
    """
    text = _DROPPED.sub("", url[: 4 * _LONGEST])
    scheme = _SCHEME.match(text)
    kind = (scheme[1] or scheme[2]).lower() if scheme is not None else ""
    if kind in _HOSTLESS or text[:5].lower() == "data:":
        return ()
    rest = text[scheme.end() :] if scheme is not None else text
    authorities = (ends.split(rest.lstrip("/\\"), maxsplit=1)[0] for ends in (_URL_ENDS, _URL_ENDS_IN_BROWSERS))
    return tuple(_with_port(host_of(authority), kind) for authority in dict.fromkeys(authorities))


def _with_port(host: Host, scheme: str) -> Host:
    return host if host.port is not None else Host(name=host.name, port=_USUAL_PORTS.get(scheme))


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPattern:
    """One entry of a list of hosts."""

    entry: str
    name: str
    port: int | None = None
    network: _Network | None = None
    glob: re.Pattern[str] | None = None

    def covers(self, host: Host) -> bool | None:
        """Whether the entry means a host; None where that depends on a port that nobody said.

        A glob, or the network of all addresses, never means a metadata service: it must be named.
        """
        if not self.means(host) or (self._is_wide and host.metadata):  # in this order: few entries mean a host
            return False
        if self.port is None or self.port == host.port:
            return True
        return None if host.port is None else False

    @property
    def _is_wide(self) -> bool:
        return self.glob is not None or (self.network is not None and self.network.prefixlen == 0)

    def means(self, host: Host) -> bool:
        """Whether the entry speaks of a host at all, whatever the port."""
        if self.network is not None:
            address = host.address
            return address is not None and address in self.network
        if self.glob is None:
            return self.name == host.name
        if UNKNOWN not in host.name:
            return self.glob.match(host.name) is not None
        return all(self.glob.match(host.name.replace(UNKNOWN, gap)) for gap in _GAPS)

    def covers_registry(self, registry: str, managers: Collection[str] = ()) -> bool:
        """Whether the entry means the usual registry of package managers.

        It is named itself (``pypi``), or by a manager (``pip``), or as a label of one of its hosts.
        """
        registries = {registry, *_ALSO_CALLED.get(registry, ())}
        labels = self.name.split(".")
        return self.name in managers or self.name == "*" or not registries.isdisjoint(labels)


def parse(entry: str) -> HostPattern:
    """Read an entry of a list of hosts; ValueError says why it is none."""
    if entry != "".join(entry.split()):
        raise ValueError(f"{quote(entry)} holds a blank; write an entry for each host")
    if "://" in entry:
        raise ValueError(f"{quote(entry)} is a URL, not a host; write {quote(_bare(entry))}")
    if (network := _network(entry)) is not None:
        return HostPattern(entry=entry, name=entry, network=network)
    if "/" in entry:
        raise ValueError(f"{quote(entry)} is neither a host nor a network; write {quote(_bare(entry))}")
    if "@" in entry:
        raise ValueError(f"{quote(entry)} holds a user name; write {quote(entry.rpartition('@')[2])}")
    return _named(entry)


def _bare(entry: str) -> str:
    return _URL_ENDS.split(entry.partition("://")[2] or entry, maxsplit=1)[0].rpartition("@")[2]


def _network(entry: str) -> _Network | None:
    if "/" not in entry:
        return None
    try:
        return ip_network(entry.strip("[]").replace("]/", "/"), strict=False)
    except ValueError:
        return None


def _named(entry: str) -> HostPattern:
    text, port = _parts(entry)
    name = _canonical(text)
    if _ENTRY.fullmatch(name) is None:
        raise ValueError(f"{quote(entry)} is no host" + (f"; write {quote('*' + entry)}" if name[:1] == "." else ""))
    if (port and port != "*" and _port(port) is None) or entry.endswith(":"):
        raise ValueError(f"{quote(entry)} has no port behind its colon; write {quote(text)}")
    address = _address(name)
    return HostPattern(
        entry=entry,
        name=name,
        port=_port(port),
        network=None if address is None else ip_network(address),
        glob=re.compile(translate(name)) if _WILD.search(name) else None,
    )


class Hosts:
    """A list of hosts, ready to be asked."""

    def __init__(self, entries: tuple[str, ...]) -> None:
        self._patterns = tuple(map(parse, entries))
        self._wide = tuple(each for each in self._patterns if each.glob is not None or each.network is not None)
        self._named: dict[str, list[HostPattern]] = {}
        for pattern in self._patterns:
            if pattern not in self._wide:
                self._named.setdefault(pattern.name, []).append(pattern)

    def cover(self, host: Host) -> bool | None:
        """Whether an entry means a host; None where that depends on what nobody knows of it."""
        undecided = not host.known
        for pattern in (*self._named.get(host.name, ()), *self._wide):
            covered = pattern.covers(host)
            if covered:
                return True
            undecided = undecided or covered is None
        return None if undecided else False

    def name(self, program: str) -> bool:
        """Whether an entry names a program."""
        return program in self._named

    def cover_registry(self, registry: str, managers: Collection[str] = ()) -> bool:
        """Whether an entry means the usual registry of package managers."""
        return any(pattern.covers_registry(registry, managers) for pattern in self._patterns)


@lru_cache(maxsize=64)
def hosts(entries: tuple[str, ...]) -> Hosts:
    """Return the list of hosts, made ready once."""
    return Hosts(entries)
