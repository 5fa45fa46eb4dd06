import pytest

from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.hosts import contacts_of_variable


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
