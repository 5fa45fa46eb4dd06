"""How a known secret may be written in a text: as it is, and as JSON, URLs, base64 and hexadecimal digits hold it."""

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

MIN_SECRET: Final = 6
"""A shorter exact secret is no secret, and taking it out would take words apart."""

_PIECE: Final = 256
_OVERLAP: Final = 16


def written_forms(secrets: Iterable[str]) -> frozenset[str]:
    """Return all forms in which these secrets may stand in a text, those too short to be secrets left out."""
    return frozenset(
        form for secret in secrets if len(secret) >= MIN_SECRET for piece in _pieces(secret) for form in _forms(piece)
    )


def _pieces(secret: str) -> Iterator[str]:
    """Cut a long secret into pieces that overlap: a part of it is a leak too, and a stream need not hold all of it."""
    if len(secret) <= _PIECE:
        yield secret
        return
    for start in range(0, len(secret) - _OVERLAP, _PIECE - _OVERLAP):
        yield secret[start : start + _PIECE]


def _forms(secret: str) -> Iterator[str]:
    yield secret
    once = json.dumps(secret)[1:-1]
    yield once
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield json.dumps(once)[1:-1]
    yield quote(secret, safe="", errors="surrogatepass")
    raw = secret.encode("utf-8", "surrogatepass")
    yield raw.hex()
    yield raw.hex().upper()
    for shift in range(3):
        # Base64 of a longer text holds the secret at one of three alignments; its ends depend on the neighbours.
        encoded = base64.b64encode(b"\0" * shift + raw)
        core = encoded[-(-shift * 8 // 6) : len(encoded) - 4 if (shift + len(raw)) % 3 else None].decode()
        if len(core) >= 2 * MIN_SECRET:
            yield core
            yield core.replace("+", "-").replace("/", "_")
