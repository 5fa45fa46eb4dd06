"""What names are worth: set, from the environment, or given by nobody."""

import pytest

from guardian_ci.policy.shell.facts import TAME, UNKNOWN
from guardian_ci.policy.shell.marks import GIVEN, HERE
from guardian_ci.policy.shell.state import State
from guardian_ci.policy.shell.variables import Variables, array_of, as_array, elements, scalar


def variables(state: State | None = None) -> Variables:
    names = Variables()
    names.state = state or State()
    return names


@pytest.mark.parametrize(
    ("name", "texts"),
    [("HOME", ("~",)), ("CI", (TAME,)), ("GITHUB_SHA", (TAME,)), ("RANDOM", (TAME,)), ("SHELL", ("/bin/bash",)),
     ("IFS", (" \t\n",)), ("TMPDIR", ("/tmp",)), ("PWD", (HERE,)), ("nobody", ("", GIVEN)), ("SOMEBODY", ("", GIVEN))],
)  # fmt: skip
def test_what_a_command_does_not_set_comes_from_the_environment_or_may_be_nothing(
    name: str, texts: tuple[str, ...]
) -> None:
    assert variables().texts(name) == texts


def test_a_value_may_be_appended_to_one_by_one() -> None:
    names = variables()
    names.set_texts("x", ("a", "b"))
    names.set_texts("x", ("c",), append=True)
    assert names.texts("x") == ("ac", "bc")
    names.set_texts("new", ("c",), append=True)
    assert names.texts("new") == ("c",)


def test_a_name_that_stands_for_another_gets_and_gives_its_value() -> None:
    names = variables()
    names.add_attributes("r", "n")
    names.state = names.state.with_variable("r", ("x",))
    names.set_texts("r", ("a",))
    assert names.texts("x") == ("a",)
    assert names.texts("r") == ("a",)


def test_names_that_stand_for_each_other_end() -> None:
    names = variables(State().with_variable("a", ("b",)).with_variable("b", ("a",)))
    names.add_attributes("a", "n")
    names.add_attributes("b", "n")
    assert names.referred("a") in {"a", "b"}


@pytest.mark.parametrize(("flag", "text", "value"), [("l", "AbC", "abc"), ("u", "AbC", "ABC"), ("i", "2+3*4", "14")])
def test_attributes_shape_what_a_name_is_given(flag: str, text: str, value: str) -> None:
    names = variables()
    names.add_attributes("x", flag)
    names.set_texts("x", (text,))
    assert names.texts("x") == (value,)


def test_elements_lie_under_numbers_or_keys() -> None:
    names = variables()
    names.set_array("a", (array_of(("x", "y")),))
    names.set_element("a", ("1+1",), ("z",))
    names.set_element("a", ("-1",), ("w",))
    assert elements(names.readings("a")[0]) == ("x", "y", "w")
    names.add_attributes("m", "A")
    names.set_element("m", ("k",), (".env",))
    assert names.element(names.readings("m")[0], "k", "m") == ".env"
    assert names.referenced("a[0]") == ("x",)
    assert names.referenced("a[@]") == ("x y w",)


def test_an_array_as_a_text_is_its_first_element() -> None:
    assert scalar({"0": "a", "1": "b"}) == "a"
    assert scalar(None) == ""
    assert as_array("a") == {"0": "a"}


def test_what_is_unset_is_as_if_nobody_had_set_it() -> None:
    names = variables(State().with_variable("x", ("a",)))
    names.forget("x")
    assert names.readings("x") == (None, GIVEN)


def test_numbers_are_found_through_names() -> None:
    names = variables(State(arguments=(("7",),)).with_variable("x", ("y+1",)).with_variable("y", ("2",)))
    assert names.number("x", 0) == 3
    assert names.number("nobody", 0) == 0
    names.set_number("x", None)
    assert names.texts("x") == (TAME,)
    assert names.referenced("1") == ("7",)
    assert names.referenced("2") == ("",)
    assert names.referenced("0") == ("bash",)
    assert names.referenced("a b") == (UNKNOWN,)
