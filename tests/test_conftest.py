"""In CI, an end-to-end test that is skipped is a failure; elsewhere it is a skip."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPING = """
import pytest

@pytest.mark.e2e
def test_marked():
    pytest.skip("no agent here")

def test_plain():
    pytest.skip("not on this system")

@pytest.fixture
def agent():
    pytest.skip("no agent here either")

@pytest.mark.e2e
def test_whose_fixture_skips(agent):
    pass
"""


@pytest.mark.parametrize(("required", "outcome"), [("1", "1 failed, 1 skipped, 1 error"), ("", "3 skipped")])
def test_a_required_test_that_is_skipped_fails(tmp_path: Path, required: str, outcome: str) -> None:
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_skipping.py").write_text(SKIPPING)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = e2e\n")
    session = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "GUARDIAN_REQUIRE_E2E": required},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in session.stdout
    assert session.returncode == (1 if required else 0)
    assert ("a required end-to-end test was skipped" in session.stdout) == bool(required)
