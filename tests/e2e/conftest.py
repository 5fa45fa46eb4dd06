"""The desk, with a provider that takes no key but its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import KEY, Desk

from guardian_ci.demo.upstream import Bill, running


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    bill = Bill()
    with running(bill, key=KEY) as url:
        yield Desk(folder=tmp_path, upstream=url, bill=bill)
