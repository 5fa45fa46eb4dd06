"""Every agent against every promise: a clean run, a spent budget, a cut answer, a denied tool, a blocked file."""

import os
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from desk import Desk
from fidelity import changes
from results import begin
from roster import AGENTS, Agent
from seat import GONE_ON, Run, Seat, turn

pytestmark = pytest.mark.matrix

MOST_REQUESTS = 2
MOST_SECONDS = 5
LEAK = "AKIA" + "Q7ZX2MWJ5RT4KLNV"
SECRET = "secret-that-nobody-reads"
FORBIDS_NOTHING = "token_budget: 10000000"
"""A limit in dollars would bound the searches that a request allows the provider to make."""

every_agent = pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
every_agent_with_tools = pytest.mark.parametrize(
    "agent", [agent for agent in AGENTS if agent.tools], ids=lambda agent: agent.name
)


@pytest.fixture
def seat(agent: Agent, desk: Desk, request: pytest.FixtureRequest) -> Seat:
    if not agent.program.exists():
        pytest.skip(f"{agent.program} is not there: tests/run installs it, some agents on linux-x64 only")
    seat = Seat(agent=agent, desk=desk, scenario=request.node.get_closest_marker("scenario").args[0])
    begin(agent.name, seat.scenario)
    return seat


@every_agent
@pytest.mark.scenario("clean")
def test_several_turns_are_metered_to_the_token_and_pass_byte_for_byte(seat: Seat) -> None:
    (seat.desk.folder / "wire").mkdir()
    run = seat.run(*seat.agent.work(seat.work), policy=FORBIDS_NOTHING)
    assert (run.outcome.code, run.findings) == (0, []), run.said
    assert (seat.work / "hello.py").read_text() == 'print("hello")\n'
    changed = changes(seat.desk)
    seat.note(calls=len(run.outcome.calls), exit=run.exit, metered=metered(run) == billed(seat.desk), changed=changed)
    assert metered(run) == billed(seat.desk)
    assert changed == list(seat.agent.changed)


@every_agent
@pytest.mark.scenario("budget")
def test_a_spent_budget_is_refused_before_headers_and_the_agent_ends_with_our_words(seat: Seat) -> None:
    run = seat.run(*seat.agent.turns(12, output_tokens=4000), policy=seat.agent.budget)
    calls = run.outcome.calls
    first = next(number for number, call in enumerate(calls) if call["decision"] == "rejected")
    end_of(seat, run, requests=len(calls) - first, since=calls[first])
    assert (run.outcome.code, {found["rule"] for found in run.findings}) == (1, {"token_budget"})
    assert metered(run) == billed(seat.desk)


@every_agent
@pytest.mark.scenario("cut")
def test_an_answer_that_is_cut_in_its_middle_ends_the_agent(seat: Seat) -> None:
    answer = turn(text=f"The key is {LEAK}. " + "And so on. " * 300)
    run = seat.run(answer, policy=f"{FORBIDS_NOTHING}\nsecrets: {{prompts: off, answers: block}}")
    calls = run.outcome.calls
    first = next(number for number, call in enumerate(calls) if call["outcome"] == "cut")
    end_of(seat, run, requests=len(calls) - first - 1, since=calls[first])
    assert (run.outcome.code, {found["rule"] for found in run.findings}) == (1, {"secret_leak"})


@every_agent_with_tools
@pytest.mark.scenario("denied")
def test_a_denied_tool_does_not_run_and_the_agent_goes_on_with_the_reason(seat: Seat) -> None:
    assert seat.agent.tools is not None
    step = turn(seat.agent.tools.shell("touch ran.txt"))
    run = seat.run(step, turn(text=GONE_ON), policy=f'{FORBIDS_NOTHING}\ndenied_tools: ["Bash(touch:*)"]')
    assert not (seat.work / "ran.txt").exists()
    went_on(seat, run, "tool_blocklist")


@every_agent_with_tools
@pytest.mark.scenario("blocked")
def test_a_blocked_file_is_read_neither_by_a_tool_nor_by_the_shell(seat: Seat) -> None:
    assert seat.agent.tools is not None
    steps = [turn(seat.agent.tools.read(seat.work / ".env")), turn(seat.agent.tools.shell("f=.e; cat ${f}nv"))]
    policy = f'{FORBIDS_NOTHING}\nfile_blocklist: [".env"]'
    run = seat.run(*steps, turn(text=GONE_ON), policy=policy, files={".env": f"API_KEY={SECRET}\n"})
    assert SECRET.encode() not in seat.desk.heard
    assert len(run.findings) >= 2  # some ask a small model for a title as well, which is answered alike here
    went_on(seat, run, "file_blocklist")


def end_of(seat: Seat, run: Run, *, requests: int, since: Mapping[str, Any]) -> None:
    """Note how the agent ended, and hold it against the bar."""
    seconds = run.seconds_since(since)
    shown = any(run.shows(found["message"]) for found in run.findings)
    seat.note(requests=requests, seconds=seconds, exit=run.exit, shown=shown)
    assert requests <= MOST_REQUESTS, run.said
    # Where others have the machine as well, everything takes so much longer.
    assert seconds <= MOST_SECONDS * max(1, os.getloadavg()[0] / (os.cpu_count() or 1)), run.said
    assert shown, run.said


def went_on(seat: Seat, run: Run, rule: str) -> None:
    """Note that the agent went on, and that the model was told why each call was denied."""
    told = all(seat.heard(found["message"]) for found in run.findings)
    seat.note(exit=run.exit, went_on=GONE_ON in run.said, told=told)
    assert (run.outcome.code, {found["rule"] for found in run.findings}) == (1, {rule})
    assert GONE_ON in run.said, run.said
    assert told


def metered(run: Run) -> Counter[tuple[object, ...]]:
    """What the log says of each call that was served: its model and its four counts of tokens."""
    return Counter(_counts(call) for call in run.outcome.calls if call["decision"] == "approved")


def billed(desk: Desk) -> Counter[tuple[object, ...]]:
    """The same as the provider's bill has it."""
    return Counter(_counts(line) for line in desk.bill.lines)


def _counts(line: Mapping[str, Any]) -> tuple[object, ...]:
    names = ("model", "input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")
    return tuple(line[name] for name in names)
