"""Bedrock, as AWS would see it: the signature is worked out anew, by hand, from the bytes that arrived."""

import asyncio
import base64
import gzip
import hashlib
import hmac
import json
from urllib.parse import quote

import pytest
from asked import asked
from rig import AGENT_KEY, KEY, TOKEN, Json, Rig
from scripted import Seen, Upstream, chunk, chunked_head, response, stream
from speech import INPUT, MESSAGES, OUTPUT

from guardian_ci.errors import BadRequest, StartError
from guardian_ci.model import Operation
from guardian_ci.policy.upstreams import Upstream as Entry
from guardian_ci.policy.upstreams import upstream_of
from guardian_ci.proxy.upstream import UnreachedError
from guardian_ci.proxy.upstreams.bedrock import Bedrock
from guardian_ci.proxy.upstreams.interface import Outgoing
from guardian_ci.wire.eventstream import CONTENT_TYPE, Message

ACCESS, SECRET, SESSION = "AKIDEXAMPLE", "aws-secret-of-the-tests-0123456789", "aws-session-of-the-tests"
ID = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
REGION = "eu-west-1"


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's credentials are in the environment and nowhere else."""
    for name, value in (
        ("AWS_ACCESS_KEY_ID", ACCESS),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_SESSION_TOKEN", SESSION),
        ("AWS_CONFIG_FILE", "/nowhere"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ):
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        monkeypatch.delenv(name, raising=False)


def entry(**more: object) -> Entry:
    told: Json = {"kind": "bedrock", "region": REGION, "models": ("claude-*",), "model_ids": {"claude-sonnet-4-5": ID}}
    return upstream_of("aws", **(told | more))


def mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature_of(seen: Seen) -> str:
    """What AWS works out from a request: the signature of what its SignedHeaders name, by the published recipe."""
    told = seen.header("authorization") or ""
    assert told.startswith("AWS4-HMAC-SHA256 ")
    names = told.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    path, _, query = seen.target.partition("?")
    canonical = [seen.method, quote(path, safe="/-_.~"), query]
    canonical += [f"{name}:{' '.join((seen.header(name) or '').split())}" for name in names]
    canonical += ["", ";".join(names), hashlib.sha256(seen.body).hexdigest()]
    when = seen.header("x-amz-date") or ""
    scope = f"{when[:8]}/{REGION}/bedrock/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", when, scope, hashlib.sha256("\n".join(canonical).encode()).hexdigest()])
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = mac(key, part)
    return mac(key, to_sign).hex()


def events(frames: list[bytes]) -> list[bytes]:
    """Anthropic's frames as Bedrock sends them."""
    headers = {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
    told = [frame.partition(b"data: ")[2].strip() for frame in frames]
    payloads = [{"bytes": base64.b64encode(event).decode(), "p": "abcd"} for event in told]
    return [Message(headers, json.dumps(payload).encode()).encoded() for payload in payloads]


def policy(upstream: Upstream, **more: object) -> Json:
    told = {"kind": "bedrock", "region": REGION, "models": ["claude-*"], "model_ids": {"claude-sonnet-4-5": ID}}
    return {"upstreams": {"aws": told | {"url": upstream.url} | more}, "rules": {"retry_loop": "off"}}


BETAS = "claude-code-20250219, interleaved-thinking-2025-05-14,oauth-2025-04-20"


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_call_is_signed_anew_and_its_answer_is_what_anthropic_would_have_sent(
    start: Rig, upstream: Upstream, streamed: bool
) -> None:
    run = start(policy(upstream))
    run.secrets += [SECRET, SESSION]
    whole = json.dumps(MESSAGES.whole()).encode()
    upstream.says(stream(events(MESSAGES.frames()), CONTENT_TYPE) if streamed else response(whole))
    body = MESSAGES.body(model="claude-sonnet-4-5", streamed=streamed, metadata={"user_id": "caf\u00e9"})
    got = run.post(MESSAGES, body, path="/v1/messages?beta=true", anthropic_beta=BETAS, anthropic_version="2023-06-01")
    assert got.status_code == 200
    assert got.content == (b"".join(MESSAGES.frames()) if streamed else whole)
    (seen,) = upstream.seen
    action = "invoke-with-response-stream" if streamed else "invoke"
    assert seen.target == f"/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/{action}"
    assert (seen.header("authorization") or "").endswith(f"Signature={signature_of(seen)}")
    assert f"Credential={ACCESS}/" in (seen.header("authorization") or "")
    assert seen.header("x-amz-security-token") == SESSION
    asked_for = json.loads(body)
    del asked_for["model"]
    asked_for.pop("stream", None)
    added = {"anthropic_version": "bedrock-2023-05-31", "anthropic_beta": ["interleaved-thinking-2025-05-14"]}
    assert seen.json() == asked_for | added
    assert not {KEY, TOKEN, AGENT_KEY, "x-api-key", "anthropic-beta"} & {each for pair in seen.headers for each in pair}
    record = run.call()
    assert (record["input_tokens"], record["output_tokens"], record["estimated"]) == (INPUT, OUTPUT, False)
    # Regional ids cost a tenth more than global ones: the price is that of the id which is billed.
    assert record["cost_picodollars"] == INPUT * 3_300_000 + OUTPUT * 16_500_000


def test_a_stream_is_relayed_as_it_comes_byte_by_byte(start: Rig, upstream: Upstream) -> None:
    run = start(policy(upstream))
    data = b"".join(events(MESSAGES.frames(("Bash", {"command": "ls"}))))
    upstream.says([chunked_head(CONTENT_TYPE), *(chunk(data[i : i + 1]) for i in range(len(data))), b"0\r\n\r\n"])
    got = run.post(MESSAGES, MESSAGES.body(model="claude-sonnet-4-5", streamed=True))
    assert got.content == b"".join(MESSAGES.frames(("Bash", {"command": "ls"})))
    assert run.call()["tool_calls"][0]["name"] == "Bash"


def test_a_denied_tool_call_in_an_event_stream_does_not_reach_the_agent(start: Rig, upstream: Upstream) -> None:
    run = start(policy(upstream) | {"denied_tools": ["Bash"]})
    upstream.says(stream(events(MESSAGES.frames(("Bash", {"command": "ls"}))), CONTENT_TYPE))
    got = run.post(MESSAGES, MESSAGES.body(model="claude-sonnet-4-5", streamed=True))
    assert "guardian_denied_Bash" in got.text
    assert '"ls"' not in got.text


def test_a_damaged_event_ends_the_stream_with_an_error_and_is_charged_in_full(start: Rig, upstream: Upstream) -> None:
    run = start(policy(upstream))
    told = events(MESSAGES.frames())
    told[2] = told[2][:-1] + bytes([told[2][-1] ^ 1])
    upstream.says(stream(told, CONTENT_TYPE))
    got = run.post(MESSAGES, MESSAGES.body(model="claude-sonnet-4-5", streamed=True))
    assert "wrong checksum" in MESSAGES.stream_message_of(got.content)
    assert (run.call()["outcome"], run.call()["estimated"]) == ("upstream_error", True)


def test_an_exception_in_the_stream_reaches_the_agent_as_the_error_it_knows(start: Rig, upstream: Upstream) -> None:
    run = start(policy(upstream))
    headers = {":message-type": "exception", ":exception-type": "throttlingException"}
    thrown = Message(headers, b'{"message": "Too many tokens."}').encoded()
    upstream.says(stream([*events(MESSAGES.frames()[:2]), thrown], CONTENT_TYPE))
    got = run.post(MESSAGES, MESSAGES.body(model="claude-sonnet-4-5", streamed=True))
    assert got.content.endswith(
        b'data: {"type": "error", "error": {"type": "rate_limit_error", "message": "Too many tokens."}}\n\n'
    )
    assert run.call()["outcome"] == "upstream_error"


@pytest.mark.parametrize("status", [400, 403, 429, 503])
def test_the_clouds_own_refusal_passes_untouched_and_costs_nothing(start: Rig, upstream: Upstream, status: int) -> None:
    run = start(policy(upstream))
    upstream.says(response(b'{"message": "No."}', status=status, headers=[("x-amzn-errortype", "X")]))
    got = run.post(MESSAGES, MESSAGES.body(model="claude-sonnet-4-5", streamed=True))
    assert (got.status_code, got.content, got.headers["x-amzn-errortype"]) == (status, b'{"message": "No."}', "X")
    assert run.call()["cost_picodollars"] == 0


def test_a_model_without_an_id_there_costs_nothing_and_has_one_record(start: Rig, upstream: Upstream) -> None:
    run = start(policy(upstream))
    got = run.post(MESSAGES, MESSAGES.body(model="claude-opus-5-5"))
    assert got.status_code == 400
    assert "upstreams.aws.model_ids" in MESSAGES.message_of(got.json())
    record = run.call()
    assert (record["status"], record["cost_picodollars"], upstream.seen) == (400, 0, [])
    assert [found["rule"] for found in record["findings"]] == ["bad_request"]


def test_a_compressed_request_is_sent_plain(start: Rig, upstream: Upstream) -> None:
    run = start(policy(upstream))
    upstream.says(response(json.dumps(MESSAGES.whole()).encode()))
    body = gzip.compress(MESSAGES.body(model="claude-sonnet-4-5"))
    assert run.post(MESSAGES, body, content_encoding="gzip").status_code == 200
    assert upstream.seen[0].json()["anthropic_version"] == "bedrock-2023-05-31"


def test_an_agents_own_key_opens_no_cloud(start: Rig, upstream: Upstream) -> None:
    run = start(policy(upstream))
    with run.client(MESSAGES, key=AGENT_KEY) as client:
        got = client.post(MESSAGES.path, content=MESSAGES.body(model="claude-sonnet-4-5"))
    assert (got.status_code, upstream.seen) == (400, [])


def test_a_bedrock_api_key_goes_as_a_bearer_and_nothing_is_signed(start: Rig, upstream: Upstream) -> None:
    run = start(policy(upstream, key_variable="BEDROCK_KEY"), more_keys={"BEDROCK_KEY": "bedrock-key-0123456789"})
    upstream.says(response(json.dumps(MESSAGES.whole()).encode()))
    run.post(MESSAGES, MESSAGES.body(model="claude-sonnet-4-5"))
    (seen,) = upstream.seen
    assert (seen.header("authorization"), seen.header("x-amz-date")) == ("Bearer bedrock-key-0123456789", None)


def call(upstream: Entry, model: str = ID, **more: object) -> Outgoing:
    return Bedrock().outgoing(asked(upstream, "/v1/messages", model=model, body=b'{"messages": []}', **more))


def test_the_regions_own_address_is_asked() -> None:
    assert call(entry()).url == f"https://bedrock-runtime.{REGION}.amazonaws.com/model/{quote(ID, safe='')}/invoke"


@pytest.mark.parametrize(
    ("model", "quoted"),
    [
        ("anthropic.claude-opus-4-6-v1", "anthropic.claude-opus-4-6-v1"),
        (
            "arn:aws:bedrock:us-east-1:1:application-inference-profile/a",
            "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aapplication-inference-profile%2Fa",
        ),
        ("../../anthropic.x?y", "..%2F..%2Fanthropic.x%3Fy"),
    ],
)
def test_an_id_is_one_segment_of_the_path_whatever_it_holds(model: str, quoted: str) -> None:
    assert call(entry(), model).url.split("/model/")[1] == f"{quoted}/invoke"


def test_a_model_without_an_id_on_bedrock_is_refused_with_the_line_that_would_name_it() -> None:
    with pytest.raises(BadRequest, match=r"no model 'claude-opus-5-5'; say its id .* upstreams\.aws\.model_ids"):
        call(entry(), "claude-opus-5-5")


@pytest.mark.parametrize("operation", [Operation.COUNT_TOKENS, Operation.MODELS])
def test_what_bedrock_cannot_do_is_refused(operation: Operation) -> None:
    with pytest.raises(BadRequest, match="it only generates"):
        call(entry(), operation=operation)


def test_a_run_without_credentials_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    with pytest.raises(StartError, match="no AWS credentials can be found for the upstream aws; set AWS_ACCESS_KEY_ID"):
        asyncio.run(Bedrock().open(entry()))
    asyncio.run(Bedrock().open(entry(key_variable="BEDROCK_KEY")))


def test_a_run_without_the_extra_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "botocore.session", None)
    with pytest.raises(StartError, match=r"pip install 'guardian-ci\[bedrock\]'"):
        asyncio.run(Bedrock().open(entry()))


def test_credentials_that_can_no_longer_be_had_send_nothing() -> None:
    class Broken:
        def get_credentials(self) -> "Broken":
            return self

        def get_frozen_credentials(self) -> None:
            raise OSError("the role is gone")

    with pytest.raises(UnreachedError, match="no credentials for the upstream aws: the role is gone"):
        asyncio.run(Bedrock(Broken).signed(call(entry()), entry()))
