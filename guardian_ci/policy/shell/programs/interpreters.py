"""Programs that run programs: shells, Python, Node, Perl and other interpreters, by text, by file, by module."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from guardian_ci.policy.shell.arguments import Arguments, Usage, name_set, read_arguments, usage
from guardian_ci.policy.shell.collector import Collector, is_dark
from guardian_ci.policy.shell.effects import Effects, Invocation, Language
from guardian_ci.policy.shell.encodings import bytes_of, from_base64
from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.inline import effects_of_program
from guardian_ci.policy.shell.powershell import as_shell
from guardian_ci.policy.shell.programs import packages
from guardian_ci.policy.shell.programs.table import TAME_LINE, Program, collector_of, joined, without
from guardian_ci.policy.shell.sed import edited

_PROXY_PROPERTY: Final = re.compile(r"-D(?:http|https|socks|ftp)\.?proxyHost=(.+)", re.IGNORECASE)
_SHELL: Final = usage("text*", stops=True, text="-O +O", read="--rcfile --init-file")
_VERSIONS: Final = frozenset({"--version", "-V", "-v", "--help", "-h", "-version", "version"})


def _shell(invocation: Invocation) -> Effects:
    """Run a text (``-c``), a file, or what comes on standard input."""
    collector = collector_of(invocation)
    words = list(invocation.argv[1:])
    source, text_arguments = _command_text(words)
    before = words[: words.index(source)] if source else words
    given = read_arguments(before, Usage(options={**_SHELL.options, **usage(text="-o +o").options}, stops=True))
    for option in given.options:
        if option.name in {"--rcfile", "--init-file"} and option.value:
            collector.script(option.value)
    if source is not None:
        collector.shell(source, text_arguments, invocation.stdin)
    elif given.operands and not given.has("-s"):
        file, *arguments = given.operands
        if file in {"-", "/dev/stdin", "/dev/fd/0"}:
            _run_stdin(collector, invocation, tuple(arguments))
        else:
            collector.script(file, arguments=(file, *arguments), stdin=invocation.stdin)
    elif not _VERSIONS & set(words):
        _run_stdin(collector, invocation, given.operands)
    return collector.effects(TAME_LINE if _VERSIONS & set(words[:1]) else None)


def _command_text(words: list[str]) -> tuple[str | None, tuple[str, ...]]:
    """Find the text of ``-c``, which may stand in a cluster of options, and the arguments behind it."""
    skip = False
    for position, word in enumerate(words):
        if skip:
            skip = False
            continue
        if word[:1] not in {"-", "+"} or word == "--":
            break
        skip = word in {"-O", "+O", "-o", "+o", "--rcfile", "--init-file"}
        if word[:2] != "--" and word[0] == "-" and "c" in word[1:]:
            rest = words[position + 1 :]
            at = next((index for index, each in enumerate(rest) if each[:1] not in {"-", "+"}), len(rest))
            if "--" in rest[:at]:
                at = rest.index("--") + 1
            return "".join(rest[at : at + 1]), tuple(rest[at + 1 :])
    return None, ()


def _run_stdin(collector: Collector, invocation: Invocation, arguments: tuple[str, ...]) -> None:
    if invocation.stdin is None:
        return
    if is_dark(invocation.stdin):
        collector.opaque("runs what it reads, which is not known", " ".join(invocation.argv))
    else:
        collector.shell(invocation.stdin, (invocation.argv[0], *arguments))


def _program_text(
    collector: Collector, source: str, language: Language, arguments: tuple[str, ...], invocation: Invocation
) -> str | None:
    """Note what a program text does, and return what it prints; one of which nothing is known is opaque."""
    stdin = invocation.stdin if source is not invocation.stdin else None
    effects = effects_of_program(source, language, ("-c", *arguments), stdin=stdin, environment=invocation.variables)
    collector.add(effects)
    return effects.output


_PYTHON: Final = usage("text*", stops=True, text="-c -m -W -X -Q --check-hash-based-pycs")


def _python(invocation: Invocation) -> Effects:
    """Run a text (``-c``), a module (``-m``), a file, or what comes on standard input."""
    collector = collector_of(invocation)
    words = _with_rest(list(invocation.argv[1:]), "cm")
    given = read_arguments(words, _PYTHON)
    output = None
    for option in given.options:
        if option.name == "-c":
            output = _program_text(collector, option.value or "", Language.PYTHON, given.operands, invocation)
            return collector.effects(output)
        if option.name == "-m":
            _run_module(collector, option.value or "", given.operands, invocation)
            return collector.effects()
    if given.operands and given.operands[0] not in {"-", "/dev/stdin"}:
        collector.script(given.operands[0], Language.PYTHON, given.operands, invocation.stdin)
    elif invocation.stdin is not None:
        output = _program_text(collector, invocation.stdin, Language.PYTHON, given.operands[1:], invocation)
    tame = bool(words) and words[0] in _VERSIONS
    return collector.effects(TAME_LINE if tame else output)


def _with_rest(words: list[str], letters: str) -> list[str]:
    """Put ``--`` behind an option after whose value all words are the program's own."""
    for position, word in enumerate(words):
        if word[:1] != "-" or word in {"-", "--"}:
            break
        if word[:2] == "--":
            continue
        if word[-1] in letters:
            return [*words[: position + 2], "--", *words[position + 2 :]]
        if any(letter in word[1:] for letter in letters):
            return [*words[: position + 1], "--", *words[position + 1 :]]
        if word[-1] in "WXQ":
            continue
    return words


_MODULES_BY_NAME: Final[Mapping[str, tuple[str, ...]]] = {
    "pip": ("pip",),
    "pip3": ("pip",),
    "pytest": ("pytest",),
    "unittest": ("unittest",),
    "venv": ("virtualenv",),
    "virtualenv": ("virtualenv",),
    "uv": ("uv",),
    "poetry": ("poetry",),
    "twine": ("twine",),
    "awscli": ("aws",),
    "black": ("black",),
    "ruff": ("ruff",),
    "mypy": ("mypy",),
}
_MODULES_THAT_RUN_FILES: Final = frozenset({"pdb", "cProfile", "profile", "trace", "runpy", "doctest", "coverage"})
_MODULES_OF_FILES: Final = name_set(
    "base64 json.tool tokenize ast dis tabnanny zipfile tarfile gzip compileall quopri py_compile pickle"
    " pickletools mimetypes symtable pyclbr uu filecmp difflib fileinput encodings.rot_13 bz2 lzma csv markdown"
    " zipapp netrc plistlib linecache"
)


def _run_module(collector: Collector, module: str, arguments: tuple[str, ...], invocation: Invocation) -> None:
    """Note what ``python -m`` runs."""
    if module in _MODULES_BY_NAME:
        collector.run((*_MODULES_BY_NAME[module], *arguments), stdin=invocation.stdin)
    elif module == "http.server":
        given = collector.all(arguments, usage("text*", text="-b --bind", read="-d --directory"))
        collector.read(*(() if given.has("-d", "--directory") else (".",)))
    elif module == "timeit":
        given = read_arguments(arguments, usage("text*", text="-n -r -s -u --number --repeat --setup --unit"))
        for text in (*given.operands, *given.values("-s", "--setup")):
            collector.add(effects_of_program(text, Language.PYTHON))
    elif module == "code":
        collector.add(effects_of_program(invocation.stdin or "", Language.PYTHON))
    elif module in _MODULES_THAT_RUN_FILES:
        _run_file_of_module(collector, module, arguments)
    elif module in _MODULES_OF_FILES:
        collector.all(arguments, usage("read maybe*"))
    elif UNKNOWN in module:
        collector.opaque("runs a module that is not known", module)
    else:
        collector.maybe(*arguments)


def _run_file_of_module(collector: Collector, module: str, arguments: tuple[str, ...]) -> None:
    """Note a script that a debugger, a profiler or the like runs; the debugger's commands are programs too."""
    given = read_arguments(arguments, usage("text*", stops=True, text="-c -o -s -m"))
    for text in given.values("-c") if module == "pdb" else ():
        collector.add(effects_of_program(text.removeprefix("p ").lstrip("!"), Language.PYTHON))
    operands = tuple(word for word in given.operands if word != "run")
    if operands:
        collector.script(operands[0], Language.PYTHON, operands)


class _Interpreter:
    """How an interpreter takes its program."""

    def __init__(
        self,
        language: Language,
        *,
        texts: str,
        prints: str = "",
        files: str = "",
        loops: str = "",
        text: str = "",
        read: str = "",
        subcommands: str = "",
    ) -> None:
        self.language = language
        self.texts = frozenset((texts + " " + prints).split())
        self.prints = frozenset(prints.split())
        self.files = frozenset(files.split())
        self.loops = frozenset(loops.split())
        self.subcommands = frozenset(subcommands.split())
        self.usage = usage("text*", stops=True, text=f"{texts} {prints} {text}", read=f"{files} {read}")


def _interpret(how: _Interpreter, invocation: Invocation) -> Effects:
    """Run the texts that options give; else a file, or what comes on standard input."""
    collector = collector_of(invocation)
    words = list(invocation.argv[1:])
    if words[:1] and words[0] in how.subcommands:
        del words[0]
    given = read_arguments(words, how.usage)
    collector.options(given)
    if any(module.startswith("dotenv") for module in given.values("-r", "--require", "--import")):
        collector.read(".env")  # the module reads it of itself
    texts = [(option.name, option.value or "") for option in given.options if option.name in how.texts]
    looped = any(option.name in how.loops for option in given.options)
    output = None
    for name, text in texts:
        source = f"console.log({text})" if name in how.prints and how.language is Language.NODE else text
        output = _program_text(collector, source, how.language, given.operands, invocation)
    if texts and looped:
        (collector.edit if given.has("-i") else collector.read)(*given.operands)
        return collector.effects(_looped_output(texts[0][1], invocation, given) if len(texts) == 1 else None)
    if texts:
        collector.maybe(*given.operands)
        return collector.effects(output)
    if given.operands and given.operands[0] not in {"-", "/dev/stdin"}:
        collector.script(given.operands[0], how.language, given.operands, invocation.stdin)
    elif invocation.stdin is not None and not given.has(*how.files, *_VERSIONS):
        output = _program_text(collector, invocation.stdin, how.language, given.operands[1:], invocation)
    tame = bool(words) and words[0] in _VERSIONS
    return collector.effects(TAME_LINE if tame else output)


def _looped_output(text: str, invocation: Invocation, given: Arguments) -> str | None:
    """``perl -pe 's/a/b/'`` prints what ``sed`` would."""
    if given.operands or invocation.stdin is None or not given.has("-p"):
        return None
    return edited(text.rstrip("; "), invocation.stdin, extended=True)


_NODE: Final = _Interpreter(
    Language.NODE,
    texts="-e --eval",
    prints="-p --print -pe",
    text="-C --conditions --input-type --max-old-space-size --stack-size --title --unhandled-rejections"
    " --inspect-port --loader"
    " --experimental-loader",
    read="-r --require --import --env-file --env-file-if-exists --openssl-config --icu-data-dir",
    subcommands="inspect debug",
)
_INTERPRETERS: Final[Mapping[str, _Interpreter]] = {
    "node nodejs iojs": _NODE,
    "ts-node tsx esno babel-node coffee electron qjs d8 rhino nashorn jjs": _NODE,
    "perl": _Interpreter(Language.PERL, texts="-e -E", loops="-n -p -i", text="-I -M -m -F -x -C"),
    "ruby jruby truffleruby": _Interpreter(
        Language.RUBY, texts="-e", loops="-n -p -i", text="-I -E -F -K -T -W -x --encoding", read="-r --require -C -X"
    ),
    "irb": _Interpreter(Language.RUBY, texts="-e", read="-r -I"),
    "php php-cgi hhvm": _Interpreter(
        Language.PHP,
        texts="-r --run -R --process-code -B --process-begin -E --process-end",
        text="-d --define -S --server",
        read="-f --file -F --process-file -c --php-ini -t --docroot -z",
        files="-f --file -F --process-file",
    ),
    "lua luajit luau texlua nse": _Interpreter(Language.OTHER, texts="-e", text="-l -j -O"),
    "Rscript R littler r": _Interpreter(Language.OTHER, texts="-e", files="-f --file"),
    "julia": _Interpreter(
        Language.OTHER, texts="-e --eval -E --print", read="-L --load -J --sysimage", text="-t -p -O"
    ),
    "groovy": _Interpreter(Language.OTHER, texts="-e", text="-c"),
    "scala scala-cli": _Interpreter(Language.OTHER, texts="-e --execute-script", read="-cp -classpath"),
    "kotlin kotlinc": _Interpreter(Language.OTHER, texts="-e -expression -script"),
    "elixir iex": _Interpreter(Language.OTHER, texts="-e --eval --rpc-eval", text="-S --name --sname --cookie -r -pr"),
    "erl": _Interpreter(Language.OTHER, texts="-eval", text="-s -run -sname -name -pa -pz", read="-config -args_file"),
    "ghc runghc runhaskell ghci stack-ghci": _Interpreter(Language.OTHER, texts="-e", text="-O -o"),
    "ocaml utop": _Interpreter(Language.OTHER, texts="-e", text="-I"),
    "tclsh expect wish": _Interpreter(Language.OTHER, texts="-c", files="-f"),
    "guile": _Interpreter(Language.OTHER, texts="-c", text="-L -x", files="-s -l", read="-e"),
    "sbcl clisp ecl": _Interpreter(
        Language.OTHER, texts="--eval -x -eval", files="--load --script", text="--dynamic-space-size"
    ),
    "racket mzscheme": _Interpreter(Language.OTHER, texts="-e --eval", files="-f -u -r", text="-l -p"),
    "clojure clj bb lein": _Interpreter(Language.OTHER, texts="-e --eval", text="-M -X -A -Sdeps", files="-i --init"),
    "osascript": _Interpreter(Language.OTHER, texts="-e", text="-l -s"),
    "octave octave-cli matlab": _Interpreter(Language.OTHER, texts="--eval -batch -r"),
    "gawk-like picat gst pike io newlisp": _Interpreter(Language.OTHER, texts="-e"),
    "jshell gjs": _Interpreter(Language.NODE, texts="-c --command"),
    "swipl": _Interpreter(Language.OTHER, texts="-g -t", files="-s -f"),
    "m4": _Interpreter(Language.OTHER, texts="", text="-D -U -I"),
    "gnuplot": _Interpreter(Language.OTHER, texts="-e", text="-c"),
    "swift": _Interpreter(Language.OTHER, texts="-e"),
    "nim": _Interpreter(Language.OTHER, texts="--eval -e"),
    "crystal": _Interpreter(Language.RUBY, texts="", subcommands="eval run"),
}


def _deno(invocation: Invocation) -> Effects:
    """``deno eval TEXT``, ``deno run FILE-OR-URL``; ``bun`` beside its packages."""
    collector = collector_of(invocation)
    words = list(invocation.argv[1:])
    command = words[0] if words else ""
    given = read_arguments(
        words[1:],
        usage(
            "text*",
            stops=True,
            text="--ext -T",
            read="--import-map -c --config --lock --cert --env-file --preload --reload",
        ),
    )
    collector.options(given)
    if command == "eval":
        source = "".join(given.operands[:1])
        printing = given.has("-p", "--print")
        text = f"console.log({source})" if printing else source
        return collector.effects(_program_text(collector, text, Language.NODE, given.operands[1:], invocation))
    if (
        command in {"run", "serve", "test", "bench", "x", "compile", "bundle", "install", "info", "cache", "add"}
        or "." in command
    ):
        target = command if "." in command else "".join(given.operands[:1])
        if "://" in target:
            collector.url(target)
        elif target.startswith(("npm:", "jsr:")):
            collector.registry("npmjs", target)
        elif target and target != "-":
            collector.script(target, Language.NODE, given.operands, invocation.stdin)
        elif target == "-" and invocation.stdin is not None:
            _program_text(collector, invocation.stdin, Language.NODE, (), invocation)
    else:
        collector.maybe(*given.operands)
    return collector.effects()


def _bun(invocation: Invocation) -> Effects:
    """Run a text or a file; all else that ``bun`` does is a package manager's."""
    words = invocation.argv[2:] if invocation.argv[1:2] == ("run",) else invocation.argv[1:]
    first = "".join(words[:1])
    if first in {"-e", "--eval", "-p", "--print"} or first.endswith((".js", ".ts", ".mjs", ".tsx", ".jsx", ".cjs")):
        return _interpret(_NODE, replace(invocation, argv=("bun", *words)))
    return packages.PROGRAMS["bun"](invocation)


def _power_shell(invocation: Invocation) -> Effects:
    """``pwsh -Command TEXT``, ``-EncodedCommand BASE64``, ``-File FILE``."""
    collector = collector_of(invocation)
    words = list(invocation.argv[1:])
    for position, word in enumerate(words):
        option = word.lower()
        rest = words[position + 1 :]
        if option.startswith(("-enc", "-ec")) or option == "-e":
            decoded = from_base64(rest[0] if rest else "")
            text = None if decoded is None else bytes_of(decoded).decode("utf-16-le", "replace")
            _power_shell_text(collector, text)
            return collector.effects()
        if option.startswith("-c"):
            _power_shell_text(collector, " ".join(rest))
            return collector.effects()
        if option.startswith("-f"):
            collector.script("".join(rest[:1]), Language.OTHER, tuple(rest))
            return collector.effects()
    if words and words[0][:1] != "-":
        _power_shell_text(collector, " ".join(words))
    elif invocation.stdin is not None:
        _power_shell_text(collector, invocation.stdin)
    return collector.effects()


def _power_shell_text(collector: Collector, text: str | None) -> None:
    if text is None:
        collector.opaque("runs a text that is not known", "")
    else:
        collector.shell(text if is_dark(text) else as_shell(text))


def _compiled(invocation: Invocation) -> Effects:
    """``java File.java``, ``dotnet script``, ``wine x.exe`` …: a file that is run, with its words."""
    collector = collector_of(invocation)
    for word in invocation.argv[1:]:
        if (host := _PROXY_PROPERTY.match(word)) is not None:
            collector.host(host[1])
    how = usage(
        "text*",
        stops=True,
        read="-cp -classpath --class-path -jar --module-path -p",
        text="-m --module --add-modules --add-opens",
    )
    settings = [word for word in invocation.argv[1:] if word.startswith(("-D", "-X"))]
    given = read_arguments(without(invocation.argv[1:], settings), how)
    collector.options(given)
    collector.maybe(*settings, *given.operands)
    for word in invocation.argv[1:]:
        if word.startswith("@"):
            collector.read(word[1:])
    tame = any(word in _VERSIONS for word in invocation.argv[1:2])
    return collector.effects(TAME_LINE if tame else None)


def _named(table: Mapping[str, _Interpreter]) -> dict[str, Program]:
    programs: dict[str, Program] = {}
    for names, how in table.items():
        programs |= joined(names, partial(_interpret, how))
    return programs


PROGRAMS: Final[Mapping[str, Program]] = {
    **_named(_INTERPRETERS),
    **joined("sh bash zsh dash ash ksh mksh ksh93 yash rbash fish csh tcsh posh osh elvish nu xonsh hush", _shell),
    **joined("python pypy ipython bpython jython micropython cpython pythonw", _python),
    "deno": _deno,
    "bun": _bun,
    **joined("pwsh powershell", _power_shell),
    **joined("java wine mono dotnet-script jbang", _compiled),
}
"""Programs that run programs, by name."""
