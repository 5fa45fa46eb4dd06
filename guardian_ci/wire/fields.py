"""Typed reading of a request's members, so that a wrong type is refused by its name."""

from collections.abc import Mapping, Sequence
from typing import Final

from guardian_ci.errors import BadRequest
from guardian_ci.wire.json_text import clean

_KINDS: Final[Mapping[type, str]] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}
_MAX_COUNT: Final = 10**9
"""No token maximum is near it; beyond it is a mistake, and arithmetic on it a burden."""

Object = Mapping[str, object]


def wrong(name: str, wanted: str, value: object) -> BadRequest:
    """Make the error for a member of the wrong type."""
    return BadRequest(f"{name}: must be {wanted}, not {_KINDS.get(type(value), 'this')}")


def model_id(document: Object) -> str:
    """Read the member ``model``, which every request must have."""
    value = document.get("model")
    if "model" not in document:
        raise BadRequest("model: is missing; name the model to call")
    if not isinstance(value, str):
        raise wrong("model", "a string", value)
    if not value.strip() or clean(value) != value:
        raise BadRequest("model: must be the name of a model, not empty and of valid text")
    return value


def text(document: Object, name: str) -> str | None:
    """Read an optional string."""
    value = document.get(name)
    if value is None or isinstance(value, str):
        return None if value is None else clean(value)
    raise wrong(name, "a string", value)


def flag(document: Object, name: str) -> bool:
    """Read an optional boolean that is false where absent."""
    value = document.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise wrong(name, "true or false", value)


def count(document: Object, name: str, *, least: int = 0) -> int | None:
    """Read an optional whole number."""
    value = document.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(name, "a whole number", value) if not isinstance(value, float) else _not_whole(name)
    if not least <= value <= _MAX_COUNT:
        raise BadRequest(f"{name}: must be at least {least} and at most {_MAX_COUNT}")
    return value


def _not_whole(name: str) -> BadRequest:
    return BadRequest(f"{name}: must be a whole number, without a fraction or an exponent")


def record(document: Object, name: str) -> Object:
    """Read an optional object; an empty one where it is absent."""
    value = document.get(name)
    if value is None or isinstance(value, dict):
        return value or {}
    raise wrong(name, "an object", value)


def items(document: Object, name: str) -> Sequence[Object]:
    """Read an optional list of objects; an empty one where it is absent."""
    value = document.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise wrong(name, "a list", value)
    for i, item in enumerate(value):
        if not isinstance(item, dict):
            raise wrong(f"{name}[{i}]", "an object", item)
    return value


def required_items(document: Object, name: str) -> Sequence[Object]:
    """Read a list of objects that must be there."""
    if name not in document:
        raise BadRequest(f"{name}: is missing")
    if document[name] is None:
        raise wrong(name, "a list", None)
    return items(document, name)


def blocks(message: Object, name: str, where: str) -> Sequence[Object]:
    """Read a message's content where it is a list of blocks; none where it is text."""
    value = message.get(name)
    if value is None or isinstance(value, str):
        return ()
    if not isinstance(value, list):
        raise wrong(f"{where}.{name}", "a string or a list", value)
    for i, block in enumerate(value):
        if not isinstance(block, dict):
            raise wrong(f"{where}.{name}[{i}]", "an object", block)
    return value
