"""Encodings, undone."""

import base64
import bz2
import gzip
import lzma
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.encodings import (
    LONGEST,
    bytes_of,
    decompressed,
    from_base32,
    from_base64,
    from_hex,
    is_constant,
    joined_within,
    text_of,
    to_base32,
    to_base64,
    to_hex,
    unescaped,
)
from guardian_ci.policy.shell.facts import TAME, UNKNOWN

TEXTS = st.text(alphabet=st.characters(min_codepoint=1, max_codepoint=126), max_size=100)


@given(TEXTS)
def test_what_is_encoded_is_decoded_again(text: str) -> None:
    for encode, decode in ((to_base64, from_base64), (to_base32, from_base32), (to_hex, from_hex)):
        encoded = encode(text)
        assert encoded is not None
        assert decode(encoded) == text


@pytest.mark.parametrize("text", ["LmVudg==", "LmVudg", "Lm Vu\ndg==", "L!m?Vu dg"])
def test_base_64_is_read_without_its_padding_and_with_what_does_not_belong(text: str) -> None:
    assert from_base64(text) == ".env"


def test_the_alphabet_of_urls_is_read_too() -> None:
    assert from_base64(base64.urlsafe_b64encode(b"\xfb\xff\xfe").decode()) == text_of(b"\xfb\xff\xfe")


@pytest.mark.parametrize("mark", [UNKNOWN, TAME])
def test_what_is_not_known_is_not_decoded(mark: str) -> None:
    assert from_base64(f"LmVu{mark}") is None
    assert from_hex(f"2e{mark}") is None
    assert from_base32(mark) is None
    assert decompressed(mark) is None
    assert to_base64(mark) is None
    assert not is_constant(mark)


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress, bz2.compress, lzma.compress])
def test_compressed_texts_are_read(compress: object) -> None:
    assert callable(compress)
    assert decompressed(text_of(compress(b"cat .env"))) == "cat .env"


def test_what_unfolds_to_much_is_cut() -> None:
    text = decompressed(text_of(gzip.compress(b"a" * 10_000_000)))
    assert text is not None
    assert len(text) <= LONGEST


@pytest.mark.parametrize("text", ["", "nothing", "\x1f\x8b broken"])
def test_what_is_not_compressed_is_not_known(text: str) -> None:
    assert decompressed(text) is None


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (r"\x2e\145nv", ".env"),
        (r"\u002eenv", ".env"),
        (r"\U0000002eenv", ".env"),
        (r"\0561", ".1"),
        (r"a\tb\n", "a\tb\n"),
        (r"\\x2e", r"\x2e"),
        (r"\q", r"\q"),
        (r"\x{2e}\u{65}", ".e"),
        ("plain", "plain"),
    ],
)
def test_escapes_are_undone(escaped: str, text: str) -> None:
    assert unescaped(escaped) == text


def test_octal_behind_a_zero_has_three_more_digits() -> None:
    assert unescaped(r"\0056env", after_zero=True) == ".env"


@given(st.binary(max_size=200))
def test_bytes_are_characters_and_back(data: bytes) -> None:
    assert bytes_of(data.decode("latin-1")) == data


def test_texts_are_joined_up_to_a_bound() -> None:
    assert joined_within(["a", "b"], "-") == "a-b"
    assert joined_within(["a" * LONGEST, "b"]) is None


@given(st.text(max_size=100))
def test_no_text_makes_it_fail(text: str) -> None:
    unescaped(text)
    unescaped(text, after_zero=True)
    from_base64(text)
    from_base32(text)
    from_hex(text)
    decompressed(text)
