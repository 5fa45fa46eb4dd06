"""Which files a patch names, and what it puts into them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.patches import patch_additions, patch_paths


@pytest.mark.parametrize(
    ("patch", "paths"),
    [
        ("*** Begin Patch\n*** Update File: a/b.py\n@@\n*** End Patch", ("a/b.py",)),
        ("  *** update file:   x y.txt  \r\n", ("x y.txt",)),
        ("*** Add File: a\n*** Add File: a\n*** Delete File: b", ("a", "b")),
        ("*** Update File: a\n*** Move to: .env\n", ("a", ".env")),
        ("*** Rename File: a\n*** Copy to: .env\n", ("a", ".env")),
        ("@@\n-x\n*** Update File : .env\n", (".env",)),
        ("--- a/x.py\n+++ b/x.py\n", ("x.py",)),
        ("--- a/x.py\r\n+++ b/.env\r\n", ("x.py", ".env")),
        ("--- /dev/null\n+++ b/.env\t2026-01-01 00:00\n", (".env",)),
        ("--- .env 2026-01-01 00:00:00.000000000 +0000\n+++ x 2026-01-01 00:00:01 +0000\n", (".env", "x")),
        ("--- old name.txt\n+++ new name.txt\n", ("old name.txt", "new name.txt")),
        ("*** .env\t2026-01-01\n--- x\t2026-01-01\n", (".env", "x")),
        ("diff --git a/one b/two\nsimilarity index 100%\nrename from one\nrename to two\n", ("one", "two")),
        ("copy from a/x\ncopy to .env\n", ("x", ".env")),
        ("diff --git a/.env b/.env\nold mode 100644\nnew mode 100755\n", (".env",)),
        ("diff --git a/k.pem b/k.pem\nindex 1..2\nGIT binary patch\nliteral 3\n", ("k.pem",)),
        ("diff --git a/with b/lank b/with b/lank\n", ("with b/lank",)),
        ("diff --git .env .env\n", (".env",)),
        ("diff --git one two\n", ("one", "two")),
        ('diff --git "a/o ne" "b/t wo"\n', ("o ne", "t wo")),
        ('diff --git a/x "b/\\056env"\n', ("x", ".env")),
        ('diff --git "a/\\303\\274" b/x\n', ("ü", "x")),
        ('--- "a/\\056e\\156v"\n+++ "b/q\\"\\\\t"\n', (".env", 'q"\\t')),
        ("Index: .env\n=====\n", (".env",)),
        ("==== //depot/a/.env#3 (text) ====\n", ("//depot/a/.env",)),
        ("+*** Add File: x\n-*** Add File: y\n", ()),
        ("--- a list\n- of things\n", ()),
        ("no patch at all", ()),
        ("", ()),
    ],
)
def test_a_patch_names_its_files(patch: str, paths: tuple[str, ...]) -> None:
    assert patch_paths(patch) == paths


@pytest.mark.parametrize(
    ("patch", "additions"),
    [
        ("*** Add File: a.sh\n+one\n+two\n*** Update File: b.py\n@@\n-x\n+y\n", [("a.sh", "one\ntwo"), ("b.py", "y")]),
        ("*** Update File: a\n*** Move to: b.sh\n+x\n", [("b.sh", "x")]),
        (
            "diff --git a/x.sh b/x.sh\n--- a/x.sh\n+++ b/x.sh\n@@ -1 +1 @@\n-a\n+b\n--- /dev/null\n+++ b/y.sh\n+c\r\n",
            [("x.sh", "b"), ("y.sh", "c")],
        ),
        ("*** Delete File: a\n", []),
        ("+x\n", []),
    ],
)
def test_what_a_patch_adds_is_told_file_by_file(patch: str, additions: list[tuple[str, str]]) -> None:
    assert list(patch_additions(patch)) == additions


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 100_000,
        " " * 100_000,
        "*** Add File: a" + " " * 100_000 + "b",
        "diff --git a/" + " b/" * 30_000,
        'diff --git "' + "\\" * 100_000,
        "diff --git " + '"a" ' * 30_000,
        "--- a" + " " * 100_000 + "b\n+++ x",
        "--- " + '"' * 100_000 + "\n+++ x",
    ],
)
def test_a_long_text_costs_no_more_than_its_length(text: str) -> None:
    assert len(patch_paths(text)) <= 3
    assert list(patch_additions(text)) == []


pieces = st.sampled_from(
    ["*** Add File: ", "diff --git ", "--- ", "+++ ", "a/", "b/", ".env", '"', "\\056", "\n", "\r\n", " ", "+x", "\t"]
)


@given(st.lists(pieces, max_size=20).map("".join) | st.text(max_size=40))
def test_any_text_can_be_read(text: str) -> None:
    assert all(patch_paths(text))
    assert all(path for path, _ in patch_additions(text))


names = st.text(st.sampled_from('ab. é"\\'), min_size=1, max_size=6).map(str.strip).filter(bool)


@given(names)
def test_a_name_that_git_writes_is_read_back(name: str) -> None:
    quoted = "".join(f"\\{byte:03o}" if byte > 126 or byte in b'"\\' else chr(byte) for byte in name.encode())
    patch = f'diff --git "a/{quoted}" "b/{quoted}"\n--- "a/{quoted}"\n+++ "b/{quoted}"\n'
    assert patch_paths(patch) == (name,)
