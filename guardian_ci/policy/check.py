"""What the schema says of a document, as sentences for people.

jsonschema finds the faults; this module says each in words, at its place, with the nearest valid name.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from typing import Final

from jsonschema import ValidationError

from guardian_ci.policy.document import Document
from guardian_ci.policy.problems import Path, quote
from guardian_ci.policy.schema import load_schema, validator

_TYPES: Final[Mapping[str, str]] = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "array": "a list",
    "object": "a mapping",
    "boolean": "true or false",
}
_FAMILIAR: Final[Mapping[str, str]] = {
    "budget": "cost_limit_usd",
    "budget_usd": "cost_limit_usd",
    "cost_limit": "cost_limit_usd",
    "max_cost": "cost_limit_usd",
    "max_tokens": "token_budget",
    "models": "allowed_models",
    "model_allowlist": "allowed_models",
    "tools": "allowed_tools",
    "tool_allowlist": "allowed_tools",
    **dict.fromkeys(
        ("tool_denylist", "tool_blocklist", "denied", "deny", "disallowed_tools", "blocked_tools"), "denied_tools"
    ),
    **dict.fromkeys(("hosts", "allowed_hosts", "allowed_domains", "domains", "egress", "network"), "network_allowlist"),
    "allowed_files": "file_allowlist",
    **dict.fromkeys(("secret_scanner", "secret_scan", "secret_leak"), "secrets"),
    "blocked_files": "file_blocklist",
    "retry_loop": "loop_detection",
    "max_cost_usd": "cost_limit_usd",
    "denied_files": "file_blocklist",
    "policy": "policies",
    **dict.fromkeys(("key", "api_key", "apikey", "key_env", "token", "secret"), "key_variable"),
    **dict.fromkeys(("deployments", "deployment", "model_map", "aliases"), "model_ids"),
    "api": "kind",
    "dialect": "kind",
    "type": "kind",
}
"""What other tools, and the rules, call these keys."""

_RPM: Final = "requests_per_minute"


def check_schema(document: Document) -> None:
    """Add a problem for each thing that the schema does not allow."""
    for error in validator().iter_errors(document.value):
        path = tuple(error.absolute_path)
        if not any(path[:length] in document.unread for length in range(len(path) + 1)):
            _SAY.get(str(error.validator), _say_other)(document, path, error)


def _say_type(document: Document, path: Path, error: ValidationError) -> None:
    wanted = _listed(error.validator_value)
    names = " or ".join(_TYPES.get(name, name) for name in wanted)
    if error.instance is None:
        document.complain(path, f"has no value; it must be {names}", _remove_or(path))
    else:
        document.complain(path, f"must be {names}, not {_shown(error.instance)}", _better(error.instance, wanted))


def _each(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]


def _listed(value: object) -> list[str]:
    return [str(each) for each in _each(value)]


def _remove_or(path: Path) -> str | None:
    return "give it one or remove the key" if path else None


def _better(value: object, wanted: Iterable[str]) -> str | None:
    """Guess what was meant by a value of the wrong type."""
    wanted = set(wanted)
    if isinstance(value, str) and wanted & {"integer", "number"}:
        return _as_number(value, whole="number" not in wanted)
    if "array" in wanted and isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        return f"write [{quote(value) if isinstance(value, str) else value}]"
    if "string" in wanted and isinstance(value, bool | int | Decimal):
        return f"write {quote(_plain(value))}, in quotes"
    return None


def _as_number(text: str, *, whole: bool) -> str | None:
    bare = text.replace("_", "").replace(",", "").replace(" ", "").strip("$€£").removesuffix("USD")
    factor = {"k": 1000, "m": 1_000_000}.get(bare[-1:].lower(), 1)
    digits = bare[:-1] if factor > 1 else bare
    if not digits.replace(".", "", 1).isdecimal() or not digits.isascii() or len(digits) > len("1000000000000"):
        return None
    number = Decimal(digits) * factor if factor > 1 else Decimal(digits)
    if whole and number != number.to_integral_value():
        return None
    return f"write {int(number) if number == number.to_integral_value() else number}"


def _say_bound(document: Document, path: Path, error: ValidationError) -> None:
    bound = {
        "minimum": "at least",
        "maximum": "at most",
        "exclusiveMinimum": "more than",
        "exclusiveMaximum": "less than",
    }[str(error.validator)]
    limit = error.validator_value
    document.complain(path, f"must be {bound} {limit:,}, not {_plain(error.instance)}", _bound_hint(path, error))


def _bound_hint(path: Path, error: ValidationError) -> str | None:
    if error.validator == "maximum" and error.validator_value == 1 and isinstance(error.instance, int | Decimal):
        return f"write {_plain(Decimal(error.instance) / 100)} for {_plain(error.instance)} %"
    if path[-1:] in {("usd",), ("tokens",), ("cost_limit_usd",), ("token_budget",)}:
        return "leave the key out where there is no limit" if error.validator == "minimum" else None
    return None


def _say_enum(document: Document, path: Path, error: ValidationError) -> None:
    allowed = [_plain(each) for each in _each(error.validator_value)]
    listed = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
    meant = _nearest(str(error.instance), allowed) if isinstance(error.instance, str) else None
    if isinstance(error.instance, bool):
        meant = {True: "block", False: "off"}[error.instance] if "off" in allowed else None
    document.complain(path, f"must be {listed}, not {_shown(error.instance)}", meant and f"did you mean {meant}?")


def _say_unknown_keys(document: Document, path: Path, error: ValidationError) -> None:
    known = _names(error.schema)
    if not isinstance(error.instance, dict):
        return
    for key in error.instance:
        if key not in known:
            document.complain((*path, key), "unknown key", _meant(key, path, known), key=True)


def _meant(key: str, path: Path, known: list[str]) -> str:
    """Say which key was meant: the nearest here, one that stands elsewhere, or all that there are."""
    here = _nearest(key, known)
    familiar = _FAMILIAR.get(key.lower())
    elsewhere = _homes().get(key, ())
    if familiar in known:
        return f"did you mean {familiar}?"
    if elsewhere and path != elsewhere:
        return f"it belongs {'under ' + '.'.join(elsewhere) if elsewhere[0] else 'one level up'}"
    if here:
        return f"did you mean {here}?"
    if key == "<<":
        return "merge keys are not known here; a key at the top level is the default for all policies"
    return f"known keys: {', '.join(known)}"


def _nearest(word: str, known: Iterable[str]) -> str | None:
    by_folded = {each.lower().replace("-", "_"): each for each in known}
    close = get_close_matches(word.lower().replace("-", "_")[:100], by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


@cache
def _homes() -> Mapping[str, tuple[str, ...]]:
    """Return where each key of the second level stands (``requests_per_minute``: under ``rate_limit``)."""
    definitions = load_schema()["$defs"]
    homes: dict[str, tuple[str, ...]] = {}
    for parent in _names(definitions["entry"] if isinstance(definitions, dict) else {}):
        definition = definitions[parent] if isinstance(definitions, dict) else {}
        for key in _names(definition):
            homes.setdefault(key, (parent,))
    return homes


def _names(schema: object) -> list[str]:
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    return list(properties) if isinstance(properties, dict) else []


def _say_required(document: Document, path: Path, error: ValidationError) -> None:
    # One error per missing key: jsonschema names it only in its message, so the keys are counted off here.
    missing = [
        key for key in _listed(error.validator_value) if isinstance(error.instance, dict) and key not in error.instance
    ]
    named = next((key for key in missing if error.message.startswith(repr(key))), None)
    said = error.instance if isinstance(error.instance, dict) else {}
    strangers = [key for key in said if key not in _names(error.schema)]
    if named is not None and _nearest(named, strangers) is None:  # a misspelt key is told of as unknown
        document.complain(path, f"needs {named}")


def _say_dependent(document: Document, path: Path, error: ValidationError) -> None:
    rules = error.validator_value if isinstance(error.validator_value, Mapping) else {}
    for key, needed in rules.items():
        # One error per key, and jsonschema names it only in its message.
        if error.message.endswith(repr(key)):
            document.complain(path, f"needs {' and '.join(needed)} beside {key}")
            return


def _say_size(document: Document, path: Path, error: ValidationError) -> None:
    limit = error.validator_value
    sentences: Mapping[str, str] = {
        "minItems": "the list is empty",
        "maxItems": f"holds more than {limit} entries",
        "minLength": "the text is empty",
        "maxLength": f"is longer than {limit} characters",
        "minProperties": "says nothing: it needs at least one key",
    }
    names = _names(error.schema)
    known = f"known keys: {', '.join(names)}" if error.validator == "minProperties" and names else None
    document.complain(path, sentences[str(error.validator)], known or _remove_or(path))


def _say_other(document: Document, path: Path, error: ValidationError) -> None:
    document.complain(path, quote(error.message))


_SAY: Final[Mapping[str, Callable[[Document, Path, ValidationError], None]]] = {
    "type": _say_type,
    "enum": _say_enum,
    "additionalProperties": _say_unknown_keys,
    "required": _say_required,
    "dependentRequired": _say_dependent,
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _say_bound),
    **dict.fromkeys(("minItems", "maxItems", "minLength", "maxLength", "minProperties"), _say_size),
}


def _shown(value: object) -> str:
    if isinstance(value, str):
        return f"the text {quote(value)}"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    return "nothing" if value is None else _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if not isinstance(value, Decimal) else f"{value:f}"


def strings_of(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the texts of a list with their paths; nothing where there is no list."""
    if isinstance(value, list):
        yield from (((*path, index), item) for index, item in enumerate(value) if isinstance(item, str))
