"""A listener between an agent and the proxy that keeps what passes it, byte for byte, and the reading of that."""

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

PIECE = 65536
_SHORT = 125
"""The longest text whose length stands in a WebSocket frame's second byte."""
_CONTROL = 8
"""Kinds of frames from here on are about the connection."""


class Tee:
    """Forwards each connection to ``target`` and keeps both directions in files of ``folder``.

    A connection's number names them: ``3.sent`` is what the agent sent, ``3.got`` what it got.
    """

    def __init__(self, target: tuple[str, int], folder: Path) -> None:
        self._target = target
        self._folder = folder
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        for number in count():
            agent, _ = self._listener.accept()
            proxy = socket.create_connection(self._target)
            for source, sink, name in ((agent, proxy, "sent"), (proxy, agent, "got")):
                file = self._folder / f"{number}.{name}"
                threading.Thread(target=_pump, args=(source, sink, file), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket, file: Path) -> None:
    """Copy until one side ends, and hand the end on."""
    with file.open("wb", buffering=0) as kept, contextlib.suppress(OSError):
        while piece := source.recv(PIECE):
            kept.write(piece)
            sink.sendall(piece)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@dataclass(frozen=True, kw_only=True)
class Message:
    """A request or an answer of HTTP/1.1: its first line, its headers (names in lower case) and its body.

    Behind the handshake of a WebSocket the body is what was said on it, a line a message.
    """

    line: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request and what came back."""

    request: Message
    answer: Message


def recorded(folder: Path) -> Iterator[Exchange]:
    """Yield the exchanges of a recording, connection by connection."""
    for sent in sorted(folder.glob("*.sent"), key=lambda file: int(file.stem)):
        requests, answers = (messages(file.read_bytes()) for file in (sent, sent.with_suffix(".got")))
        for request, answer in zip(requests, answers, strict=False):
            yield Exchange(request=request, answer=answer)


def messages(data: bytes) -> Iterator[Message]:
    """Yield the messages that lie behind one another; one that the end of the connection cut has what came of it."""
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        if headers.get("upgrade") == "websocket":
            body, data = _said(data), b""
        elif headers.get("transfer-encoding") == "chunked":
            body, data = _unchunked(data)
        elif "content-length" in headers:
            size = int(headers["content-length"])
            body, data = data[:size], data[size:]
        elif line.startswith("HTTP/"):
            body, data = data, b""
        else:
            body = b""
        yield Message(line=line, headers=headers, body=body)


def _unchunked(data: bytes) -> tuple[bytes, bytes]:
    """Return a chunked body and what lies behind it."""
    body = bytearray()
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size.partition(b";")[0] or b"0", 16)
        if not length:
            return bytes(body), data.partition(b"\r\n")[2]
        body += data[:length]
        data = data[length + 2 :]
    return bytes(body), b""


def _said(data: bytes) -> bytes:
    """Return the texts of a WebSocket's frames; the frames of control say nothing."""
    said = bytearray()
    while len(data) > 1:
        last, kind, masked, length, start = data[0] & 0x80, data[0] & 0x0F, data[1] & 0x80, data[1] & 0x7F, 2
        if length > _SHORT:
            start = 4 if length == _SHORT + 1 else 10
            length = int.from_bytes(data[2:start], "big")
        mask = data[start : start + 4] if masked else b""
        start += len(mask)
        text = data[start : start + length]
        if kind < _CONTROL:
            said += bytes(byte ^ mask[number % 4] for number, byte in enumerate(text)) if mask else text
            said += b"\n" if last else b""
        data = data[start + length :]
    return bytes(said)
