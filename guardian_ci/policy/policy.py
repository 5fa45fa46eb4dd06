"""A policy: what each session may do, and the document that says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from guardian_ci.policy.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Checked settings, in the order in which they are tried, and the document that they come from.

    ``document`` is what the file said, as JSON can hold it; ``digest`` the SHA-256 of its canonical JSON; ``lines``
    the line of each field (``policies[0].token_budget``), so that a log can embed both and be replayed.
    """

    settings: tuple[Settings, ...]
    file: str
    document: Mapping[str, object]
    digest: str
    lines: Mapping[str, int]

    def for_session(self, name: str) -> Settings:
        """Return the settings of a session: those of the first entry whose ``sessions`` globs match its name."""
        for entry in self.settings:
            if not entry.sessions or any(fnmatchcase(name, glob) for glob in entry.sessions):
                return entry
        return self.settings[-1]
