"""Reads lines of the kernel's tables of TCP connections (``/proc/net/tcp``, ``/proc/net/tcp6``). No I/O.

A line: ``sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …``. An address is
hexadecimal: 32-bit words in the machine's byte order, a colon, the port.
"""

import sys
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv6Address
from socket import inet_ntoa
from typing import Final, Literal, NamedTuple

_FIELDS: Final = 10
_WORD: Final = 8
"""Hexadecimal digits of a 32-bit word."""
_NOT_OPEN: Final = frozenset({b"02", b"03", b"07", b"0A", b"0C"})
"""SYN_SENT, SYN_RECV, CLOSE, LISTEN, NEW_SYN_RECV: nothing has been sent on these."""

End = tuple[str, int]
"""An address and a port. An IPv4 address that a socket of IPv6 holds is written as the IPv4 address that it is."""


class Connection(NamedTuple):
    """A connection that is open, or was until a minute ago. ``inode`` 0: its process has closed it."""

    local: bytes
    """As the table writes it: ``end`` decodes it, which few connections need."""
    remote: End
    uid: int
    inode: int


def connections(lines: Iterable[bytes], ports: Collection[int]) -> Iterator[Connection]:
    """Yield the connections to these ports. Lines that are none, or make no sense, are passed over."""
    endings = tuple(b":%04X" % port for port in ports)
    for line in lines:
        fields = line.split(None, _FIELDS)
        # Nearly all lines end here, before anything is decoded.
        if len(fields) < _FIELDS or not fields[2].endswith(endings) or fields[3] in _NOT_OPEN:
            continue
        try:
            yield Connection(fields[1], end(fields[2]), int(fields[7]), int(fields[9]))
        except ValueError:
            continue


@lru_cache(maxsize=4096)
def end(text: bytes, byteorder: Literal["little", "big"] = sys.byteorder) -> End:
    """Decode ``0100007F:1F90``. Raises ``ValueError``."""
    address, _, port = text.partition(b":")
    words = [address[start : start + _WORD].decode("ascii") for start in range(0, len(address), _WORD)]
    packed = b"".join(int.from_bytes(bytes.fromhex(word), byteorder).to_bytes(4, "big") for word in words)
    if len(packed) == 4:  # noqa: PLR2004 - the bytes of an IPv4 address
        return inet_ntoa(packed), int(port, 16)  # nearly all are of this kind, and IPv4Address takes ten times as long
    wide = IPv6Address(packed)
    return str(wide.ipv4_mapped or wide), int(port, 16)
