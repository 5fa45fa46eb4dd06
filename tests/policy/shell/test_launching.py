"""How programs are asked, followed, and remembered by what they leave behind."""

from collections.abc import Sequence

import pytest

from guardian_ci.policy.shell.analysis import analyse
from guardian_ci.policy.shell.effects import Effects, Invocation, Language, Runs
from guardian_ci.policy.shell.facts import TAME, UNKNOWN, Access, Analysis, Contact, Opaque, Touch
from guardian_ci.policy.shell.interpreter import Interpreter
from guardian_ci.policy.shell.launching import Knowledge


class Desk:
    """Answers as it is told, and notes what it is asked."""

    def __init__(self, **answers: Effects) -> None:
        self.answers = answers
        self.asked: list[Invocation] = []
        self.programs: list[tuple[str, Language, tuple[str, ...], str | None]] = []

    def effects_of(self, invocation: Invocation) -> Effects:
        self.asked.append(invocation)
        return self.answers.get(invocation.argv[0], Effects())

    def effects_of_program(
        self, source: str, language: Language, arguments: Sequence[str], stdin: str | None
    ) -> Effects:
        self.programs.append((source, language, tuple(arguments), stdin))
        return Effects()


def follow(desk: Desk, command: str, **scripts: str) -> Analysis:
    interpreter = Interpreter(
        Knowledge(desk.effects_of, desk.effects_of_program),
        None,
        {name.replace("_", "."): text for name, text in scripts.items()},
    )
    interpreter.follow(command)
    return interpreter.record.analysis(None, tuple(interpreter.written()))


def read(path: str, *, sure: bool = True) -> Touch:
    return Touch(path=path, access=Access.READ, word=path, sure=sure)


def test_a_program_is_asked_with_its_words_its_input_and_the_variables() -> None:
    desk = Desk()
    follow(desk, "x=1; echo() { :; }; p 'a b' $x <<< in")
    (asked,) = desk.asked
    assert asked.argv == ("p", "a b", "1")
    assert asked.stdin == "in\n"
    assert asked.variables["x"] == "1"


def test_a_program_without_input_is_told_of_none() -> None:
    desk = Desk()
    follow(desk, "p; p < f")
    assert [asked.stdin for asked in desk.asked] == [None, UNKNOWN]


def test_what_nobody_set_is_harmless_as_a_word_and_unknown_to_a_shell() -> None:
    desk = Desk()
    follow(desk, 'p "$F"; bash -c "$F"')
    assert {asked.argv for asked in desk.asked} == {("p", ""), ("p", TAME), ("bash", "-c", ""), ("bash", "-c", UNKNOWN)}


def test_a_program_sees_the_texts_of_files_that_were_written() -> None:
    desk = Desk(echo=Effects(output="a\n"))
    follow(desk, "echo a > f; cd d; p", x_sh="b")
    files = desk.asked[-1].files
    assert files["../f"] == "a\n"
    assert files["x.sh"] == "b"
    assert files.get("none") is None


def test_all_that_a_program_does_is_noted() -> None:
    contact = Contact(host="h", program="p", word="h")
    dark = Opaque(reason="dark", word="p")
    analysis = follow(
        Desk(p=Effects(touches=(read("a"), read("b", sure=False)), contacts=(contact,), opaque=(dark,))), "p"
    )
    assert analysis.touches == (read("a"), read("b", sure=False))
    assert analysis.contacts == (contact,)
    assert analysis.opaque == (dark,)


def test_a_touch_says_how_its_word_was_written() -> None:
    (touch,) = follow(Desk(p=Effects(touches=(read("a"),))), "f=a; p $f").touches
    assert (touch.path, touch.word) == ("a", "$f")


def test_what_a_program_runs_is_run_with_its_words_its_input_and_its_variables() -> None:
    desk = Desk(p=Effects(runs=(Runs(argv=("q", "a"), stdin="in", variables={"V": "1"}),)))
    analysis = follow(desk, "p a")
    assert analysis.commands == (("p", "a"), ("q", "a"))
    assert desk.asked[-1].stdin == "in"
    assert desk.asked[-1].variables["V"] == "1"
    assert analysis.assigned == ("V",)


def test_a_text_in_the_shell_s_language_is_followed_with_its_arguments() -> None:
    desk = Desk(p=Effects(runs=(Runs(source='q "$1" $0', arguments=("n", "a b")),)))
    assert follow(desk, "p").commands == (("p",), ("q", "a b", "n"))


def test_a_text_in_another_language_is_asked_about() -> None:
    desk = Desk(p=Effects(runs=(Runs(source="print()", language=Language.PYTHON, arguments=("x",)),)))
    follow(desk, "p <<< in")
    assert desk.programs == [("print()", Language.PYTHON, ("x",), "in\n")]


def test_a_file_that_is_run_is_read_and_followed_where_its_text_is_known() -> None:
    desk = Desk(p=Effects(runs=(Runs(file="x.sh", arguments=("x.sh", "a")),)))
    analysis = follow(desk, "p", x_sh="q $1")
    assert analysis.touches == (Touch(path="x.sh", access=Access.READ, word="x.sh"),)
    assert analysis.commands == (("p",), ("q", "a"))
    assert analysis.opaque == ()


def test_a_file_whose_text_nobody_told_is_only_read() -> None:
    analysis = follow(Desk(p=Effects(runs=(Runs(file="build.sh"),))), "p")
    assert [touch.path for touch in analysis.touches] == ["build.sh"]
    assert analysis.opaque == ()


def test_a_program_that_runs_others_prints_what_they_print() -> None:
    desk = Desk(p=Effects(runs=(Runs(argv=("q",)),)), q=Effects(output="out"))
    assert follow(desk, "r $(p)").commands[-1] == ("r", "out")


def test_output_that_is_not_known_is_unknown_and_passed_on_text_is_given() -> None:
    desk = Desk(cat=Effects(touches=(read("f"),)))
    assert follow(desk, "r $(p)").commands[-1] == ("r", UNKNOWN)
    follow(desk, "r $(cat f); r $(./own)")
    assert [asked.argv for asked in desk.asked if asked.argv[0] == "r"][1:] == [("r", TAME), ("r", TAME)]


def test_a_filter_of_a_known_file_is_asked_again_with_its_text() -> None:
    desk = Desk(echo=Effects(output="a\n"), p=Effects(touches=(read("f"),)))
    follow(desk, "echo a > f; q $(p -x f)")
    assert [(asked.argv, asked.stdin) for asked in desk.asked if asked.argv[0] == "p"] == [
        (("p", "-x", "f"), None),
        (("p", "-x"), "a\n"),
    ]


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        ("x.py", "a", Language.PYTHON),
        ("x.rb", "a", Language.RUBY),
        ("x.js", "a", Language.NODE),
        ("x", "#!/usr/bin/env python3\na", Language.PYTHON),
        ("x", "#!/usr/bin/perl -w\na", Language.PERL),
        ("x.sh", "#!/usr/bin/env -S node\na", Language.NODE),
        ("x", "#!/opt/thing\na", Language.OTHER),
    ],
)
def test_a_script_s_language_is_the_one_of_its_first_line_or_of_its_name(
    path: str, text: str, language: Language
) -> None:
    desk = Desk()
    interpreter = Interpreter(Knowledge(desk.effects_of, desk.effects_of_program), None, {path: text})
    interpreter.follow(f"./{path} a")
    assert desk.programs == [(text, language, (f"./{path}", "a"), None)]


@pytest.mark.parametrize(
    "command",
    [
        "echo 'cat .env' > x; sh x",
        "echo 'cat .env' > x; chmod +x x; ./x",
        "echo 'cat .env' > x; mv x y; sh y",
        "echo 'cat .env' > x; cp x d/; sh d/x",
        "echo 'cat .env' > x; ln -s x y; sh ./y",
        "echo 'cat .env' | tee x; sh x",
        "echo 'cat ' | tee x; echo .env | tee -a x; tr -d '\\n' < x | sh",
        "cat > x.py <<'E'\nopen('.env')\nE\npython x.py",
        "echo 'cat .env' > x; PATH=.; x",
        "cp /bin/cat x; ./x .env",
        "ln -s /bin/cat x; ./x .env",
        "install -m 755 /dev/stdin x <<< 'cat .env'; sh x",
        "dd of=x <<< 'cat .env'; sh x",
        "t=$(mktemp); echo 'cat .env' > $t; sh $t",
        "env 'BASH_FUNC_x%%=() { cat .env; }' bash -c x",
    ],
)
def test_what_a_command_writes_and_runs_is_followed(command: str) -> None:
    assert ".env" in {touch.path for touch in analyse(command).touches}


def test_scripts_of_the_session_are_found_by_any_of_their_names() -> None:
    for path, command, folder in (
        ("x.sh", "bash ./x.sh", None),
        ("/w/x.sh", "sh x.sh", None),
        ("/w/a/x.sh", "cd a; ./x.sh", "/w"),
        ("a/x.sh", "cd a; sh x.sh", None),
    ):
        analysis = analyse(command, cwd=folder, scripts={path: "cat .env"})
        assert any(touch.path.endswith(".env") for touch in analysis.touches), path


@pytest.mark.parametrize(
    "command",
    [
        "curl -o x.sh https://a.example; sh x.sh",
        "wget -O x https://a.example && bash ./x",
        "echo a > x; sed -i s/a/b/ x; sh x",
        "sed -n w\\ x y; sh x",
        'python -c \'open("x", "w")\'; sh x',
    ],
)
def test_a_file_whose_text_came_from_elsewhere_is_opaque_when_it_is_run(command: str) -> None:
    assert "runs a file whose text is not known" in {dark.reason for dark in analyse(command).opaque}


def test_a_file_that_was_built_is_not_opaque_when_it_is_run() -> None:
    assert analyse("go build -o app ./cmd && ./app; gcc -o b b.c && ./b; npm ci && node dist/x.js").opaque == ()


def test_what_is_left_behind_is_told() -> None:
    analysis = analyse("cd d; echo a > x; printf b >> x; echo c > /dev/null; curl -o y https://a.example")
    assert dict(analysis.written) == {"d/x": "a\nb", "d/y": UNKNOWN}


def test_a_program_by_an_unknown_name_is_opaque_and_its_words_may_be_files() -> None:
    analysis = analyse("$(curl x.example) .env")
    assert {dark.reason for dark in analysis.opaque} == {"runs a program that is not known"}
    assert (".env", False) in {(touch.path, touch.sure) for touch in analysis.touches}


def test_a_quoted_glob_of_a_program_that_nobody_knows_is_no_glob() -> None:
    paths = {touch.path for touch in analyse("nobody-knows '.e*' .f*").touches}
    assert ".e\\*" in paths
    assert ".e*" not in paths
    assert ".f*" in paths
