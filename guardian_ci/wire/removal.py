"""Takes tools out of a request so that what is left is valid, and is the same text in every turn."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from guardian_ci.model import ToolOffer
from guardian_ci.policy.tools import canonical_name
from guardian_ci.wire.interface import Parsed, Path
from guardian_ci.wire.json_text import Node, Splice, as_list, as_object, as_text, nodes_at, value_at

_TURNS: Final = frozenset({"messages", "input"})
"""Members that stay when all in them goes: a request without them is none."""

_PLAIN_CHOICES: Final = frozenset({"", "auto", "any", "none", "tool", "function", "custom", "allowed_tools"})
"""Types of a ``tool_choice`` that name no tool."""

_ALLOWED: Final[tuple[Path, ...]] = (("tools",), ("allowed_tools", "tools"))
"""Where a choice among several tools lists them: OpenAI's responses, OpenAI's chat."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The offers that go and those that stay, by their indexes, and what only those that go are called."""

    gone: tuple[int, ...]
    kept: tuple[int, ...]
    names: frozenset[str]
    acts: frozenset[str]

    @classmethod
    def of(cls, parsed: Parsed, indexes: Collection[int]) -> "Gone":
        """Tell what goes apart from what stays."""
        wanted = frozenset(indexes)
        gone = tuple(i for i in range(len(parsed.offers)) if i in wanted)
        kept = tuple(i for i in range(len(parsed.offers)) if i not in wanted)
        tools = parsed.call.tools
        return cls(
            gone,
            kept,
            _names(parsed, gone) - _names(parsed, kept),
            frozenset(tools[i].canonical for i in gone) - frozenset(tools[i].canonical for i in kept),
        )


def _names(parsed: Parsed, indexes: Iterable[int]) -> frozenset[str]:
    """Collect what tools are called: as offered, and by the bare name that a namespace's tool has in it."""
    root = parsed.document.value if parsed.document else None
    raw = [as_object(value_at(root, parsed.offers[i])) for i in indexes]
    bare = {as_text(tool.get("name")) for tool in raw} - {""}
    return frozenset(bare | {parsed.call.tools[i].name for i in indexes})


def removals(root: Node, paths: Iterable[Path], names: Iterable[str] = ()) -> Iterator[Splice]:
    """Remove what stands at these places and under these names, and a list with its owner where it gets empty.

    The turns stay, be it empty, and so does a tool's result: its call would be left without one.
    """
    by_list: dict[Path, set[int]] = {}
    members = set(names)
    todo = list(paths)
    while todo:
        *owner, last = todo.pop()
        if isinstance(last, str):
            members.add(last)
            continue
        path = tuple(owner)
        removed = by_list.setdefault(path, set())
        removed.add(last)
        if len(removed) == len(as_list(value_at(root.value, path))) and _goes_with_its_list(root, path):
            del by_list[path]
            todo.append(path if len(path) == 1 else path[:-1])
    yield from root.without_members(members)
    for path, holder in nodes_at(root, by_list):
        yield from holder.without_elements(by_list[path])


def _goes_with_its_list(root: Node, path: Path) -> bool:
    if len(path) == 1:
        return path[0] not in _TURNS
    owner = as_object(value_at(root.value, path[:-1]))
    return isinstance(path[-2], int) and not as_text(owner.get("type")).endswith(("_output", "_result"))


def choice_edits(root: Node, member: str, gone: Gone) -> tuple[list[Splice], bool]:
    """Return the edits that take tools out of a choice among them; True where the choice itself is to go."""
    choice = root.step(member)
    if choice is None:
        return [], False
    allowed = next((node for path in _ALLOWED if (node := choice.at(*path)) and isinstance(node.value, list)), None)
    if allowed is None:
        return [], _chosen(choice.value, gone)
    removed = [i for i, tool in enumerate(as_list(allowed.value)) if _chosen(tool, gone)]
    if len(removed) == len(as_list(allowed.value)):
        return [], bool(removed)
    return allowed.without_elements(removed), False


def _chosen(choice: object, gone: Gone) -> bool:
    """Whether a choice names a tool that goes: by its name, or by its type where it has none."""
    told = as_object(choice)
    holders = (told, as_object(told.get("function")), as_object(told.get("custom")))
    name = next((name for holder in holders if (name := as_text(holder.get("name")))), "")
    if label := as_text(told.get("server_label")):
        return f"mcp__{label}" in gone.names
    if name:
        return name in gone.names
    kind = as_text(told.get("type"))
    return kind not in _PLAIN_CHOICES and (kind in gone.names or canonical_name(kind) in gone.acts)


def undeferred(root: Node, parsed: Parsed, gone: Gone) -> Iterator[Splice]:
    """Load the deferred tools at once where nothing is left that could load them: providers refuse such a request.

    Only ``tools`` itself counts, which stays as it is from turn to turn.
    """
    removed, kept = ([i for i in group if parsed.offers[i][0] == "tools"] for group in (gone.gone, gone.kept))
    deferred = [path for i in kept if _is_deferred(root, path := parsed.offers[i])]
    if not deferred or not removed:
        return
    tools = parsed.call.tools
    searched = any(_searches(tools[i]) for i in removed) and not any(_searches(tools[i]) for i in kept)
    if searched or len(deferred) == len(kept):
        for _, tool in nodes_at(root, deferred):
            yield from tool.without_members({"defer_loading"})


def _is_deferred(root: Node, path: Path) -> bool:
    return as_object(value_at(root.value, path)).get("defer_loading") is True


def _searches(tool: ToolOffer) -> bool:
    return tool.canonical.startswith("tool_search")


def references(value: object, path: Path, names: frozenset[str]) -> Iterator[Path]:
    """Find the elements of a list that only point to a tool of one of these names."""
    for i, element in enumerate(as_list(value)):
        told = as_object(element)
        if told.get("type") == "tool_reference" and told.get("tool_name") in names:
            yield (*path, i)
