"""What a tool's result tells: whether two are the same, and whether the call succeeded where the agent's text says."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from guardian_ci.wire.json_text import as_object
from guardian_ci.wire.request import unmarked

_HEAD: Final = 500
"""Codex says how a command ended in the first lines of its output; this many characters hold them."""

_TIMES: Final = r"(?:Chunk ID: |Wall time:? |Original token count: |Total output lines: )[^\n]{0,100}\n"
_EXIT: Final = re.compile(
    rf"(?:{_TIMES}){{0,4}}(?:Exit code: |Process exited with code )(-?\d{{1,10}})[ \t\r]*$", re.MULTILINE
)
_SCRIPT: Final = re.compile(r"Script (completed|failed)\nWall time ")
_VARYING_LINE: Final = re.compile(r"^(?:Chunk ID: |Wall time:? )[^\n]{0,100}\n", re.MULTILINE)
_VARYING: Final = frozenset({"chunk_id", "wall_time_seconds", "duration_seconds"})


def digest(content: object) -> str:
    """Digest a result's content, without cache marks and without what differs in each run of the same command."""
    parts = [_lasting(part) if isinstance(part, str) else unmarked(part) for part in _parts(content)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def succeeded(content: object) -> bool | None:
    """Read whether a command succeeded, where the agent's own words say it; None where they do not."""
    told = [ok for part in _parts(content) if isinstance(part, str) and (ok := _told(part)) is not None]
    return all(told) if told else None


def _parts(content: object) -> Sequence[object]:
    """Take a result apart: its texts as they are, the same whether it is one text or a list of one."""
    parts = content if isinstance(content, list) else [content]
    return [_text(part) for part in parts]


def _text(part: object) -> object:
    text = as_object(part).get("text")
    return text if isinstance(text, str) else part


def _told(text: str) -> bool | None:
    if (match := _EXIT.match(text, 0, _HEAD)) is not None:
        return int(match[1]) == 0
    if (match := _SCRIPT.match(text)) is not None:
        return match[1] == "completed"
    codes = [code for holder in _report(text) if isinstance(code := holder.get("exit_code"), int)]
    return codes[0] == 0 if codes else None


def _report(text: str) -> Iterator[Mapping[str, object]]:
    """Yield the objects that say how a command ended, where the text is such a report."""
    if not text.startswith("{") or '"exit_code"' not in text:
        return
    try:
        report = as_object(json.loads(text))
    except (ValueError, RecursionError):
        return
    yield report
    yield as_object(report.get("metadata"))


def _lasting(text: str) -> str:
    """Leave out times and ids of the run."""
    output = text.find("Output:\n", 0, _HEAD)
    if output >= 0 and (_EXIT.match(text, 0, _HEAD) or _SCRIPT.match(text) or text.startswith("Chunk ID: ")):
        return _VARYING_LINE.sub("", text[:output]) + text[output:]
    report = next(_report(text), None)
    if report is None:
        return text
    told = {name: _without_varying(value) for name, value in report.items() if name not in _VARYING}
    return json.dumps(told, sort_keys=True)


def _without_varying(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {name: member for name, member in value.items() if name not in _VARYING}
