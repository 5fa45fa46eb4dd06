"""The frame of a JavaScript program: which brackets belong together, and where its names are given values."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from guardian_ci.policy.javascript import END, Kind, Token

ASSIGNS_WORDS: Final = "= += -= *= /= %= **= <<= >>= >>>= &= |= ^= &&= ||= ??= ++ --"
ASSIGNS: Final = frozenset(ASSIGNS_WORDS.split())
"""Signs that give a value to what stands before them."""

DECLARES: Final = frozenset({"const", "let", "var"})
_HANDS_ON: Final = DECLARES | {"return", "throw"}
_HEADS: Final = frozenset({"if", "for", "while", "switch", "await"})
"""What stands before round brackets that are no list of parameters, though a block follows."""

_NO_OPERANDS: Final = DECLARES | {"of", "in", "return", "await", "case", "yield", "typeof", "else", "do"}
_BEFORE_BLOCKS: Final = frozenset({"else", "do", "try", "finally"})
CLOSING: Final[Mapping[str, str]] = {"(": ")", "[": "]", "{": "}"}


class Program:
    """The words of a program, and how they hang together.

    ``partner`` has for each bracket the place of the one that belongs to it, ``owner`` for each word the place of the
    bracket that it stands in, ``places`` where each name stands, ``declared`` the places where a declaration begins to
    name something (a name, or brackets that take a value apart). ``whole``: each bracket has its partner.
    """

    def __init__(self, words: Sequence[Token]) -> None:
        self.words = words
        self.partner: dict[int, int] = {}
        self.owner: dict[int, int] = {}
        self.places: dict[str, list[int]] = {}
        self.whole = self._match_brackets()
        for at, word in enumerate(words):
            if word.kind is Kind.NAME:
                self.places.setdefault(word.text, []).append(at)
        self.declared = {name for at in range(len(words)) if self.name(at) in DECLARES for name in self._declared(at)}

    def _declared(self, at: int) -> Iterator[int]:
        """Yield where the names of one declaration begin.

        One that ends without a sign goes on into the next statement here, unless that hands a value on.
        """
        if self.is_member(at) or not self.whole:
            return
        owner = self.owner.get(at)
        yield at + 1
        at += 1
        while at < len(self.words) and self.sign(at) not in {";", ")", "]", "}"} and self.name(at) not in _HANDS_ON:
            if self.sign(at) == "," and self.owner.get(at) == owner:
                yield at + 1
            at = self.partner[at] + 1 if self.sign(at) in CLOSING else at + 1

    def _match_brackets(self) -> bool:
        """Pair the brackets; whether each has its partner."""
        open_ones: list[int] = []
        for at, word in enumerate(self.words):
            if word.continues and (not open_ones or self.words[open_ones.pop()].kind is not Kind.CHUNK):
                return False
            sign = self.sign(at)
            if sign in {")", "]", "}"}:
                if not open_ones or CLOSING.get(self.sign(open_ones[-1])) != sign:
                    return False
                opened = open_ones.pop()
                self.partner |= {opened: at, at: opened}
            if open_ones:
                self.owner[at] = open_ones[-1]
            if sign in CLOSING or (word.kind is Kind.CHUNK and word.opens):
                open_ones.append(at)
        return not open_ones

    def at(self, position: int) -> Token:
        """Return the word at a place; ``END`` outside the program."""
        return self.words[position] if 0 <= position < len(self.words) else END

    def sign(self, position: int) -> str:
        """Return the sign at a place; "" where another word stands."""
        word = self.at(position)
        return word.text if word.kind is Kind.SIGN else ""

    def name(self, position: int) -> str:
        """Return the name at a place; "" where another word stands."""
        word = self.at(position)
        return word.text if word.kind is Kind.NAME else ""

    def inside(self, opened: int) -> range:
        """Return the places between a bracket and its partner; none where it is no bracket."""
        return range(opened + 1, self.partner.get(opened, opened))

    def is_member(self, at: int) -> bool:
        """Whether a name stands for a member: behind a point, or as a key of an object."""
        if self.sign(at - 1) in {".", "?."}:
            return True
        return self.sign(at + 1) == ":" and self.sign(at - 1) in {"{", ","} and self.sign(self.owner.get(at, -1)) == "{"

    def ends_operand(self, at: int) -> bool:
        """Whether a word may end what square brackets then take a member of."""
        word = self.at(at)
        if word.kind is Kind.SIGN:
            return word.text in {")", "]", "?."}
        if word.kind is Kind.NAME:
            return word.text not in _NO_OPERANDS
        return word.kind is Kind.TEXT or (word.kind is Kind.CHUNK and not word.opens)

    def binds(self, at: int) -> bool:
        """Whether a name is given a value here."""
        if self.is_member(at):
            return False
        before, following = self.at(at - 1).text, self.sign(at + 1)
        if following in ASSIGNS or following == "=>" or before in {"++", "--", "function", "class"}:
            return True
        goes_through = before in DECLARES or (before == "(" and self.name(at - 2) in {"for", "await"})
        return (goes_through and self.name(at + 1) in {"of", "in"}) or self.in_pattern(at)

    def in_pattern(self, at: int) -> bool:
        """Whether a name stands among parameters, or among names that take a value apart."""
        opened = self.owner.get(at)
        while opened is not None:
            close, sign = self.partner.get(opened, opened), self.sign(opened)
            following = self.sign(close + 1)
            if sign == "(":
                head = self.name(opened - 1) in _HEADS
                return following == "=>" or (following == "{" and not head)
            if sign not in {"[", "{"}:
                return False
            if following == "=" or self.name(close + 1) in {"of", "in"}:
                return not self.ends_operand(opened - 1) or self.at(opened - 1).text in DECLARES
            if self._is_block(opened):
                return False
            opened = self.owner.get(opened)
        return False

    def _is_block(self, opened: int) -> bool:
        return self.sign(opened) == "{" and (
            self.sign(opened - 1) in {")", "=>", ";", "}", "{"} or self.name(opened - 1) in _BEFORE_BLOCKS
        )
