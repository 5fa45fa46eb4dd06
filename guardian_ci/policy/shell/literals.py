"""What program texts of many languages do, by their constants: Node, Perl, Ruby, PHP, Lua, R and others.

What follows the name of a function that opens, runs, fetches or prints is evaluated as far as it is made of constants.
All other constants are words that may be files. Control flow is not followed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from guardian_ci.policy.shell.arguments import name_set
from guardian_ci.policy.shell.collector import Collector
from guardian_ci.policy.shell.effects import Effects, Language
from guardian_ci.policy.shell.encodings import LONGEST, joined_within
from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.hosts import is_url
from guardian_ci.policy.shell.listings import is_listing
from guardian_ci.policy.shell.literal_tokens import CLOSING, END, Token, tokens_of
from guardian_ci.policy.shell.literal_values import (
    CALLS,
    LAST_CODE,
    LISTS,
    MOST_ITEMS,
    Reference,
    Value,
    as_text,
    formatted,
    indexed,
    joined,
    number_of,
    of_module,
    short_name,
    texts_in,
)
from guardian_ci.policy.shell.words import path_words

_MOST_STEPS: Final = 40_000
_DEEPEST: Final = 24
_LONGEST_PATH: Final = 1_024
_JOINS: Final[Mapping[Language, frozenset[str]]] = {
    Language.NODE: frozenset({"+"}),
    Language.RUBY: frozenset({"+", "<<"}),
    Language.PYTHON: frozenset({"+"}),
    Language.PERL: frozenset({"."}),
    Language.PHP: frozenset({"."}),
    Language.OTHER: frozenset({"+", "..", "<>", "++", "&", "^"}),
}
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
_LOCAL_MODULE: Final = re.compile(r"(?:\.{0,2}/|~/|file:)")
_OPENS: Final = frozenset("$#@{")
_CONSTANTS: Final = frozenset({"string", "interpolated", "words"})
_BEGIN_VALUES: Final = frozenset({"(", "[", "{", "...", "\\", "&", "!"})
_PASSED_OVER: Final = name_set("new await my local our const let var scalar return typeof")
_ARGUMENTS_OF_OWN: Final = name_set("ARGV @ARGV $ARGV $argv argv arg args")
_CHOOSERS: Final = name_set("filter find select grep detect reject")
_CONTROL: Final = name_set("for while if foreach map each times loop until unless function def sub do")


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
    tokens = tokens_of(source, language)
    reader = _Reader(tokens, language, arguments, collector, depth, source, environment)
    try:
        return reader.run()
    except (_TooMuch, RecursionError):
        for token in tokens:
            if token.kind == "string":
                reader.note_text(token.text)
    return None


@dataclass(slots=True)
class _Reader:
    tokens: list[Token]
    language: Language
    arguments: tuple[str, ...]
    collector: Collector
    depth: int
    source: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    position: int = 0
    variables: dict[str, Value] = field(default_factory=dict)
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
        if not any(token.kind == "name" and short_name(token.text) in _LISTINGS for token in self.tokens):
            return
        for place, token in enumerate(self.tokens):
            before, behind = self.tokens[max(place - 1, 0)].text, self.tokens[min(place + 1, len(self.tokens) - 1)].text
            tested = token.kind == "pattern" and (before in {"=~", "(", "if"} or behind in {".", ")", "=~"})
            called = before == "(" and place > 1 and short_name(self.tokens[place - 2].text) in _TESTS
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
            self.variables[name] = joined(before, self._expression())
        elif self._begins_call(short_name(name), following):
            self._note_call(name)
        elif following in {".", "->", "::", "["} and self._peek(-1).text not in {".", "->", "::"}:
            self._expression()

    def _note_assignment(self, name: str, position: int) -> None:
        self.position = position
        value = self._expression()
        self.variables[name] = value
        if self.position - position > 1:  # made of more than one constant
            for text in texts_in(value):
                self.note_text(text)
        if name == "@ARGV":
            for text in texts_in(value):
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
        short = short_name(name)
        owner = self._owner()
        bracketed = self._peek(1).text == "("
        self.position += 2 if bracketed else 1
        if (short in _TEXTS or short in _PRINTERS) and not self._writes_file(short, owner):
            self._note_texts(short, bracketed=bracketed)
            return
        begin = self.position
        values = self._values(")" if bracketed else "")
        if self._note_known(name, owner, values, begin):
            self._noted |= set(range(begin, self.position))
        else:
            for text in [text for value in values for text in texts_in(value)][:MOST_ITEMS]:
                self.note_text(text)

    def _owner(self) -> str:
        """Return the name before ``.name(`` or ``->name(``."""
        if self._peek(-1).text in {".", "->", "::", ":"} and self._peek(-2).kind == "name":
            return short_name(self._peek(-2).text)
        return ""

    def _note_texts(self, short: str, *, bracketed: bool) -> None:
        begin = self.position
        values = self._values(")" if bracketed else "")
        known = all(value is not None and UNKNOWN not in as_text(value) for value in values)
        if short in _PRINTERS and self._printed is not None:
            text = " ".join(map(as_text, values)) if self.language is Language.NODE else "".join(map(as_text, values))
            newline = short in {"puts", "log", "say", "println", "p", "display"}
            self._printed.append(text + ("\n" if newline else ""))
        depth = 0
        for place in range(begin, self.position):
            depth += {"(": 1, ")": -1}.get(self.tokens[place].text, 0)
            if known or depth <= 0:
                self._noted.add(place)

    def _note_known(self, name: str, owner: str, values: list[Value], begin: int) -> bool:  # noqa: C901, PLR0911, PLR0912 - one branch for each kind of function
        short = short_name(name)
        texts = [as_text(value) for value in values if not isinstance(value, int)]
        first = texts[0] if texts else ""
        known = [text for text in texts if text.strip(UNKNOWN)]
        if (short in _EVALUATORS and name != "function") or (
            short == "load" and self.language is Language.OTHER and (" " in first or "(" in first)
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
        if short in {"require", "import", "createrequire"}:
            if _LOCAL_MODULE.match(first):
                self.collector.read(first)
            return not first.startswith("dotenv")
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
            return self._note_connection(values[1:], begin)
        if short in _CONNECTS or (
            short in {"new", "open", "start", "get"}
            and owner in {"tcpsocket", "udpsocket", "inet", "ssl", "http", "ftp", "smtp", "socket"}
        ):
            return self._note_connection(values, begin)
        if short in _WRITERS or self._writes_file(short, owner):
            self.collector.write(*known[: 2 if short == "rename" else 1])
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

    def _writes_file(self, short: str, owner: str) -> bool:
        """Whether ``owner.short(`` writes the file that it names; Lua's ``io.write`` prints."""
        if owner == "io" and self.language is not Language.RUBY:
            return False
        return short in {"write", "delete", "rename"} and owner in {"file", "io", "fileutils", "bun", "deno"}

    def _runs_shell(self, short: str, owner: str) -> bool:
        if short == "exec" and self.language is Language.NODE:
            return owner in {"", "child_process", "cp", "shell", "util", "process"}
        return short not in {"execute", "shell", "cmd", "sh", "capture"} or self.language in {
            Language.OTHER,
            Language.RUBY,
        }

    def _note_evaluated(self, values: list[Value]) -> bool:
        text = as_text(values[-1]) if values else UNKNOWN
        if isinstance(values[-1] if values else None, str) and text.strip(UNKNOWN):
            self._evaluate(text)
            return True
        if values:
            self.collector.opaque("runs a program that is not known", "eval")
        return False

    def _note_shell(self, values: list[Value]) -> None:
        words = [text for value in values for text in texts_in(value)]
        if len(words) > 1 and self.language in {Language.PERL, Language.RUBY}:
            self.collector.run(words)
        elif words and words[0].strip(UNKNOWN):
            self._shell(words[0].strip("| "))
        elif values and isinstance(values[0], str):
            self.collector.opaque("runs a text that is not known", "system")

    def _note_process(self, values: list[Value]) -> None:
        words = [text for value in values for text in texts_in(value)]
        if words and words[0].strip(UNKNOWN):
            if len(words) == 1:
                self._shell(words[0])
            else:
                self.collector.run(words)

    def _note_fetch(self, owner: str, values: list[Value], begin: int) -> bool:
        urls = [text for value in values for text in texts_in(value) if is_url(text)]
        for url in urls:
            self.collector.url(url)
        hosts = (
            [text for text in texts_in(values[0]) if "." in text and "/" not in text and " " not in text]
            if values
            else []
        )
        named = [text for word, text in self._named(begin) if word in {"host", "hostname", "uri", "url"}]
        for host in [*named, *(hosts[:1] if owner in {"http", "https", "net", ""} else ())] if not urls else ():
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
                yield short_name(self.tokens[place].text), self.tokens[place + 2].text

    def _note_connection(self, values: list[Value], begin: int) -> bool:
        texts = [text for value in values for text in texts_in(value)]
        texts += [text for word, text in self._named(begin) if word in {"host", "hostname", "peeraddr", "peerhost"}]
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

    def _note_file(self, short: str, values: list[Value], known: list[str]) -> bool:
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

    def _peek(self, ahead: int) -> Token:
        place = self.position + ahead
        return self.tokens[place] if 0 <= place < len(self.tokens) else END

    def _spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise _TooMuch

    def _values(self, closing: str) -> list[Value]:
        """Read values up to a bracket, or up to the line's end."""
        values: list[Value] = []
        depth = 0
        while self.position < len(self.tokens) and len(values) < MOST_ITEMS:
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
            depth += {opening: 1, CLOSING[opening]: -1}.get(text, 0) if self.tokens[self.position].kind == "sign" else 0
            self.position += 1

    def _expression(self, depth: int = 0) -> Value:
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
                value = joined(value, self._term(depth))
            elif (
                token.kind in {"string", "interpolated"}
                and isinstance(value, str)
                and self.language in {Language.RUBY, Language.PYTHON}
            ):
                value = joined(value, self._term(depth))
            elif token.text == "%" and isinstance(value, str) and self.language in {Language.RUBY, Language.PYTHON}:
                self.position += 1
                right = self._term(depth)
                value = formatted(value, right if isinstance(right, list) else [right])
            else:
                break
        return value

    def _term(self, depth: int) -> Value:
        self._spend()
        if depth > _DEEPEST:
            self.position = len(self.tokens)
            return None
        token = self._peek(0)
        self.position += 1
        value: Value
        match token.kind:
            case "string":
                value = token.text
            case "interpolated":
                value = self._interpolate(token.text)
            case "words":
                value = list(token.words)
            case "number":
                value = number_of(token.text)
            case "name":
                value = self._of_name(token.text, depth)
            case "sign" if token.text in _BEGIN_VALUES:
                value = self._of_sign(token.text, depth)
            case _:
                self.position -= 1
                return None
        return self._with_methods(value)

    def _of_sign(self, sign: str, depth: int) -> Value:
        """Read what begins with a sign: a bracket, a list, a spread, a reference."""
        if sign == "(":
            inner = self._values(")")
            return inner[0] if len(inner) == 1 else list(inner)
        if sign == "[" or (sign == "{" and self.language is Language.OTHER):
            items = self._values(CLOSING[sign])
            return [each for item in items for each in (item if isinstance(item, list) else [item])]
        if sign == "...":
            spread = self._term(depth + 1)
            return list(spread) if isinstance(spread, str) and len(spread) < MOST_ITEMS else spread
        if sign == "{":
            self.position -= 1
            return None
        return self._term(depth + 1)

    def _of_name(self, name: str, depth: int) -> Value:
        if name in _PASSED_OVER:
            return self._term(depth + 1)
        if name in self.variables and self._peek(0).text != "(":
            return self.variables[name]
        if name == "$ENV" and self._peek(0).text == "{":
            key = self._peek(1).text
            self.position += 3
            return self._variable(key)
        if name in _ARGUMENTS_OF_OWN:
            return list(self.arguments[1:] if "ARGV" in name else self.arguments)
        short = short_name(name)
        if short == "map" and self.language is Language.PERL:
            return self._of_map()
        values = self._arguments_of(short, depth)
        return Reference(name) if values is None else self._called(short, None, values)

    def _arguments_of(self, short: str, depth: int) -> list[Value] | None:
        """Read the arguments behind a function's name, with or without brackets; None where there are none."""
        following = self._peek(0)
        if following.text == "(":
            self.position += 1
            return self._values(")")
        if following.kind not in {"string", "interpolated", "number", "name", "words"}:
            return None
        if short in _UNARY:
            return [self._term(depth + 1)]
        return self._values_of_bare_call() if self._is_function(short) else None

    def _of_map(self) -> Value:
        """``map { chr } 46, 101``: numbers become letters where the block says so."""
        begin = self.position
        if self._peek(0).text == "{":
            self.position += 1
            self._skip("{")
        elif self._peek(0).kind == "name":
            self.position += 1
        names = {short_name(token.text) for token in self.tokens[begin : self.position]}
        if self._peek(0).text == ",":
            self.position += 1
        items = [
            each for value in self._values_of_bare_call() for each in (value if isinstance(value, list) else [value])
        ]
        return (
            [chr(each) if isinstance(each, int) and each < LAST_CODE else as_text(each) for each in items]
            if "chr" in names
            else items
        )

    def _variable(self, name: str) -> str:
        """Return what a variable of the environment stands for."""
        if name in self.environment:
            return self.environment[name]
        return {"HOME": "~", "PWD": "."}.get(name, UNKNOWN)

    def _is_function(self, short: str) -> bool:
        return short in CALLS and self.language in {Language.PERL, Language.RUBY, Language.PHP, Language.OTHER}

    def _values_of_bare_call(self) -> list[Value]:
        values = [self._expression(1)]
        while self._peek(0).text == ",":
            self.position += 1
            values.append(self._expression(1))
        return values

    def _with_methods(self, value: Value) -> Value:
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
                value = self._method(value)
            elif token.text == "[" and not isinstance(value, int) and value is not None:
                self.position += 1
                items = self._values("]")
                if isinstance(value, Reference) and value.name == "Dir":
                    self.collector.read(*(text for item in items for text in texts_in(item)))
                value = indexed(value, items, self.arguments)
            elif token.text == "(" and isinstance(value, Reference):
                self.position += 1
                value = self._called(short_name(value.name), None, self._values(")"))
            else:
                break
        return value

    def _chains(self, sign: str) -> bool:
        if sign == ":":
            return self.language is Language.OTHER and self._peek(2).text == "("
        return self.language in {Language.NODE, Language.RUBY, Language.PYTHON, Language.OTHER}

    def _method(self, value: Value) -> Value:
        self.position += 1
        token = self._peek(0)
        if token.kind != "name":
            return None
        self.position += 1
        begin = self.position
        name = short_name(token.text)
        values: list[Value] = []
        if self._peek(0).text == "(":
            self.position += 1
            values = self._values(")")
        elif self.language is Language.RUBY and isinstance(value, Reference) and self._peek(0).kind in _CONSTANTS:
            values = self._values_of_bare_call()
        if isinstance(value, Reference):
            if begin == self.position:
                return of_module(f"{value.name}.{token.text}", self.arguments)
            return self._called_on(short_name(value.name), name, value, values)
        if isinstance(value, list):
            if name in {"map", "collect", "each"}:
                return self._mapped(value, begin)
            if name in _CHOOSERS and any(is_listing(as_text(each)) for each in value):
                return self._narrowed(begin)
        return self._called(name, value, values)

    def _called_on(self, owner: str, name: str, value: Value, values: list[Value]) -> Value:
        """Return what a function of a module gives: a path that is joined, or what the function alone would give."""
        full = f"{owner}.{name}"
        if full in {"path.join", "path.resolve", "file.join", "path.normalize"}:
            return "/".join(as_text(each).rstrip("/") or "/" for each in values)
        if full in {"file.expand_path", "file.absolute_path"}:
            return as_text(values[0]) if values else UNKNOWN
        return self._called(name, value, values)

    def _mapped(self, value: list[object], begin: int) -> Value:
        """``[46, 101].map(c => String.fromCharCode(c))``: numbers become letters where the function says so."""
        names = {short_name(token.text) for token in self._tokens_of_block(begin) if token.kind == "name"}
        if names & {"fromcharcode", "chr", "char", "fromcodepoint"}:
            return [chr(each) if isinstance(each, int) and each < LAST_CODE else as_text(each) for each in value]
        return UNKNOWN

    def _narrowed(self, begin: int) -> Value:
        """Names that are listed and filtered by a constant: the constant says what they look like."""
        parts = [token.text for token in self._tokens_of_block(begin) if token.kind in {"string", "pattern"}]
        if not parts:
            return [UNKNOWN]
        part = parts[0].replace("\\", "").strip("^$")
        globs = [f"*{part}*", f".*{part}*", *([f"{part}*"] if part.startswith(".") else [])]
        self.collector.read(*globs)
        return list(globs)

    def _tokens_of_block(self, begin: int) -> Iterator[Token]:
        """Yield the tokens of a call's arguments, or of the block behind it."""
        end = self.position
        if self._peek(0).text == "{":
            self.position += 1
            self._skip("{")
            end = self.position
        yield from self.tokens[begin:end]

    def _called(self, short: str, owner: Value, values: list[Value]) -> Value:
        known = CALLS.get(short)
        if known is None:
            return LISTS.get(short)
        try:
            value = known(owner, values)
        except (ValueError, IndexError, TypeError, OverflowError, AttributeError):
            return None
        return value if not isinstance(value, str) or len(value) <= LONGEST else None

    def _interpolate(self, text: str) -> str:
        """Fill what is interpolated into a string; what is not known leaves its gap."""
        if self.language is Language.PYTHON or not _OPENS.intersection(text):
            return text
        parts: list[str] = []
        end = 0
        for found in _INTERPOLATED.finditer(text):
            parts += [text[end : found.start()], self._fill(found)]
            end = found.end()
        return joined_within([*parts, text[end:]]) or UNKNOWN

    def _fill(self, found: re.Match[str]) -> str:
        variable, dollar, hashed, braced, plain = found.groups()
        sigils = self.language in {Language.PERL, Language.PHP}
        if variable is not None:
            return self._variable(variable)
        if (name := braced or plain) is not None:
            gap = UNKNOWN if sigils and name[0] != "@" else found[0]
            return as_text(self.variables[name]) if name in self.variables else gap
        inner = dollar if dollar is not None else hashed
        if sigils:
            return as_text(self.variables.get("$" + inner.lstrip("$")))
        return self._inside(inner) if (dollar is None) is (self.language is not Language.NODE) else UNKNOWN

    def _inside(self, text: str) -> str:
        """Evaluate an expression within a string."""
        if self.depth > 2:  # noqa: PLR2004 - strings within strings are no deeper
            return UNKNOWN
        inside = replace(self, tokens=tokens_of(text, self.language), depth=self.depth + 1, position=0)
        try:
            return as_text(inside._expression())  # noqa: SLF001 - a reader of its own kind
        except _TooMuch:
            return UNKNOWN
