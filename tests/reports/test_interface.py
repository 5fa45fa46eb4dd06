"""Every format keeps the promises of a report."""

import pytest

from guardian_ci.audit.summary import Summary
from guardian_ci.reports import REPORTS


@pytest.mark.parametrize("name", REPORTS)
def test_the_same_summary_always_gives_the_same_text(rich: Summary, name: str) -> None:
    assert REPORTS[name].render(rich) == REPORTS[name].render(rich)


@pytest.mark.parametrize("name", REPORTS)
def test_a_summary_of_nothing_can_be_shown(name: str) -> None:
    text = REPORTS[name].render(Summary.of())
    assert text.endswith("\n")
