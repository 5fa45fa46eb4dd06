# ruff: noqa: RUF001 -- Chinese is written with Chinese marks
"""Estimates of input are never below the truth, and close to it once a session has been measured.

The truth is counted with the o200k vocabulary. Claude's tokenizers are not public: their truth is o200k's times what
was measured for each kind of text.
"""

import base64
import importlib.metadata
import json
import random
import sysconfig
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.model import InputSize
from guardian_ci.pricing.estimate import (
    IMAGE_TOKENS,
    PDF_PAGE_TOKENS,
    TOKENIZERS,
    ceiling_tokens,
    input_upper_bound,
    later_upper_bound,
    weigh,
)

ROOT = Path(__file__).resolve().parents[2]

CODE = [
    "argparse",
    "ast",
    "asyncio/base_events",
    "codecs",
    "csv",
    "datetime",
    "dataclasses",
    "difflib",
    "doctest",
    "email/message",
    "enum",
    "fractions",
    "functools",
    "http/client",
    "inspect",
    "ipaddress",
    "json/decoder",
    "logging/__init__",
    "mailbox",
    "os",
    "pathlib",
    "pickle",
    "pprint",
    "random",
    "shutil",
    "smtplib",
    "socket",
    "ssl",
    "statistics",
    "string",
    "subprocess",
    "tarfile",
    "tempfile",
    "textwrap",
    "threading",
    "tokenize",
    "traceback",
    "turtle",
    "typing",
    "unittest/case",
    "urllib/parse",
    "uuid",
    "zipfile",
]
WITH_README = [
    "anthropic",
    "anyio",
    "httpx",
    "hypothesis",
    "jsonschema",
    "openai",
    "packaging",
    "pytest",
    "starlette",
    "uvicorn",
]
CHINESE = (
    "编程语言是用来定义计算机程序的形式语言。它是一种被标准化的交流技巧，用来向计算机发出指令。",
    "请修复这个测试：当输入为空时函数应该返回零，而不是抛出异常。不要修改公共接口。",
    "配置文件位于项目根目录，所有路径都相对于它解析；缺失的字段使用默认值。",
    "这次提交重构了缓存层，删除了重复的查询，并补充了并发情况下的测试。",
)
JAPANESE = "この関数は、与えられた文字列を解析し、結果を辞書として返します。エラーが発生した場合は例外を送出します。"
KOREAN = "이 함수는 주어진 문자열을 분석하고 결과를 사전으로 반환합니다. 오류가 발생하면 예외를 발생시킵니다. "
LEVELS = ("INFO", "WARN", "ERROR", "DEBUG")

CLAUDE: Mapping[str, Mapping[str, float]] = {
    "claude": {"code": 1.26, "markdown": 1.24, "json": 1.21, "logs": 1.13, "cjk": 1.23, "base64": 1.28},
    "claude-4.7": {"code": 1.57, "markdown": 1.66, "json": 1.75, "logs": 1.27, "cjk": 1.57, "base64": 1.40},
}
"""Measured tokens for one of o200k's, by kind of text."""


@cache
def counter() -> Callable[[str], int]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import bpe_openai  # noqa: PLC0415 - a second of loading that other tests need not wait for

        encoding = bpe_openai.get_encoding("o200k_base")
    return lambda text: len(encoding.encode_ordinary(text))


@cache
def corpus() -> Mapping[str, tuple[str, ...]]:
    """Build texts of every kind that an agent sends; the same ones on every run of one Python."""
    chance = random.Random(7)
    stdlib = Path(sysconfig.get_paths()["stdlib"])
    schemas = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "schemas").glob("*.json"))]
    table = (ROOT / "guardian_ci" / "pricing" / "data" / "prices.json").read_text(encoding="utf-8")
    return {
        "code": tuple((stdlib / f"{name}.py").read_text(encoding="utf-8") for name in CODE),
        "markdown": tuple(
            str(importlib.metadata.metadata(name).get_payload() or importlib.metadata.metadata(name)["Description"])
            for name in WITH_README
        ),
        "json": (
            *schemas,
            *(json.dumps(json.loads(text)) for text in schemas),
            table[:60_000],
            json.dumps([tool(chance, number) for number in range(40)]),
            json.dumps([tool(chance, number) for number in range(40)], indent=2),
        ),
        "logs": tuple("\n".join(log_line(chance) for _ in range(300)) for _ in range(3)),
        "cjk": (
            "".join(chance.choice(CHINESE) for _ in range(200)),
            JAPANESE * 80,
            KOREAN * 80,
        ),
        "base64": (
            base64.b64encode(chance.randbytes(30_000)).decode(),
            base64.encodebytes(chance.randbytes(30_000)).decode(),
            base64.urlsafe_b64encode(chance.randbytes(30_000)).decode(),
        ),
    }


def tool(chance: random.Random, number: int) -> dict[str, object]:
    names = ["path", "pattern", "command", "timeout", "limit", "offset", "description", "content"]
    return {
        "name": f"tool_{number}",
        "description": "Read a file from the local file system. The path must be absolute; lines count from one.",
        "input_schema": {
            "type": "object",
            "properties": {
                name: {"type": "string", "description": f"The {name} that the tool is given, if any."}
                for name in chance.sample(names, 4)
            },
            "required": [names[0]],
        },
    }


def log_line(chance: random.Random) -> str:
    moment = f"2026-11-20T12:{chance.randrange(60):02}:{chance.randrange(60):02}.{chance.randrange(1000):03}Z"
    request = uuid.UUID(int=chance.getrandbits(128))
    return (
        f"{moment} {chance.choice(LEVELS)} [worker-{chance.randrange(9)}] request_id={request}"
        f" status={chance.choice([200, 404, 500])} path=/v1/items/{chance.randrange(10**6)} took={chance.random():.3f}s"
    )


def size_of(body: bytes) -> InputSize:
    weight = weigh(body)
    return InputSize(text_bytes=len(body), plain_weight=weight.plain, dense_weight=weight.dense)


def truth_of(text: str, kind: str, tokenizer: str) -> float:
    counted = counter()(text) * (CLAUDE[tokenizer][kind] if tokenizer in CLAUDE else 1)
    return min(counted, len(text.encode()))


@pytest.mark.parametrize("tokenizer", ["o200k", *CLAUDE])
@pytest.mark.parametrize("kind", ["code", "markdown", "json", "logs", "cjk", "base64"])
def test_a_first_turn_is_never_estimated_below_the_truth(kind: str, tokenizer: str) -> None:
    for text in corpus()[kind]:
        body = json.dumps(text, ensure_ascii=False).encode()
        assert input_upper_bound(size_of(body), tokenizer) >= truth_of(text, kind, tokenizer), text[:80]


def session(chance: random.Random, kinds: list[str], tokenizer: str) -> Iterator[tuple[InputSize, float]]:
    """Play an agent's session: instructions and tools first, then more text of these kinds with every turn."""
    messages: list[str] = []
    truth = 0.0

    def say(kind: str, most: int) -> None:
        nonlocal truth
        text = chance.choice(corpus()[kind])
        start = chance.randrange(max(1, len(text) - most))
        messages.append(text[start : start + most])
        truth += truth_of(messages[-1], kind, tokenizer) + 4

    for kind in ("markdown", "json", "markdown", "json", "markdown", "json"):
        say(kind, 10_000)
    for _ in range(12):
        for _ in range(chance.randrange(1, 4)):
            say(chance.choice(kinds), chance.choice([300, 1000, 3000, 8000, 20_000]))
        body = json.dumps([{"role": "user", "content": text} for text in messages], ensure_ascii=False)
        yield size_of(body.encode()), truth


@pytest.mark.parametrize("tokenizer", ["o200k", *CLAUDE])
@pytest.mark.parametrize(
    "kinds",
    [["code"], ["markdown"], ["json"], ["logs"], ["cjk"], ["base64"], ["code", "json", "logs", "cjk", "base64"]],
    ids="-".join,
)
def test_from_the_second_turn_on_an_estimate_is_between_the_truth_and_1_3_times_it(
    kinds: list[str], tokenizer: str
) -> None:
    for seed in range(8):
        before, counted = None, 0
        for size, truth in session(random.Random(seed), kinds, tokenizer):
            if before is None:
                assert input_upper_bound(size, tokenizer) >= truth
            else:
                bound = later_upper_bound(size, tokenizer, before=before, counted=counted)
                assert truth <= bound <= 1.3 * truth, (seed, bound / truth)
            before, counted = size, round(truth)


# -- rules ----------------------------------------------------------------------------------------------------------

PLAIN = InputSize(text_bytes=1000, plain_weight=250_000)


@pytest.mark.parametrize("tokenizer", [*TOKENIZERS, "unheard of"])
def test_no_first_estimate_exceeds_a_token_a_byte(tokenizer: str) -> None:
    heavy = InputSize(text_bytes=1000, plain_weight=10**9, dense_weight=10**9)
    assert input_upper_bound(heavy, tokenizer) <= ceiling_tokens(heavy)


def test_unknown_tokenizers_are_taken_at_a_token_a_byte() -> None:
    assert input_upper_bound(PLAIN, "unheard of") >= 1000


@pytest.mark.parametrize(("tokenizer", "least"), [("o200k", 350), ("claude", 500), ("claude-4.7", 600)])
def test_a_first_turn_is_at_least_the_conservative_factor(tokenizer: str, least: int) -> None:
    light = InputSize(text_bytes=1000, plain_weight=1)
    assert least <= input_upper_bound(light, tokenizer) <= least + 40


def test_unweighed_text_is_estimated_by_its_bytes() -> None:
    before, size = InputSize(text_bytes=1000), InputSize(text_bytes=1500)
    assert input_upper_bound(size, "o200k") >= 525
    assert later_upper_bound(size, "o200k", before=before, counted=200) >= 200 + 175


def test_tools_cost_anthropics_instructions() -> None:
    with_tools = InputSize(text_bytes=1000, plain_weight=250_000, has_tools=True)
    assert input_upper_bound(with_tools, "claude") == input_upper_bound(PLAIN, "claude") + 600
    assert input_upper_bound(with_tools, "o200k") == input_upper_bound(PLAIN, "o200k")


MEDIA = InputSize(text_bytes=0, images=2, pdf_pages=3, audio_seconds=10, hidden_tokens=777)


def test_media_is_bounded_by_count_and_hidden_context_as_it_is() -> None:
    least = 2 * IMAGE_TOKENS + 3 * PDF_PAGE_TOKENS + 10 * 32 + 777
    assert least <= input_upper_bound(MEDIA, "claude") <= 2 * least


def test_what_was_counted_is_not_estimated_again() -> None:
    same = later_upper_bound(MEDIA, "claude", before=MEDIA, counted=5000)
    assert 5000 <= same <= 5300
    one_more = replace(MEDIA, images=3)
    assert later_upper_bound(one_more, "claude", before=MEDIA, counted=5000) == same + IMAGE_TOKENS


def test_a_conversation_that_lost_text_is_bounded_by_what_it_was() -> None:
    assert later_upper_bound(InputSize(text_bytes=10), "claude", before=PLAIN, counted=500) >= 500


def test_tools_cost_their_instructions_once() -> None:
    with_tools = replace(PLAIN, has_tools=True)
    plain = later_upper_bound(PLAIN, "claude", before=PLAIN, counted=500)
    assert later_upper_bound(with_tools, "claude", before=PLAIN, counted=500) == plain + 600
    assert later_upper_bound(with_tools, "claude", before=with_tools, counted=500) == plain


@given(st.binary(max_size=2000), st.binary(max_size=2000))
def test_weights_are_never_negative_and_every_byte_belongs_to_one_class(one: bytes, other: bytes) -> None:
    whole, parts = weigh(one + other), (weigh(one), weigh(other))
    assert whole.plain == parts[0].plain + parts[1].plain
    assert whole.plain >= 0
    assert whole.dense >= 0


@given(st.text())
def test_every_text_weighs_something(text: str) -> None:
    weight = weigh(text.encode(errors="replace"))
    assert (weight.plain + weight.dense > 0) == bool(text)
