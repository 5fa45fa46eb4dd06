"""What a dialect does where it says nothing."""

import asyncio
from collections.abc import AsyncIterator

from asked import asked

from guardian_ci.policy.upstreams import upstream_of
from guardian_ci.proxy.upstream import Answer
from guardian_ci.proxy.upstreams.plain import Plain


class Silent(Answer):
    async def chunks(self) -> AsyncIterator[bytes]:
        yield b""

    async def close(self) -> None: ...


def test_a_dialect_with_nothing_to_get_ready_to_sign_or_to_translate_does_none_of_it() -> None:
    plain, upstream, answer = Plain(), upstream_of("openai"), Silent(200, [])
    outgoing = plain.outgoing(asked(upstream, "/v1/responses"))
    asyncio.run(plain.open(upstream))
    assert asyncio.run(plain.signed(outgoing, upstream)) is outgoing
    assert plain.answer(answer) is answer
