"""Tools go without a trace: what is left is valid, and the same text in every turn."""

import json
from collections.abc import Iterable, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import parse

from guardian_ci.model import WireProtocol
from guardian_ci.wire import WIRES
from guardian_ci.wire.interface import Edits
from guardian_ci.wire.json_text import parse_strictly, spliced
from guardian_ci.wire.removal import removals

MESSAGES = WireProtocol.ANTHROPIC_MESSAGES
CHAT = WireProtocol.OPENAI_CHAT
RESPONSES = WireProtocol.OPENAI_RESPONSES
Request = Mapping[str, object]


def without(protocol: WireProtocol, request: Request, names: Iterable[str]) -> dict[str, object]:
    """Remove the tools of these names."""
    return dict(json.loads(removed(protocol, json.dumps({"model": "m", **request}), names)))


def removed(protocol: WireProtocol, request: str, names: Iterable[str]) -> bytes:
    parsed = parse(WIRES[protocol], request.encode())
    indexes = [i for i, tool in enumerate(parsed.call.tools) if tool.name in set(names)]
    return WIRES[protocol].edit(parsed, Edits(remove_tools=frozenset(indexes)))


def fun(name: str, **members: object) -> Request:
    return {"type": "function", "name": name, **members}


def chat(name: str) -> Request:
    return {"type": "function", "function": {"name": name}}


def user(*content: object) -> Request:
    return {"role": "user", "content": list(content) or "hi"}


@settings(max_examples=60, deadline=None)
@given(data=st.data(), lists=st.lists(st.integers(0, 3), min_size=1, max_size=4))
def test_removing_leaves_valid_json_without_empty_owners(data: st.DataObject, lists: list[int]) -> None:
    document = {"keep": 1, "tools": [{"inner": list(range(size))} for size in lists], "choice": 2}
    paths = [("tools", i, "inner", j) for i, size in enumerate(lists) for j in range(size)]
    chosen = data.draw(st.sets(st.sampled_from(paths))) if paths else set()
    root = parse_strictly(json.dumps(document))
    result = json.loads(spliced(root.text, list(removals(root, sorted(chosen), {"choice"}))))
    kept = [[j for j in range(size) if ("tools", i, "inner", j) not in chosen] for i, size in enumerate(lists)]
    expected = [{"inner": inner} for inner, size in zip(kept, lists, strict=True) if inner or not size]
    assert result.get("tools", []) == expected
    assert ("choice" in result, result["keep"]) == (False, 1)


def added(tool: Request) -> Request:
    return {"type": "tool_addition", "tool": tool}


def result(*content: object) -> Request:
    return {"type": "tool_result", "tool_use_id": "t", "content": list(content)}


def named(name: str) -> Request:
    return {"type": "tool_reference", "name": name}


def points(name: str) -> Request:
    return {"type": "tool_reference", "tool_name": name}


@pytest.mark.parametrize(
    ("protocol", "request_", "names", "expected"),
    [
        pytest.param(
            MESSAGES,
            {"tools": [{"name": "a"}, {"name": "b"}], "tool_choice": {"type": "tool", "name": "a"}, "messages": []},
            ["a"],
            {"tools": [{"name": "b"}], "messages": []},
            id="a choice of what is gone goes",
        ),
        pytest.param(
            MESSAGES,
            {
                "tools": [{"name": "Bash"}, {"name": "sh"}],
                "tool_choice": {"type": "tool", "name": "Bash"},
                "messages": [],
            },
            ["sh"],
            {"tools": [{"name": "Bash"}], "tool_choice": {"type": "tool", "name": "Bash"}, "messages": []},
            id="a choice of what stays stays",
        ),
        pytest.param(
            MESSAGES,
            {"tools": [{"name": "a"}], "tool_choice": {"type": "any"}, "messages": [user()]},
            ["a"],
            {"messages": [user()]},
            id="with all tools goes the choice among them",
        ),
        pytest.param(
            MESSAGES,
            {
                "messages": [
                    user(
                        {"type": "text", "text": "x"}, added({"type": "tool_definition", "definition": {"name": "a"}})
                    ),
                    user(added({"type": "tool_definition", "definition": {"name": "a"}})),
                ]
            },
            ["a"],
            {"messages": [user({"type": "text", "text": "x"})]},
            id="tools that messages bring",
        ),
        pytest.param(
            MESSAGES,
            {
                "tools": [{"name": "a", "defer_loading": True}, {"name": "b", "defer_loading": True}, {"name": "c"}],
                "messages": [
                    user(
                        added({"type": "tool_reference", "name": "a"}), added({"type": "tool_reference", "name": "b"})
                    ),
                    user(
                        {"type": "tool_removal", "tool": {"type": "tool_reference", "name": "a"}}, result(points("a"))
                    ),
                    user(result(points("b"), points("a"), {"type": "text", "text": "x"})),
                ],
            },
            ["a"],
            {
                "tools": [{"name": "b", "defer_loading": True}, {"name": "c"}],
                "messages": [
                    user(added(named("b"))),
                    user(result()),
                    user(result(points("b"), {"type": "text", "text": "x"})),
                ],
            },
            id="what points to a tool goes with it, its results stay",
        ),
        pytest.param(
            MESSAGES,
            {
                "tools": [{"name": "a", "defer_loading": True}, {"name": "b"}],
                "messages": [
                    {
                        "role": "assistant",
                        "content": [
                            {
                                "type": "tool_search_tool_result",
                                "content": {"type": "tool_search_tool_search_result", "tool_references": [points("a")]},
                            }
                        ],
                    },
                ],
            },
            ["a"],
            {
                "tools": [{"name": "b"}],
                "messages": [
                    {
                        "role": "assistant",
                        "content": [
                            {
                                "type": "tool_search_tool_result",
                                "content": {"type": "tool_search_tool_search_result", "tool_references": []},
                            }
                        ],
                    },
                ],
            },
            id="what the provider's search found stays a result",
        ),
        pytest.param(
            MESSAGES,
            {
                "mcp_servers": [{"name": "gh", "url": "https://x"}],
                "tools": [{"type": "mcp_toolset", "mcp_server_name": "gh"}, {"name": "a"}],
                "messages": [user(added({"type": "mcp_toolset_reference", "server_name": "gh"}), {"type": "text"})],
            },
            ["mcp__gh"],
            {"tools": [{"name": "a"}], "messages": [user({"type": "text"})]},
            id="a remote server with its toolset",
        ),
        pytest.param(
            MESSAGES,
            {
                "tools": [
                    {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"},
                    {"name": "a", "defer_loading": True},
                    {"name": "b"},
                ],
                "messages": [],
            },
            ["tool_search_tool_regex"],
            {"tools": [{"name": "a"}, {"name": "b"}], "messages": []},
            id="without the search deferred tools are loaded",
        ),
        pytest.param(
            MESSAGES,
            {"tools": [{"name": "a"}, {"name": "b", "defer_loading": True}], "messages": []},
            ["a"],
            {"tools": [{"name": "b"}], "messages": []},
            id="not all tools may be deferred",
        ),
        pytest.param(
            CHAT,
            {"tools": [chat("a"), chat("b")], "tool_choice": chat("a"), "parallel_tool_calls": True, "messages": []},
            ["a"],
            {"tools": [chat("b")], "parallel_tool_calls": True, "messages": []},
            id="a choice in chat",
        ),
        pytest.param(
            CHAT,
            {
                "tools": [chat("a")],
                "tool_choice": "auto",
                "parallel_tool_calls": False,
                "web_search_options": {},
                "messages": [],
            },
            ["a"],
            {"web_search_options": {}, "messages": []},
            id="a choice needs its own list",
        ),
        pytest.param(
            CHAT,
            {"functions": [{"name": "a"}, {"name": "b"}], "function_call": {"name": "a"}, "messages": []},
            ["a"],
            {"functions": [{"name": "b"}], "messages": []},
            id="a choice among functions",
        ),
        pytest.param(
            CHAT,
            {
                "tools": [chat("a"), chat("b"), chat("c")],
                "tool_choice": {
                    "type": "allowed_tools",
                    "allowed_tools": {"mode": "auto", "tools": [chat("a"), chat("b")]},
                },
                "messages": [],
            },
            ["a"],
            {
                "tools": [chat("b"), chat("c")],
                "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [chat("b")]}},
                "messages": [],
            },
            id="a choice among several loses one",
        ),
        pytest.param(
            RESPONSES,
            {
                "tools": [fun("a"), fun("b"), {"type": "mcp", "server_label": "gh"}],
                "tool_choice": {
                    "type": "allowed_tools",
                    "mode": "required",
                    "tools": [fun("a"), {"type": "mcp", "server_label": "gh"}],
                },
                "input": "x",
            },
            ["a", "mcp__gh"],
            {"tools": [fun("b")], "input": "x"},
            id="a choice among several that all go",
        ),
        pytest.param(
            RESPONSES,
            {
                "tools": [fun("f"), {"type": "web_search_preview_2025_03_11"}],
                "tool_choice": {"type": "web_search_preview"},
                "input": "x",
            },
            ["web_search_preview_2025_03_11"],
            {"tools": [fun("f")], "input": "x"},
            id="a choice of a kind",
        ),
        pytest.param(
            RESPONSES,
            {
                "tools": [{"type": "namespace", "name": "mcp__gh__", "tools": [fun("issue"), fun("merge")]}],
                "tool_choice": fun("merge"),
                "input": [],
            },
            ["mcp__gh__merge"],
            {"tools": [{"type": "namespace", "name": "mcp__gh__", "tools": [fun("issue")]}], "input": []},
            id="one tool of a namespace",
        ),
        pytest.param(
            RESPONSES,
            {"tools": [{"type": "namespace", "name": "n", "tools": [fun("a"), fun("b")]}, fun("c")], "input": []},
            ["n__a", "n__b"],
            {"tools": [fun("c")], "input": []},
            id="a namespace that gets empty",
        ),
        pytest.param(
            RESPONSES,
            {
                "input": [
                    {
                        "type": "additional_tools",
                        "role": "developer",
                        "tools": [
                            fun("exec"),
                            {"type": "namespace", "name": "n", "tools": [fun("a")]},
                        ],
                    },
                    user(),
                ]
            },
            ["n__a"],
            {
                "input": [
                    {"type": "additional_tools", "role": "developer", "tools": [fun("exec")]},
                    user(),
                ]
            },
            id="a namespace among the tools of an item",
        ),
        pytest.param(
            RESPONSES,
            {"input": [{"type": "additional_tools", "tools": [fun("a")]}], "tool_choice": "auto"},
            ["a"],
            {"input": []},
            id="an item of tools alone leaves an empty input",
        ),
        pytest.param(
            RESPONSES,
            {
                "tools": [{"type": "tool_search", "execution": "client"}],
                "input": [
                    {"type": "tool_search_call", "call_id": "c", "arguments": {}},
                    {"type": "tool_search_output", "call_id": "c", "tools": [fun("a")]},
                ],
            },
            ["a"],
            {
                "tools": [{"type": "tool_search", "execution": "client"}],
                "input": [
                    {"type": "tool_search_call", "call_id": "c", "arguments": {}},
                    {"type": "tool_search_output", "call_id": "c", "tools": []},
                ],
            },
            id="a search that found only what goes keeps its result",
        ),
        pytest.param(
            RESPONSES,
            {
                "tools": [
                    {"type": "tool_search"},
                    fun("a", defer_loading=True),
                    {"type": "namespace", "name": "n", "tools": [fun("b", defer_loading=True)]},
                ],
                "input": [],
            },
            ["tool_search"],
            {"tools": [fun("a"), {"type": "namespace", "name": "n", "tools": [fun("b")]}], "input": []},
            id="deferred tools need a search",
        ),
    ],
)
def test_what_is_left_is_valid(
    protocol: WireProtocol, request_: Request, names: Sequence[str], expected: Request
) -> None:
    assert without(protocol, request_, names) == {"model": "m", **expected}


@pytest.mark.parametrize("protocol", [MESSAGES, CHAT, RESPONSES])
def test_an_index_that_is_no_tools_removes_nothing(protocol: WireProtocol) -> None:
    parsed = parse(WIRES[protocol], b'{"model":"m","messages":[],"input":[],"tools":[]}')
    assert WIRES[protocol].edit(parsed, Edits(remove_tools=frozenset({0, 7}))) is parsed.body


NAMES = ("a", "b", "c", "tool_search")
CHOSEN = st.sets(st.sampled_from([*NAMES, "n__a", "n__b"]))
INDENTS = st.sampled_from([None, 1])


def tools_of(protocol: WireProtocol, names: Sequence[str], deferred: set[str]) -> list[Request]:
    defer = {"defer_loading": True}
    if protocol is CHAT:
        return [chat(name) for name in names]
    made = [{"name": name, **(defer if name in deferred else {})} for name in names]
    return made if protocol is MESSAGES else [{"type": "function", **tool} for tool in made]


def turn_of(protocol: WireProtocol, kind: str, name: str) -> list[Request]:
    """Make a turn that brings a tool, points to one, or does neither."""
    if protocol is CHAT or kind == "text":
        return [user(), {"role": "assistant", "content": "a"}]
    if protocol is MESSAGES:
        brings = added({"type": "tool_definition", "definition": {"name": name}})
        return [user(brings if kind == "brings" else result(points(name)), {"type": "text", "text": "x"})]
    tools = [fun(name), {"type": "namespace", "name": "n", "tools": [fun("a"), fun("b")]}]
    return [{"type": "additional_tools" if kind == "brings" else "tool_search_output", "tools": tools}, user()]


TURNS = st.lists(
    st.tuples(st.sampled_from(["text", "brings", "points"]), st.sampled_from(NAMES)), min_size=1, max_size=5
)


@pytest.mark.parametrize("protocol", [MESSAGES, CHAT, RESPONSES])
@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(st.sampled_from(NAMES), unique=True),
    deferred=st.sets(st.sampled_from(NAMES)),
    turns=TURNS,
    more=TURNS,
    chosen=CHOSEN,
    indent=INDENTS,
)
def test_a_later_turn_begins_with_the_same_bytes(
    protocol: WireProtocol,
    names: list[str],
    deferred: set[str],
    turns: list[tuple[str, str]],
    more: list[tuple[str, str]],
    chosen: set[str],
    indent: int | None,
) -> None:
    tools = tools_of(protocol, names, deferred)
    member = "input" if protocol is RESPONSES else "messages"

    def body(told: list[tuple[str, str]]) -> str:
        known = [(kind if kind == "brings" or name in names else "text", name) for kind, name in told]
        items = [item for kind, name in known for item in turn_of(protocol, kind, name)]
        return json.dumps({"model": "m", "tools": tools, member: items}, indent=indent)

    first, later = (removed(protocol, body(told), chosen).decode() for told in (turns, turns + more))
    kept = json.loads(first)[member]
    assert json.loads(later)[member][: len(kept)] == kept
    assert json.loads(later).get("tools") == json.loads(first).get("tools")
    if kept:
        node = parse_strictly(first).at(member, -1)
        assert node is not None
        assert later.startswith(first[: node.end])
