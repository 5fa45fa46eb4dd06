"""Clients that know no base URL, inside ``guardian-ci run --intercept``: writes what each met as JSON.

Arguments: the port of a TLS server on this machine, and the file to write.
"""

import asyncio
import contextlib
import json
import os
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import websockets

MESSAGES = "https://api.anthropic.com/v1/messages"
PROXY = urlsplit(os.environ["HTTPS_PROXY"])
KEY = {"x-api-key": os.environ["ANTHROPIC_API_KEY"]}


def asked(*steps: object, stream: bool = True) -> dict[str, Any]:
    text = f"Go. demo-script: {json.dumps(steps)}"
    return {
        "model": "claude-haiku-4-5",
        "max_tokens": 500,
        "stream": stream,
        "messages": [{"role": "user", "content": text}],
    }


async def streamed(client: httpx.AsyncClient) -> dict[str, Any]:
    """One stream that takes a second: how long before its end its beginning was there."""
    begun = 0.0
    body = b""
    slow = asked({"text": "word ", "repeat": 40, "chunk": 20, "chunk_delay_ms": 100})
    async with client.stream("POST", MESSAGES, json=slow, headers=KEY) as answer:
        async for chunk in answer.aiter_raw():
            begun = begun or time.monotonic()
            body += chunk
    events = [line[7:] for line in body.decode().splitlines() if line.startswith("event: ")]
    ahead = time.monotonic() - begun
    return {"version": answer.http_version, "status": answer.status_code, "ahead": ahead, "last": events[-1]}


async def whole(client: httpx.AsyncClient, **headers: str) -> dict[str, Any]:
    answer = await client.post(MESSAGES, json=asked({"text": "Whole."}, stream=False), headers=headers or KEY)
    return {"status": answer.status_code, "text": answer.text, "length": answer.headers.get("content-length")}


async def in_pieces(client: httpx.AsyncClient) -> tuple[str, int]:
    """A body whose length nobody says."""

    async def pieces() -> AsyncIterator[bytes]:
        for byte in json.dumps(asked({"text": "Pieces."})).encode():
            yield bytes([byte])

    answer = await client.post(MESSAGES, content=pieces(), headers=KEY)
    return answer.http_version, answer.status_code


async def hung_up(client: httpx.AsyncClient) -> None:
    slow = asked({"text": "word ", "repeat": 60, "chunk": 20, "chunk_delay_ms": 30})
    async with client.stream("POST", MESSAGES, json=slow, headers=KEY) as answer:
        async for _ in answer.aiter_raw():
            return


async def calls() -> dict[str, Any]:
    """What the HTTP clients met; all of them find proxy and certificates in the environment."""
    async with httpx.AsyncClient(timeout=30) as one, httpx.AsyncClient(timeout=30, http2=True) as two:
        met: dict[str, Any] = {"http1": await streamed(one), "http2": await streamed(two)}
        begun = time.monotonic()
        together = await asyncio.gather(*(streamed(two) for _ in range(16)))
        met["together"] = {"statuses": [each["status"] for each in together], "seconds": time.monotonic() - begun}
        met["whole"] = await whole(two)
        met["in pieces"] = [await in_pieces(client) for client in (one, two)]
        met["models"] = (await two.get("https://api.anthropic.com/v1/models", headers=KEY)).status_code
        met["without a key"] = await whole(one, accept="*/*")
        met["socket"] = await socket_turns()
        met["telemetry"] = (await one.get("https://api.anthropic.com/api/hello")).status_code
        await hung_up(one)
        await hung_up(two)
    return met


async def socket_turns() -> list[str]:
    """Two turns on a WebSocket: the types of the last event of each."""
    ended = []
    authorization = {"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"}
    async with websockets.connect("wss://api.openai.com/v1/responses", additional_headers=authorization) as line:
        for text in ("One.", "Two."):
            script = f"Go. demo-script: {json.dumps([{'text': text}])}"
            await line.send(json.dumps({"type": "response.create", "model": "gpt-5.1", "input": script}))
            async for said in line:
                event = json.loads(said)
                if event["type"] in {"response.completed", "response.failed", "error"}:
                    ended.append(event["type"])
                    break
    return ended


def connect(host: str, port: int, credentials: str | None) -> tuple[socket.socket, str]:
    """Ask the forward proxy for a host: the connection, and the head of its answer."""
    connection = socket.create_connection((PROXY.hostname or "", PROXY.port or 0), timeout=20)
    given = httpx.BasicAuth(*credentials.split(":")) if credentials else None
    headers = "" if given is None else f"Proxy-Authorization: {given._auth_header}\r\n"
    connection.sendall(
        f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: by-hand/1\r\n{headers}\r\n".encode()
    )
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(1)
    return connection, head.decode()


def tunnelled(port: int, credentials: str) -> dict[str, Any]:
    """The certificate and the words of a server that is no provider."""
    connection, head = connect("localhost", port, credentials)
    anyone = ssl.create_default_context()
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    with anyone.wrap_socket(connection, server_hostname="localhost") as secure:
        secure.sendall(b"ping")
        met = {
            "certificate": ssl.DER_cert_to_PEM_cert(secure.getpeercert(binary_form=True) or b""),
            "said": secure.recv(9).decode(),
        }
    return met | {"status": int(head.split()[1])}


def refused(host: str, port: int, credentials: str | None) -> str:
    connection, head = connect(host, port, credentials)
    with connection:
        return head


def distrusting() -> str:
    """A client that trusts no more than it came with."""
    connection, _ = connect("api.openai.com", 443, own)
    with contextlib.closing(connection), contextlib.suppress(OSError):
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(connection, server_hostname="api.openai.com")
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
    return "trusted"


own = f"{PROXY.username}:{PROXY.password}"
tight = f"tight-1:{PROXY.password}"
server, file = int(sys.argv[1]), Path(sys.argv[2])
met = asyncio.run(calls()) | {
    "tunnel": tunnelled(server, own),
    "tunnel of the tight session": tunnelled(server, tight),
    "not listed": refused("example.com", 443, tight),
    "no models": refused("chatgpt.com", 443, own),
    "metadata": refused("169.254.169.254", 80, own),
    "closed": refused("localhost", 1, own),
    "no token": refused("api.anthropic.com", 443, None),
    "wrong token": refused("api.anthropic.com", 443, "one:gci-guessed"),
    "no path": refused("api.anthropic.com", 443, f"a/b:{PROXY.password}"),
    "distrusting": distrusting(),
}
file.write_text(json.dumps(met), encoding="utf-8")
