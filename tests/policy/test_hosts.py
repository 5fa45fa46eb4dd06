from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.hosts import Host, canonical_name, host_of, hosts, hosts_of_url, parse
from guardian_ci.policy.shell.facts import TAME, UNKNOWN


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        ("ex%61mple.com", "example.com"),
        ("ⓔxample。com", "example.com"),
        ("exa\u00admple.com", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("faß.example", "faß.example"),
        ("0x7f.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0177.0.0.01", "127.0.0.1"),
        ("\uff11\uff12\uff17.0.0.1", "127.0.0.1"),
        ("::ffff:7f00:1", "127.0.0.1"),
        ("[::ffff:127.0.0.1]", "127.0.0.1"),
        ("FE80::1%eth0", "fe80::1"),
        ("FD00:0:0::1", "fd00::1"),
        ("256.1.1.1", "256.1.1.1"),
        ("1.2.3.4.5", "1.2.3.4.5"),
        ("08.1.1.1", "08.1.1.1"),
        ("1.2.3.256", "1.2.3.256"),
        (f"{UNKNOWN}.example.org", f"{UNKNOWN}.example.org"),
        (f"node{TAME}.example.org", f"node{UNKNOWN}.example.org"),
        ("a%2fb.example.org", UNKNOWN),
        ("{a,b}.example.org", UNKNOWN),
        ("℀.example.org", UNKNOWN),
        ("$HOST", UNKNOWN),
    ],
)
def test_a_host_has_one_form_however_it_is_spelled(spelled: str, name: str) -> None:
    assert canonical_name(spelled) == name


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://example.com/x", ["example.com:443"]),
        ("HTTP://Example.com:8080?x", ["example.com:8080"]),
        ("http://user:pw@example.com#@good.example", ["example.com:80"]),
        ("http://a@b@example.com/", ["example.com:80"]),
        ("http:///example.com", ["example.com:80"]),
        ("http:example.com", ["example.com:80"]),
        ("https:\\\\example.com\\x", [f"{UNKNOWN}:443", "example.com:443"]),
        ("htt\nps://exam\tple.com/", ["example.com:443"]),
        ("example.com/x", ["example.com"]),
        ("localhost:3000/x", ["localhost:3000"]),
        ("git@example.com:8080", ["example.com:8080"]),
        ("ssh://git@example.com/x", ["example.com:22"]),
        ("http://[fd00::1]:8080/", ["[fd00::1]:8080"]),
        ("http://good.example\\@evil.example/", ["evil.example:80", "good.example:80"]),
        ("file:///etc/passwd", []),
        ("data:text/plain,x", []),
    ],
)
def test_a_url_leads_where_some_parser_takes_it(url: str, found: list[str]) -> None:
    assert [str(host) for host in hosts_of_url(url)] == found


@pytest.mark.parametrize(
    ("entry", "meant", "others"),
    [
        (
            "github.com",
            ["github.com", "GitHub.com.", "github.com:22"],
            ["api.github.com", "github.com.evil.example", "evilgithub.com"],
        ),
        (
            "*.example.com",
            ["a.example.com", "a.b.example.com", f"{UNKNOWN}.example.com"],
            ["example.com", "evilexample.com", "a.example.com.evil.example"],
        ),
        ("api-?.example.com", ["api-1.example.com"], ["api-12.example.com"]),
        ("*", ["anything.example", "10.1.2.3", UNKNOWN], []),
        ("10.0.0.0/8", ["10.1.2.3", "0xa010203", "::ffff:10.1.2.3"], ["11.1.2.3", "ten.example"]),
        ("fd00::/8", ["fd12::1"], ["fe80::1", "10.1.2.3"]),
        ("10.1.2.3", ["10.1.2.3", "0x0a.66051"], ["10.1.2.4"]),
        ("bücher.example", ["xn--bcher-kva.example", "BÜCHER.example"], ["bucher.example"]),
        ("example.com:8443", ["example.com:8443"], ["example.com:443", "a.example.com:8443"]),
        ("*:443", ["example.com:443"], ["example.com:80"]),
        ("[fd00::1]:443", ["[fd00::1]:443"], ["[fd00::1]:80", "[fd00::2]:443"]),
    ],
)
def test_an_entry_means_these_hosts_and_no_others(entry: str, meant: list[str], others: list[str]) -> None:
    listed = hosts((entry,))
    assert [host for host in meant if listed.cover(host_of(host)) is not True] == []
    assert [host for host in others if listed.cover(host_of(host)) is not False] == []


def test_what_depends_on_a_port_or_a_part_that_nobody_knows_is_left_open() -> None:
    assert hosts(("example.com:8443",)).cover(host_of("example.com")) is None
    assert hosts(("*.example.com",)).cover(host_of(f"example.{UNKNOWN}")) is None
    assert hosts(("github.com",)).cover(host_of(UNKNOWN)) is None
    assert hosts(("api-?.example.com",)).cover(host_of(f"api-{UNKNOWN}.example.com")) is None
    assert hosts(()).cover(host_of("")) is None


METADATA = [
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "[::ffff:a9fe:a9fe]",
    "metadata.google.internal",
    "METADATA.google.internal.",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "169.254.169.254.nip.io",
    "x-169-254-169-254.sslip.io",
]


@pytest.mark.parametrize("host", METADATA)
def test_a_metadata_service_is_meant_by_no_glob(host: str) -> None:
    assert host_of(host).metadata
    for entry in ("*", "*.internal", "169.*", "*.io", "0.0.0.0/0", "::/0"):
        assert not hosts((entry,)).cover(host_of(host))


def test_a_metadata_service_is_meant_where_it_is_named() -> None:
    assert hosts(("metadata.google.internal",)).cover(host_of("metadata.google.internal"))
    assert hosts(("169.254.169.254",)).cover(host_of("0xa9fea9fe"))
    assert hosts(("169.254.0.0/16",)).cover(host_of("169.254.169.254"))


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("db.localhost", True),
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("0", True),
        ("[::1]", True),
        ("[::]", True),
        ("localhost.example", False),
        ("10.0.0.1", False),
        ("128.0.0.1", False),
    ],
)
def test_this_machine_is_known_in_every_spelling(host: str, local: bool) -> None:
    assert host_of(host).local is local


@pytest.mark.parametrize(
    ("entry", "registry", "meant"),
    [
        ("pypi", "pypi", True),
        ("pip", "pypi", True),
        ("uv", "pypi", True),
        ("pypi.example.org", "pypi", True),
        ("*.pypi.example.org", "pypi", True),
        ("registry.npmjs.example", "npmjs", True),
        ("registry.npmjs.example", "yarnpkg", True),
        ("archive.ubuntu.example", "debian", True),
        ("*", "anything", True),
        ("npm", "pypi", False),
        ("notpypi.example.org", "pypi", False),
        ("github.com", "pypi", False),
        ("newly", "newly", True),
    ],
)
def test_a_registry_is_meant_by_its_name_a_manager_or_a_label_of_its_host(
    entry: str, registry: str, meant: bool
) -> None:
    assert hosts((entry,)).cover_registry(registry, {"pip", "uv"}) is meant


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("https://example.com/x", '"https://example.com/x" is a URL, not a host; write "example.com"'),
        ("example.com/x", '"example.com/x" is neither a host nor a network; write "example.com"'),
        ("10.0.0.0/99", '"10.0.0.0/99" is neither a host nor a network; write "10.0.0.0"'),
        ("me@example.com", '"me@example.com" holds a user name; write "example.com"'),
        (".example.com", '".example.com" is no host; write "*.example.com"'),
        ("example.com:", '"example.com:" has no port behind its colon; write "example.com"'),
        ("example.com:http", '"example.com:http" has no port behind its colon; write "example.com"'),
        ("a b", '"a b" holds a blank; write an entry for each host'),
        ("$HOST", '"$HOST" is no host'),
        (":80", '":80" is no host'),
    ],
)
def test_what_is_no_entry_is_refused_with_the_way_out(entry: str, fault: str) -> None:
    with pytest.raises(ValueError) as raised:
        parse(entry)
    assert str(raised.value) == fault


addresses = st.integers(0, 2**32 - 1)
bases: list[Callable[[int], str]] = [str, hex, lambda number: f"0{number:o}", lambda number: f"0X{number:X}"]


@st.composite
def spellings(draw: st.DrawFn, value: int) -> str:
    """Write an IPv4 address in one of the ways in which the C library reads it, or as an IPv6 address holds it."""
    if draw(st.integers(0, 5)) == 0:
        return f"[::ffff:{value >> 16:x}:{value & 0xFFFF:x}]"
    parts = draw(st.integers(1, 4))
    numbers = [(value >> (24 - 8 * position)) & 255 for position in range(parts - 1)]
    numbers.append(value & ((1 << (8 * (5 - parts))) - 1))
    text = ".".join(draw(st.sampled_from(bases))(number) for number in numbers)
    if draw(st.booleans()):
        text = "".join(chr(ord(c) + 0xFEE0) if c.isdigit() and draw(st.booleans()) else c for c in text)
    if draw(st.booleans()):
        text = "".join(f"%{ord(c):02x}" if c.isascii() and draw(st.booleans()) else c for c in text)
    return text + draw(st.sampled_from(["", "."]))


@given(st.data(), addresses)
def test_any_spelling_of_an_ipv4_address_is_the_same_host(data: st.DataObject, value: int) -> None:
    name = str(IPv4Address(value))
    text = data.draw(spellings(value))
    assert canonical_name(text) == name
    assert [host.name for host in hosts_of_url(f"http://me@{text}:80/x")] == [name]
    assert hosts((name,)).cover(host_of(text)) is True


@given(addresses, addresses)
def test_two_addresses_are_two_hosts(one: int, other: int) -> None:
    covered = hosts((str(IPv4Address(one)),)).cover(Host(name=canonical_name(str(other))))
    assert covered is (one == other)


@given(st.integers(0, 2**128 - 1))
def test_an_ipv6_address_is_the_same_host_short_or_long(value: int) -> None:
    address = IPv6Address(value)
    assert canonical_name(address.exploded) == canonical_name(f"[{address.compressed.upper()}]")


@given(st.text(max_size=60))
def test_any_text_is_read_as_some_host(text: str) -> None:
    for host in (host_of(text), *hosts_of_url(text), *hosts_of_url(f"http://{text}/")):
        hosts(("*.example.com", "10.0.0.0/8", "github.com:443")).cover(host)
        assert canonical_name(host.name) == host.name or not host.known
        assert host.local in {True, False}
        assert host.metadata in {True, False}


labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True)


@given(st.lists(labels, min_size=1, max_size=4), st.lists(labels, min_size=1, max_size=3))
def test_a_glob_means_a_host_only_by_its_end(before: list[str], end: list[str]) -> None:
    listed = hosts((f"*.{'.'.join(end)}.example",))
    assert listed.cover(host_of(".".join([*before, *end, "example"]))) is True
    assert listed.cover(host_of(".".join([*before, *end, "example", "other"]))) is False
