"""A policy's own rules for secrets, in the format of gitleaks: some hundred regular expressions at once.

Hyperscan (the extra ``gitleaks``) says in one pass which rule matches up to where; Python's ``re`` then tells, in a
window before that end, what of it is the secret. Expressions are Go's: they are translated where the two differ. A rule
that hyperscan does not take is searched by ``re`` alone, where its keywords stand in the text. ``re`` never sees an
expression that repeats a repetition, which a hostile text could make it search without end: of such a rule the
whole match is the secret, and hyperscan finds its beginning too.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType
from typing import Any, Final

from ahocorasick_rs import BytesAhoCorasick

from guardian_ci.errors import PolicyError
from guardian_ci.policy.scan.go_regex import Untranslatable, to_python
from guardian_ci.policy.scan.randomness import entropy

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{0,59}")
_WINDOWS: Final = (64, 256, 1024, 4096)
"""How far before its end the beginning of a match is looked for: most secrets are short."""

_AHEAD: Final = (512, 8192)
"""How far behind its first end a match may go on; a longer one is cut there."""

_MOST_EVENTS: Final = 10_000
_MOST_MATCHES: Final = 2_000
"""A text in which the rules match more often, and more often than every so many characters, is not looked through."""

_EVENTS_EACH: Final = 4
_MATCHES_EACH: Final = 64
_LINE: Final = 1_000
_NEAR: Final = 256

Found = tuple[int, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Allowlist:
    """What is no secret though a rule matches."""

    matches: Callable[[str], bool] | None
    stopwords: BytesAhoCorasick | None
    target: str
    all_of: bool

    def allows(self, text: str, start: int, end: int, secret: str) -> bool:
        """Whether a match is allowed."""
        verdicts: list[bool] = []
        if self.matches is not None:
            verdicts.append(self.matches(self._target(text, start, end, secret)))
        if self.stopwords is not None:
            verdicts.append(bool(self.stopwords.find_matches_as_indexes(_plain(secret))))
        return bool(verdicts) and (all(verdicts) if self.all_of else any(verdicts))

    def _target(self, text: str, start: int, end: int, secret: str) -> str:
        if self.target == "secret":
            return secret
        if self.target == "match":
            return text[start:end]
        before = text[max(start - _LINE, 0) : start].rpartition("\n")[2]
        return before + text[start:end] + text[end : end + _LINE].partition("\n")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """One rule."""

    id: str
    regex: str
    group: int
    entropy: float
    keywords: tuple[bytes, ...]
    allowlists: tuple[_Allowlist, ...]

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """Its expression for Python; None where only hyperscan may search for it."""
        return _searchable(self.regex)

    def secret(self, text: str, match: re.Match[str]) -> tuple[int, int] | None:
        """Return where the secret of a match stands; None where it is none by entropy or an allowlist."""
        group = self.group
        if not group:
            group = next((number for number in range(1, match.re.groups + 1) if match.group(number)), 0)
        return self.judged(text, match.span(), match.span(group))

    def judged(self, text: str, whole: tuple[int, int], part: tuple[int, int]) -> tuple[int, int] | None:
        """Return the part that is a secret, if it is one."""
        secret = text[part[0] : part[1]]
        if not secret or (self.entropy and entropy(secret) <= self.entropy):
            return None
        if any(each.allows(text, *whole, secret) for each in self.allowlists):
            return None
        return part


class GitleaksRules:
    """The rules of one file, ready to search texts: the ``rules`` of a ``SecretScanner``.

    ``left_out`` are the rules that only look at a file's path, or only at files with certain paths: a text that an
    agent reads has none.
    """

    def __init__(self, text: str, file: str) -> None:
        reader = _Reader(file)
        document = reader.document(text)
        self._engine = _Engine(file)
        rules = reader.rules(document, self._engine)
        self.left_out = tuple(reader.left_out)
        self.ids = tuple(rule.id for rule in rules)
        self._database, self._fast, refused = self._engine.divided(rules)
        self._slow = [rule for rule, _ in refused if rule.pattern is not None]
        for rule, reason in refused:
            if rule.pattern is None:
                reader.problem(
                    f"rule {rule.id}", f"its regex cannot be searched ({reason}): simplify it, or take it out"
                )
        if reader.problems:
            raise PolicyError(reader.problems)
        self._single: dict[str, Any] = {}

    def __call__(self, text: str) -> list[Found]:
        """Return the secrets that the rules see in a text: start, end and the rule's id."""
        data = text.encode("ascii", "replace")
        plain = text if text.isascii() else data.decode("ascii")
        keywords = _Keywords(data)
        found: list[Found] = []
        if self._fast:
            found += self._search(plain, data, keywords)
        for rule in self._slow:
            pattern = rule.pattern
            if pattern is not None and keywords.stand_for(rule, 0):
                spans = (rule.secret(text, match) for match in pattern.finditer(text))
                found += [(*span, rule.id) for span in spans if span is not None]
        return found

    def _search(self, plain: str, data: bytes, keywords: "_Keywords") -> list[Found]:
        events, complete = self._events(data)
        found: list[Found] = []
        covered: dict[int, int] = {}
        left = _MOST_MATCHES + len(plain) // _MATCHES_EACH
        for number, end in events:
            rule = self._fast[number]
            if covered.get(number, -1) >= end or not keywords.stand_for(rule, end):
                continue
            covered[number] = self._place(rule, plain, data, covered.get(number, 0), end, found)
            left -= 1
            if not left:
                break
        if not (left and complete):  # what is not looked through counts as found
            found.append((end - 1, len(plain), rule.id))
        return found

    def _events(self, data: bytes) -> tuple[list[tuple[int, int]], bool]:
        """Return which rules match up to where, and whether that is all."""
        most = _MOST_EVENTS + len(data) // _EVENTS_EACH
        events: list[tuple[int, int]] = []

        def note(number: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            events.append((number, end))
            return len(events) > most

        return events, self._engine.scan(self._database, data, note)

    def _place(self, rule: _Rule, plain: str, data: bytes, floor: int, end: int, found: list[Found]) -> int:
        """Find the secret of a match of which only the end is known; return up to where the rule is done."""
        pattern = rule.pattern
        match = _match_before(pattern, plain, floor, end) if pattern is not None else None
        if match is not None:
            span, end = rule.secret(plain, match), match.end()
        else:
            start = self._start(rule, data, floor, end)
            if start is None:  # it goes on from a match that was found already
                return end
            span = rule.judged(plain, (start, end), (start, end))
        if span is not None:
            found.append((*span, rule.id))
        return end

    def _start(self, rule: _Rule, data: bytes, floor: int, end: int) -> int | None:
        """Return the last place from which the rule matches up to an end, None where there is none."""
        database = self._single.get(rule.id)
        if database is None:
            database = self._single[rule.id] = self._engine.database([rule.regex])
        begins = (max(end - size, floor) for size in _WINDOWS)
        low = next((begin for begin in begins if self._reaches(database, data, begin, end)), None)
        if low is None:
            return None if floor > end - _WINDOWS[-1] else end - _WINDOWS[-1]
        high = end
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._reaches(database, data, middle, end) else (low, middle)
        return low

    def _reaches(self, database: Any, data: bytes, begin: int, end: int) -> bool:
        last = 0

        def note(_number: int, _start: int, to: int, _flags: int, _context: object) -> bool:
            nonlocal last
            last = to
            return False

        self._engine.scan(database, data[begin:end], note)
        return last == end - begin


def _match_before(pattern: re.Pattern[str], plain: str, floor: int, end: int) -> re.Match[str] | None:
    """Return the match that has an end which hyperscan has told, or goes on behind it."""
    for size in _WINDOWS:
        begin = max(end - size, floor)
        match = next((each for each in pattern.finditer(plain, begin, end) if each.end() == end), None)
        if match is not None:
            return _whole(pattern, plain, match)
        if begin == floor:
            break
    return None


def _whole(pattern: re.Pattern[str], plain: str, match: re.Match[str]) -> re.Match[str]:
    """Return a match as far as it goes: hyperscan tells its first end first."""
    whole = match
    for ahead in _AHEAD:
        limit = min(match.end() + ahead, len(plain))
        longer = pattern.match(plain, match.start(), limit)
        if longer is None or longer.end() <= match.end():
            break
        whole = longer
        if longer.end() < limit or limit == len(plain):
            break  # else the limit, which looks like the text's end, may have ended it
    return whole


class _Keywords:
    """Which keywords stand in a text; the text is made lower case only when a rule asks."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._lower: bytes | None = None
        self._known: dict[str, bool] = {}

    def stand_for(self, rule: _Rule, end: int) -> bool:
        """Whether one of the rule's keywords stands in the text; a rule without keywords looks everywhere."""
        if not rule.keywords:
            return True
        known = self._known.get(rule.id)
        if known is None:
            # Most stand in the match itself; only for others the whole text is searched, once.
            near = self._data[max(end - _NEAR, 0) : end].lower()
            known = any(word in near for word in rule.keywords) or self._anywhere(rule.keywords)
            self._known[rule.id] = known
        return known

    def _anywhere(self, keywords: Sequence[bytes]) -> bool:
        if self._lower is None:
            self._lower = self._data.lower()
        return any(word in self._lower for word in keywords)


class _Engine:
    """Hyperscan, which searches for many expressions in one pass, and whatever they are in linear time."""

    def __init__(self, file: str) -> None:
        try:
            import hyperscan  # noqa: PLC0415 - an extra: whoever has no such file needs no hyperscan
        except ImportError:
            message = f"{file}: rules in the format of gitleaks need hyperscan: install guardian-ci[gitleaks]"
            raise PolicyError([message]) from None
        self._hyperscan: ModuleType = hyperscan

    def database(self, regexes: Sequence[str]) -> Any:
        """Compile expressions; they are numbered from 0."""
        if not regexes:
            return None
        database = self._hyperscan.Database(mode=self._hyperscan.HS_MODE_BLOCK)
        expressions = [regex.encode() for regex in regexes]
        database.compile(expressions=expressions, ids=list(range(len(regexes))), flags=[0] * len(regexes))
        return database

    def scan(self, database: Any, data: bytes, note: Callable[[int, int, int, int, object], bool]) -> bool:
        """Tell all matches; whether that was all, and ``note`` did not end the search."""
        try:
            database.scan(data, match_event_handler=note)
        except self._hyperscan.ScanTerminated:
            return False
        return True

    def refusal(self, regex: str) -> str:
        """Return why hyperscan does not take an expression; "" where it does."""
        if not regex.isascii():  # texts are searched with every other character as a question mark
            return "it is not all ASCII"
        try:
            self.database([regex])
        except self._hyperscan.HyperscanError as error:
            return str(error).rstrip(".") or "not supported"
        return ""

    def divided(self, rules: Sequence[_Rule]) -> tuple[Any, list[_Rule], list[tuple[_Rule, str]]]:
        """Return the rules that hyperscan takes, ready and as a list, and the others with the reasons."""
        try:
            if all(rule.regex.isascii() for rule in rules):
                return self.database([rule.regex for rule in rules]), list(rules), []
        except self._hyperscan.HyperscanError:
            pass  # it does not say which: ask for each
        reasons = [(rule, self.refusal(rule.regex)) for rule in rules]
        taken = [rule for rule, reason in reasons if not reason]
        refused = [(rule, reason) for rule, reason in reasons if reason]
        return self.database([rule.regex for rule in taken]), taken, refused

    def matcher(self, regexes: Sequence[str]) -> Callable[[str], bool]:
        """Return whether one of some expressions stands in a text; ``ValueError`` where one cannot be searched."""
        try:
            database = self.database(regexes)
        except self._hyperscan.HyperscanError:
            database = None
        if database is None or not all(map(str.isascii, regexes)):
            named = ((regex[:80], self.refusal(regex)) for regex in regexes)
            raise ValueError(next(f"{regex!r}: {reason}" for regex, reason in named if reason))

        def stands(text: str) -> bool:
            return not self.scan(database, text.encode("ascii", "replace"), lambda *_: True)

        return stands


# ----- reading the file ----------------------------------------------------------------------------------------


class _Reader:
    """Reads a document of rules, and notes what is wrong in it with the rule and the way out."""

    def __init__(self, file: str) -> None:
        self.problems: list[str] = []
        self.left_out: list[str] = []
        self._file = file

    def document(self, text: str) -> Mapping[str, object]:
        """Parse TOML; that it is none is an error of its own."""
        try:
            return tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise PolicyError([f"{self._file}: it is not TOML: {error}"]) from None

    def rules(self, document: Mapping[str, object], engine: _Engine) -> list[_Rule]:
        """Read all rules."""
        if "extend" in document:
            self.problem("extend", "only a whole file is read: put the rules that it extends into it")
        everywhere = [
            (_strings(table.get("targetRules")), allowlist)
            for table in self._allowlists(document, "the file")
            if (allowlist := self._allowlist("the file", table, engine)) is not None
        ]
        rules: list[_Rule] = []
        seen: set[str] = set()
        for table in self._tables(document.get("rules"), "rules"):
            name = table.get("id")
            if not isinstance(name, str) or not _ID.fullmatch(name):
                self.problem("rules", f"{str(name)[:80]!r} is no id: use up to 60 letters, digits, dots and dashes")
                continue
            if name in seen:
                self.problem(f"rule {name}", "it stands twice: give each rule its own id")
            elif "regex" not in table or "path" in table:
                self.left_out.append(name)
            elif (rule := self._rule(name, table, engine)) is not None:
                shared = tuple(each for names, each in everywhere if not names or name in names)
                rules.append(replace(rule, allowlists=rule.allowlists + shared))
            seen.add(name)
        if not seen and not self.problems:
            self.problem("rules", "there are none: write a [[rules]] table for each, with id and regex")
        return rules

    def _rule(self, name: str, table: Mapping[str, object], engine: _Engine) -> _Rule | None:
        where = f"rule {name}"
        regex, group, least = table["regex"], table.get("secretGroup", 0), table.get("entropy", 0)
        if not isinstance(regex, str) or not regex:
            self.problem(where, "its regex is no text: write it between three single quotes")
            return None
        if not isinstance(group, int) or not isinstance(least, int | float):
            self.problem(where, "secretGroup and entropy are numbers")
            return None
        pattern = _searchable(regex) if group else None
        if group and (pattern is None or not 0 <= group <= pattern.groups):
            groups = "no groups that can be told apart" if pattern is None else f"{pattern.groups} groups"
            self.problem(where, f"secretGroup is {group}, but its regex has {groups}")
            return None
        allowlists = [self._allowlist(where, each, engine) for each in self._allowlists(table, where)]
        return _Rule(
            id=name,
            regex=regex,
            group=group,
            entropy=float(least),
            keywords=tuple(_plain(word) for word in _strings(table.get("keywords"))),
            allowlists=tuple(each for each in allowlists if each is not None),
        )

    def _allowlist(self, where: str, table: Mapping[str, object], engine: _Engine) -> _Allowlist | None:
        target, condition = table.get("regexTarget", "secret"), str(table.get("condition", "OR")).upper()
        if target not in ("secret", "match", "line") or condition not in ("OR", "AND", "||", "&&"):
            self.problem(where, "in an allowlist regexTarget is secret, match or line, and condition OR or AND")
            return None
        all_of = condition in ("AND", "&&")
        if all_of and ("commits" in table or "paths" in table):
            return None  # a text that an agent reads has no commit and no path, so these never match
        regexes = _strings(table.get("regexes"))
        stopwords = [word for word in _strings(table.get("stopwords")) if word]
        try:
            matches = engine.matcher(regexes) if regexes else None
        except ValueError as error:
            self.problem(where, f"a regex of its allowlist cannot be searched ({error}): change it")
            return None
        return _Allowlist(
            matches=matches,
            stopwords=BytesAhoCorasick(map(_plain, stopwords)) if stopwords else None,
            target=str(target),
            all_of=all_of,
        )

    def _allowlists(self, table: Mapping[str, object], where: str) -> list[Mapping[str, object]]:
        """Return the allowlists of a rule or a file: one table in the older form, several in the newer."""
        older = [table["allowlist"]] if "allowlist" in table else []
        return self._tables(older, f"{where}: allowlist") + self._tables(
            table.get("allowlists"), f"{where}: allowlists"
        )

    def _tables(self, value: object, where: str) -> list[Mapping[str, object]]:
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.problem(where, "these are tables: write [[…]] above each")
            return []
        return value

    def problem(self, where: str, what: str) -> None:
        """Note what is wrong."""
        self.problems.append(f"{self._file}: {where}: {what}")


@cache
def _searchable(regex: str) -> re.Pattern[str] | None:
    """Return the expression for Python, if it has words for it and can search for it in bounded time."""
    try:
        translated, nested = to_python(regex)
        return None if nested else re.compile(translated, re.ASCII)
    except (Untranslatable, re.error, OverflowError, RecursionError):
        return None


def _strings(value: object) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _plain(text: str) -> bytes:
    """Return a text as it is searched: in lower case, and a question mark for what is not ASCII."""
    return text.encode("ascii", "replace").lower()
