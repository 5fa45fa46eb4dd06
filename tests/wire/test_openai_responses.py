"""OpenAI responses: facts out of requests, minimal edits, answers in pieces that can be judged."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import cut_anywhere, edit, everywhere, facts, parse, read, texts

from guardian_ci.errors import BadRequest, UpstreamError
from guardian_ci.model import Origin, ToolOffer
from guardian_ci.wire.interface import Edits
from guardian_ci.wire.openai_responses import OpenAIResponses

WIRE = OpenAIResponses()
BASE: Mapping[str, object] = {"model": "gpt-5.3-codex", "input": "hi"}
REQUEST = b'{"model":"gpt-5.3-codex","stream":true,"max_output_tokens":32000,"input":[{"role":"user","content":"hi"}]}'
UNSTREAMED = REQUEST.replace(b'"stream":true,', b"")
JSON_TYPE = "application/json"
REASON = {"reason": "no exec_command \u2013 \U0001f512", "rule": "tool_allowlist"}

MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "Gr\u00fc\u00dfe"}],
}
SEARCH = {"id": "ws_1", "type": "web_search_call", "status": "completed", "action": {"type": "search", "query": "x"}}
COMMAND = {
    "id": "fc_1",
    "type": "function_call",
    "status": "completed",
    "arguments": '{"cmd":"cat \u00fc"}',
    "call_id": "call_1",
    "name": "exec_command",
}
PATCH = {
    "id": "ctc_1",
    "type": "custom_tool_call",
    "status": "completed",
    "call_id": "call_2",
    "name": "apply_patch",
    "input": "*** Begin Patch\n*** Update File: a.py\n*** End Patch",
}
SHELL = {
    "id": "lsh_1",
    "type": "local_shell_call",
    "status": "completed",
    "call_id": "call_3",
    "action": {"type": "exec", "command": ["cat", ".env"], "env": {}},
}
EDIT = {
    "id": "apc_1",
    "type": "apply_patch_call",
    "status": "completed",
    "call_id": "call_4",
    "operation": {"type": "update_file", "path": "b.py", "diff": "@@"},
}
USAGE = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 40},
    "output_tokens": 20,
    "output_tokens_details": {"reasoning_tokens": 5},
    "total_tokens": 120,
}


class Script:
    """Writes a stream with its sequence numbers."""

    def __init__(self) -> None:
        self.number = -1
        self.text = b""

    def add(self, kind: str, **fields: object) -> "Script":
        self.number += 1
        value = {"type": kind, "sequence_number": self.number, **fields}
        self.text += f"event: {kind}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n".encode()
        return self

    def item(
        self, index: int, item: Mapping[str, object], deltas: str = "", field: str = "", text: str = ""
    ) -> "Script":
        empty = {key: "" if key == field else value for key, value in item.items()}
        self.add("response.output_item.added", output_index=index, item={**empty, "status": "in_progress"})
        half = len(text) // 2
        for part in (text[:half], text[half:]) if deltas else ():
            self.add(f"{deltas}.delta", item_id=item["id"], output_index=index, delta=part, obfuscation="x")
        if deltas:
            self.add(f"{deltas}.done", item_id=item["id"], output_index=index, **{field: text})
        return self.add("response.output_item.done", output_index=index, item=item)

    def function(self, index: int, item: Mapping[str, object]) -> "Script":
        return self.item(index, item, "response.function_call_arguments", "arguments", str(item["arguments"]))

    def custom(self, index: int, item: Mapping[str, object]) -> "Script":
        return self.item(index, item, "response.custom_tool_call_input", "input", str(item["input"]))

    def message(self, index: int) -> "Script":
        self.add("response.output_item.added", output_index=index, item={**MESSAGE, "content": []})
        self.add(
            "response.output_text.delta", item_id="msg_1", output_index=index, content_index=0, delta="Gr\u00fc\u00dfe"
        )
        return self.add("response.output_item.done", output_index=index, item=MESSAGE)


def response(status: str, output: list[Mapping[str, object]], **members: object) -> Mapping[str, object]:
    document = {"id": "resp_1", "object": "response", "created_at": 7, "status": status, "model": "gpt-5.3-codex-1"}
    return {**document, "service_tier": "default", "error": None, "output": output, "usage": None, **members}


def begun() -> Script:
    return Script().add("response.created", response=response("in_progress", []))


OUTPUT = [MESSAGE, SEARCH, COMMAND, PATCH]
TURN = begun().message(0).item(1, SEARCH).function(2, COMMAND).custom(3, PATCH)
HELD_SO_FAR = TURN.text
ANSWER = TURN.add("response.completed", response=response("completed", OUTPUT, usage=USAGE)).text
WHOLE = json.dumps(response("completed", OUTPUT, usage=USAGE), indent=1, ensure_ascii=False).encode()


def events(stream: bytes) -> list[dict[str, object]]:
    return [json.loads(line[6:]) for line in stream.decode().splitlines() if line.startswith("data: {")]


def items(stream: bytes) -> dict[object, dict[str, object]]:
    done = [value for value in events(stream) if value["type"] == "response.output_item.done"]
    return {value["output_index"]: value["item"] for value in done}  # type: ignore[misc]


# Requests


def test_the_facts_of_a_request_are_read() -> None:
    call = facts(
        WIRE,
        BASE,
        max_output_tokens=9,
        previous_response_id="resp_0",
        service_tier="priority",
        prompt_cache_options={"ttl": "12h"},
        tools=[{"type": "web_search"}],
        max_tool_calls=4,
    )
    assert (call.max_output_tokens, call.previous_response_id, call.service_tier) == (9, "resp_0", "priority")
    assert (call.cache_ttl, call.max_web_searches) == ("12h", 4)


@pytest.mark.parametrize(
    ("tool", "offer"),
    [
        ({"type": "function", "name": "exec_command"}, ToolOffer(name="exec_command", canonical="bash")),
        ({"type": "custom", "name": "apply_patch"}, ToolOffer(name="apply_patch", canonical="edit_file")),
        ({"type": "local_shell"}, ToolOffer(name="local_shell", canonical="bash")),
        ({"type": "shell"}, ToolOffer(name="shell", canonical="bash")),
        (
            {"type": "shell", "environment": {"type": "container_auto"}},
            ToolOffer(name="shell", canonical="bash", provider_executed=True),
        ),
        ({"type": "web_search"}, ToolOffer(name="web_search", canonical="web_search", provider_executed=True)),
        (
            {"type": "web_search_preview_2025_03_11"},
            ToolOffer(name="web_search_preview_2025_03_11", canonical="web_search", provider_executed=True),
        ),
        ({"type": "file_search"}, ToolOffer(name="file_search", canonical="file_search", provider_executed=True)),
        (
            {"type": "code_interpreter", "container": "c"},
            ToolOffer(name="code_interpreter", canonical="code_execution", provider_executed=True),
        ),
        (
            {"type": "mcp", "server_label": "gh"},
            ToolOffer(name="mcp__gh", canonical="mcp__gh", provider_executed=True),
        ),
        (
            {"type": "namespace", "name": "mcp__gh__", "tools": [{"type": "function", "name": "issue"}]},
            ToolOffer(name="mcp__gh__issue", canonical="mcp__gh__issue"),
        ),
        ({"type": "tool_search", "execution": "client"}, ToolOffer(name="tool_search", canonical="tool_search")),
        ({"type": "invented"}, ToolOffer(name="invented", canonical="invented", provider_executed=True)),
    ],
)
def test_each_kind_of_tool_is_known_for_who_runs_it(tool: object, offer: ToolOffer) -> None:
    assert facts(WIRE, BASE, tools=[tool]).tools == (offer,)


def test_tools_listed_in_the_input_are_offers_too() -> None:
    added = {"type": "additional_tools", "role": "developer", "tools": [{"type": "custom", "name": "exec"}]}
    assert [tool.name for tool in facts(WIRE, BASE, input=[added]).tools] == ["exec"]


def test_results_of_the_new_part_are_read() -> None:
    given_items = [
        {"type": "function_call_output", "call_id": "old", "output": "x"},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "x"},
        {"type": "apply_patch_call_output", "call_id": "b", "status": "failed"},
        {"type": "shell_call_output", "call_id": "c", "output": [{"outcome": {"type": "exit", "exit_code": 0}}]},
    ]
    results = facts(WIRE, BASE, input=given_items).tool_results
    assert [(result.id, result.ok) for result in results] == [("a", None), ("b", False), ("c", True)]
    assert all(result.digest for result in results)


def test_the_same_prompt_has_the_same_fingerprint_as_text_and_after_other_turns() -> None:
    turns = [{"role": "user", "content": "a"}, {"type": "reasoning"}, {"role": "assistant", "content": "b"}]
    prompt = {"role": "user", "content": "hi"}
    fingerprints = {facts(WIRE, BASE, input=value).fingerprint for value in ("hi", [prompt], [*turns, prompt])}
    assert len(fingerprints) == 1


def test_media_and_references_are_counted() -> None:
    content = [
        {"type": "input_image", "image_url": "data:image/png;base64," + "A" * 9000},
        {"type": "input_file", "file_id": "f"},
    ]
    shot = {
        "type": "computer_call_output",
        "call_id": "c",
        "output": {"type": "computer_screenshot", "image_url": "https://x"},
    }
    call = facts(WIRE, BASE, input=[{"role": "user", "content": content}, shot, {"type": "item_reference", "id": "i"}])
    assert (call.size.images, call.size.pdf_pages, call.item_references) == (2, 600, 1)
    assert call.size.text_bytes < 1000


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"input": "a"}', "model: is missing"),
        (b'{"model": "m", "input": 5}', "input: must be a string or a list, not a number"),
        (b'{"model": "m", "input": [5]}', r"input\[0\]: must be an object"),
        (b'{"model": "m", "input": "a", "max_output_tokens": -1}', "max_output_tokens: must be at least 0"),
        (b'{"model": "m", "input": "a", "background": true}', "background: .* no usage"),
        (b'{"model": "m", "input": "a", "conversation": "c"}', "conversation: .* unknown"),
        (b'{"model": "m", "prompt": {"id": "p"}}', "prompt: .* unknown"),
        (b'{"model": "m", "input": "a", "previous_response_id": 1}', "previous_response_id: must be a string"),
        (b'{"model": "m", "input": "a", "MAX_OUTPUT_TOKENS": 1}', "did you mean max_output_tokens?"),
    ],
)
def test_bad_requests_are_refused_by_the_name_of_what_is_wrong(body: bytes, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        parse(WIRE, body)


# Texts

SAID = [
    {
        "type": "additional_tools",
        "role": "developer",
        "tools": [{"type": "custom", "name": "exec", "description": "js"}],
    },
    {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "dev"}]},
    {"role": "user", "content": "u"},
    {
        "type": "reasoning",
        "id": "rs",
        "summary": [{"type": "summary_text", "text": "hm"}],
        "content": [{"type": "reasoning_text", "text": "so"}],
        "encrypted_content": "AAAA",
    },
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a", "annotations": []}]},
    {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a": "b"}'},
    {"type": "custom_tool_call", "call_id": "d", "name": "exec", "input": "run()"},
    {
        "type": "local_shell_call",
        "call_id": "e",
        "action": {"type": "exec", "command": ["ls", "-a"], "env": {"K": "v"}},
    },
    {"type": "mcp_call", "id": "m", "name": "g", "arguments": "{}", "output": "remote", "error": None},
    {"type": "file_search_call", "id": "q", "queries": ["q"], "results": [{"file_id": "f", "text": "found"}]},
    {"type": "image_generation_call", "id": "i", "result": "AAAA"},
    {"type": "function_call_output", "call_id": "c", "output": "out"},
    {"type": "custom_tool_call_output", "call_id": "d", "output": [{"type": "input_text", "text": "js out"}]},
    {"type": "local_shell_call_output", "id": "e", "output": "sh out"},
    {
        "type": "shell_call_output",
        "call_id": "g",
        "output": [{"stdout": "1", "stderr": "2", "outcome": {"type": "exit"}}],
    },
    {
        "type": "computer_call_output",
        "call_id": "h",
        "output": {"type": "computer_screenshot", "image_url": "data:image/png;base64,AAAA", "text": "seen"},
    },
    {"type": "tool_search_output", "call_id": "s", "tools": [{"type": "function", "name": "l", "description": "late"}]},
    {"type": "mcp_approval_request", "id": "r", "name": "g", "arguments": '{"x": 1}'},
    {"type": "mcp_approval_response", "approval_request_id": "r", "reason": "fine"},
]


def test_every_text_is_told_with_its_origin_and_whether_it_is_new() -> None:
    tools = [{"type": "function", "name": "f", "description": "d", "parameters": {"description": "p"}}]
    assert texts(WIRE, BASE, instructions="sys", tools=tools, input=SAID) == [
        ("sys", Origin.SYSTEM, False),
        ("d", Origin.DEFINITION, False),
        ("p", Origin.DEFINITION, False),
        ("js", Origin.DEFINITION, False),
        ("dev", Origin.SYSTEM, False),
        ("u", Origin.PROMPT, False),
        ("hm", Origin.ANSWER, False),
        ("so", Origin.ANSWER, False),
        ("a", Origin.ANSWER, False),
        ('{"a": "b"}', Origin.TOOL_CALL, False),
        ("run()", Origin.TOOL_CALL, False),
        ("ls", Origin.TOOL_CALL, False),
        ("-a", Origin.TOOL_CALL, False),
        ("v", Origin.TOOL_CALL, False),
        ("{}", Origin.TOOL_CALL, False),
        ("remote", Origin.TOOL_RESULT, False),
        ("q", Origin.TOOL_CALL, False),
        ("found", Origin.TOOL_RESULT, False),
        ("out", Origin.TOOL_RESULT, True),
        ("js out", Origin.TOOL_RESULT, True),
        ("sh out", Origin.TOOL_RESULT, True),
        ("1", Origin.TOOL_RESULT, True),
        ("2", Origin.TOOL_RESULT, True),
        ("seen", Origin.TOOL_RESULT, True),
        ("late", Origin.DEFINITION, True),
        ('{"x": 1}', Origin.TOOL_CALL, True),
        ("fine", Origin.PROMPT, True),
    ]


@pytest.mark.parametrize(
    ("members", "fresh"),
    [
        ({"input": "hi"}, [True, True]),
        ({"input": [{"role": "user", "content": "hi"}]}, [True, True]),
        ({"input": "hi", "previous_response_id": "r"}, [False, True]),
        (
            {"input": [{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}]},
            [False, False, True],
        ),
        (
            {
                "input": [{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}],
                "previous_response_id": "r",
            },
            [False, True, True],
        ),
    ],
)
def test_new_is_what_stands_behind_the_last_answer(members: dict[str, object], fresh: list[bool]) -> None:
    assert [new for _, _, new in texts(WIRE, BASE, instructions="s", **members)] == fresh


def test_codex_tells_in_its_outputs_whether_a_command_succeeded() -> None:
    given_items = [
        {"type": "function_call_output", "call_id": "a", "output": '{"output":"","metadata":{"exit_code":1}}'},
        {"type": "function_call_output", "call_id": "b", "output": "Exit code: 0\nWall time: 1 seconds\nOutput:\n"},
        {
            "type": "custom_tool_call_output",
            "call_id": "c",
            "output": [{"type": "input_text", "text": "Script failed\nWall time 0.1 seconds\nOutput:\n"}],
        },
        {"type": "function_call_output", "call_id": "d", "output": "something else"},
    ]
    results = facts(WIRE, BASE, input=given_items).tool_results
    assert [result.ok for result in results] == [False, True, False, None]
    assert len({result.digest for result in results}) == 4


def test_searches_that_found_different_tools_have_different_results() -> None:
    found = [{"type": "tool_search_output", "call_id": c, "tools": [{"name": n}]} for c, n in ("ax", "by", "cx")]
    first, other, again = (result.digest for result in facts(WIRE, BASE, input=found).tool_results)
    assert first == again != other


# Edits


def test_nothing_to_edit_gives_the_same_bytes() -> None:
    assert edit(WIRE, REQUEST, Edits(max_output_tokens=32000)) is not None
    assert edit(WIRE, REQUEST, Edits(max_output_tokens=32000)) == REQUEST


def test_the_maximum_is_lowered_or_added() -> None:
    assert edit(WIRE, REQUEST, Edits(max_output_tokens=9)) == REQUEST.replace(b"32000", b"9")
    assert edit(WIRE, b'{"model":"m"}', Edits(max_output_tokens=9)) == b'{"model":"m","max_output_tokens":9}'


def test_provider_tools_are_removed_wherever_they_are_listed() -> None:
    document = {
        "model": "m",
        "input": [
            {"type": "additional_tools", "tools": [{"type": "mcp", "server_label": "x"}]},
            {"role": "user", "content": "a"},
        ],
        "tools": [{"type": "function", "name": "f"}, {"type": "web_search"}],
        "tool_choice": {"type": "web_search"},
        "parallel_tool_calls": True,
    }
    result = json.loads(edit(WIRE, json.dumps(document).encode(), Edits(remove_tools=frozenset({1, 2}))))
    assert result == {
        "model": "m",
        "input": [{"role": "user", "content": "a"}],
        "tools": [{"type": "function", "name": "f"}],
        "parallel_tool_calls": True,
    }


def test_unbounded_searches_are_bounded() -> None:
    request = b'{"model":"m","tools":[{"type":"web_search"}]%b}'
    for before, after in (
        (b"", b',"max_tool_calls":3'),
        (b',"max_tool_calls":null', b',"max_tool_calls":3'),
        (b',"max_tool_calls":2', b',"max_tool_calls":2'),
    ):
        assert edit(WIRE, request % before, Edits(max_web_searches=3)) == request % after
    assert edit(WIRE, REQUEST, Edits(max_web_searches=3)) == REQUEST


@pytest.mark.parametrize(
    ("given_input", "expected"),
    [
        ("a", "a\n\nNote"),
        ([{"role": "user", "content": "a"}], [{"role": "user", "content": "a\n\nNote"}]),
        (
            [{"role": "user", "content": [{"type": "input_text", "text": "a"}]}],
            [
                {
                    "role": "user",
                    "content": [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "Note"}],
                }
            ],
        ),
        (
            [{"type": "function_call_output", "output": "x"}],
            [
                {"type": "function_call_output", "output": "x"},
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Note"}]},
            ],
        ),
    ],
)
def test_a_notice_ends_the_input(given_input: object, expected: object) -> None:
    request = json.dumps({"model": "m", "instructions": "keep", "input": given_input}).encode()
    result = json.loads(edit(WIRE, request, Edits(notice="Note")))
    assert (result["input"], result["instructions"]) == (expected, "keep")


# Answers


@cut_anywhere
def test_an_allowed_answer_keeps_its_bytes(cuts: list[int]) -> None:
    reading = everywhere(WIRE, REQUEST, ANSWER, cuts)
    assert reading.relayed == ANSWER
    assert [(tool.name, tool.id, tool.arguments) for tool in reading.tools] == [
        ("exec_command", "call_1", COMMAND["arguments"]),
        ("apply_patch", "call_2", PATCH["input"]),
    ]
    assert reading.tools[1].paths == ("a.py",)
    assert reading.complete
    assert reading.usage is not None
    assert (reading.usage.input_tokens, reading.usage.cache_read_tokens, reading.usage.output_tokens) == (60, 40, 20)
    assert (reading.usage.model, reading.usage.web_searches) == ("gpt-5.3-codex-1", 1)


@cut_anywhere
def test_a_denied_function_call_is_rewritten_in_every_frame_that_tells_it(cuts: list[int]) -> None:
    reading = everywhere(WIRE, REQUEST, ANSWER, cuts, denied=["exec_command"])
    expected = {**COMMAND, "name": "guardian_denied_exec_command", "arguments": json.dumps(REASON)}
    assert items(reading.relayed) == {0: MESSAGE, 1: SEARCH, 2: expected, 3: PATCH}
    told = events(reading.relayed)
    assert told[-1]["response"] == response("completed", [MESSAGE, SEARCH, expected, PATCH], usage=USAGE)
    deltas = [value["delta"] for value in told if value["type"] == "response.function_call_arguments.delta"]
    assert deltas == [json.dumps(REASON), ""]
    (done,) = [value for value in told if value["type"] == "response.function_call_arguments.done"]
    assert done["arguments"] == json.dumps(REASON)
    assert [value["sequence_number"] for value in told] == list(range(len(told)))
    assert b"cat \xc3\xbc" not in reading.relayed


@cut_anywhere
def test_a_denied_custom_call_is_rewritten_in_every_frame_that_tells_it(cuts: list[int]) -> None:
    reading = everywhere(WIRE, REQUEST, ANSWER, cuts, denied=["apply_patch"])
    item = items(reading.relayed)[3]
    assert (item["name"], item["call_id"], item["type"]) == (
        "guardian_denied_apply_patch",
        "call_2",
        "custom_tool_call",
    )
    assert json.loads(str(item["input"]))["rule"] == "tool_allowlist"
    assert b"Begin Patch" not in reading.relayed
    assert items(reading.relayed)[2] == COMMAND


@pytest.mark.parametrize(
    ("item", "name", "hidden"),
    [(SHELL, "local_shell", b".env"), (EDIT, "apply_patch", b"b.py")],
)
def test_a_denied_call_without_a_name_becomes_a_function_call(
    item: Mapping[str, object], name: str, hidden: bytes
) -> None:
    script = begun().item(0, item)
    script.add("response.completed", response=response("completed", [item], usage=USAGE))
    assert read(WIRE, REQUEST, [script.text]).relayed == script.text
    reading = read(WIRE, REQUEST, [script.text], denied=[name])
    (rewritten,) = items(reading.relayed).values()
    assert (rewritten["type"], rewritten["name"]) == ("function_call", f"guardian_denied_{name}")
    assert (rewritten["call_id"], rewritten["id"]) == (item["call_id"], item["id"])
    assert json.loads(str(rewritten["arguments"]))["rule"] == "tool_allowlist"
    assert events(reading.relayed)[-1]["response"]["output"] == [rewritten]  # type: ignore[index]
    assert hidden not in reading.relayed


def test_what_the_arguments_of_a_nameless_call_say_is_judged() -> None:
    script = begun().item(0, SHELL).item(1, EDIT)
    shell, patch = read(WIRE, REQUEST, [script.text]).tools
    assert (shell.canonical, shell.command) == ("bash", "cat .env")
    assert (patch.canonical, patch.paths) == ("edit_file", ("b.py",))


def test_text_passes_at_once_and_a_call_waits_for_its_end_alone() -> None:
    reader = WIRE.reader(parse(WIRE, REQUEST), content_type="text/event-stream")
    script = begun()
    assert b"".join(piece.data for piece in reader.feed(script.text)) == script.text
    whole = Script().function(0, COMMAND).text
    last = whole.rindex(b"event: ")
    assert b"".join(piece.data for piece in reader.feed(whole[:last])) == b""
    text = Script().message(1).text
    assert b"".join(piece.data for piece in reader.feed(text)) == text
    assert b"".join(piece.data for piece in reader.feed(whole[last:])) == whole


def test_a_call_told_by_its_last_frame_alone_is_judged() -> None:
    script = begun().add("response.output_item.done", output_index=0, item=COMMAND)
    reading = read(WIRE, REQUEST, [script.text], denied=["exec_command"])
    assert items(reading.relayed)[0]["name"] == "guardian_denied_exec_command"


def test_a_call_told_by_the_end_alone_is_judged_before_the_end() -> None:
    script = begun().add("response.completed", response=response("completed", [COMMAND, PATCH], usage=USAGE))
    reading = read(WIRE, REQUEST, [script.text], denied=["exec_command"])
    assert [tool.name for tool in reading.tools] == ["exec_command", "apply_patch"]
    output = events(reading.relayed)[-1]["response"]["output"]  # type: ignore[index]
    assert [item["name"] for item in output] == ["guardian_denied_exec_command", "apply_patch"]


def test_an_end_that_tells_another_call_than_was_judged_is_judged_again() -> None:
    other = {**COMMAND, "arguments": '{"cmd":"rm -rf /"}'}
    script = begun().function(0, COMMAND).add("response.completed", response=response("completed", [other]))
    assert [tool.command for tool in read(WIRE, REQUEST, [script.text]).tools] == ["cat \u00fc", "rm -rf /"]


def test_frames_that_tell_other_arguments_than_the_item_are_judged_with_it() -> None:
    script = Script().add("response.output_item.added", output_index=0, item={**COMMAND, "arguments": ""})
    script.add("response.function_call_arguments.delta", output_index=0, item_id="fc_1", delta='{"cmd":"cat .env"}')
    script.add("response.output_item.done", output_index=0, item=COMMAND)
    (tool,) = read(WIRE, REQUEST, [script.text]).tools
    assert "cat .env" in tool.arguments
    assert "cat \u00fc" in tool.arguments


def test_frames_that_contradict_each_other_about_the_tool_are_an_upstream_error() -> None:
    script = Script().add("response.output_item.added", output_index=0, item=COMMAND)
    script.add("response.output_item.done", output_index=0, item={**COMMAND, "name": "read_file"})
    with pytest.raises(UpstreamError, match="contradict"):
        read(WIRE, REQUEST, [script.text])


def test_an_unknown_kind_of_call_is_judged_and_the_providers_own_pass() -> None:
    invented = {"id": "x", "type": "teleport_call", "call_id": "c", "to": "/etc"}
    remote = {
        **SHELL,
        "type": "shell_call",
        "action": {"commands": ["ls"]},
        "environment": {"type": "container_reference"},
    }
    script = begun().item(0, invented).item(1, remote).item(2, {"id": "m", "type": "mcp_call", "name": "f"})
    assert [tool.name for tool in read(WIRE, REQUEST, [script.text]).tools] == ["teleport"]


def test_a_namespace_is_part_of_the_name() -> None:
    script = begun().function(0, {**COMMAND, "namespace": "mcp__gh__", "name": "issue"})
    assert [tool.name for tool in read(WIRE, REQUEST, [script.text]).tools] == ["mcp__gh__issue"]


def test_half_a_call_never_reaches_the_agent() -> None:
    script = begun()
    begin = script.text
    script.function(0, COMMAND)
    reading = read(WIRE, REQUEST, [script.text[: script.text.rindex(b"event: ")]])
    assert (reading.relayed, reading.tools, reading.complete) == (begin, [], False)


def test_a_failed_response_is_an_error_with_its_usage() -> None:
    failure = {"code": "server_error", "message": "broke"}
    script = begun().add("response.failed", response=response("failed", [], error=failure, usage=USAGE))
    reading = read(WIRE, REQUEST, [script.text])
    assert (reading.error, reading.complete) == ("broke", False)
    assert (reading.pieces[-1].error, reading.pieces[-1].terminal, reading.pieces[-1].usage) == (True, True, True)


def test_an_error_event_is_an_error() -> None:
    reading = read(WIRE, REQUEST, [begun().add("error", code="x", message="slow down", param=None).text])
    assert (reading.error, reading.pieces[-1].terminal) == ("slow down", True)


def test_an_incomplete_response_is_a_complete_answer() -> None:
    script = begun().message(0).add("response.incomplete", response=response("incomplete", [MESSAGE], usage=USAGE))
    reading = read(WIRE, REQUEST, [script.text])
    assert reading.complete
    assert reading.usage is not None


def test_text_is_told_once_however_often_the_stream_repeats_it() -> None:
    script = begun().add("response.output_item.added", output_index=0, item={"type": "reasoning", "summary": []})
    for part in ("h", "m"):
        script.add("response.reasoning_summary_text.delta", output_index=0, summary_index=0, delta=part)
    script.add("response.reasoning_summary_text.done", output_index=0, summary_index=0, text="hm")
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}
    script.add("response.output_item.done", output_index=0, item=thought).message(1)
    script.add("response.refusal.delta", output_index=2, content_index=0, delta="no")
    script.add("response.completed", response=response("completed", [thought, MESSAGE], usage=USAGE))
    pieces = read(WIRE, REQUEST, [script.text]).pieces
    told = [(piece.block, piece.text) for piece in pieces if piece.text]
    assert told == [
        ("0.summary.0", "h"),
        ("0.summary.0", "m"),
        ("1.content.0", "Gr\u00fc\u00dfe"),
        ("2.content.0", "no"),
    ]


def test_text_that_a_later_event_tells_otherwise_is_another_text() -> None:
    script = begun().add("response.output_text.delta", output_index=0, content_index=0, delta="one")
    script.add("response.output_text.done", output_index=0, content_index=0, text="two")
    part = {"type": "output_text", "text": "two"}
    script.add("response.content_part.done", output_index=0, content_index=0, part=part)
    last = {**MESSAGE, "content": [part, {"type": "refusal", "refusal": "three"}]}
    script.add("response.completed", response=response("completed", [last]))
    reading = read(WIRE, REQUEST, [script.text])
    told = [(piece.block, piece.text) for piece in reading.pieces if piece.text]
    assert told == [("0.content.0", "one"), ("0.content.0.whole", "two"), ("0.content.1.whole", "three")]
    assert reading.relayed == script.text
    assert reading.pieces[-1].terminal


def test_the_reader_says_while_it_holds_a_call() -> None:
    reader = WIRE.reader(parse(WIRE, REQUEST), content_type="text/event-stream")
    whole = Script().function(0, COMMAND).text
    last = whole.rindex(b"event: ")
    list(reader.feed(begun().text + whole[:last]))
    assert reader.holding
    list(reader.feed(whole[last:]))
    assert not reader.holding
    list(reader.feed(whole[:last]))
    list(reader.close())
    assert not reader.holding


def test_output_is_counted_when_it_comes() -> None:
    reading = read(WIRE, REQUEST, [ANSWER])
    texts = ("Gr\u00fc\u00dfe", str(COMMAND["arguments"]), str(PATCH["input"]))
    assert reading.output_bytes == sum(len(text.encode()) for text in texts)


@settings(max_examples=60, deadline=None)
@given(
    frames=st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "response.output_item.added",
                    "response.output_item.done",
                    "response.function_call_arguments.delta",
                    "response.function_call_arguments.done",
                    "response.completed",
                    "response.failed",
                    "error",
                ]
            ),
            st.dictionaries(
                st.sampled_from(["output_index", "item", "delta", "arguments", "response", "sequence_number"]),
                st.recursive(
                    st.none() | st.integers() | st.sampled_from(["function_call", "shell_call", "a"]),
                    lambda inner: (
                        st.lists(inner, max_size=2)
                        | st.dictionaries(
                            st.sampled_from(
                                ["type", "name", "arguments", "call_id", "output", "usage", "action", "status"]
                            ),
                            inner,
                            max_size=4,
                        )
                    ),
                    max_leaves=6,
                ),
                max_size=4,
            ),
        ),
        max_size=5,
    ),
    deny=st.booleans(),
)
def test_no_frame_of_odd_types_breaks_the_reader(frames: list[tuple[str, dict[str, object]]], deny: bool) -> None:
    script = Script()
    for kind, fields in frames:
        script.add(kind, **fields)
    try:
        read(WIRE, REQUEST, [script.text], denied=["", "a", "shell"] if deny else [])
    except UpstreamError:
        return


@cut_anywhere
def test_a_whole_answer_keeps_its_bytes(cuts: list[int]) -> None:
    reading = everywhere(WIRE, UNSTREAMED, WHOLE, cuts, content_type=JSON_TYPE)
    assert (reading.relayed, reading.complete) == (WHOLE, True)
    assert [tool.name for tool in reading.tools] == ["exec_command", "apply_patch"]
    assert reading.usage is not None
    assert reading.usage.web_searches == 1


def test_denied_calls_of_a_whole_answer_are_rewritten_by_their_bytes_alone() -> None:
    reading = read(WIRE, UNSTREAMED, [WHOLE], denied=["exec_command"], content_type=JSON_TYPE)
    name = b'"name": "guardian_denied_exec_command"'
    arguments = json.dumps(json.dumps(REASON)).encode()
    given_arguments = json.dumps(COMMAND["arguments"], ensure_ascii=False).encode()
    assert reading.relayed == WHOLE.replace(b'"name": "exec_command"', name).replace(given_arguments, arguments)


# Refusals


def test_a_refusal_has_the_shape_of_the_api() -> None:
    error = json.loads(WIRE.refusal(status=402, code="billing_error", message="no money", request_id="r"))["error"]
    assert (error["message"], error["type"], error["code"]) == ("no money", "billing_error", "billing_error")


def test_a_stream_ends_in_a_failure_that_is_not_retried_and_fits_what_came_before() -> None:
    reader = WIRE.reader(parse(WIRE, REQUEST), content_type="text/event-stream")
    list(reader.feed(begun().message(0).text))
    (told,) = events(WIRE.stream_error(message="over", request_id="r", reader=reader))
    assert (told["type"], told["sequence_number"]) == ("response.failed", 4)
    failed = told["response"]
    assert isinstance(failed, dict)
    assert failed["error"] == {"code": "invalid_prompt", "message": "over"}
    assert (failed["id"], failed["model"], failed["created_at"]) == ("resp_1", "gpt-5.3-codex-1", 7)


def test_a_stream_error_needs_no_answer_before_it() -> None:
    (told,) = events(WIRE.stream_error(message="over", request_id="r"))
    assert told["sequence_number"] == 0
