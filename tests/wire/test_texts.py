"""Every string that a model reads is found, with its place; ids, enumerations, media and credentials are none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardian_ci.model import Origin
from guardian_ci.wire.json_text import value_at
from guardian_ci.wire.texts import CONTENT, definition, definitions, may_hold_surrogates, passages, strings

NAMES = st.sampled_from(["text", "content", "input", "type", "id", "data", "source", "url", "a"])
JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


def leaves(value: object) -> list[str]:
    inner = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    return [value] if isinstance(value, str) and value else [leaf for each in inner for leaf in leaves(each)]


@settings(max_examples=100, deadline=None)
@given(value=JSON)
def test_every_string_is_found_in_order_and_at_its_place(value: object) -> None:
    found = list(strings(value, ()))
    assert all(value_at(value, path) == text for path, text in found)
    assert [text for _, text in found] == leaves(value)
    assert len({path for path, _ in found}) == len(found)


@settings(max_examples=100, deadline=None)
@given(value=JSON)
def test_a_walk_that_leaves_out_names_finds_only_what_the_plain_one_finds(value: object) -> None:
    assert set(strings(value, ("x",), CONTENT)) <= set(strings(value, ("x",)))


def test_the_deepest_value_is_found_without_recursion() -> None:
    value: object = "deep"
    for _ in range(50_000):
        value = [value]
    ((path, text),) = strings(value, ())
    assert (len(path), text) == (50_000, "deep")


@pytest.mark.parametrize(
    ("block", "found"),
    [
        ("plain", ["plain"]),
        ("", []),
        ({"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}}, ["a"]),
        ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}, []),
        ({"type": "image", "source": {"type": "url", "url": "https://x/?k=v"}}, ["https://x/?k=v"]),
        ({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a"}}, ["a"]),
        (
            {
                "type": "document",
                "title": "t",
                "source": {"type": "content", "content": [{"type": "text", "text": "a"}]},
            },
            ["t", "a"],
        ),
        ({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}}, []),
        ({"type": "input_image", "image_url": "data:image/png;base64,AAAA"}, []),
        ({"type": "text", "text": "data:image/png;base64,AAAA"}, ["data:image/png;base64,AAAA"]),
        ({"type": "input_image", "image_url": "data:text/plain,secret"}, ["data:text/plain,secret"]),
        ({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}}, []),
        ({"type": "input_file", "file_data": "AAAA", "filename": "a.pdf", "file_id": "file_1"}, ["a.pdf"]),
        ({"type": "image_generation_call", "result": "AAAA", "revised_prompt": "p"}, ["p"]),
        ({"type": "redacted_thinking", "data": "AAAA"}, []),
        ({"type": "thinking", "thinking": "a", "signature": "AAAA"}, ["a"]),
        ({"type": "reasoning", "encrypted_content": "AAAA", "summary": [{"type": "summary_text", "text": "a"}]}, ["a"]),
        (
            {"type": "tool_use", "id": "x", "name": "n", "input": {"type": "a", "data": "b", "id": ["c", 1]}},
            ["a", "b", "c"],
        ),
        ({"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a": 1}'}, ['{"a": 1}']),
    ],
)
def test_what_is_text_in_a_part_of_a_message(block: object, found: list[str]) -> None:
    told = list(passages(block, ("messages", 0), Origin.PROMPT, fresh=True))
    assert [passage.text for passage in told] == found
    assert all(passage.path[:2] == ("messages", 0) for passage in told)


@pytest.mark.parametrize(
    ("tool", "found"),
    [
        (
            {
                "name": "Bash",
                "description": "Runs.",
                "input_schema": {
                    "type": "object",
                    "properties": {
                        "command": {"type": "string", "description": "What to run.", "pattern": "^a"},
                        "type": {"type": "string", "enum": ["x"], "default": "y"},
                        "required": {"description": "A property of this name."},
                    },
                    "required": ["command"],
                },
                "input_examples": [{"command": "ls", "type": "x"}],
            },
            ["Runs.", "What to run.", "x", "y", "A property of this name.", "ls", "x"],
        ),
        (
            {
                "type": "custom",
                "name": "p",
                "description": "d",
                "format": {"type": "grammar", "syntax": "lark", "definition": "g"},
            },
            ["d", "g"],
        ),
        (
            {
                "type": "mcp",
                "server_label": "gh",
                "server_url": "https://x",
                "server_description": "d",
                "authorization": "token",
                "headers": {"X-Key": "secret"},
            },
            ["d"],
        ),
        ({"type": "namespace", "name": "n", "description": "d", "tools": [{"description": "e"}]}, ["d", "e"]),
        ("no tool", ["no tool"]),
        (None, []),
    ],
)
def test_what_a_definition_says(tool: object, found: list[str]) -> None:
    told = list(definition(tool, ("tools", 0), fresh=False))
    assert [passage.text for passage in told] == found
    assert {passage.origin for passage in told} <= {Origin.DEFINITION}


def test_definitions_are_told_apart_by_their_index() -> None:
    told = definitions([{"description": "a"}, {"description": "b"}], ("tools",), fresh=True)
    assert [passage.path for passage in told] == [("tools", 0, "description"), ("tools", 1, "description")]


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("\u00fc \U0001f600", False),
        (r"\u00fc", False),
        (r"\ud83d\ude00", True),
        (r"\uDFFF", True),
        (r"C:\\users", False),
    ],
)
def test_only_escapes_make_lone_surrogates(text: str, may: bool) -> None:
    assert may_hold_surrogates(text) is may
