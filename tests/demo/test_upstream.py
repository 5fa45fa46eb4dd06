"""The demo upstream on a real socket: its faults, its bill, and many calls at once."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from guardian_ci.demo.upstream import MODELS, Bill, running

PATHS = ["/v1/messages", "/v1/chat/completions", "/v1/responses"]


def body(path: str, script: str, *, stream: bool = True) -> dict[str, object]:
    text = f"demo-script: [{script}]"
    said = {"input": text} if path == "/v1/responses" else {"messages": [{"role": "user", "content": text}]}
    return {"model": "m", "max_tokens": 4000, "stream": stream, **said}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("fault", ["reset", "eof", "error", "garbage"])
def test_a_stream_can_end_badly(http: httpx.Client, bill: Bill, path: str, fault: str) -> None:
    script = f'{{"text": "one two three four", "chunk": 4, "after": 2, "{fault}": true}}'
    text = ""
    cut = False
    with http.stream("POST", path, json=body(path, script)) as answer:
        try:
            for chunk in answer.iter_text():
                text += chunk
        except httpx.TransportError:
            cut = True
    ended = any(mark in text for mark in ("message_stop", "[DONE]", "response.completed"))
    assert cut is (fault == "reset")
    assert ended is (fault == "garbage")
    assert ("is not JSON" in text) is (fault == "garbage")
    assert ("Overloaded" in text) is (fault == "error")
    assert "one " in text
    assert bill.lines[0]["complete"] is (fault == "garbage")


@pytest.mark.parametrize("path", PATHS)
def test_a_whole_answer_can_fail_too(http: httpx.Client, path: str) -> None:
    def answer(script: str) -> httpx.Response:
        return http.post(path, json=body(path, script, stream=False))

    with pytest.raises(httpx.TransportError):
        answer('{"reset": true}')
    with pytest.raises(json.JSONDecodeError):
        answer('{"garbage": true}').json()
    assert answer('{"error": true}').status_code == 529
    page = answer('{"html": true}')
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html")
    custom = answer('{"status": 418, "body": {"tea": 1}, "headers": {"x-pot": "2"}}')
    assert (custom.status_code, custom.json(), custom.headers["x-pot"]) == (418, {"tea": 1}, "2")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("stream", [True, False])
def test_bodies_are_compressed_both_ways(http: httpx.Client, path: str, *, stream: bool) -> None:
    content = gzip.compress(json.dumps(body(path, '{"text": "hello", "gzip": true}', stream=stream)).encode())
    answer = http.post(path, content=content, headers={"content-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "hello" in answer.text


def test_a_body_in_an_unknown_coding_is_refused(http: httpx.Client) -> None:
    answer = http.post(PATHS[0], content=b"x", headers={"content-encoding": "gzip"})
    assert (answer.status_code, "not valid gzip" in answer.text) == (400, True)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
@pytest.mark.parametrize("path", PATHS)
def test_what_is_no_json_object_is_refused(http: httpx.Client, path: str, content: bytes) -> None:
    assert http.post(path, content=content).status_code == 400


def test_a_client_that_hangs_up_is_billed_for_what_was_made(http: httpx.Client, bill: Bill) -> None:
    script = '{"text": "word", "repeat": 500, "chunk": 4, "chunk_delay_ms": 2}'
    with http.stream("POST", PATHS[0], json=body(PATHS[0], script)) as answer:
        for line in answer.iter_lines():
            if "text_delta" in line:
                break
    until_billed(bill)
    assert 1 <= int(str(bill.lines[0]["output_tokens"])) < 500
    assert bill.lines[0]["complete"] is False


def until_billed(bill: Bill) -> None:
    """Wait until the upstream has noticed."""
    for _ in range(500):
        if bill.lines:
            return
        subprocess.run(["sleep", "0.01"], check=True)


@pytest.mark.parametrize("path", PATHS)
def test_an_endless_stream_ends_with_its_client(http: httpx.Client, bill: Bill, path: str) -> None:
    with http.stream("POST", path, json=body(path, '{"text": "on and ", "endless": true}')) as answer:
        seen = 0
        for line in answer.iter_lines():
            seen += "on and" in line
            if seen == 20:
                break
    until_billed(bill)
    assert len(bill.lines) == 1


def test_hidden_output_is_billed_and_told(http: httpx.Client, bill: Bill) -> None:
    answer = http.post(PATHS[0], json=body(PATHS[0], '{"text": "hi", "output_tokens": 700}'))
    assert '"output_tokens":700' in answer.text
    assert (bill.lines[0]["output_tokens"], bill.lines[0]["complete"]) == (700, True)


def test_input_can_be_told(http: httpx.Client, bill: Bill) -> None:
    http.post(PATHS[0], json=body(PATHS[0], '{"text": "hi", "input_tokens": 90000}'))
    assert bill.lines[0]["input_tokens"] == 90000


def test_many_calls_at_once_each_get_their_own_answer(upstream: str, bill: Bill) -> None:
    with httpx.Client(
        base_url=upstream, timeout=30, trust_env=False, limits=httpx.Limits(max_connections=60)
    ) as client:

        def one(number: int) -> str:
            path = PATHS[number % 3]
            script = f'{{"text": "answer-{number}-", "repeat": 3, "chunk": 60, "chunk_delay_ms": 1}}'
            return client.post(path, json=body(path, script)).text

        with ThreadPoolExecutor(60) as pool:
            answers = list(pool.map(one, range(120)))
    assert all(f"answer-{number}-" in answer for number, answer in enumerate(answers))
    assert len(bill.lines) == 120


def test_models_are_listed_to_each_provider_s_clients(http: httpx.Client) -> None:
    anthropic = http.get("/v1/models", headers={"anthropic-version": "2023-06-01"}).json()
    openai = http.get("/openai/v1/models").json()
    assert [model["id"] for model in anthropic["data"]] == [model["id"] for model in openai["data"]] == list(MODELS)
    assert openai["object"] == "list"


def test_what_no_provider_knows_is_not_found(http: httpx.Client) -> None:
    assert http.get("/v1/files").status_code == 404
    assert http.get("/healthz").text == "ok\n"


@pytest.fixture
def guarded() -> Iterator[httpx.Client]:
    with running(key="sk-real") as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("path", PATHS)
def test_a_key_is_asked_for_when_one_was_named(guarded: httpx.Client, path: str) -> None:
    given = body(path, '{"text": "hi"}')
    assert guarded.post(path, json=given).status_code == 401
    assert guarded.post(path, json=given, headers={"x-api-key": "gci-1"}).status_code == 401
    assert guarded.post(path, json=given, headers={"authorization": "Bearer sk-real"}).status_code == 200
    assert guarded.post(path, json=given, headers={"x-api-key": "sk-real"}).status_code == 200


def test_the_program_tells_its_address_and_writes_its_bill(tmp_path: Path) -> None:
    file = tmp_path / "bill.ndjson"
    command = [sys.executable, "-m", "guardian_ci.demo.upstream", "--port", "0", "--bill", str(file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        url = process.stderr.readline().removeprefix("demo upstream: ").strip()
        answer = httpx.post(f"{url}/v1/messages", json=body(PATHS[0], '{"text": "hi"}'), trust_env=False)
        process.terminate()
    assert answer.status_code == 200
    assert json.loads(file.read_text())["protocol"] == "anthropic-messages"


def test_importing_the_demo_upstream_does_not_import_httpx() -> None:
    code = "import sys, guardian_ci.demo.upstream; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
