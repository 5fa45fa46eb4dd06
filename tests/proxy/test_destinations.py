from dataclasses import dataclass, field

import pytest

from guardian_ci.errors import BadRequest
from guardian_ci.model import Finding, Verdict
from guardian_ci.policy import load_policy
from guardian_ci.proxy.destinations import Destinations, Refused, Relayed, Tunnelled, relayed_hosts


@dataclass
class Written:
    """What would stand in the log."""

    found: list[tuple[str | None, str, Verdict]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    def observed(self, finding: Finding, session: str | None) -> None:
        self.found.append((session, finding.rule, finding.verdict))

    def tunnelled(self, host: str) -> None:
        self.notes.append(("info", host))

    def notice(self, level: str, code: str, message: str) -> None:
        self.notes.append((level, code))
        self.said = message


def destinations(policy: str = "name: one\n") -> tuple[Destinations, Written]:
    written = Written()
    return Destinations(load_policy(policy, "guardian.yml"), written), written  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "path", "at_the_relay"),
    [
        ("api.anthropic.com", "/v1/messages?beta=true", "/s/one/anthropic/v1/messages?beta=true"),
        ("API.OpenAI.com.", "/v1/responses", "/s/one/openai/v1/responses"),
        ("generativelanguage.googleapis.com", "/v1beta/models", "/s/one/gemini/v1beta/models"),
        ("gateway.corp", "/llm/v1/messages", "/s/one/v1/messages"),
        ("gateway.corp", "/llmore/v1", "/s/one/llmore/v1"),
        ("openrouter.ai", "/api/v1/chat/completions", "/s/one/v1/chat/completions"),
        ("openrouter.ai", "/api/v1/messages", "/s/one/v1/messages"),
        (
            "x.openai.azure.com",
            "/openai/deployments/d/chat/completions",
            "/s/one/openai/deployments/d/chat/completions",
        ),
    ],
)
def test_a_providers_host_leads_to_the_relay_under_the_session(host: str, path: str, at_the_relay: str) -> None:
    asked, written = destinations(
        "upstreams: {anthropic: https://gateway.corp/llm/v1, openrouter: {models: [o/*]},"
        " azure: {url: https://x.openai.azure.com, models: [gpt-*]}}\n"
    )
    found = asked.of((host, 443), "one")
    assert isinstance(found, Relayed)
    assert found.path(path) == at_the_relay
    assert (written.found, written.notes) == ([], [])


def test_without_a_session_the_key_names_it_as_in_any_call() -> None:
    found = destinations()[0].of(("api.anthropic.com", 443), None)
    assert isinstance(found, Relayed)
    assert found.path("/v1/messages") == "/anthropic/v1/messages"


@pytest.mark.parametrize("name", ["", "a/b", "../x", "a%2fb", "x" * 129, "a b"])
def test_a_session_that_a_path_cannot_hold_is_refused(name: str) -> None:
    with pytest.raises(BadRequest, match="names the session"):
        destinations()[0].of(("api.anthropic.com", 443), name)


@pytest.mark.parametrize(
    ("host", "rule", "violation"),
    [
        ("chatgpt.com", "unmetered_endpoint", False),
        ("cloudcode-pa.googleapis.com", "unmetered_endpoint", False),
        ("api2.cursor.sh", "unmetered_endpoint", False),
        ("api.individual.githubcopilot.com", "unmetered_endpoint", False),
        ("api.groq.com", "unmetered_endpoint", True),
        ("169.254.169.254", "network_allowlist", True),
        ("0xa9fea9fe", "network_allowlist", True),
        ("metadata.google.internal", "network_allowlist", True),
    ],
)
def test_what_cannot_be_metered_and_the_metadata_service_are_refused_without_any_list(
    host: str, rule: str, *, violation: bool
) -> None:
    asked, written = destinations()
    found = asked.of((host, 443), "one")
    assert isinstance(found, Refused)
    assert found.finding.violation is violation
    assert written.found == [("one", rule, Verdict.BLOCK)]


@pytest.mark.parametrize(
    ("host", "port", "reached"),
    [
        ("github.com", 443, True),
        ("github.com", 22, True),
        ("internal.corp", 8443, True),
        ("internal.corp", 443, False),
        ("evil.example", 443, False),
        ("10.1.2.3", 443, False),
        ("169.254.169.254", 443, False),
        ("127.0.0.1", 9, True),
        ("localhost", 9, True),
    ],
)
def test_a_list_of_hosts_holds_for_the_forward_proxy_as_it_does_for_commands(
    host: str, port: int, *, reached: bool
) -> None:
    asked, written = destinations("network_allowlist: [github.com, 'internal.corp:8443', '*.npmjs.org']\n")
    assert isinstance(asked.of((host, port), "one"), Tunnelled if reached else Refused)
    assert bool(written.notes) is reached
    assert bool(written.found) is not reached


def test_a_host_that_the_list_names_may_be_the_metadata_service() -> None:
    asked, _ = destinations("network_allowlist: [169.254.169.254]\n")
    assert asked.of(("169.254.169.254", 80), "one") == Tunnelled()


def test_each_host_is_written_down_once() -> None:
    asked, written = destinations()
    for _ in range(3):
        assert asked.of(("example.com", 443), "one") == Tunnelled()
        assert isinstance(asked.of(("chatgpt.com", 443), "one"), Refused)
    assert written.notes == [("info", "example.com:443")]
    assert written.found == [("one", "unmetered_endpoint", Verdict.BLOCK)]


def test_an_agent_that_asks_for_more_hosts_than_a_log_should_hold_is_told_of_once() -> None:
    asked, written = destinations()
    for number in range(1010):
        assert asked.of((f"{number}.example.com", 443), "one") == Tunnelled()
    assert len(written.notes) == 1001
    assert written.notes[-1] == ("warning", "hosts_left_out")


@pytest.mark.parametrize(("action", "found"), [("warn", [("one", "unmetered_endpoint", Verdict.WARN)]), ("off", [])])
def test_a_rule_that_the_policy_softens_lets_the_host_pass(
    action: str, found: list[tuple[str | None, str, Verdict]]
) -> None:
    asked, written = destinations(f"rules: {{unmetered_endpoint: {action}}}\n")
    assert asked.of(("chatgpt.com", 443), "one") == Tunnelled()
    assert written.notes == [("info", "chatgpt.com:443")]
    assert written.found == found


def test_the_policy_of_the_session_is_the_one_that_holds() -> None:
    policy = "policies:\n  - {name: tight, sessions: [tight-*], network_allowlist: []}\n  - {name: loose}\n"
    asked, _ = destinations(policy)
    assert isinstance(asked.of(("example.com", 443), "tight-1"), Refused)
    assert asked.of(("example.com", 443), "other") == Tunnelled()


@pytest.mark.parametrize(
    ("policy", "name", "address", "stays"),
    [
        ("name: one\n", "rebound.example", "169.254.169.254", False),
        ("name: one\n", "rebound.example", "fd00:ec2::254", False),
        ("network_allowlist: [rebound.example]\n", "rebound.example", "169.254.169.254", False),
        ("network_allowlist: ['*', 169.254.169.254]\n", "rebound.example", "169.254.169.254", True),
        ("name: one\n", "example.com", "93.184.215.14", True),
        ("name: one\n", "example.com", "10.0.0.1", True),
    ],
)
def test_a_name_that_leads_to_the_metadata_service_is_broken_off(
    policy: str, name: str, address: str, *, stays: bool
) -> None:
    asked, written = destinations(policy)
    assert asked.reached((name, 443), address, "one") is stays
    assert [rule for _, rule, _ in written.found] == ([] if stays else ["network_allowlist"])


def test_a_client_that_distrusts_the_certificate_is_a_warning_with_the_way_out() -> None:
    asked, written = destinations()
    asked.distrusted("api.anthropic.com")
    assert written.notes == [("warning", "certificate_distrusted")]
    assert "NODE_EXTRA_CA_CERTS" in written.said


def test_the_hosts_whose_tls_ends_here_are_those_of_all_sessions_and_none_of_this_machine() -> None:
    policy = load_policy(
        "upstreams: {openai: 'http://127.0.0.1:11434'}\n"
        "policies:\n  - {name: one, upstreams: {anthropic: https://gateway.corp/llm}}\n",
        "guardian.yml",
    )
    usual = {"api.anthropic.com", "api.openai.com", "generativelanguage.googleapis.com"}
    assert relayed_hosts(policy) == usual | {"gateway.corp"}
