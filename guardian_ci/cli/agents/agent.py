"""What an agent is here, where it is set up, and what its set-up is made of."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path

from guardian_ci.model import WireProtocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where agents are set up.

    ``base`` is the proxy's URL, with the session's path and no slash at its end. ``token`` stands in for the keys of
    the providers that are ``held``; of the others an agent uses what it has. ``environment`` is the user's, before
    anything is changed; ``home`` the folder that the set-up's files go to.
    """

    base: str
    token: str = field(repr=False)
    held: AbstractSet[str]
    environment: Mapping[str, str] = field(repr=False)
    home: Path

    def key(self, provider: str, variable: str) -> str:
        """The token where the proxy holds this provider's key, else what the agent has itself, or nothing."""
        return self.token if provider in self.held else self.environment.get(variable, "")

    def user_folder(self, variable: str, name: str) -> Path:
        """The user's own folder of an agent: what a variable names, else this name in the home folder."""
        named = self.environment.get(variable, "")
        return Path(named) if named else Path(self.environment.get("HOME", "") or Path.home()) / name

    def links(self, own: Path, folder: str, *, without: AbstractSet[str]) -> dict[str, Path]:
        """Links of a private folder to all that the user's own holds but these names: a login, what is written anew.

        Databases are left out as well: two programs that know one by different names would break it.
        """
        if not own.is_dir():
            return {}
        entries = sorted(each for each in own.iterdir() if each.name not in without and ".sqlite" not in each.name)
        return {f"{folder}/{each.name}": each for each in entries}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What one agent needs.

    ``variables`` are set whatever the user has; ``defaults`` only where the user has nothing. ``arguments`` go right
    behind the command: they outrank what a repository's own files say, where its environment does not. ``files`` are
    texts by their path below ``Place.home``; ``links`` are names there that lead to the user's own files. ``remarks``
    say what of the user's own was left out.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, Path] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One agent: its id, what people call it, and the commands that it is recognised by.

    ``set_by`` says by what it is told of the proxy. ``detours`` are variables that would lead its calls of a model
    past the proxy. ``outside`` tells what of its traffic stays outside however it is set up. ``way_out`` is for an
    agent that cannot be told of the proxy: what to do instead; it then has no ``prepare``.
    """

    name: str
    title: str
    commands: tuple[str, ...]
    protocols: tuple[WireProtocol, ...] = ()
    prepare: Callable[[Place], Setup] | None = None
    set_by: str = ""
    detours: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    way_out: str = ""
