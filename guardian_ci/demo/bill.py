"""What the demo provider would bill."""

import json
from collections.abc import Mapping
from pathlib import Path

from guardian_ci.demo.answer import Answer
from guardian_ci.demo.dialect import Dialect


class Bill:
    """What the demo provider would bill: a line for each answer, in memory and in a file."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.lines: list[Mapping[str, object]] = []

    def add(self, dialect: Dialect, answer: Answer, output: int) -> None:
        """Write what one answer costs: all of its input, and the output that was made of it."""
        line = {
            "protocol": dialect.protocol.value,
            "model": answer.model,
            "input_tokens": answer.tokens.input,
            "cache_read_tokens": answer.tokens.cache_read,
            "cache_write_tokens": answer.tokens.cache_write,
            "output_tokens": output,
            "complete": output == answer.tokens.output,
        }
        self.lines.append(line)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
