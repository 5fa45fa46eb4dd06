"""A small agent on Google's SDK, run as a user's program is: base URL and key are in the environment.

``sdk_google.py generate (whole|stream|hang-up|async|automatic|lists) PROMPT``
"""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from google import genai
from google.genai import types
from sdk_tools import NAMES, use

MODEL = "gemini-2.5-pro"


def bash(command: str) -> str:
    """Run a command, for the SDK's own calling of functions."""
    return use("Bash", {"command": command})


def read_file(path: str) -> str:
    """Read a file, for the SDK's own calling of functions."""
    print(f"reads {path}")
    return Path(path).read_text(encoding="utf-8")


def parts_of(chunks: Iterable[types.GenerateContentResponse], how: str) -> list[types.Part]:
    """Put a stream together."""
    found: list[types.Part] = []
    for chunk in chunks:
        for candidate in chunk.candidates or []:
            found += (candidate.content.parts if candidate.content else None) or []
        if how == "hang-up" and found:
            sys.exit(7)
    return found


async def parts_later(client: genai.Client, given: dict[str, Any]) -> list[types.Part]:
    """The same without blocking."""
    return parts_of([chunk async for chunk in await client.aio.models.generate_content_stream(**given)], "async")


def generate(client: genai.Client, how: str, prompt: str) -> None:
    """Talk to Google, calling functions by hand."""
    schema = types.Schema(type=types.Type.OBJECT, properties={"command": types.Schema(type=types.Type.STRING)})
    functions = [types.FunctionDeclaration(name=name, description=name, parameters=schema) for name in NAMES]
    config = types.GenerateContentConfig(tools=[types.Tool(function_declarations=functions)])
    said = [types.Content(role="user", parts=[types.Part(text=prompt)])]
    while True:
        given: dict[str, Any] = {"model": MODEL, "contents": said, "config": config}
        if how == "whole":
            parts = parts_of([client.models.generate_content(**given)], how)
        elif how == "async":
            parts = asyncio.run(parts_later(client, given))
        else:
            parts = parts_of(client.models.generate_content_stream(**given), how)
        if text := "".join(part.text or "" for part in parts):
            print(text)
        results = [
            types.Part.from_function_response(name=call.name, response={"result": use(call.name, call.args or {})})
            for part in parts
            if (call := part.function_call) is not None and call.name is not None
        ]
        if not results:
            return
        said += [types.Content(role="model", parts=parts), types.Content(role="user", parts=results)]


def automatic(client: genai.Client, prompt: str) -> None:
    """Let the SDK call the functions."""
    config = types.GenerateContentConfig(tools=[bash, read_file])
    print(client.models.generate_content(model=MODEL, contents=prompt, config=config).text)


def lists(client: genai.Client, prompt: str) -> None:
    """Ask what costs nothing."""
    print(client.models.count_tokens(model=MODEL, contents=prompt).total_tokens)
    print(*(model.name for model in client.models.list()))


if __name__ == "__main__":
    client = genai.Client()
    if sys.argv[2] == "automatic":
        automatic(client, sys.argv[3])
    elif sys.argv[2] == "lists":
        lists(client, sys.argv[3])
    else:
        generate(client, sys.argv[2], sys.argv[3])
