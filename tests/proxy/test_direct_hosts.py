"""A provider's addresses are learnt in the background; a resolver that fails or hangs is in nobody's way."""

import threading

import pytest

from guardian_ci.pricing.hosts import host_facts
from guardian_ci.proxy.direct_hosts import HTTPS, PROVIDERS, KnownAddresses, hosts_of

NO_MODELS_OF_THEIR_PRICES = {"chatgpt.com", "cloudcode-pa.googleapis.com", "api2.cursor.sh"}


def none(host: str) -> list[str]:
    raise OSError(f"{host} is not known")


@pytest.mark.parametrize("host", sorted(set(PROVIDERS) - NO_MODELS_OF_THEIR_PRICES))
def test_each_known_host_is_one_that_prices_know_too(host: str) -> None:
    assert host_facts(host).provider is not None


def test_the_hosts_of_upstreams_come_first_each_with_its_port() -> None:
    urls = ["http://127.0.0.2:9100/v1", "https://gateway.example/v1", "http://plain.example", "https://api.openai.com"]
    hosts = hosts_of(urls)
    assert hosts[:4] == [
        ("127.0.0.2", 9100),
        ("gateway.example", HTTPS),
        ("plain.example", 80),
        ("api.openai.com", HTTPS),
    ]
    assert {host for host, _ in hosts} >= set(PROVIDERS)
    assert len(hosts) == len(set(hosts))


def test_an_address_that_hosts_share_is_one_of_all_of_them() -> None:
    known = KnownAddresses([("one", 443), ("two", 443), ("two", 80)], lambda _: ["10.0.0.1", "::1", "10.0.0.1"])
    known.learn()
    assert known.at(("10.0.0.1", 443)) == ("one", "two")
    assert known.at(("::1", 80)) == ("two",)
    assert known.at(("10.0.0.2", 443)) == ()


def test_an_address_stays_known_when_the_name_moves_on() -> None:
    answers = iter((["10.0.0.1"], ["10.0.0.2"]))
    known = KnownAddresses([("one", 443)], lambda _: next(answers))
    known.learn()
    known.learn()
    assert [known.at((address, 443)) for address in ("10.0.0.1", "10.0.0.2")] == [("one",), ("one",)]


def test_a_name_that_cannot_be_resolved_does_not_hide_the_others() -> None:
    known = KnownAddresses(
        [("bad", 443), ("api.openai.com", 443)], lambda host: none(host) if host == "bad" else ["::1"]
    )
    known.learn()
    assert (known.at(("::1", 443)), known.found_providers) == (("api.openai.com",), True)
    assert known.failure == "bad: bad is not known"


def test_without_a_resolver_it_says_why() -> None:
    known = KnownAddresses(hosts_of([]), none)
    known.learn()
    assert not known.found_providers
    assert "is not known" in known.failure


def test_a_resolver_that_hangs_is_waited_for_by_nobody() -> None:
    asked, free = threading.Event(), threading.Event()

    def hang(_: str) -> list[str]:
        asked.set()
        free.wait(10)
        return []

    known = KnownAddresses([("one", 443), ("two", 443)], hang)
    known.start()
    assert asked.wait(5)
    assert known.at(("10.0.0.1", 443)) == ()
    known.stop()
    free.set()
