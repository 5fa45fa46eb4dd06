"""What a shell holds, and what is kept where ways meet."""

from guardian_ci.policy.shell.facts import TAME, UNKNOWN
from guardian_ci.policy.shell.marks import GIVEN
from guardian_ci.policy.shell.state import (
    LONGEST_TEXT,
    MOST_NAMES,
    MOST_READINGS,
    Outcome,
    State,
    Stream,
    joined,
    merged,
    one_of,
    texts_of,
)

ONE = State().with_variable("x", ("a",))
OTHER = State().with_variable("x", ("b",)).with_variable("y", ("c",))


def test_where_ways_meet_a_variable_may_have_either_value_or_none() -> None:
    state = joined((ONE, OTHER))
    assert state.variables["x"] == ("a", "b")
    assert state.variables["y"] == (None, "c")


def test_files_and_folders_are_joined_too() -> None:
    one = State(folders=("a",)).with_file("f", ("x",))
    other = State(folders=("b",)).with_file("f", ("y",)).with_file("g", ("z",))
    state = joined((one, other))
    assert state.files == {"f": ("x", "y"), "g": ("z",)}
    assert state.folders == ("a", "b")
    assert joined((one, one)) is one


def test_too_many_readings_end_in_one_that_is_not_known() -> None:
    assert one_of(["a", "b", "a"], UNKNOWN) == ("a", "b")
    names = texts_of(f"n{number}" for number in range(100))
    assert names[MOST_READINGS:] == (UNKNOWN,)
    assert texts_of(str(number) for number in range(100))[MOST_READINGS:] == (TAME,)


def test_a_text_that_is_too_long_ends_in_what_is_not_known() -> None:
    (text,) = texts_of(["a" * (LONGEST_TEXT + 5)])
    assert len(text) == LONGEST_TEXT + 1
    assert text.endswith(UNKNOWN)


def test_names_that_are_too_many_push_out_the_oldest() -> None:
    state = State()
    for number in range(MOST_NAMES + 5):
        state = state.with_variable(f"x{number}", ("",))
    assert len(state.variables) == MOST_NAMES
    assert "x0" not in state.variables


def test_a_stream_gives_line_after_line_and_then_none() -> None:
    stream = Stream(text="a\nb")
    assert [stream.line(), stream.line(), stream.line()] == ["a", "b", None]
    assert Stream().line() is None


def test_a_stream_that_is_not_known_never_ends() -> None:
    stream = Stream(text=f"a\n{GIVEN}")
    assert [stream.line() for _ in range(4)] == ["a", GIVEN, GIVEN, GIVEN]


def test_what_is_written_goes_where_the_descriptor_leads() -> None:
    captured = State().with_stream("1", Stream(captured=True)).written("a").written("b")
    assert captured.printed == ("ab",)
    filed = State().with_file("f", ("",)).with_stream("1", Stream(path="f")).written("a")
    assert filed.files["f"] == ("a",)
    assert State().written("a") == State()


def test_after_a_command_both_its_success_and_its_failure_count() -> None:
    assert Outcome(ONE, OTHER).after.variables["x"] == ("a", "b")
    assert Outcome(ONE, OTHER, holds=True).after is ONE
    assert Outcome(ONE, OTHER, holds=False).after is OTHER


def test_a_folder_that_was_gone_to_is_taken_for_reached_unless_it_was_a_condition() -> None:
    there, here = State(folders=("a",)), State(folders=(None,))
    assert Outcome(there, here).after.folders == ("a",)
    assert Outcome(there, here, doubtful=True).after.folders == ("a", None)


def test_outcomes_that_differ_are_not_decided() -> None:
    assert merged((Outcome(ONE, ONE, holds=True), Outcome(ONE, ONE, holds=True))).holds is True
    assert merged((Outcome(ONE, ONE, holds=True), Outcome(ONE, ONE, holds=False))).holds is None
    assert not merged((Outcome(ONE, ONE, leaves=True), Outcome(ONE, ONE))).leaves
