"""Files that programs run of themselves, where their texts are known: sources, scripts of packages, hooks."""

import json
from typing import Final

from guardian_ci.policy.shell.collector import Collector
from guardian_ci.policy.shell.effects import Language
from guardian_ci.policy.shell.inline import effects_of_program

_MOST: Final = 64
_LANGUAGES: Final = {
    "py": Language.PYTHON,
    "js": Language.NODE,
    "cjs": Language.NODE,
    "mjs": Language.NODE,
    "ts": Language.NODE,
    "jsx": Language.NODE,
    "tsx": Language.NODE,
    "rb": Language.RUBY,
    "pl": Language.PERL,
    "php": Language.PHP,
    "sh": Language.SHELL,
    "bash": Language.SHELL,
}


def note_source(collector: Collector, file: str) -> None:
    """Note what a source does, as if it ran: what compiles or tests it runs it next."""
    text = collector.text_of(file)
    if text is not None:
        language = _LANGUAGES.get(file.rpartition(".")[2].lower(), Language.OTHER)
        collector.add(effects_of_program(text, language, (file,)))


def note_package_scripts(collector: Collector, names: tuple[str, ...]) -> None:
    """Note the commands that ``package.json`` has under some names, and under these with ``pre`` and ``post``."""
    try:
        package = json.loads(collector.files.get("package.json") or "{}")
    except (ValueError, RecursionError):
        return
    scripts = package.get("scripts") if isinstance(package, dict) else None
    if not isinstance(scripts, dict):
        return
    for name in names[:_MOST]:
        for script in (f"pre{name}", name, f"post{name}"):
            if isinstance(text := scripts.get(script), str):
                collector.shell(text)


def note_hooks(collector: Collector, *names: str) -> None:
    """Note the hooks of a repository that the session has written."""
    for name in names:
        for folder in (".git/hooks", ".husky", ".githooks"):
            if collector.files.get(f"{folder}/{name}") is not None:
                collector.script(f"{folder}/{name}", arguments=(name,))
