"""OpenAI chat: facts out of requests, minimal edits, answers in pieces that can be judged."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import cut_anywhere, edit, everywhere, facts, parse, read, texts

from guardian_ci.errors import BadRequest, UpstreamError
from guardian_ci.model import Origin, ToolOffer
from guardian_ci.wire.interface import Edits
from guardian_ci.wire.openai_chat import OpenAIChat

WIRE = OpenAIChat()
BASE: Mapping[str, object] = {"model": "gpt-5.5", "messages": [{"role": "user", "content": "hi"}]}
REQUEST = (
    b'{"model":"gpt-5.5","stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":32000,'
    b'"messages":[{"role":"user","content":"hi"}]}'
)
UNASKED = REQUEST.replace(b'"stream_options":{"include_usage":true},', b"")
UNSTREAMED = UNASKED.replace(b'"stream":true,', b"")
JSON_TYPE = "application/json"
REASON = {"reason": "no bash \u2013 \U0001f512", "rule": "tool_allowlist"}


def chunk(*choices: Mapping[str, object], **members: object) -> bytes:
    document = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-5.5-2026-04-01",
        "service_tier": "default",
        "choices": list(choices),
        "usage": None,
        **members,
    }
    return f"data: {json.dumps(document, ensure_ascii=False)}\n\n".encode()


def choice(index: int = 0, finish: str | None = None, **delta: object) -> Mapping[str, object]:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}


def call(index: int, text: str, name: str | None = None, identity: str | None = None) -> Mapping[str, object]:
    named = {} if name is None else {"name": name}
    told = {} if identity is None else {"id": identity, "type": "function"}
    return {"index": index, **told, "function": {**named, "arguments": text}}


USAGE = chunk(usage={"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120})
DONE = b"data: [DONE]\n\n"
TEXT = chunk(choice(role="assistant", content="")) + chunk(choice(content="Gr\u00fc\u00dfe \U0001f600"))
BASH = (
    chunk(choice(tool_calls=[call(0, "", "bash", "call_1")]))
    + chunk(choice(tool_calls=[call(0, '{"command":')]))
    + chunk(choice(tool_calls=[call(0, '"cat \u00fc"}')]))
)
READ = chunk(choice(tool_calls=[call(1, "", "read_file", "call_2")])) + chunk(
    choice(tool_calls=[call(1, '{"path":"/a"}')])
)
FINISH = chunk(choice(finish="tool_calls"))
ANSWER = TEXT + BASH + READ + FINISH + USAGE + DONE
WHOLE = json.dumps(
    {
        "id": "chatcmpl-1",
        "model": "gpt-5.5",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "Sch\u00f6n",
                    "tool_calls": [
                        {"id": "c1", "type": "function", "function": {"name": "bash", "arguments": '{"command":"ls"}'}},
                        {"id": "c2", "type": "custom", "custom": {"name": "apply_patch", "input": "*** Begin Patch"}},
                    ],
                },
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    },
    indent=1,
    ensure_ascii=False,
).encode()


def sdk_calls(stream: bytes) -> dict[object, dict[str, str]]:
    """Put the tool calls of a stream together as OpenAI's SDK does: by index, adding up strings."""
    calls: dict[object, dict[str, str]] = {}
    for line in stream.decode().splitlines():
        if line.startswith("data: {"):
            for one in json.loads(line[6:])["choices"]:
                for entry in one["delta"].get("tool_calls") or []:
                    known = calls.setdefault((one["index"], entry["index"]), {"id": "", "name": "", "text": ""})
                    holder = entry.get("function") or entry.get("custom") or {}
                    known["id"] += entry.get("id") or ""
                    known["name"] += holder.get("name") or ""
                    known["text"] += holder.get("arguments") or holder.get("input") or ""
    return calls


# Requests


def test_the_facts_of_a_request_are_read() -> None:
    facts_of = facts(
        WIRE,
        BASE,
        stream=True,
        n=3,
        max_tokens=5,
        max_completion_tokens=9,
        service_tier="flex",
        functions=[{"name": "f"}],
    )
    assert (facts_of.choices, facts_of.max_output_tokens, facts_of.service_tier) == (3, 9, "flex")
    assert facts_of.tools == (ToolOffer(name="f", canonical="f"),)


@pytest.mark.parametrize(
    ("members", "name", "provider_executed"),
    [
        ({"tools": [{"type": "function", "function": {"name": "bash"}}]}, "bash", False),
        ({"tools": [{"type": "custom", "custom": {"name": "apply_patch"}}]}, "apply_patch", False),
        ({"tools": [{"type": "web_search"}]}, "web_search", True),
        ({"web_search_options": {}}, "web_search", True),
        ({"search_parameters": {"mode": "on"}}, "web_search", True),
        ({"plugins": [{"id": "web"}]}, "web", True),
    ],
)
def test_each_way_to_offer_a_tool_is_known(members: dict[str, object], name: str, provider_executed: bool) -> None:
    (offer,) = facts(WIRE, BASE, **members).tools
    assert (offer.name, offer.provider_executed) == (name, provider_executed)


def test_results_of_the_new_part_are_read() -> None:
    messages = [
        {"role": "tool", "tool_call_id": "old", "content": "x"},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "tool_call_id": "new", "content": "x"},
    ]
    (result,) = facts(WIRE, BASE, messages=messages).tool_results
    assert (result.id, result.ok) == ("new", None)
    assert result.digest


def test_media_is_counted() -> None:
    data = "A" * 8000
    content = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
        {"type": "image_url", "image_url": {"url": "https://x"}},
        {"type": "input_audio", "input_audio": {"data": data, "format": "mp3"}},
        {"type": "file", "file": {"file_data": f"data:application/pdf;base64,{data}"}},
    ]
    size = facts(WIRE, BASE, messages=[{"role": "user", "content": content}]).size
    assert (size.images, size.audio_seconds) == (2, 7)
    assert size.pdf_pages > 0
    assert size.text_bytes < 1000


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"model": "m"}', "messages: is missing"),
        (b'{"model": "m", "messages": "a"}', "messages: must be a list, not a string"),
        (b'{"model": "m", "messages": [], "n": 0}', "n: must be at least 1"),
        (b'{"model": "m", "messages": [], "max_completion_tokens": -5}', "max_completion_tokens: must be at least 0"),
        (b'{"model": "m", "messages": [], "max_tokens": "5"}', "max_tokens: must be a whole number, not a string"),
        (b'{"model": "m", "messages": [], "stream_options": 1}', "stream_options: must be an object"),
        (b'{"model": "m", "messages": [], "functions": [1]}', r"functions\[0\]: must be an object"),
        (b'{"model": "m", "messages": [], "N": 4}', "N: did you mean n?"),
    ],
)
def test_bad_requests_are_refused_by_the_name_of_what_is_wrong(body: bytes, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        parse(WIRE, body)


# Texts


def test_every_text_is_told_with_its_origin_and_whether_it_is_new() -> None:
    function = {"name": "f", "description": "d", "parameters": {"properties": {"a": {"description": "p"}}}}
    calls = [
        {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}},
        {"id": "c2", "type": "custom", "custom": {"name": "g", "input": "raw"}},
    ]
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    messages = [
        {"role": "system", "content": "s"},
        {"role": "developer", "content": [{"type": "text", "text": "dev"}]},
        {"role": "user", "name": "me", "content": [{"type": "text", "text": "u"}, picture]},
        {"role": "assistant", "content": "a", "reasoning_content": "hm", "refusal": "no", "tool_calls": calls},
        {"role": "assistant", "content": None, "function_call": {"name": "h", "arguments": "{}"}},
        {"role": "tool", "tool_call_id": "c1", "content": "r"},
        {"role": "function", "name": "h", "content": "old"},
        {"role": "user", "content": "more"},
    ]
    told = texts(
        WIRE,
        BASE,
        tools=[{"type": "function", "function": function}],
        functions=[{"name": "o", "description": "o"}],
        messages=messages,
        prediction={"type": "content", "content": "guess"},
    )
    assert told == [
        ("d", Origin.DEFINITION, False),
        ("p", Origin.DEFINITION, False),
        ("o", Origin.DEFINITION, False),
        ("s", Origin.SYSTEM, False),
        ("dev", Origin.SYSTEM, False),
        ("u", Origin.PROMPT, False),
        ("a", Origin.ANSWER, False),
        ("hm", Origin.ANSWER, False),
        ("no", Origin.ANSWER, False),
        ('{"a": 1}', Origin.TOOL_CALL, False),
        ("raw", Origin.TOOL_CALL, False),
        ("{}", Origin.TOOL_CALL, False),
        ("r", Origin.TOOL_RESULT, True),
        ("old", Origin.TOOL_RESULT, True),
        ("more", Origin.PROMPT, True),
        ("guess", Origin.PROMPT, True),
    ]


def test_a_first_request_is_new_as_a_whole() -> None:
    members = {"tools": [{"type": "function", "function": {"name": "f", "description": "d"}}]}
    assert [fresh for _, _, fresh in texts(WIRE, BASE, **members)] == [True, True]


def test_a_result_tells_its_success_where_its_text_does() -> None:
    messages = [
        {"role": "tool", "tool_call_id": "a", "content": "Exit code: 1\nWall time: 0.1 seconds\nOutput:\n"},
        {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "x"}]},
        {"role": "tool", "tool_call_id": "c", "content": "x"},
    ]
    failed, listed, plain = facts(WIRE, BASE, messages=messages).tool_results
    assert (failed.ok, listed.ok, plain.ok) == (False, None, None)
    assert listed.digest == plain.digest != failed.digest


# Edits


def test_a_stream_that_asks_for_its_usage_keeps_its_bytes() -> None:
    assert edit(WIRE, REQUEST, Edits()) == REQUEST
    assert edit(WIRE, UNSTREAMED, Edits()) == UNSTREAMED


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b',"stream_options":{"include_usage": true}'),
        (b',"stream_options":null', b',"stream_options":{"include_usage": true}'),
        (b',"stream_options":{}', b',"stream_options":{"include_usage":true}'),
        (b',"stream_options":{"include_usage":false}', b',"stream_options":{"include_usage":true}'),
        (b',"stream_options":{"include_usage":null, "x":1}', b',"stream_options":{"include_usage":true, "x":1}'),
        (b',"stream_options":{"x":1}', b',"stream_options":{"x":1,"include_usage":true}'),
    ],
)
def test_every_stream_is_asked_for_its_usage(before: bytes, after: bytes) -> None:
    assert edit(WIRE, UNASKED[:-1] + before + b"}", Edits()) == UNASKED[:-1] + after + b"}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"max_tokens":900,"max_completion_tokens":800', b'"max_tokens":500,"max_completion_tokens":500'),
        (b'"max_tokens":900', b'"max_tokens":500'),
        (b'"max_tokens":400', b'"max_tokens":400'),
        (b'"max_tokens":null', b'"max_tokens":500'),
        (b'"max_tokens":900,"max_completion_tokens":null', b'"max_tokens":500,"max_completion_tokens":null'),
        (b'"x":1', b'"x":1,"max_completion_tokens":500'),
    ],
)
def test_the_maximum_is_lowered_under_every_name_that_it_has(before: bytes, after: bytes) -> None:
    request = b'{"model":"m","messages":[],%b}'
    assert edit(WIRE, request % before, Edits(max_output_tokens=500)) == request % after


def test_without_any_tool_left_all_that_needs_tools_goes() -> None:
    tools = b',"tools":[{"type":"web_search"}],"tool_choice":"auto","parallel_tool_calls":true,"web_search_options":{}'
    assert edit(WIRE, UNSTREAMED[:-1] + tools + b"}", Edits(remove_tools=frozenset({0, 1}))) == UNSTREAMED


def test_web_search_options_go_alone_where_tools_are_left() -> None:
    tools = b',"web_search_options":{},"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"auto"}'
    expected = UNSTREAMED[:-1] + tools.replace(b'"web_search_options":{},', b"")
    assert edit(WIRE, UNSTREAMED[:-1] + tools, Edits(remove_tools=frozenset({1}))) == expected


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ({"role": "user", "content": "a"}, {"role": "user", "content": "a\n\nNote"}),
        (
            {"role": "tool", "tool_call_id": "1", "content": "a"},
            {"role": "tool", "tool_call_id": "1", "content": "a\n\nNote"},
        ),
        (
            {"role": "user", "content": [{"x": 1}]},
            {"role": "user", "content": [{"x": 1}, {"type": "text", "text": "Note"}]},
        ),
    ],
)
def test_a_notice_ends_the_last_message_of_the_agent(last: object, expected: object) -> None:
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}, last]
    request = json.dumps({"model": "m", "messages": messages}).encode()
    assert json.loads(edit(WIRE, request, Edits(notice="Note")))["messages"] == [*messages[:2], expected]


# Answers


@cut_anywhere
def test_an_allowed_answer_keeps_its_bytes_and_order(cuts: list[int]) -> None:
    reading = everywhere(WIRE, REQUEST, ANSWER, cuts)
    assert reading.relayed == ANSWER
    assert [(tool.name, tool.id, tool.arguments) for tool in reading.tools] == [
        ("bash", "call_1", '{"command":"cat \u00fc"}'),
        ("read_file", "call_2", '{"path":"/a"}'),
    ]
    assert reading.complete
    assert reading.usage is not None
    assert (reading.usage.input_tokens, reading.usage.output_tokens) == (100, 20)
    assert (reading.usage.model, reading.usage.service_tier) == ("gpt-5.5-2026-04-01", "default")


@cut_anywhere
@pytest.mark.parametrize("denied", [["bash"], ["read_file"], ["bash", "read_file"]])
def test_only_denied_calls_are_rewritten_with_their_index_and_id(cuts: list[int], denied: list[str]) -> None:
    reading = everywhere(WIRE, REQUEST, ANSWER, cuts, denied=denied)
    before, after = sdk_calls(ANSWER), sdk_calls(reading.relayed)
    for key, told in before.items():
        if told["name"] in denied:
            assert (after[key]["name"], after[key]["id"]) == (f"guardian_denied_{told['name']}", told["id"])
            assert json.loads(after[key]["text"])["rule"] == "tool_allowlist"
        else:
            assert after[key] == told
    assert reading.relayed.count(b"data: ") == ANSWER.count(b"data: ")


@cut_anywhere
def test_the_usage_chunk_is_dropped_where_the_agent_did_not_ask(cuts: list[int]) -> None:
    reading = everywhere(WIRE, UNASKED, ANSWER, cuts)
    assert reading.relayed == ANSWER.replace(USAGE, b"")
    assert reading.usage is not None
    assert [piece.usage for piece in reading.pieces].count(True) == 1


def test_text_passes_at_once_and_calls_wait_for_the_finish() -> None:
    reader = WIRE.reader(parse(WIRE, REQUEST), content_type="text/event-stream")
    assert b"".join(piece.data for piece in reader.feed(TEXT)) == TEXT
    assert b"".join(piece.data for piece in reader.feed(BASH + b": ping\n\n" + READ)) == b": ping\n\n"
    late = chunk(choice(content="more"))
    assert b"".join(piece.data for piece in reader.feed(late)) == late
    assert b"".join(piece.data for piece in reader.feed(FINISH)) == BASH + READ + FINISH


def test_text_of_another_choice_passes_a_frame_that_is_held_with_text() -> None:
    reader = WIRE.reader(parse(WIRE, REQUEST), content_type="text/event-stream")
    mixed = chunk(choice(0, content="first", tool_calls=[call(0, "{}", "bash", "c")]))
    assert b"".join(piece.data for piece in reader.feed(mixed)) == b""
    other = chunk(choice(1, content="other"))
    assert b"".join(piece.data for piece in reader.feed(other)) == other
    thought = chunk(choice(0, reasoning_content="hm"))
    assert b"".join(piece.data for piece in reader.feed(thought)) == thought
    assert reader.holding


def test_text_is_told_by_choice_and_kind_also_while_it_is_held() -> None:
    mixed = chunk(
        choice(0, content="a", reasoning_content="b", tool_calls=[call(0, "{}", "bash", "c")]), choice(1, refusal="c")
    )
    parts = chunk(choice(0, content=[{"type": "text", "text": "d"}, {"type": "image_url"}], audio={"transcript": "e"}))
    pieces = read(WIRE, REQUEST, [mixed + parts + FINISH + DONE]).pieces
    told = [(piece.block, piece.text) for piece in pieces if piece.text]
    assert told == [
        ("0.content", "a"),
        ("0.reasoning_content", "b"),
        ("1.refusal", "c"),
        ("0.content", "d"),
        ("0.audio", "e"),
    ]


def test_text_behind_text_that_is_held_keeps_its_order() -> None:
    mixed = chunk(choice(content="first", tool_calls=[call(0, '{"command":"ls"}', "bash", "c")]))
    later = chunk(choice(content="second"))
    reading = read(WIRE, REQUEST, [mixed, later, FINISH, DONE], denied=["bash"])
    assert reading.relayed.index(b"first") < reading.relayed.index(b"second")
    assert reading.relayed.endswith(later + FINISH + DONE)
    assert sdk_calls(reading.relayed)[0, 0]["name"] == "guardian_denied_bash"


def test_a_whole_call_with_text_and_finish_in_one_chunk_is_judged() -> None:
    only = chunk(choice(content="x", finish="tool_calls", tool_calls=[call(0, "{}", "bash", "c")]))
    reading = read(WIRE, REQUEST, [only + DONE])
    assert reading.relayed == only + DONE
    assert [tool.name for tool in reading.tools] == ["bash"]


def test_calls_of_several_choices_are_judged_each_for_itself() -> None:
    request = REQUEST.replace(b'"stream":true', b'"stream":true,"n":2')
    answer = (
        chunk(choice(0, tool_calls=[call(0, '{"command":"a"}', "bash", "c0")]))
        + chunk(choice(1, tool_calls=[call(0, '{"command":"b"}', "sh", "c1")]), choice(0, content="text"))
        + chunk(choice(0, "tool_calls"))
        + chunk(choice(1, "tool_calls"))
        + USAGE
        + DONE
    )
    reading = read(WIRE, request, [answer], denied=["sh"])
    calls = sdk_calls(reading.relayed)
    assert calls[0, 0] == {"id": "c0", "name": "bash", "text": '{"command":"a"}'}
    assert (calls[1, 0]["id"], calls[1, 0]["name"]) == ("c1", "guardian_denied_sh")
    assert json.loads(calls[1, 0]["text"]) == {**REASON, "reason": "no sh \u2013 \U0001f512"}
    assert reading.complete


def test_interleaved_calls_are_put_together_by_index() -> None:
    answer = (
        chunk(choice(tool_calls=[call(0, '{"command":', "bash", "a"), call(1, '{"path":', "read", "b")]))
        + chunk(choice(tool_calls=[call(1, '"/x"}'), call(0, '"ls"}')]))
        + FINISH
        + DONE
    )
    reading = read(WIRE, REQUEST, [answer], denied=["bash"])
    assert [tool.arguments for tool in reading.tools] == ['{"command":"ls"}', '{"path":"/x"}']
    calls = sdk_calls(reading.relayed)
    assert json.loads(calls[0, 0]["text"]) == REASON
    assert calls[0, 1] == {"id": "b", "name": "read", "text": '{"path":"/x"}'}


def test_parallel_calls_that_share_an_index_are_told_apart_by_id() -> None:
    answer = chunk(choice(tool_calls=[call(0, "{}", "bash", "a")])) + chunk(
        choice(tool_calls=[call(0, "{}", "rm", "b")])
    )
    assert [tool.name for tool in read(WIRE, REQUEST, [answer + FINISH + DONE]).tools] == ["bash", "rm"]


def test_a_name_in_parts_or_repeated_is_understood() -> None:
    parts = chunk(choice(tool_calls=[call(0, "", "ba", "a")])) + chunk(choice(tool_calls=[call(0, "{}", "sh")]))
    again = chunk(choice(tool_calls=[call(0, "", "bash", "a")])) + chunk(choice(tool_calls=[call(0, "{}", "bash")]))
    for answer in (parts, again):
        reading = read(WIRE, REQUEST, [answer + FINISH + DONE], denied=["bash"])
        assert sdk_calls(reading.relayed)[0, 0]["name"] == "guardian_denied_bash"


def test_the_old_function_call_is_judged() -> None:
    answer = (
        chunk(choice(function_call={"name": "bash", "arguments": ""}))
        + chunk(choice(function_call={"arguments": '{"command":"ls"}'}))
        + chunk(choice(finish="function_call"))
        + DONE
    )
    reading = read(WIRE, REQUEST, [answer], denied=["bash"])
    assert reading.tools[0].command == "ls"
    assert b'"guardian_denied_bash"' in reading.relayed
    assert b'{"command' not in reading.relayed.replace(b"\\", b"")


def test_a_custom_call_is_judged() -> None:
    entry = {"index": 0, "id": "c", "type": "custom", "custom": {"name": "apply_patch", "input": "*** Begin"}}
    reading = read(WIRE, REQUEST, [chunk(choice(tool_calls=[entry])) + FINISH + DONE], denied=["apply_patch"])
    assert reading.tools[0].arguments == "*** Begin"
    assert sdk_calls(reading.relayed)[0, 0]["name"] == "guardian_denied_apply_patch"
    assert json.loads(sdk_calls(reading.relayed)[0, 0]["text"])["rule"] == "tool_allowlist"


def test_a_denied_call_without_arguments_gets_them() -> None:
    entry = {"index": 0, "id": "c", "type": "function", "function": {"name": "bash"}}
    reading = read(WIRE, REQUEST, [chunk(choice(tool_calls=[entry])) + FINISH + DONE], denied=["bash"])
    assert json.loads(sdk_calls(reading.relayed)[0, 0]["text"]) == REASON


def test_without_a_finish_the_calls_are_judged_at_done() -> None:
    reading = read(WIRE, REQUEST, [BASH + DONE])
    assert [tool.name for tool in reading.tools] == ["bash"]
    assert reading.relayed == BASH + DONE


def test_half_a_call_never_reaches_the_agent() -> None:
    reading = read(WIRE, REQUEST, [TEXT + BASH])
    assert (reading.relayed, reading.tools, reading.complete) == (TEXT, [], False)


def test_an_end_without_done_is_complete_if_every_choice_is_finished() -> None:
    assert read(WIRE, REQUEST, [TEXT + FINISH]).complete
    assert not read(WIRE, REQUEST, [TEXT]).complete


def test_more_of_a_call_that_was_judged_is_an_upstream_error() -> None:
    with pytest.raises(UpstreamError, match="had finished"):
        read(WIRE, REQUEST, [BASH + FINISH + chunk(choice(tool_calls=[call(0, "; rm -rf /")])) + DONE])


def test_an_error_in_the_stream_ends_it() -> None:
    reading = read(WIRE, REQUEST, [TEXT + b'data: {"error": {"message": "overloaded", "code": 502}}\n\n'])
    assert (reading.pieces[-1].error, reading.pieces[-1].terminal) == (True, True)
    assert (reading.error, reading.complete) == ("overloaded", False)


def test_a_chunk_that_cannot_be_parsed_passes_and_is_flagged() -> None:
    reading = read(WIRE, REQUEST, [TEXT + b"data: {oops\n\n" + FINISH + DONE])
    assert b"{oops" in reading.relayed
    assert sum(piece.unparsed for piece in reading.pieces) == 1
    assert reading.complete


@settings(max_examples=60, deadline=None)
@given(
    frames=st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=3),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.fixed_dictionaries({"choices": st.lists(inner, max_size=2)})
                | st.fixed_dictionaries({"delta": st.fixed_dictionaries({"tool_calls": st.lists(inner, max_size=2)})})
                | st.dictionaries(
                    st.sampled_from(
                        ["index", "id", "function", "name", "arguments", "finish_reason", "usage", "error"]
                    ),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=10,
        ),
        max_size=5,
    ),
    deny=st.booleans(),
)
def test_no_frame_of_odd_types_breaks_the_reader(frames: list[object], deny: bool) -> None:
    stream = b"".join(f"data: {json.dumps(frame)}\n\n".encode() for frame in frames) + DONE
    try:
        read(WIRE, UNASKED, [stream], denied=["", "a"] if deny else [])
    except UpstreamError:
        return


@cut_anywhere
def test_a_whole_answer_keeps_its_bytes(cuts: list[int]) -> None:
    reading = everywhere(WIRE, UNSTREAMED, WHOLE, cuts, content_type=JSON_TYPE)
    assert (reading.relayed, reading.complete) == (WHOLE, True)
    assert [tool.name for tool in reading.tools] == ["bash", "apply_patch"]
    assert reading.usage is not None
    assert reading.usage.output_tokens == 5


def test_denied_calls_of_a_whole_answer_are_rewritten_by_their_bytes_alone() -> None:
    reading = read(WIRE, UNSTREAMED, [WHOLE], denied=["bash"], content_type=JSON_TYPE)
    expected = json.loads(WHOLE)
    expected["choices"][0]["message"]["tool_calls"][0]["function"] = {
        "name": "guardian_denied_bash",
        "arguments": json.dumps(REASON),
    }
    assert json.loads(reading.relayed) == expected
    kept = WHOLE[WHOLE.index(b'"id": "c2"') :]
    assert reading.relayed.endswith(kept)


def test_a_stream_that_calls_itself_json_is_refused() -> None:
    with pytest.raises(UpstreamError, match="another content type"):
        read(WIRE, REQUEST, [ANSWER], content_type=JSON_TYPE)


# Refusals


def test_a_refusal_has_the_shape_of_the_api() -> None:
    body = WIRE.refusal(status=400, code="cost_limit_exceeded", message="no money", request_id="req_1")
    error = json.loads(body)["error"]
    assert (error["message"], error["type"]) == ("no money", "invalid_request_error")
    assert (error["code"], error["param"]) == ("cost_limit_exceeded", None)


def test_a_stream_ends_in_an_error_that_is_not_retried() -> None:
    frame = WIRE.stream_error(message="over", request_id="r")
    assert frame.startswith(b'data: {"error": {"message": "over"')
    assert json.loads(frame[6:])["error"]["type"] == "invalid_request_error"
