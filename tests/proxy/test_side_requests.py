"""What becomes of what agents ask for beside the conversation: searches, deferred tools, small models."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from rig import Rig, Run
from scripted import Upstream, response, stream
from speech import CHAT, INPUT, MESSAGES, OUTPUT, RESPONSES, Json

BODY = {"type": "object", "properties": {}}


@dataclass(frozen=True, kw_only=True)
class Side:
    """A request as the agent sends it, what is left of it without the search, and an answer that searched twice."""

    path: str
    request: Mapping[str, Any]
    left: Mapping[str, Any]
    answer: Mapping[str, Any]


_CLAUDE: Json = {
    "model": "claude-haiku-4-5",
    "max_tokens": 32000,
    "system": [{"type": "text", "text": "You are an assistant for performing a web search tool use"}],
    "messages": [{"role": "user", "content": [{"type": "text", "text": "Perform a web search for the query: x"}]}],
}
_CODEX: Json = {
    "model": "gpt-5.4",
    "instructions": "You are Codex.",
    "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Look it up."}]}],
    "tool_choice": "auto",
    "parallel_tool_calls": False,
    "store": False,
    "max_tool_calls": 5,
}
_SHELL: Json = {"type": "function", "name": "exec_command", "parameters": BODY, "strict": False}
_GEMINI: Json = {"contents": [{"role": "user", "parts": [{"text": "x"}]}], "generationConfig": {"temperature": 0}}
_SEARCHED: Json = {"type": "web_search_call", "status": "completed", "action": {"type": "search", "query": "x"}}
_GOOGLE: Json = {
    "candidates": [
        {
            "content": {"role": "model", "parts": [{"text": "Well."}]},
            "finishReason": "STOP",
            "groundingMetadata": {"webSearchQueries": ["x", "y"]},
        }
    ],
    "usageMetadata": {"promptTokenCount": INPUT, "candidatesTokenCount": OUTPUT, "totalTokenCount": INPUT + OUTPUT},
    "modelVersion": "gemini-2.5-flash",
}
SIDES = {
    "Claude Code's WebSearch": Side(
        path=MESSAGES.path,
        request=_CLAUDE
        | {
            "tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 8}],
            "tool_choice": {"type": "tool", "name": "web_search"},
        },
        left=_CLAUDE,
        answer=MESSAGES.whole()
        | {
            "usage": {
                "input_tokens": INPUT,
                "output_tokens": OUTPUT,
                "server_tool_use": {"web_search_requests": 2},
            }
        },
    ),
    "Codex's web_search": Side(
        path=RESPONSES.path,
        request=_CODEX | {"tools": [_SHELL, {"type": "web_search", "external_web_access": True}]},
        left=_CODEX | {"tools": [_SHELL]},
        answer=RESPONSES.whole() | {"output": [{"id": "ws_1", **_SEARCHED}, {"id": "ws_2", **_SEARCHED}]},
    ),
    "Gemini CLI's google_web_search": Side(
        path="/v1beta/models/gemini-2.5-flash:generateContent",
        request=_GEMINI | {"tools": [{"googleSearch": {}}]},
        left=_GEMINI,
        answer=_GOOGLE,
    ),
}

every_side = pytest.mark.parametrize("side", SIDES.values(), ids=SIDES)


def asked(run: Run, side: Side) -> Json:
    """Send a side request; its record."""
    run.upstream.says(response(json.dumps(side.answer).encode()))
    got = run.request("POST", side.path, CHAT, json.dumps(side.request).encode())
    assert got.status_code == 200, got.text
    return run.record_of(got)


@every_side
def test_a_search_that_policy_allows_is_metered_and_priced(start: Rig, upstream: Upstream, side: Side) -> None:
    run = start({"name": "x", "cost_limit_usd": 10, "allowed_tools": ["bash", "web_search"]})
    record = asked(run, side)
    assert upstream.seen[-1].json()["tools"] == side.request["tools"]
    assert record["usage"]["web_searches"] == 2
    plain = asked(run, Side(path=side.path, request=side.left, left=side.left, answer=_silent(side)))
    assert record["cost_picodollars"] > plain["cost_picodollars"] + 2 * 5 * 10**9


def _silent(side: Side) -> Json:
    """Return the answer without its searches."""
    answer = json.loads(json.dumps(side.answer))
    answer.get("usage", {}).pop("server_tool_use", None)
    if "output" in answer:
        answer["output"] = []
    for candidate in answer.get("candidates", ()):
        del candidate["groundingMetadata"]
    return dict(answer)


@every_side
@pytest.mark.parametrize("policy", [{"allowed_tools": ["bash"]}, {"denied_tools": ["web_search"]}], ids=str)
def test_a_search_that_policy_does_not_allow_is_taken_out(
    start: Rig, upstream: Upstream, side: Side, policy: Mapping[str, object]
) -> None:
    record = asked(start({"name": "x", **policy}), side)
    assert upstream.seen[-1].json() == side.left
    assert record["decision"] == "approved"


@every_side
def test_a_side_request_on_a_model_that_is_not_allowed_is_refused(start: Rig, side: Side) -> None:
    run = start({"name": "x", "allowed_models": ["claude-opus-5-5"]})
    got = run.request("POST", side.path, CHAT, json.dumps(side.request).encode())
    assert (got.status_code, run.record_of(got)["reason"]) == (400, "model_not_allowed")


class TestDeferredTools:
    """Claude Code loads tools by ToolSearch: their definitions come deferred, its results point to them."""

    JIRA = "mcp__jira__create"
    DOCS = "mcp__docs__read"

    def request(self, *loaded: str) -> Json:
        tools = [
            {"name": "ToolSearch", "description": "Loads tools.", "input_schema": BODY},
            *({"name": each, "input_schema": BODY, "defer_loading": True} for each in (self.JIRA, self.DOCS)),
        ]
        found = [{"type": "tool_reference", "tool_name": each} for each in loaded]
        turns = [
            {"role": "user", "content": "Make an issue."},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "ToolSearch", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": found}]},
        ]
        return {"model": MESSAGES.model, "max_tokens": 100, "tools": tools, "messages": turns}

    def test_a_denied_one_can_neither_be_loaded_nor_called(self, start: Rig, upstream: Upstream) -> None:
        run = start({"name": "x", "denied_tools": ["mcp__jira"]})
        upstream.says(stream(MESSAGES.frames((self.JIRA, {}), (self.DOCS, {}))))
        body = json.dumps(self.request(self.JIRA, self.DOCS) | {"stream": True}).encode()
        got = run.post(MESSAGES, body)
        sent = upstream.seen[-1].json()
        assert [tool["name"] for tool in sent["tools"]] == ["ToolSearch", self.DOCS]
        assert [each["tool_name"] for each in sent["messages"][2]["content"][0]["content"]] == [self.DOCS]
        assert [(tool["name"], tool["verdict"]) for tool in run.record_of(got)["tool_calls"]] == [
            (self.JIRA, "block"),
            (self.DOCS, "allow"),
        ]
        assert b"guardian_denied_mcp__jira__create" in got.content

    def test_allowed_ones_pass_with_every_byte(self, start: Rig, upstream: Upstream) -> None:
        run = start({"name": "x", "allowed_tools": ["tool_search", "mcp__jira", "mcp__docs"]})
        upstream.says(response(json.dumps(MESSAGES.whole((self.JIRA, {}))).encode()))
        body = json.dumps(self.request(self.JIRA)).encode()
        got = run.post(MESSAGES, body)
        assert upstream.seen[-1].body == body
        assert [tool["verdict"] for tool in run.record_of(got)["tool_calls"]] == ["allow"]
