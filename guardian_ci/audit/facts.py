"""Events as plain values and back: what the log keeps so that ``replay`` can feed the same events again.

The values are what the session decided on, no more: no prompt, no text of an answer.
"""

import dataclasses
from collections.abc import Mapping
from enum import Enum
from typing import cast

from guardian_ci.errors import LogError
from guardian_ci.model import (
    Call,
    InputSize,
    Leak,
    Operation,
    Origin,
    Suspicion,
    ToolOffer,
    ToolResult,
    ToolUse,
    Usage,
    WireProtocol,
)
from guardian_ci.session.events import Caller, CallReceived, Ended, Outcome, Progressed, ToolCalled, Wrote

Plain = dict[str, object]


def to_plain(value: object) -> object:
    """A dataclass as a dictionary, without what stands at its default; tuples as lists, enums as their values."""
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            item.name: to_plain(held)
            for item in dataclasses.fields(value)
            if (held := getattr(value, item.name)) != item.default
        }
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): to_plain(member) for name, member in value.items()}
    return value


def received_to_plain(event: CallReceived) -> Plain:
    """The facts of a ``CallReceived``."""
    plain = cast("Plain", to_plain(event))
    plain.pop("request")
    return plain


def ended_to_plain(event: Ended) -> Plain:
    """The facts of an ``Ended``; its usage stands in the record already."""
    return {
        "at": event.at,
        "outcome": event.outcome.value,
        "upstream_status": event.upstream_status,
        "output_bytes": event.output_bytes,
        "usage_final": event.usage_final,
        "response_id": event.response_id,
        "unparsed": event.unparsed,
    }


def received(request: str, plain: Mapping[str, object]) -> CallReceived:
    """A ``CallReceived`` of its facts. Raises ``LogError`` where they are not such facts."""
    with _Reading("the facts of a call"):
        call, caller = dict(_mapping(plain["call"])), _mapping(plain["caller"])
        call["protocol"] = WireProtocol(str(call["protocol"]))
        call["operation"] = Operation(str(call["operation"]))
        call["size"] = InputSize(**_mapping(call["size"]))  # type: ignore[arg-type]
        call["tools"] = tuple(ToolOffer(**each) for each in _list(call.get("tools")))  # type: ignore[arg-type]
        call["other_models"] = tuple(str(model) for model in cast("list[object]", call.get("other_models") or []))
        call["tool_results"] = tuple(
            ToolResult(
                id=str(each["id"]),
                ok=cast("bool | None", each.get("ok")),
                digest=str(each.get("digest", "")),
                name=cast("str | None", each.get("name")),
            )
            for each in _list(call.get("tool_results"))
        )
        call["leaks"] = _leaks(call.get("leaks"))
        call["suspicions"] = tuple(
            Suspicion(
                kind=str(each["kind"]),
                origin=Origin(str(each["origin"])),
                excerpt=str(each["excerpt"]),
                fresh=bool(each.get("fresh", True)),
            )
            for each in _list(call.get("suspicions"))
        )
        return CallReceived(
            request=request,
            at=float(cast("float", plain["at"])),
            caller=Caller(**cast("dict[str, str]", dict(caller))),
            call=Call(**call),  # type: ignore[arg-type]
            remembered=cast("Mapping[str, object] | None", plain.get("remembered")),
        )


def tool_called(request: str, at: float, plain: Mapping[str, object]) -> ToolCalled:
    """A ``ToolCalled`` of the tool in its line."""
    with _Reading("a tool call"):
        return ToolCalled(request=request, at=at, tool=_tool(plain))


def _tool(plain: Mapping[str, object]) -> ToolUse:
    command, workdir = plain.get("command"), plain.get("workdir")
    return ToolUse(
        id=str(plain["id"]),
        name=str(plain["name"]),
        canonical=str(plain["canonical"]),
        arguments=str(plain["arguments"]),
        paths=_texts(plain.get("paths")),
        urls=_texts(plain.get("urls")),
        command=None if command is None else str(command),
        workdir=None if workdir is None else str(workdir),
        scripts=tuple((path, content) for path, content in map(_texts, _lists(plain.get("scripts")))),
        links=tuple((path, real) for path, real in map(_texts, _lists(plain.get("links")))),
        leaks=_leaks(plain.get("leaks")),
        calls=tuple(_tool(each) for each in _list(plain.get("calls"))),
    )


def wrote(request: str, plain: Mapping[str, object]) -> Wrote:
    """A ``Wrote`` of its facts."""
    with _Reading("the facts of an answer's text"):
        return Wrote(request=request, at=float(cast("float", plain["at"])), leaks=_leaks(plain["leaks"]))


def progressed(request: str, plain: Mapping[str, object]) -> Progressed:
    """A ``Progressed`` of its facts."""
    with _Reading("the facts of a running answer"):
        return Progressed(
            request=request,
            at=float(cast("float", plain["at"])),
            usage=usage(plain.get("usage")),
            output_bytes=int(cast("int", plain.get("output_bytes", 0))),
        )


def ended(request: str, plain: Mapping[str, object], used: object) -> Ended:
    """An ``Ended`` of its facts and the record's usage."""
    with _Reading("the facts of a call's end"):
        return Ended(
            request=request,
            at=float(cast("float", plain["at"])),
            outcome=Outcome(str(plain["outcome"])),
            usage=usage(used),
            upstream_status=cast("int | None", plain.get("upstream_status")),
            output_bytes=int(cast("int", plain.get("output_bytes", 0))),
            usage_final=bool(plain.get("usage_final", True)),
            response_id=cast("str | None", plain.get("response_id")),
            unparsed=int(cast("int", plain.get("unparsed", 0))),
        )


def usage(plain: object) -> Usage | None:
    """A usage of its plain form."""
    if plain is None:
        return None
    with _Reading("a usage"):
        members = dict(_mapping(plain))
        members["parts"] = tuple(part for each in _list(members.get("parts")) if (part := usage(each)) is not None)
        return Usage(**members)  # type: ignore[arg-type]


class _Reading:
    """Turns what a changed or foreign line makes go wrong into one kind of error."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, KeyError | TypeError | ValueError | AttributeError | ArithmeticError | RecursionError):
            raise LogError(f"{self._what} cannot be read: {error!r}") from error


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{type(value).__name__} where an object was due")
    return value


def _leaks(value: object) -> tuple[Leak, ...]:
    return tuple(
        Leak(kind=str(each["kind"]), origin=Origin(str(each["origin"])), fresh=bool(each.get("fresh", True)))
        for each in _list(value)
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in _lists(value))


def _lists(value: object) -> list[object]:
    if value is not None and not isinstance(value, list):
        raise TypeError(f"{type(value).__name__} where a list was due")
    return value or []


def _list(value: object) -> list[Mapping[str, object]]:
    return [_mapping(each) for each in cast("list[object]", value or [])]
