import json

import pytest

from guardian_ci.model import Finding, Place, Verdict
from guardian_ci.policy import load_policy
from guardian_ci.policy.rules import evaluate_tool
from guardian_ci.policy.rules.interface import ToolView
from guardian_ci.policy.rules.opaque_command import OpaqueCommand
from guardian_ci.policy.settings import Settings
from guardian_ci.policy.shell.facts import UNKNOWN, Access, Analysis, Contact, Opaque, Touch
from guardian_ci.policy.tools import describe_tool

SHELL = describe_tool("c", "Bash", '{"command": "c"}')


def under(**policy: object) -> Settings:
    return load_policy(json.dumps(policy), "p.yml").settings[0]


def asked(settings: Settings, **facts: object) -> Finding | None:
    return OpaqueCommand().check(settings, SHELL, ToolView(analysis=Analysis(**facts)))


def opaque(*words: str) -> tuple[Opaque, ...]:
    return tuple(Opaque(reason="runs a text that is not known", word=word) for word in words)


def test_a_command_of_which_all_is_known_is_not_opaque() -> None:
    assert asked(under(), commands=(("git", "diff"),)) is None


def test_the_finding_says_why_in_the_commands_own_words() -> None:
    finding = asked(under(rules={"opaque_command": "block"}), opaque=opaque(f"eval {UNKNOWN}"))
    assert finding is not None
    assert finding.message == (
        "What Bash would do cannot be known before it is done (runs a text that is not known: eval …)."
        " Say it in plain words: name the files, the hosts and the programs."
    )
    assert (finding.reason, finding.subject) == ("opaque_command", "eval …")
    assert finding.place == Place(file="p.yml", line=1)


def test_the_first_few_reasons_are_told_and_that_there_are_more() -> None:
    finding = asked(under(), opaque=opaque("a", "b", "c", "d", "e"))
    assert finding is not None
    assert "known: c, and more)" in finding.message
    assert "known: d" not in finding.message


def test_it_warns_unless_the_policy_says_otherwise() -> None:
    view = ToolView(analysis=Analysis(opaque=opaque("x")))
    for action, verdict in ((None, Verdict.WARN), ("block", Verdict.BLOCK), ("warn", Verdict.WARN)):
        settings = under(rules={"opaque_command": action}) if action else under()
        assert [finding.verdict for finding in evaluate_tool(settings, SHELL, view)[0]] == [verdict]
    assert evaluate_tool(under(rules={"opaque_command": "off"}), SHELL, view)[0] == []


def test_a_path_that_may_be_a_blocked_file_is_opaque() -> None:
    touch = Touch(path=f"~/{UNKNOWN}", access=Access.READ, word=f"~/{UNKNOWN}")
    finding = asked(under(file_blocklist=["~/.ssh/*"]), touches=(touch,))
    assert finding is not None
    assert "may be a file that the policy keeps (~/.ssh/*): ~/…" in finding.message
    assert asked(under(file_blocklist=["~/.ssh/*"], rules={"file_blocklist": "off"}), touches=(touch,)) is None


@pytest.mark.parametrize(
    "policy", [{}, {"network_allowlist": ["*.example.org"], "rules": {"network_allowlist": "off"}}]
)
def test_a_host_that_is_not_known_is_opaque_only_under_a_list_of_hosts(policy: dict[str, object]) -> None:
    contact = Contact(host=None, program="curl", word=UNKNOWN)
    assert asked(under(**policy), contacts=(contact,)) is None
    finding = asked(under(network_allowlist=["*.example.org"]), contacts=(contact,))
    assert finding is not None
    assert "leads to a host that cannot be known: …" in finding.message


def test_a_command_that_may_be_denied_is_opaque() -> None:
    finding = asked(under(denied_tools=["Bash(git push:*)"]), commands=(("git", UNKNOWN),))
    assert finding is not None
    assert "may be what the policy denies (Bash(git push:*)): git …" in finding.message


def test_control_characters_of_a_command_do_not_reach_the_message() -> None:
    finding = asked(under(), opaque=opaque("a\x1b[31m\nb"))
    assert finding is not None
    assert finding.message.isprintable()
