"""Connections past the proxy are seen on Linux, however short and however many; the proxy's own are not."""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from detour import ADDRESS, HOST, Program, known_of

from guardian_ci.proxy.direct_hosts import KnownAddresses
from guardian_ci.proxy.direct_lookout import Lookout, OwnConnections

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows connections")


@pytest.fixture
def lookout(provider: socket.socket, own: OwnConnections) -> Iterator[Lookout]:
    with closing(Lookout(known_of(provider.getsockname()[1]), own)) as made:
        yield made


def test_a_program_that_goes_past_the_proxy_is_named_with_host_and_address(
    lookout: Lookout, provider: socket.socket
) -> None:
    with Program(*provider.getsockname()) as program:
        (sighting,) = lookout.look()
    assert sighting.who.endswith(f"(pid {program.pid})")
    assert sighting.who.startswith("python")
    assert (sighting.hosts, sighting.remote, sighting.count) == ((HOST,), provider.getsockname(), 1)


def test_one_program_and_one_host_are_one_sighting_that_counts(lookout: Lookout, provider: socket.socket) -> None:
    with Program(*provider.getsockname(), connections=3):
        (sighting,) = lookout.look()
        assert lookout.look() == []
        assert sighting.count == 3
        with Program(*provider.getsockname()):
            assert lookout.look() == []
        assert sighting.count == 4


def test_a_connection_that_was_closed_between_two_looks_is_seen_all_the_same(
    lookout: Lookout, provider: socket.socket
) -> None:
    with Program(*provider.getsockname()):
        pass
    (sighting,) = lookout.look()
    assert sighting.who == "a process that had closed it"


def test_the_proxys_own_connections_are_not_reported_neither_open_nor_closed(
    lookout: Lookout, own: OwnConnections, provider: socket.socket
) -> None:
    with socket.create_connection(provider.getsockname()) as first:
        assert lookout.look() == []
    with socket.create_connection(provider.getsockname()) as second:
        own.add(second.getsockname())
    assert lookout.look() == []
    assert first.fileno() == second.fileno() == -1


def test_of_very_many_own_connections_the_newest_are_remembered(own: OwnConnections) -> None:
    for port in range(10_000):
        own.add(("127.0.0.1", port))
    assert ("127.0.0.1", 9_999) in own
    assert ("127.0.0.1", 0) not in own


def test_what_was_connected_before_the_run_is_not_the_runs(provider: socket.socket, own: OwnConnections) -> None:
    with (
        Program(*provider.getsockname()),
        closing(Lookout(known_of(provider.getsockname()[1]), own)) as lookout,
    ):
        assert lookout.look() == []


def test_an_address_that_becomes_known_later_is_seen_then(provider: socket.socket, own: OwnConnections) -> None:
    known = KnownAddresses([(HOST, provider.getsockname()[1])], lambda _: [ADDRESS])
    with closing(Lookout(known, own)) as lookout, Program(*provider.getsockname()):
        assert lookout.look() == []
        known.learn()
        assert len(lookout.look()) == 1


LINE = "{0:4}: 0100007F:{1:04X} 0200007F:01BB 01 00000000:00000000 00:00000000 00000000  1000        0 0 1\n"


def test_a_very_long_table_is_read_a_piece_a_look_and_to_its_end(tmp_path: Path, own: OwnConnections) -> None:
    table = tmp_path / "net" / "tcp"
    table.parent.mkdir()
    table.write_text("sl\n")
    (tmp_path / "self" / "fd").mkdir(parents=True)
    with closing(Lookout(known_of(443), own, tmp_path)) as lookout:
        table.write_text("sl\n" + "".join(LINE.format(number, number) for number in range(20_000)))
        began = time.monotonic()
        (sighting,) = lookout.look()
        assert time.monotonic() - began < 1
        assert 0 < sighting.count < 5_000
        for _ in range(50):
            assert lookout.look() == []
        assert sighting.count == 20_000


def test_a_connection_that_has_gone_and_comes_again_counts_again(tmp_path: Path, own: OwnConnections) -> None:
    table = tmp_path / "net" / "tcp"
    table.parent.mkdir()
    table.write_text("sl\n")
    with closing(Lookout(known_of(443), own, tmp_path)) as lookout:
        for expected in (1, 2):
            table.write_text("sl\n" + LINE.format(0, 5))
            lookout.look()
            lookout.look()
            (sighting,) = lookout.sightings.values()
            assert sighting.count == expected
            table.write_text("sl\n")
            for _ in range(3):
                lookout.look()


def test_where_there_are_no_tables_nothing_can_be_watched(tmp_path: Path, own: OwnConnections) -> None:
    with pytest.raises(FileNotFoundError):
        Lookout(known_of(443), own, tmp_path)


def test_an_own_connection_that_is_closed_while_somebody_looks_is_no_sighting(
    tmp_path: Path, own: OwnConnections
) -> None:
    table = tmp_path / "net" / "tcp"
    table.parent.mkdir()
    table.write_text("sl\n")
    own.add(("127.0.0.1", 5))
    with closing(Lookout(known_of(443), own, tmp_path)) as lookout:
        open_when_read = LINE.replace(" 0 1\n", " 77 1\n")
        table.write_text("sl\n" + open_when_read.format(0, 5) + open_when_read.format(1, 6))
        (sighting,) = lookout.look()
        assert (sighting.who, sighting.count) == ("a process of user 1000", 1)
