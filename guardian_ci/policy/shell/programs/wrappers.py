"""Programs that run another command: as another user, later, many times, for each line of a list."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from guardian_ci.policy.shell.arguments import Arguments, Usage, read_arguments, usage
from guardian_ci.policy.shell.collector import Collector
from guardian_ci.policy.shell.effects import Effects, Invocation
from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.listings import lines_of
from guardian_ci.policy.shell.programs.table import DUMPERS, TAME_LINE, Program, collector_of, is_sweep, joined, name_of

_ASSIGNMENT: Final = re.compile(r"([A-Za-z_]\w{0,200})=(.*)", re.DOTALL)
_MOST_WORDS: Final = 512
_MOST_RUNS: Final = 32
_QUOTED_WORD: Final = re.compile(r""""([^"\n]*)"|'([^'\n]*)'|((?:\\.|[^\s"'\\])+)""")

_PLAIN: Final[Mapping[str, Usage]] = {
    "nohup setsid chronic unbuffer torify torsocks fakeroot eatmydata dbus-run-session caffeinate"
    " winpty chpst softlimit pkexec catchsegv padsp": usage("text*", stops=True),
    "nice": usage("text*", stops=True, text="-n --adjustment"),
    "ionice": usage("text*", stops=True, text="-c --class -n --classdata -p -P -u"),
    "stdbuf": usage("text*", stops=True, text="-i --input -o --output -e --error"),
    "time": usage("text*", stops=True, text="-f --format", write="-o --output"),
    "strace ltrace": usage(
        "text*",
        stops=True,
        text="-e -s -p -u -E -a -b -I -O -P -S -X -l -n -x --trace --expr --string-limit",
        write="-o --output",
    ),
    "valgrind": usage("text*", stops=True),
    "unshare": usage(
        "text*",
        stops=True,
        text="-S -G --setuid --setgid --map-user --map-group --propagation",
        read="-R --root -w --wd",
    ),
    "nsenter": usage("text*", stops=True, text="-t --target -S -G --setuid --setgid", read="--wdns"),
    "doas": usage("text*", stops=True, text="-u", read="-C"),
    "sshpass": usage("text*", stops=True, text="-p -d -P", read="-f"),
    "proxychains proxychains4": usage("text*", stops=True, read="-f"),
    "firejail": usage("text*", stops=True),
    "xvfb-run": usage(
        "text*", stops=True, text="-n -s -p -w --server-args --server-num", write="-e -f --error-file --auth-file"
    ),
    "systemd-run": usage(
        "text*",
        stops=True,
        text="-p --property -u --unit -E --setenv -M --machine --uid --gid --description -H --slice",
    ),
    "systemd-inhibit": usage("text*", stops=True, text="--what --who --why --mode"),
    "systemd-cat": usage("text*", stops=True, text="-t --identifier -p --priority"),
    "cpulimit": usage("text*", stops=True, text="-l -p -e --limit --pid --exe"),
    "prlimit": usage("text*", stops=True, text="-p --pid"),
    "rlwrap": usage("text*", stops=True, text="-a -b -C -e -g -l -m -M -N -p -q -S -t -w -z", read="-f -H"),
    "daemonize daemon": usage("text*", stops=True, text="-u -n --name", write="-p -l -o -e", read="-c"),
    "numactl": usage("text*", stops=True, text="-m -N -C -l -p -i"),
    "choom": usage("text*", stops=True, text="-n -p"),
    "cgexec": usage("text*", stops=True, text="-g"),
    "proot": usage("text*", stops=True, read="-r -b -w -R -S"),
    "heaptrack": usage("text*", stops=True, write="-o"),
    "retry": usage("text*", stops=True, text="-t -d -m --times --delay"),
    "setpriv": usage("text*", stops=True, text="--reuid --regid --groups --inh-caps --bounding-set"),
    "capsh": usage("text*", stops=True),
}

_SKIPS: Final[Mapping[str, tuple[Usage, int]]] = {
    "timeout gtimeout": (usage("text*", stops=True, text="-s --signal -k --kill-after"), 1),
    "taskset": (usage("text*", stops=True, text="-p"), 1),
    "setarch linux32 linux64 i386 x86_64": (usage("text*", stops=True), 0),
    "gosu su-exec": (usage("text*", stops=True), 1),
    "faketime": (usage("text*", stops=True, text="-f"), 1),
    "chrt perf": (usage("text*", stops=True, text="-T -P -D"), 1),
    "chroot": (usage("text*", stops=True, text="--userspec --groups"), 1),
}


def _plain(how: Usage, skip: int, invocation: Invocation) -> Effects:
    """Run what stands behind the options, and behind as many operands."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], how)
    collector.options(given)
    words = list(given.operands[skip:])
    if name_of(invocation) == "chroot":
        collector.read(*given.operands[:1])
    run_command(collector, words, invocation)
    return collector.effects()


def run_command(collector: Collector, words: Sequence[str], invocation: Invocation) -> None:
    """Note a command with assignments before it."""
    variables: dict[str, str] = {}
    for position, word in enumerate(words):
        assignment = _ASSIGNMENT.fullmatch(word)
        if assignment is None:
            collector.run(words[position:], stdin=invocation.stdin, variables=variables)
            return
        variables[assignment[1]] = assignment[2]


_ENV: Final = usage(
    "text*",
    stops=True,
    text="-u --unset -a --argv0 --block-signal --default-signal --ignore-signal -P",
    read="-C --chdir -f --file",
)


def _env(invocation: Invocation) -> Effects:
    """Run a command with other variables; ``-S`` splits one word into many."""
    collector = collector_of(invocation)
    words: list[str] = []
    for position, word in enumerate(invocation.argv[1:], 1):
        text = next(
            (word[len(option) :] for option in ("--split-string=", "-S", "-vS") if word.startswith(option)), None
        )
        if text is None and word == "--split-string":
            text = ""
        if text is not None:
            rest = list(invocation.argv[position + 1 :])
            words += _split(text or (rest.pop(0) if rest else "")) + rest
            break
        words.append(word)
    given = read_arguments(words, _ENV)
    collector.options(given)
    collector.folder = given.value("-C", "--chdir") or ""
    run_command(collector, given.operands, invocation)
    return collector.effects()


def _split(text: str) -> list[str]:
    """Split a text into words as ``xargs`` and ``env -S`` do: at blanks, with quotes and backslashes."""
    words = []
    for double, single, bare in _QUOTED_WORD.findall(text[:65536])[:_MOST_WORDS]:
        words.append(double or single or re.sub(r"\\(.)", r"\1", bare))
    return words


_SUDO: Final = usage(
    "text*",
    stops=True,
    text="-u --user -g --group -h --host -p --prompt -C --close-from -r --role -t --type -T --command-timeout -U"
    " --other-user",
    read="-D --chdir -R --chroot",
)


def _sudo(invocation: Invocation) -> Effects:
    """Run a command as another user; ``-e`` edits files."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], _SUDO)
    collector.options(given)
    collector.folder = given.value("-D", "--chdir") or ""
    if given.has("-e", "--edit") or name_of(invocation) == "sudoedit":
        collector.edit(*given.operands)
    elif given.has("-s", "--shell", "-i", "--login") and not given.operands:
        collector.run(("sh",), stdin=invocation.stdin)
    else:
        run_command(collector, given.operands, invocation)
    return collector.effects()


def _su(invocation: Invocation) -> Effects:
    """Run a shell as another user: ``-c`` gives it a text."""
    collector = collector_of(invocation)
    given = read_arguments(
        invocation.argv[1:],
        usage("text*", text="-s --shell -g --group -G -u --user -w", runs="-c --command --session-command"),
    )
    collector.options(given)
    if not given.has("-c", "--command", "--session-command"):
        if given.has("-u", "--user") and given.operands:
            run_command(collector, given.operands, invocation)
        else:
            collector.run(("sh", *given.operands[1:]), stdin=invocation.stdin)
    return collector.effects()


def _joined_command(how: Usage) -> Program:
    """Return a program that gives all its operands, joined, to a shell."""

    def run(invocation: Invocation) -> Effects:
        collector = collector_of(invocation)
        given = read_arguments(invocation.argv[1:], how)
        collector.options(given)
        collector.shell(" ".join(given.operands), stdin=invocation.stdin)
        return collector.effects()

    return run


def _each_operand(how: Usage) -> Program:
    """Return a program that gives each of its operands to a shell."""

    def run(invocation: Invocation) -> Effects:
        collector = collector_of(invocation)
        given = read_arguments(invocation.argv[1:], how)
        collector.options(given)
        for operand in given.operands[:_MOST_RUNS]:
            collector.shell(operand)
        return collector.effects()

    return run


def _flock(invocation: Invocation) -> Effects:
    """Run a command while a file is locked."""
    collector = collector_of(invocation)
    given = read_arguments(
        invocation.argv[1:],
        usage("write text*", stops=True, text="-w --timeout -E --conflict-exit-code", runs="-c --command"),
    )
    collector.options(given)
    collector.write(*given.operands[:1], sure=False)
    rest = given.operands[1:]
    if rest[:1] in {("-c",), ("--command",)}:
        collector.shell(" ".join(rest[1:]))
    else:
        run_command(collector, rest, invocation)
    return collector.effects()


def _script(invocation: Invocation) -> Effects:
    """Record a session: ``-c`` says what runs in it."""
    collector = collector_of(invocation)
    given = read_arguments(
        invocation.argv[1:], usage("write text*", text="-E -m -o", write="-I -O -B -T", runs="-c --command")
    )
    collector.options(given)
    collector.write(*given.operands[:1])
    run_command(collector, given.operands[1:], invocation)
    return collector.effects()


_XARGS: Final = usage(
    "text*",
    stops=True,
    text="-I -d --delimiter -E -L --max-lines -n --max-args -P --max-procs -s --max-chars -J -R -S --process-slot-var",
    list="-a --arg-file",
)


def _xargs(invocation: Invocation) -> Effects:
    """Run a command on the words of standard input."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], _XARGS)
    collector.options(given)
    mark = given.value("-I", "-J", "--replace") or ("{}" if given.has("-i", "--replace") else None)
    command = list(given.operands) or ["echo"]
    source = given.value("-a", "--arg-file")
    text = invocation.stdin if source is None else collector.text_of(source) or UNKNOWN
    if text is None:
        collector.run([*command, UNKNOWN] if mark is None else [word.replace(mark, UNKNOWN) for word in command])
        return collector.effects()
    if given.has("-0", "--null") and "\n" in text.strip("\n") and "\0" not in text and mark is None:
        collector.run((*command, text))  # one word of several lines, unless the program before has put NULs between
    words = _words_of(text, given, by_line=mark is not None)
    _run_on_words(collector, command, mark, words, limit=given.value("-n", "--max-args", "-L", "--max-lines"))
    return collector.effects()


def _words_of(text: str, given: Arguments, *, by_line: bool) -> list[str]:
    delimiter = given.value("-d", "--delimiter")
    if given.has("-0", "--null"):
        delimiter = "\0" if "\0" in text else "\n"
    if delimiter is not None:
        delimiter = {"\\n": "\n", "\\t": "\t", "\\0": "\0"}.get(delimiter, delimiter)
        return [word for word in text.split(delimiter[:1] or "\n")[:_MOST_WORDS] if word.strip("\n")]
    if by_line:
        return [line.strip() for line in lines_of(text)[:_MOST_WORDS] if line.strip()]
    return _split(text)


def _run_on_words(
    collector: Collector, command: list[str], mark: str | None, words: list[str], limit: str | None
) -> None:
    program = command[0].rpartition("/")[2]
    bare = [word for word in words if is_sweep(word) or word == ".*"]
    if program in DUMPERS and bare:
        collector.opaque("prints or sends every file of a list", " ".join(command))
        words = [word for word in words if word not in bare]
    if any(word.strip() == UNKNOWN for word in words) and program in {"sh", "bash", "zsh", "eval"}:
        collector.opaque("runs words that are not known", " ".join(command))
        return
    if mark is not None:
        for word in words[:_MOST_RUNS]:
            collector.run(each.replace(mark, word) for each in command)
        if not words and not bare:
            collector.run(command)
        return
    size = int(limit) if limit is not None and limit.isdigit() and 0 < int(limit[:6]) < len(words) else len(words)
    for begin in range(0, min(len(words), _MOST_RUNS * max(size, 1)), max(size, 1)):
        collector.run((*command, *words[begin : begin + size]))
    if not words and not bare:
        collector.run(command)


_PARALLEL: Final = usage(
    "text*",
    stops=True,
    text="-S --sshlogin"
    " -I -j --jobs -n --max-args -N -L --max-lines -d --delimiter -C --colsep --delay --timeout --retries"
    " --memfree --load"
    " --shuf --env --tagstring --progress-bar --halt --nice --block --recstart --recend --tmpdir --wd --workdir"
    " --shellquote",
    list="-a --arg-file --argfile",
    write="--joblog --results",
    read="--sshloginfile --slf",
)
_SEPARATORS: Final = frozenset({":::", ":::+", "::::", "::::+"})


def _parallel(invocation: Invocation) -> Effects:
    """Run a command on the words behind ``:::``, on the lines of ``::::`` files, or on those of standard input."""
    collector = collector_of(invocation)
    words = list(invocation.argv[1:])
    at = next((position for position, word in enumerate(words) if word in _SEPARATORS), len(words))
    given = read_arguments(words[:at], _PARALLEL)
    collector.options(given)
    for host in given.values("-S", "--sshlogin"):
        collector.host(host)
    values: list[str] = []
    from_file = False
    for word in words[at:]:
        if word in _SEPARATORS:
            from_file = word.startswith("::::")
        elif from_file:
            collector.read(word)
            values += collector.lines(word) or [UNKNOWN]
        else:
            values.append(word)
    if at == len(words) and given.has("--pipe", "--pipepart", "--spreadstdin"):
        collector.run(given.operands, stdin=invocation.stdin)
    elif at == len(words):
        values = [UNKNOWN] if invocation.stdin is None else lines_of(invocation.stdin)
    command = " ".join(given.operands)
    mark = given.value("-I") or "{}"
    for value in values[:_MOST_RUNS]:
        if not command:
            collector.shell(value)
            continue
        marked = re.sub(r"\{(?:\.|/|//|/\.|\d+|#|%)\}", mark, command)
        collector.shell(marked.replace(mark, value) if mark in marked else f"{marked} {value}")
    return collector.effects()


def _applet(invocation: Invocation) -> Effects:
    """Run an applet: ``busybox cat``."""
    collector = collector_of(invocation)
    words = [
        word.partition("=")[2] if word.startswith("--coreutils-prog") else word
        for word in invocation.argv[1:]
        if not word.startswith("-") or word.startswith("--coreutils-prog") or len(invocation.argv) > 2  # noqa: PLR2004
    ]
    collector.run(words, stdin=invocation.stdin)
    return collector.effects()


_MULTIPLEXER: Final = usage(
    "text*", text="-S -t -s -n -c -F -x -y -e -p -T -h -L --session", read="-f", write="-Logfile", stops=True
)


def _multiplexer(invocation: Invocation) -> Effects:
    """Run commands in a terminal that stays: ``tmux new-session 'cmd'``, ``screen -dm cmd``."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], _MULTIPLEXER)
    collector.options(given)
    words = list(given.operands)
    if name_of(invocation) == "screen":
        collector.run(words, stdin=invocation.stdin)
        return collector.effects()
    if not words:
        return collector.effects()
    inner = read_arguments(words[1:], _MULTIPLEXER)
    if words[0] in {
        "new-session",
        "new",
        "new-window",
        "neww",
        "split-window",
        "splitw",
        "run-shell",
        "run",
        "respawn-pane",
        "if-shell",
        "if",
        "pipe-pane",
        "display-popup",
        "popup",
    }:
        collector.shell(" ".join(inner.operands)) if len(inner.operands) == 1 else collector.run(inner.operands)
    elif words[0] in {"send-keys", "send"}:
        keys = [word for word in inner.operands if word not in {"Enter", "C-m", "C-c", "Space"}]
        collector.shell(" ".join(keys))
    elif words[0] in {"source-file", "source", "load-buffer", "loadb"}:
        collector.read(*inner.operands)
    elif words[0] in {"save-buffer", "saveb"}:
        collector.write(*inner.operands)
    return collector.effects()


def _at(invocation: Invocation) -> Effects:
    """Run the commands of a file or of standard input later."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], usage("text*", text="-q -t -c -d -r", read="-f"))
    collector.options(given)
    if given.has("-f"):
        collector.script(given.value("-f") or "")
    elif invocation.stdin is not None:
        collector.shell(invocation.stdin)
    return collector.effects()


def _crontab(invocation: Invocation) -> Effects:
    """Install a table of commands, from a file or from standard input."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], usage("read*", text="-u -s"))
    collector.read(*given.operands)
    if "-" in given.operands and invocation.stdin is not None:
        for line in lines_of(invocation.stdin)[:_MOST_RUNS]:
            fields = line.split(None, 1 if line.startswith("@") else 5)
            if not line.lstrip().startswith("#") and len(fields) in {2, 6}:
                collector.shell(fields[-1])
    return collector.effects()


def _run_parts(invocation: Invocation) -> Effects:
    collector = collector_of(invocation)
    collector.read(*read_arguments(invocation.argv[1:], usage("read*", text="-a --arg --regex -u --umask")).operands)
    return collector.effects()


def _starter(invocation: Invocation) -> Effects:
    """``start-stop-daemon --exec FILE -- words``."""
    collector = collector_of(invocation)
    given = read_arguments(
        invocation.argv[1:],
        usage(
            "text*",
            text="-u --user -c --chuid -g --group -p --pidfile -n --name -s --signal -R -N -d --chdir -a --startas"
            " -x --exec",
        ),
    )
    for program in given.values("-x", "--exec", "-a", "--startas"):
        collector.run((program, *given.operands))
    return collector.effects()


def _bwrap(invocation: Invocation) -> Effects:
    """Run a command in a sandbox: what is bound into it is at its hand."""
    collector = collector_of(invocation)
    with_two = {
        "--bind",
        "--ro-bind",
        "--dev-bind",
        "--symlink",
        "--setenv",
        "--bind-try",
        "--ro-bind-try",
        "--file",
        "--bind-data",
    }
    with_one = {
        "--chdir",
        "--tmpfs",
        "--dev",
        "--proc",
        "--dir",
        "--unsetenv",
        "--uid",
        "--gid",
        "--hostname",
        "--cap-add",
        "--cap-drop",
        "--seccomp",
        "--mqueue",
    }
    words = list(invocation.argv[1:])
    while words and words[0].startswith("--"):
        option = words.pop(0)
        taken = [words.pop(0) for _ in range(2 if option in with_two else 1 if option in with_one else 0) if words]
        if "bind" in option:
            collector.read(*taken[:1])
    collector.run(words, stdin=invocation.stdin)
    return collector.effects()


def _behind_dashes(names: str, how: Usage, subcommands: frozenset[str] = frozenset()) -> dict[str, Program]:
    """Return programs that run what stands behind ``--``, or behind one of their subcommands."""

    def run(invocation: Invocation) -> Effects:
        collector = collector_of(invocation)
        words = list(invocation.argv[1:])
        if "--" in words:
            at = words.index("--")
            collector.all(words[:at], how)
            run_command(collector, words[at + 1 :], invocation)
            return collector.effects()
        at = next((position for position, word in enumerate(words) if word in subcommands), -1)
        if subcommands and at < 0:
            collector.all(words, how)
            return collector.effects()
        collector.all(words[: at + 1], how)
        run_command(
            collector, read_arguments(words[at + 1 :], Usage(options=how.options, stops=True)).operands, invocation
        )
        collector.options(read_arguments(words[at + 1 :], Usage(options=how.options, stops=True)))
        return collector.effects()

    return joined(names, run)


def _gdb(invocation: Invocation) -> Effects:
    """Debug a program; ``-ex`` gives commands, of which ``shell`` runs one."""
    collector = collector_of(invocation)
    given = read_arguments(
        invocation.argv[1:],
        Usage(
            options=usage(
                text="-ex --ex -eval-command --eval-command -iex -o -O --one-line -p --pid -k",
                read="-x --command -s --source -se -c --core -d --directory -cd",
            ).options,
            stops=True,
        ),
    )
    collector.options(given)
    for line in given.values("-ex", "--ex", "-eval-command", "--eval-command", "-iex", "-o", "-O", "--one-line"):
        note_debugger_line(collector, line)
    for line in lines_of(invocation.stdin or "")[:_MOST_RUNS]:
        note_debugger_line(collector, line)
    collector.read(*given.operands)
    return collector.effects()


def note_debugger_line(collector: Collector, line: str) -> None:
    """Note what a command line of a debugger runs or reads."""
    name, _, rest = line.strip().partition(" ")
    if name in {"shell", "make"} or name.startswith("!") or line.startswith("platform shell"):
        collector.shell((rest if name == "shell" else line.strip().lstrip("!")).removeprefix("platform shell"))
    elif name in {"source", "add-symbol-file", "symbol-file", "file", "restore", "core-file"}:
        collector.read(*rest.split()[:1])
    elif name in {"python", "py", "script", "pi"}:
        collector.maybe(rest)
    elif name in {"dump", "append"}:
        collector.maybe(*rest.split())


def _dotenv(invocation: Invocation) -> Effects:
    """Run a command with the variables of a file, or print them: ``.env`` where none is named."""
    collector = collector_of(invocation)
    given = read_arguments(
        invocation.argv[1:], usage("text*", stops=True, read="-f --file -e --env", text="-v -c -q -p -t")
    )
    collector.options(given)
    if given.operands and not given.has("-f", "--file", "-e", "--env"):
        collector.read(".env")
    operands = given.operands
    if operands[:1] in {("run",), ("start",)}:
        operands = read_arguments(operands[1:], usage("text*", stops=True, read="-f --env-file -e")).operands
    elif operands[:1] in {("list",), ("get",), ("set",), ("unset",), ("check",)}:
        operands = ()
    run_command(collector, operands, invocation)
    return collector.effects()


def _direnv(invocation: Invocation) -> Effects:
    """``direnv exec FOLDER COMMAND``, ``direnv dotenv SHELL FILE``."""
    collector = collector_of(invocation)
    match invocation.argv[1:]:
        case ("exec", folder, *command):
            collector.read(f"{folder}/.envrc")
            run_command(collector, command, invocation)
            return collector.effects()
        case ("dotenv", _, *files):
            collector.read(*(files or [".env"]))
            return collector.effects()
        case _:
            return collector.effects(TAME_LINE)


def _entr(invocation: Invocation) -> Effects:
    """Run a command when a listed file changes; ``/_`` is the first of them."""
    collector = collector_of(invocation)
    command = read_arguments(invocation.argv[1:], usage("text*", stops=True)).operands
    for name in lines_of(invocation.stdin or "")[:_MOST_RUNS] or [UNKNOWN]:
        collector.run(name if word == "/_" else word for word in command)
        if "/_" not in command:
            break
    return collector.effects()


def _ssh_agent(invocation: Invocation) -> Effects:
    """Hold keys; with a command, for as long as that runs."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], usage("text*", stops=True, text="-t -E -O -P", write="-a"))
    collector.options(given)
    run_command(collector, given.operands, invocation)
    return collector.effects(None if given.operands else TAME_LINE)


def _each_plain() -> dict[str, Program]:
    programs: dict[str, Program] = {}
    for names, how in _PLAIN.items():
        programs |= joined(names, _wrapping(how, 0))
    for names, (how, skip) in _SKIPS.items():
        programs |= joined(names, _wrapping(how, skip))
    return programs


def _wrapping(how: Usage, skip: int) -> Program:
    return lambda invocation: _plain(how, skip, invocation)


PROGRAMS: Final[Mapping[str, Program]] = {
    **_each_plain(),
    "env": _env,
    **joined("sudo sudoedit", _sudo),
    **joined("su runuser", _su),
    "watch": _joined_command(usage("text*", stops=True, text="-n --interval -q --equexit")),
    **joined(
        "hyperfine",
        _each_operand(
            usage(
                "text*",
                text="-w --warmup -r --runs -m -M --min-runs --max-runs -N -n --command-name -u -S --shell -L",
                runs="-p --prepare -c --cleanup -s --setup",
                write="--export-json --export-markdown --export-csv",
            )
        ),
    ),
    **joined(
        "concurrently npm-run-all run-p run-s",
        _each_operand(usage("text*", text="-n --names -c --prefix-colors -m -p --prefix -k")),
    ),
    "flock": _flock,
    **joined("script scriptreplay", _script),
    "xargs": _xargs,
    "gxargs": _xargs,
    **joined("parallel sem parset env_parallel", _parallel),
    **joined("busybox toybox coreutils sbase-box ubase-box", _applet),
    **joined("tmux screen zellij byobu", _multiplexer),
    **joined("at batch", _at),
    "crontab": _crontab,
    "run-parts": _run_parts,
    "start-stop-daemon": _starter,
    "bwrap": _bwrap,
    **joined("gdb lldb", _gdb),
    **_behind_dashes(
        "doppler op infisical teller chamber aws-vault envchain summon vaultenv",
        usage("text*", text="-p --project -c --config -n", read="--env-file -f"),
    ),
    **joined("dotenv dotenvx dotenv-cli foreman honcho env-cmd", _dotenv),
    "direnv": _direnv,
    "entr": _entr,
    "ssh-agent": _ssh_agent,
}
"""Programs that run another command, by name."""
