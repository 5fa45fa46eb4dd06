"""The kernel's tables of connections are read as they are, and nothing in them makes the reader fail."""

import socket
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.proxy.direct_table import Connection, connections, end

HEAD = b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
LINE = (
    b"   3: 0100007F:8B5A 0200007F:%s %s 00000000:00000000 00:00000000 00000000  1000        0 77123 1 0000000000000000"
)


def of(*lines: bytes, ports: tuple[int, ...] = (443,)) -> list[Connection]:
    return list(connections(lines, ports))


def words(packed: bytes, byteorder: str) -> bytes:
    """Write an address as the kernel of such a machine does."""
    parts = [packed[start : start + 4] for start in range(0, len(packed), 4)]
    return b"".join((part[::-1] if byteorder == "little" else part).hex().upper().encode() for part in parts)


def test_an_open_connection_has_its_ends_its_user_and_its_inode() -> None:
    assert of(HEAD, LINE % (b"01BB", b"01")) == [
        Connection(b"0100007F:8B5A", ("127.0.0.2", 443), uid=1000, inode=77123)
    ]


@pytest.mark.parametrize("state", [b"01", b"04", b"05", b"06", b"08", b"09", b"0B"])
def test_one_that_is_being_closed_counts_too(state: bytes) -> None:
    assert len(of(LINE % (b"01BB", state))) == 1


@pytest.mark.parametrize("state", [b"02", b"03", b"07", b"0A", b"0C"])
def test_what_was_never_open_does_not_count(state: bytes) -> None:
    assert of(LINE % (b"01BB", state)) == []


def test_other_ports_are_passed_over() -> None:
    assert of(LINE % (b"0050", b"01"), LINE % (b"1BB0", b"01")) == []
    assert len(of(LINE % (b"0050", b"01"), ports=(443, 80))) == 1


@pytest.mark.parametrize("byteorder", ["little", "big"])
@given(address=st.ip_addresses(), port=st.integers(0, 65535))
def test_any_address_reads_back_on_any_machine(byteorder: str, address: IPv4Address | IPv6Address, port: int) -> None:
    text = words(address.packed, byteorder) + b":%04X" % port
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    assert end(text, byteorder) == (str(mapped or address), port)  # type: ignore[arg-type]


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_that_a_socket_of_ipv6_holds_is_the_same_address(address: IPv4Address) -> None:
    mapped = IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)
    assert end(words(mapped.packed, "little") + b":01BB", "little") == (str(address), 443)


@given(st.lists(st.binary(max_size=200) | st.just(LINE % (b"01BB", b"01")).map(lambda line: line[::-1]), max_size=5))
def test_no_line_however_broken_makes_it_fail(lines: list[bytes]) -> None:
    assert of(*lines) == []


@given(st.integers(0, len(LINE)), st.binary(max_size=3))
def test_a_changed_line_is_read_or_passed_over(at: int, put: bytes) -> None:
    line = LINE % (b"01BB", b"01")
    assert len(of(line[:at] + put + line[at:])) <= 1


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux has the tables")
@pytest.mark.parametrize(
    ("family", "address", "table"),
    [(socket.AF_INET, "127.0.0.2", "tcp"), (socket.AF_INET6, "::ffff:127.0.0.2", "tcp6")],
)
def test_the_real_table_shows_a_real_connection(family: int, address: str, table: str) -> None:
    if family == socket.AF_INET6 and not Path("/proc/net/tcp6").exists():
        pytest.skip("this kernel has no IPv6")
    with socket.create_server(("127.0.0.2", 0)) as server, socket.socket(family, socket.SOCK_STREAM) as client:
        port = server.getsockname()[1]
        client.connect((address, port))
        lines = Path("/proc/net", table).read_bytes().splitlines()
        (found,) = connections(lines, (port,))
        assert found.remote == ("127.0.0.2", port)
        assert end(found.local)[1] == client.getsockname()[1]
        assert found.inode > 0
