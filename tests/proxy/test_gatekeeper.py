"""What the session decides is carried out, and stands in the log before its effect."""

import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from rig import Rig, Run
from scripted import Gate, Pause, Script, Upstream, chunk, chunked_head, response, stream
from speech import CHAT, MESSAGES, RESPONSES, Speech

from guardian_ci.audit.writer import LogWriter
from guardian_ci.errors import StoreError
from guardian_ci.model import Amount
from guardian_ci.session.ledger import Ask, Balance, Denial, Grant
from guardian_ci.stores import SqliteStore


class Failing(SqliteStore):
    """A ledger that fails at the steps that it is told to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.failing: set[str] = set()

    def _check(self, step: str) -> None:
        if step in self.failing:
            msg = "the ledger is locked by another program; close it"
            raise StoreError(msg)

    async def reserve(self, ask: Ask) -> Grant | Denial:
        self._check("reserve")
        return await super().reserve(ask)

    async def settle(self, reservation: str, charge: Amount, session: tuple[str, str] | None = None) -> None:
        self._check("settle")
        await super().settle(reservation, charge, session)

    async def balances(self, scopes: Sequence[str]) -> list[Balance]:
        self._check("balances")
        return await super().balances(scopes)

    async def session(self, name: str) -> str | None:
        self._check("session")
        return await super().session(name)


def whole(speech: Speech) -> bytes:
    return response(json.dumps(speech.whole()).encode())


def in_background(run: Run, speech: Speech, text: str) -> tuple[threading.Thread, list[httpx.Response]]:
    """Make a call that will have to wait."""
    got: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: got.append(run.post(speech, speech.body(text))))
    thread.start()
    return thread, got


@pytest.mark.parametrize("step", ["reserve", "session"])
def test_a_ledger_that_cannot_be_read_closes_the_door(
    start: Rig, upstream: Upstream, tmp_path: Path, speech: Speech, step: str
) -> None:
    store = Failing(tmp_path / "state")
    run = start(store=store)
    upstream.says(whole(speech))
    store.failing.add(step)
    got = run.post(speech)
    assert got.status_code == 400
    assert got.headers["x-guardian-reason"] == "store_failed"
    assert "the ledger is locked by another program; close it" in speech.message_of(got.json())
    assert upstream.seen == []
    record = run.record_of(got)
    assert (record["decision"], record["findings"][0]["rule"]) == ("rejected", "run_integrity")
    assert record["findings"][0]["violation"] is True
    store.failing.clear()
    assert run.post(speech).status_code == 200


def test_a_settlement_that_fails_is_said_and_leaves_the_reservation_to_count_as_spent(
    start: Rig, upstream: Upstream, tmp_path: Path, speech: Speech, streamed: bool
) -> None:
    store = Failing(tmp_path / "state")
    run = start({"name": "tests", "budgets": {"day": {"usd": 5}}}, store=store)
    run.torn = True
    upstream.says(stream(speech.frames()) if streamed else whole(speech))
    store.failing.add("settle")
    got = run.post(speech, speech.body(streamed=streamed))
    assert got.status_code == 200
    log = run.end()
    assert [line["code"] for line in log if line["type"] == "notice"] == ["store_failed"]
    assert [line["outcome"] for line in log if line["type"] == "call"] == ["complete"]
    (admitted,) = [line for line in log if line["type"] == "call_admitted"]
    again = start({"name": "tests", "budgets": {"day": {"usd": 5}}})
    (recovered,) = again.log[0]["recovered"]
    assert recovered["call_id"] == admitted["request_id"]
    assert recovered["cost_picodollars"] == admitted["reservation"]["cost_picodollars"]


def test_no_call_leaves_without_its_line_in_the_log(
    start: Rig, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], speech: Speech
) -> None:
    run = start()
    upstream.says(whole(speech))

    def full(*_: object) -> None:
        msg = "the log cannot be written (the disk is full)"
        raise StoreError(msg)

    with monkeypatch.context() as patch:
        patch.setattr(LogWriter, "write", full)
        got = run.post(speech)
    assert got.status_code == 400
    assert "the disk is full" in speech.message_of(got.json())
    assert upstream.seen == []
    assert "guardian-ci: the log cannot be written (the disk is full)" in capfd.readouterr().err
    # Once there is room again, the run goes on.
    assert run.post(speech).status_code == 200


def test_a_tool_call_that_cannot_be_recorded_does_not_reach_the_agent(
    start: Rig, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, speech: Speech, streamed: bool
) -> None:
    run = start()
    run.torn = True
    tools = (("bash", {"command": "a-mark-to-find"}),)
    answer: Script = [response(json.dumps(speech.whole(*tools)).encode())]
    upstream.says(stream(speech.frames(*tools)) if streamed else answer)
    write = LogWriter.write

    def full(self: LogWriter, kind: str, *rest: object) -> None:
        if kind == "tool_call":
            msg = "the log cannot be written (the disk is full)"
            raise StoreError(msg)
        write(self, kind, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(LogWriter, "write", full)
    with run.client(speech) as client:
        try:
            got = client.post(speech.path, content=speech.body(streamed=streamed)).content
        except httpx.HTTPError:
            got = b""
    assert b"a-mark-to-find" not in got
    assert run.wait_for_calls(1)[0]["estimated"] is True


def test_a_call_waits_for_anothers_refund_instead_of_being_refused(
    start: Rig, upstream: Upstream, speech: Speech
) -> None:
    run = start({"name": "tests", "budgets": {"run": {"tokens": 900}}, "reservation_wait_seconds": 10})
    gate = Gate()
    frames = speech.frames()
    upstream.says([chunked_head(), chunk(frames[0]), gate, *stream(frames[1:])[1:]], whole(speech))
    body = speech.body("The first.", streamed=True, **{speech.maximum: 700})
    with run.client(speech) as client, client.stream("POST", speech.path, content=body) as got:
        parts = got.iter_raw()
        next(parts)
        thread, second = in_background(run, speech, "The second, which has to wait.")
        thread.join(0.2)
        assert second == []
        gate.open()
        for _ in parts:
            pass
    thread.join(10)
    assert [answer.status_code for answer in second] == [200]
    assert [call["decision"] for call in run.calls] == ["approved", "approved"]


def test_a_call_that_waits_in_vain_is_refused(start: Rig, upstream: Upstream, speech: Speech) -> None:
    run = start({"name": "tests", "budgets": {"run": {"tokens": 900}}, "reservation_wait_seconds": 0.1})
    gate = Gate()
    frames = speech.frames()
    upstream.says([chunked_head(), chunk(frames[0]), gate, *stream(frames[1:])[1:]])
    body = speech.body("The first.", streamed=True, **{speech.maximum: 700})
    with run.client(speech) as client, client.stream("POST", speech.path, content=body) as got:
        parts = got.iter_raw()
        next(parts)
        late = run.post(speech, speech.body("The second."))
        gate.open()
        for _ in parts:
            pass
    assert (late.status_code, late.headers["x-guardian-reason"]) == (400, "token_budget_exceeded")
    assert "in flight" in speech.message_of(late.json())


def test_an_agent_that_gives_up_waiting_leaves_nothing_reserved(start: Rig, upstream: Upstream) -> None:
    run = start({"name": "tests", "budgets": {"run": {"tokens": 900}}, "reservation_wait_seconds": 10})
    gate = Gate()
    frames = MESSAGES.frames()
    upstream.says([chunked_head(), chunk(frames[0]), gate, *stream(frames[1:])[1:]], whole(MESSAGES))
    body = MESSAGES.body("The first.", streamed=True, max_tokens=700)
    with run.client(MESSAGES) as client, client.stream("POST", MESSAGES.path, content=body) as got:
        parts = got.iter_raw()
        next(parts)
        with run.client(MESSAGES) as other, pytest.raises(httpx.ReadTimeout):
            other.post(MESSAGES.path, content=MESSAGES.body("The second."), timeout=0.2)
        gate.open()
        for _ in parts:
            pass
    assert run.post(MESSAGES, MESSAGES.body("The third.", max_tokens=600)).status_code == 200


def test_warnings_are_said_once_each(start: Rig, upstream: Upstream) -> None:
    run = start({"name": "tests", "token_budget": 300, "budget_warnings": [0.3, 0.5], "min_output_tokens": 1})
    upstream.says(whole(MESSAGES))
    for number in range(6):
        run.post(MESSAGES, MESSAGES.body(f"Prompt {number}.", max_tokens=20))
    notices = [line for line in run.log if line["type"] == "notice"]
    assert [line["code"] for line in notices] == ["budget_warning", "budget_warning"]


def test_the_result_of_a_tool_call_is_recorded_when_the_next_call_reports_it(start: Rig, upstream: Upstream) -> None:
    run = start()
    tools = (("bash", {"command": "ls"}), ("bash", {"command": "false"}))
    upstream.says(response(json.dumps(MESSAGES.whole(*tools)).encode()), whole(MESSAGES))
    run.post(MESSAGES)
    results = [
        {"type": "tool_result", "tool_use_id": "toolu_0", "content": "a b"},
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": "no", "is_error": True},
    ]
    answered = {"role": "assistant", "content": MESSAGES.whole(*tools)["content"]}
    said = [{"role": "user", "content": "Hello."}, answered, {"role": "user", "content": results}]
    for _ in range(2):
        run.post(MESSAGES, MESSAGES.body(messages=said))
    told = [(line["id"], line["status"]) for line in run.log if line["type"] == "tool_result"]
    assert told == [("toolu_0", "ok"), ("toolu_1", "error")]


@pytest.mark.parametrize(("level", "logged"), [("debug", True), ("info", False)])
@pytest.mark.parametrize("speech_of", [CHAT, RESPONSES], ids=lambda speech: speech.name)
def test_prompts_are_logged_only_where_the_policy_says_debug_and_then_redacted(
    start: Rig, upstream: Upstream, speech_of: Speech, level: str, logged: bool
) -> None:
    run = start({"name": "tests", "log_level": level})
    upstream.says(whole(speech_of))
    secret = "ghp_" + "a1B2" * 9
    run.post(speech_of, speech_of.body(f"A prompt to find, with {secret}."))
    text = run.server.config.log.read_text(encoding="utf-8")
    assert ("A prompt to find" in text) == logged
    assert secret not in text


class TestAStoppedRun:
    """Is told to who waits for an answer at once, and not when the upstream says its next word."""

    def arrived(self, upstream: Upstream) -> None:
        deadline = time.monotonic() + 10
        while not upstream.seen:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def stopped(self, run: Run) -> None:
        run.loop.loop.call_soon_threadsafe(run.server.stop, "stopped")

    def test_a_call_whose_answer_has_not_begun_is_refused(self, start: Rig, upstream: Upstream, speech: Speech) -> None:
        run = start({"name": "tests", "timeouts": {"silence_seconds": 30, "drain_seconds": 30}})
        upstream.says([Pause(30)])
        thread, got = in_background(run, speech, "Hello.")
        self.arrived(upstream)
        self.stopped(run)
        thread.join(5)
        assert (got[0].status_code, got[0].headers["x-guardian-reason"]) == (400, "run_stopped")
        assert "has been stopped" in speech.message_of(got[0].json())
        record = run.record_of(got[0])
        assert (record["outcome"], record["estimated"], record["status"]) == ("cut", True, 400)
        assert record["cost_picodollars"] > 0  # it was sent: whatever the upstream does now may be billed

    def test_a_call_that_waits_for_room_is_refused(self, start: Rig, upstream: Upstream) -> None:
        budgets = {"budgets": {"run": {"tokens": 900}}, "reservation_wait_seconds": 10}
        run = start({"name": "tests", "timeouts": {"silence_seconds": 30, "drain_seconds": 30}, **budgets})
        upstream.says([Pause(30)])
        first, _ = in_background(run, MESSAGES, "One.")
        self.arrived(upstream)
        second, got = in_background(run, MESSAGES, "Two.")
        second.join(0.3)
        assert second.is_alive()
        self.stopped(run)
        for thread in (first, second):
            thread.join(5)
        assert (got[0].status_code, got[0].headers["x-guardian-reason"]) == (400, "run_stopped")
