"""How those who speak chat completions differ from OpenAI in what a request must say to be metered."""

from collections.abc import Iterator
from typing import Final

from guardian_ci.wire.json_text import Node, Splice, as_object, parse_strictly, spliced

_TELLS_USAGE_UNASKED: Final = frozenset({"mistral"})
"""Who refuses ``stream_options.include_usage`` and tells the usage of every stream in its last chunk."""
_ONE_MAXIMUM: Final = frozenset({"mistral", "deepseek", "compatible"})
"""Who knows ``max_tokens`` only: ``max_completion_tokens`` is refused there, or bounds nothing."""

NEW: Final = "max_completion_tokens"
OLD: Final = "max_tokens"


def knows_one_maximum(provider: str | None) -> bool:
    """Whether the output is bounded by ``max_tokens`` and nothing else."""
    return provider in _ONE_MAXIMUM


def asks_for_usage(root: Node) -> bool:
    """Whether a request asks for the usage of its stream."""
    options = root.step("stream_options")
    return options is not None and as_object(options.value).get("include_usage") is True


def usage_edits(root: Node, provider: str | None) -> Iterator[Splice]:
    """Ask for the usage of a stream: without it nobody knows what the answer costs."""
    if provider in _TELLS_USAGE_UNASKED or asks_for_usage(root):
        return
    options = root.step("stream_options")
    told = options.step("include_usage") if options else None
    if told is not None:
        yield told.replaced(True)  # noqa: FBT003 - JSON's
    elif options is not None and options.value is not None:
        yield options.with_member("include_usage", True)  # noqa: FBT003 - JSON's
    else:
        wanted = {"include_usage": True}
        yield options.replaced(wanted) if options else root.with_member("stream_options", wanted)


def maximum_edits(root: Node, maximum: int | None) -> Iterator[Splice]:
    """Say the tightest maximum of a request, or ``maximum`` where that is less, as ``max_tokens``."""
    new = next((member for member in root.members() if member.name == NEW), None)
    old = root.step(OLD)
    told = [node.value for node in (new.node if new else None, old) if node and isinstance(node.value, int)]
    least = min([*told, *([] if maximum is None else [maximum])], default=None)
    if least is None:
        return
    if old is not None and old.value != least:
        yield old.replaced(least)
    elif old is None and new is not None:
        yield Splice(new.start, new.node.end, f'"{OLD}":{least}')
    elif old is None:
        yield root.with_member(OLD, least)


def without_unknown(body: bytes, provider: str | None) -> bytes:
    """Take out of an edited request what its reader would refuse."""
    root = parse_strictly(body.decode())
    names = [NEW] if knows_one_maximum(provider) else []
    names += ["stream_options"] if provider in _TELLS_USAGE_UNASKED else []
    gone = root.without_members(names)
    return spliced(root.text, gone).encode() if gone else body
