"""The chain: each line of the log is numbered and carries the digest of the line before it.

A line that was changed, taken out or put in breaks the chain at the next line; a log that was cut at its end
lacks ``run_ended``. Pure: bytes in, bytes out.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

VERSION: Final = 1
"""The log's format. A reader refuses a number that it does not know."""

HEAD_FIELDS: Final = ("v", "seq", "prev", "type", "timestamp", "run_id")
"""What every line begins with."""


def rfc3339(moment: datetime) -> str:
    """Format a moment as the log does: UTC, milliseconds, ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def digest(line: bytes) -> str:
    """Return the digest that the next line carries as ``prev``. ``line`` has no newline."""
    return hashlib.sha256(line).hexdigest()


class LineChain:
    """Makes the lines of one run. A line counts only once it was accepted, that is: once it is on disk."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.seq = 0
        self.prev = ""

    def line(self, kind: str, timestamp: datetime, fields: Mapping[str, object]) -> bytes:
        """Return the next line, without its newline.

        ASCII only: no control character, bidirectional mark or lone surrogate that a model wrote reaches the
        terminal of somebody who prints the log, and no text can fail to be encoded.
        """
        if clash := [name for name in HEAD_FIELDS if name in fields]:
            raise ValueError(f"a {kind} line may not set {', '.join(clash)}: the chain does")
        head = (VERSION, self.seq, self.prev, kind, rfc3339(timestamp), self.run_id)
        record = dict(zip(HEAD_FIELDS, head, strict=True)) | dict(fields)
        return json.dumps(record, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")

    def go_on(self, line: bytes, seq: int) -> None:
        """Go on behind a line that another process has written."""
        self.seq = seq
        self.accept(line)

    def accept(self, line: bytes) -> None:
        """Go on to the line after this one."""
        self.seq += 1
        self.prev = digest(line)


class ChainCheck:
    """Checks lines against the chain, in order; says what is wrong with each, and goes on from there."""

    def __init__(self) -> None:
        self._seq = 0
        self._prev: str | None = ""

    def check(self, line: bytes, *, seq: int, prev: str) -> str | None:
        """Return what is wrong with a line, or None. ``line`` has no newline."""
        problem = None
        if seq != self._seq:
            problem = f"line number {self._seq} was due, and {seq} came: lines were taken out, put in or moved"
        elif self._prev is not None and prev != self._prev:
            problem = f"line number {seq} does not continue the line before it: one of the two was changed"
        self._seq = seq + 1
        self._prev = digest(line)
        return problem

    def skip(self) -> None:
        """Pass over a line that could not be read: its number is taken, its digest unknown."""
        self._seq += 1
        self._prev = None
