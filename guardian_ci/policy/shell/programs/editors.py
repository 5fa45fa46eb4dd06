"""Editors: the files that they open, and the commands that they are given to run at once."""

import re
from collections.abc import Mapping
from typing import Final

from guardian_ci.policy.shell.arguments import read_arguments, usage
from guardian_ci.policy.shell.collector import Collector
from guardian_ci.policy.shell.effects import Effects, Invocation, Language
from guardian_ci.policy.shell.inline import effects_of_program
from guardian_ci.policy.shell.listings import lines_of
from guardian_ci.policy.shell.programs.table import Program, collector_of, declared, joined

_MOST_LINES: Final = 200
_EX_COMMAND: Final = re.compile(
    r"\s*:*(?:(?:[\d.,$%'<>;+-]{1,20}|(?:silent|call)\b!?|let \w+ ?=)\s*){0,3}"
    r"(?:(r|read|e|edit|w|write|so|source|sp|split|vs|vsplit|tabe|tabnew|sav|saveas|f|file|args|n|next|wq|x|badd|view|find|sview)(?![A-Za-z]))?"
    r"(!?)\s*(.*)",
    re.DOTALL,
)
_EXECUTE: Final = re.compile(r"\s{0,20}:{0,5}(?:silent!?\s{1,20})?exe(?:cute)?\s{0,20}(['\"])(.*)\1", re.DOTALL)
_WRITING: Final = frozenset({"w", "write", "sav", "saveas", "wq", "x"})
_CALLS: Final = re.compile(r"(system|systemlist|readfile|writefile|termopen|jobstart)\s?\(")
_QUOTED: Final = re.compile(r"'([^']{0,500})'|\"([^\"]{0,500})\"")
_TO_SHELL: Final = re.compile(r"\s{0,20}:{0,5}(?:silent!?\s{1,20})?(?:[\d.,$%]{1,20}|r|read|w|write)?\s{0,20}!")
_SCRIPTED: Final = re.compile(r":*(?:py|py3|python|python3|pyx|perl|ruby|lua)\b!?\s*(.*)", re.DOTALL)


_SILENT: Final = frozenset({"-es", "-Es", "-eS", "-ESs"})
"""``-s`` takes a file, but not behind ``-e``."""


def _vim(invocation: Invocation) -> Effects:
    """Edit files with ``vi`` and its kin; ``-c``, ``--cmd`` and ``+`` give commands."""
    collector = collector_of(invocation)
    how = usage(
        "text*",
        text="-c --cmd -T -i -U --servername --remote-send --remote-expr -t -V -W",
        read="-S -u -s -q",
        write="-w",
    )
    words = [word for word in invocation.argv[1:] if not word.startswith("+") and word not in _SILENT]
    if {"-e", "-E"} & set(words):
        words = [word for word in words if word != "-s"]
    given = read_arguments(words, how)
    collector.options(given)
    collector.edit(*given.operands)
    commands = [word[1:] for word in invocation.argv[1:] if word.startswith("+")]
    commands += [
        *given.values("-c", "--cmd", "--remote-send", "--remote-expr"),
        *lines_of(invocation.stdin or "")[:_MOST_LINES],
    ]
    for command in commands:
        for part in _parted(command):
            note_ex_command(collector, part)
    return collector.effects()


def _parted(command: str) -> list[str]:
    """Part a line at ``|``, which belongs to the shell behind a ``!``, and to a text that is executed."""
    parts: list[str] = []
    while command and len(parts) < _MOST_LINES:
        if _TO_SHELL.match(command) is not None or _EXECUTE.fullmatch(command.rstrip()) is not None:
            return [*parts, command]
        part, _, command = command.partition("|")
        parts.append(part)
    return parts


def note_ex_command(collector: Collector, command: str) -> None:
    """Note what one command of ``ex``, ``vi`` or ``ed`` reads, writes or runs."""
    if (quoted := _EXECUTE.fullmatch(command.rstrip())) is not None:
        command = quoted[2]
    if (scripted := _SCRIPTED.match(command)) is not None:
        collector.add(effects_of_program(scripted[1], Language.PYTHON))
        return
    _note_calls(collector, command)
    parts = _EX_COMMAND.match(command)
    if parts is None:
        return
    name, bang, rest = parts[1] or "", parts[2], parts[3].strip()
    runs = (bang and name in {"", "r", "read"}) or rest.startswith("!")
    if runs:
        collector.shell(rest.lstrip("!").strip())
    elif rest and name in _WRITING:
        collector.write(rest.removeprefix(">>").strip())
    elif rest and name:
        collector.read(*rest.split()[-1:])


def _note_calls(collector: Collector, command: str) -> None:
    """Note what functions that a command calls are given."""
    for called in _CALLS.finditer(command):
        texts = [single or double for single, double in _QUOTED.findall(command, called.end())]
        if called[1] == "readfile":
            collector.read(*texts[:1])
        elif called[1] == "writefile":
            collector.write(*texts[-1:])
        else:
            collector.shell("".join(texts[:1]))


def _ed(invocation: Invocation) -> Effects:
    """Edit a file by the commands of standard input."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], usage("edit*", text="-p --prompt"))
    for operand in given.operands:
        if operand.startswith("!"):
            collector.shell(operand[1:])
        else:
            collector.edit(operand)
    for line in lines_of(invocation.stdin or "")[:_MOST_LINES]:
        note_ex_command(collector, line)
    return collector.effects()


_LISP_FILES: Final = re.compile(
    r"\((?:insert-file-contents(?:-literally)?|find-file|load|load-file|write-file|write-region|append-to-file|delete-file"
    r"|copy-file|rename-file|directory-files|file-name-all-completions)\s[^)\"]{0,200}\"([^\"]{1,400})\""
)
_LISP_SHELL: Final = re.compile(
    r"\((?:shell-command(?:-to-string)?|call-process-shell-command|async-shell-command)\s+\"((?:[^\"\\]|\\.){1,2000})\""
)
_LISP_PROCESS: Final = re.compile(r"\((?:call-process|start-process|process-lines)\s([^()]{1,1000})\)")


def _emacs(invocation: Invocation) -> Effects:
    """Edit files, or run Lisp in a batch."""
    collector = collector_of(invocation)
    given = read_arguments(
        invocation.argv[1:],
        usage(
            "edit*",
            text="-f --funcall -e --eval --execute -d -g -t -nw",
            read="-l --load --script -u --insert -i --chdir -L",
        ),
    )
    collector.options(given)
    collector.edit(*(operand for operand in given.operands if not operand.startswith("+")))
    for option in given.options:
        if option.name in {"--visit", "--file", "--find-file", "--insert"} and option.value:
            collector.read(option.value)
    for text in given.values("-e", "--eval", "--execute"):
        for found in _LISP_FILES.findall(text):
            collector.edit(found)
        for found in _LISP_SHELL.findall(text):
            collector.shell(found.replace('\\"', '"'))
        for found in _LISP_PROCESS.findall(text):
            collector.run(re.findall(r'"([^"]{0,400})"', found))
        collector.add(effects_of_program(text, Language.OTHER))
    return collector.effects()


PROGRAMS: Final[Mapping[str, Program]] = {
    **joined("vi vim nvim gvim mvim view vimdiff nvimdiff ex rvim rview neovide vimx", _vim),
    **joined("ed red", _ed),
    **joined("emacs emacsclient xemacs", _emacs),
    **declared(
        {
            "nano pico micro joe jed ne kak helix hx mcedit gedit kate kwrite pluma mousepad xed notepad leafpad geany"
            " subl atom code codium cursor zed windsurf mate bbedit hexedit ghex bless ted": usage(
                "edit*",
                text="-l --line -T --tabsize -Y --syntax -r -g --goto --install-extension --uninstall-extension",
                read="-f --rcfile",
            ),
        }
    ),
}
"""Editors, by name."""
