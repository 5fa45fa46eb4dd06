"""Agents that spend money: what they ask, how they hang up, and how they try again as the official SDKs do."""

import asyncio
import json
import random
import ssl
from dataclasses import dataclass, field
from typing import Any, Final, Self

import httpx
from upstream import Plan

Json = dict[str, Any]

PROTOCOLS: Final = ("messages", "chat/completions", "responses")
MODELS: Final = {
    "messages": ("claude-opus-5-5", "claude-haiku-4-5"),
    "chat/completions": ("gpt-4.1", "gpt-5.1"),
    "responses": ("gpt-5.1", "gpt-4.1"),
}
KEY: Final = "sk-any-key-of-an-agent-0123456789"
_NO_TLS: Final = ssl.create_default_context()
_SDK_RETRIES: Final = 2
_RETRIED: Final = frozenset({408, 409, 429})

_PROSE = "The ledger holds what open calls may still spend, so that a burst of them cannot pass the limit. "
_CODE = "    def settle(self, key: str, charge: int) -> None:\n        self._open.pop(key)\n        return charge\n"
_RECORD = '{"id": 1729, "name": "resolver", "tags": ["a", "b"], "ok": true, "path": "/srv/app/main.py"}\n'
_LOG = "2026-11-22T01:02:03.456Z ERROR 7f3b2c91-5e0d-4c8a-9b1e-2d6f0a4c8e75 10.0.17.3:51422 status=503 took 1247 ms\n"
_CHINESE = "账本记录了所有未完成调用可能花费的金额，因此并发调用不会超过预算。"  # noqa: RUF001 - as it is written
TEXTS: Final = {"prose": _PROSE, "code": _CODE, "json": _RECORD, "log": _LOG, "chinese": _CHINESE}


def text_of(kind: str, size: int, seed: int = 0) -> str:
    """About so many bytes of a kind of text; ``seed`` makes prompts differ."""
    unit = TEXTS[kind]
    return f"#{seed} " + unit * max(1, size // len(unit.encode()))


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One call of an agent.

    ``text``: the prompt itself, where it is not of a ``kind`` and a ``size``. ``turns``: how many turns of the same
    conversation lie before it, each with an answer. ``hang_up``: after so many seconds. ``retries``: whether it
    retries as SDKs do.
    """

    protocol: str = "messages"
    model: str = "claude-opus-5-5"
    session: str = "one"
    stream: bool = True
    kind: str = "prose"
    size: int = 400
    text: str = ""
    most: int | None = 1000
    choices: int = 1
    tools: bool = False
    cache: str | None = None
    thinking: int | None = None
    plan: Plan = field(default_factory=Plan)
    hang_up: float | None = None
    retries: bool = False
    turns: int = 0
    seed: int = 0

    def body(self) -> Json:
        """The request in its protocol's words."""
        turns: list[Json] = []
        for turn in range(self.turns):
            turns.append({"role": "user", "content": self.prompt(turn)})
            turns.append({"role": "assistant", "content": f"Answer {turn}."})
        turns.append({"role": "user", "content": self.prompt(self.turns)})
        made = {"messages": self._messages, "chat/completions": self._chat, "responses": self._responses}
        return {"model": self.model, "stream": self.stream} | made[self.protocol](turns)

    def prompt(self, turn: int) -> str:
        """What the agent says in one turn."""
        return self.text or text_of(self.kind, self.size, self.seed + turn)

    def _messages(self, turns: list[Json]) -> Json:
        for turn in turns:
            turn["content"] = [{"type": "text", "text": turn["content"]}]
        if self.cache:
            turns[-1]["content"][0]["cache_control"] = {"type": "ephemeral", "ttl": self.cache}
        body: Json = {"messages": turns, "max_tokens": self.most or 4096}
        if self.tools:
            body["tools"] = [{"name": "Bash", "description": "Run it.", "input_schema": {"type": "object"}}]
        if self.thinking:
            body["thinking"] = {"type": "enabled", "budget_tokens": self.thinking}
        return body

    def _chat(self, turns: list[Json]) -> Json:
        body: Json = {"messages": turns}
        if self.most:
            body["max_completion_tokens" if self.model == "gpt-5.1" else "max_tokens"] = self.most
        if self.choices > 1:
            body["n"] = self.choices
        if self.tools:
            body["tools"] = [{"type": "function", "function": {"name": "bash", "parameters": {"type": "object"}}}]
        return body

    def _responses(self, turns: list[Json]) -> Json:
        body: Json = {"input": turns, "store": False}
        if self.most:
            body["max_output_tokens"] = self.most
        if self.tools:
            body["tools"] = [{"type": "function", "name": "bash", "parameters": {"type": "object"}}]
        return body


@dataclass(frozen=True, kw_only=True)
class Told:
    """How a call ended for its agent. Status 0: no answer, or one that broke off."""

    status: int
    reason: str | None
    text: str


class Agents:
    """All agents of one proxy."""

    def __init__(self, url: str, labels: tuple[str, ...] = ()) -> None:
        self._url = url
        self._labels = labels
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        self._http = httpx.AsyncClient(limits=limits, timeout=60, trust_env=False, verify=_NO_TLS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def call(self, ask: Ask) -> Told:
        """Ask, and ask again where an SDK would."""
        told = await self._once(ask)
        tries = _SDK_RETRIES if ask.retries else 0
        while tries and _tries_again(told):
            tries -= 1
            await asyncio.sleep(0.01)
            told = await self._once(ask)
        return told

    async def burst(self, asks: list[Ask]) -> list[Told]:
        """Ask all at once."""
        return list(await asyncio.gather(*(self.call(ask) for ask in asks)))

    async def _once(self, ask: Ask) -> Told:
        try:
            async with asyncio.timeout(ask.hang_up):
                return await self._talk(ask)
        except (httpx.HTTPError, TimeoutError):
            return Told(status=0, reason=None, text="")

    async def _talk(self, ask: Ask) -> Told:
        headers = {
            "authorization": f"Bearer {KEY}",
            "content-type": "application/json",
            "x-plan": ask.plan.header(),
            "x-labels": " ".join((*self._labels, f"session:{ask.session}")),
        }
        url = f"{self._url}/s/{ask.session}/v1/{ask.protocol}"
        async with self._http.stream("POST", url, content=json.dumps(ask.body()), headers=headers) as response:
            text = (await response.aread()).decode()
        reason = response.headers.get("x-guardian-reason")
        return Told(status=response.status_code, reason=reason, text=text)


def _tries_again(told: Told) -> bool:
    return told.reason is None and (told.status == 0 or told.status in _RETRIED or told.status >= 500)


def shuffled(asks: list[Ask], seed: int) -> list[Ask]:
    """The same calls in another order."""
    return random.Random(seed).sample(asks, len(asks))
