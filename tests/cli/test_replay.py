"""``guardian-ci replay``: whether a log's decisions would be made the same again."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from rig import NO_TLS, TIMEOUTS
from scripted import LoopThread, Upstream, response
from speech import MESSAGES

from guardian_ci.cli.main import main
from guardian_ci.policy import load_policy
from guardian_ci.proxy.config import ProxyConfig
from guardian_ci.proxy.server import ProxyServer
from guardian_ci.stores import SqliteStore

Json = dict[str, Any]
POLICY = {
    "name": "recorded",
    "timeouts": TIMEOUTS,
    "allowed_models": ["claude-*"],
    "allowed_tools": ["read_file"],
    "token_budget": 900,
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, loop_thread: LoopThread) -> bytes:
    """The log of a run in which calls passed, were refused, and a tool was denied."""
    folder = tmp_path_factory.mktemp("recorded")
    upstream = Upstream(loop_thread)
    policy = load_policy(json.dumps(POLICY), "guardian.yml")
    policy = policy.override(budget_usd=None, token_budget=None, upstreams={"anthropic": upstream.url})
    server = ProxyServer(ProxyConfig(policy=policy, log=folder / "log.ndjson", port=0), SqliteStore(folder / "state"))
    loop_thread.do(server.__aenter__())
    tools = (("Read", {"file_path": "a.py"}), ("Bash", {"command": "ls"}))
    big = json.dumps(MESSAGES.whole()).replace('_tokens": 7', '_tokens": 700')
    upstream.says(response(json.dumps(MESSAGES.whole(*tools)).encode()), response(big.encode()))
    bodies = [
        MESSAGES.body("One."),
        MESSAGES.body("Two."),
        MESSAGES.body("Three."),
        MESSAGES.body(model="gpt-4.1"),
        b"{",
    ]
    with httpx.Client(base_url=server.url, trust_env=False, verify=NO_TLS, headers=MESSAGES.headers("k")) as client:
        told = [client.post("/v1/messages", content=body).status_code for body in bodies]
        client.post("/v1/embeddings")
    assert told == [200, 200, 400, 400, 400]
    loop_thread.do(server.__aexit__(None, None, None))
    upstream.close()
    return (folder / "log.ndjson").read_bytes()


@pytest.fixture
def log(recorded: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "log.ndjson"
    path.write_bytes(recorded)
    return path


def rechained(path: Path, change: Callable[[list[Json]], None]) -> None:
    """Change records as a forger would: with a chain that holds again."""
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    change(records)
    prev, lines = "", []
    for seq, record in enumerate(records):
        record |= {"seq": seq, "prev": prev}
        line = json.dumps(record, separators=(",", ":")).encode()
        prev = hashlib.sha256(line).hexdigest()
        lines.append(line + b"\n")
    path.write_bytes(b"".join(lines))


def of_type(records: list[Json], kind: str, number: int = 0) -> Json:
    return [record for record in records if record["type"] == kind][number]


def test_the_same_decisions_are_made_again_with_no_network(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(log)]) == 0
    assert "decisions replayed: all the same" in capsys.readouterr().out
    assert main(["replay", str(log), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["changed_lines"], told["differences"]) == ([], [])
    assert told["decisions"] > 5


def test_the_reports_are_the_ones_that_the_log_gives(log: Path, tmp_path: Path) -> None:
    again, report = tmp_path / "again", tmp_path / "report"
    assert main(["replay", str(log), "--report-dir", str(again)]) == 0
    assert main(["report", str(log), "--report-dir", str(report)]) == 1
    for name in ("junit.xml", "summary.md", "log.ndjson"):
        assert (again / name).read_bytes() == (report / name).read_bytes()


@pytest.mark.parametrize("number", range(2, 9))
def test_a_changed_line_is_shown(log: Path, capsys: pytest.CaptureFixture[str], number: int) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    lines[number] = lines[number].replace(b'"timestamp":"2', b'"timestamp":"3')
    log.write_bytes(b"".join(lines))
    assert main(["replay", str(log)]) == 1
    assert f"log.ndjson:{number + 2}: " in capsys.readouterr().out


def let_the_tool_pass(records: list[Json]) -> None:
    of_type(records, "tool_call", 1)["verdict"] = "allow"


def charge_less(records: list[Json]) -> None:
    of_type(records, "call")["cost_picodollars"] = 1


def admit_more(records: list[Json]) -> None:
    of_type(records, "call_admitted")["edits"]["max_output_tokens"] = 100_000


def another_reason(records: list[Json]) -> None:
    of_type(records, "call", 3)["reason"] = "rate_limit_exceeded"


def take_the_facts_away(records: list[Json]) -> None:
    del of_type(records, "call", 3)["facts"]


def reserve_less(records: list[Json]) -> None:
    of_type(records, "call_admitted")["reservation"]["cost_picodollars"] = 1


@pytest.mark.parametrize(
    "change", [let_the_tool_pass, charge_less, admit_more, another_reason, take_the_facts_away, reserve_less]
)
def test_a_changed_decision_is_shown_even_where_the_chain_holds(
    log: Path, capsys: pytest.CaptureFixture[str], change: Callable[[list[Json]], None]
) -> None:
    rechained(log, change)
    assert main(["replay", str(log), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["changed_lines"] == []
    assert len(told["differences"]) >= 1
    assert {"line", "request_id", "logged", "replayed"} == set(told["differences"][0])


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("name: a\nallowed_models: [gpt-*]\n", "rejected (model_not_allowed)"),
        ("name: a\nallowed_tools: [bash]\n", "blocked"),
        ("name: a\ntoken_budget: 10\n", "rejected"),
    ],
)
def test_another_policy_shows_what_it_would_have_decided(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], policy: str, said: str
) -> None:
    (tmp_path / "other.yml").write_text(policy)
    assert main(["replay", str(log), "--policy", str(tmp_path / "other.yml")]) == 1
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda data: data[:-30], "torn"),
        (lambda data: b"".join(data.splitlines(keepends=True)[:-1]), "no end marker"),
        (lambda data: b"", "empty"),
        (lambda data: b"hello\nworld\n", "no log of guardian-ci"),
        (lambda data: b'{"a": 1}\n', "no log of guardian-ci"),
        (lambda data: data.replace(b'{"v":1', b'{"v":2'), "format 2"),
        (lambda data: data.replace(b'{"v":1,"seq":3', b'nonsense {"v":1,"seq":3'), "no record"),
        (lambda data: b"".join(data.splitlines(keepends=True)[1:]), "run that has not started"),
        (lambda data: data.replace(b'"document":', b'"documint":'), "policy is not in the log"),
        (lambda data: data.replace(b'"facts":{"at"', b'"facts":{"it"'), "cannot be read"),
        (lambda data: bytes(range(256)) * 10, "no log of guardian-ci"),
    ],
)
def test_a_log_that_is_torn_or_foreign_is_an_error_with_its_place(
    log: Path, capsys: pytest.CaptureFixture[str], damage: Callable[[bytes], bytes], said: str
) -> None:
    log.write_bytes(damage(log.read_bytes()))
    assert main(["replay", str(log)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("guardian-ci: ")
    assert said in line


@pytest.mark.parametrize(("path", "said"), [("none.ndjson", "no such log"), (".", "this is a folder")])
def test_a_log_that_is_not_there_is_an_error(capsys: pytest.CaptureFixture[str], path: str, said: str) -> None:
    assert main(["replay", path]) == 2
    assert said in capsys.readouterr().err
