"""The desk, with a provider that takes no key but its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk, at_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with at_desk(tmp_path) as desk:
        yield desk
