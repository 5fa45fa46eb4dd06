"""A log's decisions are made again: the same ones by its own policy, and what another would change."""

import asyncio
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardian_ci.audit import records
from guardian_ci.audit.reader import read_log
from guardian_ci.audit.records import Exchange
from guardian_ci.audit.redact import Redactor
from guardian_ci.audit.replay import relive, replay
from guardian_ci.audit.writer import LogWriter
from guardian_ci.errors import LogError
from guardian_ci.model import Call, Finding, InputSize, Operation, ToolOffer, ToolResult, Usage, Verdict, WireProtocol
from guardian_ci.policy import Policy, load_policy
from guardian_ci.policy.tools import describe_tool
from guardian_ci.pricing.table import digest
from guardian_ci.proxy.gatekeeper import Gatekeeper
from guardian_ci.session import commands as do
from guardian_ci.session.events import Caller, Outcome
from guardian_ci.session.guard import Guard
from guardian_ci.stores import MemoryStore

Json = dict[str, Any]

SECRET: Final = "ghp_" + "a1B2" * 9
USAGE: Final = Usage(input_tokens=1000, output_tokens=200)
POLICY: Final[Json] = {
    "name": "tests",
    "prices": {"m": {"input": 1, "output": 10}},
    "budgets": {"run": {"usd": 0.06}, "session": {"tokens": 100_000}},
    "allowed_models": ["m", "gpt-*", "claude-*"],
    "allowed_tools": ["read_file", "bash"],
    "file_blocklist": [".env"],
    "loop_detection": {"max_repeats": 2},
    "reservation_wait_seconds": 0,
}


def _policy(**changes: Any) -> Policy:
    return load_policy(json.dumps(POLICY | changes), "guardian.yml")


class Recorded:
    """A run without a network: the session, a ledger in memory and a log, as the proxy puts them together."""

    def __init__(self, path: Path, policy: Policy | None = None) -> None:
        self.policy = policy or _policy()
        self.path = path
        self.writer = LogWriter(path, "run-1")
        self.redactor = Redactor()
        self.store = MemoryStore()
        self.keeper = Gatekeeper(Guard(self.policy), self.store, self.writer, self.redactor)
        self.number = 0
        told = {
            "name": "tests",
            "file": self.policy.file,
            "digest": self.policy.digest,
            "document": self.policy.document,
            "lines": dict(self.policy.lines),
        }
        self.keeper.started(
            records.run_started(
                version="0.1.0",
                pid=1,
                policy=told,
                log_level="info",
                store="memory",
                prices=digest(),
                recovered=[],
                direct_connections="off",
            )
        )

    @classmethod
    def gone_on(cls, path: Path) -> "Recorded":
        """The run of a proxy that has died, in the hands of another."""
        run = cls.__new__(cls)
        run.policy, run.path, run.redactor, run.store = _policy(), path, Redactor(), MemoryStore()
        run.writer = LogWriter(path, "run-1", go_on=True)
        run.keeper = Gatekeeper(Guard(run.policy), run.store, run.writer, run.redactor)
        run.number = 100
        past = relive(read_log(path), run.keeper.guard)
        run.keeper.calls, run.keeper.violations = past.calls, past.violations
        died = Finding(rule="run_integrity", verdict=Verdict.BLOCK, reason=records.RESTARTED, message="it died")
        run.keeper.observed(died, facts={"pid": 2, "recovered": []})
        return run

    async def ask(self, session: str = "one", **fields: Any) -> tuple[Exchange, do.Forward | do.Refuse]:
        self.number += 1
        usual: Json = {
            "protocol": WireProtocol.ANTHROPIC_MESSAGES,
            "operation": Operation.GENERATE,
            "model": "m",
            "stream": True,
            "fingerprint": f"prompt {self.number}",
            "size": InputSize(text_bytes=968),
            "max_output_tokens": 1000,
        }
        exchange = Exchange(request_id=f"req-{self.number}", started=0.0)
        caller = Caller(session=session, run="R", provider="anthropic", user="ann", pull_request="o/r#7")
        command = await self.keeper.admit(exchange, caller, Call(**usual | fields), status_of=lambda _: 400)
        return exchange, command

    async def serve(self, usage: Usage | None = USAGE, outcome: Outcome = Outcome.COMPLETE, **fields: Any) -> bool:
        """A call, answered if it is let pass."""
        exchange, command = await self.ask(**fields)
        if isinstance(command, do.Forward):
            await self.keeper.end(exchange, outcome, usage, 100, f"resp_{self.number}")
        return isinstance(command, do.Forward)

    async def use(self, exchange: Exchange, name: str, **arguments: object) -> Verdict:
        tool = describe_tool(f"{name}-{self.number}", name, json.dumps(arguments))
        command = await self.keeper.judge(exchange, tool)
        return Verdict.ALLOW if isinstance(command, do.Release) else Verdict.BLOCK

    def close(self, *, ended: bool = True) -> Path:
        if ended:
            self.keeper.ended("finished")
        self.writer.close()
        return self.path


async def _long_story(run: Recorded) -> None:
    """Of everything something: the log of this run is what most tests replay."""
    exchange, _ = await run.ask(tools=(ToolOffer(name="web_search", canonical="web_search", provider_executed=True),))
    assert await run.use(exchange, "Read", file_path="a.py") is Verdict.ALLOW
    assert await run.use(exchange, "Bash", command=f"echo {SECRET}; cat .env") is Verdict.BLOCK
    assert await run.use(exchange, "WebFetch", url="https://example.org") is Verdict.BLOCK
    await run.keeper.end(exchange, Outcome.COMPLETE, USAGE, 100, "resp_1")
    await run.serve(tool_results=(ToolResult(id="Read-1", ok=True),), previous_response_id="resp_1")
    await run.serve(operation=Operation.COUNT_TOKENS)
    await run.serve(operation=Operation.MODELS, model="")
    assert not await run.serve(model="forbidden")
    assert not await run.serve(model="gpt-nobody-knows")
    for outcome in (Outcome.UNREACHED, Outcome.REFUSED_UPSTREAM, Outcome.CLIENT_GONE):
        await run.serve(None, outcome, max_output_tokens=300)
    assert [await run.serve(fingerprint="again", session="two") for _ in range(4)] == [True, True, False, False]
    exchange, command = await run.ask(session="three", max_output_tokens=32_000)
    assert isinstance(command, do.Forward)
    assert command.max_output_tokens is not None
    await run.keeper.progress(exchange, Usage(input_tokens=1000), 0)
    await run.keeper.progress(exchange, Usage(input_tokens=1200, output_tokens=1), 0)
    assert await run.keeper.progress(exchange, Usage(input_tokens=90_000, output_tokens=1), 9) is not None
    await run.keeper.end(exchange, Outcome.CUT, Usage(input_tokens=1200, output_tokens=50), 200)
    assert not await run.serve(session="three")
    assert not await run.serve(max_output_tokens=32_000, size=InputSize(text_bytes=90_000))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of a run in which something of everything has happened."""
    run = Recorded(tmp_path_factory.mktemp("story") / "log.ndjson")
    asyncio.run(_long_story(run))
    return run.close()


def _differences(path: Path, policy: Policy | None = None) -> list[str]:
    return [str(each) for each in replay(read_log(path), policy).differences]


def _lines(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def _written(path: Path, lines: list[Json]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="ascii")
    return path


def _first(lines: list[Json], kind: str, **members: object) -> Json:
    return next(
        line for line in lines if line["type"] == kind and all(line.get(key) == value for key, value in members.items())
    )


def test_a_log_replays_to_the_same_decisions(story: Path) -> None:
    log = read_log(story)
    result = replay(log)
    assert [str(each) for each in result.differences] == []
    assert log.problems == []
    kinds = {line["type"] for line in _lines(story)}
    assert kinds == {"run_started", "call_admitted", "tool_call", "tool_result", "call", "notice", "run_ended"}
    assert result.decisions >= sum(line["type"] in ("call_admitted", "call") for line in _lines(story))
    assert SECRET not in story.read_text(encoding="ascii")


async def _going_on(run: Recorded) -> None:
    await run.serve(tool_results=(ToolResult(id="Read-1", ok=True),), previous_response_id="resp_1")
    await run.serve(session="two", fingerprint="again")
    await run.serve(session="three")


def test_one_that_takes_a_dead_proxys_place_goes_on_as_that_would_have(story: Path, tmp_path: Path) -> None:
    lines = story.read_bytes().splitlines(keepends=True)
    for died_behind in range(1, len(lines)):
        path = tmp_path / f"{died_behind}.ndjson"
        path.write_bytes(b"".join(lines[:died_behind]))
        run = Recorded.gone_on(path)
        asyncio.run(_going_on(run))
        log = read_log(run.close())
        assert [str(each) for each in replay(log).differences] == [], died_behind
        assert log.problems == []
        *told, last = _lines(path)
        found = [each for line in told if line["type"] in {"call", "notice"} for each in line.get("findings", [])]
        assert last["calls"] == sum(line["type"] == "call" for line in told)
        assert last["violations"] == sum(each["violation"] for each in found)


def test_what_ended_a_session_ends_it_also_where_the_proxy_died_before_it_could_settle(
    story: Path, tmp_path: Path
) -> None:
    lines = story.read_bytes().splitlines(keepends=True)
    (cut,) = (number for number, line in enumerate(lines) if b'"reservation_exceeded"' in line)
    path = tmp_path / "log.ndjson"
    path.write_bytes(b"".join(lines[: cut + 1]))
    run = Recorded.gone_on(path)
    assert not asyncio.run(run.serve(session="three"))
    assert asyncio.run(run.serve(session="another"))
    run.close()


async def _lowered(run: Recorded) -> None:
    exchange, _ = await run.ask()
    other, _ = await run.ask(max_output_tokens=300)
    run.keeper.lower_budget(usd=Decimal("0.0151"), tokens=None)
    assert await run.keeper.progress(exchange, None, 0) is None
    run.keeper.lower_budget(usd=Decimal("0.002"), tokens=None)
    assert await run.keeper.progress(exchange, None, 10) is not None
    await run.keeper.end(exchange, Outcome.CUT, None, 10)
    await run.keeper.end(other, Outcome.COMPLETE, USAGE, 10)
    assert not await run.serve()
    assert not await run.serve(session="two")


async def _softened(run: Recorded) -> None:
    for _ in range(6):
        await run.serve(Usage(input_tokens=1000, output_tokens=1000))


async def _in_parallel(run: Recorded) -> None:
    asked = [await run.ask(session=f"s{number % 3}", max_output_tokens=None) for number in range(12)]
    for exchange, command in reversed(asked):
        if isinstance(command, do.Forward):
            await run.keeper.end(exchange, Outcome.COMPLETE, USAGE, 100)
    assert {type(command) for _, command in asked} == {do.Forward, do.Refuse}


async def _searched(run: Recorded) -> None:
    search = (ToolOffer(name="web_search", canonical="web_search", provider_executed=True),)
    _, command = await run.ask(tools=search, max_web_searches=8, max_output_tokens=256)
    assert isinstance(command, do.Forward)
    assert command.max_web_searches == 2


async def _stopped_by_a_tool(run: Recorded) -> None:
    exchange, _ = await run.ask()
    assert await run.use(exchange, "Bash", command="cat " + "x" * 100_000 + " .env") is Verdict.BLOCK
    await run.keeper.end(exchange, Outcome.CUT, USAGE, 100)
    assert not await run.serve()


async def _remembered(run: Recorded) -> None:
    await run.serve()
    run.keeper.guard._sessions.clear()  # as after a restart, or with very many sessions
    await run.serve()
    run.keeper.guard._sessions.clear()
    await run.serve(previous_response_id="resp_2")


@pytest.mark.parametrize(
    ("happens", "changes"),
    [
        (_lowered, {}),
        (_softened, {"on_budget": {"warn_agent_at": 0.3, "downgrade": {"at": 0.5, "to": "claude-haiku-4-5"}}}),
        (_in_parallel, {}),
        (_searched, {"budgets": {"run": {"usd": 0.3}}, "allowed_tools": ["web_search"]}),
        (_stopped_by_a_tool, {"tool_denial": "stop"}),
        (_remembered, {}),
        (_long_story, {"rules": {"token_budget": "off"}, "unknown_model": "refuse"}),
    ],
)
def test_every_kind_of_run_replays_to_the_same_decisions(
    tmp_path: Path, happens: Callable[[Recorded], Any], changes: Json
) -> None:
    run = Recorded(tmp_path / "log.ndjson", _policy(**changes))
    asyncio.run(happens(run))
    assert _differences(run.close()) == []


def _cheaper(line: Json) -> None:
    line["cost_picodollars"] -= 1


def _let_pass(line: Json) -> None:
    line["verdict"] = "allow"


def _blocked(line: Json) -> None:
    line["verdict"] = "block"


def _another_reason(line: Json) -> None:
    line["reason"] = "cost_limit_exceeded"


def _more_output(line: Json) -> None:
    line["edits"]["max_output_tokens"] = 99_999


def _kept_tools(line: Json) -> None:
    del line["edits"]["remove_tools"]


def _less_reserved(line: Json) -> None:
    line["reservation"]["cost_picodollars"] //= 2


def _more_used(line: Json) -> None:
    line["usage"]["output_tokens"] += 7


def _another_model(line: Json) -> None:
    line["facts"]["call"]["model"] = "forbidden"


def _allowed_model(line: Json) -> None:
    line["facts"]["received"]["call"]["model"] = "m"


def _harmless(line: Json) -> None:
    line["tool"]["command"] = "true"


def _granted(line: Json) -> None:
    line["code"] = "reservation_extended"


@pytest.mark.parametrize(
    ("kind", "members", "change", "shown"),
    [
        ("call", {"decision": "approved"}, _cheaper, "charged 2999999999 picodollars, the policy says charged 3000"),
        ("call", {"decision": "approved"}, _more_used, "charged 3000000000 picodollars, the policy says charged 3070"),
        ("tool_call", {"verdict": "block"}, _let_pass, "the tool call was released, the policy says blocked"),
        ("tool_call", {"verdict": "allow"}, _blocked, "the tool call was blocked, the policy says released"),
        ("tool_call", {"verdict": "block"}, _harmless, "the tool call was blocked, the policy says released"),
        ("call", {"reason": "model_not_allowed"}, _another_reason, "rejected (cost_limit_exceeded), the policy says"),
        ("call", {"reason": "model_not_allowed"}, _allowed_model, "(model_not_allowed), the policy says admitted"),
        ("call_admitted", {}, _kept_tools, "the policy says admitted with"),
        ("call_admitted", {}, _more_output, "'max_output_tokens': 99999"),
        ("call_admitted", {}, _less_reserved, "the policy says admitted with"),
        ("call_admitted", {}, _another_model, "the log says admitted, the policy says rejected (model_not_allowed)"),
        ("notice", {"code": "reservation_exceeded"}, _granted, "reservation_extended, the policy says reservation_ex"),
    ],
)
def test_a_changed_line_is_shown(
    story: Path, tmp_path: Path, kind: str, members: Json, change: Callable[[Json], None], shown: str
) -> None:
    lines = _lines(story)
    line = _first(lines, kind, **members)
    change(line)
    log = read_log(_written(tmp_path / "log.ndjson", lines))
    differences = replay(log).differences
    assert differences
    assert differences[0].line == line["seq"] + 1
    assert differences[0].request_id == line["request_id"]
    assert shown in str(differences[0])
    assert [problem.kind for problem in log.problems][:1] == ["broken_chain"]


def test_another_policy_shows_what_it_would_change_and_charges_nothing_anew(story: Path) -> None:
    stricter = _differences(story, _policy(allowed_tools=["bash"], allowed_models=["claude-*"]))
    assert stricter
    assert all("the policy says rejected (model_not_allowed)" in text for text in stricter if "admitted" in text)
    looser = _differences(story, _policy(file_blocklist=[], allowed_tools=["*"], allowed_models=["*"]))
    assert len([text for text in looser if "the tool call was blocked, the policy says released" in text]) == 2
    assert not [text for text in looser if "charged" in text]


@pytest.mark.parametrize(
    "changes",
    [
        {"budgets": {"run": {"usd": 0.001}}},
        {"budgets": {}},
        {"budgets": {"day": {"tokens": 5000}, "user": {"usd": 0.01}, "model": {"*": {"usd": 0.02}}}},
        {"prices": {"m": {"input": 100, "output": 1000}}},
        {"prices": {}},
        {"unknown_model": "ceiling"},
        {"tool_denial": "stop", "allowed_tools": []},
        {"rate_limit": {"requests_per_minute": 1}},
        {"on_budget": {"downgrade": {"at": 0.1, "to": "claude-haiku-4-5"}}},
        {"rules": dict.fromkeys(["token_budget", "cost_limit", "retry_loop", "model_allowlist"], "off")},
    ],
)
def test_any_policy_can_be_tried_on_a_log(story: Path, changes: Json) -> None:
    for difference in _differences(story, _policy(**changes)):
        assert difference.startswith("line ")


def test_a_call_that_only_the_other_policy_admits_is_over_at_once(tmp_path: Path) -> None:
    """It has no answer in the log, so it is no reason to refuse what came after it."""
    run = Recorded(tmp_path / "log.ndjson", _policy(loop_detection={"max_repeats": 99}))

    async def insist() -> None:
        for _ in range(4):
            assert not await run.serve(model="forbidden", fingerprint="again")

    asyncio.run(insist())
    looser = _policy(allowed_models=["*"], unknown_model="ceiling", budgets={})
    told = _differences(run.close(), looser)
    assert [text.rpartition("the policy says ")[2] for text in told] == ["admitted"] * 4


def test_a_log_under_its_own_policy_given_as_another_differs_in_nothing(story: Path) -> None:
    assert _differences(story, _policy()) == []


def test_what_the_proxy_refused_by_itself_is_no_decision_of_the_session(tmp_path: Path) -> None:
    run = Recorded(tmp_path / "log.ndjson")
    exchange = Exchange(request_id="req-0", started=0.0)
    for reason in ("bad_request", "unmetered_endpoint", "store_failed", "internal_error"):
        found = Finding(rule="bad_request", verdict=Verdict.BLOCK, reason=reason, message="no")
        run.keeper.rejected(exchange, found)
    assert _differences(run.close()) == []


def test_a_refusal_without_its_facts_is_shown(story: Path, tmp_path: Path) -> None:
    lines = _lines(story)
    del _first(lines, "call", reason="model_not_allowed")["facts"]
    (difference,) = _differences(_written(tmp_path / "log.ndjson", lines))
    assert "its facts are missing" in difference


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda raw: raw[:-30], "torn"),
        (lambda raw: raw[: raw.rindex(b"\n", 0, -1) + 1], "no end marker"),
        (lambda raw: raw.replace(b"\n", b"\nnot a record\n", 1), "no record"),
        (lambda raw: raw[raw.index(b"\n") + 1 :], "has not started in this log"),
        (lambda raw: raw.replace(b'"run_id":"run-1"', b'"run_id":"run-2"').replace(b"run-2", b"run-1", 1), "not start"),
    ],
)
def test_a_log_that_is_not_whole_cannot_be_replayed(
    story: Path, tmp_path: Path, spoil: Callable[[bytes], bytes], problem: str
) -> None:
    path = tmp_path / "log.ndjson"
    path.write_bytes(spoil(story.read_bytes()))
    with pytest.raises(LogError, match=problem) as error:
        replay(read_log(path))
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    "text", ["", "hello\n", "[]\n", '{"level": "info"}\n', '{"v": 2, "seq": 0, "type": "x", "run_id": "y"}\n']
)
def test_a_foreign_file_is_no_log(tmp_path: Path, text: str) -> None:
    path = tmp_path / "log.ndjson"
    path.write_text(text)
    with pytest.raises(LogError, match="log"):
        replay(read_log(path))


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        (None, "the run's policy is not in the log"),
        ({}, "the run's policy is not in the log"),
        ({"document": {"token_budgte": 5}}, "the policy in the log cannot be read: .*token_budget"),
        ({"document": {"token_budget": -5}}, "the policy in the log cannot be read"),
        ({"document": {}, "lines": {"name": "x"}}, "the policy in the log cannot be read"),
    ],
)
def test_a_log_without_a_policy_that_can_be_read_cannot_be_replayed(
    story: Path, tmp_path: Path, told: Json | None, problem: str
) -> None:
    lines = _lines(story)
    lines[0]["policy"] = told
    with pytest.raises(LogError, match=problem):
        replay(read_log(_written(tmp_path / "log.ndjson", lines)))
    assert replay(read_log(tmp_path / "log.ndjson"), _policy()).differences == []


def _places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    for key, member in inner:
        yield (*path, key)
        yield from _places(member, (*path, key))


_FOREIGN: Final[st.SearchStrategy[Any]] = st.sampled_from(
    [None, True, 0, -1, 10**400, 1e400, -1e400, 0.5, "", "x", [], [1], ["x"], {}, {"x": 1}, [{}]]
)


@settings(max_examples=150)
@given(st.data())
def test_whatever_a_line_is_changed_to_the_replay_shows_it_or_names_the_line(
    story: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    lines = _lines(story)
    number = data.draw(st.integers(0, len(lines) - 1))
    *way, last = data.draw(st.sampled_from(list(_places(lines[number]))))
    inner: Any = lines[number]
    for step in way:
        inner = inner[step]
    inner[last] = data.draw(_FOREIGN)
    path = _written(tmp_path_factory.getbasetemp() / "changed.ndjson", lines)
    try:
        log = read_log(path)
        replay(log)
    except LogError as error:
        assert "line" in str(error) or str(path) in str(error)  # noqa: PT017 - many changes break nothing
    else:
        assert log.problems or number == len(lines) - 1
