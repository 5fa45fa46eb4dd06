"""What agents say of themselves is read as it is sent, and nothing is decided by it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig import KEY, Run
from scripted import response
from speech import MESSAGES

from guardian_ci.audit.records import Attribution
from guardian_ci.proxy.attribution import attribution

# As Claude Code 2.1.330, Codex 0.169.0 and opencode 1.18.33 were seen to send them.
SENT = {
    "Claude Code": ({"x-claude-code-session-id": "s"}, ("s", None, None)),
    "a subagent of Claude Code": ({"x-claude-code-session-id": "s", "x-claude-code-agent-id": "a"}, ("s", "a", None)),
    "a subagent's own subagent": (
        {"x-claude-code-session-id": "s", "x-claude-code-agent-id": "b", "x-claude-code-parent-agent-id": "a"},
        ("s", "b", "a"),
    ),
    "Codex": ({"session-id": "s", "thread-id": "s"}, ("s", None, None)),
    "a subagent of Codex": (
        {"session-id": "s", "thread-id": "t", "x-codex-parent-thread-id": "s"},
        ("s", "t", "s"),
    ),
    "opencode": ({"x-session-affinity": "s", "x-session-id": "s"}, ("s", None, None)),
    "a subagent of opencode": ({"x-session-id": "t", "x-parent-session-id": "s"}, ("s", "t", "s")),
}


@pytest.mark.parametrize(("headers", "told"), SENT.values(), ids=SENT)
def test_each_agents_headers_tell_its_session_and_its_subagent(
    headers: dict[str, str], told: tuple[str, str | None, str | None]
) -> None:
    found = attribution((name.encode(), value.encode()) for name, value in headers.items())
    assert found == Attribution(agent_session=told[0], subagent=told[1], parent=told[2])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"user-agent": "aider"},
        {"x-claude-code-agent-id": "a"},
        {"session-id": ""},
        {"session-id": " \t "},
        {"session-id": "a\x1b[31m"},
        {"session-id": "é"},
        {"session-id": "x" * 1025},
    ],
)
def test_what_names_no_session_tells_nothing(headers: dict[str, str]) -> None:
    assert attribution((name.encode(), value.encode("latin-1")) for name, value in headers.items()) is None


@given(st.dictionaries(st.sampled_from([b"session-id", b"thread-id", b"x-session-id", b"other"]), st.binary()))
def test_no_header_however_odd_is_more_than_a_printable_id(headers: dict[bytes, bytes]) -> None:
    told = attribution(headers.items())
    for text in () if told is None else filter(None, (told.agent_session, told.subagent, told.parent)):
        assert text.isascii()
        assert text.isprintable()


def test_a_record_tells_who_called_and_the_session_goes_by_the_path(shared: Run) -> None:
    shared.upstream.says(response(json.dumps(MESSAGES.whole()).encode()))
    told = {"x-claude-code-session-id": "s-1", "x-claude-code-agent-id": KEY}
    record = shared.record_of(shared.post(MESSAGES, path=f"/s/path{MESSAGES.path}", **told))
    for line in [line for line in shared.log if line.get("request_id") == record["request_id"]]:
        assert line["attribution"] == {"agent_session": "s-1", "subagent": "[redacted:secret]"}
        assert line["session_id"] == "path"
    assert [scope["scope"].partition("#")[0] for scope in record["scopes"] if "session" in scope["scope"]] == [
        "session:path"
    ]


def test_a_refused_call_tells_who_called(shared: Run) -> None:
    record = shared.record_of(shared.post(MESSAGES, b"no JSON", session_id="s-2", thread_id="t-2"))
    assert record["decision"] == "rejected"
    assert record["attribution"] == {"agent_session": "s-2", "subagent": "t-2"}
