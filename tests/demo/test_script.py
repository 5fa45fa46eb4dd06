"""What the demo model shall answer, written into a prompt."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.demo.script import FINISHED, UNSCRIPTED, ScriptedTool, Step, find_script, parse_script, step_of
from guardian_ci.errors import BadRequest

SCRIPT = '[{"tools": [{"name": "Bash", "input": {"command": "echo \\"hi\\""}}]}, {"text": "bye"}]'
STEPS = (
    Step(tools=(ScriptedTool(name="Bash", input={"command": 'echo "hi"'}),)),
    Step(text="bye"),
)


@pytest.mark.parametrize(
    "text",
    [
        f"demo-script: {SCRIPT}",
        f"Please fix the test. demo-script:{SCRIPT} and thank you [1].",
        json.dumps({"prompt": f"demo-script: {SCRIPT}"}),
        f"first line\ndemo-script:\n{SCRIPT}",
    ],
    ids=["bare", "in a sentence", "escaped once more", "on a line of its own"],
)
def test_a_script_is_found_wherever_it_stands(text: str) -> None:
    assert find_script([text]) == STEPS


def test_the_first_text_with_a_script_counts() -> None:
    assert find_script(["no script", f"demo-script: {SCRIPT}", "demo-script: []"]) == STEPS


@pytest.mark.parametrize("text", ["", "demo-script", "demo-script: none", f"diff\nUSER: Fix. demo-script: {SCRIPT}"])
def test_what_only_speaks_of_a_script_is_none(text: str) -> None:
    assert find_script([text]) is None


def test_the_conversation_goes_through_the_steps_and_then_ends() -> None:
    assert [step_of(STEPS, index) for index in range(3)] == [*STEPS, FINISHED]
    assert step_of(None, 5) is UNSCRIPTED


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("[{", "not a JSON list"),
        ("[1]", "step 1: an object is expected, not int"),
        ('[{"text": "a"}, {"txt": "b"}]', "step 2: unknown key txt; known are thinking, text"),
        ('[{"text": 1}]', "step 1: text is int"),
        ('[{"repeat": true}]', "step 1: repeat is bool"),
        ('[{"reset": 1}]', "step 1: reset is int"),
        ('[{"tools": [{"nome": "Bash"}]}]', 'a tool is {"name": …, "input": …}'),
        ('[{"tools": [{"name": "Bash", "input": 1}]}]', 'a tool is {"name": …, "input": …}'),
    ],
)
def test_a_mistake_in_a_script_is_named(script: str, message: str) -> None:
    with pytest.raises(BadRequest) as error:
        find_script([f"demo-script: {script}"])
    assert message in str(error.value)


def test_a_script_is_a_list() -> None:
    with pytest.raises(BadRequest, match="a list of steps"):
        parse_script({})


@given(st.text())
def test_no_text_breaks_the_search(text: str) -> None:
    assert find_script([text]) is None or "demo-script:" in text
