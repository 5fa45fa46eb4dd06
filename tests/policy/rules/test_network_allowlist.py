import json

import pytest

from guardian_ci.model import Finding, Place
from guardian_ci.policy import load_policy
from guardian_ci.policy.rules.interface import ToolView
from guardian_ci.policy.rules.network_allowlist import NetworkAllowlist, unresolved_hosts
from guardian_ci.policy.settings import Settings
from guardian_ci.policy.shell.facts import UNKNOWN, Analysis, Contact
from guardian_ci.policy.tools import describe_tool

SHELL = describe_tool("c", "Bash", '{"command": "c"}')


def listed(*entries: str) -> Settings:
    return load_policy(f"name: x\nnetwork_allowlist: {json.dumps(entries)}", "p.yml").settings[0]


def talking(*hosts: str | None, word: str = "", program: str = "curl", registry: str | None = None) -> ToolView:
    contacts = (Contact(host=host, program=program, word=word or host or "", registry=registry) for host in hosts)
    return ToolView(analysis=Analysis(contacts=tuple(contacts)))


def asked(settings: Settings, view: ToolView) -> Finding | None:
    return NetworkAllowlist().check(settings, SHELL, view)


def dark(settings: Settings, view: ToolView) -> list[str]:
    return list(unresolved_hosts(settings, SHELL, view))


def test_without_a_list_any_host_may_be_talked_to() -> None:
    assert asked(Settings(), talking("evil.example")) is None
    assert dark(Settings(), talking(None, word="$HOST")) == []


def test_the_finding_names_the_program_the_host_what_is_allowed_and_the_line() -> None:
    finding = asked(listed("github.com", "*.example.org"), talking("github.com", "evil.example"))
    assert finding is not None
    assert finding.message == (
        "curl may not talk to evil.example. Allowed: github.com, *.example.org."
        " Go on without it, or add evil.example to network_allowlist."
    )
    assert (finding.reason, finding.subject, finding.violation) == ("host_not_allowed", "evil.example", True)
    assert finding.place == Place(file="p.yml", line=2)


def test_an_empty_list_allows_no_host_but_this_machine() -> None:
    finding = asked(listed(), talking("github.com"))
    assert finding is not None
    assert "Allowed: no host." in finding.message
    assert asked(listed(), talking("localhost", "127.0.0.1", "0x7f.1", "::1", "0.0.0.0")) is None
    assert NetworkAllowlist().stands_on(listed()) == "network_allowlist: none, and this machine itself"


@pytest.mark.parametrize("host", ["GitHub.com.", "api.example.org", "0x0a.1.2.3", "github.com:22"])
def test_a_host_is_allowed_in_any_spelling(host: str) -> None:
    assert asked(listed("github.com", "*.example.org", "10.0.0.0/8"), talking(host)) is None


@pytest.mark.parametrize("host", ["169.254.169.254", "0xa9fea9fe", "metadata.google.internal"])
def test_a_metadata_service_is_allowed_only_where_it_is_named(host: str) -> None:
    assert asked(listed("*"), talking(host)) is not None
    assert asked(listed("*", host), talking(host)) is None


def test_a_port_is_read_from_the_address_that_was_written() -> None:
    settings = listed("example.org:8443")
    assert asked(settings, talking("example.org", word="https://example.org:8443/x")) is None
    finding = asked(settings, talking("example.org", word="https://example.org/x"))
    assert finding is not None
    assert finding.subject == "example.org:443"
    assert dark(settings, talking("example.org", word="example.org")) == ["example.org"]


def test_a_registry_is_allowed_by_its_name_its_manager_or_its_host() -> None:
    view = talking(None, program="pip", registry="pypi", word="install")
    for entry in ("pypi", "pip", "pypi.example.org", "*"):
        assert asked(listed(entry), view) is None
    finding = asked(listed("github.com"), view)
    assert finding is not None
    assert "pip may not talk to pypi." in finding.message


def test_a_host_that_nobody_can_know_is_not_forbidden_but_left_open() -> None:
    settings = listed("*.example.org")
    for view in (talking(None, word="$HOST"), talking(UNKNOWN), talking(f"{UNKNOWN}.evil.example"), talking("{a,b}.x")):
        assert asked(settings, view) is None
        assert len(dark(settings, view)) == 1


def test_where_a_program_goes_by_its_own_settings_is_allowed_by_its_name_or_by_all_hosts() -> None:
    pushing = talking(None, program="git", word="origin")
    assert dark(listed("github.com"), pushing) == ["origin"]
    assert dark(listed("github.com", "git"), pushing) == []
    assert dark(listed("*"), pushing) == []
    assert dark(listed("git"), talking(None, program="git", word=UNKNOWN)) == [UNKNOWN]
    assert asked(listed("git"), talking("evil.example", program="git")) is not None


def test_the_certain_end_of_a_host_may_be_enough() -> None:
    settings = listed("*.example.org")
    assert dark(settings, talking(f"{UNKNOWN}.example.org")) == []
    assert dark(settings, talking(None, word=f"https://{UNKNOWN}.example.org/x")) == []
    assert dark(settings, talking(None, word="a.example.org")) == ["a.example.org"]


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://docs.example.org/x", True),
        ("http://localhost:3000", True),
        ("https://evil.example/docs.example.org", False),
        ("https://docs.example.org@evil.example", False),
        ("http://docs.example.org\\@evil.example", False),
    ],
)
def test_a_web_tool_is_held_to_the_list_as_well(url: str, allowed: bool) -> None:
    tool = describe_tool("c", "WebFetch", json.dumps({"url": url, "prompt": "x"}))
    assert (NetworkAllowlist().check(listed("*.example.org"), tool, ToolView()) is None) is allowed


@pytest.mark.parametrize("path", ["/etc/hosts", "~/.curlrc", "/root/.wgetrc", "~/.ssh/config"])
def test_a_file_that_leads_hosts_elsewhere_leaves_open_where_they_lead(path: str) -> None:
    writing = describe_tool("c", "Write", json.dumps({"file_path": path, "content": "x"}))
    reading = describe_tool("c", "Read", json.dumps({"file_path": path}))
    assert list(unresolved_hosts(listed("*.example.org"), writing, ToolView())) == [path]
    assert list(unresolved_hosts(listed("*.example.org"), reading, ToolView())) == []
    assert list(unresolved_hosts(Settings(), writing, ToolView())) == []
