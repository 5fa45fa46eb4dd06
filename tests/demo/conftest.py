"""A demo upstream on a real socket, and clients for it."""

from collections.abc import Iterator

import anthropic
import httpx
import openai
import pytest

from guardian_ci.demo.upstream import Bill, running


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[str, Bill]]:
    bill = Bill()
    with running(bill) as url:
        yield url, bill


@pytest.fixture
def bill(served: tuple[str, Bill]) -> Bill:
    served[1].lines.clear()
    return served[1]


@pytest.fixture
def upstream(served: tuple[str, Bill]) -> str:
    return served[0]


@pytest.fixture
def http(upstream: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=upstream, timeout=20, trust_env=False) as client:
        yield client


@pytest.fixture
def claude(upstream: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=upstream, api_key="demo", max_retries=0) as client:
        yield client


@pytest.fixture
def gpt(upstream: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{upstream}/v1", api_key="demo", max_retries=0) as client:
        yield client
