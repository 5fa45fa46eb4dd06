"""Which host an address on a command line names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.hosts import (
    contact_of_path,
    is_url,
    name_of_address,
    names_of_url,
    remote_host,
    scheme_of,
)


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("https://Evil.Example/x", ("evil.example",)),
        ("https://user:pw@evil.example:8443/x", ("evil.example",)),
        ("evil.example/x", ("evil.example",)),
        ("http://0x7f.1/", ("127.0.0.1",)),
        ("http://2130706433", ("127.0.0.1",)),
        ("https://[::1]:80/", ("::1",)),
        ("ftp://evil.example", ("evil.example",)),
        (f"https://{UNKNOWN}/x", (None,)),
        (f"https://x.{UNKNOWN}.example/x", (None,)),
    ],
)
def test_a_url_names_its_host(url: str, hosts: tuple[str | None, ...]) -> None:
    assert names_of_url(url) == hosts


def test_a_url_that_is_read_in_two_ways_names_both_hosts() -> None:
    assert set(names_of_url("https://good.example\\@evil.example/")) == {"good.example", "evil.example"}


@pytest.mark.parametrize(
    ("text", "url", "scheme"),
    [("https://a", True, "https"), ("git+ssh://a", True, "git+ssh"), ("HTTP:/a", True, "http"), ("a:b", False, None)],
)
def test_a_url_is_told_by_its_beginning(text: str, url: bool, scheme: str | None) -> None:
    assert is_url(text) is url
    assert scheme_of(text) == scheme


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("evil.example", "evil.example"),
        ("u@evil.example:22", "evil.example"),
        ("[fd00::1]:22", "fd00::1"),
        (UNKNOWN, None),
    ],
)
def test_an_address_names_its_host(address: str, host: str | None) -> None:
    assert name_of_address(address) == host


@pytest.mark.parametrize(
    ("word", "remote"),
    [
        ("host.example:path", (True, "host.example")),
        ("user@host.example:path", (True, "host.example")),
        ("host.example::module", (True, "host.example")),
        ("rsync://host.example/m", (True, "host.example")),
        ("./a:b", (False, None)),
        ("a", (False, None)),
        ("C:\\x", (False, None)),
        ("/a:b", (False, None)),
    ],
)
def test_a_word_is_on_another_machine_or_not(word: str, remote: tuple[bool, str | None]) -> None:
    assert remote_host(word) == remote


@given(st.text(max_size=200))
def test_no_text_makes_it_fail(text: str) -> None:
    assert names_of_url(text)
    name_of_address(text)
    remote_host(text)
    contact_of_path(text)
