"""Which dialect an upstream has, and where calls go over real sockets."""

import json
from collections.abc import Iterator

import openai
import pytest
from rig import AGENT_KEY, KEY, NO_TLS, TOKEN, Json, Rig
from scripted import LoopThread, Upstream, response, stream, upstream_of
from speech import CHAT, INPUT, MESSAGES, OUTPUT, RESPONSES, Speech

from guardian_ci.policy.upstreams import KINDS
from guardian_ci.policy.upstreams import upstream_of as entry_of
from guardian_ci.proxy.upstreams.azure import Azure
from guardian_ci.proxy.upstreams.bedrock import Bedrock
from guardian_ci.proxy.upstreams.dialects import Dialects
from guardian_ci.proxy.upstreams.plain import Plain
from guardian_ci.proxy.upstreams.vertex import Vertex


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_its_dialect(kind: str) -> None:
    upstream = entry_of("name", kind=kind, url="http://u")
    assert type(Dialects().of(upstream)) is {"azure": Azure, "bedrock": Bedrock, "vertex": Vertex}.get(kind, Plain)


OWN_KEY = "sk-own-key-of-the-other-upstream-0123"


@pytest.fixture
def other(loop_thread: LoopThread) -> Iterator[Upstream]:
    """An upstream beside the providers' own."""
    with upstream_of(loop_thread) as served:
        yield served


def whole(speech: Speech) -> bytes:
    return response(json.dumps(speech.whole()).encode())


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("speech", [CHAT, MESSAGES, RESPONSES], ids=lambda speech: speech.name)
def test_a_model_that_an_entry_lists_goes_there_with_its_own_key_and_all_else_to_the_provider(
    start: Rig, upstream: Upstream, other: Upstream, speech: Speech, streamed: bool
) -> None:
    entry = {"url": other.url, "models": ["llama*"], "protocols": [speech.name], "key_variable": "OTHER_KEY"}
    run = start({"upstreams": {"other": entry | {"free": True}}}, more_keys={"OTHER_KEY": OWN_KEY})
    for each in (upstream, other):
        each.says(stream(speech.frames()) if streamed else whole(speech))
    bodies = [speech.body("One.", streamed=streamed, model="llama3"), speech.body("Two.", streamed=streamed)]
    answers = [run.post(speech, body) for body in bodies]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [seen.json()["model"] for seen in other.seen] == ["llama3"]
    assert [seen.json()["model"] for seen in upstream.seen] == [speech.model]
    assert other.seen[0].header("authorization") == f"Bearer {OWN_KEY}"
    assert KEY not in repr(other.seen) + "".join(answer.text for answer in answers)
    assert OWN_KEY not in repr(upstream.seen)
    free, paid = run.calls
    assert (free["cost_picodollars"], free["price"]["source"]) == (0, "guardian.yml:1")
    assert (free["input_tokens"], free["output_tokens"], free["estimated"]) == (INPUT, OUTPUT, False)
    assert paid["cost_picodollars"] > 0


def test_an_agents_own_key_opens_no_upstream_that_it_did_not_choose(
    start: Rig, upstream: Upstream, other: Upstream
) -> None:
    entry = {"url": other.url, "models": ["llama*"], "key_variable": "OTHER_KEY", "free": True}
    run = start({"upstreams": {"other": entry}}, more_keys={"OTHER_KEY": OWN_KEY})
    with run.client(CHAT, key=AGENT_KEY) as client:
        got = client.post(CHAT.path, content=CHAT.body(model="llama3"))
    assert got.status_code == 400
    assert "takes the proxy's credentials only" in CHAT.message_of(got.json())
    assert other.seen == upstream.seen == []


def test_a_cheaper_model_that_is_served_elsewhere_goes_there_with_that_ones_key(
    start: Rig, upstream: Upstream, other: Upstream
) -> None:
    entry = {"url": other.url, "models": ["llama*"], "key_variable": "OTHER_KEY", "free": True}
    soft = {"budgets": {"run": {"usd": 1}}, "on_budget": {"downgrade": {"at": 0.000001, "to": "llama3"}}}
    run = start({"upstreams": {"other": entry}, **soft}, more_keys={"OTHER_KEY": OWN_KEY})
    for each in (upstream, other):
        each.says(whole(CHAT))
    assert [run.post(CHAT, CHAT.body(text)).status_code for text in ("One.", "Two.")] == [200, 200]
    assert [seen.json()["model"] for seen in (*upstream.seen, *other.seen)] == [CHAT.model, "llama3"]
    assert [seen.header("authorization") for seen in other.seen] == [f"Bearer {OWN_KEY}"]
    assert [call["cost_picodollars"] > 0 for call in run.calls] == [True, False]


def test_a_model_that_nobody_serves_is_refused_before_anything_is_reserved(start: Rig, upstream: Upstream) -> None:
    run = start(built_in={"openai": {"url": upstream.url, "models": ["gpt-4*"]}})
    got = run.post(CHAT, CHAT.body(model="o3"))
    assert got.status_code == 400
    assert "no upstream of the policy serves the model 'o3' over openai-chat" in CHAT.message_of(got.json())
    assert upstream.seen == []


def azure(other: Upstream, **more: object) -> Json:
    entry = {"kind": "azure", "url": other.url, "models": ["gpt-4.1"], "model_ids": {"gpt-4.1": "prod"}}
    return {"azure": entry | {"key_variable": "OTHER_KEY"} | more}


def test_a_call_to_azure_names_the_deployment_and_is_priced_as_its_model(
    start: Rig, upstream: Upstream, other: Upstream
) -> None:
    run = start({"upstreams": azure(other, api_version="2024-10-21")}, more_keys={"OTHER_KEY": OWN_KEY})
    other.says(stream(CHAT.frames()))
    assert run.post(CHAT, CHAT.body(model="gpt-4.1", streamed=True)).status_code == 200
    (seen,) = other.seen
    assert seen.target == "/openai/deployments/prod/chat/completions?api-version=2024-10-21"
    assert (seen.header("api-key"), seen.header("authorization")) == (OWN_KEY, None)
    assert (seen.json()["model"], seen.json()["stream_options"]) == ("prod", {"include_usage": True})
    record = run.call()
    assert (record["model"], record["price"]["model"]) == ("gpt-4.1", "gpt-4.1")
    assert record["cost_picodollars"] == INPUT * 2 * 10**6 + OUTPUT * 8 * 10**6


@pytest.mark.parametrize("version", [None, "2024-10-21"])
def test_the_official_azure_client_works_untouched_and_its_deployment_is_known_as_its_model(
    start: Rig, other: Upstream, version: str | None
) -> None:
    said = {} if version is None else {"api_version": version}
    run = start({"upstreams": azure(other, **said), "allowed_models": ["gpt-4.1"]}, more_keys={"OTHER_KEY": OWN_KEY})
    other.says(whole(CHAT))
    http = openai.DefaultHttpxClient(trust_env=False, verify=NO_TLS)
    with openai.AzureOpenAI(
        api_key=TOKEN, azure_endpoint=run.url, api_version="2024-06-01", max_retries=0, http_client=http
    ) as client:
        got = client.chat.completions.create(model="prod", messages=[{"role": "user", "content": "Hello."}])
    assert got.usage is not None
    assert (got.usage.prompt_tokens, got.usage.completion_tokens) == (INPUT, OUTPUT)
    old = "/openai/deployments/prod/chat/completions?api-version=2024-10-21"
    assert other.seen[0].target == (old if version else "/openai/v1/chat/completions")
    assert (other.seen[0].header("api-key"), run.call()["model"]) == (OWN_KEY, "gpt-4.1")


def test_the_path_of_a_deployment_serves_a_body_without_a_model(start: Rig, other: Upstream) -> None:
    run = start({"upstreams": azure(other)}, more_keys={"OTHER_KEY": OWN_KEY})
    other.says(whole(CHAT))
    body = {"messages": [{"role": "user", "content": "Hello."}]}
    path = "/openai/deployments/prod/chat/completions?api-version=2024-06-01"
    assert run.post(CHAT, json.dumps(body).encode(), path=path).status_code == 200
    assert other.seen[0].json() == body | {"model": "prod"}
