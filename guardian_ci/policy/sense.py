"""What the schema cannot say: whether URLs, globs, dates and amounts mean something, and fit together."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Final

from guardian_ci.policy import hosts, tool_patterns
from guardian_ci.policy.check import strings_of
from guardian_ci.policy.document import Document, Value
from guardian_ci.policy.merge import merged
from guardian_ci.policy.model_globs import model_matches
from guardian_ci.policy.problems import Path, quote
from guardian_ci.policy.upstream_check import check_upstreams, check_whole_upstreams

_USD_DECIMALS: Final = 12
_RATE_DECIMALS: Final = 6
_DIGITS: Final = 15
_USD: Final = re.compile(r"(?:^|\.)(?:cost_limit_usd|realtime_ceiling_usd|usd)$")
_RATE: Final = re.compile(r"(?:^|\.)prices\..*\.(?:input|output|cache_read|cache_write|cache_write_1h)$", re.DOTALL)


def check_sense(document: Document) -> None:
    """Add a problem for each value that has the right type and still cannot be meant."""
    if not isinstance(document.value, dict):
        return
    for path, mapping in _levels(document.value):
        for key, check in _CHECKS.items():
            if key in mapping:
                check(document, (*path, key), mapping[key])
    _check_numbers(document, document.value, ())
    _check_entries(document, document.value)


def _levels(value: dict[str, Value]) -> Iterator[tuple[Path, dict[str, Value]]]:
    """Yield the top level and each entry of ``policies``: the mappings that hold a policy's keys."""
    yield (), value
    entries = value.get("policies")
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        if isinstance(entry, dict):
            yield ("policies", index), entry


def _check_name(document: Document, path: Path, value: Value) -> None:
    if isinstance(value, str) and not value.isprintable():
        document.complain(path, "must be one line of printable text")


def _check_globs(document: Document, path: Path, value: Value) -> None:
    for here, text in strings_of(value, path):
        _check_glob(document, here, text)


def _check_glob(document: Document, path: Path, text: str, *, key: bool = False) -> bool:
    """Add a problem for a text that is no glob; say whether it is one."""
    if text != text.strip():
        document.complain(path, f"{quote(text)} begins or ends with a blank", "remove it", key=key)
    elif not text.isprintable():
        document.complain(path, "must be one line of printable text", key=key)
    elif _open_bracket(text):
        document.complain(path, f"the [ in {quote(text)} is never closed", "write [[] for a bracket itself", key=key)
    else:
        return True
    return False


def _open_bracket(text: str) -> bool:
    start = text.find("[")
    while start >= 0:
        # The first character of a set may be "]" itself, also after "!".
        first = start + 2 if text[start + 1 : start + 2] in {"!", "^"} else start + 1
        end = text.find("]", first + 1)
        if end < 0:
            return True
        start = text.find("[", end)
    return False


def _check_glob_keys(document: Document, path: Path, value: Value) -> None:
    for text in value if isinstance(value, dict) else ():
        _check_glob(document, (*path, text), text, key=True)


def _check_budgets(document: Document, path: Path, value: Value) -> None:
    if isinstance(value, dict):
        _check_glob_keys(document, (*path, "model"), value.get("model"))


def _check_prices(document: Document, path: Path, value: Value) -> None:
    _check_glob_keys(document, path, value)
    for model, price in value.items() if isinstance(value, dict) else ():
        if isinstance(price, dict):
            if price and not {"input", "output", "multiplier"} & set(price):
                document.complain((*path, model), "gives no rates", "add input and output, or a multiplier")
            _check_date(document, (*path, model, "effective_from"), price.get("effective_from"))
            _check_tiers(document, (*path, model, "tiers"), price.get("tiers"))


def _check_date(document: Document, path: Path, value: Value) -> None:
    if not isinstance(value, str):
        return
    try:
        valid = date.fromisoformat(value).isoformat() == value
    except ValueError:
        valid = False
    if not valid:
        document.complain(path, f"{quote(value)} is no date", "write it as 2026-01-31")


def _check_tiers(document: Document, path: Path, value: Value) -> None:
    last: int | Decimal = 0
    for index, tier in enumerate(value if isinstance(value, list) else ()):
        above = tier.get("above") if isinstance(tier, dict) else None
        if isinstance(above, bool) or not isinstance(above, int | Decimal):
            continue
        if above <= last:
            document.complain((*path, index, "above"), f"{above} does not come after {last}", "sort the tiers upwards")
        last = above


def _check_tools(document: Document, path: Path, value: Value) -> None:
    denies = path[-1:] == ("denied_tools",)
    for here, text in strings_of(value, path):
        name, bracket, _ = text.partition("(")
        if _check_glob(document, here, name.strip() if bracket else text):
            _check_parsed(document, here, text, partial(tool_patterns.parse, denies=denies))


def _check_hosts(document: Document, path: Path, value: Value) -> None:
    for here, text in strings_of(value, path):
        if _check_glob(document, here, text):
            _check_parsed(document, here, text, hosts.parse)


def _check_parsed(document: Document, path: Path, text: str, parse: Callable[[str], object]) -> None:
    """Add a problem for a text that its parser refuses; what the parser says names the way out."""
    try:
        parse(text)
    except ValueError as error:
        document.complain(path, str(error))


def _check_files(document: Document, path: Path, value: Value) -> None:
    kinds = value.items() if isinstance(value, dict) else [("", value)]
    for kind, patterns in kinds:
        here = (*path, kind) if kind else path
        _check_globs(document, here, patterns)
        for place, text in strings_of(patterns, here):
            if text.removeprefix("!") in {"", ".", "./", "/"}:
                document.complain(place, f"{quote(text)} names no file", "write * for every file")


def _check_upstreams(document: Document, path: Path, value: Value) -> None:
    check_upstreams(document, path, value)
    for name, upstream in value.items() if isinstance(value, dict) else ():
        if isinstance(upstream, dict):
            _check_globs(document, (*path, name, "models"), upstream.get("models"))
            _check_glob_keys(document, (*path, name, "model_ids"), upstream.get("model_ids"))
            _check_prices(document, (*path, name, "prices"), upstream.get("prices"))


_CHECKS: Final[Mapping[str, Callable[[Document, Path, Value], None]]] = {
    "name": _check_name,
    "sessions": _check_globs,
    "budgets": _check_budgets,
    "allowed_models": _check_globs,
    "prices": _check_prices,
    "allowed_tools": _check_tools,
    "denied_tools": _check_tools,
    "file_blocklist": _check_files,
    "file_allowlist": _check_files,
    "network_allowlist": _check_hosts,
    "upstreams": _check_upstreams,
}


def _check_numbers(document: Document, value: Value, path: Path) -> None:
    """Money is whole picodollars, and the log's JSON must hold what the file said: no more digits than that."""
    if isinstance(value, dict):
        for key, item in value.items():
            _check_numbers(document, item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_numbers(document, item, (*path, index))
    elif isinstance(value, Decimal):
        _check_digits(document, value, path)


def _check_digits(document: Document, value: Decimal, path: Path) -> None:
    dotted = ".".join(str(step) for step in path)
    decimals = max(0, -int(value.normalize().as_tuple().exponent))
    if _USD.search(dotted) and decimals > _USD_DECIMALS:
        document.complain(path, f"has {decimals} decimals; money has at most {_USD_DECIMALS}")
    elif _RATE.search(dotted) and decimals > _RATE_DECIMALS:
        document.complain(path, f"has {decimals} decimals; a rate has at most {_RATE_DECIMALS}")
    elif len(value.normalize().as_tuple().digits) > _DIGITS:
        document.complain(path, f"has more than {_DIGITS} digits")


def _check_entries(document: Document, value: dict[str, Value]) -> None:
    entries = value.get("policies")
    check_whole_upstreams(document, ("upstreams",), value.get("upstreams"))
    if not isinstance(entries, list):
        _check_downgrade(document, (), value)
        return
    names: dict[str, int] = {}
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            continue
        whole = merged(value, entry)
        path: Path = ("policies", index)
        _check_downgrade(document, path, whole)
        own = entry.get("upstreams")
        if isinstance(own, dict) and isinstance(joined := whole.get("upstreams"), dict):
            said_here = {name: joined[name] for name in own}
            check_whole_upstreams(document, (*path, "upstreams"), said_here)
        if index < len(entries) - 1 and not whole.get("sessions"):
            document.complain(
                path,
                "has no sessions, so it is for every session and the policies after it are never used",
                "give it sessions: [a glob of session names], or put it last",
            )
        name = entry.get("name")
        if isinstance(name, str) and names.setdefault(name, index) != index:
            first = document.marks.get(("policies", names[name], "name"))
            document.complain(
                (*path, "name"), f"{quote(name)} is also the name of the policy on line {first and first.line}"
            )


def _check_downgrade(document: Document, path: Path, whole: dict[str, Value]) -> None:
    """Check that the model to fall back to is itself allowed, or the soft landing is a crash."""
    landing, allowed = whole.get("on_budget"), whole.get("allowed_models")
    downgrade = landing.get("downgrade") if isinstance(landing, dict) else None
    to = downgrade.get("to") if isinstance(downgrade, dict) else None
    if not isinstance(to, str) or not isinstance(allowed, list):
        return
    if not any(isinstance(glob, str) and model_matches(glob, to) for glob in allowed):
        place: Path = ("on_budget", "downgrade", "to")
        where = (*path, *place) if (*path, *place) in document.marks else place
        document.complain(where, f"{quote(to)} is not one of allowed_models", "add it there")
