"""Whose key goes where."""

import pytest
from rig import AGENT_KEY, KEY, TOKEN, Rig
from scripted import Seen, Upstream, response
from speech import CHAT, MESSAGES, Speech

from guardian_ci.errors import BadRequest
from guardian_ci.policy.upstreams import upstream_of
from guardian_ci.proxy.credentials import Credentials, key_in_header, presented, session_of

CARRIERS = ("x-api-key", "authorization", "api-key", "x-goog-api-key")
ANOTHER = "gci-token-of-another-run"


def headers(*pairs: tuple[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in pairs]


def keys_in(seen: Seen) -> list[str]:
    return [value for name, value in seen.headers if name in CARRIERS]


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ([], None),
        ([("x-api-key", "k")], "k"),
        ([("authorization", "Bearer k")], "k"),
        ([("authorization", "bearer  k ")], "k"),
        ([("authorization", "k")], "k"),
        ([("authorization", "Bearer ")], None),
        ([("x-api-key", " "), ("authorization", "Bearer k")], "k"),
        ([("x-goog-api-key", "k")], "k"),
        ([("api-key", "k")], "k"),
        ([("cookie", "k")], None),
        ([("x-api-key", "\u00ff")], "\u00ff"),
    ],
)
def test_a_key_is_found_in_whichever_header_it_comes(given: list[tuple[str, str]], key: str | None) -> None:
    assert presented(headers(*given)) == key


def test_a_session_is_named_by_a_digest_that_does_not_show_the_key() -> None:
    assert session_of("sk-1") == session_of("sk-1")
    assert session_of("sk-1") != session_of("sk-2")
    assert "sk-1" not in session_of("sk-1")
    assert session_of(None) == "anonymous"


NONE, MINE, ITS = "no key", "the provider's key", "the agent's key"


@pytest.mark.parametrize(
    ("held", "token", "given", "leaves"),
    [
        # The proxy holds the key and gave a token out: who has the token gets the key.
        (KEY, TOKEN, TOKEN, MINE),
        (KEY, TOKEN, AGENT_KEY, ITS),
        (KEY, TOKEN, None, BadRequest),
        (KEY, TOKEN, ANOTHER, BadRequest),
        (KEY, TOKEN, TOKEN + "x", BadRequest),
        # A key and no token: every agent of this machine gets the key.
        (KEY, None, AGENT_KEY, MINE),
        (KEY, None, None, MINE),
        (KEY, None, ANOTHER, MINE),
        # No key: the agent's own passes through, and a token never does.
        (None, TOKEN, AGENT_KEY, ITS),
        (None, TOKEN, TOKEN, NONE),
        (None, TOKEN, ANOTHER, BadRequest),
        (None, TOKEN, None, NONE),
        (None, None, AGENT_KEY, ITS),
        (None, None, ANOTHER, NONE),
        (None, None, None, NONE),
    ],
)
@pytest.mark.parametrize("speech", [MESSAGES, CHAT], ids=lambda speech: speech.name)
def test_which_key_leaves_for_the_provider(
    speech: Speech, held: str | None, token: str | None, given: str | None, leaves: object
) -> None:
    credentials = Credentials(keys={} if held is None else {speech.provider: held}, token=token)
    name, before = speech.key_header
    asked = headers(("accept", "*/*"), *([(name, before + given)] if given else []))
    if leaves is BadRequest:
        with pytest.raises(BadRequest) as refused:
            credentials.outgoing(asked, upstream_of(speech.provider))
        assert "start the agent with the environment" in str(refused.value)
        return
    sent = credentials.outgoing(asked, upstream_of(speech.provider))
    assert (b"accept", b"*/*") in sent
    assert [value.decode() for key, value in sent if key.decode() in CARRIERS] == {
        NONE: [],
        MINE: [before + KEY],
        ITS: [before + AGENT_KEY],
    }[str(leaves)]


def test_a_key_in_every_header_at_once_does_not_slip_past_the_token() -> None:
    credentials = Credentials(keys={"anthropic": KEY}, token=TOKEN)
    asked = headers(("x-api-key", TOKEN), ("authorization", f"Bearer {TOKEN}"), ("api-key", TOKEN))
    assert credentials.outgoing(asked, upstream_of("anthropic")) == [(b"x-api-key", KEY.encode())]


@pytest.mark.parametrize("order", [("x-api-key", "authorization"), ("authorization", "x-api-key")])
def test_a_token_beside_a_key_of_the_agents_own_never_leaves(order: tuple[str, str]) -> None:
    credentials = Credentials(keys={"anthropic": KEY}, token=TOKEN)
    values = dict(zip(order, (TOKEN, AGENT_KEY), strict=True))
    asked = headers(*((name, f"Bearer {v}" if name == "authorization" else v) for name, v in values.items()))
    sent = credentials.outgoing(asked, upstream_of("anthropic"))
    assert not [value for _, value in sent if TOKEN.encode() in value]
    asked.reverse()
    sent = credentials.outgoing(asked, upstream_of("anthropic"))
    assert not [value for _, value in sent if TOKEN.encode() in value]


def test_keys_are_not_shown() -> None:
    assert KEY not in repr(Credentials(keys={"anthropic": KEY}, token=TOKEN))


ROUTER_KEY = "sk-or-key-of-the-router-0123456789"


@pytest.mark.parametrize(
    ("held", "token", "given", "leaves"),
    [
        (ROUTER_KEY, TOKEN, TOKEN, [f"Bearer {ROUTER_KEY}"]),
        (ROUTER_KEY, None, AGENT_KEY, [f"Bearer {ROUTER_KEY}"]),
        (ROUTER_KEY, None, None, [f"Bearer {ROUTER_KEY}"]),
        (ROUTER_KEY, TOKEN, AGENT_KEY, "takes the proxy's credentials only"),
        (ROUTER_KEY, TOKEN, None, "start the agent with the environment"),
        (ROUTER_KEY, TOKEN, ANOTHER, "another run"),
        # A server of one's own needs no key, and gets none of another provider's.
        (None, TOKEN, TOKEN, []),
        (None, TOKEN, AGENT_KEY, []),
        (None, None, AGENT_KEY, []),
        (None, None, None, []),
    ],
)
def test_a_key_of_the_agents_own_never_goes_to_an_upstream_that_it_did_not_choose(
    held: str | None, token: str | None, given: str | None, leaves: list[str] | str
) -> None:
    upstream = upstream_of("router", url="http://r", key_variable="ROUTER_KEY")
    keys = {"openai": KEY, "anthropic": KEY} | ({} if held is None else {"ROUTER_KEY": held})
    credentials = Credentials(keys=keys, token=token)
    asked = headers(*([("authorization", f"Bearer {given}")] if given else []))
    if isinstance(leaves, str):
        with pytest.raises(BadRequest, match=leaves):
            credentials.outgoing(asked, upstream)
        return
    assert [value.decode() for _, value in credentials.outgoing(asked, upstream)] == leaves


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        ("anthropic", ("x-api-key", "k")),
        ("gemini", ("x-goog-api-key", "k")),
        ("azure", ("api-key", "k")),
        *((kind, ("authorization", "Bearer k")) for kind in ("openai", "openrouter", "mistral", "xai", "deepseek")),
        ("compatible", ("authorization", "Bearer k")),
    ],
)
def test_each_kind_of_upstream_gets_its_key_in_its_own_header(kind: str, header: tuple[str, str]) -> None:
    upstream = upstream_of("u", kind=kind, url="http://u", key_variable="U_KEY")
    assert Credentials(keys={"U_KEY": "k"}).outgoing([], upstream) == headers(header)


class TestOverTheWire:
    """No key in a log or on stderr is checked of every run, see rig.py."""

    @pytest.mark.parametrize(("key", "leaves"), [(TOKEN, KEY), (AGENT_KEY, AGENT_KEY)])
    def test_the_provider_sees_its_key_and_the_agent_never_does(
        self, start: Rig, upstream: Upstream, speech: Speech, key: str, leaves: str
    ) -> None:
        run = start()
        upstream.says(response(b'{"error": {"message": "no"}}', status=401))
        with run.client(speech, key=key) as client:
            got = client.post(speech.path, content=speech.body())
        assert keys_in(upstream.seen[0]) == [speech.key_header[1] + leaves]
        assert TOKEN not in repr(upstream.seen[0])
        assert KEY not in repr(got.headers) + got.text

    @pytest.mark.parametrize("key", [ANOTHER, "gci-"])
    def test_a_token_of_another_run_is_refused_in_shape_and_recorded(
        self, start: Rig, upstream: Upstream, speech: Speech, key: str
    ) -> None:
        run = start()
        with run.client(speech, key=key) as client:
            got = client.post(speech.path, content=speech.body())
        assert got.status_code == 400
        assert "another run" in speech.message_of(got.json())
        assert run.call()["reason"] == "bad_request"
        assert upstream.seen == []

    def test_a_key_that_the_provider_repeats_does_not_reach_the_log(self, start: Rig, upstream: Upstream) -> None:
        run = start()
        upstream.says(response(f'{{"error": {{"message": "Incorrect API key: {KEY}"}}}}'.encode(), status=401))
        run.post(CHAT)
        assert run.call()["upstream_status"] == 401

    def test_a_key_in_a_path_or_a_session_does_not_reach_the_log(self, start: Rig, upstream: Upstream) -> None:
        run = start()
        upstream.says(response(b"{}", status=400))
        run.post(MESSAGES, path=f"/s/{TOKEN}/v1/messages")
        run.post(MESSAGES, X_Guardian_Session=AGENT_KEY, User_Agent=f"agent {TOKEN}")
        run.request("POST", f"/v1/{KEY}/steal", MESSAGES)
        assert len(run.calls) == 3


@pytest.mark.parametrize(
    ("query", "header", "left"),
    [
        ("key=gci-a%2Bb&alt=sse", "gci-a+b", "alt=sse"),
        ("alt=sse", None, "alt=sse"),
        ("alt=sse&key=x", "x", "alt=sse"),
        ("monkey=1&%6Bey=y", "y", "monkey=1"),
    ],
)
def test_a_key_in_the_query_goes_into_the_header_that_means_the_same(query: str, header: str | None, left: str) -> None:
    headers, rest = key_in_header([], query)
    assert (presented(headers), rest) == (header, left)


def test_a_key_in_a_header_counts_before_one_in_the_query() -> None:
    headers, rest = key_in_header([(b"x-goog-api-key", b"mine")], "key=other")
    assert (presented(headers), rest, len(headers)) == ("mine", "", 1)
