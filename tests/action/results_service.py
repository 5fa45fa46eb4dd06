"""A stand-in for the service that takes a workflow run's artifacts, on loopback.

It knows the three calls that ``@actions/artifact`` makes to upload one: create, a block upload to the address that
creation names, finalize. Whatever is uploaded is kept in memory and given back as files.
"""

import base64
import io
import json
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit


class ResultsService(ThreadingHTTPServer):
    """Holds uploaded artifacts by name; ``finalized`` lists those whose upload was brought to its end."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.blobs: dict[str, bytes] = {}
        self.finalized: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    @property
    def environment(self) -> Mapping[str, str]:
        """What the runner gives a JavaScript action to reach the service with."""
        return {"ACTIONS_RESULTS_URL": self.url, "ACTIONS_RUNTIME_TOKEN": _token()}

    def artifact(self, name: str) -> dict[str, bytes]:
        """Return the files of a finalized artifact."""
        assert name in self.finalized, f"artifact {name!r} was not uploaded; there are {self.finalized}"
        with zipfile.ZipFile(io.BytesIO(self.blobs[name])) as archive:
            return {entry: archive.read(entry) for entry in archive.namelist()}


@contextmanager
def serving() -> Iterator[ResultsService]:
    """Serve from a thread while the block runs."""
    with ResultsService() as service:
        thread = threading.Thread(target=service.serve_forever, daemon=True)
        thread.start()
        try:
            yield service
        finally:
            service.shutdown()
            thread.join()


def _token() -> str:
    """Make an unsigned JWT whose scope names a run and a job: that is all the client looks at."""
    claims = ({"alg": "none"}, {"scp": "Actions.Results:run-1:job-1"})
    parts = [base64.urlsafe_b64encode(json.dumps(claim).encode()).decode().rstrip("=") for claim in claims]
    return ".".join([*parts, "unsigned"])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ResultsService

    def do_POST(self) -> None:
        request = json.loads(self._body())
        action = urlsplit(self.path).path.rpartition("/")[2]
        if action == "CreateArtifact":
            self._json(
                {"ok": True, "signedUploadUrl": f"{self.server.url}blob/{quote(request['name'], safe='')}?sig=x"}
            )
        elif action == "FinalizeArtifact":
            self.server.finalized.append(request["name"])
            self._json({"ok": True, "artifactId": str(len(self.server.finalized))})
        else:
            self.send_error(404)

    def do_PUT(self) -> None:
        url = urlsplit(self.path)
        name = unquote(url.path.rpartition("/")[2])
        body = self._body()
        if parse_qs(url.query).get("comp") != ["blocklist"]:  # that one only lists the blocks that came before
            self.server.blobs[name] = self.server.blobs.get(name, b"") + body
        self._json({}, status=201)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            return b"".join(self._chunks())
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _json(self, value: object, *, status: int = 200) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: a test's output is its own."""
