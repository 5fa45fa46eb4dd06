import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.hosts import (
    contact_of_path,
    contacts_of_variable,
    is_url,
    name_of_address,
    names_of_url,
    remote_host,
    scheme_of,
)


@pytest.mark.parametrize(
    ("name", "value", "hosts"),
    [
        ("https_proxy", "http://proxy.example:80", ["proxy.example"]),
        ("ALL_PROXY", "socks5h://proxy.example:1080", ["proxy.example"]),
        ("http_proxy", "proxy.example:80", ["proxy.example"]),
        ("GOPROXY", "https://a.example,https://b.example|direct", ["a.example", "b.example"]),
        ("PIP_EXTRA_INDEX_URL", "https://a.example/simple https://b.example", ["a.example", "b.example"]),
        ("npm_config_registry", "https://a.example", ["a.example"]),
        ("DOCKER_HOST", "tcp://a.example:2375", ["a.example"]),
        ("PGHOST", "a.example", ["a.example"]),
        ("https_proxy", UNKNOWN, [None]),
        ("HOSTALIASES", "names", [None]),
        ("PGHOST", "/var/run/postgresql", []),
        ("GOPROXY", "off", []),
        ("https_proxy", "", []),
        ("NO_PROXY", "a.example", []),
        ("index", "5", []),
        ("NODE_ENV", "test", []),
    ],
)
def test_a_variable_that_programs_heed_names_hosts(name: str, value: str, hosts: list[str | None]) -> None:
    contacts = list(contacts_of_variable(name, value))
    assert [contact.host for contact in contacts] == hosts
    assert {contact.word for contact in contacts} <= {f"{name}={value}"}


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
