"""Vertex AI, with Google's own chain of credentials against a token endpoint of the tests."""

import asyncio
import json
import time
from pathlib import Path

import pytest
from asked import asked
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from rig import AGENT_KEY, KEY, TOKEN, Json, Rig
from scripted import Upstream, response, stream
from speech import INPUT, MESSAGES, OUTPUT

from guardian_ci.errors import BadRequest, StartError
from guardian_ci.model import Operation
from guardian_ci.policy.upstreams import Upstream as Entry
from guardian_ci.policy.upstreams import upstream_of
from guardian_ci.proxy.upstream import UnreachedError
from guardian_ci.proxy.upstreams.interface import Outgoing
from guardian_ci.proxy.upstreams.vertex import Vertex

PLACE = "/v1/projects/acme/locations/us-east5/publishers/anthropic/models"
GOOGLE_TOKEN = "google-access-token-of-the-tests"


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


@pytest.fixture
def account(tmp_path: Path, private_key: str, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service account whose tokens the scripted upstream hands out."""
    file = tmp_path / "account.json"
    told = {"type": "service_account", "project_id": "acme", "private_key_id": "1", "private_key": private_key}
    told |= {"client_email": "ci@acme.example", "client_id": "1", "token_uri": f"{upstream.url}/token"}
    file.write_text(json.dumps(told))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    return file


def entry(**more: object) -> Entry:
    told: Json = {"kind": "vertex", "project": "acme", "location": "us-east5", "models": ("claude-*",)}
    return upstream_of("gcp", **(told | more))


def policy(upstream: Upstream, **more: object) -> Json:
    told = {"kind": "vertex", "project": "acme", "location": "us-east5", "models": ["claude-*"], "url": upstream.url}
    return {"upstreams": {"gcp": told | more}, "rules": {"retry_loop": "off"}}


def token(seconds: int = 3600) -> bytes:
    return response(json.dumps({"access_token": GOOGLE_TOKEN, "expires_in": seconds, "token_type": "Bearer"}).encode())


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_call_names_the_model_in_its_path_and_brings_a_token_of_googles(
    start: Rig, upstream: Upstream, account: Path, streamed: bool
) -> None:
    run = start(policy(upstream))
    run.secrets.append(GOOGLE_TOKEN)
    whole = json.dumps(MESSAGES.whole()).encode()
    served = stream(MESSAGES.frames()) if streamed else response(whole)
    upstream.says(token(), served)
    body = MESSAGES.body(model="claude-sonnet-4-5-20250929", streamed=streamed)
    got = run.post(MESSAGES, body, anthropic_beta="context-1m-2025-08-07", anthropic_version="2023-06-01")
    assert got.content == (b"".join(MESSAGES.frames()) if streamed else whole)
    asked_for, sent = upstream.seen
    assert (asked_for.target, asked_for.body[:11]) == ("/token", b"assertion=e")
    assert sent.target == f"{PLACE}/claude-sonnet-4-5@20250929:{'streamRawPredict' if streamed else 'rawPredict'}"
    told = json.loads(body)
    del told["model"]
    assert sent.json() == told | {"anthropic_version": "vertex-2023-10-16"}
    assert sent.header("authorization") == f"Bearer {GOOGLE_TOKEN}"
    assert sent.header("anthropic-beta") == "context-1m-2025-08-07"
    assert not {KEY, TOKEN, AGENT_KEY, "x-api-key"} & {each for pair in sent.headers for each in pair}
    record = run.call()
    assert (record["input_tokens"], record["output_tokens"], record["estimated"]) == (INPUT, OUTPUT, False)
    # A regional endpoint costs a tenth more.
    assert record["cost_picodollars"] == INPUT * 3_300_000 + OUTPUT * 16_500_000


def test_a_token_is_fetched_once_while_it_is_valid(start: Rig, upstream: Upstream, account: Path) -> None:
    run = start(policy(upstream))
    upstream.says(token(), response(json.dumps(MESSAGES.whole()).encode()))
    for text in ("One.", "Two."):
        assert run.post(MESSAGES, MESSAGES.body(text, model="claude-sonnet-4-5")).status_code == 200
    assert [seen.target.rpartition("/")[2] for seen in upstream.seen].count("token") == 1


def test_where_google_gives_no_token_nothing_is_sent_or_charged(start: Rig, upstream: Upstream, account: Path) -> None:
    run = start(policy(upstream))
    upstream.says(response(b'{"error": "invalid_grant"}', status=400))
    got = run.post(MESSAGES, MESSAGES.body(model="claude-sonnet-4-5"))
    assert got.status_code == 502
    assert "Google Cloud gives no token for the upstream gcp" in MESSAGES.message_of(got.json())
    assert {seen.target for seen in upstream.seen} == {"/token"}
    assert run.call()["cost_picodollars"] == 0


def test_an_access_token_of_ones_own_goes_as_it_is(start: Rig, upstream: Upstream) -> None:
    run = start(policy(upstream, key_variable="GCP_TOKEN"), more_keys={"GCP_TOKEN": "ya29-token-0123456789"})
    upstream.says(response(json.dumps(MESSAGES.whole()).encode()))
    run.post(MESSAGES, MESSAGES.body(model="claude-sonnet-4-5"))
    assert [seen.header("authorization") for seen in upstream.seen] == ["Bearer ya29-token-0123456789"]


def call(upstream: Entry, model: str = "claude-opus-4-6", **more: object) -> Outgoing:
    body = b'{"model": "x", "messages": []}'
    return Vertex().outgoing(asked(upstream, "/v1/messages", model=model, body=body, **more))


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("us-east5", "us-east5-aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
    ],
)
def test_each_location_has_its_address(location: str, host: str) -> None:
    url = call(entry(location=location)).url
    place = f"v1/projects/acme/locations/{location}/publishers/anthropic/models"
    assert url == f"https://{host}/{place}/claude-opus-4-6:rawPredict"


def test_only_a_location_that_binds_tokens_costs_more() -> None:
    assert [entry(location=each).geo for each in ("us-east5", "eu", "global")] == ["us-east5", "eu", None]


def test_tokens_are_counted_where_vertex_counts_them() -> None:
    counted = call(entry(), operation=Operation.COUNT_TOKENS)
    assert counted.url.endswith("/publishers/anthropic/models/count-tokens:rawPredict")
    assert json.loads(counted.body)["model"] == "claude-opus-4-6"


def test_a_models_name_is_one_segment_of_the_path_whatever_it_holds() -> None:
    assert call(entry(), "../x?y#z").url.endswith("/models/..%2Fx%3Fy%23z:rawPredict")


def test_there_is_no_list_of_models() -> None:
    with pytest.raises(BadRequest, match="Vertex has no"):
        call(entry(), operation=Operation.MODELS)


def test_a_run_without_credentials_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(StartError, match="no Google Cloud credentials can be found for the upstream gcp"):
        asyncio.run(Vertex().open(entry()))
    asyncio.run(Vertex().open(entry(key_variable="GCP_TOKEN")))


def test_a_run_without_the_extra_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "google.auth.exceptions", None)
    with pytest.raises(StartError, match=r"pip install 'guardian-ci\[vertex\]'"):
        asyncio.run(Vertex().open(entry()))


def test_a_refresh_that_fails_names_the_upstream_and_not_the_secret() -> None:
    class Broken:
        valid = False

        def refresh(self, _: object) -> None:
            raise OSError("no route")

    async def signed() -> None:
        vertex = Vertex(Broken)
        await vertex.open(entry())
        await vertex.signed(call(entry()), entry())

    started = time.monotonic()
    with pytest.raises(UnreachedError, match="no token for the upstream gcp: no route"):
        asyncio.run(signed())
    assert time.monotonic() - started < 5
