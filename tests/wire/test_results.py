"""Two results are the same if they say the same, and Codex says in words whether a command succeeded."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardian_ci.wire.results import digest, succeeded

ENDED = (
    "Chunk ID: 1a2b3c\nWall time: 0.0520 seconds\nProcess exited with code {code}\nOriginal token count: 5\nOutput:\nhi"
)
SHELL = "Exit code: {code}\nWall time: 0.1 seconds\nTotal output lines: 900\nOutput:\nhi"


def report(code: int, seconds: float = 0.1, output: str = "hi") -> str:
    return json.dumps({"output": output, "metadata": {"exit_code": code, "duration_seconds": seconds}})


@pytest.mark.parametrize(
    ("content", "ok"),
    [
        (ENDED.format(code=0), True),
        (ENDED.format(code=1), False),
        (SHELL.format(code=0), True),
        (SHELL.format(code=-9), False),
        ("Process exited with code 3", False),
        (report(0), True),
        (report(127), False),
        ([{"type": "input_text", "text": SHELL.format(code=1)}], False),
        ([{"type": "input_text", "text": "Script completed\nWall time 0.2 seconds\nOutput:\n"}], True),
        ([{"type": "input_text", "text": "Script failed\nWall time 0.2 seconds\nOutput:\n"}], False),
        (
            [
                {"type": "input_text", "text": "Script completed\nWall time 0.2 seconds\nOutput:\n"},
                {"type": "input_text", "text": '{"chunk_id":"a","exit_code":2,"output":"no"}'},
            ],
            False,
        ),
        ("Chunk ID: 1\nWall time: 1 seconds\nProcess running with session ID 4\nOutput:\n", None),
        ("The log says: Exit code: 1", None),
        ("all is well\nExit code: 1", None),
        ('{"exit_code": "1"}', None),
        ('{"exit_code": ' + "[" * 100_000, None),
        ("", None),
        (None, None),
        ([{"type": "input_image", "image_url": "x"}, 5], None),
    ],
)
def test_success_is_read_where_the_agents_own_text_tells_it(content: object, ok: bool | None) -> None:
    assert succeeded(content) is ok


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a", [{"type": "text", "text": "a"}]),
        ([{"type": "text", "text": "a"}], [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]),
        (
            [{"type": "image", "source": {"data": "A"}, "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
            [{"type": "image", "source": {"data": "A"}}],
        ),
        (ENDED.format(code=1), ENDED.format(code=1).replace("0.0520", "7.1").replace("1a2b3c", "ffffff")),
        (SHELL.format(code=1), SHELL.format(code=1).replace("0.1", "12")),
        (report(1), report(1, 9.9)),
    ],
)
def test_the_same_result_has_the_same_digest_whatever_cache_marks_and_times(one: object, other: object) -> None:
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a", "b"),
        ("ab", [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]),
        (SHELL.format(code=1), SHELL.format(code=2)),
        (SHELL.format(code=1), SHELL.format(code=1) + "\nWall time: 1 seconds\n"),
        (report(1), report(1, output="other")),
        ("Wall time: 1\nOutput:\n", "Wall time: 2\nOutput:\n"),
        ([{"type": "image", "source": {"data": "A"}}], [{"type": "image", "source": {"data": "B"}}]),
        (None, ""),
    ],
)
def test_other_results_have_other_digests(one: object, other: object) -> None:
    assert digest(one) != digest(other)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(content=JSON)
def test_any_content_has_a_short_digest(content: object) -> None:
    assert len(digest(content)) == 16
    assert succeeded(content) in {True, False, None}
