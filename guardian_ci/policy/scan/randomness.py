"""Tells what was drawn at random from what people make up: the judge of values whose format has no prefix.

A random value changes between lower case, upper case and digits all the time, its letters follow each other as they
do in no language, and it repeats little; names, versions, paths and dates do not. A placeholder says that it is one,
or it repeats, or it counts.
"""

import math
import re
from collections import Counter
from itertools import product
from string import ascii_lowercase
from typing import Final

UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

_PLACEHOLDER: Final = re.compile(
    r"example|sample|placeholder|change_?-?me|replace|redacted|dummy|insert|your[_\-.]|_here|deadbeef|lorem|ipsum|"
    r"qwerty|2YotnFZFEjr1|tGzv3JOkF0XG|czZCaGRSa3F0|mF_9\.B5f|x{5}|\*{3}|(.)\1{7}",
    re.IGNORECASE | re.ASCII,
)
_COUNTING: Final = re.compile(
    r"0123456|1234567|2345678|abcdefg|bcdefgh|zyxwvut|7654321|abc123|123abc", re.IGNORECASE | re.ASCII
)
_WEAK: Final = re.compile(
    r"p[a@4][s5$]{2}|pwd|word|admin|test|user|secret|s3cr|token|letmein|hunter2|demo|default|root|guest|welcome|temp|"
    r"hello|login|foo|bar|fake|mock|strong|secure|postgres|mysql|redis|mongo|rabbit|local|1234|abcd|hidden|mask|null|"
    r"none|undefined|true|false|some|field|value|config|param|input|prompt|label|error|string|valid",
    re.IGNORECASE | re.ASCII,
)
_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_RUNS: Final = re.compile(r"[A-Za-z0-9]+")
_HEX: Final = re.compile(r"[0-9a-f]+|[0-9A-F]+")

_COMMON_PAIRS: Final = (
    "on re in er se or te st en es th at de ti al nt el et he le it io an tr pe ar me ro ra ne ed co is no ta ns as to "
    "li ty na ex pa ng po nd am yp om ge ce lf ec ve rt ct ur ma ri ea pr nc im ac ca op ss ch si fi ef mp ut ou fo rs "
    "ue if la od ll em tu lo il sp pt di un ic ot va ol be ad ag cl id ke ts rn ls ul us mi ha xt lu da pl ck fr mo ap "
    "rr tt ai oo ie ab bl ep so qu wi ni ho up lt hi fa rg su ig ev pi oc ir of ee ba au eq sc bo ry ow sa ru um ld vi "
    "pp os tp iv bu gi nf cr rm ia gr ly pu do py ht ey sy ui wo rc fu mm wh gs nn wa ms"
)
_PAIRS_OF_LETTERS: Final = frozenset(_COMMON_PAIRS.split())
"""The commonest in program text, nine of ten pairs there; of two random letters one pair in four is among them."""

_STRANGE_PAIRS: Final = frozenset(map("".join, product(ascii_lowercase, repeat=2))) - _PAIRS_OF_LETTERS

_FEWEST_CHARACTERS: Final = 4
_SHORTEST_KEY: Final = 16
_SHORTEST_PASSWORD: Final = 8
_KINDS: Final = 3
_ENTROPY: Final = 2.9
_HEX_ENTROPY: Final = 2.6
_PASSWORD_ENTROPY: Final = 2.7
_HEX_CHANGES: Final = 0.15
_LETTERS_ONLY: Final = 0.25
_RANDOM: Final = 0.7
_ENOUGH_PAIRS: Final = 6
_NO_WORDS: Final = 0.3


def entropy(value: str) -> float:
    """Return Shannon's entropy of the value's characters, in bits a character."""
    if not value:
        return 0
    repeated = sum(count * math.log2(count) for count in Counter(value).values() if count > 1)
    return math.log2(len(value)) - repeated / len(value)


def made_up(key: str) -> bool:
    """Whether a key is a placeholder. Its prefix does not matter: only the second half is looked at for variety."""
    return len(set(key[len(key) // 2 :])) < _FEWEST_CHARACTERS or _PLACEHOLDER.search(key) is not None


def counts(value: str) -> bool:
    """Whether a value counts or spells the alphabet, as stand-ins do; few keys with a telling prefix are such."""
    return _COUNTING.search(value) is not None


def looks_random(value: str) -> bool:
    """Whether a value without a telling format looks like a key that a program drew."""
    if len(value) < _SHORTEST_KEY or value.isdecimal():
        return False
    changes = _changes(value)
    if _HEX.fullmatch(value):
        random = changes >= _HEX_CHANGES and entropy(value) >= _HEX_ENTROPY
    else:
        random = changes + _strangeness(value) >= _RANDOM and (changes >= _LETTERS_ONLY or not value.isalpha())
        random = random and entropy(value) >= _ENTROPY
    return random and not made_up(value) and not counts(value)


def _changes(value: str) -> float:
    """How often a character is of another class than the one before, names in camel case aside."""
    runs = _RUNS.findall(value)
    return (len(_WORDS.findall(value)) - len(runs)) / max(sum(map(len, runs)), 1)


def _strangeness(value: str) -> float:
    """How many of the pairs of letters are not those of words; less where there are few pairs to tell by."""
    lower = value.lower()
    pairs = [lower[at : at + 2] for at in range(len(lower) - 1)]
    strange = sum(map(_STRANGE_PAIRS.__contains__, pairs))
    common = sum(map(_PAIRS_OF_LETTERS.__contains__, pairs))
    return strange / max(strange + common, _ENOUGH_PAIRS)


def looks_like_password(value: str) -> bool:
    """Whether a value is a password that is worth something: of several kinds of characters, and no words."""
    if len(value) < _SHORTEST_PASSWORD or made_up(value) or counts(value) or _WEAK.search(value):
        return False
    core = value.rstrip(".,:;!?")
    kinds = any(map(str.islower, core)) + any(map(str.isupper, core)) + any(map(str.isdecimal, core))
    if kinds + (not core.isalnum()) < _KINDS or entropy(value) < _PASSWORD_ENTROPY:
        return False
    return _changes(value) + _strangeness(value) >= _NO_WORDS
