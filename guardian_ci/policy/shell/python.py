"""What a Python program does, as far as constants go: followed statement by statement, without running any of it.

Values are computed where that is safe and bounded; what is not known is ``DARK`` and stays so. Names of files that a
program lists are globs, and its conditions on them narrow these (``if 'nv' in name``).
"""

import ast
import html
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote

from guardian_ci.policy.shell.collector import Collector
from guardian_ci.policy.shell.effects import Effects, Language
from guardian_ci.policy.shell.encodings import (
    LONGEST,
    bytes_of,
    decompressed,
    from_base32,
    from_base64,
    from_hex,
    text_of,
    to_base64,
    to_hex,
)
from guardian_ci.policy.shell.facts import TAME, UNKNOWN
from guardian_ci.policy.shell.hosts import is_url
from guardian_ci.policy.shell.listings import is_listing, narrowed

_MOST_STEPS: Final = 30_000
_DEEPEST: Final = 60
_DEEPEST_CALL: Final = 6
_MOST_ITEMS: Final = 512
_LARGEST_NUMBER: Final = 1 << 64
_MOST_ROUNDS: Final = 64
_HOLE: Final = "_unknown_part_"
"""Stands in a source for ``UNKNOWN``, which is no character of Python's names."""


class _Mark(Enum):
    DARK = auto()


DARK: Final = _Mark.DARK
"""A value that is not known."""


@dataclass(frozen=True, slots=True)
class _Named:
    """Something of a module, by its full name: ``os.path.join``."""

    name: str


@dataclass(frozen=True, slots=True)
class _Path:
    """A ``pathlib.Path``."""

    text: str


@dataclass(frozen=True, slots=True)
class _Contents:
    """What is in a file, or came from a host: None. ``packs``: it is an archive that files are added to."""

    path: str | None
    packs: bool = False


@dataclass(frozen=True, slots=True)
class _Method:
    """A method of a value."""

    owner: object
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class _Routine:
    """A function that the program defines."""

    arguments: ast.arguments
    body: Sequence[ast.stmt] | ast.expr


class _TooMuch(Exception):  # noqa: N818 - caught where the program is entered: what is behind it is read as words
    pass


class _Returned(Exception):  # noqa: N818 - carries a function's value to its call
    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value


_SHELLS: Final = frozenset(
    {
        *("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "commands.getoutput"),
        *(
            "commands.getstatusoutput",
            "asyncio.create_subprocess_shell",
            "popen2.popen2",
            "os.popen2",
            "platform.popen",
        ),
        *(
            "pexpect.run",
            "pexpect.spawn",
            "invoke.run",
            "fabric.api.local",
            "posix.system",
            "nt.system",
            "IPython.system",
        ),
    }
)
_PROCESSES: Final = frozenset(
    {
        *("subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output", "subprocess.Popen"),
        *("pty.spawn", "sh.Command", "asyncio.create_subprocess_exec", "psutil.Popen", "plumbum.local"),
    }
)
_EXECS: Final = frozenset(
    f"os.{kind}{form}"
    for kind in ("exec", "spawn", "posix_spawn")
    for form in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe", "", "p")
)
_READS: Final[Mapping[str, tuple[int, ...]]] = {
    "os.listdir": (0,),
    "os.scandir": (0,),
    "os.walk": (0,),
    "os.readlink": (0,),
    "os.stat": (0,),
    "linecache.getlines": (0,),
    "linecache.getline": (0,),
    "fileinput.input": (0,),
    "runpy.run_path": (0,),
    "zipfile.ZipFile": (0,),
    "tarfile.open": (0,),
    "gzip.open": (0,),
    "bz2.open": (0,),
    "lzma.open": (0,),
    "shelve.open": (0,),
    "dbm.open": (0,),
    "sqlite3.connect": (0,),
    "ctypes.CDLL": (0,),
    "numpy.fromfile": (0,),
    "numpy.loadtxt": (0,),
    "numpy.genfromtxt": (0,),
    "numpy.memmap": (0,),
    "numpy.load": (0,),
    "dotenv.dotenv_values": (0,),
    "dotenv.load_dotenv": (0,),
    "dotenv.get_key": (0,),
    "email.message_from_file": (0,),
    "imp.load_source": (1,),
    "importlib.util.spec_from_file_location": (1,),
    "importlib.machinery.SourceFileLoader": (1,),
    "builtins.execfile": (0,),
    "tokenize.open": (0,),
    "netrc.netrc": (0,),
    "mimetypes.read_mime_types": (0,),
    "toml.load": (0,),
    "ssl.create_default_context": (),
}
_WRITES: Final[Mapping[str, tuple[int, ...]]] = {
    "os.remove": (0,),
    "os.unlink": (0,),
    "os.rmdir": (0,),
    "os.removedirs": (0,),
    "os.mkdir": (0,),
    "os.makedirs": (0,),
    "os.truncate": (0,),
    "os.chmod": (0,),
    "os.chown": (0,),
    "os.utime": (0,),
    "os.mkfifo": (0,),
    "shutil.rmtree": (0,),
}
_READS_AND_WRITES: Final[Mapping[str, str]] = {
    "shutil.copy": "rw",
    "shutil.copy2": "rw",
    "shutil.copyfile": "rw",
    "shutil.copytree": "rw",
    "shutil.move": "bw",
    "shutil.make_archive": "w-r",
    "shutil.unpack_archive": "rw",
    "os.rename": "bw",
    "os.renames": "bw",
    "os.replace": "bw",
    "os.link": "rw",
    "os.symlink": "rw",
    "zipfile.ZipFile.write": "r",
}
_SOCKETS: Final = frozenset({"connect", "connect_ex", "create_connection", "sendto", "bind_to", "open_connection"})
_HOST_FIRST: Final = frozenset(
    {
        *("http.client.HTTPConnection", "http.client.HTTPSConnection", "ftplib.FTP", "ftplib.FTP_TLS", "smtplib.SMTP"),
        *("smtplib.SMTP_SSL", "telnetlib.Telnet", "poplib.POP3", "imaplib.IMAP4", "imaplib.IMAP4_SSL", "nntplib.NNTP"),
        *("socket.gethostbyname", "socket.getaddrinfo", "socket.gethostbyname_ex", "asyncio.open_connection"),
        *(
            "httplib.HTTPConnection",
            "httplib.HTTPSConnection",
            "dns.resolver.resolve",
            "dns.resolver.query",
            "ssl.get_server_certificate",
        ),
    }
)
_FETCHES: Final = frozenset(
    {
        *("urllib.request.urlopen", "urllib.request.urlretrieve", "urllib.request.Request", "urllib.urlopen"),
        *(
            "urllib2.urlopen",
            "urllib.urlretrieve",
            "webbrowser.open",
            "xmlrpc.client.ServerProxy",
            "websocket.create_connection",
        ),
        *(
            f"{module}.{method}"
            for module in ("requests", "httpx", "aiohttp", "urllib3")
            for method in ("get", "post", "put", "patch", "delete", "head", "options", "request", "stream")
        ),
    }
)
_TEXT_ONLY: Final = (
    "re.",
    "json.",
    "math.",
    "time.",
    "datetime.",
    "random.",
    "hashlib.",
    "string.",
    "logging.",
    "platform.",
    "argparse.",
    "textwrap.",
    "sys.exit",
    "collections.",
    "itertools.",
    "functools.",
    "operator.",
    "struct.",
    "secrets.",
    "uuid.",
    "decimal.",
    "statistics.",
    "locale.",
    "unicodedata.",
    "fnmatch.",
    "importlib.metadata.",
    "importlib.util.find_spec",
    "pkg_resources.",
    "packaging.",
    "typing.",
    "enum.",
    "dataclasses.",
    "os.path.exists",
    "os.path.isfile",
    "os.path.isdir",
    "os.path.getsize",
    "os.access",
    "os.getenv",
    "os.environ",
    "os.putenv",
    "urllib.parse.",
    "ast.",
    "inspect.",
    "warnings.",
    "shlex.",
    "base64.",
    "binascii.",
    "codecs.",
    "threading.",
    "shutil.which",
    "unittest.",
    "configparser.ConfigParser",
)
_TEXT_BUILTINS: Final = frozenset(
    {
        *(
            "print",
            "len",
            "isinstance",
            "issubclass",
            "hasattr",
            "setattr",
            "repr",
            "format",
            "abs",
            "round",
            "hash",
            "id",
            "type",
        ),
        *(
            "any",
            "all",
            "min",
            "max",
            "float",
            "complex",
            "bool",
            "divmod",
            "pow",
            "callable",
            "help",
            "exit",
            "quit",
            "super",
            "property",
        ),
        *(
            "Exception",
            "ValueError",
            "RuntimeError",
            "SystemExit",
            "AssertionError",
            "KeyError",
            "TypeError",
            "OSError",
        ),
        *("set", "frozenset", "slice", "staticmethod", "classmethod", "delattr", "breakpoint", "object", "memoryview"),
    }
)
_MODULES_THAT_MATTER: Final = frozenset(
    {
        "os",
        "subprocess",
        "builtins",
        "shutil",
        "socket",
        "posix",
        "pty",
        "importlib",
        "sys",
        "io",
        "pathlib",
        "ctypes",
        "nt",
        "codecs",
    }
)
_HIDDEN: Final = frozenset(
    {
        "__subclasses__",
        "__globals__",
        "__builtins__",
        "__bases__",
        "__mro__",
        "__getattribute__",
        "__code__",
        "__loader__",
        "_module",
    }
)
_OF_TEXT: Final = frozenset(
    {
        *("replace", "lower", "upper", "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "encode", "title"),
        *(
            "capitalize",
            "swapcase",
            "removeprefix",
            "removesuffix",
            "translate",
            "partition",
            "rpartition",
            "startswith",
        ),
        *(
            "endswith",
            "find",
            "rfind",
            "index",
            "rindex",
            "count",
            "isdigit",
            "isalpha",
            "isalnum",
            "isupper",
            "islower",
            "casefold",
        ),
        *("decode", "hex", "isspace", "isidentifier"),
    }
)
_OF_COLLECTIONS: Final = frozenset(
    {
        "index",
        "count",
        "copy",
        "keys",
        "values",
        "items",
        "get",
        "append",
        "extend",
        "insert",
        "reverse",
        "pop",
        "sort",
        "clear",
        "add",
        "update",
    }
)
_SAFE_CONSTANTS: Final[Mapping[str, object]] = {
    "string.ascii_lowercase": "abcdefghijklmnopqrstuvwxyz",
    "string.ascii_uppercase": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "string.ascii_letters": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "string.digits": "0123456789",
    "string.punctuation": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "string.printable": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\n\r\v\f",
    "os.sep": "/",
    "os.path.sep": "/",
    "os.curdir": ".",
    "os.extsep": ".",
    "os.linesep": "\n",
    "os.pardir": "..",
    "os.devnull": "/dev/null",
    "sys.executable": "python",
    "sys.maxsize": 9223372036854775807,
    "__name__": "__main__",
}


def effects_of_python(
    source: str,
    arguments: Sequence[str] = (),
    stdin: str | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Effects | None:
    """Return what a program does; None where it is no Python. ``arguments`` begin with the program's own name."""
    tree = _parsed(source)
    if tree is None:
        return None
    follower = _Follower(tuple(arguments), stdin, environment)
    try:
        follower.run(tree)
    except (_TooMuch, RecursionError):
        follower.note_words(tree)
    return follower.collector.effects(follower.printed())


def _parsed(source: str) -> ast.Module | None:
    if len(source) > LONGEST:
        return None
    source = source.replace("\0", "").replace(TAME, "0")
    for text in dict.fromkeys((source, _dedented(source), source.replace(UNKNOWN, _HOLE))):
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None


def _dedented(source: str) -> str:
    lines = source.strip("\n").split("\n")
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[indent:] for line in lines)


@dataclass(slots=True)
class _Follower:
    """Follows one program; the walk costs so many steps and no more."""

    arguments: tuple[str, ...]
    stdin: str | None
    environment: Mapping[str, str]
    collector: Collector = field(default_factory=lambda: Collector("python"))
    _steps: int = _MOST_STEPS
    _depth: int = 0
    _calls: int = 0
    _output: list[str] | None = field(default_factory=list)
    _routines: dict[_Routine, bool] = field(default_factory=dict)
    _stars: list[str] = field(default_factory=list)
    _tentative: bool = False
    """Whether a function is followed that the program itself never calls."""
    _scopes: list[dict[str, object]] = field(default_factory=lambda: [{}])

    def run(self, tree: ast.Module) -> None:
        """Follow a program, then the functions that it never calls, with arguments that are not known."""
        try:
            self._block(tree.body)
        except _Returned:
            pass
        output, self._output = self._output, None
        self._tentative = True
        for routine in [routine for routine, called in self._routines.items() if not called][:_MOST_ROUNDS]:
            self._call(routine, [], {})
        self._output = output

    def printed(self) -> str | None:
        """Return what the program prints; None where that is not known."""
        return "".join(self._output) if self._output is not None else None

    def note_words(self, tree: ast.Module) -> None:
        """Note all texts of a program as words that may be files."""
        self._output = None
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                self._note_text(node.value)

    def _spend(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise _TooMuch

    # Statements

    def _block(self, statements: Sequence[ast.stmt]) -> None:
        for position, statement in enumerate(statements):
            self._spend()
            if isinstance(statement, ast.If) and _leaves(statement.body):
                self._value(statement.test)
                self._narrowed(_opposite(statement.test), statements[position + 1 :])
                self._narrowed(statement.test, statement.body)
                return
            if isinstance(statement, ast.Break | ast.Continue):
                return
            self._statement(statement)

    def _statement(self, statement: ast.stmt) -> None:  # noqa: C901, PLR0912 - one branch for each kind of statement
        match statement:
            case ast.Expr(value=value):
                self._value(value)
            case ast.Assign(targets=targets, value=value):
                result = self._value(value)
                for target in targets:
                    self._assign(target, result)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                self._assign(target, self._value(value))
            case ast.AugAssign(target=target, op=operator, value=value):
                before = self._value(_loaded(target))
                self._assign(target, self._operated(operator, before, self._value(value)))
            case ast.For() | ast.AsyncFor():
                self._for(statement)
            case ast.While(test=test, body=body, orelse=orelse):
                self._value(test)
                output, self._output = self._output, None
                self._block(body)
                self._block(orelse)
                self._output = None if output is None else [*output, UNKNOWN]
            case ast.If(test=test, body=body, orelse=orelse):
                self._value(test)
                self._branches(test, body, orelse)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                for item in items:
                    entered = self._value(item.context_expr)
                    if item.optional_vars is not None:
                        self._assign(item.optional_vars, entered)
                self._block(body)
            case ast.Try() | ast.TryStar():
                for block in (
                    statement.body,
                    *(handler.body for handler in statement.handlers),
                    statement.orelse,
                    statement.finalbody,
                ):
                    self._block(block)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                for decorator in statement.decorator_list:
                    self._value(decorator)
                self._bind(statement.name, self._routine(statement.args, statement.body))
            case ast.ClassDef():
                self._block(statement.body)
                self._bind(statement.name, DARK)
            case ast.Import(names=names):
                for alias in names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    self._bind(bound, _Named(alias.name if alias.asname else bound))
            case ast.ImportFrom(module=module, names=names):
                for alias in names:
                    if alias.name == "*":
                        self._stars.append(module or "")
                    else:
                        self._bind(alias.asname or alias.name, _Named(f"{module or ''}.{alias.name}"))
            case ast.Return(value=value):
                raise _Returned(None if value is None else self._value(value))
            case ast.Match(subject=subject, cases=cases):
                self._value(subject)
                for case in cases:
                    self._block(case.body)
            case _:
                for node in ast.iter_child_nodes(statement):
                    if isinstance(node, ast.expr):
                        self._value(node)

    def _branches(self, test: ast.expr, body: Sequence[ast.stmt], orelse: Sequence[ast.stmt]) -> None:
        output = self._output
        known = self._value(test) if _is_about_main(test) else DARK
        if known is DARK and output is not None:
            self._output = None
        self._narrowed(test, body)
        self._narrowed(_opposite(test), orelse)
        if known is DARK and output is not None:
            self._output = [*output, UNKNOWN]

    def _for(self, statement: ast.For | ast.AsyncFor) -> None:
        items = self._items(self._value(statement.iter))
        if items is None:
            output, self._output = self._output, None
            self._assign(statement.target, DARK)
            self._block(statement.body)
            self._output = None if output is None else [*output, UNKNOWN]
        else:
            for item in items[:_MOST_ROUNDS]:
                self._assign(statement.target, item)
                self._block(statement.body)
        self._block(statement.orelse)

    def _routine(self, arguments: ast.arguments, body: Sequence[ast.stmt] | ast.expr) -> _Routine:
        routine = _Routine(arguments, body)
        self._routines[routine] = False
        return routine

    # Names

    def _bind(self, name: str, value: object) -> None:
        self._scopes[-1][name] = value

    def _look_up(self, name: str) -> object:
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        if name == _HOLE:
            return UNKNOWN
        for star in self._stars:
            if _is_known(f"{star}.{name}"):
                return _Named(f"{star}.{name}")
        return _SAFE_CONSTANTS.get(name, _Named(f"builtins.{name}"))

    def _assign(self, target: ast.expr, value: object) -> None:
        match target:
            case ast.Name(id=name):
                self._bind(name, value)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                items = self._items(value)
                for position, part in enumerate(parts):
                    known = items is not None and position < len(items) and not isinstance(part, ast.Starred)
                    self._assign(part, items[position] if known and items is not None else DARK)
            case ast.Starred(value=inner):
                self._assign(inner, DARK)
            case ast.Subscript(value=owner, slice=index):
                self._assign_item(self._value(owner), self._value(index), value)
            case _:
                for child in ast.iter_child_nodes(target):
                    if isinstance(child, ast.expr):
                        self._value(child)

    def _assign_item(self, owner: object, index: object, value: object) -> None:
        if isinstance(owner, _Named) and owner.name == "sys.argv" and isinstance(value, str):
            self.collector.maybe(value)
        elif isinstance(owner, dict) and isinstance(index, str | int) and len(owner) < _MOST_ITEMS:
            owner[index] = value
        elif isinstance(owner, list) and isinstance(index, int) and -len(owner) <= index < len(owner):
            owner[index] = value

    # Expressions

    def _value(self, node: ast.expr) -> object:
        self._spend()
        if self._depth > _DEEPEST:
            return DARK
        self._depth += 1
        try:
            value = self._evaluated(node)
        except (
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            AttributeError,
            OverflowError,
            ArithmeticError,
            LookupError,
            MemoryError,
        ):
            value = DARK
        finally:
            self._depth -= 1
        return value if _is_small(value) else DARK

    def _evaluated(self, node: ast.expr) -> object:  # noqa: C901, PLR0911, PLR0912 - one branch for each kind of expression
        match node:
            case ast.Constant(value=constant):
                return constant.replace(_HOLE, UNKNOWN) if isinstance(constant, str) else constant
            case ast.Name(id=name):
                return self._look_up(name)
            case ast.Attribute(value=owner, attr=name):
                return self._attribute(self._value(owner), name)
            case ast.Call():
                return self._called(node)
            case ast.BinOp(left=left, op=operator, right=right):
                return self._operated(operator, self._value(left), self._value(right))
            case ast.JoinedStr(values=values):
                return "".join(_text(self._value(value)) for value in values)
            case ast.FormattedValue(value=value, format_spec=spec):
                return self._formatted(self._value(value), None if spec is None else self._value(spec))
            case ast.Subscript(value=owner, slice=index):
                return self._item(self._value(owner), index)
            case ast.List(elts=parts) | ast.Set(elts=parts):
                return self._parts(parts)
            case ast.Tuple(elts=parts):
                return tuple(self._parts(parts))
            case ast.Dict(keys=keys, values=values):
                return self._dictionary(keys, values)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                return self._comprehension(node.elt, node.generators)
            case ast.DictComp():
                self._comprehension(node.value, node.generators)
                return DARK
            case ast.Lambda(args=arguments, body=body):
                return _Routine(arguments, body)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self._value(test)
                return _either(self._value(body), self._value(orelse))
            case ast.BoolOp(values=values):
                results = [self._value(value) for value in values]
                return next((result for result in results if result not in (None, "", DARK)), DARK)
            case ast.UnaryOp(op=operator, operand=operand):
                value = self._value(operand)
                return -value if isinstance(operator, ast.USub) and isinstance(value, int) else DARK
            case ast.NamedExpr(target=target, value=value):
                result = self._value(value)
                self._assign(target, result)
                return result
            case ast.Await(value=value) | ast.Starred(value=value):
                return self._value(value)
            case _:
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self._value(child)
                return DARK

    def _parts(self, parts: Sequence[ast.expr]) -> list[object]:
        values: list[object] = []
        for part in parts[:_MOST_ITEMS]:
            value = self._value(part)
            if isinstance(part, ast.Starred):
                values += self._items(value) or [DARK]
            else:
                values.append(value)
        return values

    def _dictionary(self, keys: Sequence[ast.expr | None], values: Sequence[ast.expr]) -> dict[object, object]:
        found: dict[object, object] = {}
        for key, value in zip(keys, values, strict=True):
            name = None if key is None else self._value(key)
            result = self._value(value)
            if isinstance(name, str | int | bytes):
                found[name] = result
        return found

    def _comprehension(self, element: ast.expr, generators: Sequence[ast.comprehension]) -> object:
        self._scopes.append({})
        try:
            results: list[object] = []
            complete = self._generate(element, list(generators), results)
        finally:
            self._scopes.pop()
        return results if complete else DARK

    def _generate(self, element: ast.expr, generators: list[ast.comprehension], results: list[object]) -> bool:
        if not generators:
            results.append(self._value(element))
            return True
        first, *others = generators
        items = self._items(self._value(first.iter))
        complete = items is not None
        for item in (items if items is not None else [DARK])[:_MOST_ITEMS]:
            self._assign(first.target, item)
            saved = dict(self._scopes[-1])
            for _ in self._under(first.ifs):
                complete = self._generate(element, others, results) and complete
            self._scopes[-1] = saved
        return complete

    def _under(self, tests: Sequence[ast.expr]) -> Iterator[None]:
        """Yield once for each reading of the names that some tests leave."""
        if not tests:
            yield
            return
        self._value(tests[0])
        for _ in self._readings(tests[0]):
            yield from self._under(tests[1:])

    # Names of files that are listed, and the conditions on them

    def _narrowed(self, test: ast.expr, body: Sequence[ast.stmt]) -> None:
        for _ in self._readings(test):
            self._block(body)

    def _readings(self, test: ast.expr) -> Iterator[None]:
        """Yield once for each glob that a test leaves of a listed name, with the name bound to it."""
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
            yield from self._all_readings(test.values)
            return
        narrowing = self._narrowing(test)
        if narrowing is None:
            yield
            return
        name, before, globs = narrowing
        for glob in globs:
            self._bind(name, _Path(glob) if isinstance(before, _Path) else glob)
            yield
        self._bind(name, before)

    def _all_readings(self, tests: Sequence[ast.expr]) -> Iterator[None]:
        if not tests:
            yield
            return
        for _ in self._readings(tests[0]):
            yield from self._all_readings(tests[1:])

    def _narrowing(self, test: ast.expr) -> tuple[str, object, list[str]] | None:
        how, subject, part = _test_of_name(test)
        if subject is None or part is None:
            return None
        before = self._look_up(subject)
        text = before.text if isinstance(before, _Path) else before
        wanted = self._value(part)
        if not isinstance(text, str) or not is_listing(text) or not isinstance(wanted, str) or not wanted:
            return None
        folder, slash, name = text.rpartition("/")
        if name not in {"*", ".*", "**"}:
            return None
        hidden = name == ".*"
        globs = {
            "in": [f".*{wanted}*"] if hidden else [f"*{wanted}*"],
            "startswith": [f"{wanted}*"] if (wanted[0] == ".") is hidden or name == "**" else [],
            "endswith": [f".*{wanted}", *([wanted] if wanted[0] == "." else [])] if hidden else [f"*{wanted}"],
            "==": [wanted] if (wanted[0] == ".") is hidden or name == "**" else [],
            "match": [wanted],
            "search": [glob.rpartition("/")[2] for glob in narrowed(text, wanted, extended=True) or ()],
        }[how]
        return subject, before, [folder + slash + glob for glob in globs]

    # Attributes and items

    def _attribute(self, owner: object, name: str) -> object:
        if name in _HIDDEN:
            self.collector.opaque("reaches for what a name hides", name)
            return DARK
        if isinstance(owner, _Named):
            full = f"{owner.name}.{name}"
            if full == "sys.argv":
                return list(self.arguments) if self.arguments else _Named(full)
            if full in _SAFE_CONSTANTS:
                return _SAFE_CONSTANTS[full]
            return _Named(full.removeprefix("builtins.__builtins__.").replace("six.moves.", ""))
        if isinstance(owner, _Path):
            base = owner.text.rstrip("/")
            parts: Mapping[str, object] = {
                "name": base.rpartition("/")[2],
                "path": owner.text,
                "stem": base.rpartition("/")[2].rpartition(".")[0] or base,
                "parent": _Path(base.rpartition("/")[0] or "."),
                "suffix": "." + base.rpartition(".")[2],
            }
            if name in parts:
                return parts[name]
        return _Method(owner, name)

    def _item(self, owner: object, index: ast.expr) -> object:
        if isinstance(index, ast.Slice):
            bounds = [None if part is None else self._value(part) for part in (index.lower, index.upper, index.step)]
            if isinstance(owner, str) and UNKNOWN in owner:
                return UNKNOWN
            known = [bound for bound in bounds if bound is None or isinstance(bound, int)]
            if isinstance(owner, str | bytes | list | tuple) and len(known) == len(bounds):
                return owner[slice(*known)]
            return DARK
        key = self._value(index)
        if isinstance(owner, _Named):
            return self._item_of_module(owner.name, key)
        if isinstance(owner, str) and UNKNOWN in owner:
            return UNKNOWN
        if isinstance(owner, list | tuple) and any(_is_listed(item) for item in owner):
            return owner[0] if len(owner) == 1 and _says_something(owner[0]) else UNKNOWN
        if isinstance(owner, str | bytes | list | tuple) and isinstance(key, int):
            return owner[key]
        return owner.get(key, DARK) if isinstance(owner, dict) and isinstance(key, str | int | bytes) else DARK

    def variable(self, name: object) -> object:
        """Return what a variable of the environment stands for."""
        return self.environment[name] if isinstance(name, str) and name in self.environment else _variable(name)

    def _item_of_module(self, name: str, key: object) -> object:
        if name == "os.environ":
            return self.variable(key)
        if name.endswith("__dict__") or name in {"sys.modules", "builtins.__builtins__"}:
            if isinstance(key, str) and UNKNOWN not in key:
                return _Named(
                    key
                    if name == "sys.modules"
                    else f"{name.removesuffix('.__dict__')}.{key}".replace("__builtins__.", "")
                )
            self.collector.opaque("reaches for what a name hides", name)
        return DARK

    # Calls

    def _called(self, node: ast.Call) -> object:
        function = self._value(node.func)
        values = self._parts(node.args)
        named = {word.arg: self._value(word.value) for word in node.keywords if word.arg is not None}
        for word in node.keywords:
            if word.arg is None and isinstance(extra := self._value(word.value), dict):
                named |= {key: value for key, value in extra.items() if isinstance(key, str)}
        if isinstance(function, _Routine):
            return self._call(function, values, named)
        if isinstance(function, _Method):
            return self._method(function.owner, function.name, values, named)
        if isinstance(function, _Named):
            return self._function(function.name.removeprefix("builtins."), values, named)
        self._note_arguments("", values, named)
        return DARK

    def _call(self, routine: _Routine, values: list[object], named: Mapping[str, object]) -> object:
        self._routines[routine] = True
        if self._calls >= _DEEPEST_CALL:
            return DARK
        self._calls += 1
        names = [argument.arg for argument in (*routine.arguments.posonlyargs, *routine.arguments.args)]
        scope: dict[str, object] = dict.fromkeys(names, DARK)
        for default, name in zip(reversed(routine.arguments.defaults), reversed(names), strict=False):
            scope[name] = self._value(default)
        for special in (routine.arguments.vararg, routine.arguments.kwarg):
            if special is not None:
                scope[special.arg] = DARK
        for only, default_value in zip(routine.arguments.kwonlyargs, routine.arguments.kw_defaults, strict=True):
            scope[only.arg] = DARK if default_value is None else self._value(default_value)
        scope |= dict(zip(names, values, strict=False)) | {
            name: value for name, value in named.items() if name in scope
        }
        self._scopes.append(scope)
        try:
            if isinstance(routine.body, ast.expr):
                return self._value(routine.body)
            self._block(routine.body)
        except _Returned as returned:
            return returned.value
        finally:
            self._scopes.pop()
            self._calls -= 1
        return None

    def _function(self, name: str, values: list[object], named: dict[str, object]) -> object:
        """Do what a function of the library does, or note what it is given."""
        if name in _PURE:
            return _PURE[name](self, values, named)
        if name.startswith(("str.", "bytes.")) and values:
            return self._method(values[0], name.partition(".")[2], values[1:], named)
        if (name in {"min", "max"} or name.startswith("random.")) and any(
            isinstance(value, list) and any(map(_is_listed, value)) for value in values
        ):
            return UNKNOWN
        if name in _SHELLS:
            self._shell(values[0] if values else named.get("cmd", DARK))
        elif name in _PROCESSES or name in _EXECS:
            self._process(name, values, named)
        elif name in _READS:
            self._read(*(values[at] for at in _READS[name] if at < len(values)))
            return self._after_read(name, values, named)
        elif name in {"os.chdir", "contextlib.chdir"}:
            self.collector.folder = _text(values[0]) if values else ""
        elif name in _WRITES:
            self._write(*(values[at] for at in _WRITES[name] if at < len(values)))
        elif name in _READS_AND_WRITES:
            for kind, value in zip(_READS_AND_WRITES[name], values, strict=False):
                if kind in "rb":
                    self._read(value)
                if kind in "wb":
                    self._write(value)
        elif name in _HOST_FIRST:
            self._host(values[0] if values else named.get("host", DARK))
        elif name in _FETCHES:
            self._fetch(values, named)
            return _Contents(None)
        elif name.startswith("sh.") and name.count(".") == 1:
            self.collector.run((name[3:], *map(_text, values)))
        elif name.rpartition(".")[2] in _SOCKETS:
            self._connect(values)
        elif not (name.startswith(_TEXT_ONLY) or name in _TEXT_BUILTINS):
            self._note_arguments(name, values, named)
        return DARK

    def _after_read(self, name: str, values: list[object], named: Mapping[str, object]) -> object:
        where = _text(values[0]) if values else "."
        if name == "os.listdir":
            return ["*", ".*"]
        if name == "os.scandir":
            return [_Path(f"{where}/*"), _Path(f"{where}/.*")]
        if name == "os.walk":
            return [(f"{where}/**", [], ["*", ".*"])]
        if name.startswith("dotenv.") and not values:
            self._read(named.get("dotenv_path", named.get("path", ".env")))
        if name == "builtins.execfile":
            self.collector.script(where, Language.PYTHON)
        if name in {"zipfile.ZipFile", "tarfile.open"}:
            return _Contents(where, packs=True)
        return _Contents(where) if name not in {"os.stat", "sqlite3.connect", "ctypes.CDLL"} else DARK

    def _method(self, owner: object, name: str, values: list[object], named: dict[str, object]) -> object:
        if isinstance(owner, _Path):
            return self._method_of_path(owner, name, values, named)
        if isinstance(owner, str | bytes) and name == "join" and values:
            items = self._items(values[0])
            if items is None:
                return UNKNOWN
            glue = _text(owner)
            text = glue.join(map(_text, items))
            return text if isinstance(owner, str) else bytes_of(text)
        if isinstance(owner, str) and name in {"format", "format_map"}:
            return _filled(owner, values, named)
        if isinstance(owner, str | bytes) and name in {"rjust", "ljust", "center", "zfill"}:
            return getattr(owner, name)(*values) if isinstance(values[0], int) and values[0] < LONGEST else DARK
        if isinstance(owner, str | bytes) and name in _OF_TEXT:
            if (
                isinstance(owner, str)
                and UNKNOWN in owner
                and name not in {"replace", "lower", "upper", "encode", "strip"}
            ):
                return DARK
            arguments = [
                bytes_of(value) if isinstance(owner, bytes) and isinstance(value, str) and name != "decode" else value
                for value in values
            ]
            return _of_text(owner, name, arguments)
        if isinstance(owner, list | dict) and name in _OF_COLLECTIONS:
            return getattr(owner, name)(*values) if len(owner) < _MOST_ITEMS else DARK
        if isinstance(owner, _Contents):
            return self._method_of_contents(owner, name, values)
        if isinstance(owner, int) and name == "to_bytes" and isinstance(values[0], int) and values[0] < LONGEST:
            return owner.to_bytes(
                values[0], "big" if _text(values[1] if len(values) > 1 else "big") == "big" else "little"
            )
        return self._method_of_unknown(name, values, named)

    def _method_of_contents(self, owner: _Contents, name: str, values: list[object]) -> object:
        if name in {"read", "readline", "decode", "strip", "read_text", "getvalue", "rstrip", "content", "encode"}:
            return owner
        if owner.packs and name in {"write", "add", "extract"}:
            self._read(*values[:1])
        elif name in {"get", "post", "put", "request", "open"}:
            self._fetch(values, {})
        return DARK

    def _method_of_unknown(self, name: str, values: list[object], named: Mapping[str, object]) -> object:
        if name in _SOCKETS:
            self._connect(values)
        elif name == "get_credentials":
            self.collector.read("~/.aws/credentials")
        elif name in {"system", "popen", "getoutput", "exec_command", "run_line_magic"}:
            self._shell(values[-1] if values else DARK)
        elif name in {
            "read_text",
            "read_bytes",
            "get_data",
            "open",
            "read",
            "read_csv",
            "read_table",
            "read_json",
            "send_file",
            "from_file",
        }:
            self._read(*(value for value in values[:1] if isinstance(value, str | _Path)))
            return _Contents(_text(values[0]) if values else "")
        elif name not in {
            "add_argument",
            "info",
            "debug",
            "warning",
            "error",
            "log",
            "group",
            "assertEqual",
            "cursor",
            "execute",
        }:
            self._note_arguments(name, values, named)
        return DARK

    def _method_of_path(self, owner: _Path, name: str, values: list[object], named: dict[str, object]) -> object:
        base = owner.text.rstrip("/")
        match name:
            case "read_text" | "read_bytes":
                self._read(owner)
                return _Contents(owner.text)
            case "open":
                return self._open([owner, *values], named)
            case "write_text" | "write_bytes" | "unlink" | "touch" | "mkdir" | "rmdir" | "chmod":
                self._write(owner)
            case "rename" | "replace" | "move":
                self._read(owner)
                self._write(owner, *values[:1])
            case "copy":
                self._read(owner)
                self._write(*values[:1])
            case "symlink_to" | "hardlink_to" | "link_to":
                self._read(*values[:1])
                self._write(owner)
            case "joinpath":
                return _Path("/".join([base, *map(_text, values)]))
            case "with_name":
                return _Path(f"{base.rpartition('/')[0] or '.'}/{_text(values[0])}")
            case "with_suffix":
                return _Path(base.rpartition(".")[0] + _text(values[0]) if "." in base[1:] else base + _text(values[0]))
            case "iterdir":
                self._read(owner)
                return [_Path(f"{base}/*"), _Path(f"{base}/.*")]
            case "glob" | "rglob":
                pattern = _text(values[0]) if values else "*"
                return [_Path(f"{base}/**/{pattern}" if name == "rglob" else f"{base}/{pattern}")]
            case "expanduser" | "resolve" | "absolute":
                return owner
            case "as_posix" | "__str__":
                return owner.text
        return DARK

    # What is done

    def _open(self, values: list[object], named: Mapping[str, object]) -> object:
        path = values[0] if values else named.get("file", DARK)
        mode = values[1] if len(values) > 1 else named.get("mode", "r")
        if isinstance(path, int):
            return DARK
        letters = mode if isinstance(mode, str) else "r+"
        if "r" in letters or "+" in letters or not set(letters) & set("wax"):
            self._read(path)
        if set(letters) & set("wax+"):
            self._write(path)
        return _Contents(_text(path))

    def _read(self, *paths: object) -> None:
        for path in paths:
            for text in self._paths(path):
                self.collector.read(text)

    def _write(self, *paths: object) -> None:
        for path in paths:
            for text in self._paths(path):
                self.collector.write(text)

    def _paths(self, value: object) -> list[str]:
        """Return the paths that a value is; a value of which nothing at all is known is an ordinary variable."""
        values = value if isinstance(value, list | tuple) else [value]
        texts = [_text(item) for item in values if isinstance(item, str | bytes | _Path | _Contents)]
        return [] if self._tentative and UNKNOWN in "".join(texts) else texts

    def _host(self, value: object) -> None:
        text = _text(value)
        if UNKNOWN in text:
            self.collector.somewhere(text)
        else:
            self.collector.host(text)

    def _connect(self, values: list[object]) -> None:
        for value in values:
            if isinstance(value, tuple | list) and value:
                self._host(value[0])
            elif isinstance(value, str):
                self._host(value)

    def _fetch(self, values: list[object], named: Mapping[str, object]) -> None:
        words = [*values[:2], *(named[name] for name in ("url", "base_url", "proxies", "proxy") if name in named)]
        urls = [text for word in words for text in _strings(word) if is_url(text)]
        for url in urls:
            self.collector.url(url)
        if not urls and any(word is DARK or (isinstance(word, str) and UNKNOWN in word) for word in words[:2]):
            self.collector.somewhere("a URL")
        for name in ("data", "files", "json", "content"):
            for text in _strings(named.get(name)):
                if is_url(text):
                    self.collector.url(text)

    def _shell(self, command: object) -> None:
        text = _text(command)
        if isinstance(command, list | tuple):
            self._process("subprocess.run", [command], {})
        elif not (self._tentative and UNKNOWN in text):
            self.collector.shell(text)

    def _process(self, name: str, values: list[object], named: Mapping[str, object]) -> None:
        if name in _EXECS:
            skip = 2 if "spawn" in name and "posix" not in name else 1
            words = [text for value in values[skip:] for text in _strings(value)]
            self.collector.run(words or [_text(value) for value in values[:1]])
            return
        if name == "asyncio.create_subprocess_exec":
            self.collector.run(map(_text, values))
            return
        command = values[0] if values else named.get("args", DARK)
        through_shell = named.get("shell", False)
        given = named.get("input")
        stdin = given if isinstance(given, str) else text_of(given) if isinstance(given, bytes) else None
        if isinstance(command, list | tuple):
            words = [_text(item) for item in command]
            if through_shell is True:
                self.collector.shell(words[0] if words else "", tuple(words[1:]), stdin)
            elif words and words[0] == UNKNOWN:
                if self._tentative:
                    return
                self.collector.opaque("runs a program that is not known", " ".join(words))
            else:
                self.collector.run(words, stdin=stdin)
        elif isinstance(command, str | bytes):
            self.collector.shell(_text(command), stdin=stdin)
        elif command is not None and not self._tentative:
            self.collector.opaque("runs a command that is not known", name)

    def _execute(self, source: object) -> None:
        """``exec`` and ``eval``."""
        if isinstance(source, _Contents) and source.path is not None and source.path.endswith((".py", UNKNOWN)):
            self.collector.script(source.path, Language.PYTHON)
            return
        text = _text(source)
        if isinstance(source, str | bytes) and text.strip(UNKNOWN):
            tree = _parsed(text)
            if tree is not None and self._calls < _DEEPEST_CALL:
                self._calls += 1
                self._block(tree.body)
                self._calls -= 1
        elif not self._tentative:
            self.collector.opaque("runs a program that is not known", "exec")

    def _note_arguments(self, name: str, values: Iterable[object], named: Mapping[str, object]) -> None:
        """Note the texts that a function is given of which nobody knows what it does."""
        del name
        for value in (*values, *named.values()):
            for text in _strings(value):
                self._note_text(text)

    def _note_text(self, text: str) -> None:
        if is_url(text):
            self.collector.url(text)
        elif text and len(text) < 1024 and "\n" not in text and UNKNOWN not in text:  # noqa: PLR2004 - no path is longer
            self.collector.read(text, sure=False)
            self.collector.write(text, sure=False)

    # Values

    def _items(self, value: object) -> list[object] | None:
        """Return what a value yields when it is iterated."""
        match value:
            case list() | tuple() | range():
                return list(value[:_MOST_ITEMS])
            case str() if UNKNOWN not in value:
                return list(value[:_MOST_ITEMS])
            case bytes():
                return list(value[:_MOST_ITEMS])
            case dict():
                return list(value)[:_MOST_ITEMS]
            case _Named(name="sys.stdin"):
                return (
                    None if self.stdin is None or UNKNOWN in self.stdin else list(self.stdin.splitlines(keepends=True))
                )
        return None

    def _operated(self, operator: ast.operator, left: object, right: object) -> object:
        match operator:
            case ast.Add():
                return _added(left, right)
            case ast.Mult() if isinstance(right, int) and isinstance(left, str | bytes | list):
                return left * max(right, 0) if len(left) * max(right, 0) <= LONGEST else DARK
            case ast.Mult() if isinstance(left, int) and isinstance(right, str | bytes | list):
                return right * max(left, 0) if len(right) * max(left, 0) <= LONGEST else DARK
            case ast.Mod() if isinstance(left, str):
                return _percent(left, right)
            case ast.Div() if isinstance(left, _Path) or isinstance(right, _Path):
                return _joined_path(_text(left), _text(right))
            case ast.Div() if left is DARK and isinstance(right, str):
                return _Path(f"{UNKNOWN}/{right}")
        if (
            isinstance(left, int)
            and isinstance(right, int)
            and abs(left) < _LARGEST_NUMBER
            and abs(right) < _LARGEST_NUMBER
        ):
            return _calculated(operator, left, right)
        return DARK

    def _formatted(self, value: object, spec: object) -> str:
        if isinstance(spec, str) and spec and isinstance(value, int | str) and len(spec) < 6 and UNKNOWN not in spec:  # noqa: PLR2004 - no wide field
            return format(value, spec) if not any(digits > 4 for digits in map(len, _digits(spec))) else UNKNOWN  # noqa: PLR2004
        return _text(value)


def _is_known(name: str) -> bool:
    tables = (_PURE, _SHELLS, _PROCESSES, _EXECS, _READS, _WRITES, _READS_AND_WRITES, _FETCHES, _HOST_FIRST)
    return any(name in table for table in tables)


def _digits(spec: str) -> list[str]:
    return ["".join(character for character in spec if character.isdigit())]


def _calculated(operator: ast.operator, left: int, right: int) -> object:
    match operator:
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.FloorDiv():
            return left // right
        case ast.Mod():
            return left % right
        case ast.BitXor():
            return left ^ right
        case ast.BitAnd():
            return left & right
        case ast.BitOr():
            return left | right
        case ast.LShift() if right < 128:  # noqa: PLR2004 - what is followed is no larger
            return left << right
        case ast.RShift():
            return left >> right
        case _:
            return DARK


def _added(left: object, right: object) -> object:
    for kind in (bytes, list, tuple):
        if isinstance(left, kind) and isinstance(right, kind):
            return left + right  # type: ignore[operator]
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    if isinstance(left, str) or isinstance(right, str):
        return _text(left) + _text(right)
    return DARK


def _joined_path(left: str, right: str) -> _Path:
    return _Path(right if right.startswith("/") else f"{left.rstrip('/')}/{right}" if left not in {"", "."} else right)


def _percent(form: str, values: object) -> object:
    """Fill a ``%`` form piece by piece; what is not known leaves its gap."""
    left = list(reversed(values)) if isinstance(values, tuple) else [values]
    parts: list[str] = []
    pieces = form.split("%")
    parts.append(pieces[0])
    position = 1
    while position < len(pieces):
        piece = pieces[position]
        position += 1
        if not piece:
            parts.append("%" + (pieces[position] if position < len(pieces) else ""))
            position += 1
            continue
        width = len(piece) - len(piece.lstrip("0123456789.-+# "))
        letter, rest = piece[width : width + 1], piece[width + 1 :]
        if piece.startswith("(") or width > 6:  # noqa: PLR2004 - a wide field
            return DARK
        value = left.pop() if left else DARK
        if letter == "c":
            text = chr(value) if isinstance(value, int) else _text(value)
        elif letter in "xXo" and isinstance(value, int):
            text = format(value, piece[:width].replace("-", "") + letter)
        else:
            text = _text(value)
        parts += [text, rest]
    return "".join(parts)


def _filled(form: str, values: Sequence[object], named: Mapping[str, object]) -> str:
    """Fill a ``{}`` form; what is not known leaves its gap."""
    parts: list[str] = []
    position, number = 0, 0
    while position < len(form):
        character = form[position]
        if form.startswith(("{{", "}}"), position):
            parts.append(character)
            position += 2
        elif character == "{":
            end = form.find("}", position)
            end = len(form) if end < 0 else end
            name, _, spec = form[position + 1 : end].partition(":")
            name = name.partition("!")[0]
            key = name or str(number)
            number += not name
            value = values[int(key)] if key.isdigit() and int(key[:4]) < len(values) else named.get(key, DARK)
            parts.append(chr(value) if spec == "c" and isinstance(value, int) else _text(value))
            position = end + 1
        else:
            parts.append(character)
            position += 1
    return "".join(parts)


def _of_text(owner: str | bytes, name: str, values: list[object]) -> object:
    if (
        name in {"replace", "translate"}
        and sum(len(value) for value in values if isinstance(value, str | bytes)) * len(owner) > LONGEST
    ):
        return DARK
    if name == "decode" and isinstance(owner, bytes):
        codec = _text(values[0]) if values else "utf-8"
        return (
            text_of(owner) if codec.lower().replace("-", "") in {"utf8", "ascii", "latin1"} else _decoded(owner, codec)
        )
    if name == "encode" and isinstance(owner, str):
        return owner.encode("utf-8", "replace")
    if name in {"decode", "encode"} or any(value is DARK or isinstance(value, _Named | _Contents) for value in values):
        return DARK
    return getattr(owner, name)(*values)


def _decoded(data: object, codec: str) -> object:
    text = _text(data)
    match codec.lower().replace("-", "").replace("_", ""):
        case "rot13":
            return "".join(_rotated(character) for character in text)
        case "hex" | "hexcodec":
            found = from_hex(text)
        case "base64" | "base64codec":
            found = from_base64(text)
        case "zlib" | "zip" | "bz2" | "gzip":
            found = decompressed(text)
        case "utf8" | "ascii" | "latin1":
            return text
        case "unicodeescape" | "stringescape":
            from guardian_ci.policy.shell.encodings import unescaped  # noqa: PLC0415

            return unescaped(text)
        case "utf16" | "utf16le":
            return bytes_of(text).decode("utf-16-le", "replace")
        case _:
            return DARK
    return DARK if found is None else found


def _rotated(character: str) -> str:
    for first in "aA":
        if 0 <= ord(character) - ord(first) < 26:  # noqa: PLR2004 - letters of the alphabet
            return chr((ord(character) - ord(first) + 13) % 26 + ord(first))
    return character


def _text(value: object) -> str:
    """Return a value as text; ``UNKNOWN`` for what is not known of it."""
    match value:
        case str():
            return value
        case bytes():
            return text_of(value)
        case bool() | int() | float() | None:
            return str(value)
        case _Path(text=text):
            return text
        case list() | tuple() if all(isinstance(item, str | int) for item in value):
            return str(value)
        case _:
            return UNKNOWN


def _strings(value: object, depth: int = 0) -> list[str]:
    """Return the texts in a value."""
    match value:
        case str():
            return [value]
        case bytes():
            return [text_of(value)]
        case _Path(text=text):
            return [text]
        case list() | tuple() if depth < 4:  # noqa: PLR2004 - texts lie no deeper
            return [text for item in value[:_MOST_ITEMS] for text in _strings(item, depth + 1)]
        case dict() if depth < 4:  # noqa: PLR2004
            return [text for item in value.values() for text in _strings(item, depth + 1)]
        case _:
            return []


def _is_small(value: object) -> bool:
    if isinstance(value, str | bytes | list | tuple | dict):
        return len(value) <= LONGEST
    return not isinstance(value, int) or abs(value) < _LARGEST_NUMBER << _LARGEST_NUMBER.bit_length()


def _is_listed(value: object) -> bool:
    return is_listing(_text(value)) if isinstance(value, str | _Path) else False


def _says_something(value: object) -> bool:
    return bool(_text(value).rpartition("/")[2].strip("*.?"))


def _variable(name: object) -> object:
    """Return what a variable of the environment stands for: the home folder, or something nobody knows."""
    if name == "HOME":
        return "~"
    if name == "PWD":
        return "."
    if name == "USER":
        return TAME
    return f"${name}" if isinstance(name, str) and name.isidentifier() else DARK


def _either(left: object, right: object) -> object:
    return right if left is DARK or left is None else left


def _is_about_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) or (
        isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"
    )


def _leaves(body: Sequence[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Continue)


def _opposite(test: ast.expr) -> ast.expr:
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return operand
        case ast.Compare(left=left, ops=[ast.NotIn()], comparators=right):
            return ast.Compare(left=left, ops=[ast.In()], comparators=right)
        case ast.Compare(left=left, ops=[ast.NotEq()], comparators=right):
            return ast.Compare(left=left, ops=[ast.Eq()], comparators=right)
        case _:
            return ast.Constant(value=None)


def _loaded(target: ast.expr) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.Name(id=target.id, ctx=ast.Load())
    return ast.Constant(value=None)


def _test_of_name(test: ast.expr) -> tuple[str, str | None, ast.expr | None]:
    """Read ``'x' in name``, ``name.startswith('x')``, ``name == 'x'``: the kind, the name, the part."""
    match test:
        case ast.Compare(left=part, ops=[ast.In()], comparators=[subject]):
            return "in", _name_in(subject), part
        case ast.Compare(left=subject, ops=[ast.Eq()], comparators=[part]) if _name_in(subject) is not None:
            return "==", _name_in(subject), part
        case ast.Compare(left=part, ops=[ast.Eq()], comparators=[subject]):
            return "==", _name_in(subject), part
        case ast.Call(func=ast.Attribute(value=subject, attr="startswith" | "endswith" as how), args=[part]):
            return how, _name_in(subject), part
        case ast.Call(func=ast.Attribute(attr="fnmatch" | "fnmatchcase"), args=[subject, part]):
            return "match", _name_in(subject), part
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="re"), attr="search" | "match" | "fullmatch" | "findall"),
            args=[part, subject],
        ):
            return "search", _name_in(subject), part
        case ast.Call(func=ast.Name(id="fnmatch" | "fnmatchcase"), args=[subject, part]):
            return "match", _name_in(subject), part
        case _:
            return "", None, None


def _name_in(node: ast.expr) -> str | None:
    """Return the variable that an expression is about: ``f``, ``f.name``, ``str(f)``, ``f.lower()``."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=inner, attr="name" | "path"):
            return _name_in(inner)
        case ast.Call(func=ast.Name(id="str"), args=[inner]):
            return _name_in(inner)
        case ast.Call(func=ast.Attribute(value=inner, attr="lower" | "strip" | "upper"), args=[]):
            return _name_in(inner)
        case _:
            return None


# Functions whose value is computed

_Pure = Callable[[_Follower, list[object], dict[str, object]], object]


def _to_bytes(change: Callable[[str], str | None]) -> _Pure:
    """Return a decoder that gives bytes; what it makes of the unknown is a text that hides something."""
    decode = _to_text(change)

    def run(follower: _Follower, values: list[object], named: dict[str, object]) -> object:
        found = decode(follower, values, named)
        return bytes_of(found) if isinstance(found, str) and found != UNKNOWN else found

    return run


def _to_text(change: Callable[[str], str | None]) -> _Pure:
    def run(_: _Follower, values: list[object], __: dict[str, object]) -> object:
        if not values or not isinstance(values[0], str | bytes) or UNKNOWN in _text(values[0]):
            return UNKNOWN
        found = change(_text(values[0]))
        return DARK if found is None else found

    return run


def _chr(_: _Follower, values: list[object], __: dict[str, object]) -> object:
    return chr(values[0]) if isinstance(values[0], int) else UNKNOWN


def _ord(_: _Follower, values: list[object], __: dict[str, object]) -> object:
    value = values[0]
    return ord(value) if isinstance(value, str | bytes) and len(value) == 1 else DARK


def _str(_: _Follower, values: list[object], __: dict[str, object]) -> object:
    if not values:
        return ""
    return values[0] if isinstance(values[0], _Contents) else _text(values[0])


def _bytes(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    value = values[0] if values else b""
    if isinstance(value, str):
        return bytes_of(value)
    items = follower._items(value)
    return bytes(item for item in items if isinstance(item, int)) if items is not None else DARK


def _int(_: _Follower, values: list[object], __: dict[str, object]) -> object:
    base = values[1] if len(values) > 1 and isinstance(values[1], int) else 10
    if isinstance(values[0], int):
        return values[0]
    text = _text(values[0])
    return int(text, base) if len(text) < 40 and UNKNOWN not in text else DARK  # noqa: PLR2004 - beyond what is followed


def _len(_: _Follower, values: list[object], __: dict[str, object]) -> object:
    return (
        len(values[0])
        if isinstance(values[0], list | tuple | dict | bytes) and not any(map(_is_listed, values))
        else DARK
    )


def _reversed(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    items = follower._items(values[0])
    return DARK if items is None else items[::-1]


def _list(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    items = follower._items(values[0]) if values else []
    return DARK if items is None else items


def _sorted(follower: _Follower, values: list[object], named: dict[str, object]) -> object:
    items = follower._items(values[0])
    if (
        items is None
        or "key" in named
        or not (all(isinstance(item, str) for item in items) or all(isinstance(item, int) for item in items))
    ):
        return DARK if items is None else items
    return sorted(items, reverse=named.get("reverse") is True)  # type: ignore[type-var]


def _map(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    items = follower._items(values[1]) if len(values) > 1 else None
    function = values[0]
    results: list[object] = []
    for item in items if items is not None else [DARK]:
        follower._spend()
        if isinstance(function, _Routine):
            results.append(follower._call(function, [item], {}))
        elif isinstance(function, _Named):
            results.append(follower._function(function.name.removeprefix("builtins."), [item], {}))
        elif isinstance(function, _Method):
            results.append(follower._method(function.owner, function.name, [item], {}))
    return results if items is not None else DARK


def _filter(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    items = follower._items(values[1]) if len(values) > 1 else None
    function = values[0]
    if (
        items is None
        or not isinstance(function, _Routine)
        or not isinstance(function.body, ast.expr)
        or not function.arguments.args
    ):
        return DARK
    name = function.arguments.args[0].arg
    kept: list[object] = []
    follower._scopes.append({})
    for item in items:
        follower._bind(name, item)
        for _reading in follower._under([function.body]):
            kept.append(follower._look_up(name))
    follower._scopes.pop()
    return kept


def _range(_: _Follower, values: list[object], __: dict[str, object]) -> object:
    numbers = [value for value in values if isinstance(value, int)]
    return list(range(*numbers)[:_MOST_ITEMS]) if len(numbers) == len(values) else DARK


def _zip(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    columns = [follower._items(value) for value in values]
    known = [column for column in columns if column is not None]
    return list(zip(*known, strict=False)) if len(known) == len(columns) else DARK


def _enumerate(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    items = follower._items(values[0])
    return DARK if items is None else list(enumerate(items))


def _next(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    items = follower._items(values[0])
    return items[0] if items else DARK


def _sum(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    items = follower._items(values[0])
    return (
        sum(item for item in items if isinstance(item, int))
        if items and all(isinstance(item, int) for item in items)
        else DARK
    )


def _reduce(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    items = follower._items(values[1])
    function = values[0]
    if not items:
        return DARK
    total = items[0] if len(values) < 3 else values[2]  # noqa: PLR2004 - the start is the third
    for item in items[1:] if len(values) < 3 else items:  # noqa: PLR2004
        total = follower._call(function, [total, item], {}) if isinstance(function, _Routine) else _added(total, item)
    return total


def _print(follower: _Follower, values: list[object], named: dict[str, object]) -> object:
    if follower._output is None:
        return None
    if "file" in named and named["file"] != _Named("sys.stdout"):
        return None
    glue, end = named.get("sep", " "), named.get("end", "\n")
    line = (glue if isinstance(glue, str) else " ").join(map(_text, values))
    follower._output.append(line + (end if isinstance(end, str) else "\n"))
    if len(follower._output) > _MOST_ITEMS:
        follower._output = None
    return None


def _write_out(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    return _print(follower, values, {"end": ""})


def _input(follower: _Follower, _: list[object], __: dict[str, object]) -> object:
    if follower.stdin is None or UNKNOWN in follower.stdin:
        return UNKNOWN
    line, _newline, follower.stdin = follower.stdin.partition("\n")
    return line


def _read_stdin(follower: _Follower, _: list[object], __: dict[str, object]) -> object:
    return UNKNOWN if follower.stdin is None or UNKNOWN in follower.stdin else follower.stdin


def _lines_of_stdin(follower: _Follower, _: list[object], __: dict[str, object]) -> object:
    return DARK if follower.stdin is None or UNKNOWN in follower.stdin else follower.stdin.splitlines(keepends=True)


def _join_paths(_: _Follower, values: list[object], __: dict[str, object]) -> object:
    path = ""
    for value in values:
        text = _text(value)
        path = text if text.startswith("/") or not path else f"{path.rstrip('/')}/{text}"
    return path


def _same(_: _Follower, values: list[object], __: dict[str, object]) -> object:
    return values[0] if values else "."


def _basename(_: _Follower, values: list[object], __: dict[str, object]) -> object:
    return _text(values[0]).rstrip("/").rpartition("/")[2]


def _dirname(_: _Follower, values: list[object], __: dict[str, object]) -> object:
    return _text(values[0]).rpartition("/")[0]


def _new_path(_: _Follower, values: list[object], __: dict[str, object]) -> object:
    path = _Path(".")
    for value in values:
        path = _joined_path(path.text, _text(value))
    return path


def _globbed(follower: _Follower, values: list[object], named: dict[str, object]) -> object:
    del follower
    root = named.get("root_dir")
    pattern = _text(values[0]) if values else "*"
    return [f"{_text(root)}/{pattern}" if root is not None else pattern]


def _tame(_: _Follower, __: list[object], ___: dict[str, object]) -> object:
    return TAME


def _import(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    if values and isinstance(values[0], str) and UNKNOWN not in values[0]:
        return _Named(values[0])
    follower.collector.opaque("imports a module that is not known", "__import__")
    return DARK


def _getattr(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    name = values[1] if len(values) > 1 else DARK
    owner = values[0]
    if isinstance(name, str) and UNKNOWN not in name:
        return follower._attribute(owner, name)
    if isinstance(owner, _Named) and owner.name.partition(".")[0].removeprefix("builtins.") in _MODULES_THAT_MATTER:
        follower.collector.opaque("calls what a name hides", owner.name)
    return DARK


def _globals(_: _Follower, values: list[object], __: dict[str, object]) -> object:
    owner = values[0] if values else None
    return _Named(f"{owner.name}.__dict__") if isinstance(owner, _Named) else _Named("builtins.__dict__")


def _exec(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    follower._execute(values[0] if values else DARK)
    return DARK


def _eval(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    source = values[0] if values else DARK
    if isinstance(source, str) and UNKNOWN not in source:
        tree = _parsed(source.strip())
        if tree is not None and len(tree.body) == 1 and isinstance(expression := tree.body[0], ast.Expr):
            return follower._value(expression.value)
    follower._execute(source)
    return DARK


def _open(follower: _Follower, values: list[object], named: dict[str, object]) -> object:
    return follower._open(values, named)


def _os_open(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    follower._read(*values[:1])
    if len(values) > 1 and values[1] not in (0, _Named("os.O_RDONLY")):
        follower._write(*values[:1])
    return _Contents(_text(values[0]) if values else "")


def _codec_decode(_: _Follower, values: list[object], __: dict[str, object]) -> object:
    return (
        _decoded(values[0], _text(values[1]) if len(values) > 1 else "utf-8")
        if not isinstance(values[0], _Contents)
        else DARK
    )


def _loads(_: _Follower, values: list[object], __: dict[str, object]) -> object:
    return json.loads(values[0]) if isinstance(values[0], str | bytes) and len(values[0]) < LONGEST else DARK


def _literal(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    return _eval(follower, values, {}) if isinstance(values[0], str) else DARK


def _environ(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    value = follower.variable(values[0] if values else DARK)
    return (
        values[1]
        if len(values) > 1 and isinstance(values[1], str) and values[1] and not isinstance(value, str)
        else value
    )


def _maketrans(_: _Follower, values: list[object], __: dict[str, object]) -> object:
    if all(isinstance(value, str) for value in values):
        return str.maketrans(*[value for value in values if isinstance(value, str)])  # type: ignore[call-overload]
    return DARK


def _to_bytes_of_int(follower: _Follower, values: list[object], named: dict[str, object]) -> object:
    return follower._method(values[0], "to_bytes", values[1:], named)


def _fnmatch_filter(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    items = follower._items(values[0]) or []
    return [_text(values[1])] if any(map(_is_listed, items)) else DARK


def _from_bytes(_: _Follower, values: list[object], __: dict[str, object]) -> object:
    return int.from_bytes(values[0], "big") if isinstance(values[0], bytes) and len(values[0]) < 64 else DARK  # noqa: PLR2004


def _compiled(_: _Follower, values: list[object], __: dict[str, object]) -> object:
    return values[0] if values else DARK


def _partial(_: _Follower, values: list[object], __: dict[str, object]) -> object:
    return values[0] if len(values) == 1 else DARK


def _chain(follower: _Follower, values: list[object], _: dict[str, object]) -> object:
    columns = [follower._items(value) for value in values]
    return [item for column in columns if column is not None for item in column] if None not in columns else DARK


_PURE: Final[Mapping[str, _Pure]] = {
    "chr": _chr,
    "unichr": _chr,
    "ord": _ord,
    "str": _str,
    "unicode": _str,
    "bytes": _bytes,
    "bytearray": _bytes,
    "int": _int,
    "len": _len,
    "reversed": _reversed,
    "list": _list,
    "tuple": _list,
    "iter": _list,
    "sorted": _sorted,
    "map": _map,
    "filter": _filter,
    "range": _range,
    "xrange": _range,
    "zip": _zip,
    "enumerate": _enumerate,
    "next": _next,
    "sum": _sum,
    "functools.reduce": _reduce,
    "reduce": _reduce,
    "functools.partial": _partial,
    "itertools.chain": _chain,
    "print": _print,
    "sys.stdout.write": _write_out,
    "sys.stdout.buffer.write": _write_out,
    "input": _input,
    "raw_input": _input,
    "sys.stdin.readline": _input,
    "sys.stdin.read": _read_stdin,
    "sys.stdin.buffer.read": _read_stdin,
    "sys.stdin.readlines": _lines_of_stdin,
    "open": _open,
    "io.open": _open,
    "codecs.open": _open,
    "io.FileIO": _open,
    "_io.open": _open,
    "_io.FileIO": _open,
    "aiofiles.open": _open,
    "file": _open,
    "os.open": _os_open,
    "posix.open": _os_open,
    "exec": _exec,
    "eval": _eval,
    "compile": _compiled,
    "__import__": _import,
    "importlib.import_module": _import,
    "importlib.__import__": _import,
    "getattr": _getattr,
    "operator.attrgetter": _partial,
    "globals": _globals,
    "locals": _globals,
    "vars": _globals,
    "os.path.join": _join_paths,
    "posixpath.join": _join_paths,
    **dict.fromkeys(
        (
            "os.path.expanduser",
            "os.path.abspath",
            "os.path.realpath",
            "os.path.normpath",
            "os.path.expandvars",
            "os.fspath",
            "os.fsencode",
            "os.fsdecode",
        ),
        _same,
    ),
    "os.path.basename": _basename,
    "os.path.dirname": _dirname,
    **dict.fromkeys(("pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "py.path.local"), _new_path),
    "pathlib.Path.home": lambda *_: _Path("~"),
    "pathlib.Path.cwd": lambda *_: _Path("."),
    "os.getcwd": lambda *_: ".",
    "glob.glob": _globbed,
    "glob.iglob": _globbed,
    **dict.fromkeys(
        (
            "tempfile.mkdtemp",
            "tempfile.mktemp",
            "tempfile.gettempdir",
            "tempfile.NamedTemporaryFile",
            "tempfile.TemporaryDirectory",
        ),
        lambda *_: f"/tmp/{TAME}",  # noqa: S108 - a path that the program makes, not we
    ),
    "os.getenv": _environ,
    "os.environ.get": _environ,
    "json.loads": _loads,
    "ast.literal_eval": _literal,
    "str.maketrans": _maketrans,
    "string.maketrans": _maketrans,
    "int.from_bytes": _from_bytes,
    "int.to_bytes": _to_bytes_of_int,
    "fnmatch.filter": _fnmatch_filter,
    "codecs.decode": _codec_decode,
    "codecs.encode": _codec_decode,
    "urllib.parse.unquote": _to_text(unquote),
    "urllib.parse.unquote_plus": _to_text(unquote),
    "urllib.unquote": _to_text(unquote),
    "html.unescape": _to_text(html.unescape),
    "base64.b64decode": _to_bytes(from_base64),
    "base64.standard_b64decode": _to_bytes(from_base64),
    "base64.urlsafe_b64decode": _to_bytes(from_base64),
    "base64.decodebytes": _to_bytes(from_base64),
    "base64.decodestring": _to_bytes(from_base64),
    "binascii.a2b_base64": _to_bytes(from_base64),
    "base64.b32decode": _to_bytes(from_base32),
    "base64.b16decode": _to_bytes(from_hex),
    "binascii.unhexlify": _to_bytes(from_hex),
    "binascii.a2b_hex": _to_bytes(from_hex),
    "bytes.fromhex": _to_bytes(from_hex),
    "bytearray.fromhex": _to_bytes(from_hex),
    "base64.b64encode": _to_bytes(to_base64),
    "binascii.hexlify": _to_bytes(to_hex),
    "zlib.decompress": _to_bytes(decompressed),
    "gzip.decompress": _to_bytes(decompressed),
    "bz2.decompress": _to_bytes(decompressed),
    "lzma.decompress": _to_bytes(decompressed),
    **dict.fromkeys(
        (
            "importlib.metadata.version",
            "platform.python_version",
            "platform.machine",
            "platform.system",
            "time.time",
            "uuid.uuid4",
            "os.getpid",
        ),
        _tame,
    ),
}
