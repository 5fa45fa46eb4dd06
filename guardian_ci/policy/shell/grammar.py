"""Parses a shell program: bash's grammar, read as bash reads it.

The parser goes from left to right and looks ahead only as far as bash does, so that a word ends where it ends for
bash, however it is quoted, and a here-document begins behind its line. Text that is no shell costs its line: it
becomes ``Broken``, and what follows is read again.
"""

import re
from typing import Final

from guardian_ci.policy.shell.lexer import Bound, Budget, Lexer, NotShell
from guardian_ci.policy.shell.syntax import (
    After,
    AndOr,
    Assignment,
    Background,
    Branch,
    Broken,
    Case,
    Coprocess,
    Element,
    Evaluation,
    For,
    ForArithmetic,
    Function,
    HereDocument,
    If,
    Node,
    Pipeline,
    Redirect,
    Redirected,
    Sequence,
    Simple,
    Subshell,
    Test,
    While,
    Word,
)

_MOST_BROKEN: Final = 64
"""How many broken lines are read on from; behind these, the rest is one."""

_BLANKS: Final = re.compile(r"(?:[ \t]++|\\\n)*+")
_COMMENT: Final = re.compile(r"#[^\n]*+")
_KEYWORD: Final = re.compile(
    r"(?:if|then|elif|else|fi|while|until|for|select|do|done|case|in|esac|function|coproc|time|\[\[|[{}!])"
    r"(?=[ \t\n;&|<>()]|$|\\\n)"
)
_NEGATION: Final = re.compile(r"!(?=[ \t\n;&|<>()]|$)")
_FUNCTION: Final = re.compile(r"([^\s;&|<>()$`'\"\\=]++)[ \t]*+\([ \t]*+\)")
_FUNCTION_NAME: Final = re.compile(r"[^\s;&|<>()$`'\"\\]++")
_EMPTY_PARENTHESES: Final = re.compile(r"[ \t]*+\([ \t]*+\)")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*+(?=[ \t\n;]|$)")
_COPROCESS: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*+)[ \t]++(?=[({]|(?:while|until|for|if|case)[ \t\n])")
_ASSIGNMENT: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*+)(?:(\+?)=|(?=\[))")
_AFTER_INDEX: Final = re.compile(r"(\+?)=")
_REDIRECT: Final = re.compile(
    r"([0-9]{1,9}(?=[<>])|\{[A-Za-z_][A-Za-z0-9_]*+\}(?=[<>]))?+"
    r"(<<<|<<-|<<|<>|<&|>&|>>|>\||&>>|&>|[<>](?!\())"
)
_JOINTS: Final = re.compile(r"&&|\|\|")
_CASE_END: Final = re.compile(r";;&|;&|;;")
_OPTION: Final = re.compile(r"-p(?=[ \t\n;&|]|$)")
_TEST_SIGN: Final = re.compile(r"&&|\|\||[()<>]|!(?=[ \t\n])|=~(?=[ \t\n])")
_DECLARATIONS: Final = frozenset({"declare", "typeset", "local", "export", "readonly", "alias", "eval"})
_COMPOUNDS: Final = frozenset({"if", "while", "until", "for", "select", "case", "[[", "{", "function", "coproc"})
_NO_CLOSER: Final[frozenset[str]] = frozenset()


def parse(source: str, budget: Budget | None = None) -> Sequence:
    """Return the commands of a program; what cannot be read is among them as ``Broken``."""
    return _Parser(source.replace("\r\n", "\n"), budget=budget).program()


def parse_text(source: str, budget: Budget | None = None) -> Word:
    """Return a text as the shell reads it between double quotes; one that cannot be read means itself."""
    try:
        return _Parser(source, budget=budget).here_text()
    except (NotShell, Bound):
        return Word((), source, source)


class _Parser(Lexer):
    """Reads commands. Here-documents that the current line asks for wait in ``_waiting`` for its end."""

    def __init__(self, text: str, *, budget: Budget | None = None, depth: int = 0) -> None:
        super().__init__(text, budget=budget, depth=depth)
        self._waiting: list[HereDocument] = []

    def program(self) -> Sequence:
        """Read all of the text, whatever it is."""
        commands: list[Node] = []
        broken = 0
        depth = self.depth
        self._newlines()
        while self.position < len(self.text):
            start = self.position
            try:
                commands.append(self._statement())
                self._newlines()
            except NotShell as found:
                broken += 1
                self.depth = depth
                commands.append(self._give_up(start, str(found), whole=broken > _MOST_BROKEN))
            except Bound as found:
                commands.append(Broken(self.text[start:], str(found), bound=True))
                break
        return Sequence(tuple(commands))

    def _give_up(self, start: int, reason: str, *, whole: bool) -> Broken:
        """Take the line that cannot be read, or all that is left."""
        end = -1 if whole else self.text.find("\n", start)
        self._waiting = []
        self.position = len(self.text) if end < 0 else end + 1
        broken = Broken(self.text[start : self.position], reason)
        self._newlines()
        return broken

    def enclosed(self, closer: str) -> Sequence:
        """Read commands up to the ``)`` or ``}`` that closes them."""
        waiting, self._waiting = self._waiting, []
        body = self._sequence(frozenset({closer}))
        self._expect(closer)
        self._waiting = waiting
        return body

    def nested(self, text: str) -> Sequence:
        """Read the text between backquotes, of which a broken one breaks this one."""
        return _Parser(text, budget=self.budget, depth=self.depth).whole()

    def whole(self) -> Sequence:
        """Read all of the text, or raise NotShell."""
        body = self._sequence(_NO_CLOSER)
        if self.position < len(self.text):
            raise NotShell(f"no command at {self._here()!r}")
        return body

    # --- what stands between commands ---

    def _blanks(self) -> None:
        """Step over what separates words; a comment is that too, as no word has begun."""
        if (blanks := _BLANKS.match(self.text, self.position)) is not None:
            self.position = blanks.end()
        if (comment := _COMMENT.match(self.text, self.position)) is not None:
            self.position = comment.end()

    def _newlines(self) -> None:
        """Step over the ends of lines, and read the here-documents that wait for one."""
        self._blanks()
        while self.text.startswith("\n", self.position):
            self.position += 1
            self._read_here_documents()
            self._blanks()

    def _read_here_documents(self) -> None:
        for document in self._waiting:
            lines: list[str] = []
            while self.position < len(self.text):
                end = self.text.find("\n", self.position)
                end = len(self.text) if end < 0 else end
                line = self.text[self.position : end]
                self.position = min(end + 1, len(self.text))
                line = line.lstrip("\t") if document.strips_tabs else line
                if line == document.delimiter:
                    break
                lines.append(line + "\n")
            document.body = self._here_body(document, "".join(lines))
        self._waiting = []

    def _here_body(self, document: HereDocument, text: str) -> Word:
        if not document.expands:
            return Word((), text, text)
        try:
            return _Parser(text, budget=self.budget, depth=self.depth).here_text()
        except NotShell:
            return Word((), text, text)  # bash complains when it expands it, and nothing comes of it

    def _at(self, sign: str) -> bool:
        return self.text.startswith(sign, self.position)

    def _take(self, sign: str) -> bool:
        if not self._at(sign):
            return False
        self.position += len(sign)
        return True

    def _keyword(self) -> str:
        found = _KEYWORD.match(self.text, self.position)
        return "" if found is None else found.group()

    def _take_keyword(self, word: str) -> bool:
        if self._keyword() != word:
            return False
        self.position += len(word)
        return True

    def _expect(self, word: str) -> None:
        self._newlines()
        if not (self._take(word) if word in {")", "}"} else self._take_keyword(word)):
            raise NotShell(f"no {word!r} at {self._here()!r}")

    # --- sequences, lists and pipelines ---

    def _sequence(self, closers: frozenset[str]) -> Sequence:
        """Read commands up to a word or a sign that closes them, which is left in its place."""
        commands: list[Node] = []
        self._newlines()
        while self.position < len(self.text) and not self._closes(closers):
            commands.append(self._statement())
            self._newlines()
        return Sequence(tuple(commands))

    def _closes(self, closers: frozenset[str]) -> bool:
        if self._at(")") or self._at(";"):
            return True
        return self._keyword() in closers or ("}" in closers and self._at("}"))

    def _statement(self) -> Node:
        self.budget.spend()
        node = self._and_or()
        self._blanks()
        if self._at("&") and not self._at("&&"):
            self.position += 1
            return Background(node)
        if self._at(";") and _CASE_END.match(self.text, self.position) is None:
            self.position += 1
        elif self.position < len(self.text) and self.text[self.position] not in "\n);}" and not self._keyword():
            raise NotShell(f"no command at {self._here()!r}")
        return node

    def _and_or(self) -> Node:
        first = self._pipeline()
        rest: list[tuple[str, Node]] = []
        self._blanks()
        while (joint := _JOINTS.match(self.text, self.position)) is not None:
            self.position = joint.end()
            self._newlines()
            rest.append((joint.group(), self._pipeline()))
            self._blanks()
        return AndOr(first, tuple(rest)) if rest else first

    def _pipeline(self) -> Node:
        negated = alone = False
        self._blanks()
        while (sign := self._prefix()) is not None:
            negated ^= sign == "!"
            alone = self.position >= len(self.text) or self.text[self.position] in "\n;)"
        if alone:
            return Sequence(())
        commands = [self._command()]
        self._blanks()
        while self._at("|") and not self._at("||"):
            self.position += 1
            self._take("&")
            self._newlines()
            commands.append(self._command())
            self._blanks()
        return commands[0] if len(commands) == 1 and not negated else Pipeline(tuple(commands), negated)

    def _prefix(self) -> str | None:
        """Step over a ``!`` or a ``time``."""
        start = self.position
        if _NEGATION.match(self.text, start) is not None:
            self.position += 1
        elif self._take_keyword("time"):
            self._blanks()
            if (option := _OPTION.match(self.text, self.position)) is not None:
                self.position = option.end()
        else:
            return None
        self._blanks()
        return self.text[start]

    # --- commands ---

    def _command(self) -> Node:
        self._blanks()
        self.enter()
        keyword = self._keyword()
        if self._at("(") or keyword in _COMPOUNDS:
            node = self._with_redirects(self._compound(keyword))
        elif (name := _FUNCTION.match(self.text, self.position)) is not None and not self._is_extglob(name):
            self.position = name.end()
            node = self._function(name.group(1))
        elif keyword and keyword != "in":
            raise NotShell(f"{keyword!r} out of place")
        else:
            node = self._simple()
        self.leave()
        return node

    def _is_extglob(self, name: re.Match[str]) -> bool:
        return name.group(1)[-1] in "?*+@!" and name.end(1) + 2 == name.end()

    def _with_redirects(self, node: Node) -> Node:
        redirects: list[Redirect] = []
        self._blanks()
        while (redirect := self._redirect()) is not None:
            redirects.append(redirect)
            self._blanks()
        return Redirected(node, tuple(redirects)) if redirects else node

    def _compound(self, keyword: str) -> Node:  # noqa: PLR0911 - one line a construct
        self.position += len(keyword)
        match keyword:
            case "{":
                return self._closed("}")
            case "if":
                return self._if()
            case "while" | "until":
                return self._while(until=keyword == "until")
            case "for" | "select":
                return self._for()
            case "case":
                return self._case()
            case "[[":
                return self._test()
            case "function":
                return self._named_function()
            case "coproc":
                return self._coprocess()
            case _:
                return self._parenthesised()

    def _parenthesised(self) -> Node:
        self.position += 1
        if self._take("("):
            if (expression := self.expression()) is not None:
                return Evaluation(expression)
            self.position -= 1
        body = self._sequence(_NO_CLOSER)
        self._expect(")")
        return Subshell(body)

    def _closed(self, closer: str) -> Sequence:
        body = self._sequence(frozenset({closer}))
        self._expect(closer)
        return body

    def _if(self) -> Node:
        branches: list[tuple[Sequence, Sequence]] = []
        otherwise = None
        while True:
            condition = self._closed("then")
            body = self._sequence(frozenset({"elif", "else", "fi"}))
            branches.append((condition, body))
            if not self._take_keyword("elif"):
                break
        if self._take_keyword("else"):
            otherwise = self._sequence(frozenset({"fi"}))
        self._expect("fi")
        return If(tuple(branches), otherwise)

    def _while(self, *, until: bool) -> Node:
        return While(self._closed("do"), self._closed("done"), until)

    def _for(self) -> Node:
        self._blanks()
        if self._at("(("):
            return self._for_arithmetic()
        if (name := _NAME.match(self.text, self.position)) is None:
            raise NotShell("no variable to loop over")
        self.position = name.end()
        self._newlines()
        words: tuple[Word, ...] | None = None
        if self._take_keyword("in"):
            words = self._words()
        self._blanks()
        self._take(";")
        return For(name.group(), words, self._loop_body())

    def _words(self) -> tuple[Word, ...]:
        words: list[Word] = []
        self._blanks()
        while self.position < len(self.text) and self.text[self.position] not in "\n;&|)":
            self.budget.spend()
            words.append(self.word())
            self._blanks()
        return tuple(words)

    def _loop_body(self) -> Sequence:
        self._newlines()
        if self._take_keyword("{"):
            return self._closed("}")
        self._expect("do")
        return self._closed("done")

    def _for_arithmetic(self) -> Node:
        self.position += 2
        begin, condition, step = self.clauses()
        self._blanks()
        self._take(";")
        return ForArithmetic(begin, condition, step, self._loop_body())

    def _case(self) -> Node:
        self._blanks()
        subject = self.word()
        self._expect("in")
        branches: list[Branch] = []
        self._newlines()
        while not self._take_keyword("esac"):
            branches.append(self._branch())
            self._newlines()
        return Case(subject, tuple(branches))

    def _branch(self) -> Branch:
        self.budget.spend()
        self._take("(")
        self._blanks()
        patterns = [self.word()]
        self._blanks()
        while self._take("|"):
            self._blanks()
            patterns.append(self.word())
            self._blanks()
        if not self._take(")"):
            raise NotShell("no end of a pattern")
        body = self._sequence(frozenset({"esac"}))
        end = _CASE_END.match(self.text, self.position)
        if end is not None:
            self.position = end.end()
        elif self._keyword() != "esac":
            raise NotShell("no end of a branch")
        return Branch(tuple(patterns), body, After.END if end is None else After(end.group()))

    def _named_function(self) -> Node:
        self._blanks()
        if (name := _FUNCTION_NAME.match(self.text, self.position)) is None:
            raise NotShell("a function without a name")
        self.position = name.end()
        if (empty := _EMPTY_PARENTHESES.match(self.text, self.position)) is not None:
            self.position = empty.end()
        return self._function(name.group())

    def _function(self, name: str) -> Node:
        self._newlines()
        return Function(name, self._command())

    def _coprocess(self) -> Node:
        self._blanks()
        name = _COPROCESS.match(self.text, self.position)
        if name is not None:
            self.position = name.end()
        return Coprocess("COPROC" if name is None else name.group(1), self._command())

    def _test(self) -> Node:
        tokens: list[Word | str] = []
        self._newlines()
        while not self._take_keyword("]]"):
            self.budget.spend()
            if (sign := _TEST_SIGN.match(self.text, self.position)) is not None:
                self.position = sign.end()
                tokens.append(sign.group())
                if sign.group() == "=~":
                    self._blanks()
                    tokens.append(self.regex())
            elif self._ends_test():
                break
            else:
                tokens.append(self.word())
            self._newlines()
        return Test(tuple(tokens))

    def _ends_test(self) -> bool:
        if self._at("]]"):
            self.position += 2
            return True
        return False

    # --- simple commands ---

    def _simple(self) -> Node:
        start = self.position
        assignments: list[Assignment] = []
        words: list[Word | Assignment] = []
        redirects: list[Redirect] = []
        behind_first = start
        declares = False
        while True:
            self._blanks()
            self.budget.spend()
            if (redirect := self._redirect()) is not None:
                redirects.append(redirect)
            elif self.position >= len(self.text) or self.text[self.position] in "\n;&|)":
                break
            elif not words and (assignment := self._assignment()) is not None:
                assignments.append(assignment)
            elif declares and (assignment := self._assignment()) is not None:
                words.append(assignment)
            else:
                words.append(word := self.word())
                if len(words) == 1:
                    behind_first = self.position
                    declares = word.constant in _DECLARATIONS
        if self.position == start:
            raise NotShell(f"no command at {self._here()!r}")
        text = self.text[start : self.position]
        rest = self.text[behind_first : self.position] if words else ""
        return Simple(tuple(assignments), tuple(words), tuple(redirects), text, rest)

    def _redirect(self) -> Redirect | None:
        if (found := _REDIRECT.match(self.text, self.position)) is None:
            return None
        self.position = found.end()
        fd, operator = found.groups()
        self._blanks()
        start = self.position
        target = self.word()
        fd = (fd or "").strip("{}")
        if operator not in {"<<", "<<-"}:
            return Redirect(operator, target, fd)
        written = self.text[start : self.position]
        quoted = any(sign in written for sign in "'\"\\")
        delimiter = written if target.constant is None else target.constant
        document = HereDocument(delimiter, expands=not quoted, strips_tabs=operator == "<<-")
        self._waiting.append(document)
        return Redirect("<<", document, fd)

    def _assignment(self) -> Assignment | None:
        start = self.position
        if (found := _ASSIGNMENT.match(self.text, start)) is None:
            return None
        self.position = found.end()
        name, plus = found.groups()
        index = None
        if plus is None:
            index = self._key()
            sign = _AFTER_INDEX.match(self.text, self.position)
            if index is None or sign is None:
                self.position = start
                return None
            plus = sign.group(1)
            self.position = sign.end()
        value = self._elements() if self._take("(") else self._value()
        return Assignment(name, value, index, append=plus == "+", source=self.text[start : self.position])

    def _key(self) -> Word | None:
        """Read ``[index]``; None, and no step further, where the brackets are those of a glob."""
        start, depth = self.position, self.depth
        self.position += 1
        try:
            return self.index()
        except NotShell:
            self.position, self.depth = start, depth
            return None

    def _value(self) -> Word:
        at_end = self.position >= len(self.text) or self.text[self.position] in " \t\n;&|<>()"
        if at_end and not self.text.startswith(("<(", ">("), self.position):
            return Word((), "", "")
        return self.word()

    def _elements(self) -> tuple[Element, ...]:
        elements: list[Element] = []
        self._newlines()
        while not self._take(")"):
            self.budget.spend()
            elements.append(self._element())
            self._newlines()
        return tuple(elements)

    def _element(self) -> Element:
        start = self.position
        if self._at("["):
            key = self._key()
            if key is not None and self._take("="):
                return Element(self._value(), key)
            self.position = start
        return Element(self.word())
