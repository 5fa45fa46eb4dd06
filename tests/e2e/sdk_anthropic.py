"""A small agent on Anthropic's SDK, run as a user's program is: base URL and key are in the environment.

``sdk_anthropic.py messages (whole|stream|hang-up) PROMPT``
"""

import sys
from typing import Any

import anthropic
from sdk_tools import NAMES, use

SCHEMA: dict[str, Any] = {"type": "object", "properties": {}}


def messages(how: str, prompt: str) -> None:
    """Talk to Anthropic."""
    client = anthropic.Anthropic()
    said: list[Any] = [{"role": "user", "content": prompt}]
    tools: list[Any] = [{"name": name, "input_schema": SCHEMA} for name in NAMES]
    given: dict[str, Any] = {"model": "claude-opus-5-5", "max_tokens": 4000, "tools": tools}
    while True:
        if how == "whole":
            answer = client.messages.create(messages=said, **given)
        else:
            with client.messages.stream(messages=said, **given) as stream:
                for _ in stream.text_stream:
                    if how == "hang-up":
                        sys.exit(7)
                answer = stream.get_final_message()
        print("".join(block.text for block in answer.content if block.type == "text"))
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": use(block.name, block.input)}
            for block in answer.content
            if block.type == "tool_use"
        ]
        if not results:
            return
        said += [answer.to_param(), {"role": "user", "content": results}]


if __name__ == "__main__":
    messages(sys.argv[2], sys.argv[3])
