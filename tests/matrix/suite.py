"""Runs tests of an official SDK's own suite, as a user's program: base URL and key are in the environment.

``suite.py (anthropic|openai) FOLDER REPORT FILE…``: pytest runs in the folder of the SDK's sources. Their conftest
wants packages that only tests of other endpoints need; the two fixtures that these here need stand below.
"""

import asyncio
import inspect
import os
import sys
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest

_CLIENTS: dict[str, tuple[Any, Any]] = {
    "anthropic": (anthropic.Anthropic, anthropic.AsyncAnthropic),
    "openai": (openai.OpenAI, openai.AsyncOpenAI),
}


class Suite:
    """The plugin that stands in for the suite's conftest."""

    def __init__(self, sdk: str) -> None:
        self._blocking, self._other = _CLIENTS[sdk]

    @pytest.fixture
    def client(self, request: pytest.FixtureRequest) -> Iterator[Any]:
        """Yield a client that checks answers against its types strictly, or does not."""
        with self._blocking(_strict_response_validation=getattr(request, "param", True)) as client:
            yield client

    @pytest.fixture
    def async_client(self, request: pytest.FixtureRequest) -> Any:
        """Return the client that does not block; over aiohttp there is none here."""
        wanted = getattr(request, "param", True)
        if isinstance(wanted, dict):
            pytest.skip("aiohttp is not installed")
        return self._other(_strict_response_validation=wanted)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Run a test that is a coroutine."""
        if not inspect.iscoroutinefunction(pyfuncitem.obj):
            return None
        # A client that does not block lives in one loop: it is left open, as the process ends soon.
        names = inspect.signature(pyfuncitem.obj).parameters
        asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
        return True


if __name__ == "__main__":
    sdk, folder, report, *files = sys.argv[1:]
    os.chdir(folder)
    sys.path.insert(0, folder)  # for their tests.utils
    # Their tests of deprecated arguments raise the warnings that they are about; xdist is not started for a few calls.
    options = ["--noconftest", "-o", "addopts=", "-o", "asyncio_mode=", "-p", "no:xdist", "-p", "no:cacheprovider"]
    quiet = ["-q", "-W", "ignore", "--tb=short", f"--junitxml={report}"]
    sys.exit(pytest.main([*options, *quiet, *files], plugins=[Suite(sdk)]))
