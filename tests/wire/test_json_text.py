"""JSON is parsed once, with places; an edit changes its own bytes and no others."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardian_ci.wire.json_text import Node, clean, parse_leniently, parse_strictly, spliced

NAMES = st.text(st.characters(codec="utf-8"), max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | NAMES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(NAMES, JSON, max_size=5)
INDENTS = st.sampled_from([None, 0, 1, 4, "\t", "\r\n"])


def written(value: object, indent: int | str | None) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=False)


def nodes(node: Node) -> list[Node]:
    inner = [member.node for member in node.members()] + node.elements()
    return [node, *(deeper for child in inner for deeper in nodes(child))]


@settings(max_examples=40, deadline=None)
@given(value=JSON, indent=INDENTS)
def test_every_value_is_found_where_it_stands(value: object, indent: int | str | None) -> None:
    text = written(value, indent)
    for node in nodes(parse_strictly(f" {text}\n")):
        assert json.loads(node.text[node.start : node.end]) == node.value


@settings(max_examples=40, deadline=None)
@given(value=OBJECTS, indent=INDENTS, data=st.data())
def test_a_replacement_leaves_all_other_bytes_alone(
    value: object, indent: int | str | None, data: st.DataObject
) -> None:
    root = parse_strictly(written(value, indent))
    chosen = data.draw(st.sampled_from(nodes(root)))
    edited = spliced(root.text, [chosen.replaced({"new": [1]})])
    assert edited == root.text[: chosen.start] + '{"new": [1]}' + root.text[chosen.end :]


@settings(max_examples=40, deadline=None)
@given(value=st.lists(JSON, max_size=6), indent=INDENTS, data=st.data())
def test_removing_elements_leaves_the_others_as_they_are(
    value: list[object], indent: int | str | None, data: st.DataObject
) -> None:
    root = parse_strictly(written(value, indent))
    removed = data.draw(st.sets(st.integers(0, max(0, len(value) - 1)))) if value else set()
    edited = spliced(root.text, [*root.without_elements(removed), root.with_element("end")])
    kept = [element for i, element in enumerate(value) if i not in removed]
    if kept or not value:
        assert json.loads(edited) == [*kept, "end"]
    else:
        assert json.loads(spliced(root.text, root.without_elements(removed))) == []


@settings(max_examples=40, deadline=None)
@given(value=OBJECTS, indent=INDENTS, data=st.data())
def test_removing_members_leaves_the_others_as_they_are(
    value: dict[str, object], indent: int | str | None, data: st.DataObject
) -> None:
    root = parse_strictly(written(value, indent))
    removed = data.draw(st.sets(st.sampled_from(sorted(value)))) if value else set()
    edited = spliced(root.text, root.without_members(removed))
    assert json.loads(edited) == {name: member for name, member in value.items() if name not in removed}


@settings(max_examples=40, deadline=None)
@given(value=OBJECTS, indent=INDENTS)
def test_a_member_is_added_behind_the_others(value: dict[str, object], indent: int | str | None) -> None:
    root = parse_strictly(written(value, indent))
    edited = json.loads(spliced(root.text, [root.with_member("\n new", 1)]))
    assert list(edited)[-1] == "\n new"


@settings(max_examples=40, deadline=None)
@given(text=NAMES, addition=NAMES)
def test_text_is_lengthened_at_its_end(text: str, addition: str) -> None:
    root = parse_strictly(json.dumps({"a": text}))
    node = root.step("a")
    assert node is not None
    assert json.loads(spliced(root.text, [node.appended_text(addition)])) == {"a": text + addition}


def test_an_edit_within_a_removed_part_is_dropped_with_it() -> None:
    root = parse_strictly('{"a": {"b": 1}, "c": 2}')
    inner = root.at("a", "b")
    assert inner is not None
    assert spliced(root.text, [*root.without_members({"a"}), inner.replaced(5)]) == '{"c": 2}'


def test_paths_lead_to_members_and_elements_from_either_end() -> None:
    root = parse_strictly('{"a": [1, {"b": [2, 3]}]}')
    found = root.at("a", -1, "b", 1)
    assert found is not None
    assert found.value == 3
    assert root.at("a", 5) is None
    assert root.at("a", "b") is None
    assert root.at("x", 0, "y") is None


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"x": [{"a": 1, "b": 2, "a": 3}]}',
        '{"a": NaN}',
        '{"a": [Infinity]}',
        '{"a": -Infinity}',
        "{'a': 1}",
        '{"a": 1,}',
        '{"a" 1}',
        '{"a": 1 "b": 2}',
        '{"a": 1',
        '{"a"',
        "{",
        "",
        '{"a": 1} {}',
        '{"a": "\t"}',
        '{"a": 1' + "0" * 5000 + "}",
        "\ufeff{}",
    ],
)
def test_what_readers_would_understand_differently_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_strictly(text)


def test_a_doubled_member_is_named() -> None:
    with pytest.raises(ValueError, match="'model' appears twice"):
        parse_strictly('{"model": "a", "model": "b"}')


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    with pytest.raises(RecursionError):
        parse_strictly('{"a":' + "[" * 100_000)


def test_answers_are_read_as_leniently_as_the_most_lenient_agent_reads_them() -> None:
    root = parse_leniently('{"a": 1, "a": "tab\there", "b": NaN, "c": 1' + "0" * 5000 + "}")
    assert root.value is not None
    assert root.step("a") is not None
    assert getattr(root.step("a"), "value", None) == "tab\there"


def test_lone_surrogates_are_replaced() -> None:
    assert clean(json.loads('"a\\ud800b"')) == "a\ufffdb"
    assert clean("\U0001f600") == "\U0001f600"
