"""The tools of the small agents on the official SDKs: they do what they say, and tell it on standard output."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAMES = ("Bash", "Read", "Write", "WebFetch")


def use(name: str, arguments: Mapping[str, Any]) -> str:
    """Use a tool and return its result."""
    print(f"tool {name} {json.dumps(arguments)}")
    if name == "Bash":
        shell = ["bash", "-c", arguments["command"]]
        return subprocess.run(shell, capture_output=True, text=True, check=False).stdout or "ok"
    if name == "Read":
        return Path(arguments["file_path"]).read_text(encoding="utf-8")
    if name == "Write":
        Path(arguments["file_path"]).write_text(arguments["content"], encoding="utf-8")
    # A denied call comes as one of a tool that is not there, with the reason.
    return "ok" if name in NAMES else f"error: no such tool: {json.dumps(arguments)}"
