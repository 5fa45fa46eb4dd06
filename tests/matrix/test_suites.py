"""The official SDKs' own test suites, as far as they ask for what is metered, through ``guardian-ci run``.

Their sources come as the package index has them, by hash (``sdists.txt``). Of Google's SDK they cannot be had so:
pip builds its metadata first, which needs a compiler of Rust and what that downloads.
"""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from desk import Desk

pytestmark = pytest.mark.matrix

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / ".suites"
POLICY = """\
policies:
  - name: suites
    cost_limit_usd: 1000
    rules: {retry_loop: off}  # hundreds of tests, one prompt
"""
SUITES = {
    "anthropic": ("tests/api_resources/test_messages.py", "tests/api_resources/beta/test_messages.py"),
    "openai": ("tests/api_resources/chat/test_completions.py",),
}
"""Of OpenAI's responses no test names a model, and some ask in the background: what cannot be metered is refused."""

LEFT_OUT = {
    "anthropic": {"deprecated_model_warning": "a model of 2023 that has no price is refused"},
    "openai": {
        **dict.fromkeys(
            ("retrieve", "update", "_list", "delete"), "what OpenAI keeps is neither metered nor forwarded"
        ),
        "create_with_all_params": "a maximum of no tokens, which the upstream refuses",
    },
}
"""Tests by a part of their names, and why they are left out."""
PASSED = {"anthropic": 96, "openai": 24}
"""How many are run."""


@pytest.mark.parametrize("sdk", SUITES)
def test_an_sdks_own_tests_pass_through_the_proxy(desk: Desk, sdk: str) -> None:
    sources = next(iter(SOURCES.glob(f"{sdk}-*/")), None)
    if sources is None:
        pytest.skip("tests/run fetches the SDKs' sources")
    report = desk.folder / "suite.xml"
    left_out = " or ".join(LEFT_OUT[sdk])
    chosen = ["-k", f"not ({left_out})"] if left_out else []
    files = [*SUITES[sdk], *chosen]
    outcome = desk.run(sys.executable, HERE / "suite.py", sdk, sources, report, *files, policy=POLICY)
    assert outcome.code == 0, outcome.stdout[-5000:]
    suite = ET.parse(report).getroot()[0]
    failed = [int(suite.attrib[name]) for name in ("failures", "errors")]
    assert (failed, int(suite.attrib["tests"]) - int(suite.attrib["skipped"])) == ([0, 0], PASSED[sdk])
    assert outcome.tokens() == sum(line["input_tokens"] + line["output_tokens"] for line in desk.bill.lines)  # type: ignore[operator]
