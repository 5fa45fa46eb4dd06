"""Takes secrets out of text before it reaches the log.

What a secret is, ``policy.scan`` knows: the exact secrets of this run and the formats of keys, here in their wide
patterns, since a word too much costs a reader little. Redact first, cut to length afterwards (``excerpt``): half a key
would not be known as one.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from guardian_ci.policy.scan.exact import MIN_SECRET
from guardian_ci.policy.scan.secrets import Rules, SecretScanner

__all__ = ["MIN_SECRET", "Redactor"]

_MAX_DEPTH: Final = 100
_TOO_DEEP: Final = "[too deep]"
_SHORT: Final = 256
_MOST_KNOWN: Final = 4096


class Redactor:
    """Knows the exact secrets of this run, the formats of keys, and what a policy's own ``rules`` find."""

    def __init__(self, secrets: Iterable[str] = (), rules: Rules | None = None) -> None:
        self._scanner = SecretScanner(secrets, rules, wide=True)
        # Most of what a log line holds is short and stands in every line: ids, names, what a rule stands on.
        self._short = lru_cache(maxsize=_MOST_KNOWN)(self._scanner.redacted)

    def text(self, text: str) -> str:
        """Return the text with every secret replaced by ``[redacted:KIND]``."""
        return self._short(text) if len(text) <= _SHORT else self._scanner.redacted(text)

    def excerpt(self, text: str, limit: int) -> str:
        """Return the redacted text, cut to ``limit`` characters with a note of how many are left out."""
        redacted = self.text(text)
        if len(redacted) <= limit:
            return redacted
        note = f"… [{len(redacted) - limit} more characters]"
        return redacted[: max(limit - len(note), 0)] + note[:limit]

    def value(self, value: object) -> object:
        """Return a JSON value with every string in it redacted, member names included."""
        return self._value(value, _MAX_DEPTH)

    def _value(self, value: object, depth: int) -> object:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return self._members(value, depth - 1) if depth else _TOO_DEEP
        if isinstance(value, list | tuple):
            return [self._value(item, depth - 1) for item in value] if depth else _TOO_DEEP
        return value

    def _members(self, members: Mapping[object, object], depth: int) -> dict[str, object]:
        redacted: dict[str, object] = {}
        for name, member in members.items():
            plain = unique = self.text(str(name))
            count = 2
            while unique in redacted:  # two secrets as names look alike once they are taken out
                unique = f"{plain} #{count}"
                count += 1
            redacted[unique] = self._value(member, depth)
        return redacted
