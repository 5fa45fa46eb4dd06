"""The socket that agents connect to. It may outlive the proxy that serves it."""

import resource
import socket

import pytest

from guardian_ci.errors import StartError
from guardian_ci.proxy.listener import allow_many_files, base_url, listen


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:{}"),
        ("0.0.0.0", "http://127.0.0.1:{}"),
        ("::", "http://127.0.0.1:{}"),
        ("::1", "http://[::1]:{}"),
        ("ci.example", "http://ci.example:{}"),
    ],
)
def test_its_url_is_one_that_an_agent_here_can_use(host: str, url: str) -> None:
    with listen("127.0.0.1", 0) as listener:
        assert base_url(host, listener) == url.format(listener.getsockname()[1])


def test_a_connection_is_taken_before_anybody_accepts_it() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname(), timeout=5):
        pass


def test_a_port_that_is_taken_and_a_host_that_is_none_are_said_with_the_way_out() -> None:
    with listen("127.0.0.1", 0) as listener, pytest.raises(StartError, match="--port"):
        listen("127.0.0.1", listener.getsockname()[1])
    with pytest.raises(StartError, match="--host"):
        listen("no such host", 0)


def test_many_files_may_be_open_where_the_machine_lets_us() -> None:
    allow_many_files()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft == hard or soft >= 65_536
