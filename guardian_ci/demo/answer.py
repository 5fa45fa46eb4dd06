"""A step of the script as an answer: blocks, tokens, and the way they are cut into chunks."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final

from guardian_ci.demo.script import Step

BYTES_PER_TOKEN: Final = 4
TOOL_TOKENS: Final = 8
"""What a tool call costs beside its arguments: its name and its frame."""


class Kind(StrEnum):
    """What a block of an answer is."""

    THINKING = "thinking"
    TEXT = "text"
    TOOL = "tool"


class Stop(StrEnum):
    """Why an answer ends."""

    END = "end"
    TOOLS = "tools"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A part of an answer. ``text`` is its text, or a tool's arguments; ``freeform`` arguments are no JSON.

    ``complete`` is false where the request's limit cut it off.
    """

    kind: Kind
    text: str
    tokens: int
    id: str = ""
    name: str = ""
    freeform: bool = False
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What an answer is billed for. ``fresh`` input is neither read from the cache nor written to it."""

    fresh: int
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0

    @property
    def input(self) -> int:
        """All input tokens."""
        return self.fresh + self.cache_read + self.cache_write


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer to the request ``asked``. ``hidden`` output tokens are billed though no block shows them."""

    id: str
    model: str
    created: int
    blocks: tuple[Block, ...]
    tokens: Tokens
    stop: Stop
    hidden: int
    chunk: int
    asked: Mapping[str, object]

    def texts(self, kind: Kind) -> str:
        """Return the text of all blocks of one kind."""
        return "".join(block.text for block in self.blocks if block.kind is kind)

    @property
    def tools(self) -> tuple[Block, ...]:
        """The tool calls."""
        return tuple(block for block in self.blocks if block.kind is Kind.TOOL)


def tokens_of(text: str) -> int:
    """Count tokens as the demo model does: four bytes each, never none."""
    return max(1, -(-len(text.encode()) // BYTES_PER_TOKEN))


def digest(body: bytes) -> str:
    """Return what tells this request's ids from another's, the same each time it is sent."""
    return sha256(body).hexdigest()[:20]


def compose(step: Step, *, index: int, mark: str, limit: int | None) -> tuple[tuple[Block, ...], int, Stop]:
    """Return a step's blocks within ``limit`` output tokens, their tokens, and why the answer ends."""
    blocks: list[Block] = []
    left = limit
    for block in _blocks(step, index, mark):
        kept = _within(block, left)
        if kept is not None:
            blocks.append(kept)
        if kept is None or not kept.complete:
            return tuple(blocks), _total(blocks), Stop.LIMIT
        left = None if left is None else left - kept.tokens
    return tuple(blocks), _total(blocks), Stop.TOOLS if step.tools else Stop.END


def chunks(text: str, size: int) -> Iterator[str]:
    """Cut a text into pieces of ``size`` characters; an empty text is one empty piece."""
    for start in range(0, max(len(text), 1), max(size, 1)):
        yield text[start : start + max(size, 1)]


def _blocks(step: Step, index: int, mark: str) -> Iterator[Block]:
    """Yield a step's blocks in the order in which a model sends them."""
    if step.thinking:
        yield Block(kind=Kind.THINKING, text=step.thinking, tokens=tokens_of(step.thinking))
    if step.text or not step.tools:
        text = step.text * step.repeat
        yield Block(kind=Kind.TEXT, text=text, tokens=tokens_of(text))
    for number, tool in enumerate(step.tools):
        freeform = isinstance(tool.input, str)
        text = tool.input if isinstance(tool.input, str) else json.dumps(tool.input, ensure_ascii=False)
        yield Block(
            kind=Kind.TOOL,
            text=text,
            tokens=tokens_of(text) + TOOL_TOKENS,
            id=f"demo_{index}_{number}_{mark}",
            name=tool.name,
            freeform=freeform,
        )


def _within(block: Block, left: int | None) -> Block | None:
    """Return what of a block fits into ``left`` tokens; None where nothing does."""
    if left is None or block.tokens <= left:
        return block
    fixed = TOOL_TOKENS if block.kind is Kind.TOOL else 0
    if left <= fixed:
        return None
    text = block.text.encode()[: (left - fixed) * BYTES_PER_TOKEN].decode(errors="ignore")
    return Block(
        kind=block.kind,
        text=text,
        tokens=left,
        id=block.id,
        name=block.name,
        freeform=block.freeform,
        complete=False,
    )


def _total(blocks: list[Block]) -> int:
    """Add up blocks; even an empty answer is one token."""
    return max(1, sum(block.tokens for block in blocks))
