"""What a request asks of the demo model: the step of the script that answers it, and what it costs."""

import time
from collections.abc import Mapping, Sequence
from typing import Final

from guardian_ci.demo.answer import BYTES_PER_TOKEN, Answer, Tokens, compose
from guardian_ci.demo.dialect import Ask, Caching, Dialect, Turn, compact, media_bytes
from guardian_ci.demo.script import Step, find_script, step_of

_MEDIA_TOKENS: Final = 1500
_CACHE_STEP: Final = 128
_CACHE_MINIMUM: Final = 1024
_UNCACHED: Final = 3


def understand(dialect: Dialect, document: Mapping[str, object]) -> tuple[Ask, Step, int]:
    """Return what a request asks for, the step that answers it, and that step's number."""
    ask = dialect.read(document)
    script, index = _position(ask.turns)
    return ask, step_of(script, index), index


def _position(turns: Sequence[Turn]) -> tuple[tuple[Step, ...] | None, int]:
    """Return the script and how many answers the conversation has had since."""
    for number, turn in enumerate(turns):
        script = find_script(turn.texts)
        if script is not None:
            return script, sum(later.answer for later in turns[number:])
    return None, sum(turn.answer for turn in turns)


def answer_to(dialect: Dialect, ask: Ask, step: Step, *, index: int, mark: str, tokens: Tokens) -> Answer:
    """Return a step as the answer to a request."""
    blocks, shown, stop = compose(step, index=index, mark=mark, limit=ask.limit)
    wanted = shown if step.output_tokens is None else step.output_tokens
    output = wanted if ask.limit is None else min(wanted, ask.limit)
    return Answer(
        id=f"{dialect.id_prefix}demo_{index}_{mark}",
        model=ask.model,
        created=int(time.time()),
        blocks=blocks,
        tokens=Tokens(
            fresh=tokens.fresh,
            cache_read=tokens.cache_read,
            cache_write=tokens.cache_write,
            output=output * ask.choices,
        ),
        stop=stop if output == wanted else type(stop).LIMIT,
        hidden=max(0, output - shown),
        chunk=step.chunk,
        asked=ask.document,
    )


def input_tokens(ask: Ask, step: Step, body: bytes, index: int) -> Tokens:
    """Count a request's input, a fixed number of bytes a token, and share it out to the prompt cache."""
    media, size = media_bytes(ask.document)
    total = step.input_tokens or (len(body) - size) // BYTES_PER_TOKEN + media * _MEDIA_TOKENS + 1
    known = max(0, total - len(compact(ask.new).encode()) // BYTES_PER_TOKEN - 1) if index else 0
    if ask.caching is Caching.NONE or total < _CACHE_MINIMUM:
        return Tokens(fresh=total)
    if ask.caching is Caching.READS:
        read = known // _CACHE_STEP * _CACHE_STEP
        return Tokens(fresh=total - read, cache_read=read)
    return Tokens(
        fresh=_UNCACHED, cache_read=min(known, total - _UNCACHED), cache_write=max(0, total - known - _UNCACHED)
    )


def key_of(headers: Mapping[str, str]) -> str | None:
    """Return the key that a request carries."""
    bearer = headers.get("authorization", "")
    own = headers.get("x-api-key") or headers.get("x-goog-api-key")
    return own or bearer.removeprefix("Bearer ") or None
