"""A policy: what each session may do, and the document that says so."""

import hashlib
import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import cast

from guardian_ci.errors import PolicyError
from guardian_ci.policy.build import settings_of
from guardian_ci.policy.check import check_schema
from guardian_ci.policy.default import DEFAULT_DOCUMENT, DEFAULT_FILE
from guardian_ci.policy.describe import describe_policy
from guardian_ci.policy.document import Document, Value, read_mapping, read_text, to_json
from guardian_ci.policy.merge import merged
from guardian_ci.policy.problems import Problem, field_name
from guardian_ci.policy.sense import check_sense
from guardian_ci.policy.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Checked settings, in the order in which they are tried, and the document that they come from.

    ``fallback`` is for a session that no entry names: the built-in default with the file's top-level keys.
    ``document`` is what the file said, as JSON can hold it; ``digest`` the SHA-256 of its canonical JSON; ``lines``
    the line of each field (``policies[0].token_budget``), so that a log can embed both and be replayed.
    """

    settings: tuple[Settings, ...]
    fallback: Settings
    file: str
    document: Mapping[str, object]
    digest: str
    lines: Mapping[str, int]

    def for_session(self, name: str) -> Settings:
        """Return the settings of a session: those of the first entry whose ``sessions`` globs match its name."""
        for entry in self.settings:
            if not entry.sessions or any(fnmatchcase(name, glob) for glob in entry.sessions):
                return entry
        return self.fallback

    def override(
        self,
        *,
        budget_usd: Decimal | None = None,
        token_budget: int | None = None,
        upstreams: Mapping[str, str] | None = None,
    ) -> "Policy":
        """Return the policy with what the command line says: budgets of the whole run, and upstreams.

        It replaces what the file says for the same thing; the document then says it too.
        """
        document = deepcopy(dict(self.document))
        lines = dict(self.lines)
        said: list[tuple[tuple[str, ...], object]] = []
        if budget_usd is not None:
            said.append((("budgets", "run", "usd"), _json_number(budget_usd)))
        if token_budget is not None:
            said.append((("budgets", "run", "tokens"), token_budget))
        said += [(("upstreams", name), url) for name, url in (upstreams or {}).items()]
        for path, value in said:
            _say(document, lines, path, value)
        return policy_from_document(document, self.file, lines) if said else self

    def describe(self) -> list[str]:
        """Say what the policy means, in lines for people."""
        named = all(entry.sessions for entry in self.settings)
        return describe_policy(self.file, self.settings, self.fallback if named else None)


def load_policy(text: str, file: str) -> Policy:
    """Read a policy's text; raise one PolicyError that holds all its problems."""
    return _policy_or_error(*check_policy(text, file))


def check_policy(text: str, file: str) -> tuple[Policy | None, list[Problem]]:
    """Read a policy's text; return it, or all its problems in the order of the text."""
    return _checked(read_text(text, file), {})


def policy_from_document(document: Mapping[str, object], file: str, lines: Mapping[str, int] | None = None) -> Policy:
    """Read a policy from JSON values, as a log embeds them; checked as a file is."""
    return _policy_or_error(*_checked(read_mapping(document, file), lines or {}))


def default_policy() -> Policy:
    """Return the policy of a run that names none."""
    return policy_from_document(DEFAULT_DOCUMENT, DEFAULT_FILE)


def _policy_or_error(policy: Policy | None, problems: list[Problem]) -> Policy:
    if policy is None:
        raise PolicyError([str(problem) for problem in problems])
    return policy


def _checked(document: Document, lines: Mapping[str, int]) -> tuple[Policy | None, list[Problem]]:
    if document.value is not None or not document.problems:
        check_schema(document)
        check_sense(document)
    if document.problems or not isinstance(document.value, dict):
        return None, sorted(document.problems, key=lambda problem: (problem.line, problem.column))
    return _assembled(document.value, document.file, lines or _lines(document)), []


def _lines(document: Document) -> dict[str, int]:
    # A value may begin on a later line than its key; people look for the key.
    return {
        field_name(path): document.keys.get(path, mark).line
        for path, mark in document.marks.items()
        if path and path != ("policies",)
    }


def _assembled(value: dict[str, Value], file: str, lines: Mapping[str, int]) -> Policy:
    document = cast("dict[str, object]", to_json(value))
    fallback = merged(_built_in(), {key: item for key, item in value.items() if key != "policies"})
    return Policy(
        settings=settings_of(value, lines, file),
        fallback=settings_of(fallback, lines, file)[0],
        file=file,
        document=document,
        digest=hashlib.sha256(_canonical(document)).hexdigest(),
        lines=dict(lines),
    )


def _built_in() -> dict[str, Value]:
    return cast("dict[str, Value]", read_mapping(DEFAULT_DOCUMENT, DEFAULT_FILE).value)


def _canonical(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _json_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _say(document: dict[str, object], lines: dict[str, int], path: tuple[str, ...], value: object) -> None:
    """Set a field at the top level, and let no entry say otherwise."""
    entries = document.get("policies")
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        _unset(entry, path)
        lines.pop(field_name(("policies", index, *path)), None)
    lines.pop(field_name(path), None)
    mapping = document
    for key in path[:-1]:
        if not isinstance(mapping.get(key), dict):
            mapping[key] = {}
        mapping = cast("dict[str, object]", mapping[key])
    mapping[path[-1]] = value


def _unset(entry: object, path: tuple[str, ...]) -> None:
    """Remove a field, and each mapping that is empty without it."""
    if isinstance(entry, dict) and path[0] in entry:
        if path[1:]:
            _unset(entry[path[0]], path[1:])
        if not path[1:] or entry[path[0]] == {}:
            del entry[path[0]]
