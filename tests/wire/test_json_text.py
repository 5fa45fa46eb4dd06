"""JSON is parsed once, with places; an edit changes its own bytes and no others."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardian_ci.wire.json_text import (
    Node,
    clean,
    nodes_at,
    parse_leniently,
    parse_strictly,
    rewritten,
    spliced,
    value_at,
)

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


Steps = tuple[str | int, ...]


def numbered(value: object, path: Steps, found: dict[Steps, str]) -> object:
    """Make each string in a value one of its kind, and note where it stands."""
    if isinstance(value, str):
        found[path] = f"{value}\ue000{len(found)}"
        return found[path]
    if isinstance(value, list):
        return [numbered(inner, (*path, i), found) for i, inner in enumerate(value)]
    if isinstance(value, dict):
        return {name: numbered(inner, (*path, name), found) for name, inner in value.items()}
    return value


@settings(max_examples=150, deadline=None)
@given(value=OBJECTS, indent=INDENTS, text=st.text(max_size=4), escaped=st.booleans(), data=st.data())
def test_rewriting_any_strings_changes_exactly_these(
    value: object, indent: int | str | None, text: str, escaped: bool, data: st.DataObject
) -> None:
    found: dict[Steps, str] = {}
    document = json.dumps(numbered(value, (), found), indent=indent, ensure_ascii=escaped)
    chosen = data.draw(st.sets(st.sampled_from(sorted(found, key=str)))) if found else set()
    root = parse_strictly(document)
    edited = spliced(root.text, list(rewritten(root, dict.fromkeys(chosen, text))))
    expected = document
    for path in chosen:
        old = json.dumps(found[path], ensure_ascii=escaped)
        assert expected.count(old) == 1
        expected = expected.replace(old, json.dumps(text))
    assert edited == expected


@pytest.mark.parametrize(
    "path", [(), ("b",), ("a",), ("a", 3), ("a", 1), ("a", 0, "x"), ("a", "0"), ("c",), ("c", "d", 0)]
)
def test_what_is_no_string_is_not_rewritten(path: Steps) -> None:
    root = parse_strictly('{"a": ["x", 5], "c": {"d": {}}}')
    assert list(rewritten(root, {path: "new"})) == []


def test_a_path_through_a_string_that_is_rewritten_leads_nowhere() -> None:
    root = parse_strictly('{"a": {"b": "x"}, "c": "x"}')
    texts: dict[Steps, str] = {("a",): "no", ("a", "b"): "yes", ("c", "d"): "no", ("c",): "no"}
    assert json.loads(spliced(root.text, list(rewritten(root, texts)))) == {"a": {"b": "yes"}, "c": "x"}


@settings(max_examples=60, deadline=None)
@given(value=OBJECTS, indent=INDENTS, data=st.data())
def test_values_are_found_at_their_paths(value: object, indent: int | str | None, data: st.DataObject) -> None:
    places: dict[Steps, str] = {}
    numbered(value, (), places)
    paths = data.draw(st.sets(st.sampled_from(sorted(places, key=str)))) if places else set()
    paths |= {path[:-1] for path in paths if path[1:]}
    found = dict(nodes_at(parse_strictly(written(value, indent)), [*paths, ("no", "such", 1)]))
    assert {path: node.value for path, node in found.items()} == {path: value_at(value, path) for path in paths}


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
