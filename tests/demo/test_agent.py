"""The scripted agent, against the demo upstream alone."""

import json

import pytest

from guardian_ci.demo.agent import Agent, Event, Kind


@pytest.fixture
def agent(upstream: str) -> Agent:
    return Agent(upstream, "key", {"a.py": "print(1)\n"}, {"pytest -q": "1 passed"})


def work(agent: Agent, *steps: object) -> list[Event]:
    return list(agent.work(f"Do it. demo-script: {json.dumps(steps)}"))


def test_the_agent_works_until_the_model_is_done(agent: Agent) -> None:
    read, write = ({"name": f"{verb}_file", "input": {"path": "a.py", "content": "x"}} for verb in ("read", "write"))
    check = {"name": "bash", "input": {"command": "pytest -q"}}
    events = work(agent, {"text": "Reading.", "tools": [read]}, {"tools": [write, read, check]}, {"text": "Done."})
    assert [(event.kind, event.about, event.text) for event in events] == [
        (Kind.TASK, "", "Do it."),
        (Kind.SAID, "", "Reading."),
        (Kind.TOOL, "read_file a.py", "print(1)\n"),
        (Kind.TOOL, "write_file a.py", "x"),
        (Kind.TOOL, "read_file a.py", "x"),
        (Kind.TOOL, "bash pytest -q", "1 passed"),
        (Kind.SAID, "", "Done."),
        (Kind.DONE, "", ""),
    ]


def test_a_tool_it_does_not_know_becomes_an_error_result_and_the_model_goes_on(agent: Agent) -> None:
    tool = {"name": "guardian_denied_web_fetch", "input": {"reason": "not allowed"}}
    events = work(agent, {"tools": [tool]}, {"text": "Well."})
    assert events[1] == Event(kind=Kind.DENIED, about="guardian_denied_web_fetch", text="not allowed")
    assert events[-1].kind is Kind.DONE


@pytest.mark.parametrize(
    ("step", "about", "text"),
    [
        ({"status": 402, "headers": {"x-guardian-reason": "why"}}, "402 why", "asked for status 402"),
        ({"text": "a", "error": True}, "200", "Overloaded"),
        ({"text": "a", "eof": True}, "200", "the stream ended before its end"),
    ],
)
def test_a_refusal_ends_it_at_once(agent: Agent, step: object, about: str, text: str) -> None:
    last = work(agent, step)[-1]
    assert (last.kind, last.about) == (Kind.REFUSED, about)
    assert text in last.text


def test_an_answer_that_was_cut_short_is_noticed(agent: Agent) -> None:
    assert Event(kind=Kind.CUT) in work(agent, {"text": "hi", "output_tokens": 10_000})
