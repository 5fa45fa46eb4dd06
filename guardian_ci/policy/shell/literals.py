"""What program texts of many languages do, by their constants: Node, Perl, Ruby, PHP, Lua, R and others.

The text is cut into tokens, and what follows the name of a function that opens, runs, fetches or prints is evaluated as
far as it is made of constants: joined, reversed, decoded. All other constants are words that may be files. Control
flow is not followed.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote

from guardian_ci.policy.shell.arguments import name_set
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
    unescaped,
)
from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.hosts import is_url
from guardian_ci.policy.shell.listings import is_listing
from guardian_ci.policy.shell.words import path_words

_MOST_TOKENS: Final = 4_000
_MOST_STEPS: Final = 40_000
_DEEPEST: Final = 24
_MOST_ITEMS: Final = 512
_LONGEST_PATH: Final = 1_024

_SPACE: Final = re.compile(r"[ \t\r\n]+")
_NAME: Final = re.compile(r"[$@%&]?[A-Za-z_][\w]*[!?]?(?:::[A-Za-z_]\w*)*|\$[0-9_!@&.,;/\\]")
_NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]{1,16}|0[oO]?[0-7]{1,20}(?![\d.])|\d{1,18}(?:\.\d{1,18})?")
_SIGN: Final = re.compile(
    r"\.\.\.|=>|->|<=>|===|!==|==|!=|=~|!~|<=|>=|&&|\|\||\?\?|\+\+|<>|\.\.|\+=|\.=|-=|::|.", re.DOTALL
)
_COMMENTS: Final[Mapping[Language, re.Pattern[str]]] = {
    Language.NODE: re.compile(r"//[^\n]*"),
    Language.PHP: re.compile(r"//[^\n]*|#(?!\[)[^\n]*|<\?php|<\?=|\?>"),
    Language.PERL: re.compile(r"#[^\n]*"),
    Language.RUBY: re.compile(r"#(?!\{)[^\n]*"),
    Language.PYTHON: re.compile(r"#[^\n]*"),
    Language.OTHER: re.compile(
        r"--(?!\[)[^\n\"']{0,200}(?=\n|$)|(?:(?<=\s)|^)#[^\n\"'({]{0,200}(?=\n|$)|//[^\n\"']{0,200}(?=\n|$)"
    ),
}
_QUOTES: Final = "\"'`"
_CLOSING: Final = {"(": ")", "[": "]", "{": "}", "<": ">"}
_QUOTE_WORDS: Final = name_set("q qq qw qx qr m s y tr")
_VALUE_KINDS: Final = frozenset({"string", "number", "name", "words", "list"})
_JOINS: Final[Mapping[Language, frozenset[str]]] = {
    Language.NODE: frozenset({"+"}),
    Language.RUBY: frozenset({"+", "<<"}),
    Language.PYTHON: frozenset({"+"}),
    Language.PERL: frozenset({"."}),
    Language.PHP: frozenset({"."}),
    Language.OTHER: frozenset({"+", "..", "<>", "++", "&", "^"}),
}
_LONG_BRACKET: Final = re.compile(r"\[(=*)\[")
_INTERPOLATED: Final = re.compile(
    r"\$ENV\{['\"]?(\w{1,80})['\"]?\}|\$\{([^{}]{1,500})\}|#\{([^{}]{1,500})\}|\{(\$\w{1,80})\}|([$@][A-Za-z_]\w{0,80})"
)

_SHELLS: Final = name_set(
    "system exec execsync popen popen2 popen2e popen3 capture2 capture2e capture3 shell_exec passthru proc_open"
    " execute shell getoutput systemlist shellcommand cmd pipeline run_command iex invoke-expression os.cmd system2"
    " procresult callcommand sh backtick shellexecute syscmd esyscmd"
)
_PROCESSES: Final = name_set(
    "spawn spawnsync execfile execfilesync pcntl_exec execvp execlp posix_spawn run-process fork execl"
)
_READERS: Final = name_set(
    "open fopen file_get_contents file readfile readfilesync createreadstream opensync readlines foreach binread"
    " readalllines readalltext readallbytes get-content gc cat read_file slurp readtextfile readtextfilesync"
    " show_source highlight_file parse_ini_file include include_once require_once load dofile loadfile lines"
    " readstring scan source read_text read_lines readdirsync opendir scandir spl splfileobject readlink fromfile"
    " file.read file.read! stream! read! readfile! copyfilesync copy cp cpsync copyfile renamesync rename linksync"
    " symlinksync link symlink move sysopen tarfile zipfile fileread readutf8 read-file readchar include_str io.open"
    " with-open slurpfile get_data read_csv readlinessync input_file bun.file entries each_child children"
    " import_file open3"
)
_WRITERS: Final = name_set(
    "writefile writefilesync appendfile appendfilesync createwritestream unlink unlinksync rmsync rm"
    " file_put_contents spit set-content out-file add-content writealltext delete mkdir mkdirsync touch truncatesync"
    " chmodsync chmod remove-item binwrite write_text writetextfile writetextfilesync rmdir"
)
_FETCHES: Final = frozenset(
    {
        "fetch",
        "get",
        "post",
        "put",
        "request",
        "urlopen",
        "getstore",
        "getprint",
        "mirror",
        "invoke-webrequest",
        "iwr",
        "irm",
        "curl",
    }
    | {
        "invoke-restmethod",
        "wget",
        "curl_init",
        "axios",
        "got",
        "navigate",
        "post_form",
        "downloadstring",
        "downloadfile",
        "download.file",
    }
)
_CONNECTS: Final = frozenset(
    {
        "connect",
        "createconnection",
        "fsockopen",
        "pfsockopen",
        "socket_connect",
        "gethostbyname",
        "dns_get_record",
        "resolve",
        "lookup",
        "resolve4",
    }
    | {
        "tcpsocket",
        "sslsocket",
        "udpsocket",
        "sockaddr_in",
        "inet_aton",
        "dial",
        "opentcp",
        "resolve-dnsname",
        "createsocket",
        "resolvetxt",
    }
)
_EVALUATORS: Final = frozenset(
    {
        "eval",
        "function",
        "instance_eval",
        "class_eval",
        "module_eval",
        "create_function",
        "loadstring",
        "assert",
        "runinnewcontext",
        "evalfile",
    }
    | {
        "runinthiscontext",
        "runincontext",
        "execscript",
        "eval_string",
        "string-eval",
        "execute_string",
        "instance_exec",
        "parse-eval",
    }
)
_PRINTERS: Final = name_set(
    "print puts echo log say printf p write println display putstrln write-host write-output pp cat_out"
)
_TEXTS: Final = name_set(
    "use match test split replace gsub sub push indexof includes startswith stringify die warn error throw raise"
    " exit parse date strftime ini_set define defined const_get hasownproperty preg_match preg_replace str_replace"
    " explode implode header library join start_with end_with getenv version extension_loaded phpversion"
    " function_exists class_exists is_file file_exists existssync exist basename dirname setitem getitem"
    " addeventlistener on once emit info debug sprintf format tolocalestring packageversion"
)
_LISTINGS: Final = frozenset({"readdirsync", "readdir", "opendir", "scandir", "entries", "children", "each_child"})
_TESTS: Final = frozenset(
    {
        "includes",
        "startswith",
        "endswith",
        "indexof",
        "match",
        "start_with",
        "end_with",
        "include",
        "strpos",
        "str_contains",
    }
    | {"str_starts_with", "str_ends_with", "fnmatch", "index", "find"}
)
_UNARY: Final = name_set("chr lc uc ucfirst lcfirst hex oct length")
_LAST_CODE: Final = 0x110000
_LOCAL_MODULE: Final = re.compile(r"(?:\.{0,2}/|~/|file:)")
_CONTROL: Final = name_set("for while if foreach map each times loop until unless function def sub do")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    words: tuple[str, ...] = ()


_END: Final = _Token("end", "")


@dataclass(frozen=True, slots=True)
class _Reference:
    """A name that is no constant, with the names before it: ``fs.readFileSync``."""

    name: str


_Value = str | int | list[object] | _Reference | None


class _TooMuch(Exception):  # noqa: N818 - caught where the text is entered
    pass


def effects_of_literals(
    source: str,
    language: Language,
    arguments: Sequence[str] = (),
    stdin: str | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Effects:
    """Return what a program text does. ``arguments`` begin with the program's own name."""
    collector = Collector(language.value, stdin)
    return collector.effects(_follow(source[:LONGEST], language, tuple(arguments), collector, environment, depth=0))


def _follow(
    source: str,
    language: Language,
    arguments: tuple[str, ...],
    collector: Collector,
    environment: Mapping[str, str],
    depth: int,
) -> str | None:
    """Note what a text does, and return what it prints."""
    tokens = _tokens(source, language)
    reader = _Reader(tokens, language, arguments, collector, depth, source, environment)
    try:
        return reader.run()
    except (_TooMuch, RecursionError):
        for token in tokens:
            if token.kind == "string":
                reader.note_text(token.text)
    return None


# Tokens


def _tokens(source: str, language: Language) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    comment = _COMMENTS.get(language, _COMMENTS[Language.OTHER])
    while position < len(source) and len(tokens) < _MOST_TOKENS:
        if source.startswith("/*", position) and language in {Language.NODE, Language.PHP}:
            end = source.find("*/", position + 2)
            position = len(source) if end < 0 else end + 2
            continue
        if (skipped := _SPACE.match(source, position) or comment.match(source, position)) is not None:
            if "\n" in skipped[0] and tokens and tokens[-1].kind != "line":
                tokens.append(_Token("line", "\n"))
            position = max(skipped.end(), position + 1)
            continue
        token, position = _token(source, position, language, tokens[-1] if tokens else _END)
        tokens.append(token)
    return tokens


def _token(source: str, position: int, language: Language, before: _Token) -> tuple[_Token, int]:
    character = source[position]
    if language is Language.OTHER and (bracket := _LONG_BRACKET.match(source, position)) is not None:
        closing = f"]{bracket[1]}]"
        end = source.find(closing, bracket.end(), bracket.end() + _LONGEST_PATH)
        if end >= 0:
            return _Token("string", source[bracket.end() : end]), end + len(closing)
    if character in _QUOTES:
        return _quoted(source, position, language)
    divides = before.kind in _VALUE_KINDS or before.text in {")", "]", "}"}
    if (
        before.kind == "name"
        and source[position - 1 : position].isspace()
        and not source[position + 1 : position + 2].isspace()
    ):
        divides = False  # an argument without brackets
    if character == "/" and not divides and language in {Language.NODE, Language.PERL, Language.RUBY}:
        text, end = _delimited(source, position + 1, "/")
        return _Token("pattern", text), _behind_flags(source, end)
    if (
        character == "%"
        and language is Language.RUBY
        and not divides
        and (percent := re.compile(r"%([wWqQxi]?)([^\w\s])").match(source, position))
    ):
        text, end = _delimited(source, percent.end(), _CLOSING.get(percent[2], percent[2]), percent[2])
        kind = "shell" if percent[1] == "x" else "words" if percent[1] in {"w", "W", "i"} else "string"
        return _Token(kind, text, tuple(text.split())), end
    if (
        character == "<"
        and language is Language.PERL
        and not divides
        and (angled := re.compile(r"<([^<>=\s]{1,200})>").match(source, position))
    ):
        return _Token("glob", angled[1]), angled.end()
    if (name := _NAME.match(source, position)) is not None:
        if language is Language.PERL and name[0] in _QUOTE_WORDS and before.text not in {"->", "sub", "{"}:
            quoted = _quote_word(source, name.end(), name[0])
            if quoted is not None:
                return quoted
        return _Token("name", name[0]), name.end()
    if (number := _NUMBER.match(source, position)) is not None:
        return _Token("number", number[0]), number.end()
    sign = _SIGN.match(source, position)
    text = sign[0] if sign is not None else character
    return _Token("sign", text), position + len(text)


def _quote_word(source: str, position: int, name: str) -> tuple[_Token, int] | None:
    """Read ``q(…)``, ``qw{…}``, ``s/a/b/`` of Perl."""
    begin = position + len(source[position : position + 20]) - len(source[position : position + 20].lstrip())
    delimiter = source[begin : begin + 1]
    if not delimiter or delimiter.isalnum() or delimiter in "_,;)=" or (delimiter == "#" and begin > position):
        return None
    text, end = _delimited(source, begin + 1, _CLOSING.get(delimiter, delimiter), delimiter)
    if name in {"s", "y", "tr"}:
        if delimiter in _CLOSING:
            second = source.find(delimiter, end)
            end = end if second < 0 else second + 1
        replaced, end = _delimited(source, end, _CLOSING.get(delimiter, delimiter), delimiter)
        flags_end = _behind_flags(source, end)
        runs = name == "s" and "e" in source[end:flags_end]
        return _Token("code" if runs else "pattern", replaced if runs else text), flags_end
    if name in {"m", "qr"}:
        return _Token("pattern", text), _behind_flags(source, end)
    if name == "qx":
        return _Token("shell", text), end
    if name == "qw":
        return _Token("words", text, tuple(text.split())), end
    return _Token("string", unescaped(text) if name == "qq" else text), end


def _behind_flags(source: str, position: int) -> int:
    while position < len(source) and source[position].isalpha():
        position += 1
    return position


def _delimited(source: str, position: int, closing: str, opening: str = "") -> tuple[str, int]:
    """Return the text up to a delimiter that no backslash hides, and the place behind it."""
    begin, depth = position, 0
    while position < len(source):
        character = source[position]
        if character == "\\":
            position += 1
        elif character == closing and depth == 0:
            return source[begin:position], position + 1
        elif opening != closing and character == opening:
            depth += 1
        elif character == closing:
            depth -= 1
        position += 1
    return source[begin:], len(source)


def _quoted(source: str, position: int, language: Language) -> tuple[_Token, int]:
    quote = source[position]
    if source.startswith(quote * 3, position) and language in {Language.PYTHON, Language.OTHER}:
        end = source.find(quote * 3, position + 3)
        end = len(source) if end < 0 else end
        return _Token("string", source[position + 3 : end]), end + 3
    text, end = _delimited(source, position + 1, quote)
    if quote == "`" and language in {Language.PERL, Language.RUBY, Language.PHP}:
        return _Token("shell", text), end
    if quote == "'" and language in {Language.PERL, Language.RUBY, Language.PHP}:
        return _Token("string", text.replace("\\'", "'").replace("\\\\", "\\")), end
    plain = quote == "'" or (
        quote == '"' and language not in {Language.PERL, Language.RUBY, Language.PHP, Language.OTHER}
    )
    return _Token("string" if plain else "interpolated", unescaped(text)), end


# Evaluation


@dataclass(slots=True)
class _Reader:
    tokens: list[_Token]
    language: Language
    arguments: tuple[str, ...]
    collector: Collector
    depth: int
    source: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    position: int = 0
    variables: dict[str, _Value] = field(default_factory=dict)
    _left: int = _MOST_STEPS
    _printed: list[str] | None = field(default_factory=list)
    _noted: set[int] = field(default_factory=set)
    """The places of constants that are known for what they are."""

    def run(self) -> str | None:
        """Look at each place where something begins, then at the constants left over; return what is printed."""
        if any(token.kind == "name" and token.text in _CONTROL for token in self.tokens):
            self._printed = None
        begin = 0
        while begin < len(self.tokens):
            self.position = begin
            self._look()
            begin += 1
        for place, token in enumerate(self.tokens):
            if token.kind in {"string", "interpolated"} and place not in self._noted:
                for text in (token.text,) if token.kind == "string" else (self._interpolate(token.text),):
                    self.note_text(text)
        self._note_chosen()
        if self.language is Language.OTHER and self.depth == 0:
            self.collector.maybe(*(word for word in path_words(self.source) if not is_url(word)))
        return "".join(self._printed) if self._printed else None

    def _note_chosen(self) -> None:
        """Note names that are listed and then chosen by a test, wherever that stands."""
        if not any(token.kind == "name" and _short(token.text) in _LISTINGS for token in self.tokens):
            return
        for place, token in enumerate(self.tokens):
            before, behind = self.tokens[max(place - 1, 0)].text, self.tokens[min(place + 1, len(self.tokens) - 1)].text
            tested = token.kind == "pattern" and (before in {"=~", "(", "if"} or behind in {".", ")", "=~"})
            called = before == "(" and place > 1 and _short(self.tokens[place - 2].text) in _TESTS
            compared = token.kind == "string" and (before in {"==", "===", "eq"} or called)
            part = token.text.replace("\\", "").strip("^$")
            if (tested or compared) and any(map(str.isalnum, part)) and "/" not in part and len(part) < _LONGEST_PATH:
                self.collector.read(f"*{part}*", f".*{part}*", *([f"{part}*"] if part.startswith(".") else []))

    def _look(self) -> None:
        token = self.tokens[self.position]
        match token.kind:
            case "shell":
                self._shell(self._interpolate(token.text))
            case "code":
                self._evaluate(token.text)
            case "glob":
                self._note_glob(token.text)
            case "sign" if token.text == "<>" and self.language is Language.PERL:
                self.collector.read(*self.arguments[1:])
            case "name":
                self._look_at_name(token.text)

    def _look_at_name(self, name: str) -> None:
        following = self._peek(1).text
        if name == "@ARGV" and following != "=":
            ahead = [self._peek(place).text for place in range(1, 7)]
            if "=" in ahead and ";" not in ahead[: ahead.index("=")]:
                self._note_assignment(name, self.position + ahead.index("=") + 2)
                return
        if name in {"ARGF", "$<"}:
            self.collector.read(*self.arguments[1:])
        if following == "=" and self._peek(2).text != "=":
            self._note_assignment(name, self.position + 2)
        elif following in {"+=", ".="} and name in self.variables:
            self.position += 2
            before = self.variables[name]
            self.variables[name] = _joined(before, self._expression())
        elif self._begins_call(_short(name), following):
            self._note_call(name)
        elif following in {".", "->", "::", "["} and self._peek(-1).text not in {".", "->", "::"}:
            value = self._expression()
            if name == "Dir":
                self.collector.read(*(text for text in _texts(value) if is_listing(text) and text.strip("*./")))

    def _note_assignment(self, name: str, position: int) -> None:
        self.position = position
        value = self._expression()
        self.variables[name] = value
        if self.position - position > 1:  # made of more than one constant
            for text in _texts(value):
                self.note_text(text)
        if name == "@ARGV":
            for text in _texts(value):
                self.collector.read(text)

    def _begins_call(self, short: str, following: str) -> bool:
        """Whether a name is called: with brackets, or, in some languages, by what stands behind it."""
        if following == "(":
            return True
        token = self._peek(1)
        if self.language is Language.NODE:
            return token.kind == "interpolated"  # a tagged template
        if token.kind in {"string", "interpolated", "words", "shell"}:
            return True
        does = _SHELLS | _READERS | _WRITERS | _EVALUATORS | _PRINTERS
        known = short in does or self._owner() in {"file", "io", "dir", "pathname"}
        return token.kind in {"name", "number"} and known and self.language is not Language.OTHER

    def _note_call(self, name: str) -> None:
        """Note what a call names; a chain of methods behind it is looked at when its turn comes."""
        short = _short(name)
        owner = self._owner()
        bracketed = self._peek(1).text == "("
        self.position += 2 if bracketed else 1
        if short in _TEXTS or short in _PRINTERS:
            self._note_texts(short, bracketed=bracketed)
            return
        begin = self.position
        values = self._values(")" if bracketed else "")
        if self._note_known(name, owner, values, begin):
            self._noted |= set(range(begin, self.position))
        else:
            for text in [text for value in values for text in _texts(value)][:_MOST_ITEMS]:
                self.note_text(text)

    def _owner(self) -> str:
        """Return the name before ``.name(`` or ``->name(``."""
        if self._peek(-1).text in {".", "->", "::", ":"} and self._peek(-2).kind == "name":
            return _short(self._peek(-2).text)
        return ""

    def _note_texts(self, short: str, *, bracketed: bool) -> None:
        begin = self.position
        values = self._values(")" if bracketed else "")
        known = all(value is not None and UNKNOWN not in _text(value) for value in values)
        if short in _PRINTERS and self._printed is not None:
            text = " ".join(map(_text, values)) if self.language is Language.NODE else "".join(map(_text, values))
            newline = short in {"puts", "log", "say", "println", "p", "display"}
            self._printed.append(text + ("\n" if newline else ""))
        depth = 0
        for place in range(begin, self.position):
            depth += {"(": 1, ")": -1}.get(self.tokens[place].text, 0)
            if known or depth <= 0:
                self._noted.add(place)

    def _note_known(self, name: str, owner: str, values: list[_Value], begin: int) -> bool:  # noqa: C901, PLR0911, PLR0912 - one branch for each kind of function
        short = _short(name)
        texts = [_text(value) for value in values if not isinstance(value, int)]
        first = texts[0] if texts else ""
        known = [text for text in texts if text.strip(UNKNOWN)]
        if (short in _EVALUATORS and name != "function") or (
            short == "load" and self.language is Language.OTHER and not _is_path(first)
        ):
            return self._note_evaluated(values)
        if (
            short in {"exec", "match", "test"}
            and self.tokens[begin - 3 : begin - 2]
            and self.tokens[begin - 3].text == "."
            and owner not in {"child_process", "cp", "shell", "os", "proc", "kernel", "process", ""}
        ):
            return False
        if short == "chdir" and known:
            self.collector.folder = known[0]
            return True
        if short == "loadenvfile" or (short == "config" and "dotenv" in self.source):
            self.collector.read(*(known[:1] or [".env"]))
            return True
        if short in {"require", "import", "createrequire"} and _LOCAL_MODULE.match(first):
            self.collector.read(first)
            return True
        if short in _SHELLS and self._runs_shell(short, owner):
            self._note_shell(values)
            return True
        if short in _PROCESSES:
            self._note_process(values)
            return True
        if is_url(first) and (short in _READERS or short in _FETCHES):
            self.collector.url(first)
            return True
        if short in _FETCHES:
            return self._note_fetch(owner, values, begin)
        if short == "send" and self.language is Language.NODE:
            return self._note_connection(values[1:])
        if short in _CONNECTS or (
            short in {"new", "open", "start", "get"}
            and owner in {"tcpsocket", "udpsocket", "inet", "ssl", "http", "ftp", "smtp", "socket"}
        ):
            return self._note_connection(values)
        if short in _WRITERS or (
            short in {"write", "delete", "rename"} and owner in {"file", "io", "fileutils", "bun", "deno"}
        ):
            self.collector.write(*known[:1])
            return bool(known)
        if short in _READERS or (
            short in {"read", "new", "readlines", "glob"}
            and owner in {"file", "io", "dir", "pathname", "splfileobject"}
        ):
            return self._note_file(short, values, known)
        if short in {"glob", "[]"} or owner == "dir":
            for text in known:
                self._note_glob(text)
            return bool(known)
        return False

    def _runs_shell(self, short: str, owner: str) -> bool:
        if short == "exec" and self.language is Language.NODE:
            return owner in {"", "child_process", "cp", "shell", "util", "process"}
        return short not in {"execute", "shell", "cmd", "sh", "capture"} or self.language in {
            Language.OTHER,
            Language.RUBY,
        }

    def _note_evaluated(self, values: list[_Value]) -> bool:
        text = _text(values[-1]) if values else UNKNOWN
        if isinstance(values[-1] if values else None, str) and text.strip(UNKNOWN):
            self._evaluate(text)
            return True
        if values and not (isinstance(values[-1], _Reference) and values[-1].name):
            self.collector.opaque("runs a program that is not known", "eval")
        return False

    def _note_shell(self, values: list[_Value]) -> None:
        words = [text for value in values for text in _texts(value)]
        if len(words) > 1 and self.language in {Language.PERL, Language.RUBY}:
            self.collector.run(words)
        elif words and words[0].strip(UNKNOWN):
            self._shell(words[0].strip("| "))
        elif values and isinstance(values[0], str):
            self.collector.opaque("runs a text that is not known", "system")

    def _note_process(self, values: list[_Value]) -> None:
        words = [text for value in values for text in _texts(value)]
        if words and words[0].strip(UNKNOWN):
            if len(words) == 1:
                self._shell(words[0])
            else:
                self.collector.run(words)

    def _note_fetch(self, owner: str, values: list[_Value], begin: int) -> bool:
        urls = [text for value in values for text in _texts(value) if is_url(text)]
        for url in urls:
            self.collector.url(url)
        hosts = (
            [text for text in _texts(values[0]) if "." in text and "/" not in text and " " not in text]
            if values
            else []
        )
        named = [text for word, text in self._named(begin) if word in {"host", "hostname", "uri", "url"}]
        for host in [*named, *(hosts[:1] if owner in {"http", "https", "net"} else ())] if not urls else ():
            self.collector.host(host)
            urls.append(host)
        return bool(urls)

    def _named(self, begin: int) -> Iterator[tuple[str, str]]:
        """Yield the named arguments of a call that are constants: ``{host: 'x'}``."""
        for place in range(begin, self.position - 2):
            if self.tokens[place + 1].text in {":", "=>", "="} and self.tokens[place + 2].kind in {
                "string",
                "interpolated",
            }:
                yield _short(self.tokens[place].text), self.tokens[place + 2].text

    def _note_connection(self, values: list[_Value]) -> bool:
        texts = [text for value in values for text in _texts(value)]
        found = False
        for text in texts:
            if is_url(text):
                self.collector.url(text)
                found = True
            elif (
                ("." in text or text == "localhost")
                and text.strip(UNKNOWN)
                and " " not in text
                and "/" not in text.removeprefix("ssl://")
            ):
                self.collector.host(text)
                found = True
        return found

    def _note_file(self, short: str, values: list[_Value], known: list[str]) -> bool:
        if short in {"load", "file", "copy", "link", "source", "open", "lines", "scan", "entries"} and not known:
            return False
        if short in {
            "copy",
            "cp",
            "cpsync",
            "copyfile",
            "copyfilesync",
            "renamesync",
            "rename",
            "move",
            "link",
            "symlink",
            "linksync",
            "symlinksync",
        }:
            self.collector.read(*known[:1])
            self.collector.write(*known[1:2])
            return bool(known)
        for text in known[:3]:
            if self.language in {Language.PERL, Language.RUBY} and (
                text.rstrip().endswith("|") or text.lstrip().startswith("|")
            ):
                self._shell(text.strip().strip("|"))
            elif text.strip() in {"<", "+<", "r", "rb", "<:encoding(UTF-8)", "utf8", "utf-8", "-|"}:
                continue
            elif text.strip()[:1] in {"<", ">", "+"} and self.language is Language.PERL:
                path = text.strip().lstrip("<>+ ")
                (self.collector.write if ">" in text[:3] else self.collector.read)(path)
            elif text.strip() not in {"w", "a", "wb", "w+", "r+", ">", ">>"}:
                (self.collector.edit if {"w", "a", "wb", "w+", "r+", ">", ">>"} & set(known) else self.collector.read)(
                    text
                )
        if not known and values and isinstance(values[0], str):
            self.collector.read(values[0])
        return bool(known)

    def _note_glob(self, text: str) -> None:
        if text.isupper() or text in {"STDIN", "$fh", ""} or text.startswith("$"):
            return
        if is_listing(text) or "?" in text or "[" in text or "." in text:
            self.collector.read(text)

    def _shell(self, text: str) -> None:
        if text.strip():
            self.collector.shell(text)

    def _evaluate(self, text: str) -> None:
        if self.depth < 4:  # noqa: PLR2004 - programs that hide programs are no deeper
            _follow(text, self.language, self.arguments, self.collector, self.environment, self.depth + 1)
        else:
            self.collector.opaque("hides a program in programs", text[:80])

    def note_text(self, text: str) -> None:
        """Note a constant of which nobody knows what it is for; one without a letter or digit is no name."""
        text = text.strip() if any(map(str.isalnum, text)) else ""
        if is_url(text):
            self.collector.url(text)
        elif text in {"dotenv/config", "dotenv/load"}:
            self.collector.read(".env")
        elif 0 < len(text) < _LONGEST_PATH and "\n" not in text and text.strip(UNKNOWN) and UNKNOWN not in text:
            self.collector.read(text, sure=False)
            self.collector.write(text, sure=False)

    # Expressions

    def _peek(self, ahead: int) -> _Token:
        place = self.position + ahead
        return self.tokens[place] if 0 <= place < len(self.tokens) else _END

    def _spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise _TooMuch

    def _values(self, closing: str) -> list[_Value]:
        """Read values up to a bracket, or up to the line's end."""
        values: list[_Value] = []
        depth = 0
        while self.position < len(self.tokens) and len(values) < _MOST_ITEMS:
            token = self.tokens[self.position]
            if token.text == closing and token.kind == "sign":
                self.position += 1
                break
            if not closing and (token.kind == "line" or token.text in {";", "}", ")"}):
                break
            if token.text in {",", "=>", ":"} and token.kind == "sign":
                self.position += 1
                continue
            before = self.position
            values.append(self._expression(depth))
            if self.position == before:
                self.position += 1
                if token.text in {"(", "{"}:
                    self._skip(token.text)
        return values

    def _skip(self, opening: str) -> None:
        depth = 1
        while self.position < len(self.tokens) and depth:
            self._spend()
            text = self.tokens[self.position].text
            depth += (
                {opening: 1, _CLOSING[opening]: -1}.get(text, 0) if self.tokens[self.position].kind == "sign" else 0
            )
            self.position += 1

    def _expression(self, depth: int = 0) -> _Value:
        """Read terms that are joined."""
        self._spend()
        value = self._term(depth)
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            if token.kind == "line":
                if self._peek(1).kind == "sign" and self._peek(1).text in _JOINS.get(
                    self.language, _JOINS[Language.OTHER]
                ):
                    self.position += 1
                    continue
                break
            if token.kind == "sign" and token.text in _JOINS.get(self.language, _JOINS[Language.OTHER]):
                self.position += 1
                value = _joined(value, self._term(depth))
            elif (
                token.kind in {"string", "interpolated"}
                and isinstance(value, str)
                and self.language in {Language.RUBY, Language.PYTHON}
            ):
                value = _joined(value, self._term(depth))
            elif token.text == "%" and isinstance(value, str) and self.language in {Language.RUBY, Language.PYTHON}:
                self.position += 1
                right = self._term(depth)
                value = _formatted(value, right if isinstance(right, list) else [right])
            else:
                break
        return value

    def _term(self, depth: int) -> _Value:
        self._spend()
        if depth > _DEEPEST:
            self.position = len(self.tokens)
            return None
        token = self._peek(0)
        self.position += 1
        value: _Value
        match token.kind:
            case "string":
                value = token.text
            case "interpolated":
                value = self._interpolate(token.text)
            case "words":
                value = list(token.words)
            case "number":
                value = _number(token.text)
            case "name":
                value = self._of_name(token.text, depth)
            case "sign" if token.text == "(":
                inner = self._values(")")
                value = inner[0] if len(inner) == 1 else list(inner)
            case "sign" if token.text == "[" or (token.text == "{" and self.language is Language.OTHER):
                value = [
                    each
                    for item in self._values(_CLOSING[token.text])
                    for each in (item if isinstance(item, list) else [item])
                ]
            case "sign" if token.text == "...":
                spread = self._term(depth + 1)
                value = list(spread) if isinstance(spread, str) and len(spread) < _MOST_ITEMS else spread
            case "sign" if token.text in {"\\", "&", "!", "new"}:
                value = self._term(depth + 1)
            case _:
                self.position -= 1
                return None
        return self._with_methods(value, depth)

    def _of_name(self, name: str, depth: int) -> _Value:
        if name in {"new", "await", "my", "local", "our", "const", "let", "var", "scalar", "return", "typeof"}:
            return self._term(depth + 1)
        if name in self.variables and self._peek(0).text != "(":
            return self.variables[name]
        short = _short(name)
        if short == "map" and self.language is Language.PERL:
            return self._of_map()
        if self._peek(0).text == "(":
            self.position += 1
            return self._called(short, None, self._values(")"))
        if short in _UNARY and self._peek(0).kind in {"string", "interpolated", "number", "name"}:
            return self._called(short, None, [self._term(depth + 1)])
        if self._is_function(short) and self._peek(0).kind in {"string", "interpolated", "number", "words", "name"}:
            return self._called(short, None, self._values_of_bare_call())
        if name == "$ENV" and self._peek(0).text == "{":
            key = self._peek(1).text
            self.position += 3
            return self._variable(key)
        if name in {"ARGV", "@ARGV", "$ARGV", "$argv", "argv", "arg", "args"}:
            return [*self.arguments[1:]] if name in {"ARGV", "@ARGV", "$ARGV"} else list(self.arguments)
        return _Reference(name)

    def _of_map(self) -> _Value:
        """``map { chr } 46, 101``: numbers become letters where the block says so."""
        begin = self.position
        if self._peek(0).text == "{":
            self.position += 1
            self._skip("{")
        elif self._peek(0).kind == "name":
            self.position += 1
        names = {_short(token.text) for token in self.tokens[begin : self.position]}
        if self._peek(0).text == ",":
            self.position += 1
        items = [
            each for value in self._values_of_bare_call() for each in (value if isinstance(value, list) else [value])
        ]
        return (
            [chr(each) if isinstance(each, int) and each < _LAST_CODE else _text(each) for each in items]
            if "chr" in names
            else items
        )

    def _variable(self, name: str) -> str:
        """Return what a variable of the environment stands for."""
        if name in self.environment:
            return self.environment[name]
        return {"HOME": "~", "PWD": "."}.get(name, UNKNOWN)

    def _is_function(self, short: str) -> bool:
        return short in _CALLS and self.language in {Language.PERL, Language.RUBY, Language.PHP, Language.OTHER}

    def _values_of_bare_call(self) -> list[_Value]:
        values = [self._expression(1)]
        while self._peek(0).text == ",":
            self.position += 1
            values.append(self._expression(1))
        return values

    def _with_methods(self, value: _Value, depth: int) -> _Value:
        """Read ``.name(…)``, ``->name``, ``[…]`` behind a value."""
        while self.position < len(self.tokens):
            self._spend()
            token = self._peek(0)
            if (
                token.kind == "line"
                and self._peek(1).text in {".", "?."}
                and self.language in {Language.NODE, Language.RUBY}
            ):
                self.position += 1
                continue
            if token.kind != "sign":
                break
            if token.text in {"->", "::", "?."} or (
                token.text in {".", ":"} and self._peek(1).kind == "name" and self._chains(token.text)
            ):
                value = self._method(value, depth)
            elif token.text == "[" and not isinstance(value, int) and value is not None:
                self.position += 1
                items = self._values("]")
                value = _indexed(value, items, self.arguments)
            elif token.text == "(" and isinstance(value, _Reference):
                self.position += 1
                value = self._called(_short(value.name), None, self._values(")"))
            else:
                break
        return value

    def _chains(self, sign: str) -> bool:
        if sign == ":":
            return self.language is Language.OTHER and self._peek(2).text == "("
        return self.language in {Language.NODE, Language.RUBY, Language.PYTHON, Language.OTHER}

    def _method(self, value: _Value, depth: int) -> _Value:
        self.position += 1
        name = self._peek(0)
        if name.kind != "name":
            return None
        self.position += 1
        begin = self.position
        values: list[_Value] = []
        if self._peek(0).text == "(":
            self.position += 1
            values = self._values(")")
        elif (
            self.language is Language.RUBY
            and self._peek(0).kind in {"string", "interpolated", "words"}
            and isinstance(value, _Reference)
        ):
            values = self._values_of_bare_call()
        del depth
        if isinstance(value, _Reference):
            if begin == self.position:
                return _of_module(f"{value.name}.{name.text}", self.arguments)
            full = f"{_short(value.name)}.{_short(name.text)}"
            if full in {
                "path.join",
                "path.resolve",
                "file.join",
                "file.expand_path",
                "path.normalize",
                "file.absolute_path",
            }:
                return "/".join(
                    _text(each).rstrip("/") or "/"
                    for each in values[: 1 if "expand" in full or "absolute" in full else None]
                )
            return self._called(_short(name.text), value, values)
        if isinstance(value, list) and _short(name.text) in {"map", "collect", "each"}:
            return self._mapped(value, begin)
        if (
            isinstance(value, list)
            and _short(name.text) in {"filter", "find", "select", "grep", "detect", "reject"}
            and any(is_listing(_text(each)) for each in value)
        ):
            return self._narrowed(value, begin)
        return self._called(_short(name.text), value, values)

    def _mapped(self, value: list[object], begin: int) -> _Value:
        """``[46, 101].map(c => String.fromCharCode(c))``: numbers become letters where a function that does so is named."""
        names = {_short(token.text) for token in self._tokens_of_block(begin) if token.kind == "name"}
        if names & {"fromcharcode", "chr", "char", "fromcodepoint"}:
            return [chr(each) if isinstance(each, int) and each < 0x110000 else _text(each) for each in value]  # type: ignore[arg-type]
        return UNKNOWN

    def _narrowed(self, value: list[object], begin: int) -> _Value:
        """Names that are listed and filtered by a constant: the constant says what they look like."""
        parts = [token.text for token in self._tokens_of_block(begin) if token.kind in {"string", "pattern"}]
        if not parts:
            return [UNKNOWN]
        part = parts[0].replace("\\", "").strip("^$")
        globs = [f"*{part}*", f".*{part}*", *([f"{part}*"] if part.startswith(".") else [])]
        self.collector.read(*globs)
        del value
        return globs

    def _tokens_of_block(self, begin: int) -> Iterator[_Token]:
        """Yield the tokens of a call's arguments, or of the block behind it."""
        end = self.position
        if self._peek(0).text == "{":
            self.position += 1
            self._skip("{")
            end = self.position
        yield from self.tokens[begin:end]

    def _called(self, short: str, owner: _Value, values: list[_Value]) -> _Value:
        known = _CALLS.get(short)
        if known is None:
            return _LISTS.get(short, None if short else None)
        try:
            value = known(owner, values)
        except (ValueError, IndexError, TypeError, OverflowError, AttributeError):
            return None
        return value if not isinstance(value, str) or len(value) <= LONGEST else None

    def _interpolate(self, text: str) -> str:
        """Fill what is interpolated into a string; what is not known leaves its gap."""

        def fill(found: re.Match[str]) -> str:
            if found[1] is not None:
                return self._variable(found[1])
            name = found[4] or found[5]
            if name is not None:
                if name in self.variables:
                    return _text(self.variables[name])
                return found[0] if self.language not in {Language.PERL, Language.PHP} or name[0] == "@" else UNKNOWN
            inner = found[2] if found[2] is not None else found[3]
            if self.language in {Language.PERL, Language.PHP}:
                return _text(self.variables.get("$" + inner.lstrip("$")))
            if self.depth > 2 or found[0][0] == "$" and self.language is not Language.NODE:  # noqa: PLR2004
                return UNKNOWN
            inside = _Reader(
                _tokens(inner, self.language),
                self.language,
                self.arguments,
                self.collector,
                self.depth + 1,
                variables=self.variables,
            )
            try:
                value = inside._expression()  # noqa: SLF001 - the same class
            except _TooMuch:
                return UNKNOWN
            return _text(value)

        return _INTERPOLATED.sub(fill, text) if self.language is not Language.PYTHON else text


# Values


def _short(name: str) -> str:
    """Return a function's own name, without its package, in lower case."""
    return name.rpartition("::")[2].lstrip("$@%&").rstrip("!?").lower()


def _number(text: str) -> int | None:
    try:
        return int(text, 8) if text.isdigit() and text.startswith("0") and len(text) > 1 else int(text, 0)
    except ValueError:
        return None


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(_text, value)) if value and all(isinstance(each, str | int) for each in value) else UNKNOWN
    return str(value) if isinstance(value, int) else UNKNOWN


def _texts(value: object) -> list[str]:
    if isinstance(value, list):
        return [text for each in value[:_MOST_ITEMS] for text in _texts(each)]
    return [value] if isinstance(value, str) else []


def _is_path(text: str) -> bool:
    return 0 < len(text) < _LONGEST_PATH and " " not in text and "(" not in text


def _joined(left: _Value, right: _Value) -> _Value:
    if isinstance(left, list) and isinstance(right, list):
        return [*left, *right]
    if isinstance(left, int) and isinstance(right, int):
        return left + right if abs(left) + abs(right) < 1 << 40 else None
    if left is None and right is None:
        return None
    text = _text(left) + _text(right)
    return text if len(text) <= LONGEST else None


def _indexed(value: _Value, items: list[_Value], arguments: tuple[str, ...]) -> _Value:
    index = items[0] if items else None
    if isinstance(value, _Reference):
        if value.name == "process.argv" and isinstance(index, int):
            words = ["node", *(arguments[1:] if arguments[:1] and arguments[0].startswith("-") else arguments)]
            return words[index] if index < len(words) else None
        if value.name in {"Dir", "glob"}:
            return [each for each in items if isinstance(each, str)]
        if isinstance(index, str):
            return _of_module(f"{value.name}.{index}", arguments)
        return None
    if isinstance(value, list) and isinstance(index, int) and any(is_listing(_text(each)) for each in value):
        return UNKNOWN
    if isinstance(value, str | list) and isinstance(index, int) and -len(value) <= index < len(value):
        return value[index]  # type: ignore[return-value]
    return None


def _of_module(name: str, arguments: tuple[str, ...]) -> _Value:
    if name in {"Dir.home", "os.homedir"}:
        return "~"
    if name in {"process.argv", "Deno.args", "Bun.argv"}:
        return list(arguments[1:]) if name == "Deno.args" else _Reference("process.argv")
    if name in {"process.env.HOME", "ENV.HOME", "$ENV.HOME", "$_ENV.HOME", "$_SERVER.HOME"}:
        return "~"
    return _Reference(name)


def _formatted(form: str, values: Sequence[object]) -> str:
    left = list(reversed(values))

    def fill(directive: re.Match[str]) -> str:
        if directive[1] == "%":
            return "%"
        value = left.pop() if left else None
        if directive[1] == "c" and isinstance(value, int):
            return chr(value) if value < 0x110000 else ""  # noqa: PLR2004 - the last code point
        return _text(value)

    return re.sub(r"%[-+ 0#]{0,4}\d{0,3}(?:\.\d{1,3})?([a-zA-Z%])", fill, form)


# Functions whose value is computed

_Call = Callable[[_Value, list[_Value]], _Value]


def _subject(owner: _Value, values: list[_Value]) -> tuple[str, list[_Value]]:
    """Return the text that a function is about: the value before its dot, or its first argument."""
    if isinstance(owner, str | list) and not isinstance(owner, _Reference):
        return _text(owner), values
    return _text(values[0]) if values else UNKNOWN, values[1:]


def _decoder(decode: Callable[[str], str | None]) -> _Call:
    def run(owner: _Value, values: list[_Value]) -> _Value:
        text, _ = _subject(owner, values)
        return UNKNOWN if UNKNOWN in text else decode(text)

    return run


def _from(_: _Value, values: list[_Value]) -> _Value:
    """``Buffer.from(text, encoding)``, ``Array.from``, ``Uint8Array.from(numbers)``."""
    coding = _text(values[1]).lower() if len(values) > 1 else ""
    if coding in {"base64", "base64url"}:
        return from_base64(_text(values[0]))
    if coding == "hex":
        return from_hex(_text(values[0]))
    if isinstance(values[0], list) and values[0] and all(isinstance(each, int) for each in values[0]):
        return _of_codes(values[0])
    return values[0]


def _of_codes(codes: Sequence[object]) -> str:
    return "".join(chr(code) for code in codes if isinstance(code, int) and 0 <= code < 0x110000)  # noqa: PLR2004 - the last code point


def _characters(owner: _Value, values: list[_Value]) -> _Value:
    if isinstance(owner, int):
        return chr(owner)
    codes = [each for value in values for each in (value if isinstance(value, list) else [value])]
    return _of_codes(codes) if codes and all(isinstance(code, int) for code in codes) else UNKNOWN


def _reversed_value(owner: _Value, values: list[_Value]) -> _Value:
    value = owner if isinstance(owner, str | list) else values[0] if len(values) == 1 else list(values)
    if isinstance(value, str | list):
        return value[::-1]
    return UNKNOWN


def _join(owner: _Value, values: list[_Value]) -> _Value:
    if isinstance(owner, list):
        glue = _text(values[0]) if values else ""
        return glue.join(map(_text, owner))
    flat: list[object] = []
    for value in values[1:]:
        flat += value if isinstance(value, list) else [value]
    if values and isinstance(values[0], list):
        return (_text(values[1]) if len(values) > 1 else "").join(map(_text, values[0]))
    return _text(values[0]).join(map(_text, flat)) if values else UNKNOWN


def _concat(owner: _Value, values: list[_Value]) -> _Value:
    return _text(owner) * isinstance(owner, str) + "".join(map(_text, values))


def _split(owner: _Value, values: list[_Value]) -> _Value:
    if isinstance(owner, str):
        text, separator = owner, _text(values[0]) if values else " "
    else:
        separator, text = (_text(values[0]), _text(values[1])) if len(values) > 1 else ("", _text(values[0]))
    if UNKNOWN in text:
        return [UNKNOWN]
    return list(text[:_MOST_ITEMS]) if separator in {"", UNKNOWN} else list(text.split(separator)[:_MOST_ITEMS])


def _spread(owner: _Value, values: list[_Value]) -> _Value:
    text, _ = _subject(owner, values)
    return list(text[:_MOST_ITEMS])


def _same(owner: _Value, values: list[_Value]) -> _Value:
    return owner if isinstance(owner, str | list | int) else values[0] if values else owner


def _changed(change: Callable[[str], str]) -> _Call:
    def run(owner: _Value, values: list[_Value]) -> _Value:
        return change(_subject(owner, values)[0])

    return run


def _replaced(owner: _Value, values: list[_Value]) -> _Value:
    text, rest = _subject(owner, values)
    if not isinstance(owner, str) and len(values) > 2:  # noqa: PLR2004 - str_replace(old, new, text)
        text, rest = _text(values[2]), values[:2]
    old, new = (_text(each) for each in rest[:2])
    return UNKNOWN if UNKNOWN in old + new + text or not old else text.replace(old, new)


def _format_call(owner: _Value, values: list[_Value]) -> _Value:
    text, rest = _subject(owner, values)
    return _formatted(text, rest)


def _slice(owner: _Value, values: list[_Value]) -> _Value:
    value = owner if isinstance(owner, str | list) else values[0]
    numbers = [each for each in (values if isinstance(owner, str | list) else values[1:]) if isinstance(each, int)]
    if not isinstance(value, str | list) or not numbers:
        return UNKNOWN
    return value[numbers[0] : numbers[1] if len(numbers) > 1 else None]  # type: ignore[return-value]


def _substr(owner: _Value, values: list[_Value]) -> _Value:
    text, rest = _subject(owner, values)
    numbers = [each for each in rest if isinstance(each, int)]
    if not numbers or UNKNOWN in text:
        return UNKNOWN
    return text[numbers[0] :][: numbers[1] if len(numbers) > 1 else None]


def _repeat(owner: _Value, values: list[_Value]) -> _Value:
    text, rest = _subject(owner, values)
    times = rest[0] if rest and isinstance(rest[0], int) else 1
    return text * times if len(text) * times <= LONGEST else None


def _pack(owner: _Value, values: list[_Value]) -> _Value:
    """``pack("H*", "2e65")``, ``[46, 101].pack("c*")``, ``["LmU="].pack`` and their like."""
    form = _text(values[0])
    items = owner if isinstance(owner, list) else values[1:]
    flat = [each for item in items for each in (item if isinstance(item, list) else [item])]
    if form[:1] in "Hh":
        return from_hex(_text(flat[0]))
    if form[:1] in "CcUWn":
        return _of_codes(flat)
    return "".join(map(_text, flat)) if form[:1] in "AaZ" else None


def _unpack(owner: _Value, values: list[_Value]) -> _Value:
    text, rest = _subject(owner, values)
    form = _text(rest[0]) if rest else _text(values[0])
    if not isinstance(owner, str) and len(values) > 1:
        form, text = _text(values[0]), _text(values[1])
    if form[:1] in "mu":
        return from_base64(text) if form[0] == "m" else _unpacked_uu(text)
    return bytes_of(text).hex() if form[:1] == "H" else None


def _unpacked_uu(text: str) -> str | None:
    import binascii  # noqa: PLC0415 - one rare way

    try:
        return text_of(b"".join(binascii.a2b_uu(line) for line in text.splitlines() if line))
    except binascii.Error:
        return None


def _rot13(text: str) -> str:
    return "".join(
        chr((ord(each) - base + 13) % 26 + base)
        if (base := 97 if each.islower() else 65) and each.isascii() and each.isalpha()
        else each
        for each in text
    )


def _home(_: _Value, __: list[_Value]) -> _Value:
    return "~"


def _here(_: _Value, __: list[_Value]) -> _Value:
    return "."


def _listed(_: _Value, __: list[_Value]) -> _Value:
    return ["*", ".*"]


_LISTS: Final[Mapping[str, _Value]] = {"readdirsync": ["*", ".*"], "entries": ["*", ".*"], "children": ["*", ".*"]}
_CALLS: Final[Mapping[str, _Call]] = {
    **dict.fromkeys(
        name_set(
            "atob base64_decode decode64 strict_decode64 urlsafe_decode64 decode_base64 b64decode base64decode"
            " frombase64string base64url_decode"
        ),
        _decoder(from_base64),
    ),
    **dict.fromkeys(("hex2bin", "unhex", "unhexlify", "decode_hex"), _decoder(from_hex)),
    **dict.fromkeys(("decode32", "base32_decode", "decode_base32"), _decoder(from_base32)),
    **dict.fromkeys(
        ("gzinflate", "gzuncompress", "gzdecode", "inflatesync", "gunzipsync", "inflate", "inflaterawsync"),
        _decoder(decompressed),
    ),
    **dict.fromkeys(
        (
            "decodeuricomponent",
            "decodeuri",
            "unescape",
            "urldecode",
            "rawurldecode",
            "uri_unescape",
            "decode_www_form_component",
        ),
        _decoder(unquote),
    ),
    **dict.fromkeys(("str_rot13", "rot13"), _changed(_rot13)),
    "from": _from,
    **dict.fromkeys(("require", "import"), lambda _, values: _Reference(_text(values[0]).removeprefix("node:"))),
    **dict.fromkeys(("url", "uri", "path", "pathname", "file"), _same),
    **dict.fromkeys(name_set("fromcharcode fromcodepoint chr char mb_chr utf8.char inttoutf8 rawtochar"), _characters),
    **dict.fromkeys(("reverse", "strrev", "toreversed", "rev"), _reversed_value),
    **dict.fromkeys(("join", "implode", "strjoin", "table.concat"), _join),
    **dict.fromkeys(("concat", "paste0", "strcat", "str"), _concat),
    **dict.fromkeys(("split", "explode"), _split),
    **dict.fromkeys(("chars", "str_split", "each_char", "letters"), _spread),
    **dict.fromkeys(name_set("tostring to_s trim strip chomp valueof freeze dup to_str to_a string"), _same),
    **dict.fromkeys(("replace", "replaceall", "gsub", "sub", "str_replace"), _replaced),
    **dict.fromkeys(("sprintf", "format"), _format_call),
    **dict.fromkeys(("slice", "substring", "array_slice"), _slice),
    **dict.fromkeys(("substr", "mb_substr"), _substr),
    "repeat": _repeat,
    "str_repeat": _repeat,
    "pack": _pack,
    **dict.fromkeys(("unpack", "unpack1"), _unpack),
    **dict.fromkeys(("tolowercase", "downcase", "strtolower", "lc", "lower"), _changed(str.lower)),
    **dict.fromkeys(("touppercase", "upcase", "strtoupper", "uc", "upper"), _changed(str.upper)),
    **dict.fromkeys(("homedir",), _home),
    **dict.fromkeys(("cwd", "pwd", "getcwd"), _here),
    **dict.fromkeys(("readdirsync", "scandir", "entries", "children", "readdir", "each_child"), _listed),
}
