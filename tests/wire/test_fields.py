"""A member of the wrong type is refused by its name."""

from collections.abc import Callable

import pytest

from guardian_ci.errors import BadRequest
from guardian_ci.wire import fields

Read = Callable[[fields.Object], object]


@pytest.mark.parametrize(
    ("read", "value", "result"),
    [
        (lambda it: fields.text(it, "x"), "a\ud800", "a\ufffd"),
        (lambda it: fields.text(it, "x"), None, None),
        (lambda it: fields.flag(it, "x"), True, True),
        (lambda it: fields.flag(it, "x"), None, False),
        (lambda it: fields.count(it, "x"), 0, 0),
        (lambda it: fields.count(it, "x"), None, None),
        (lambda it: fields.record(it, "x"), {"a": 1}, {"a": 1}),
        (lambda it: fields.record(it, "x"), None, {}),
        (lambda it: fields.items(it, "x"), [{}], [{}]),
        (lambda it: fields.items(it, "x"), None, ()),
        (lambda it: fields.blocks(it, "x", "m"), "text", ()),
        (lambda it: fields.blocks(it, "x", "m"), [{"a": 1}], [{"a": 1}]),
    ],
)
def test_the_right_type_is_read(read: Read, value: object, result: object) -> None:
    assert read({"x": value}) == result


@pytest.mark.parametrize(
    ("read", "value", "message"),
    [
        (lambda it: fields.text(it, "x"), 5, "x: must be a string, not a number"),
        (lambda it: fields.flag(it, "x"), "yes", "x: must be true or false, not a string"),
        (lambda it: fields.count(it, "x"), True, "x: must be a whole number, not a boolean"),
        (lambda it: fields.count(it, "x"), 1.0, "x: must be a whole number, without a fraction"),
        (lambda it: fields.count(it, "x"), -1, "x: must be at least 0"),
        (lambda it: fields.count(it, "x"), 10**12, "at most 1000000000"),
        (lambda it: fields.count(it, "x", least=1), 0, "x: must be at least 1"),
        (lambda it: fields.record(it, "x"), [], "x: must be an object, not a list"),
        (lambda it: fields.items(it, "x"), [{}, None], r"x\[1\]: must be an object, not null"),
        (lambda it: fields.required_items(it, "y"), None, "y: is missing"),
        (lambda it: fields.required_items(it, "x"), None, "x: must be a list, not null"),
        (lambda it: fields.blocks(it, "x", "m"), {}, "m.x: must be a string or a list, not an object"),
        (fields.model_id, None, "model: is missing"),
    ],
)
def test_the_wrong_type_is_refused(read: Read, value: object, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        read({"x": value})
