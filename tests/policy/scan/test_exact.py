"""A known secret is known in all the ways in which a text may write it."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.scan.exact import MIN_SECRET, written_forms

SECRET = 'p&ss"w\\rd-é/+1234567890'


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        json.dumps({"key": SECRET}),
        json.dumps({"key": SECRET}, ensure_ascii=False),
        json.dumps({"body": json.dumps({"key": SECRET})}),
        f"https://example.org/?key={quote(SECRET, safe='')}",
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
        *(base64.b64encode(b"user:"[:cut] + SECRET.encode() + b"!").decode() for cut in range(4)),
        *(base64.urlsafe_b64encode(b"user:"[:cut] + SECRET.encode()).decode() for cut in range(4)),
    ],
)
def test_every_writing_holds_one_of_the_forms(written: str) -> None:
    assert any(form in written for form in written_forms([SECRET]))


@given(st.binary(max_size=5), st.text(min_size=MIN_SECRET, max_size=40), st.binary(max_size=5))
def test_base64_of_any_text_round_a_secret_that_is_long_enough_holds_a_form(
    before: bytes, secret: str, after: bytes
) -> None:
    raw = secret.encode()
    forms = written_forms([secret])
    if len(raw) >= 12:
        assert any(form in base64.b64encode(before + raw + after).decode() for form in forms)


def test_what_is_too_short_has_no_form() -> None:
    assert written_forms(["", "a", "a" * (MIN_SECRET - 1)]) == frozenset()


def test_a_long_secret_is_known_by_its_pieces_which_leave_nothing_between_them() -> None:
    secret = "".join(chr(33 + index * 7 % 90) for index in range(2_000))
    pieces = [form for form in written_forms([secret]) if form in secret]
    assert max(map(len, written_forms([secret]))) < 3_000
    covered = set()
    for piece in pieces:
        start = secret.find(piece)
        while start >= 0:
            covered |= set(range(start, start + len(piece)))
            start = secret.find(piece, start + 1)
    assert covered == set(range(len(secret)))
