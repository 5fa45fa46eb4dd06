"""What a Python program does, as far as constants go: followed statement by statement, without running any of it.

Values are computed where that is safe and bounded; what is not known is ``DARK`` and stays so. Names of files that a
program lists are globs, and its conditions on them narrow these (``if 'nv' in name``).
"""

import ast
import operator
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from guardian_ci.policy.shell.arguments import name_set
from guardian_ci.policy.shell.collector import Collector
from guardian_ci.policy.shell.effects import Effects, Language
from guardian_ci.policy.shell.encodings import LONGEST, bytes_of, joined_within, text_of
from guardian_ci.policy.shell.facts import TAME, UNKNOWN
from guardian_ci.policy.shell.hosts import is_url
from guardian_ci.policy.shell.listings import hidden_too, is_listing, narrowed
from guardian_ci.policy.shell.python_library import (
    CONSTANTS,
    EXECS,
    FETCHES,
    HIDDEN,
    HOST_FIRST,
    OF_COLLECTIONS,
    OF_TEXT,
    PROCESSES,
    PURE,
    READS,
    READS_AND_WRITES,
    SHELLS,
    SOCKETS,
    TEXT_BUILTINS,
    TEXT_ONLY,
    WRITES,
)
from guardian_ci.policy.shell.python_values import (
    DARK,
    MOST_ITEMS,
    Contents,
    Method,
    Named,
    PathValue,
    Routine,
    added,
    as_text,
    brace_filled,
    calculated,
    compared,
    either,
    is_listed,
    is_small,
    joined_path,
    method_of_text,
    percent_filled,
    says_something,
    texts_in,
)

_MOST_STEPS: Final = 30_000
_DEEPEST: Final = 60
_DEEPEST_CALL: Final = 6
_MOST_ROUNDS: Final = 64
_ON_PARTS: Final = frozenset({"replace", "lower", "upper", "encode", "strip"})
"""Methods of a text that leave what is not known of it where it is."""
_WRITING_METHODS: Final = name_set(
    "write_text write_bytes unlink touch mkdir rmdir chmod rename replace move symlink_to hardlink_to link_to"
)
_NARROW_SPEC: Final = re.compile(r"[<>^0+#]{0,3}\d{0,3}[sdxXocb]?")
_HOLE: Final = "_unknown_part_"
"""Stands in a source for ``UNKNOWN``, which is no character of Python's names."""


class _TooMuch(Exception):  # noqa: N818 - caught where the program is entered: what is behind it is read as words
    pass


class _Returned(Exception):  # noqa: N818 - carries a function's value to its call
    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value


def effects_of_python(
    source: str,
    arguments: Sequence[str] = (),
    stdin: str | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Effects | None:
    """Return what a program does; None where it is no Python. ``arguments`` begin with the program's own name."""
    tree = parsed(source)
    if tree is None:
        return None
    follower = _Follower(tuple(arguments), stdin, environment)
    try:
        follower.run(tree)
    except (_TooMuch, RecursionError):
        follower.note_words(tree)
    return follower.collector.effects(follower.printed())


def parsed(source: str) -> ast.Module | None:
    """Return a program's tree, as it is, with its indent taken away, or with what is not known as a name."""
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
    output: list[str] | None = field(default_factory=list)
    _routines: dict[Routine, bool] = field(default_factory=dict)
    _stars: list[str] = field(default_factory=list)
    _shared: set[str] = field(default_factory=set)
    """Names that functions share with what is around them."""
    _rough: int = 0
    """How many bodies are open that run nobody knows how often."""
    _tentative: bool = False
    """Whether a function is followed that the program itself never calls."""
    scopes: list[dict[str, object]] = field(default_factory=lambda: [{}])

    def run(self, tree: ast.Module) -> None:
        """Follow a program, then the functions that it never calls, with arguments that are not known."""
        with suppress(_Returned):
            self._block(tree.body)
        output, self.output = self.output, None
        self._tentative = True
        for routine in [routine for routine, called in self._routines.items() if not called][:_MOST_ROUNDS]:
            self.call(routine, [], {})
        self.output = output

    def printed(self) -> str | None:
        """Return what the program prints; None where that is not known."""
        return "".join(self.output) if self.output is not None else None

    def note_words(self, tree: ast.Module) -> None:
        """Note all texts of a program as words that may be files."""
        self.output = None
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                self._note_text(node.value)

    def spend(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise _TooMuch

    # Statements

    def _block(self, statements: Sequence[ast.stmt]) -> None:
        for position, statement in enumerate(statements):
            self.spend()
            if isinstance(statement, ast.If) and _leaves(statement.body):
                self.value(statement.test)
                self._narrowed(_opposite(statement.test), statements[position + 1 :])
                self._narrowed(statement.test, statement.body)
                return
            if isinstance(statement, ast.Break | ast.Continue):
                return
            self._statement(statement)

    def _statement(self, statement: ast.stmt) -> None:  # noqa: C901, PLR0912, PLR0915 - one branch for each kind of statement
        match statement:
            case ast.Expr(value=value):
                self.value(value)
            case ast.Assign(targets=targets, value=value):
                result = self.value(value)
                for target in targets:
                    self._assign(target, result)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                self._assign(target, self.value(value))
            case ast.AugAssign(target=target, op=sign, value=value):
                before = self.value(_loaded(target))
                self._assign(target, self._operated(sign, before, self.value(value)))
            case ast.For() | ast.AsyncFor():
                self._for(statement)
            case ast.While(test=test, body=body, orelse=orelse):
                self.value(test)
                self._roughly([*body, *orelse])
            case ast.If(test=test, body=body, orelse=orelse):
                self._branches(test, body, orelse)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                for item in items:
                    entered = self.value(item.context_expr)
                    if item.optional_vars is not None:
                        self._assign(item.optional_vars, entered)
                self._block(body)
            case ast.Try() | ast.TryStar():
                self._block(statement.body)
                for handler in statement.handlers:
                    self._assign_name(handler.name, DARK)
                    self._roughly(handler.body)
                self._block([*statement.orelse, *statement.finalbody])
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                for decorator in statement.decorator_list:
                    self.value(decorator)
                self.bind(statement.name, self._routine(statement.args, statement.body))
            case ast.ClassDef():
                self.scopes.append({})
                self._block(statement.body)
                self.scopes.pop()
                self.bind(statement.name, DARK)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                self._shared |= set(names)
            case ast.Import(names=names):
                for alias in names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    self.bind(bound, Named(alias.name if alias.asname else bound))
            case ast.ImportFrom(module=module, names=names):
                for alias in names:
                    if alias.name == "*":
                        self._stars.append(module or "")
                    else:
                        self.bind(alias.asname or alias.name, Named(f"{module or ''}.{alias.name}"))
            case ast.Return(value=value):
                raise _Returned(None if value is None else self.value(value))
            case ast.Match(subject=subject, cases=cases):
                self.value(subject)
                for case in cases:
                    for node in ast.walk(case.pattern):
                        self._assign_name(getattr(node, "name", None), DARK)
                    self._roughly(case.body)
            case _:
                for node in ast.iter_child_nodes(statement):
                    if isinstance(node, ast.expr):
                        self.value(node)

    def _branches(self, test: ast.expr, body: Sequence[ast.stmt], orelse: Sequence[ast.stmt]) -> None:
        known = self.value(test)
        if isinstance(known, bool) and not self._rough:
            self._block(body if known else orelse)
            return
        output, self.output = self.output, None
        self._narrowed(test, body)
        self._narrowed(_opposite(test), orelse)
        self.output = None if output is None else [*output, UNKNOWN]

    def _for(self, statement: ast.For | ast.AsyncFor) -> None:
        items = self.items(self.value(statement.iter))
        for item in (items or [])[:_MOST_ROUNDS]:
            self._assign(statement.target, item)
            self._block(statement.body)
        if items is None or len(items) > _MOST_ROUNDS:
            self._assign(statement.target, DARK)
            self._roughly(statement.body)
        self._block(statement.orelse)

    def _roughly(self, body: Sequence[ast.stmt]) -> None:
        """Follow a body that runs nobody knows how often: what it counts is not known, so no condition is decided."""
        output, self.output = self.output, None
        self._rough += 1
        self._block(body)
        self._rough -= 1
        self.output = None if output is None else [*output, UNKNOWN]

    def _routine(self, arguments: ast.arguments, body: Sequence[ast.stmt] | ast.expr) -> Routine:
        routine = Routine(arguments, body)
        self._routines[routine] = False
        return routine

    # Names

    def _assign_name(self, name: str | None, value: object) -> None:
        if name is not None:
            self.bind(name, value)

    def bind(self, name: str, value: object) -> None:
        for scope in self.scopes if name in self._shared else ():
            scope[name] = value
        self.scopes[-1][name] = value

    def look_up(self, name: str) -> object:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        if name == _HOLE:
            return UNKNOWN
        for star in self._stars:
            if _is_known(f"{star}.{name}"):
                return Named(f"{star}.{name}")
        return CONSTANTS.get(name, Named(f"builtins.{name}"))

    def _assign(self, target: ast.expr, value: object) -> None:
        match target:
            case ast.Name(id=name):
                self.bind(name, value)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                items = self.items(value)
                for position, part in enumerate(parts):
                    known = items is not None and position < len(items) and not isinstance(part, ast.Starred)
                    self._assign(part, items[position] if known and items is not None else DARK)
            case ast.Starred(value=inner):
                self._assign(inner, DARK)
            case ast.Subscript(value=owner, slice=index):
                self._assign_item(self.value(owner), self.value(index), value)
            case _:
                for child in ast.iter_child_nodes(target):
                    if isinstance(child, ast.expr):
                        self.value(child)

    def _assign_item(self, owner: object, index: object, value: object) -> None:
        if isinstance(owner, Named) and owner.name == "sys.argv" and isinstance(value, str):
            self.collector.maybe(value)
        fits = isinstance(owner, list) and isinstance(index, int) and -len(owner) <= index < len(owner)
        if fits or (isinstance(owner, dict) and isinstance(index, str | int) and len(owner) < MOST_ITEMS):
            operator.setitem(owner, index, value)  # type: ignore[call-overload]

    # Expressions

    def value(self, node: ast.expr) -> object:
        self.spend()
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
        return value if is_small(value) else DARK

    def _evaluated(self, node: ast.expr) -> object:  # noqa: C901, PLR0911, PLR0912 - one branch for each kind of expression
        match node:
            case ast.Constant(value=constant):
                return constant.replace(_HOLE, UNKNOWN) if isinstance(constant, str) else constant
            case ast.Name(id=name):
                return self.look_up(name)
            case ast.Attribute(value=owner, attr=name):
                return self.attribute(self.value(owner), name)
            case ast.Call():
                return self._called(node)
            case ast.BinOp(left=left, op=sign, right=right):
                return self._operated(sign, self.value(left), self.value(right))
            case ast.JoinedStr(values=values):
                return joined_within(as_text(self.value(value)) for value in values) or UNKNOWN
            case ast.FormattedValue(value=value, format_spec=spec):
                return self._formatted(self.value(value), None if spec is None else self.value(spec))
            case ast.Subscript(value=owner, slice=index):
                return self._item(self.value(owner), index)
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
                return Routine(arguments, body)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                known = self.value(test)
                if isinstance(known, bool) and not self._rough:
                    return self.value(body if known else orelse)
                return either(self.value(body), self.value(orelse))
            case ast.BoolOp(op=sign, values=values):
                return _decided(isinstance(sign, ast.Or), [self.value(value) for value in values])
            case ast.Compare(left=left, ops=[sign], comparators=[right]):
                return compared(sign, self.value(left), self.value(right))
            case ast.UnaryOp(op=sign, operand=operand):
                number = self.value(operand)
                return -number if isinstance(sign, ast.USub) and isinstance(number, int) else DARK
            case ast.NamedExpr(target=target, value=value):
                result = self.value(value)
                self._assign(target, result)
                return result
            case ast.Await(value=value) | ast.Starred(value=value):
                return self.value(value)
            case _:
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self.value(child)
                return DARK

    def _parts(self, parts: Sequence[ast.expr]) -> list[object]:
        values: list[object] = []
        for part in parts[:MOST_ITEMS]:
            value = self.value(part)
            if isinstance(part, ast.Starred):
                values += self.items(value) or [DARK]
            else:
                values.append(value)
        return values

    def _dictionary(self, keys: Sequence[ast.expr | None], values: Sequence[ast.expr]) -> dict[object, object]:
        found: dict[object, object] = {}
        for key, value in zip(keys, values, strict=True):
            name = None if key is None else self.value(key)
            result = self.value(value)
            if isinstance(name, str | int | bytes):
                found[name] = result
        return found

    def _comprehension(self, element: ast.expr, generators: Sequence[ast.comprehension]) -> object:
        self.scopes.append({})
        try:
            results: list[object] = []
            complete = self._generate(element, list(generators), results)
        finally:
            self.scopes.pop()
        return results if complete else DARK

    def _generate(self, element: ast.expr, generators: list[ast.comprehension], results: list[object]) -> bool:
        if not generators:
            results.append(self.value(element))
            return True
        first, *others = generators
        items = self.items(self.value(first.iter))
        complete = items is not None
        for item in (items if items is not None else [DARK])[:MOST_ITEMS]:
            self._assign(first.target, item)
            saved = dict(self.scopes[-1])
            for _ in self.under(first.ifs):
                complete = self._generate(element, others, results) and complete
            self.scopes[-1] = saved
        return complete

    def under(self, tests: Sequence[ast.expr]) -> Iterator[None]:
        """Yield once for each reading of the names that some tests leave."""
        if not tests:
            yield
            return
        if self.value(tests[0]) is False:
            return
        for _ in self._readings(tests[0]):
            yield from self.under(tests[1:])

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
            self.bind(name, PathValue(glob) if isinstance(before, PathValue) else glob)
            yield
        self.bind(name, before)

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
        before = self.look_up(subject)
        text = before.text if isinstance(before, PathValue) else before
        wanted = self.value(part)
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

    def attribute(self, owner: object, name: str) -> object:
        """Return an attribute of a value."""
        if name in HIDDEN:
            self.collector.opaque("reaches for what a name hides", name)
            return DARK
        if isinstance(owner, Named):
            return self._of_module(f"{owner.name}.{name}".removeprefix("builtins.__builtins__."))
        if isinstance(owner, PathValue):
            folder, _, last = owner.text.rstrip("/").rpartition("/")
            parts: Mapping[str, object] = {
                "name": last,
                "path": owner.text,
                "stem": last.rpartition(".")[0] or last,
                "parent": PathValue(folder or "."),
                "suffix": f".{last.rpartition('.')[2]}",
            }
            return parts.get(name, Method(owner, name))
        return Method(owner, name)

    def _of_module(self, name: str) -> object:
        if name == "sys.argv" and self.arguments:
            return list(self.arguments)
        return CONSTANTS.get(name, Named(name.replace("six.moves.", "")))

    def _item(self, owner: object, index: ast.expr) -> object:  # noqa: PLR0911 - one line a kind of value
        if isinstance(index, ast.Slice):
            return self._slice(owner, index)
        key = self.value(index)
        match owner:
            case Named(name=name):
                return self._item_of_module(name, key)
            case str() if UNKNOWN in owner:
                return UNKNOWN
            case list() | tuple() if any(is_listed(item) for item in owner):
                return owner[0] if len(owner) == 1 and says_something(owner[0]) else UNKNOWN
            case str() | bytes() | list() | tuple() if isinstance(key, int):
                return owner[key]
            case dict() if isinstance(key, str | int | bytes):
                return owner.get(key, DARK)
            case _:
                return DARK

    def _slice(self, owner: object, index: ast.Slice) -> object:
        bounds = [None if part is None else self.value(part) for part in (index.lower, index.upper, index.step)]
        known = [bound for bound in bounds if bound is None or isinstance(bound, int)]
        if isinstance(owner, str) and UNKNOWN in owner:
            return UNKNOWN
        if isinstance(owner, str | bytes | list | tuple) and len(known) == len(bounds):
            return owner[slice(*known)]
        return DARK

    def variable(self, name: object) -> object:
        """Return what a variable of the environment stands for."""
        return self.environment[name] if isinstance(name, str) and name in self.environment else variable_of(name)

    def _item_of_module(self, name: str, key: object) -> object:
        if name == "os.environ":
            return self.variable(key)
        if name.endswith("__dict__") or name in {"sys.modules", "builtins.__builtins__"}:
            if isinstance(key, str) and UNKNOWN not in key:
                return Named(
                    key
                    if name == "sys.modules"
                    else f"{name.removesuffix('.__dict__')}.{key}".replace("__builtins__.", "")
                )
            self.collector.opaque("reaches for what a name hides", name)
        return DARK

    # Calls

    def _called(self, node: ast.Call) -> object:
        function = self.value(node.func)
        values = self._parts(node.args)
        named = {word.arg: self.value(word.value) for word in node.keywords if word.arg is not None}
        for word in node.keywords:
            if word.arg is None and isinstance(extra := self.value(word.value), dict):
                named |= {key: value for key, value in extra.items() if isinstance(key, str)}
        return self.apply(function, values, named)

    def apply(self, function: object, values: list[object], named: dict[str, object] | None = None) -> object:
        """Call a value."""
        self.spend()
        words = {} if named is None else named
        match function:
            case Routine():
                return self.call(function, values, words)
            case Method(owner=owner, name=name):
                return self.method(owner, name, values, words)
            case Named(name=name):
                return self.function(name.removeprefix("builtins."), values, words)
            case _:
                self._note_arguments(values, words)
                return DARK

    def call(self, routine: Routine, values: list[object], named: Mapping[str, object]) -> object:
        self._routines[routine] = True
        if self._calls >= _DEEPEST_CALL:
            return DARK
        self._calls += 1
        names = [argument.arg for argument in (*routine.arguments.posonlyargs, *routine.arguments.args)]
        scope: dict[str, object] = dict.fromkeys(names, DARK)
        for default, name in zip(reversed(routine.arguments.defaults), reversed(names), strict=False):
            scope[name] = self.value(default)
        for special in (routine.arguments.vararg, routine.arguments.kwarg):
            if special is not None:
                scope[special.arg] = DARK
        for only, default_value in zip(routine.arguments.kwonlyargs, routine.arguments.kw_defaults, strict=True):
            scope[only.arg] = DARK if default_value is None else self.value(default_value)
        scope |= dict(zip(names, values, strict=False)) | {
            name: value for name, value in named.items() if name in scope
        }
        self.scopes.append(scope)
        try:
            if isinstance(routine.body, ast.expr):
                return self.value(routine.body)
            self._block(routine.body)
        except _Returned as returned:
            return returned.value
        finally:
            self.scopes.pop()
            self._calls -= 1
        return None

    def function(self, name: str, values: list[object], named: dict[str, object]) -> object:
        """Do what a function of the library does, or note what it is given."""
        value: object = DARK
        if name in PURE:
            value = PURE[name](self, values, named)
        elif name.startswith(("str.", "bytes.")) and values:
            value = self.method(values[0], name.partition(".")[2], values[1:], named)
        elif name in READS:
            self.read(*(values[at] for at in READS[name] if at < len(values)))
            value = self._after_read(name, values, named)
        elif name in FETCHES:
            self._fetch(values, named)
            value = Contents(None)
        elif _picks_of_listing(name, values):
            value = UNKNOWN
        else:
            self._do(name, values, named)
        return value

    def _do(self, name: str, values: list[object], named: dict[str, object]) -> None:
        first = values[0] if values else DARK
        if name in SHELLS:
            self._shell(named.get("cmd", first))
        elif name in PROCESSES or name in EXECS:
            self._process(name, values, named)
        elif name in {"os.chdir", "contextlib.chdir"}:
            self.collector.folder = as_text(first)
        elif name in WRITES:
            self.write(*(values[at] for at in WRITES[name] if at < len(values)))
        elif name in READS_AND_WRITES:
            self._copy(READS_AND_WRITES[name], values)
        elif name in HOST_FIRST:
            self._host(named.get("host", first))
        elif name.startswith("sh.") and name.count(".") == 1:
            self.collector.run((name[3:], *map(as_text, values)))
        elif name.rpartition(".")[2] in SOCKETS:
            self._connect(values)
        elif not (name.startswith(TEXT_ONLY) or name in TEXT_BUILTINS):
            self._note_arguments(values, named)

    def _copy(self, kinds: str, values: list[object]) -> None:
        """Note arguments that are read (``r``), written (``w``) or both (``b``)."""
        for kind, value in zip(kinds, values, strict=False):
            if kind in "rb":
                self.read(value)
            if kind in "wb":
                self.write(value)

    def _after_read(self, name: str, values: list[object], named: Mapping[str, object]) -> object:
        where = as_text(values[0]) if values else "."
        if name == "os.listdir":
            return ["*", ".*"]
        if name == "os.scandir":
            return [PathValue(f"{where}/*"), PathValue(f"{where}/.*")]
        if name == "os.walk":
            return [(f"{where}/**", [], ["*", ".*"])]
        if name.startswith("dotenv.") and not values:
            self.read(named.get("dotenv_path", named.get("path", ".env")))
        if name == "builtins.execfile":
            self.collector.script(where, Language.PYTHON)
        if name in {"zipfile.ZipFile", "tarfile.open"}:
            return Contents(where, packs=True)
        return Contents(where) if name not in {"os.stat", "sqlite3.connect", "ctypes.CDLL"} else DARK

    def method(self, owner: object, name: str, values: list[object], named: dict[str, object]) -> object:
        """Do what a method of a value does."""
        match owner:
            case PathValue():
                value = self._method_of_path(owner, name, values, named)
            case str() | bytes():
                value = self._method_of_text(owner, name, values, named)
            case list() | dict() if name in OF_COLLECTIONS:
                value = getattr(owner, name)(*values) if len(owner) < MOST_ITEMS else DARK
            case Contents():
                value = self._method_of_contents(owner, name, values)
            case int() if name == "to_bytes" and isinstance(values[0], int) and values[0] < LONGEST:
                order = as_text(values[1] if len(values) > 1 else "big")
                value = owner.to_bytes(values[0], "big" if order == "big" else "little")
            case _:
                value = self._method_of_unknown(name, values, named)
        return value

    def _method_of_text(  # noqa: PLR0911 - one line a kind of method
        self, owner: str | bytes, name: str, values: list[object], named: dict[str, object]
    ) -> object:
        if name == "join" and values:
            items = self.items(values[0])
            text = None if items is None else joined_within(map(as_text, items), as_text(owner))
            if text is None:
                return UNKNOWN
            return text if isinstance(owner, str) else bytes_of(text)
        if isinstance(owner, str) and name in {"format", "format_map"}:
            return brace_filled(owner, values, named)
        if name in {"rjust", "ljust", "center", "zfill"} and isinstance(values[0], int) and values[0] < LONGEST:
            return getattr(owner, name)(*values)
        if name not in OF_TEXT:
            return self._method_of_unknown(name, values, named)
        if isinstance(owner, str) and (UNKNOWN in owner or is_listed(owner)) and name not in _ON_PARTS:
            return DARK
        encode = isinstance(owner, bytes) and name != "decode"
        return method_of_text(
            owner, name, [bytes_of(value) if encode and isinstance(value, str) else value for value in values]
        )

    def _method_of_contents(self, owner: Contents, name: str, values: list[object]) -> object:
        if name in {"read", "readline", "decode", "strip", "read_text", "getvalue", "rstrip", "content", "encode"}:
            return owner
        if owner.packs and name in {"write", "add", "extract"}:
            self.read(*values[:1])
        elif name in {"get", "post", "put", "request", "open"}:
            self._fetch(values, {})
        return DARK

    def _method_of_unknown(self, name: str, values: list[object], named: Mapping[str, object]) -> object:
        if name in SOCKETS:
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
            self.read(*(value for value in values[:1] if isinstance(value, str | PathValue)))
            return Contents(as_text(values[0]) if values else "")
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
            self._note_arguments(values, named)
        return DARK

    def _method_of_path(self, owner: PathValue, name: str, values: list[object], named: dict[str, object]) -> object:
        self._touch_path(owner, name, values)
        first = as_text(values[0]) if values else "*"
        base = owner.text.rstrip("/")
        folder, _, last = base.rpartition("/")
        made: Mapping[str, object] = {
            "joinpath": PathValue("/".join([base, *map(as_text, values)])),
            "with_name": PathValue(f"{folder or '.'}/{first}"),
            "with_suffix": PathValue(
                f"{base.removesuffix(last)}{last[:1]}{last[1:].rpartition('.')[0] or last[1:]}{first}"
            ),
            "iterdir": [PathValue(f"{base}/*"), PathValue(f"{base}/.*")],
            "glob": [PathValue(f"{base}/{glob}") for glob in hidden_too(first)],
            "rglob": [PathValue(f"{base}/**/{glob}") for glob in hidden_too(first)],
            "as_posix": owner.text,
            "__str__": owner.text,
            **dict.fromkeys(("expanduser", "resolve", "absolute"), owner),
            **dict.fromkeys(("read_text", "read_bytes"), Contents(owner.text)),
        }
        return self.open([owner, *values], named) if name == "open" else made.get(name, DARK)

    def _touch_path(self, owner: PathValue, name: str, values: list[object]) -> None:
        if name in {"read_text", "read_bytes", "iterdir", "rename", "replace", "move", "copy"}:
            self.read(owner)
        if name in _WRITING_METHODS:
            self.write(owner)
        if name in {"rename", "replace", "move", "copy"}:
            self.write(*values[:1])
        elif name in {"symlink_to", "hardlink_to", "link_to"}:
            self.read(*values[:1])

    # What is done

    def open(self, values: list[object], named: Mapping[str, object]) -> object:
        path = values[0] if values else named.get("file", DARK)
        mode = values[1] if len(values) > 1 else named.get("mode", "r")
        if isinstance(path, int):
            return DARK
        letters = mode if isinstance(mode, str) else "r+"
        if "r" in letters or "+" in letters or not set(letters) & set("wax"):
            self.read(path)
        if set(letters) & set("wax+"):
            self.write(path)
        return Contents(as_text(path))

    def read(self, *paths: object) -> None:
        for path in paths:
            for text in self._paths(path):
                self.collector.read(text)

    def write(self, *paths: object) -> None:
        for path in paths:
            for text in self._paths(path):
                self.collector.write(text)

    def _paths(self, value: object) -> list[str]:
        """Return the paths that a value is; a value of which nothing at all is known is an ordinary variable."""
        values = value if isinstance(value, list | tuple) else [value]
        texts = [as_text(item) for item in values if isinstance(item, str | bytes | PathValue | Contents)]
        return [] if self._tentative and UNKNOWN in "".join(texts) else texts

    def _host(self, value: object) -> None:
        text = as_text(value)
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
        urls = [text for word in words for text in texts_in(word) if is_url(text)]
        for url in urls:
            self.collector.url(url)
        if not urls and any(word is DARK or (isinstance(word, str) and UNKNOWN in word) for word in words[:2]):
            self.collector.somewhere("a URL")
        for name in ("data", "files", "json", "content"):
            for text in texts_in(named.get(name)):
                if is_url(text):
                    self.collector.url(text)

    def _shell(self, command: object) -> None:
        text = as_text(command)
        if isinstance(command, list | tuple):
            self._process("subprocess.run", [command], {})
        elif not (self._tentative and UNKNOWN in text):
            self.collector.shell(text)

    def _process(self, name: str, values: list[object], named: Mapping[str, object]) -> None:
        if name in EXECS:
            skip = 2 if "spawn" in name and "posix" not in name else 1
            words = [text for value in values[skip:] for text in texts_in(value)]
            self.collector.run(words or [as_text(value) for value in values[:1]])
            return
        if name == "asyncio.create_subprocess_exec":
            self.collector.run(map(as_text, values))
            return
        command = values[0] if values else named.get("args", DARK)
        through_shell = named.get("shell", False)
        given = named.get("input")
        stdin = given if isinstance(given, str) else text_of(given) if isinstance(given, bytes) else None
        if isinstance(command, list | tuple):
            words = [as_text(item) for item in command]
            if through_shell is True:
                self.collector.shell(words[0] if words else "", tuple(words[1:]), stdin)
            elif words and words[0] == UNKNOWN:
                if self._tentative:
                    return
                self.collector.opaque("runs a program that is not known", " ".join(words))
            else:
                self.collector.run(words, stdin=stdin)
        elif isinstance(command, str | bytes):
            self.collector.shell(as_text(command), stdin=stdin)
        elif command is not None and not self._tentative:
            self.collector.opaque("runs a command that is not known", name)

    def execute(self, source: object) -> None:
        """``exec`` and ``eval``."""
        if isinstance(source, Contents) and source.path is not None and source.path.endswith((".py", UNKNOWN)):
            self.collector.script(source.path, Language.PYTHON)
            return
        text = as_text(source)
        if isinstance(source, str | bytes) and text.strip(UNKNOWN):
            tree = parsed(text)
            if tree is not None and self._calls < _DEEPEST_CALL:
                self._calls += 1
                self._block(tree.body)
                self._calls -= 1
        elif not self._tentative:
            self.collector.opaque("runs a program that is not known", "exec")

    def evaluate(self, source: str) -> object:
        """``eval`` of a text that is known: the value of an expression."""
        tree = parsed(source.strip())
        if tree is not None and len(tree.body) == 1 and isinstance(expression := tree.body[0], ast.Expr):
            return self.value(expression.value)
        self.execute(source)
        return DARK

    def _note_arguments(self, values: Iterable[object], named: Mapping[str, object]) -> None:
        """Note the texts that a function is given of which nobody knows what it does."""
        for value in (*values, *named.values()):
            for text in texts_in(value):
                self._note_text(text)

    def _note_text(self, text: str) -> None:
        if is_url(text):
            self.collector.url(text)
        elif text and len(text) < 1024 and "\n" not in text and UNKNOWN not in text:  # noqa: PLR2004 - no path is longer
            self.collector.read(text, sure=False)
            self.collector.write(text, sure=False)

    # Values

    def items(self, value: object) -> list[object] | None:
        """Return what a value yields when it is iterated."""
        match value:
            case list() | tuple() | range():
                return list(value[:MOST_ITEMS])
            case str() if UNKNOWN not in value:
                return list(value[:MOST_ITEMS])
            case bytes():
                return list(value[:MOST_ITEMS])
            case dict():
                return list(value)[:MOST_ITEMS]
            case Named(name="sys.stdin"):
                return (
                    None if self.stdin is None or UNKNOWN in self.stdin else list(self.stdin.splitlines(keepends=True))
                )
        return None

    def _operated(self, sign: ast.operator, left: object, right: object) -> object:
        value: object = DARK
        match sign, left, right:
            case ast.Add(), _, _:
                value = added(left, right)
            case ast.Mult(), str() | bytes() | list(), int():
                value = _repeated(left, right)
            case ast.Mult(), int(), str() | bytes() | list():
                value = _repeated(right, left)
            case ast.Mod(), str(), _:
                value = percent_filled(left, right)
            case ast.Div(), str() | PathValue(), _:
                value = joined_path(as_text(left), as_text(right))
            case ast.Div(), _, str() | PathValue() if left is DARK:
                value = PathValue(f"{UNKNOWN}/{as_text(right)}")
            case _, int(), int():
                value = calculated(sign, left, right)
        return value

    def _formatted(self, value: object, spec: object) -> str:
        if isinstance(spec, str) and isinstance(value, int | str) and _NARROW_SPEC.fullmatch(spec):
            return format(value, spec)
        return as_text(value)


def _picks_of_listing(name: str, values: Sequence[object]) -> bool:
    """Whether one of some names that nobody knows is picked."""
    picks = name in {"min", "max"} or name.startswith("random.")
    return picks and any(isinstance(value, list) and any(map(is_listed, value)) for value in values)


def _is_known(name: str) -> bool:
    tables = (PURE, SHELLS, PROCESSES, EXECS, READS, WRITES, READS_AND_WRITES, FETCHES, HOST_FIRST)
    return any(name in table for table in tables)


def _repeated(value: str | bytes | list[object], times: int) -> object:
    return value * max(times, 0) if len(value) * max(times, 0) <= LONGEST else DARK


def variable_of(name: object) -> object:
    """Return what a variable of the environment stands for: the home folder, or something nobody knows."""
    if name == "HOME":
        return "~"
    if name == "PWD":
        return "."
    if name == "USER":
        return TAME
    return f"${name}" if isinstance(name, str) and name.isidentifier() else DARK


def _decided(one_is_enough: bool, values: Sequence[object]) -> object:  # noqa: FBT001 - ``or`` or ``and``
    """Return what ``or`` or ``and`` gives; where that is not known, the first value that says something."""
    for value in values:
        if value is DARK:
            return next((each for each in values if each not in (None, "", DARK)), DARK)
        if bool(value) is one_is_enough:
            return value
    return values[-1]


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


def _test_of_name(test: ast.expr) -> tuple[str, str | None, ast.expr | None]:  # noqa: PLR0911 - one line a form
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
