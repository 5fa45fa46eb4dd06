"""What the demo model shall answer, written into a prompt: ``demo-script: [{"text": "…"}, …]``.

The list's n-th step is the n-th answer of the conversation. The list may stand anywhere in the prompt, and may
have been escaped once more by an agent that wraps its prompt in JSON.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Final

from guardian_ci.errors import BadRequest

_MARK: Final = re.compile(r"demo-script:\s*(?=\[)")
# Aider's request for a commit message quotes the conversation: that is not the prompt.
_QUOTED: Final = re.compile(r"^(# )?USER:", re.MULTILINE)
_ESCAPE: Final = re.compile(r'\\(["\\/])')


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedTool:
    """A tool call of a step. ``input`` is an object, or a string for a freeform tool or broken arguments."""

    name: str
    input: Mapping[str, object] | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One answer of the scripted model: what it says, what it costs, and what goes wrong with it.

    ``thinking``, ``text`` (said ``repeat`` times) and ``tools`` are the answer. ``output_tokens`` and
    ``input_tokens`` replace the counts that usage tells. ``delay_ms`` passes before the headers and
    ``chunk_delay_ms`` between frames; ``chunk`` is how many characters a frame holds.

    Faults: ``status`` (with ``body`` and ``headers``) answers an error, ``html`` a page instead of JSON. The
    others strike after ``after`` frames with content: ``reset`` ends the connection, ``eof`` the stream without
    its end event, ``error`` by the provider's error frame; ``stall_s`` is silence; ``garbage`` a frame that
    cannot be parsed; ``endless`` a text that does not stop, whatever the request's limit. ``gzip`` compresses.
    """

    thinking: str = ""
    text: str = ""
    repeat: int = 1
    tools: tuple[ScriptedTool, ...] = ()
    output_tokens: int | None = None
    input_tokens: int | None = None
    delay_ms: float = 0
    chunk_delay_ms: float = 0
    chunk: int = 24
    status: int | None = None
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    html: bool = False
    after: int = 1
    reset: bool = False
    eof: bool = False
    error: bool = False
    stall_s: float = 0
    garbage: bool = False
    endless: bool = False
    gzip: bool = False


UNSCRIPTED: Final = Step(text="An answer of the demo upstream: the prompt holds no demo-script.")
FINISHED: Final = Step(text="Done. The demo script has no more steps.")

_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "thinking": (str,),
    "text": (str,),
    "repeat": (int,),
    "tools": (list,),
    "output_tokens": (int,),
    "input_tokens": (int,),
    "delay_ms": (int, float),
    "chunk_delay_ms": (int, float),
    "chunk": (int,),
    "status": (int,),
    "body": (object,),
    "headers": (dict,),
    "html": (bool,),
    "after": (int,),
    "reset": (bool,),
    "eof": (bool,),
    "error": (bool,),
    "stall_s": (int, float),
    "garbage": (bool,),
    "endless": (bool,),
    "gzip": (bool,),
}


def find_script(texts: Iterable[str]) -> tuple[Step, ...] | None:
    """Return the script in the first text that has one; None where none has."""
    for text in texts:
        mark = _MARK.search(text)
        if mark is not None and not _QUOTED.search(text[: mark.start()]):
            return parse_script(_first_list(text[mark.end() :]))
    return None


def step_of(script: Sequence[Step] | None, index: int) -> Step:
    """Return the answer number ``index`` of a conversation (from 0)."""
    if script is None:
        return UNSCRIPTED
    return script[index] if index < len(script) else FINISHED


def parse_script(document: object) -> tuple[Step, ...]:
    """Return the steps of a script's JSON list; a mistake is a ``BadRequest`` that names the step."""
    if not isinstance(document, list):
        raise BadRequest("demo-script: a list of steps is expected")
    return tuple(_step(number, step) for number, step in enumerate(document, start=1))


def _first_list(text: str) -> object:
    """Return the JSON list that ``text`` begins with, unescaping it once if need be."""
    for candidate in (text, _ESCAPE.sub(r"\1", text)):
        try:
            return json.JSONDecoder(strict=False).raw_decode(candidate)[0]
        except ValueError:
            continue
    raise BadRequest(f"demo-script: this is not a JSON list: {text[:80]}")


def _step(number: int, document: object) -> Step:
    """Check one step's keys and types."""
    place = f"demo-script: step {number}"
    if not isinstance(document, dict):
        raise BadRequest(f"{place}: an object is expected, not {type(document).__name__}")
    for key, value in document.items():
        if key not in _KINDS:
            raise BadRequest(f"{place}: unknown key {key}; known are {', '.join(one.name for one in fields(Step))}")
        # A JSON true is a Python int: it is welcome only where a flag is expected.
        if not isinstance(value, _KINDS[key]) or (isinstance(value, bool) and _KINDS[key] != (bool,)):
            raise BadRequest(f"{place}: {key} is {type(value).__name__}")
    tools = tuple(_tool(place, tool) for tool in document.get("tools", []))
    return Step(**{**document, "tools": tools})


def _tool(place: str, document: object) -> ScriptedTool:
    """Check one tool call of a step."""
    if not isinstance(document, dict) or not document.keys() <= {"name", "input"}:
        raise BadRequest(f'{place}: a tool is {{"name": …, "input": …}}')
    name, given = document.get("name"), document.get("input", {})
    if not isinstance(name, str) or not isinstance(given, dict | str):
        raise BadRequest(f'{place}: a tool is {{"name": …, "input": …}}')
    return ScriptedTool(name=name, input=given)
