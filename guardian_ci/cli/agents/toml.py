"""TOML out of what ``tomllib`` reads; the standard library only reads it."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Final

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(document: Mapping[str, object]) -> str:
    """Write a document: a line for each key, tables within a line. Raises ``TypeError`` for what TOML has not."""
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in document.items())


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _string(key)


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _string(value)
        case int() | float():
            return repr(value)  # inf and nan are words of TOML, too
        case datetime() | date() | time():
            return value.isoformat()
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            return f"{{{', '.join(f'{_key(key)} = {_value(below)}' for key, below in value.items())}}}"
    raise TypeError(f"TOML has no {type(value).__name__}")


def _string(text: str) -> str:
    # JSON's escapes are TOML's, but for those beyond the first 65,536 characters and for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
