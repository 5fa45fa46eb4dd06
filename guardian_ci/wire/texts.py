"""The texts of a request: every string that a model reads, found without a second parse and without a copy."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from guardian_ci.model import Origin
from guardian_ci.wire.fields import Object
from guardian_ci.wire.interface import Passage, Path
from guardian_ci.wire.json_text import as_object, as_text

_INLINE_MEDIUM: Final = re.compile(r"data:[^,]{0,200};base64,")
_ESCAPED_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")

_IDS: Final = ("_id", "_ids")
_MEDIA: Final = frozenset({"data", "file_data", "result", "url", "image_url", "file_url"})
"""Members that may hold a medium in base64."""

_BINARY_HOLDERS: Final = frozenset({"base64", "image", "audio", "redacted_thinking", "reasoning.encrypted"})
"""Types of objects whose ``data`` is no text."""


@dataclass(frozen=True, slots=True)
class Walk:
    """How a part of a request is walked: ``unread`` names what holds no text, ``free`` what holds a user's own keys."""

    unread: frozenset[str]
    free: frozenset[str]


_NAMES: Final = "name role namespace server_label tool_name toolset_name server_name mcp_server_name"
_KINDS: Final = "type status format detail signature media_type mime_type mimeType ttl phase fileUri file_uri"
_OPAQUE: Final = "encrypted_content encrypted_index encrypted_stdout thoughtSignature thought_signature"
_FREE: Final = frozenset({"input", "arguments", "args", "response"})
CONTENT: Final = Walk(frozenset(f"id {_NAMES} {_KINDS} {_OPAQUE}".split()), _FREE)
"""Messages and their parts: ids are no text, and would look like secrets. Arguments are read whatever their keys."""

_SCHEMA: Final = "type id name format pattern required syntax ttl $schema $ref $id allowed_callers"
_CREDENTIALS: Final = "authorization authorization_token domain_secrets server_url server_label"
_DEFINITIONS: Final = Walk(frozenset(f"{_SCHEMA} {_CREDENTIALS}".split()), frozenset({"examples", "input_examples"}))
"""Tools: what the model is told of them, and not the credentials that the provider is to use."""

_ANYTHING: Final = Walk(frozenset(), frozenset())


def strings(value: object, path: Path, walk: Walk = _ANYTHING) -> Iterator[tuple[Path, str]]:
    """Yield every string below a value with its place, in the document's order."""
    if isinstance(value, str):
        if value:
            yield path, value
        return
    way: list[str | int] = [*path, 0]
    todo = [(_inner(value, walk), walk)]
    while todo:
        members, rule = todo[-1]
        step, inner = next(members, (None, None))
        if step is None:
            todo.pop()
            way.pop()
            continue
        way[-1] = step
        if isinstance(inner, str):
            if inner:
                yield tuple(way), inner
        elif isinstance(inner, dict | list):
            rule = _ANYTHING if step in rule.free else rule
            todo.append((_inner(inner, rule), rule))
            way.append(0)


def _inner(value: object, walk: Walk) -> Iterator[tuple[str | int, object]]:
    if isinstance(value, list):
        return iter(enumerate(value))
    if not isinstance(value, dict):
        return iter(())
    if walk is _ANYTHING:
        return iter(value.items())
    return iter([(name, member) for name, member in value.items() if _is_read(name, member, value, walk)])


def _is_read(name: str, member: object, holder: Object, walk: Walk) -> bool:
    """Whether a member may hold text. An object always may: a schema has properties of any name."""
    if isinstance(member, dict):
        return True
    if not isinstance(member, str | list) or name in walk.unread or name.endswith(_IDS):
        return False
    return name not in _MEDIA or not isinstance(member, str) or not _is_medium(name, member, holder)


def _is_medium(name: str, member: str, holder: Object) -> bool:
    if name == "data":
        return holder.get("type") in _BINARY_HOLDERS or not {"format", "mimeType", "mime_type"}.isdisjoint(holder)
    if name == "result":
        return holder.get("type") == "image_generation_call"
    return name == "file_data" or _INLINE_MEDIUM.match(member) is not None


def passages(value: object, path: Path, origin: Origin, *, fresh: bool) -> Iterator[Passage]:
    """Yield the texts of a message or of a part of one, all of one origin."""
    for place, text in strings(value, path, CONTENT):
        yield Passage(path=place, text=text, origin=origin, fresh=fresh)


def definitions(tools: Iterable[object], path: Path, *, fresh: bool) -> Iterator[Passage]:
    """Yield what the definitions of tools in a list say: descriptions, those of parameters too, defaults, examples."""
    for i, tool in enumerate(tools):
        yield from definition(tool, (*path, i), fresh=fresh)


def definition(tool: object, path: Path, *, fresh: bool) -> Iterator[Passage]:
    """Yield what one definition says; of a remote server only how it is described, never its headers."""
    remote = as_text(as_object(tool).get("type")) == "mcp"
    told = {name: as_object(tool).get(name) for name in ("server_description",)} if remote else tool
    for place, text in strings(told, path, _DEFINITIONS):
        yield Passage(path=place, text=text, origin=Origin.DEFINITION, fresh=fresh)


def may_hold_surrogates(text: str) -> bool:
    """Whether strings of a JSON text may hold lone surrogates: only escapes make them, and few writers escape."""
    return ("\\ud" in text or "\\uD" in text) and _ESCAPED_SURROGATE.search(text) is not None
