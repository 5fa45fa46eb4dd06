"""A small price table whose rates are round numbers, so that a test's arithmetic can be read."""

import json
from collections.abc import Mapping

import pytest

from guardian_ci.pricing import PriceTable

SOURCES = {
    "genai": {"name": "genai-prices", "version": "1", "date": "2026-01-01"},
    "litellm": {"name": "litellm", "version": "2", "date": "2026-02-02"},
}
MODELS: Mapping[str, object] = {
    "anthropic:claude-one": {
        "source": "genai+litellm",
        "max_output": 64000,
        "context": 1000000,
        "tokenizer": "claude-4.7",
        "geo": {"us": "11/10"},
        "periods": [
            {
                "modes": {
                    "standard": [
                        {
                            "input": 1000,
                            "cache_read": 100,
                            "cache_write_5m": 1250,
                            "cache_write_1h": 2000,
                            "output": 5000,
                            "web_search": 7,
                        },
                        {
                            "above": 200000,
                            "input": 2000,
                            "cache_read": 200,
                            "cache_write_5m": 2500,
                            "cache_write_1h": 4000,
                            "output": 7500,
                            "web_search": 7,
                        },
                    ],
                    "batch": [{"input": 500, "output": 2500, "web_search": 7}],
                    "fast": [{"input": 3000, "output": 15000, "web_search": 7}],
                }
            }
        ],
    },
    "anthropic:claude-one-20260101": "claude-one",
    "anthropic:claude-two": {
        "source": "genai",
        "tokenizer": "claude",
        "periods": [
            {"modes": {"standard": [{"input": 10, "output": 50}]}},
            {"from": "2026-03-01", "modes": {"standard": [{"input": 20, "output": 100}]}},
            {"from": "2026-06-01", "modes": {"standard": [{"input": 5, "output": 25}]}},
        ],
    },
    "aws:us.anthropic.claude-one": {
        "source": "litellm",
        "periods": [{"modes": {"standard": [{"input": 1100, "output": 5500}]}}],
    },
    "deepseek:night-owl": {
        "source": "litellm",
        "periods": [
            {
                "modes": {"standard": [{"input": 10, "output": 20}]},
                "windows": [
                    {
                        "days": [1, 2, 3, 4, 5],
                        "hours": ["00:00-01:00", "10:00-00:00"],
                        "levels": [{"input": 5, "output": 10}],
                    },
                    {"days": [6, 7], "hours": ["00:00-00:00"], "levels": [{"input": 5, "output": 10}]},
                ],
            }
        ],
    },
    "google:gemini-one": {
        "source": "litellm",
        "geo": {"regional": "11/10"},
        "search_once": True,
        "periods": [{"modes": {"standard": [{"input": 10, "input_audio": 30, "output": 20, "web_search": 9}]}}],
    },
    "openai:gpt-one": {
        "source": "genai",
        "max_output": 1000,
        "tokenizer": "o200k",
        "geo": {"eu": "11/10"},
        "periods": [
            {
                "modes": {
                    "standard": [{"input": 100, "cache_read": 10, "cache_write_5m": 125, "output": 500}],
                    "priority": [{"input": 200, "cache_read": 20, "cache_write_5m": 250, "output": 1000}],
                    "flex": [{"input": 50, "cache_read": 5, "cache_write_5m": 63, "output": 250}],
                }
            }
        ],
    },
    "openai:gpt-dated-2026-01-01": {
        "source": "genai",
        "periods": [{"modes": {"standard": [{"input": 1, "output": 2}]}}],
    },
    "openai:gpt-dated-2026-02-02": {
        "source": "genai",
        "periods": [{"modes": {"standard": [{"input": 3, "output": 4}]}}],
    },
    "openai:gpt-thinks": {
        "source": "genai",
        "periods": [{"modes": {"standard": [{"input": 1, "output": 2, "reasoning": 9, "request": 1000}]}}],
    },
    "openai:ft:gpt-one": {"source": "litellm", "periods": [{"modes": {"standard": [{"input": 150, "output": 600}]}}]},
    "openrouter:anthropic/claude-one": {
        "source": "genai",
        "periods": [{"modes": {"standard": [{"input": 1001, "output": 5001}]}}],
    },
    "x-ai:grok-one": {"source": "genai", "periods": [{"modes": {"standard": [{"input": 2, "output": 6}]}}]},
}


def text_of(models: Mapping[str, object]) -> str:
    """Write a table as the packaged one is written: one model a line."""
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(entry)}" for key, entry in sorted(models.items()))
    return f'{{"format": 1, "sources": {json.dumps(SOURCES)},\n"models": {{\n{lines}\n}}\n}}\n'


@pytest.fixture(scope="session")
def table_text() -> str:
    return text_of(MODELS)


@pytest.fixture(scope="session")
def table(table_text: str) -> PriceTable:
    return PriceTable(table_text)


@pytest.fixture(scope="session")
def packaged() -> PriceTable:
    return PriceTable.load()
