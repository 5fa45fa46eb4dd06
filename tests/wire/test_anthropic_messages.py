"""Anthropic messages: facts out of requests, minimal edits, answers in pieces that can be judged."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import cut_anywhere, edit, everywhere, facts, parse, read, texts

from guardian_ci.errors import BadRequest, UpstreamError
from guardian_ci.model import Operation, Origin, ToolOffer
from guardian_ci.wire.anthropic_messages import AnthropicMessages
from guardian_ci.wire.interface import MAX_HELD_BYTES, Edits, Piece

WIRE = AnthropicMessages()
REQUEST = b'{"model":"claude-opus-5-5","max_tokens":32000,"stream":true,"messages":[{"role":"user","content":"hi"}]}'
UNSTREAMED = REQUEST.replace(b'"stream":true', b'"stream":false')
JSON_TYPE = "application/json"


def event(kind: str, **fields: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields}, ensure_ascii=False)}\n\n".encode()


def start(index: int, **block: object) -> bytes:
    return event("content_block_start", index=index, content_block=block)


def delta(index: int, kind: str, **fields: object) -> bytes:
    return event("content_block_delta", index=index, delta={"type": kind, **fields})


def stop(index: int) -> bytes:
    return event("content_block_stop", index=index)


BEGIN = event(
    "message_start",
    message={
        "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
        "type": "message",
        "role": "assistant",
        "content": [],
        "model": "claude-opus-5-5-20261001",
        "stop_reason": None,
        "usage": {
            "input_tokens": 25,
            "cache_creation_input_tokens": 10,
            "cache_read_input_tokens": 5,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 10},
            "output_tokens": 1,
            "service_tier": "standard",
        },
    },
)
TEXT = (
    start(0, type="text", text="")
    + event("ping")
    + delta(0, "text_delta", text="Gr\u00fc\u00dfe ")
    + delta(0, "text_delta", text="\U0001f600\u2028")
    + stop(0)
)
BASH = (
    start(1, type="tool_use", id="toolu_01", name="Bash", input={})
    + delta(1, "input_json_delta", partial_json="")
    + delta(1, "input_json_delta", partial_json='{"command": "cat ')
    + event("ping")
    + delta(1, "input_json_delta", partial_json='\u00fc.txt"}')
    + stop(1)
)
READ = (
    start(2, type="tool_use", id="toolu_02", name="Read", input={})
    + delta(2, "input_json_delta", partial_json='{"file_path": "/a"}')
    + stop(2)
)
SEARCH = (
    start(3, type="server_tool_use", id="srvtoolu_1", name="web_search", input={})
    + delta(3, "input_json_delta", partial_json='{"query": "x"}')
    + stop(3)
    + start(4, type="web_search_tool_result", tool_use_id="srvtoolu_1", content=[])
    + stop(4)
)
FINISH = event(
    "message_delta",
    delta={"stop_reason": "tool_use", "stop_sequence": None},
    usage={"output_tokens": 89, "server_tool_use": {"web_search_requests": 1}},
) + event("message_stop")
ANSWER = BEGIN + TEXT + BASH + READ + SEARCH + FINISH
WHOLE = json.dumps(
    {
        "id": "msg_2",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-5-5",
        "content": [
            {"type": "text", "text": "Sch\u00f6n"},
            {"type": "tool_use", "id": "toolu_01", "name": "Bash", "input": {"command": "ls", "n": 1.50}},
            {"type": "tool_use", "id": "toolu_02", "name": "Read", "input": {}},
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 10, "output_tokens": 20},
    },
    indent=1,
).encode()


def sdk_message(stream: bytes) -> Mapping[str, object]:
    """Put a stream together as Anthropic's SDKs do."""
    message: dict[str, object] = {}
    content: list[dict[str, object]] = []
    buffers: dict[int, str] = {}
    for frame in stream.replace(b"\r\n", b"\n").decode().split("\n\n"):
        data = [line[6:] for line in frame.split("\n") if line.startswith("data: ")]
        value = json.loads("".join(data)) if data else {}
        match value.get("type"):
            case "message_start":
                message = value["message"]
            case "content_block_start":
                content.append(dict(value["content_block"]))
            case "content_block_delta" if value["delta"]["type"] == "text_delta":
                content[value["index"]]["text"] = str(content[value["index"]]["text"]) + value["delta"]["text"]
            case "content_block_delta":
                buffers[value["index"]] = buffers.get(value["index"], "") + value["delta"]["partial_json"]
                content[value["index"]]["input"] = None
    for index, text in buffers.items():
        content[index]["input"] = json.loads(text)
    return {**message, "content": content}


# Requests


BASE = {"model": "claude-opus-5-5", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]}


def test_the_facts_of_a_request_are_read() -> None:
    call = facts(
        WIRE,
        BASE,
        stream=True,
        service_tier="auto",
        speed="fast",
        inference_geo="us",
        thread={"type": "continue", "previous_message_id": "msg_1"},
        fallbacks=[{"model": "claude-haiku-5-5"}],
    )
    assert (call.model, call.max_output_tokens, call.stream) == ("claude-opus-5-5", 100, True)
    assert (call.service_tier, call.speed, call.geo) == ("auto", "fast", "us")
    assert (call.previous_response_id, call.other_models) == ("msg_1", ("claude-haiku-5-5",))
    assert call.size.text_bytes > 100


@pytest.mark.parametrize(
    ("tool", "offer"),
    [
        ({"name": "Bash", "input_schema": {}}, ToolOffer(name="Bash", canonical="bash")),
        ({"type": "custom", "name": "Read"}, ToolOffer(name="Read", canonical="read_file")),
        ({"type": "bash_20250124", "name": "bash"}, ToolOffer(name="bash", canonical="bash")),
        (
            {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"},
            ToolOffer(name="str_replace_based_edit_tool", canonical="edit_file"),
        ),
        (
            {"type": "web_search_20250305", "name": "web_search"},
            ToolOffer(name="web_search", canonical="web_search", provider_executed=True),
        ),
        (
            {"type": "code_execution_20260521", "name": "code_execution"},
            ToolOffer(name="code_execution", canonical="code_execution", provider_executed=True),
        ),
        (
            {"type": "mcp_toolset", "mcp_server_name": "gh"},
            ToolOffer(name="mcp__gh", canonical="mcp__gh", provider_executed=True),
        ),
        (
            {"type": "newly_invented_20270101", "name": "x"},
            ToolOffer(name="x", canonical="x", provider_executed=True),
        ),
    ],
)
def test_each_kind_of_tool_is_known_for_who_runs_it(tool: object, offer: ToolOffer) -> None:
    assert facts(WIRE, BASE, tools=[tool]).tools == (offer,)


def test_tools_that_messages_and_servers_bring_are_offers_too() -> None:
    added = {"type": "tool_addition", "tool": {"type": "tool_definition", "definition": {"name": "Late"}}}
    call = facts(
        WIRE,
        BASE,
        mcp_servers=[{"name": "gh", "url": "https://x", "type": "url"}],
        messages=[{"role": "user", "content": [{"type": "text", "text": "x"}, added]}],
    )
    assert [(tool.name, tool.provider_executed) for tool in call.tools] == [("mcp__gh", True), ("Late", False)]


def test_results_of_the_new_part_are_read_with_their_success() -> None:
    old = {"type": "tool_result", "tool_use_id": "a", "is_error": True, "content": "x"}
    new = [{"type": "tool_result", "tool_use_id": "b"}, {"type": "tool_result", "tool_use_id": "c", "is_error": True}]
    messages = [
        {"role": "user", "content": [old]},
        {"role": "assistant", "content": "..."},
        {"role": "user", "content": new},
    ]
    results = facts(WIRE, BASE, messages=messages).tool_results
    assert [(result.id, result.ok) for result in results] == [("b", True), ("c", False)]
    assert all(result.digest for result in results)


def test_the_same_prompt_has_the_same_fingerprint_whatever_went_before() -> None:
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    prompt = [{"role": "user", "content": "again"}]
    first, later = facts(WIRE, BASE, messages=prompt), facts(WIRE, BASE, messages=turns + prompt)
    assert first.fingerprint == later.fingerprint
    assert first.fingerprint != facts(WIRE, BASE, messages=[{"role": "user", "content": "other"}]).fingerprint
    assert first.fingerprint != facts(WIRE, BASE, messages=prompt, model="claude-haiku-5-5").fingerprint


def test_media_is_counted_and_never_sized_by_its_bytes() -> None:
    data = "A" * 40_000
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    by_url = {"type": "image", "source": {"type": "url", "url": "https://x"}}
    result = {"type": "tool_result", "tool_use_id": "a", "content": [image]}
    size = facts(WIRE, BASE, messages=[{"role": "user", "content": [image, by_url, result]}]).size
    assert size.images == 3
    assert size.text_bytes < 1000


@pytest.mark.parametrize(
    ("members", "ttl"),
    [
        ({}, None),
        ({"cache_control": {"type": "ephemeral"}}, "5m"),
        ({"system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]}, "1h"),
        ({"tools": [{"name": "a", "cache_control": {"type": "ephemeral", "ttl": "5m"}}]}, "5m"),
        (
            {
                "cache_control": {"type": "ephemeral", "ttl": "1h"},
                "messages": [
                    {"role": "user", "content": [{"type": "text", "text": "", "cache_control": {"ttl": "5m"}}]}
                ],
            },
            "1h",
        ),
    ],
)
def test_the_longest_cache_lifetime_is_found_wherever_it_stands(members: dict[str, object], ttl: str | None) -> None:
    assert facts(WIRE, BASE, **members).cache_ttl == ttl


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not JSON"),
        (b"[]", "must be a JSON object"),
        (b'{"model": "m", "messages": []', "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"messages": []}', "model: is missing"),
        (b'{"model": "", "messages": []}', "model: must be"),
        (b'{"model": 5, "messages": []}', "model: must be a string, not a number"),
        (b'{"model": "\\ud800", "messages": []}', "model: must be"),
        (b'{"model": "m"}', "messages: is missing"),
        (b'{"model": "m", "messages": null}', "messages: must be a list, not null"),
        (b'{"model": "m", "messages": {}}', "messages: must be a list, not an object"),
        (b'{"model": "m", "messages": ["a"]}', r"messages\[0\]: must be an object, not a string"),
        (b'{"model": "m", "messages": [{"content": 5}]}', r"messages\[0\].content: must be a string or a list"),
        (b'{"model": "m", "messages": [{"content": [5]}]}', r"messages\[0\].content\[0\]: must be an object"),
        (b'{"model": "m", "messages": [], "max_tokens": -1}', "max_tokens: must be at least 0"),
        (b'{"model": "m", "messages": [], "max_tokens": 1.5}', "max_tokens: must be a whole number"),
        (b'{"model": "m", "messages": [], "max_tokens": 1e5}', "max_tokens: must be a whole number"),
        (b'{"model": "m", "messages": [], "max_tokens": true}', "max_tokens: must be a whole number, not a boolean"),
        (b'{"model": "m", "messages": [], "max_tokens": "9"}', "max_tokens: must be a whole number, not a string"),
        (b'{"model": "m", "messages": [], "stream": 1}', "stream: must be true or false"),
        (b'{"model": "m", "messages": [], "tools": {}}', "tools: must be a list"),
        (b'{"model": "m", "messages": [], "tools": [1]}', r"tools\[0\]: must be an object"),
        (b'{"model": "m", "messages": [], "service_tier": 1}', "service_tier: must be a string"),
        (b'{"model": "m", "model": "n", "messages": []}', "'model' appears twice"),
        (b'{"model": "m", "Max_Tokens": 5, "messages": []}', "Max_Tokens: did you mean max_tokens?"),
        (b'{"model": "m", "messages": [], "x": NaN}', "NaN is not a JSON number"),
        (b'{"model": "m", "messages": [], "x": ' + b"9" * 5000 + b"}", "too many digits"),
        (b'{"model": "m", "messages": ' + b"[" * 100_000, "nested too deeply"),
    ],
)
def test_bad_requests_are_refused_by_the_name_of_what_is_wrong(body: bytes, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        parse(WIRE, body)


def test_a_body_in_another_encoding_is_refused() -> None:
    headers = {"content-type": "application/json; charset=utf-16"}
    with pytest.raises(BadRequest, match="must be UTF-8, not 'utf-16'"):
        WIRE.parse_call(REQUEST, operation=Operation.GENERATE, headers=headers)


# Texts

SAID = [
    {"role": "system", "content": "reminder"},
    {"role": "user", "content": [{"type": "text", "text": "do"}, {"type": "document", "title": "t", "source": {}}]},
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
            {"type": "redacted_thinking", "data": "AAAA"},
            {"type": "text", "text": "ok"},
            {
                "type": "tool_use",
                "id": "t1",
                "name": "Write",
                "input": {"file_path": "/a", "lines": ["x", {"type": "y"}]},
            },
            {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "q"}},
            {
                "type": "web_search_tool_result",
                "tool_use_id": "s1",
                "content": [{"type": "web_search_result", "title": "page", "encrypted_content": "AAAA"}],
            },
        ],
    },
    {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": "t1",
                "content": [
                    {"type": "text", "text": "out"},
                    {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "doc"}},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                    {"type": "tool_reference", "tool_name": "Late"},
                ],
            },
            {"type": "tool_result", "tool_use_id": "t2", "content": "plain"},
            {
                "type": "search_result",
                "source": "https://x",
                "title": "found",
                "content": [{"type": "text", "text": "f"}],
            },
            {
                "type": "tool_addition",
                "tool": {"type": "tool_definition", "definition": {"name": "L", "description": "l"}},
            },
            {"type": "text", "text": "go on"},
        ],
    },
]


def test_every_text_is_told_with_its_origin_and_whether_it_is_new() -> None:
    tools = [{"name": "Write", "description": "writes", "input_schema": {"properties": {"a": {"description": "p"}}}}]
    told = texts(WIRE, BASE, system=[{"type": "text", "text": "sys"}], tools=tools, messages=SAID)
    assert told == [
        ("sys", Origin.SYSTEM, False),
        ("writes", Origin.DEFINITION, False),
        ("p", Origin.DEFINITION, False),
        ("reminder", Origin.SYSTEM, False),
        ("do", Origin.PROMPT, False),
        ("t", Origin.PROMPT, False),
        ("hm", Origin.ANSWER, False),
        ("ok", Origin.ANSWER, False),
        ("/a", Origin.TOOL_CALL, False),
        ("x", Origin.TOOL_CALL, False),
        ("y", Origin.TOOL_CALL, False),
        ("q", Origin.TOOL_CALL, False),
        ("page", Origin.TOOL_RESULT, False),
        ("out", Origin.TOOL_RESULT, True),
        ("doc", Origin.TOOL_RESULT, True),
        ("plain", Origin.TOOL_RESULT, True),
        ("https://x", Origin.TOOL_RESULT, True),
        ("found", Origin.TOOL_RESULT, True),
        ("f", Origin.TOOL_RESULT, True),
        ("l", Origin.DEFINITION, True),
        ("go on", Origin.PROMPT, True),
    ]


@pytest.mark.parametrize(
    ("members", "fresh"),
    [
        ({"messages": [{"role": "user", "content": "a"}]}, [True, True]),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}, [True, True, True]),
        (
            {"messages": [{"role": "assistant", "content": "b"}, {"role": "user", "content": "a"}]},
            [False, False, True],
        ),
        (
            {
                "messages": [{"role": "assistant", "content": "b"}, {"role": "user", "content": "a"}],
                "thread": {"type": "continue", "previous_message_id": "m"},
            },
            [False, True, True],
        ),
    ],
)
def test_new_is_what_stands_behind_the_last_answer(members: dict[str, object], fresh: list[bool]) -> None:
    assert [new for _, _, new in texts(WIRE, BASE, system="s", **members)] == fresh


def test_a_result_is_the_same_whatever_id_and_cache_mark_it_has() -> None:
    def digest(**members: object) -> str:
        block = {"type": "tool_result", **members}
        return facts(WIRE, BASE, messages=[{"role": "user", "content": [block]}]).tool_results[0].digest

    plain = digest(tool_use_id="a", content="x")
    marked = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}
    assert plain == digest(tool_use_id="b", content=[marked], cache_control={"type": "ephemeral"})
    assert plain != digest(tool_use_id="a", content="y")
    assert digest(tool_use_id="a")


# Edits


def test_nothing_to_edit_gives_the_same_bytes() -> None:
    parsed = parse(WIRE, REQUEST)
    assert WIRE.edit(parsed, Edits()) is parsed.body
    assert WIRE.edit(parsed, Edits(max_output_tokens=32000)) is parsed.body
    assert WIRE.edit(parsed, Edits(max_output_tokens=99999)) is parsed.body


def test_the_maximum_is_lowered_in_its_place() -> None:
    assert edit(WIRE, REQUEST, Edits(max_output_tokens=500)) == REQUEST.replace(b"32000", b"500")


def test_an_absent_maximum_is_added() -> None:
    request = b'{ "model": "m", "messages": [] }'
    assert edit(WIRE, request, Edits(max_output_tokens=7)) == b'{ "model": "m", "messages": [],"max_tokens":7 }'


def test_a_count_of_tokens_gets_no_maximum() -> None:
    parsed = parse(WIRE, b'{"model":"m","messages":[]}', Operation.COUNT_TOKENS)
    assert WIRE.edit(parsed, Edits(max_output_tokens=7)) is parsed.body


@pytest.mark.parametrize(
    ("thinking", "maximum", "expected"),
    [
        (b'{"type":"enabled","budget_tokens":31999}', 4000, b'{"type":"enabled","budget_tokens":3999}'),
        (b'{"type":"enabled","budget_tokens":2000}', 4000, b'{"type":"enabled","budget_tokens":2000}'),
        (b'{"type":"enabled","budget_tokens":31999}', 1025, b'{"type":"enabled","budget_tokens":1024}'),
        (b'{"type":"enabled","budget_tokens":31999}', 1024, b'{"type": "disabled"}'),
        (b'{"type":"enabled","budget_tokens":31999}', 50_000, b'{"type":"enabled","budget_tokens":31999}'),
        (b'{"type":"adaptive"}', 300, b'{"type":"adaptive"}'),
        (b'{"type":"disabled"}', 300, b'{"type":"disabled"}'),
    ],
)
def test_the_thinking_budget_stays_below_the_maximum(thinking: bytes, maximum: int, expected: bytes) -> None:
    request = b'{"thinking":%b,' + REQUEST[1:]
    lowered = REQUEST.replace(b"32000", b"%d" % min(maximum, 32000))
    assert (
        edit(WIRE, request % thinking, Edits(max_output_tokens=maximum)) == b'{"thinking":%b,' % expected + lowered[1:]
    )


def test_the_maxima_of_fallbacks_are_lowered_too() -> None:
    request = REQUEST[:-1] + b',"fallbacks":[{"model":"x","max_tokens":9000},{"model":"y","max_tokens":5}]}'
    assert json.loads(edit(WIRE, request, Edits(max_output_tokens=500)))["fallbacks"] == [
        {"model": "x", "max_tokens": 500},
        {"model": "y", "max_tokens": 5},
    ]


WITH_TOOLS = REQUEST[:-1] + (
    b',"tools": [ {"name":"Bash"} , {"type":"web_search_20250305","name":"web_search"}, {"name":"Read"} ],'
    b' "tool_choice" : {"type":"auto"}, "z": 1.50}'
)


@pytest.mark.parametrize(
    ("removed", "tools", "choice"),
    [
        ({1}, b'[ {"name":"Bash"} , {"name":"Read"} ]', True),
        ({0, 1}, b'[ {"name":"Read"} ]', True),
        ({2}, b'[ {"name":"Bash"} , {"type":"web_search_20250305","name":"web_search"} ]', True),
        ({1, 2}, b'[ {"name":"Bash"} ]', True),
    ],
)
def test_removed_tools_leave_the_others_their_bytes(removed: set[int], tools: bytes, choice: bool) -> None:
    result = edit(WIRE, WITH_TOOLS, Edits(remove_tools=frozenset(removed)))
    assert b'"tools": ' + tools + b', "tool_choice" : {"type":"auto"}, "z": 1.50}' in result


def test_without_any_tool_left_the_member_and_the_choice_go() -> None:
    result = edit(WIRE, WITH_TOOLS, Edits(remove_tools=frozenset({0, 1, 2})))
    assert result == REQUEST[:-1] + b',"z": 1.50}'


def test_a_choice_of_a_removed_tool_goes_with_it() -> None:
    request = WITH_TOOLS.replace(b'{"type":"auto"}', b'{"type":"tool","name":"web_search"}')
    assert "tool_choice" not in json.loads(edit(WIRE, request, Edits(remove_tools=frozenset({1}))))


def test_mcp_servers_go_with_their_toolset() -> None:
    request = REQUEST[:-1] + b',"tools":[{"type":"mcp_toolset","mcp_server_name":"a"}],"mcp_servers":[{"name":"a"}]}'
    assert edit(WIRE, request, Edits(remove_tools=frozenset({0, 1}))) == REQUEST


def test_a_tool_added_in_a_message_is_removed_with_a_message_that_has_nothing_else() -> None:
    added = {"type": "tool_addition", "tool": {"type": "tool_definition", "definition": {"type": "web_search_1"}}}
    messages = [{"role": "user", "content": "a"}, {"role": "system", "content": [added]}]
    request = json.dumps({"model": "m", "messages": messages}).encode()
    assert json.loads(edit(WIRE, request, Edits(remove_tools=frozenset({0}))))["messages"] == messages[:1]


def test_the_model_is_replaced() -> None:
    assert edit(WIRE, REQUEST, Edits(model="claude-haiku-5-5")) == REQUEST.replace(
        b"claude-opus-5-5", b"claude-haiku-5-5"
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("hi", "hi\n\nNote \U0001f600"),
        ([], [{"type": "text", "text": "Note \U0001f600"}]),
        ([{"type": "tool_result"}], [{"type": "tool_result"}, {"type": "text", "text": "Note \U0001f600"}]),
    ],
)
def test_a_notice_ends_the_last_message_of_the_agent(content: object, expected: object) -> None:
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    tail = [{"role": "user", "content": content}, {"role": "system", "content": "s"}]
    request = json.dumps({"model": "m", "messages": messages + tail, "system": "keep"}).encode()
    result = json.loads(edit(WIRE, request, Edits(notice="Note \U0001f600")))
    assert result["messages"] == [*messages, {"role": "user", "content": expected}, tail[1]]
    assert result["system"] == "keep"


def test_unbounded_searches_are_bounded() -> None:
    request = REQUEST[:-1] + b',"tools":[{"type":"web_search_20250305"},{"type":"web_search_1","max_uses":2}]}'
    assert parse(WIRE, request).call.max_web_searches == 12
    tools = json.loads(edit(WIRE, request, Edits(max_web_searches=3)))["tools"]
    assert [tool["max_uses"] for tool in tools] == [3, 2]


@settings(max_examples=50, deadline=None)
@given(
    maximum=st.none() | st.integers(min_value=1, max_value=40_000),
    removed=st.sets(st.integers(min_value=0, max_value=2)),
    model=st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=5),
    notice=st.none() | st.text(max_size=5),
    indent=st.sampled_from([None, 2]),
)
def test_edits_together_change_only_what_they_name(maximum, removed, model, notice, indent) -> None:  # noqa: ANN001
    document = {
        "tools": [{"name": "Bash"}, {"type": "web_search_1", "name": "web_search"}, {"name": "Read", "x": 1.0}],
        "model": "m",
        "gr\u00fc\u00df": {"a": [1, 2.50, "\U0001f600"]},
        "messages": [{"role": "user", "content": [{"type": "text", "text": "\u00e9"}]}],
        "max_tokens": 32000,
    }
    request = json.dumps(document, indent=indent, ensure_ascii=False).encode()
    edits = Edits(max_output_tokens=maximum, remove_tools=frozenset(removed), model=model, notice=notice)
    result = json.loads(WIRE.edit(parse(WIRE, request), edits))
    tools = [tool for i, tool in enumerate(document["tools"]) if i not in removed]
    assert result.get("tools", []) == tools
    assert result["model"] == (model if model is not None else "m")
    assert result["max_tokens"] == (min(maximum, 32000) if maximum is not None else 32000)
    assert len(result["messages"][0]["content"]) == (1 if notice is None else 2)
    assert result["gr\u00fc\u00df"] == document["gr\u00fc\u00df"]


# Answers


@cut_anywhere
def test_an_allowed_answer_keeps_its_bytes_wherever_it_is_cut(cuts: list[int]) -> None:
    reading = everywhere(WIRE, REQUEST, ANSWER, cuts)
    assert sorted(reading.relayed) == sorted(ANSWER)
    assert sdk_message(reading.relayed) == sdk_message(ANSWER)
    assert [(tool.name, tool.id, tool.arguments) for tool in reading.tools] == [
        ("Bash", "toolu_01", '{"command": "cat \u00fc.txt"}'),
        ("Read", "toolu_02", '{"file_path": "/a"}'),
    ]
    assert reading.complete


@cut_anywhere
def test_crlf_framing_reads_the_same(cuts: list[int]) -> None:
    reading = everywhere(WIRE, REQUEST, ANSWER.replace(b"\n", b"\r\n"), cuts, denied=["Bash"])
    assert [tool.name for tool in reading.tools] == ["Bash", "Read"]
    content = sdk_message(reading.relayed)["content"]
    assert isinstance(content, list)
    assert content[1]["name"] == "guardian_denied_Bash"


@cut_anywhere
def test_a_denied_call_alone_is_rewritten(cuts: list[int]) -> None:
    reading = everywhere(WIRE, REQUEST, ANSWER, cuts, denied=["Bash"])
    before, after = sdk_message(ANSWER)["content"], sdk_message(reading.relayed)["content"]
    assert isinstance(before, list)
    assert isinstance(after, list)
    assert after[1] == {
        "type": "tool_use",
        "id": "toolu_01",
        "name": "guardian_denied_Bash",
        "input": {"reason": "no Bash \u2013 \U0001f512", "rule": "tool_allowlist"},
    }
    assert [after[0], *after[2:]] == [before[0], *before[2:]]
    assert reading.relayed.count(b"event: ") == ANSWER.count(b"event: ")


def test_a_denied_call_without_argument_frames_gets_one() -> None:
    bare = start(0, type="tool_use", id="t", name="Bash", input={"command": "ls"}) + stop(0)
    reading = read(WIRE, REQUEST, [BEGIN + bare + FINISH], denied=["Bash"])
    assert reading.tools[0].command == "ls"
    content = sdk_message(reading.relayed)["content"]
    assert isinstance(content, list)
    assert content[0]["input"] == {"reason": "no Bash \u2013 \U0001f512", "rule": "tool_allowlist"}


def test_text_and_pings_pass_at_once_and_only_the_call_is_held() -> None:
    reader = WIRE.reader(parse(WIRE, REQUEST), content_type="text/event-stream")
    assert b"".join(piece.data for piece in reader.feed(BEGIN + TEXT)) == BEGIN + TEXT
    half = BASH[: -len(stop(1))]
    passed = b"".join(piece.data for piece in reader.feed(half))
    assert passed == event("ping")
    (released,) = [piece for piece in reader.feed(stop(1)) if piece.tool]
    assert released.data == BASH.replace(event("ping"), b"")


def test_interleaved_blocks_are_held_each_for_itself() -> None:
    first = start(0, type="tool_use", id="a", name="Bash", input={})
    second = start(1, type="tool_use", id="b", name="Read", input={})
    text = start(2, type="text", text="") + delta(2, "text_delta", text="hi")
    answer = (
        first
        + second
        + delta(0, "input_json_delta", partial_json='{"command":')
        + delta(1, "input_json_delta", partial_json='{"file_path":"x"}')
        + text
        + stop(1)
        + delta(0, "input_json_delta", partial_json='"ls"}')
        + stop(0)
        + FINISH
    )
    reading = read(WIRE, REQUEST, [answer])
    assert [(tool.name, tool.arguments) for tool in reading.tools] == [
        ("Read", '{"file_path":"x"}'),
        ("Bash", '{"command":"ls"}'),
    ]
    assert reading.relayed.startswith(text)


def test_usage_is_merged_as_it_comes() -> None:
    reader = WIRE.reader(parse(WIRE, REQUEST), content_type="text/event-stream")
    list(reader.feed(BEGIN))
    assert reader.usage is not None
    assert (reader.usage.model, reader.usage.output_tokens) == ("claude-opus-5-5-20261001", 1)
    assert not reader.complete
    list(reader.feed(FINISH))
    assert (reader.usage.input_tokens, reader.usage.output_tokens) == (25, 89)
    assert (reader.usage.cache_write_1h_tokens, reader.usage.web_searches) == (10, 1)
    assert reader.complete


def test_the_usage_of_a_beginning_is_not_the_last_word_until_a_later_frame_tells_one() -> None:
    reader = WIRE.reader(parse(WIRE, REQUEST), content_type="text/event-stream")
    list(reader.feed(BEGIN))
    assert not reader.state.usage_final
    list(reader.feed(b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\n'))
    assert not reader.state.usage_final
    list(reader.feed(FINISH))
    assert reader.state.usage_final


def test_text_is_told_block_by_block_thinking_apart() -> None:
    thinking = start(0, type="thinking", thinking="", signature="") + delta(0, "thinking_delta", thinking="hm")
    summary = start(2, type="compaction", content=None) + delta(2, "compaction_delta", content="so far")
    stream = BEGIN + thinking + delta(0, "signature_delta", signature="x") + start(1, type="text", text="A")
    ragged = delta(1, "text_delta", text="#b").replace(b"#", rb"\ud800")
    pieces = read(WIRE, REQUEST, [stream + ragged + summary + BASH + FINISH]).pieces
    told = [(piece.block, piece.text) for piece in pieces if piece.text]
    assert told == [("0", "hm"), ("1", "A"), ("1", "\ufffdb"), ("2", "so far")]


def test_the_reader_says_while_it_holds_a_call() -> None:
    reader = WIRE.reader(parse(WIRE, REQUEST), content_type="text/event-stream")
    list(reader.feed(BEGIN + TEXT))
    assert not reader.holding
    list(reader.feed(BASH[: -len(stop(1))]))
    assert reader.holding
    list(reader.feed(stop(1)))
    assert not reader.holding
    list(reader.feed(start(2, type="tool_use", id="b", name="Read", input={})))
    list(reader.feed(event("error", error={"type": "overloaded_error", "message": "Overloaded"})))
    assert not reader.holding


def test_output_is_counted_when_it_comes_also_while_it_is_held() -> None:
    reader = WIRE.reader(parse(WIRE, REQUEST), content_type="text/event-stream")
    assert sum(piece.output_bytes for piece in reader.feed(TEXT)) == len("Gr\u00fc\u00dfe \U0001f600\u2028".encode())
    held = BASH[: -len(stop(1))]
    assert sum(piece.output_bytes for piece in reader.feed(held)) == len('{"command": "cat \u00fc.txt"}'.encode())
    assert sum(piece.output_bytes for piece in reader.feed(stop(1))) == 0


def test_blocks_end_in_boundaries_and_the_answer_in_a_terminal() -> None:
    pieces = read(WIRE, REQUEST, [ANSWER]).pieces
    assert sum(piece.boundary for piece in pieces) == 5 + 1
    assert [piece.terminal for piece in pieces] == [False] * (len(pieces) - 1) + [True]


def test_an_error_in_the_stream_is_told_and_ends_it() -> None:
    error = event("error", error={"type": "overloaded_error", "message": "Overloaded"})
    reading = read(WIRE, REQUEST, [BEGIN + BASH[: -len(stop(1))] + error])
    assert (reading.pieces[-1].error, reading.pieces[-1].terminal) == (True, True)
    assert reading.error == "Overloaded"
    assert not reading.complete
    assert b"tool_use" not in reading.relayed


def test_half_a_tool_call_never_reaches_the_agent() -> None:
    reading = read(WIRE, REQUEST, [BEGIN + TEXT + BASH[: -len(stop(1))]])
    assert reading.relayed == BEGIN + TEXT + event("ping")
    assert reading.tools == []
    assert not reading.complete


def test_a_call_that_the_end_of_the_message_leaves_open_is_judged_then() -> None:
    reading = read(WIRE, REQUEST, [BEGIN + BASH[: -len(stop(1))] + FINISH], denied=["Bash"])
    assert [tool.name for tool in reading.tools] == ["Bash"]
    assert b"cat" not in reading.relayed


def test_a_frame_that_cannot_be_parsed_passes_and_is_flagged() -> None:
    for garbage in (b"data: {not json\n\n", b"event: x\ndata: \xff\xfe\n\n", b"data: [1]\n\n", b"<html>\n\n"):
        reading = read(WIRE, REQUEST, [BEGIN + garbage + FINISH])
        assert reading.relayed == BEGIN + garbage + FINISH
        assert [piece.data for piece in reading.pieces if piece.unparsed] == [garbage]
        assert reading.complete


def test_a_tool_call_above_the_limit_is_an_upstream_error() -> None:
    part = delta(0, "input_json_delta", partial_json="x" * 2**20)
    begin = start(0, type="tool_use", id="a", name="Bash", input={})
    with pytest.raises(UpstreamError, match="tool call of more than"):
        read(WIRE, REQUEST, [begin, *[part] * (MAX_HELD_BYTES // 2**20 + 1)])


def test_json_that_is_too_deep_to_judge_is_an_upstream_error() -> None:
    with pytest.raises(UpstreamError, match="nested too deeply"):
        read(WIRE, REQUEST, [b'data: {"a":' + b"[" * 100_000 + b"\n\n"])


def test_the_members_of_a_toolset_are_named_with_it() -> None:
    block = start(0, type="tool_use", id="a", name="navigate", toolset_name="browser", input={}) + stop(0)
    assert [tool.name for tool in read(WIRE, REQUEST, [block]).tools] == ["browser_navigate"]


@settings(max_examples=60, deadline=None)
@given(
    frames=st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=3),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(
                    st.sampled_from(
                        ["type", "index", "content_block", "delta", "message", "usage", "name", "input", "partial_json"]
                    ),
                    inner
                    | st.sampled_from(["content_block_start", "content_block_delta", "content_block_stop", "tool_use"]),
                    max_size=5,
                )
            ),
            max_leaves=8,
        ),
        max_size=5,
    )
)
def test_no_frame_of_odd_types_breaks_the_reader(frames: list[object]) -> None:
    stream = b"".join(f"data: {json.dumps(frame)}\n\n".encode() for frame in frames)
    try:
        read(WIRE, REQUEST, [stream])
    except UpstreamError:
        return


@cut_anywhere
def test_a_whole_answer_keeps_its_bytes(cuts: list[int]) -> None:
    reading = everywhere(WIRE, UNSTREAMED, WHOLE, cuts, content_type=JSON_TYPE)
    assert reading.relayed == WHOLE
    assert [tool.name for tool in reading.tools] == ["Bash", "Read"]
    assert reading.usage is not None
    assert (reading.usage.output_tokens, reading.complete) == (20, True)
    assert reading.output_bytes > 0


def test_a_denied_call_of_a_whole_answer_is_rewritten_by_its_bytes_alone() -> None:
    reading = read(WIRE, UNSTREAMED, [WHOLE], denied=["Bash"], content_type=JSON_TYPE)
    reason = '{"reason": "no Bash \\u2013 \\ud83d\\udd12", "rule": "tool_allowlist"}'
    expected = WHOLE.replace(b'"Bash"', b'"guardian_denied_Bash"')
    start_at = expected.index(b'{\n    "command"')
    end_at = expected.index(b"}", start_at) + 1
    assert reading.relayed == expected[:start_at] + reason.encode() + expected[end_at:]


def test_an_error_body_passes_as_an_error() -> None:
    body = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    reading = read(WIRE, REQUEST, [body], content_type=JSON_TYPE)
    assert (reading.relayed, reading.error, reading.complete) == (body, "Overloaded", False)


def test_html_passes_unparsed() -> None:
    reading = read(WIRE, REQUEST, [b"<html>down</html>"], content_type="text/html")
    assert reading.pieces == [Piece(unparsed=True)]
    assert reading.relayed == b"<html>down</html>"


# Refusals


def test_a_refusal_has_the_shape_of_the_api() -> None:
    body = WIRE.refusal(status=402, code="billing_error", message="no money", request_id="req_1")
    assert json.loads(body) == {
        "type": "error",
        "error": {"type": "billing_error", "message": "no money"},
        "request_id": "req_1",
    }


def test_a_code_of_ours_gives_way_to_the_type_of_the_status() -> None:
    for status, kind in ((400, "invalid_request_error"), (402, "billing_error"), (429, "rate_limit_error")):
        body = WIRE.refusal(status=status, code="token_budget_exceeded", message="m", request_id="r")
        assert json.loads(body)["error"]["type"] == kind


def test_a_stream_ends_in_an_error_event_that_is_not_retried() -> None:
    event_line, data, _ = WIRE.stream_error(message="over", request_id="r").split(b"\n", 2)
    assert event_line == b"event: error"
    assert json.loads(data.removeprefix(b"data: "))["error"]["type"] == "invalid_request_error"
