"""Follows a shell program without running it: every way that it may go, with every value that constants allow.

Where a condition is known, the program goes the way that it says; where not, all ways, and on from all of them. Loops
run for each of their values, functions with their arguments, texts that become programs are parsed and followed. What
a program does with its arguments is asked of ``Knowledge``, and followed in turn where it runs something else.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Final

from guardian_ci.policy.shell.builtins import DECLARATIONS, LOCAL
from guardian_ci.policy.shell.conditions import Token, decide
from guardian_ci.policy.shell.facts import TAME, UNKNOWN, Access, Touch
from guardian_ci.policy.shell.grammar import parse
from guardian_ci.policy.shell.launching import Knowledge, Launcher
from guardian_ci.policy.shell.lexer import Bound
from guardian_ci.policy.shell.marks import GIVEN, as_program, as_word, is_known
from guardian_ci.policy.shell.matching import may_mean
from guardian_ci.policy.shell.state import (
    MOST_READINGS,
    Outcome,
    State,
    Stream,
    Value,
    joined,
    merged,
    texts_of,
    with_entry,
    without_entry,
)
from guardian_ci.policy.shell.syntax import (
    After,
    AndOr,
    Assignment,
    Background,
    Branch,
    Broken,
    Case,
    Coprocess,
    Evaluation,
    For,
    ForArithmetic,
    Function,
    If,
    Literal,
    Node,
    Pipeline,
    Redirected,
    Simple,
    Subshell,
    Test,
    While,
    Word,
)
from guardian_ci.policy.shell.syntax import Sequence as Commands
from guardian_ci.policy.shell.words import words as words_of

_GLOB_SIGNS: Final = frozenset("*?[")
_MOST_ROUNDS: Final = 256
_MOST_VALUES: Final = 64
_MOST_NUMBERS: Final = 16
_MOST_INPUTS: Final = 8
_MOST_PAIRS: Final = 8
_MOST_ORIGIN: Final = 200
_MOST_WORDS: Final = 400
_LONGEST_TEXT: Final = 50_000


class Interpreter(Launcher):
    """Follows one command of an agent."""

    def __init__(self, knowledge: Knowledge, folder: str | None, scripts: Mapping[str, str]) -> None:
        super().__init__(knowledge, folder, scripts)
        self._locals: list[dict[str, Value | None]] = []
        self._deferred: list[str] = []
        self._defined: dict[str, Node] = {}
        self._expanding: frozenset[str] = frozenset()

    def follow(self, text: str) -> None:
        """Follow a program, then what it has left for the end, then the functions that it has not called."""
        self.run(parse(text, self.budget))
        self._writers = [writer for writer in self.late_writers if self.state.files.get(writer[0], ("",)) != ("",)]
        self.feed_writers()
        for deferred in self._deferred:
            self.apart(partial(self.run_text, deferred, "trap"))
        self.record.hushed = True
        followed: set[str] = set()
        while left := [(name, body) for name, body in self._defined.items() if name not in followed]:
            # Somebody may call it later, with whatever arguments; what it defines then, too.
            name, body = left[0]
            followed.add(name)
            arguments = ((TAME,) * 9,)
            self.state = replace(self.state, arguments=arguments, name=name)
            self.apart(partial(self.run, body))
        self.record.hushed = False

    def run(self, node: Node) -> Outcome:
        """Run a command in the current state, and go on in the one after it."""
        with self.deeper():
            return self.ended(self._RUNNERS[type(node)](self, node))

    def defer(self, text: str) -> None:
        """Run a text when the shell ends."""
        if text not in self._deferred and len(self._deferred) < MOST_READINGS:
            self._deferred.append(text)

    # --- lists and pipelines ---

    def _sequence(self, node: Commands) -> Outcome:
        outcome = self.succeeded()
        leaves = False
        for command in node.commands:
            outcome = self.run(command)
            leaves |= outcome.leaves
        return replace(outcome, leaves=leaves)

    def _and_or(self, node: AndOr) -> Outcome:
        outcome = self.run(node.first)
        for sign, command in node.rest:
            outcome = self._and(outcome, command) if sign == "&&" else self._or(outcome, command)
        return outcome

    def _and(self, left: Outcome, command: Node) -> Outcome:
        if left.holds is False:
            return left
        self.state = left.success
        right = self.run(command)
        if left.holds is True:
            return right
        if right.leaves:
            return Outcome(left.failure, left.failure)
        return Outcome(
            success=right.success,
            failure=joined((left.failure, right.failure)),
            holds=False if right.holds is False else None,
            doubtful=left.doubtful or right.doubtful,
        )

    def _or(self, left: Outcome, command: Node) -> Outcome:
        if left.holds is True:
            return left
        self.state = left.failure
        right = self.run(command)
        if left.holds is False:
            return right
        if right.leaves:
            return Outcome(left.success, left.success, holds=True)
        return Outcome(
            success=joined((left.success, right.success)),
            failure=right.failure,
            holds=True if right.holds else None,
            doubtful=right.doubtful,
        )

    def _pipeline(self, node: Pipeline) -> Outcome:
        outcome = self.run(node.commands[0]) if len(node.commands) == 1 else self._piped(node.commands)
        if not node.negated:
            return outcome
        holds = None if outcome.holds is None else not outcome.holds
        return Outcome(outcome.failure, outcome.success, holds=holds, doubtful=True, leaves=outcome.leaves)

    def _piped(self, commands: Sequence[Node]) -> Outcome:
        texts: tuple[str, ...] | None = None
        for command in commands[:-1]:
            texts = self._outputs(command, texts)
        before = self.state
        states: list[State] = []
        holds: bool | None = None
        for text in (texts or ("",))[:_MOST_INPUTS]:
            self.state = replace(self.state, variables=before.variables, folders=before.folders)
            self.state = self.state.with_stream("0", Stream(text=text))
            holds = self.run(commands[-1]).holds
            states.append(self.state)
        after = joined(states)
        # bash runs the last command in a subshell too; other shells do not, and then its variables stay.
        kept = joined((before, replace(before, variables=after.variables)))
        state = replace(kept, files=after.files, links=after.links, printed=after.printed)
        return Outcome(state, state, holds=holds if len(states) == 1 else None)

    def _outputs(self, command: Node, texts: tuple[str, ...] | None) -> tuple[str, ...]:
        """Return what a command of a pipeline may print, by what it may read."""
        if texts is None:
            return self.captured(lambda: self.run(command))
        printed: list[str] = []
        for text in texts[:_MOST_INPUTS]:
            printed += self.captured(lambda text=text: self.with_input(text, command))  # type: ignore[misc]
        return texts_of(printed)

    def _background(self, node: Background) -> Outcome:
        self.apart(lambda: self.run(node.body))
        return self.succeeded()

    def _subshell(self, node: Subshell) -> Outcome:
        holds: list[bool | None] = []
        self.apart(lambda: holds.append(self.run(node.body).holds))
        return Outcome(self.state, self.state, holds=holds[0])

    def _redirected(self, node: Redirected) -> Outcome:
        return self.redirected(node.redirects, lambda: self._fed(lambda: self.run(node.body)))

    def _fed(self, body: Callable[[], Outcome]) -> Outcome:
        """Run something, then what reads the files of ``>(…)`` that it writes."""
        writers, self._writers = self._writers, []
        outcome = self.ended(body())
        self._writers += writers
        if not self._writers:
            return outcome
        self.feed_writers()
        files = self.state.files
        return outcome.changed(lambda state: replace(state, files=files))

    def _coprocess(self, node: Coprocess) -> Outcome:
        self.coprocess(node.name, node.body)
        return self.succeeded()

    # --- conditions and loops ---

    def _if(self, node: If) -> Outcome:
        ways: list[State] = []
        for condition, body in node.branches:
            found = self.run(condition)
            if found.holds is not False:
                self.state = found.success
                if not self.run(body).leaves:
                    ways.append(self.state)
            if found.holds is True:
                return self._either_way(ways)
            self.state = found.failure
        if node.otherwise is None or not self.run(node.otherwise).leaves:
            ways.append(self.state)
        return self._either_way(ways)

    def _either_way(self, ways: Sequence[State]) -> Outcome:
        """Say that one of several ways was gone; without any, nothing behind them runs."""
        state = joined(ways) if ways else self.state
        return Outcome(state, state, leaves=not ways)

    def _for(self, node: For) -> Outcome:
        options = self._loop_options(node.words)
        values = _loop_values([text for words in options for fields in words for text in fields])
        self.record.assigned(node.name)
        ways = [self.state] if all(() in words for words in options) else []
        for texts in values:
            self.set_texts(node.name, texts)
            if self.run(node.body).leaves:
                ways.append(self.state)
        return self._either_way([*ways, self.state])

    def _loop_options(self, words: tuple[Word, ...] | None) -> list[tuple[tuple[str, ...], ...]]:
        """Return what the words behind ``in`` may become; without any, the shell's own arguments."""
        return [self.state.arguments] if words is None else [self.fields(word) for word in words]

    def _while(self, node: While) -> Outcome:
        return self._repeat(partial(self._held, node), node.body)

    def _held(self, node: While) -> Outcome:
        found = self.run(node.condition)
        if not node.until:
            return found
        return Outcome(found.failure, found.success, holds=None if found.holds is None else not found.holds)

    def _for_arithmetic(self, node: ForArithmetic) -> Outcome:
        self.numbers(node.begin)

        def condition() -> Outcome:
            if not node.condition.source.strip():
                return self.succeeded()
            return self._evaluation(Evaluation(node.condition))

        return self._repeat(condition, node.body, lambda: self.numbers(node.step))

    def _repeat(
        self, condition: Callable[[], Outcome], body: Commands, step: Callable[[], object] | None = None
    ) -> Outcome:
        """Run a loop as long as its condition is known to hold; twice where nobody knows."""
        ways: list[State] = []
        unsure = 0
        before = self.state
        for _ in range(_MOST_ROUNDS):
            before = self.state
            found = condition()
            if found.holds is False:
                return self._either_way([*ways, found.failure])
            if found.holds is None:
                ways.append(found.failure)
                unsure += 1
            self.state = found.success
            leaves = self.run(body).leaves
            if step is not None:
                step()
            if leaves or unsure == 2 or self._stands_still(before):  # noqa: PLR2004 - once more, with what it changed
                return self._either_way([*ways, self.state])
        self._blur(before)
        return self._either_way([*ways, self.state])

    def _stands_still(self, before: State) -> bool:
        return self.state.variables is before.variables and self.state.files is before.files

    def _blur(self, before: State) -> None:
        """Note that what a loop was still changing when it was left may be anything."""
        for name, value in self.state.variables.items():
            if value is not before.variables.get(name):
                number = all(isinstance(reading, str) and reading.isdigit() for reading in value)
                self.state = self.state.with_variable(name, (*value, TAME if number else UNKNOWN))

    def _case(self, node: Case) -> Outcome:
        subjects = self.texts_in(node.subject)
        start = self.state
        ways: list[State] = []
        falls_through = False
        for branch in node.branches:
            verdict = True if falls_through else self._means(branch, subjects)
            if verdict is not False:
                self.state = joined((start, self.state)) if falls_through else start
                if not self.run(branch.body).leaves:
                    ways.append(self.state)
            falls_through = verdict is not False and branch.after is After.NEXT
            if verdict is True and branch.after is After.END:
                return self._either_way(ways)
        self.state = start
        return self._either_way([*ways, start])

    def _means(self, branch: Branch, subjects: Sequence[str]) -> bool | None:
        patterns = [pattern for word in branch.patterns for pattern in self.patterns(word)]
        sure = all(len(self.patterns(word)) == 1 for word in branch.patterns)
        verdicts = {self._any_means(patterns, subject) for subject in subjects}
        return verdicts.pop() if len(verdicts) == 1 and sure else None

    def _any_means(self, patterns: Sequence[str], subject: str) -> bool | None:
        verdicts = [may_mean(pattern, subject) for pattern in patterns]
        return True if True in verdicts else None if None in verdicts else False

    def _evaluation(self, node: Evaluation) -> Outcome:
        numbers = self.numbers(node.expression)
        known = {None if number is None else bool(number) for number in numbers}
        holds = known.pop() if len(known) == 1 else None
        return Outcome(self.state, self.state, holds=holds, doubtful=True)

    def _test(self, node: Test) -> Outcome:
        options: list[list[Token]] = []
        before: Word | str = ""
        for token in node.tokens:
            if isinstance(token, str):
                options.append([(token, True)])
            elif before == "=~" or (isinstance(before, Word) and before.constant in {"==", "=", "!="}):
                options.append([(text, False) for text in self.patterns(token)])
            else:
                options.append([(text, False) for text in self.texts_in(token)])
            before = token
        choices = itertools.islice(itertools.product(*options), MOST_READINGS)
        verdicts = {decide(list(choice), self, patterns=True, regex=self.finds) for choice in choices}
        holds = verdicts.pop() if len(verdicts) == 1 else None
        return Outcome(self.state, self.state, holds=holds, doubtful=True)

    # --- functions ---

    def _function(self, node: Function) -> Outcome:
        self._defined[node.name] = node.body
        self.state = replace(self.state, functions=with_entry(self.state.functions, node.name, (node.body,)))
        return self.succeeded()

    def call(self, bodies: Sequence[Node], argv: tuple[str, ...]) -> Outcome:
        """Call a function, by the bodies that it may have."""
        arguments = self.state.arguments
        self._defined.pop(argv[0], None)
        self._locals.append({})
        self.state = replace(self.state, arguments=(argv[1:],))
        start = self.state
        outcomes: list[Outcome] = []
        for body in bodies:
            self.state = start
            outcomes.append(self.run(body))
        saved = self._locals.pop()

        def back(state: State) -> State:
            return replace(_with_variables(state, saved), arguments=arguments)

        return replace(merged(outcomes), leaves=False).changed(back)

    def make_local(self, name: str) -> None:
        """Let a name have its old value again when the function ends."""
        if self._locals:
            self._locals[-1].setdefault(name, self.state.variables.get(name))

    # --- simple commands ---

    def _simple(self, node: Simple) -> Outcome:
        if node.words and (alias := self._alias_of(node)) is not None:
            return self._aliased(alias, node)
        return self._fed(lambda: self._bare(node) if not node.words else self._worded(node))

    def _alias_of(self, node: Simple) -> str | None:
        first = node.words[0]
        if not self.state.aliases or isinstance(first, Assignment) or first.constant is None:
            return None
        is_alias = first.constant in self.state.aliases and first.constant not in self._expanding
        return first.constant if is_alias and first.source == first.constant else None

    def _aliased(self, name: str, node: Simple) -> Outcome:
        before, start = self._expanding, self.state
        self._expanding = before | {name}
        outcomes: list[Outcome] = []
        for text in self.state.aliases[name]:
            self.state = start
            for assignment in node.assignments:
                self.assign(assignment)
            outcomes.append(self.run_text(text + self._aliased_rest(text, node.rest), name))
        self._expanding = before
        return merged(outcomes)

    def _aliased_rest(self, text: str, rest: str) -> str:
        """Return what stands behind an alias: where that ends in a blank, the next word may be one too."""
        name = rest.lstrip(" \t").partition(" ")[0]
        if not text.endswith((" ", "\t")) or name not in self.state.aliases:
            return rest
        return rest.replace(name, self.state.aliases[name][0], 1)

    def _bare(self, node: Simple) -> Outcome:
        """Assignments or redirections alone."""
        for assignment in node.assignments:
            self.assign(assignment)

        def copy() -> Outcome:
            stream = self.stdin()
            if any(redirect.operator == "<" and not redirect.fd for redirect in node.redirects):
                self.print(GIVEN if stream.text is None else stream.text)  # `$(<file)`
            return self.perhaps()

        return self.redirected(node.redirects, copy)

    def _worded(self, node: Simple) -> Outcome:
        first = node.words[0]
        if not isinstance(first, Assignment) and first.constant in DECLARATIONS:
            local = first.constant in LOCAL and bool(self._locals)
            self.record.command((first.constant, *(word.source for word in node.words[1:])))
            return self.redirected(
                node.redirects, lambda: self.declare(first.constant or "", node.words[1:], local=local)
            )
        argvs, origin = self._argvs(node.words)
        if argvs[0][:1] == ("exec",) and len(argvs[0]) == 1:
            self.redirect(node.redirects)
            return self.succeeded()
        outer = self.origin, self.literal
        self.origin = {**self.origin, **origin}
        self.literal |= {field for word in node.words if _quotes_globs(word) for field in _constant(word)}
        outcome = self.redirected(node.redirects, lambda: self._alternatives(node.assignments, argvs))
        self.origin, self.literal = outer
        return outcome

    def _argvs(self, words: Sequence[Word | Assignment]) -> tuple[list[tuple[str, ...]], dict[str, str]]:
        """Return the argument lists that words may become, and for each argument how it was written."""
        origin: dict[str, str] = {}
        options: list[tuple[tuple[str, ...], ...]] = []
        for word in words:
            if isinstance(word, Assignment):
                options.append(self._assigned_words(word))
                continue
            choices = self.fields(word)
            options.append(choices)
            if word.constant is None and len(word.source) < _MOST_ORIGIN:
                origin.update((field, word.source) for fields in choices for field in fields)
        return _chosen(options), origin

    def _assigned_words(self, word: Assignment) -> tuple[tuple[str, ...], ...]:
        """Return what an assignment becomes as a word: ``alias c='cat'``."""
        if isinstance(word.value, tuple) or word.index is not None:
            return ((word.source,),)
        return tuple((f"{word.name}={text}",) for text in self.texts_in(word.value))

    def _alternatives(self, assignments: Sequence[Assignment], argvs: Sequence[tuple[str, ...]]) -> Outcome:
        before = self.state.variables
        for assignment in assignments:
            self.assign(assignment, exported=True)
        start = self.state
        outcomes: list[Outcome] = []
        for argv in argvs:
            self.state = start
            outcomes.append(self.command(argv) if argv else self.perhaps())
        outcome = merged(outcomes)
        if len(argvs) > _MOST_PAIRS:
            outcome = replace(outcome, holds=None)
        if not assignments:
            return outcome
        saved = {assignment.name: before.get(assignment.name) for assignment in assignments}
        return outcome.changed(lambda state: _with_variables(state, saved))

    # --- what is no shell ---

    def _broken(self, node: Broken) -> Outcome:
        """Note every word of a text that cannot be read as a shell's."""
        if node.bound:
            raise Bound(node.reason)
        self.record.command((UNKNOWN,))
        self._note_words(node.source)
        return self.perhaps()

    def _note_words(self, text: str) -> None:
        for word in itertools.islice(words_of(text[:_LONGEST_TEXT]), _MOST_WORDS):
            for access in Access:
                self.touch(Touch(path=word, access=access, word=word, sure=False))

    def give_up(self, reason: str, text: str) -> None:
        """Say that a text goes beyond what is followed, and note the words in it."""
        self.record.full = True
        self.record.hushed = False
        self.record.opaque(reason, text)
        self.record.command((UNKNOWN,))
        self._note_words(text)

    def folder_after(self, before: str | None) -> str | None:
        """Return the folder that the shell ends in; None where that is the one before."""
        folder = self.state.folders[0]
        return None if folder is None or folder == before else as_word(folder)

    def written(self) -> Iterator[tuple[str, str]]:
        """Yield the files that are left behind, with what is known of their texts."""
        for path, contents in self.state.files.items():
            if not path.startswith("/dev/") and is_known(path):
                yield path, as_program("\n".join(contents))

    _RUNNERS: ClassVar[Mapping[type, Callable[["Interpreter", Any], Outcome]]] = {
        Simple: _simple,
        Redirected: _redirected,
        Pipeline: _pipeline,
        AndOr: _and_or,
        Background: _background,
        Commands: _sequence,
        Subshell: _subshell,
        If: _if,
        For: _for,
        ForArithmetic: _for_arithmetic,
        While: _while,
        Case: _case,
        Function: _function,
        Test: _test,
        Evaluation: _evaluation,
        Coprocess: _coprocess,
        Broken: _broken,
    }


def _loop_values(given: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the values of a loop, each alone as far as that is worth it, the others together."""
    distinct = list(dict.fromkeys(given))
    numbers = [text for text in distinct if text.isdigit()]
    if len(numbers) > _MOST_NUMBERS:
        spare = set(numbers[_MOST_NUMBERS:])
        distinct = [text for text in distinct if text not in spare] + [TAME]
    values = [(text,) for text in distinct[:_MOST_VALUES]]
    rest = distinct[_MOST_VALUES:]
    return [*values, *(tuple(rest[at : at + MOST_READINGS]) for at in range(0, len(rest), MOST_READINGS))]


def _quotes_globs(word: Word | Assignment) -> bool:
    return isinstance(word, Word) and any(
        isinstance(part, Literal) and part.quoted and not _GLOB_SIGNS.isdisjoint(part.text) for part in word.parts
    )


def _constant(word: Word | Assignment) -> tuple[str, ...]:
    return () if isinstance(word, Assignment) or word.constant is None else (word.constant,)


def _chosen(options: Sequence[Sequence[tuple[str, ...]]]) -> list[tuple[str, ...]]:
    """Return the argument lists that choices of words make.

    Where all of them are too many: each program with each reading of every argument, though not all pairs of these.
    """
    count = math.prod(len(choices) for choices in options)
    if count == 1:
        return [tuple(field for choices in options for field in choices[0])]
    if count <= _MOST_PAIRS:
        return [_flat(choice) for choice in itertools.product(*options)]
    head, *rest = options
    width = max((len(choices) for choices in rest), default=1)
    tails = [_flat([choices[at % len(choices)] for choices in rest]) for at in range(width)]
    return [first + tail for first in head[:MOST_READINGS] for tail in tails][: 4 * MOST_READINGS]


def _flat(choices: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(field for fields in choices for field in fields)


def _with_variables(state: State, saved: Mapping[str, Value | None]) -> State:
    variables = state.variables
    for name, value in saved.items():
        variables = without_entry(variables, name) if value is None else with_entry(variables, name, value)
    return replace(state, variables=variables)
