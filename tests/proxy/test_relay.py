"""One call from its request to its settlement, over real sockets."""

import json

from rig import Rig
from scripted import Upstream, response, stream
from speech import INPUT, OUTPUT, Speech


def test_smoke(start: Rig, upstream: Upstream, speech: Speech, streamed: bool) -> None:
    run = start()
    upstream.says(stream(speech.frames()) if streamed else response(json.dumps(speech.whole()).encode()))
    got = run.post(speech, speech.body(streamed=streamed))
    assert got.status_code == 200
    assert got.content == (b"".join(speech.frames()) if streamed else json.dumps(speech.whole()).encode())
    record = run.call()
    assert (record["input_tokens"], record["output_tokens"], record["estimated"]) == (INPUT, OUTPUT, False)
    assert upstream.seen[0].body == speech.body(streamed=streamed)
