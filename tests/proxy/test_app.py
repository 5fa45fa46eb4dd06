"""Which requests are metered calls, and what becomes of all others."""

import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from rig import AGENT_KEY, TOKEN, Rig, Run
from scripted import Upstream, response, stream
from speech import CHAT, MESSAGES, RESPONSES, SPEECHES, Speech

from guardian_ci.policy import default_policy
from guardian_ci.proxy.config import ProxyConfig

MODELS = json.dumps({"data": [{"id": "a-model"}]}).encode()
PREFIXES = [
    (speech, prefix)
    for speech in SPEECHES
    for prefix in ("", f"/{speech.provider}", "/s/night-build", f"/s/night-build/{speech.provider}")
]


@pytest.mark.parametrize(("speech", "prefix"), PREFIXES, ids=lambda value: getattr(value, "name", value))
def test_a_call_is_metered_under_every_prefix_and_leaves_without_it(shared: Run, speech: Speech, prefix: str) -> None:
    shared.upstream.says(response(json.dumps(speech.whole()).encode()))
    got = shared.post(speech, path=f"{prefix}{speech.path}?beta=true")
    assert got.status_code == 200
    assert shared.upstream.seen[-1].target == f"{speech.path}?beta=true"
    record = shared.record_of(got)
    assert record["protocol"] == speech.name
    assert record["path"] == f"{prefix}{speech.path}"
    assert (record["session_id"] == "night-build") == prefix.startswith("/s/")


def test_the_session_is_named_by_the_path_else_the_header_else_a_digest_of_the_key(
    start: Rig, upstream: Upstream
) -> None:
    run = start({"name": "tests", "rules": {"retry_loop": "off"}})
    upstream.says(response(json.dumps(MESSAGES.whole()).encode()))
    run.post(MESSAGES, path="/s/by-path/v1/messages", X_Guardian_Session="by-header")
    run.post(MESSAGES, X_Guardian_Session="by-header")
    run.post(MESSAGES)
    run.post(MESSAGES, key=AGENT_KEY)
    path, header, token, key = (call["session_id"] for call in run.calls)
    assert [path, header] == ["by-path", "by-header"]
    assert token.startswith("key-")
    assert key.startswith("key-")
    assert token != key
    assert all(seen.header("x-guardian-session") is None for seen in upstream.seen)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/anthropic/v1/models", {}),
        ("/openai/v1/models", {}),
        ("/v1/models", {"anthropic-version": "2023-06-01"}),
        ("/v1/models", {}),
        ("/s/one/v1/models", {}),
        ("/v1/models/a-model", {}),
        ("/v1/models", {"x-goog-api-key": "k"}),
        ("/gemini/v1beta/models", {"x-goog-api-key": "k"}),
        ("/s/one/openai/v1/models/a-model", {}),
    ],
)
def test_the_list_of_models_passes_and_costs_nothing(
    start: Rig, upstream: Upstream, path: str, headers: dict[str, str]
) -> None:
    run = start({"name": "tests", "allowed_models": [], "cost_limit_usd": 0})
    upstream.says(response(MODELS))
    with run.client(CHAT, **headers) as client:
        got = client.get(path)
    assert (got.status_code, got.content) == (200, MODELS)
    assert upstream.seen[0].target == path[path.index("/v1") :]
    record = run.call()
    google = "x-goog-api-key" in headers
    assert (record["protocol"] == "gemini-generate") is google
    assert (record["operation"], record["decision"], record["cost_picodollars"]) == ("models", "approved", 0)


def test_counting_tokens_passes_and_costs_nothing(start: Rig, upstream: Upstream) -> None:
    run = start({"name": "tests", "cost_limit_usd": 0})
    upstream.says(response(b'{"input_tokens": 14}'))
    asked = {"model": MESSAGES.model, "messages": [{"role": "user", "content": "Hello."}]}
    got = run.post(MESSAGES, json.dumps(asked).encode(), path="/v1/messages/count_tokens")
    assert got.json() == {"input_tokens": 14}
    record = run.call()
    assert (record["operation"], record["decision"], record["cost_picodollars"]) == ("count_tokens", "approved", 0)


@pytest.mark.parametrize(
    ("method", "path", "violation"),
    [
        ("POST", "/v1/embeddings", True),
        ("POST", "/v1/messages/batches", True),
        ("POST", "/v1/completions", True),
        ("POST", "/openai/v1/images/generations", True),
        ("POST", "/anthropic/v1/chat/completions", True),
        ("POST", "/openai/v1/messages", True),
        ("POST", "/s/one/v1/audio/speech", True),
        ("POST", "/v1/messages/", True),
        ("POST", "//v1/messages", True),
        ("POST", "/v1/responses/resp_1/cancel", True),
        ("DELETE", "/v1/models/a-model", True),
        ("PUT", "/v1/messages", True),
        ("GET", "/v1/messages", False),
        ("GET", "/", False),
        ("HEAD", "/", False),
        ("GET", "/s/one", False),
        ("GET", "/s/one/", False),
        ("OPTIONS", "/v1/messages", False),
        ("GET", "/favicon.ico?x=<script>", False),
        ("POST", "/v1/messages%2fbatches", True),
        ("POST", "/v1beta/models/gemini-3:embedContent", True),
        ("POST", "/v1beta/openai/chat/completions", True),
    ],
)
def test_every_other_path_is_refused_and_recorded(shared: Run, method: str, path: str, violation: bool) -> None:
    before = len(shared.upstream.seen)
    got = shared.request(method, path, MESSAGES, b"{}" if method in {"POST", "PUT"} else b"")
    assert got.status_code == 404
    assert got.headers["x-guardian-reason"] == "unmetered_endpoint"
    if method != "HEAD":
        assert got.json()["error"]["type"] == "not_found_error"
    assert len(shared.upstream.seen) == before
    record = shared.record_of(got)
    assert (record["decision"], record["status"]) == ("rejected", 404)
    (found,) = record["findings"]
    assert (found["rule"], found["violation"]) == ("unmetered_endpoint", violation)


@pytest.mark.parametrize(("action", "verdict"), [("warn", "warn"), ("off", "block")])
def test_a_policy_may_forgive_a_path_that_is_not_metered_and_it_is_refused_all_the_same(
    start: Rig, action: str, verdict: str
) -> None:
    run = start({"rules": {"unmetered_endpoint": action}})
    assert run.request("POST", "/v1/embeddings", MESSAGES, b"{}").status_code == 404
    (found,) = run.call()["findings"]
    assert (found["verdict"], found["violation"]) == (verdict, False)
    assert run.upstream.seen == []


def test_a_websocket_is_refused_with_the_status_that_makes_codex_fall_back_to_post(
    start: Rig, upstream: Upstream
) -> None:
    run = start({"websockets": {"responses": "refuse"}})
    with run.client(RESPONSES, Connection="Upgrade", Upgrade="websocket", Sec_WebSocket_Version="13") as client:
        got = client.get("/s/one/v1/responses", headers={"sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="})
    assert got.status_code == 426
    assert run.call()["status"] == 426
    assert upstream.seen == []


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_told_without_a_record(shared: Run, path: str) -> None:
    before = len(shared.calls)
    assert shared.request("GET", path).status_code == 200
    assert len(shared.calls) == before


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "[::2]", "0.0.0.0"])
def test_a_web_page_cannot_reach_the_proxy_under_a_name_of_its_own(shared: Run, host: str) -> None:
    before = len(shared.upstream.seen)
    assert shared.post(MESSAGES, Host=host).status_code == 400
    assert len(shared.upstream.seen) == before


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.1:99", "[::1]:8080", "LOCALHOST:8080"])
def test_the_names_of_this_machine_reach_the_proxy(shared: Run, host: str) -> None:
    assert shared.request("GET", "/healthz", Host=host).status_code == 200


@pytest.mark.parametrize("given", [None, "Bearer gci-another", "Bearer", TOKEN, f"Basic {TOKEN}"])
def test_only_who_holds_the_token_may_stop_the_run(shared: Run, given: str | None) -> None:
    headers = {} if given is None else {"authorization": given}
    assert shared.request("POST", "/guardian/stop", **headers).status_code == 403
    assert not shared.server.stopped.is_set()


def test_without_a_token_nobody_may_stop_the_run_over_the_network(start: Rig) -> None:
    run = start(token=None)
    assert run.request("POST", "/guardian/stop", authorization="Bearer None").status_code == 403


def test_stopping_ends_the_run_and_no_call_is_forwarded_any_more(start: Rig, upstream: Upstream) -> None:
    run = start()
    upstream.says(stream(MESSAGES.frames()))
    got = run.request("POST", "/guardian/stop", authorization=f"Bearer {TOKEN}")
    assert (got.status_code, got.json()) == (200, {"status": "stopping"})
    late = run.post(MESSAGES)
    assert late.status_code == 400
    assert late.headers["x-guardian-reason"] == "run_stopped"
    assert upstream.seen == []
    assert run.end()[-1]["reason"] == "stopped"


def test_bytes_that_are_no_http_do_not_disturb_the_run(start: Rig, upstream: Upstream) -> None:
    run = start()
    upstream.says(response(json.dumps(MESSAGES.whole()).encode()))
    for nonsense in (
        b"\x16\x03\x01\x02\x00",
        b"GET\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", urlsplit(run.url).port), timeout=5) as raw:
            raw.sendall(nonsense)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(4096):
                pass
    assert run.post(MESSAGES).status_code == 200


def test_a_configuration_does_not_show_its_keys() -> None:
    config = ProxyConfig(policy=default_policy(), log=Path("log"), keys={"openai": "sk-secret"}, token="gci-secret")
    assert "sk-secret" not in repr(config)
    assert "gci-secret" not in repr(config)


@pytest.mark.parametrize("model", ["m:embedContent%3F", "m%23", "m%3Fx=1", ".."])
def test_a_models_name_cannot_make_another_path_of_a_metered_one(shared: Run, model: str) -> None:
    before = len(shared.upstream.seen)
    got = shared.request("POST", f"/v1beta/models/{model}:generateContent", MESSAGES, b'{"contents": []}')
    assert (got.status_code, got.headers["x-guardian-reason"]) == (400, "bad_request")
    assert len(shared.upstream.seen) == before
