"""Which path is which."""

from guardian_ci.proxy.paths import ENDPOINTS, MODELS
from guardian_ci.wire import WIRES


def test_every_endpoint_speaks_a_protocol_that_is_known() -> None:
    assert {each.protocol for each in (*ENDPOINTS, *MODELS.values())} <= set(WIRES)
