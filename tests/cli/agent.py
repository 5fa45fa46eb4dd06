"""An agent for tests: does each step that its arguments name, in order."""

import http.client
import json
import os
import signal
import sys
import time
import urllib.parse
from pathlib import Path


def ask(model: str = "claude-opus-5-5") -> None:
    """Ask as an agent does, and say what came of it."""
    base = urllib.parse.urlsplit(os.environ["ANTHROPIC_BASE_URL"])
    asked = {"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": "Hello."}]}
    connection = http.client.HTTPConnection(base.hostname or "", base.port, timeout=20)
    headers = {"x-api-key": os.environ.get("ANTHROPIC_API_KEY", ""), "content-type": "application/json"}
    connection.request("POST", f"{base.path}/v1/messages", json.dumps(asked), headers)
    answer = connection.getresponse()
    print("answered", answer.status, answer.read().decode(), flush=True)


def wait(*_: str) -> None:
    """Wait for a signal that never comes."""
    print("waiting", flush=True)
    time.sleep(60)


def trap(name: str, code: str) -> None:
    """End with a code of its own at a signal."""
    signal.signal(getattr(signal, name), lambda *_: os._exit(int(code)))


def env(path: str) -> None:
    """Write the environment down."""
    Path(path).write_text(json.dumps(dict(os.environ)), encoding="utf-8")


def kill_proxy() -> None:
    """Kill the proxy that serves: who it is, its log says."""
    log = Path("guardian-report/log.ndjson").read_text(encoding="utf-8").splitlines()
    pids = [line.get("pid") or line.get("facts", {}).get("pid") for line in map(json.loads, log)]
    os.kill([pid for pid in pids if pid][-1], signal.SIGKILL)


def main() -> None:
    steps = {"ask": ask, "wait": wait, "trap": trap, "env": env}
    for step in sys.argv[1:]:
        name, *told = step.split(":")
        if name == "exit":
            sys.exit(int(told[0]))
        elif name == "kill":
            os.kill(os.getpid(), getattr(signal, told[0]))
        elif name == "kill-proxy":
            kill_proxy()
        elif name == "stdin":
            print("read", sys.stdin.read(), flush=True)
        elif name == "err":
            print(told[0], file=sys.stderr, flush=True)
        else:
            steps[name](*told)


main()
