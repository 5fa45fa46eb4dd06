"""What all tests share: in CI, an end-to-end test that is skipped is a failure; the matrix runs where it is named."""

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

settings.register_profile("guardian", deadline=None)  # a busy machine is no failure
settings.load_profile("guardian")

REQUIRED = bool(os.environ.get("GUARDIAN_REQUIRE_E2E"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the matrix out where ``-m`` does not name it."""
    if "matrix" not in config.getoption("markexpr"):
        matrix = [item for item in items if item.get_closest_marker("matrix")]
        items[:] = [item for item in items if item not in matrix]
        config.hook.pytest_deselected(items=matrix)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a test that CI requires into a failure that says why it was skipped."""
    report = yield
    if REQUIRED and report.skipped and (item.get_closest_marker("e2e") or item.get_closest_marker("matrix")):
        report.outcome = "failed"
        report.longrepr = f"a required end-to-end test was skipped: {report.longrepr}"
    return report
