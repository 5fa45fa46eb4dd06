"""What changes in a body on its way to a cloud, and what keeps its bytes."""

import json

from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.wire.anthropic_clouds import changed


def test_all_but_the_named_members_keeps_its_bytes() -> None:
    body = b' {"model" : "m", "max_tokens":1.50e1 ,"messages":[ {"a":"\\u00e9"} ],\n"stream":true}  '
    after = changed(body, without=("model", "stream"), added={"anthropic_version": "v"})
    assert after == b' {"max_tokens":1.50e1 ,"messages":[ {"a":"\\u00e9"} ],"anthropic_version":"v"}  '


@given(
    st.permutations(["model", "stream", "anthropic_version", "a", "b"]),
    st.sets(st.sampled_from(["a", "b"]), min_size=1),
)
def test_in_whatever_order_the_members_stand(order: list[str], kept: set[str]) -> None:
    document = {name: name for name in order if name in kept or name not in {"a", "b"}}
    added = {"anthropic_version": "v", "anthropic_beta": ["x"]}
    after = json.loads(changed(json.dumps(document).encode(), without=("model", "stream"), added=added))
    assert after == {name: name for name in kept} | added
