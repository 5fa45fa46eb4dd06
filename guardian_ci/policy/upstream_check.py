"""What the schema cannot say of upstreams: whether each can be reached, is ever chosen, and keeps its key to itself."""

import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import Final
from urllib.parse import urlsplit

from guardian_ci.policy.document import Document, Value
from guardian_ci.policy.problems import Path, quote
from guardian_ci.policy.upstreams import BUILT_IN, KINDS, kind_of

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]*")
_PLACE: Final = re.compile(r"[a-z0-9-]+")
_PROJECT: Final = re.compile(r"[a-z][a-z0-9.:-]+")
_OF_KINDS: Final = {"api_version": "azure", "region": "bedrock", "project": "vertex", "location": "vertex"}


def check_upstreams(document: Document, path: Path, value: Value) -> None:
    """Add a problem for each URL, variable, glob and name that cannot be meant."""
    for name, upstream in value.items() if isinstance(value, dict) else ():
        if isinstance(upstream, str):
            _check_url(document, (*path, name), upstream)
        elif isinstance(upstream, dict):
            _check_texts(document, (*path, name), upstream)


def check_whole_upstreams(document: Document, path: Path, value: Value) -> None:
    """Add a problem for each entry, joined with the top level's, that lacks something or is never chosen."""
    taken: dict[tuple[str, str], str] = {}
    for name, upstream in value.items() if isinstance(value, dict) else ():
        here = (*path, name)
        entry: Value = {"url": upstream} if isinstance(upstream, str) else upstream
        if not isinstance(entry, dict) or not (name in BUILT_IN or _check_named(document, here, name, entry)):
            continue
        url, said = entry.get("url"), entry.get("kind")
        kind = kind_of(name, url if isinstance(url, str) else None, said if isinstance(said, str) else None)
        if kind is None:
            document.complain(here, "needs url or kind", f"kinds: {', '.join(KINDS)}", key=True)
        elif kind in KINDS:  # else the schema has said so
            _check_members(document, here, kind, entry)
            if name not in BUILT_IN:
                _check_chosen(document, here, kind, entry, taken)


def _check_texts(document: Document, path: Path, entry: dict[str, Value]) -> None:
    checks: dict[str, Callable[[Document, Path, str], None]] = {
        "url": _check_url,
        "key_variable": _check_variable,
        "region": _check_place,
        "location": _check_place,
        "project": _check_project,
    }
    for member, check in checks.items():
        if isinstance(text := entry.get(member), str):
            check(document, (*path, member), text)
    if entry.get("free") is True and "prices" in entry:
        document.complain(
            (*path, "prices"), "says what costs something, and free that nothing does", "keep one of them"
        )


def _check_named(document: Document, path: Path, name: str, entry: dict[str, Value]) -> bool:
    """Check that a further entry can be chosen: it has a name fit for a log, and models."""
    if not _NAME.fullmatch(name):
        document.complain(path, f"{quote(name)} is no name", "use lower-case letters, digits, - and _", key=True)
        return False
    if "models" in entry:
        return True
    meant = get_close_matches(name, BUILT_IN, n=1)
    way_out = f"did you mean {meant[0]}?" if meant else 'list the model ids that go here, as globs: models: ["llama*"]'
    document.complain(path, "needs models", way_out, key=True)
    return False


def _check_members(document: Document, path: Path, kind: str, entry: dict[str, Value]) -> None:
    """Check that an entry has what its kind needs and nothing that only others have."""
    facts = KINDS[kind]
    for member in facts.needs:
        if member not in entry:
            document.complain(path, f"needs {member}, being of kind {kind}", key=True)
    for member, owner in _OF_KINDS.items():
        if member in entry and kind != owner:
            document.complain((*path, member), f"is only for kind {owner}, and this is {kind}", key=True)
    protocols = entry.get("protocols")
    for index, protocol in enumerate(protocols if isinstance(protocols, list) else ()):
        if protocol not in {each.value for each in facts.can}:
            can = ", ".join(each.value for each in facts.can)
            document.complain((*path, "protocols", index), f"is not spoken by kind {kind}", f"it speaks {can}")


def _check_chosen(
    document: Document, path: Path, kind: str, entry: dict[str, Value], taken: dict[tuple[str, str], str]
) -> None:
    """Check that no earlier entry takes all that a further one lists. ``taken``: who takes a glob over a protocol."""
    models, protocols = entry.get("models"), entry.get("protocols")
    globs = [glob for glob in models if isinstance(glob, str)] if isinstance(models, list) else []
    named = [each for each in protocols if isinstance(each, str)] if isinstance(protocols, list) else []
    spoken = named or [each.value for each in KINDS[kind].speaks]
    listed = [(protocol, glob) for protocol in spoken for glob in globs]
    earlier = [taken.get(each) or taken.get((each[0], "*")) for each in listed]
    if listed and all(earlier):
        names = ", ".join(sorted({str(each) for each in earlier}))
        document.complain((*path, "models"), f"go to {names}, which comes before: this entry is never chosen")
    for each in listed:
        taken.setdefault(each, str(path[-1]))


def _check_variable(document: Document, path: Path, text: str) -> None:
    # What is no variable's name may be the key itself, and a complaint ends in a job's log.
    if not _VARIABLE.fullmatch(text):
        message = "is no name of an environment variable"
        document.complain(path, message, "name one in capitals, such as OPENROUTER_API_KEY, and put the key into it")


def _check_place(document: Document, path: Path, text: str) -> None:
    if not _PLACE.fullmatch(text):
        document.complain(path, f"{quote(text)} is no name of a place", "write it as us-east-1 or us-east5")


def _check_project(document: Document, path: Path, text: str) -> None:
    if not _PROJECT.fullmatch(text):
        document.complain(path, f"{quote(text)} is no project's id")


def _check_url(document: Document, path: Path, text: str) -> None:
    if (fault := url_fault(text)) is not None:
        # What stands before the @ may be a key, and a complaint ends in a job's log.
        shown = re.sub(r"//[^/]*@", "//…@", text)
        document.complain(path, f"{quote(shown)} {fault[0]}", fault[1])


def url_fault(text: str) -> tuple[str, str | None] | None:
    """Return what keeps a text from being the base URL of an upstream, and the way out; None where it is one."""
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        return "is no URL: its host or port cannot be read", None
    keys_elsewhere = "keys come from the environment"
    with_scheme = None if "://" in text else f"write {quote('https://' + text)}"
    faults: tuple[tuple[bool, str, str | None], ...] = (
        (not text.isprintable() or " " in text or "\\" in text, "is no URL: it holds a character that none can", None),
        (url.scheme not in {"http", "https"}, "does not begin with http:// or https://", with_scheme),
        (not host, "names no host", None),
        (url.username is not None or url.password is not None, "holds a user name or password", keys_elsewhere),
        (bool(url.query or url.fragment), "has a query or a fragment; a base URL has neither", None),
    )
    return next(((fault, way_out) for wrong, fault, way_out in faults if wrong), None)
