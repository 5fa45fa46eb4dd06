"""What all tests share: in CI, an end-to-end test that is skipped is a failure."""

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

settings.register_profile("guardian", deadline=None)  # a busy machine is no failure
settings.load_profile("guardian")

REQUIRED = bool(os.environ.get("GUARDIAN_REQUIRE_E2E"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a test that CI requires into a failure that says why it was skipped."""
    report = yield
    if REQUIRED and report.skipped and item.get_closest_marker("e2e"):
        report.outcome = "failed"
        report.longrepr = f"a required end-to-end test was skipped: {report.longrepr}"
    return report
