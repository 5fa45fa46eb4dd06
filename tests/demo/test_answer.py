"""A step of the script as blocks, tokens and chunks."""

from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.demo.answer import Kind, Stop, chunks, compose, digest, tokens_of
from guardian_ci.demo.script import ScriptedTool, Step

TOOL = ScriptedTool(name="Bash", input={"command": "ls"})


def test_a_step_is_thinking_then_text_then_tools() -> None:
    blocks, tokens, stop = compose(Step(thinking="hm", text="so", tools=(TOOL,)), index=2, mark="m", limit=None)
    assert [block.kind for block in blocks] == [Kind.THINKING, Kind.TEXT, Kind.TOOL]
    assert blocks[2].id == "demo_2_0_m"
    assert blocks[2].text == '{"command": "ls"}'
    assert (tokens, stop) == (sum(block.tokens for block in blocks), Stop.TOOLS)


def test_a_step_of_nothing_is_one_token_of_text() -> None:
    blocks, tokens, stop = compose(Step(), index=0, mark="m", limit=1)
    assert ([block.kind for block in blocks], tokens, stop) == ([Kind.TEXT], 1, Stop.END)


def test_a_text_ends_where_the_limit_is() -> None:
    blocks, tokens, stop = compose(Step(text="abcd", repeat=100), index=0, mark="m", limit=10)
    assert (blocks[0].text, blocks[0].complete, tokens, stop) == ("abcd" * 10, False, 10, Stop.LIMIT)


def test_a_tool_call_that_does_not_fit_is_incomplete() -> None:
    blocks, tokens, stop = compose(Step(text="abcd", tools=(TOOL,)), index=0, mark="m", limit=11)
    assert [(block.text, block.complete) for block in blocks] == [("abcd", True), ('{"comman', False)]
    assert (tokens, stop) == (11, Stop.LIMIT)


def test_a_tool_call_with_no_room_at_all_is_left_out() -> None:
    blocks, _, stop = compose(Step(text="abcd", tools=(TOOL,)), index=0, mark="m", limit=2)
    assert ([block.kind for block in blocks], stop) == ([Kind.TEXT], Stop.LIMIT)


@given(st.text(), st.integers(1, 40), st.integers(1, 200))
def test_an_answer_never_exceeds_its_limit(text: str, repeat: int, limit: int) -> None:
    blocks, tokens, _ = compose(Step(text=text, repeat=repeat, tools=(TOOL,)), index=0, mark="m", limit=limit)
    assert tokens <= limit
    assert sum(tokens_of(block.text) for block in blocks if block.kind is Kind.TEXT) <= limit


@given(st.text(min_size=1), st.integers(-1, 7))
def test_chunks_are_the_text(text: str, size: int) -> None:
    pieces = list(chunks(text, size))
    assert "".join(pieces) == text
    assert all(len(piece) <= max(size, 1) for piece in pieces)


def test_the_same_request_has_the_same_ids() -> None:
    assert digest(b"a") == digest(b"a") != digest(b"b")
