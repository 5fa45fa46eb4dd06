"""Stands in an agent's place: runs it, and keeps what it said, how and when it ended: ``witness.py FOLDER AGENT ARG…``.

With a folder ``wire`` in FOLDER the agent speaks to a tee instead of to the proxy: every place that names the proxy
(arguments, environment, the files that these name) names the tee.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from tee import Tee


def main(folder: Path, command: list[str]) -> int:
    """Run the agent and leave ``witness.json`` beside its output."""
    environment = dict(os.environ)
    if (folder / "wire").exists():
        proxy = urlsplit(environment["ANTHROPIC_BASE_URL"]).netloc
        tee = f"127.0.0.1:{Tee(('127.0.0.1', int(proxy.rpartition(':')[2])), folder / 'wire').port}"
        environment = {name: value.replace(proxy, tee) for name, value in environment.items()}
        command = [word.replace(proxy, tee) for word in command]
        for word in (*environment.values(), *command):
            _rename(folder, word, proxy, tee)
    with (folder / "said.txt").open("wb") as said:
        done = subprocess.run(command, env=environment, stdout=said, stderr=subprocess.STDOUT, check=False)
    (folder / "witness.json").write_text(json.dumps({"exit": done.returncode, "at": time.time()}))
    return done.returncode


def _rename(folder: Path, word: str, proxy: str, tee: str) -> None:
    """Change the address in a file, or in the files of a folder, that a word names below the test's own."""
    place = Path(word)
    if len(word) < 4096 and place.is_relative_to(folder):
        for file in [place] if place.is_file() else place.rglob("*"):
            if file.is_file() and proxy in (text := file.read_text("utf-8", "replace")):
                file.write_text(text.replace(proxy, tee), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
