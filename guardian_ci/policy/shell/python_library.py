"""What Python's library does, as far as it matters: what reads, writes, runs and fetches, and what others give."""

import ast
import html
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Protocol
from urllib.parse import unquote

from guardian_ci.policy.shell.arguments import name_set
from guardian_ci.policy.shell.collector import Collector
from guardian_ci.policy.shell.encodings import (
    LONGEST,
    bytes_of,
    decompressed,
    from_base32,
    from_base64,
    from_hex,
    joined_within,
    to_base64,
    to_hex,
)
from guardian_ci.policy.shell.facts import TAME, UNKNOWN
from guardian_ci.policy.shell.python_values import (
    DARK,
    MOST_ITEMS,
    Contents,
    Named,
    PathValue,
    Routine,
    added,
    as_text,
    decoded,
    is_listed,
    joined_path,
)

SHELLS: Final = name_set(
    "os.system os.popen subprocess.getoutput subprocess.getstatusoutput commands.getoutput commands.getstatusoutput"
    " asyncio.create_subprocess_shell popen2.popen2 os.popen2 platform.popen pexpect.run pexpect.spawn invoke.run"
    " fabric.api.local posix.system nt.system IPython.system"
)
PROCESSES: Final = name_set(
    "subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen pty.spawn"
    " sh.Command asyncio.create_subprocess_exec psutil.Popen plumbum.local"
)
EXECS: Final = frozenset(
    f"os.{kind}{form}"
    for kind in ("exec", "spawn", "posix_spawn")
    for form in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe", "", "p")
)
READS: Final[Mapping[str, tuple[int, ...]]] = {
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
WRITES: Final[Mapping[str, tuple[int, ...]]] = {
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
READS_AND_WRITES: Final[Mapping[str, str]] = {
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
SOCKETS: Final = frozenset({"connect", "connect_ex", "create_connection", "sendto", "bind_to", "open_connection"})
HOST_FIRST: Final = name_set(
    "http.client.HTTPConnection http.client.HTTPSConnection ftplib.FTP ftplib.FTP_TLS smtplib.SMTP smtplib.SMTP_SSL"
    " telnetlib.Telnet poplib.POP3 imaplib.IMAP4 imaplib.IMAP4_SSL nntplib.NNTP socket.gethostbyname"
    " socket.getaddrinfo socket.gethostbyname_ex asyncio.open_connection httplib.HTTPConnection"
    " httplib.HTTPSConnection dns.resolver.resolve dns.resolver.query ssl.get_server_certificate"
)
FETCHES: Final = frozenset(
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
TEXT_ONLY: Final = (
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
TEXT_BUILTINS: Final = name_set(
    "print len isinstance issubclass hasattr setattr repr format abs round hash id type any all min max float"
    " complex bool divmod pow callable help exit quit super property Exception ValueError RuntimeError SystemExit"
    " AssertionError KeyError TypeError OSError set frozenset slice staticmethod classmethod delattr breakpoint"
    " object memoryview"
)
MODULES_THAT_MATTER: Final = name_set(
    "os subprocess builtins shutil socket posix pty importlib sys io pathlib ctypes nt codecs"
)
HIDDEN: Final = name_set(
    "__subclasses__ __globals__ __builtins__ __bases__ __mro__ __getattribute__ __code__ __loader__ _module"
)
OF_TEXT: Final = name_set(
    "replace lower upper strip lstrip rstrip split rsplit splitlines encode title capitalize swapcase removeprefix"
    " removesuffix translate partition rpartition startswith endswith find rfind index rindex count isdigit isalpha"
    " isalnum isupper islower casefold decode hex isspace isidentifier"
)
OF_COLLECTIONS: Final = name_set(
    "index count copy keys values items get append extend insert reverse pop sort clear add update"
)
CONSTANTS: Final[Mapping[str, object]] = {
    "string.ascii_lowercase": "abcdefghijklmnopqrstuvwxyz",
    "string.ascii_uppercase": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "string.ascii_letters": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "string.digits": "0123456789",
    "string.punctuation": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "string.printable": (
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\n\r\v\f"
    ),
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


class Follower(Protocol):
    """What follows a program, as the functions of its library see it."""

    stdin: str | None
    collector: Collector
    output: list[str] | None
    scopes: list[dict[str, object]]

    def items(self, value: object) -> list[object] | None:
        """Return what a value yields when it is iterated; None where that is not known."""

    def spend(self) -> None:
        """Count one step; raise when there were too many."""

    def bind(self, name: str, value: object) -> None:
        """Give a name a value."""

    def look_up(self, name: str) -> object:
        """Return a name's value."""

    def attribute(self, owner: object, name: str) -> object:
        """Return an attribute of a value."""

    def apply(self, function: object, values: list[object]) -> object:
        """Call a value."""

    def method(self, owner: object, name: str, values: list[object], named: dict[str, object]) -> object:
        """Do what a method of a value does."""

    def under(self, tests: Sequence[ast.expr]) -> Iterator[None]:
        """Yield once for each reading of the names that some tests leave."""

    def open(self, values: list[object], named: Mapping[str, object]) -> object:
        """Note a file that is opened; return what is in it."""

    def read(self, *paths: object) -> None:
        """Note files that are read."""

    def write(self, *paths: object) -> None:
        """Note files that are written."""

    def execute(self, source: object) -> None:
        """Follow a program text."""

    def evaluate(self, source: str) -> object:
        """Return the value of an expression."""

    def variable(self, name: object) -> object:
        """Return a variable of the environment."""


Pure = Callable[[Follower, list[object], dict[str, object]], object]
"""A function whose value is computed: of the one that follows, its arguments, and those with names."""


def _to_bytes(change: Callable[[str], str | None]) -> Pure:
    """Return a decoder that gives bytes; what it makes of the unknown is a text that hides something."""
    decode = _to_text(change)

    def run(follower: Follower, values: list[object], named: dict[str, object]) -> object:
        found = decode(follower, values, named)
        return bytes_of(found) if isinstance(found, str) and found != UNKNOWN else found

    return run


def _to_text(change: Callable[[str], str | None]) -> Pure:
    def run(_: Follower, values: list[object], __: dict[str, object]) -> object:
        if not values or not isinstance(values[0], str | bytes) or UNKNOWN in as_text(values[0]):
            return UNKNOWN
        found = change(as_text(values[0]))
        return DARK if found is None else found

    return run


def _chr(_: Follower, values: list[object], __: dict[str, object]) -> object:
    return chr(values[0]) if isinstance(values[0], int) else UNKNOWN


def _ord(_: Follower, values: list[object], __: dict[str, object]) -> object:
    value = values[0]
    return ord(value) if isinstance(value, str | bytes) and len(value) == 1 else DARK


def _str(_: Follower, values: list[object], __: dict[str, object]) -> object:
    if not values:
        return ""
    return values[0] if isinstance(values[0], Contents) else as_text(values[0])


def _bytes(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    value = values[0] if values else b""
    if isinstance(value, str):
        return bytes_of(value)
    items = follower.items(value)
    return bytes(item for item in items if isinstance(item, int)) if items is not None else DARK


def _int(_: Follower, values: list[object], __: dict[str, object]) -> object:
    base = values[1] if len(values) > 1 and isinstance(values[1], int) else 10
    if isinstance(values[0], int):
        return values[0]
    text = as_text(values[0])
    return int(text, base) if len(text) < 40 and UNKNOWN not in text else DARK  # noqa: PLR2004 - beyond what is followed


def _len(_: Follower, values: list[object], __: dict[str, object]) -> object:
    return (
        len(values[0])
        if isinstance(values[0], list | tuple | dict | bytes) and not any(map(is_listed, values))
        else DARK
    )


def _reversed(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    items = follower.items(values[0])
    return DARK if items is None else items[::-1]


def _list(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    items = follower.items(values[0]) if values else []
    return DARK if items is None else items


def _sorted(follower: Follower, values: list[object], named: dict[str, object]) -> object:
    items = follower.items(values[0])
    if (
        items is None
        or "key" in named
        or not (all(isinstance(item, str) for item in items) or all(isinstance(item, int) for item in items))
    ):
        return DARK if items is None else items
    return sorted(items, reverse=named.get("reverse") is True)  # type: ignore[type-var]


def _map(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    items = follower.items(values[1]) if len(values) > 1 else None
    results = [follower.apply(values[0], [item]) for item in (items if items is not None else [DARK])]
    return DARK if items is None else results


def _filter(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    items = follower.items(values[1]) if len(values) > 1 else None
    function = values[0]
    if (
        items is None
        or not isinstance(function, Routine)
        or not isinstance(function.body, ast.expr)
        or not function.arguments.args
    ):
        return DARK
    name = function.arguments.args[0].arg
    kept: list[object] = []
    follower.scopes.append({})
    for item in items:
        follower.bind(name, item)
        kept += [follower.look_up(name) for _reading in follower.under([function.body])]
    follower.scopes.pop()
    return kept


def _range(_: Follower, values: list[object], __: dict[str, object]) -> object:
    numbers = [value for value in values if isinstance(value, int)]
    return list(range(*numbers)[:MOST_ITEMS]) if len(numbers) == len(values) else DARK


def _zip(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    columns = [follower.items(value) for value in values]
    known = [column for column in columns if column is not None]
    return list(zip(*known, strict=False)) if len(known) == len(columns) else DARK


def _enumerate(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    items = follower.items(values[0])
    return DARK if items is None else list(enumerate(items))


def _next(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    items = follower.items(values[0])
    return items[0] if items else DARK


def _sum(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    items = follower.items(values[0])
    return (
        sum(item for item in items if isinstance(item, int))
        if items and all(isinstance(item, int) for item in items)
        else DARK
    )


def _reduce(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    function, iterable, *start = values
    items = [*start, *(follower.items(iterable) or [])]
    if not items:
        return DARK
    total = items[0]
    for item in items[1:]:
        total = follower.apply(function, [total, item]) if isinstance(function, Routine) else added(total, item)
    return total


def _print(follower: Follower, values: list[object], named: dict[str, object]) -> object:
    if follower.output is None or named.get("file", Named("sys.stdout")) != Named("sys.stdout"):
        return None
    glue, end = named.get("sep", " "), named.get("end", "\n")
    line = joined_within(map(as_text, values), glue if isinstance(glue, str) else " ")
    text = joined_within([*follower.output, line or "", end if isinstance(end, str) else "\n"])
    follower.output = None if line is None or text is None else [text]
    return None


def _write_out(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    return _print(follower, values, {"end": ""})


def _input(follower: Follower, _: list[object], __: dict[str, object]) -> object:
    if follower.stdin is None or UNKNOWN in follower.stdin:
        return UNKNOWN
    line, _newline, follower.stdin = follower.stdin.partition("\n")
    return line


def _read_stdin(follower: Follower, _: list[object], __: dict[str, object]) -> object:
    return UNKNOWN if follower.stdin is None or UNKNOWN in follower.stdin else follower.stdin


def _lines_of_stdin(follower: Follower, _: list[object], __: dict[str, object]) -> object:
    return DARK if follower.stdin is None or UNKNOWN in follower.stdin else follower.stdin.splitlines(keepends=True)


def _join_paths(_: Follower, values: list[object], __: dict[str, object]) -> object:
    path = ""
    for value in values:
        text = as_text(value)
        path = text if text.startswith("/") or not path else f"{path.rstrip('/')}/{text}"
    return path


def _same(_: Follower, values: list[object], __: dict[str, object]) -> object:
    return values[0] if values else "."


def _basename(_: Follower, values: list[object], __: dict[str, object]) -> object:
    return as_text(values[0]).rstrip("/").rpartition("/")[2]


def _dirname(_: Follower, values: list[object], __: dict[str, object]) -> object:
    return as_text(values[0]).rpartition("/")[0]


def _new_path(_: Follower, values: list[object], __: dict[str, object]) -> object:
    path = PathValue(".")
    for value in values:
        path = joined_path(path.text, as_text(value))
    return path


def _globbed(follower: Follower, values: list[object], named: dict[str, object]) -> object:
    del follower
    root = named.get("root_dir")
    pattern = as_text(values[0]) if values else "*"
    return [f"{as_text(root)}/{pattern}" if root is not None else pattern]


def _tame(_: Follower, __: list[object], ___: dict[str, object]) -> object:
    return TAME


def _import(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    if values and isinstance(values[0], str) and UNKNOWN not in values[0]:
        return Named(values[0])
    follower.collector.opaque("imports a module that is not known", "__import__")
    return DARK


def _getattr(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    name = values[1] if len(values) > 1 else DARK
    owner = values[0]
    if isinstance(name, str) and UNKNOWN not in name:
        return follower.attribute(owner, name)
    if isinstance(owner, Named) and owner.name.partition(".")[0].removeprefix("builtins.") in MODULES_THAT_MATTER:
        follower.collector.opaque("calls what a name hides", owner.name)
    return DARK


def _globals(_: Follower, values: list[object], __: dict[str, object]) -> object:
    owner = values[0] if values else None
    return Named(f"{owner.name}.__dict__") if isinstance(owner, Named) else Named("builtins.__dict__")


def _exec_call(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    follower.execute(values[0] if values else DARK)
    return DARK


def _eval(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    source = values[0] if values else DARK
    if isinstance(source, str) and UNKNOWN not in source:
        return follower.evaluate(source)
    follower.execute(source)
    return DARK


def _open_call(follower: Follower, values: list[object], named: dict[str, object]) -> object:
    return follower.open(values, named)


def _os_open(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    follower.read(*values[:1])
    if len(values) > 1 and values[1] not in (0, Named("os.O_RDONLY")):
        follower.write(*values[:1])
    return Contents(as_text(values[0]) if values else "")


def _codec_decode(_: Follower, values: list[object], __: dict[str, object]) -> object:
    return (
        decoded(values[0], as_text(values[1]) if len(values) > 1 else "utf-8")
        if not isinstance(values[0], Contents)
        else DARK
    )


def _loads(_: Follower, values: list[object], __: dict[str, object]) -> object:
    return json.loads(values[0]) if isinstance(values[0], str | bytes) and len(values[0]) < LONGEST else DARK


def _literal(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    return _eval(follower, values, {}) if isinstance(values[0], str) else DARK


def _environ(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    value = follower.variable(values[0] if values else DARK)
    return (
        values[1]
        if len(values) > 1 and isinstance(values[1], str) and values[1] and not isinstance(value, str)
        else value
    )


def _maketrans(_: Follower, values: list[object], __: dict[str, object]) -> object:
    if all(isinstance(value, str) for value in values):
        return str.maketrans(*[value for value in values if isinstance(value, str)])
    return DARK


def _to_bytes_of_int(follower: Follower, values: list[object], named: dict[str, object]) -> object:
    return follower.method(values[0], "to_bytes", values[1:], named)


def _fnmatch_filter(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    items = follower.items(values[0]) or []
    return [as_text(values[1])] if any(map(is_listed, items)) else DARK


def _from_bytes(_: Follower, values: list[object], __: dict[str, object]) -> object:
    return int.from_bytes(values[0], "big") if isinstance(values[0], bytes) and len(values[0]) < 64 else DARK  # noqa: PLR2004


def _compiled(_: Follower, values: list[object], __: dict[str, object]) -> object:
    return values[0] if values else DARK


def _partial(_: Follower, values: list[object], __: dict[str, object]) -> object:
    return values[0] if len(values) == 1 else DARK


def _chain(follower: Follower, values: list[object], _: dict[str, object]) -> object:
    columns = [follower.items(value) for value in values]
    return [item for column in columns if column is not None for item in column] if None not in columns else DARK


PURE: Final[Mapping[str, Pure]] = {
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
    "open": _open_call,
    "io.open": _open_call,
    "codecs.open": _open_call,
    "io.FileIO": _open_call,
    "_io.open": _open_call,
    "_io.FileIO": _open_call,
    "aiofiles.open": _open_call,
    "file": _open_call,
    "os.open": _os_open,
    "posix.open": _os_open,
    "exec": _exec_call,
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
        name_set(
            "os.path.expanduser os.path.abspath os.path.realpath os.path.normpath os.path.expandvars os.fspath"
            " os.fsencode os.fsdecode"
        ),
        _same,
    ),
    "os.path.basename": _basename,
    "os.path.dirname": _dirname,
    **dict.fromkeys(("pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "py.path.local"), _new_path),
    "pathlib.Path.home": lambda *_: PathValue("~"),
    "pathlib.Path.cwd": lambda *_: PathValue("."),
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
