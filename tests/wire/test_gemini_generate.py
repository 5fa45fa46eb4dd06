"""Gemini's requests: facts in either spelling, and edits that change nothing else."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from guardian_ci.errors import BadRequest
from guardian_ci.model import Operation, Origin, ToolResult
from guardian_ci.wire.gemini_generate import GeminiGenerate
from guardian_ci.wire.interface import Address, Edits, Parsed

WIRE = GeminiGenerate()
Json = Mapping[str, Any]
TOOLS = [
    {
        "functionDeclarations": [
            {"name": "run_shell_command", "description": "Runs."},
            {"name": "read_file", "description": "Reads."},
        ]
    },
    {"googleSearch": {}},
    {"codeExecution": {}},
]
TURNS = [
    {"role": "user", "parts": [{"text": "hi"}]},
    {"role": "model", "parts": [{"functionCall": {"name": "read_file", "args": {"file_path": "a"}}}]},
    {"role": "user", "parts": [{"functionResponse": {"name": "read_file", "response": {"output": "text"}}}]},
]


def parse(request: Json, *, operation: Operation = Operation.GENERATE, stream: bool = True) -> Parsed:
    body = json.dumps(request).encode()
    return WIRE.parse_call(
        body, operation=operation, headers={}, address=Address(model="gemini-2.5-pro", stream=stream)
    )


def edited(request: Json, **edits: Any) -> Any:
    return json.loads(WIRE.edit(parse(request), Edits(**edits)))


def test_the_model_and_the_stream_are_the_addresss() -> None:
    call = parse({"contents": TURNS}).call
    assert (call.model, call.stream) == ("gemini-2.5-pro", True)


@pytest.mark.parametrize("snake", [False, True])
def test_either_spelling_says_the_same(snake: bool) -> None:
    text = json.dumps(
        {
            "contents": TURNS,
            "systemInstruction": {"parts": [{"text": "be good"}]},
            "tools": TOOLS,
            "generationConfig": {"maxOutputTokens": 900, "candidateCount": 2},
            "cachedContent": "cachedContents/1",
        }
    )
    names = ("systemInstruction", "functionDeclarations", "googleSearch", "codeExecution", "generationConfig")
    for name in (*names, "maxOutputTokens", "candidateCount", "cachedContent", "functionResponse", "functionCall"):
        if snake:
            text = text.replace(f'"{name}"', '"' + "".join(f"_{c.lower()}" if c.isupper() else c for c in name) + '"')
    parsed = parse(json.loads(text))
    call = parsed.call
    assert [(tool.name, tool.canonical, tool.provider_executed) for tool in call.tools] == [
        ("run_shell_command", "bash", False),
        ("read_file", "read_file", False),
        ("googleSearch", "web_search", True),
        ("codeExecution", "code_execution", True),
    ]
    assert (call.max_output_tokens, call.choices, call.max_web_searches) == (900, 2, 10)
    assert call.previous_response_id == "cachedContents/1"
    (result,) = call.tool_results
    assert (result.id, result.ok, bool(result.digest)) == ("read_file", True, True)
    assert [(each.text, each.origin, each.fresh) for each in WIRE.passages(parsed)] == [
        ("be good", Origin.SYSTEM, False),
        ("Runs.", Origin.DEFINITION, False),
        ("Reads.", Origin.DEFINITION, False),
        ("hi", Origin.PROMPT, False),
        ("a", Origin.TOOL_CALL, False),
        ("text", Origin.TOOL_RESULT, True),
    ]


def test_a_result_says_whether_its_call_went_well_where_it_says_so() -> None:
    def told(response: object) -> ToolResult:
        turn = {"role": "user", "parts": [{"functionResponse": {"id": "c1", "name": "x", "response": response}}]}
        return parse({"contents": [turn]}).call.tool_results[0]

    assert [told(each).ok for each in ({"error": "no"}, {"output": "yes"}, {"other": 1})] == [False, True, None]
    assert told({"output": "a"}).id == "c1"
    assert told({"output": "a"}).digest == told({"output": "a"}).digest != told({"output": "b"}).digest


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({}, "contents: is missing"),
        ({"contents": {}}, "contents: must be a list"),
        ({"contents": [], "Contents": []}, "did you mean contents"),
        ({"contents": [], "generationConfig": {}, "generation_config": {}}, "are one member; say it once"),
        ({"contents": [], "generationConfig": {"maxOutputTokens": "9"}}, "maxOutputTokens: must be a whole number"),
        ({"contents": [{"parts": "x"}, {"parts": {}}]}, "must be a string or a list"),
    ],
)
def test_a_request_that_readers_differ_on_is_refused(request_: Json, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        parse(request_)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (None, {"maxOutputTokens": 500}),
        ({"temperature": 0}, {"temperature": 0, "maxOutputTokens": 500}),
        ({"maxOutputTokens": 9000}, {"maxOutputTokens": 500}),
        ({"maxOutputTokens": 100}, {"maxOutputTokens": 100}),
        ({"max_output_tokens": 9000}, {"max_output_tokens": 500}),
        (
            {"thinkingConfig": {"thinkingBudget": 8192}},
            {"thinkingConfig": {"thinkingBudget": 499}, "maxOutputTokens": 500},
        ),
        (
            {"thinkingConfig": {"thinkingBudget": -1}},
            {"thinkingConfig": {"thinkingBudget": -1}, "maxOutputTokens": 500},
        ),
    ],
)
def test_the_maximum_is_lowered_and_the_thinking_with_it(config: Json | None, expected: Json) -> None:
    request = {"contents": TURNS} | ({} if config is None else {"generationConfig": config})
    assert edited(request, max_output_tokens=500) == {"contents": TURNS, "generationConfig": expected}


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        ({0}, [{"functionDeclarations": [TOOLS[0]["functionDeclarations"][1]]}, TOOLS[1], TOOLS[2]]),
        ({2}, [TOOLS[0], TOOLS[2]]),
        ({0, 1, 3}, [TOOLS[1]]),
        ({0, 1, 2, 3}, None),
    ],
)
def test_tools_are_removed_with_what_gets_empty(gone: set[int], left: object) -> None:
    request = {"contents": TURNS, "tools": TOOLS, "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}}}
    told = edited(request, remove_tools=frozenset(gone))
    assert told.get("tools") == left
    assert ("toolConfig" in told) == (left is not None)


def test_a_removed_function_is_no_allowed_name_any_more() -> None:
    names = {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["run_shell_command", "read_file"]}}
    told = edited({"contents": TURNS, "tools": TOOLS, "toolConfig": names}, remove_tools=frozenset({0}))
    assert told["toolConfig"]["functionCallingConfig"]["allowedFunctionNames"] == ["read_file"]


def test_a_tool_entry_of_several_kinds_keeps_the_others() -> None:
    entry = {"functionDeclarations": [{"name": "read_file"}], "googleSearch": {}}
    assert edited({"contents": TURNS, "tools": [entry]}, remove_tools=frozenset({1}))["tools"] == [
        {"functionDeclarations": [{"name": "read_file"}]}
    ]


def test_a_notice_stands_behind_the_users_last_words_and_texts_are_replaced_where_they_stand() -> None:
    told = edited({"contents": TURNS}, notice="[n]")
    assert told["contents"][2]["parts"][-1] == {"text": "[n]"}
    path = ("contents", 2, "parts", 0, "functionResponse", "response", "output")
    told = edited({"contents": TURNS}, texts={path: "other"})
    assert told["contents"][2]["parts"][0]["functionResponse"]["response"] == {"output": "other"}


def test_media_are_counted_and_are_no_text() -> None:
    parts = [
        {"inlineData": {"mimeType": "image/png", "data": "aGVsbG8="}},
        {"inlineData": {"mimeType": "audio/wav", "data": "aGVsbG8="}},
        {"fileData": {"mimeType": "video/mp4", "fileUri": "https://files.example/1"}},
    ]
    parsed = parse({"contents": [{"role": "user", "parts": parts}]})
    assert (parsed.call.size.images, parsed.call.size.audio_seconds) == (1, 1)
    assert parsed.call.previous_response_id == "https://files.example/1"
    assert list(WIRE.passages(parsed)) == []


def test_tokens_may_be_counted_of_a_whole_request() -> None:
    inner = {"model": "models/gemini-2.5-pro", "contents": TURNS, "tools": TOOLS}
    parsed = parse({"generateContentRequest": inner}, operation=Operation.COUNT_TOKENS, stream=False)
    assert len(parsed.call.tools) == 4
    assert [each.path[0] for each in WIRE.passages(parsed)][:1] == ["generateContentRequest"]


@pytest.mark.parametrize(("gone", "left"), [({0}, 3), ({2}, 2), ({0, 1, 2, 3}, None)])
def test_tools_are_removed_from_a_request_within_a_count_too(gone: set[int], left: int | None) -> None:
    inner = {"model": "models/gemini-2.5-pro", "contents": TURNS, "tools": TOOLS}
    parsed = parse({"generateContentRequest": inner}, operation=Operation.COUNT_TOKENS, stream=False)
    told = json.loads(WIRE.edit(parsed, Edits(remove_tools=frozenset(gone))))["generateContentRequest"]
    assert told["contents"] == TURNS
    assert (len(told["tools"]) if "tools" in told else None) == left


@pytest.mark.parametrize("model", ["", "m:embedContent?", "a/b", "m?x=1", "m#", "m%2F", "..", "m:generateContent"])
def test_a_model_that_would_be_another_path_is_refused(model: str) -> None:
    with pytest.raises(BadRequest, match="the path names no model"):
        WIRE.parse_call(b'{"contents": []}', operation=Operation.GENERATE, headers={}, address=Address(model=model))


def test_a_refusal_has_googles_shape_and_a_cut_stream_has_no_last_frame() -> None:
    told = json.loads(WIRE.refusal(status=429, code="rate_limit_error", message="no", request_id="req_1"))
    assert (told["error"]["code"], told["error"]["status"], told["error"]["message"]) == (
        429,
        "RESOURCE_EXHAUSTED",
        "no",
    )
    assert WIRE.stream_error(message="no", request_id="req_1") == b""
    assert WIRE.stream_error(message="no", request_id="req_1", agent="google-genai-sdk/2 gl-node/24") == b""


def test_googles_sdk_for_python_is_told_why_its_stream_ends() -> None:
    frame = WIRE.stream_error(message="no", request_id="req_1", agent="google-genai-sdk/3.4.0 gl-python/3.11")
    assert json.loads(frame.removeprefix(b"data: "))["error"]["message"] == "no"


@pytest.mark.parametrize(
    ("body", "forwarded"),
    [
        ('{"contents": []}', '{"contents": []}'),
        ('{"model": "gemini-2.5-pro", "contents": []}', '{"model": "gemini-2.5-flash", "contents": []}'),
        ('{"model": "models/gemini-2.5-pro", "contents": []}', '{"model": "models/gemini-2.5-flash", "contents": []}'),
        (
            '{"generateContentRequest": {"model": "models/gemini-2.5-pro", "contents": []}}',
            '{"generateContentRequest": {"model": "models/gemini-2.5-flash", "contents": []}}',
        ),
    ],
)
def test_another_model_is_named_wherever_the_body_names_one(body: str, forwarded: str) -> None:
    address = Address(model="gemini-2.5-pro")
    parsed = WIRE.parse_call(body.encode(), operation=Operation.GENERATE, headers={}, address=address)
    assert WIRE.edit(parsed, Edits(model="gemini-2.5-flash")) == forwarded.encode()
