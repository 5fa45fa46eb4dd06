"""Which files a patch names."""

import pytest

from guardian_ci.policy.patches import patch_paths


@pytest.mark.parametrize(
    ("patch", "paths"),
    [
        ("*** Begin Patch\n*** Update File: a/b.py\n@@\n*** End Patch", ("a/b.py",)),
        ("  *** update file:   x y.txt  \r\n", ("x y.txt",)),
        ("*** Add File: a\n*** Add File: a\n*** Delete File: b", ("a", "b")),
        ("*** Update File: a\n*** Move to: .env\n", ("a", ".env")),
        ("--- a/x.py\n+++ b/x.py\n", ("x.py",)),
        ("--- /dev/null\n+++ b/.env\t2026-01-01 00:00\n", (".env",)),
        ("--- old name.txt\n+++ new name.txt\n", ("old name.txt", "new name.txt")),
        ("diff --git a/one b/two\nsimilarity index 100%\nrename from one\nrename to two\n", ("one", "two")),
        ('diff --git "a/o ne" "b/t wo"\n', ("o ne", "t wo")),
        ("+*** Add File: x\n-*** Add File: y\n", ()),
        ("no patch at all", ()),
        ("", ()),
    ],
)
def test_a_patch_names_its_files(patch: str, paths: tuple[str, ...]) -> None:
    assert patch_paths(patch) == paths


@pytest.mark.parametrize(
    "text", ["\n" * 100_000, " " * 100_000, "*** Add File: a" + " " * 100_000 + "b", "diff --git a/" + " b/" * 30_000]
)
def test_a_long_text_costs_no_more_than_its_length(text: str) -> None:
    assert len(patch_paths(text)) <= 3
