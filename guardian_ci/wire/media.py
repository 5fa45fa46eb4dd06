"""How much of a request is media: counted in images, pages and seconds, never sized by its bytes."""

import base64
import binascii
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from guardian_ci.model import InputSize
from guardian_ci.pricing.estimate import weigh

MAX_PDF_PAGES: Final = 600
"""The most pages that a provider reads of one document; what a document that we cannot see is counted as."""

_BYTES_PER_PAGE: Final = 512
"""A page needs more than this in a file whose pages cannot be counted (encrypted, or written by no tool we know)."""

_AUDIO_BYTES_PER_SECOND: Final = 1000
"""The thinnest speech codec in use, 8 kbit/s: an upper bound of the seconds in a file of any format."""

_PAGE: Final = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
_OBJECT_STREAM: Final = re.compile(rb"/ObjStm.*?stream\r?\n", re.DOTALL)
_NEEDLE: Final = 64
_MAX_STREAMS: Final = 256
_MAX_DEFLATED: Final = 1024 * 1024
_MAX_INFLATED: Final = 4 * 1024 * 1024


@dataclass(slots=True)
class Media:
    """A tally of one request's media."""

    images: int = 0
    pdf_pages: int = 0
    audio_seconds: int = 0
    encoded: list[str] = field(default_factory=list)

    def add_image(self, encoded: str = "") -> None:
        """Count an image; ``encoded`` is its base64 text, where it stands in the request."""
        self.images += 1
        self._leave_out(encoded)

    def add_document(self, encoded: str = "") -> None:
        """Count a PDF by its pages; one that stands elsewhere (a URL, a file id) as the longest there may be."""
        self.pdf_pages += count_pages(encoded) if encoded else MAX_PDF_PAGES
        self._leave_out(encoded)

    def add_audio(self, encoded: str) -> None:
        """Count a recording by the most seconds that its bytes can hold."""
        self.audio_seconds += len(encoded) * 3 // 4 // _AUDIO_BYTES_PER_SECOND + 1
        self._leave_out(encoded)

    def size(self, body: bytes, *, has_tools: bool) -> InputSize:
        """Return the request's size, given its whole body; what is not media is weighed."""
        text = without(body, self.encoded)
        weight = weigh(text)
        return InputSize(
            text_bytes=len(text),
            plain_weight=weight.plain,
            dense_weight=weight.dense,
            images=self.images,
            pdf_pages=self.pdf_pages,
            audio_seconds=self.audio_seconds,
            has_tools=has_tools,
        )

    def _leave_out(self, encoded: str) -> None:
        if encoded:
            self.encoded.append(encoded)


def without(body: bytes, parts: Iterable[str]) -> bytes:
    """Cut each part out of the body, once; one that stands there in other bytes (escaped) stays."""
    kept: list[bytes] = []
    done = 0
    for part in parts:
        needle = part.encode(errors="replace")
        # Searching for the whole of a long part is slow; its first bytes find it as well.
        at = body.find(needle[:_NEEDLE], done)
        while at >= 0 and not body.startswith(needle, at):
            at = body.find(needle[:_NEEDLE], at + 1)
        if at >= 0:
            kept.append(body[done:at])
            done = at + len(needle)
    return b"".join([*kept, body[done:]])


def inline_data(url: str) -> str:
    """Return the base64 text of a ``data:`` URL; empty for any other URL."""
    head, comma, encoded = url.partition(",")
    return encoded if comma and head.startswith("data:") and head.endswith(";base64") else ""


def count_pages(encoded: str) -> int:
    """Count a PDF's pages: its page objects, those in compressed object streams too, else a bound by its size."""
    try:
        document = base64.b64decode(encoded)
    except (binascii.Error, ValueError):
        return _bound(len(encoded))
    streams = [match.end() for match in _OBJECT_STREAM.finditer(document)]
    if b"/Encrypt" in document or len(streams) > _MAX_STREAMS:
        return _bound(len(document))
    pages = len(_PAGE.findall(document)) + sum(_pages_within(document, at) for at in streams)
    return pages or _bound(len(document))


def _pages_within(document: bytes, start: int) -> int:
    try:
        inflated = zlib.decompressobj().decompress(document[start : start + _MAX_DEFLATED], _MAX_INFLATED)
    except zlib.error:
        return _bound(len(document))
    return len(_PAGE.findall(inflated))


def _bound(size: int) -> int:
    return min(MAX_PDF_PAGES, size // _BYTES_PER_PAGE + 1)
