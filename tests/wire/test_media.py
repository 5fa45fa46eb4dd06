"""Media is counted in images, pages and seconds; its bytes are taken out of the text."""

import base64
import zlib

import pytest

from guardian_ci.pricing.estimate import weigh
from guardian_ci.wire.media import MAX_PDF_PAGES, Media, count_pages, inline_data, without

PAGE = b"<</Type /Page /Parent 1 0 R>>"
TREE = b"<</Type /Pages /Count 3>>"


def encoded(document: bytes) -> str:
    return base64.b64encode(document).decode()


def test_page_objects_are_counted_and_the_page_tree_is_none() -> None:
    assert count_pages(encoded(b"%PDF-1.4 " + TREE + PAGE * 3)) == 3


def test_pages_in_compressed_object_streams_are_counted() -> None:
    stream = b"<</Type /ObjStm>> stream\r\n" + zlib.compress(PAGE * 40) + b"\r\nendstream"
    assert count_pages(encoded(b"%PDF-1.5 " + stream + stream + PAGE)) == 81


@pytest.mark.parametrize(
    "document",
    [
        b"%PDF /Encrypt " + PAGE + b"x" * 5000,
        b"no pages at all" + b"x" * 5000,
        b"%PDF /ObjStm stream\n not deflated" + b"x" * 5000,
    ],
)
def test_pages_that_cannot_be_counted_are_bounded_by_size(document: bytes) -> None:
    assert 10 <= count_pages(encoded(document)) <= 12


def test_a_bound_never_exceeds_what_providers_read() -> None:
    assert count_pages("x" * 10_000_001) == MAX_PDF_PAGES


def test_a_document_that_stands_elsewhere_counts_as_the_longest() -> None:
    media = Media()
    media.add_document()
    assert media.pdf_pages == MAX_PDF_PAGES


def test_audio_is_bounded_by_the_thinnest_codec() -> None:
    media = Media()
    media.add_audio("A" * 40_000)
    assert media.audio_seconds == 31


def test_the_size_leaves_out_what_is_counted() -> None:
    media = Media()
    media.add_image("A" * 900)
    media.add_image()
    size = media.size(b"b" * 40 + b"A" * 900 + b"b" * 60, has_tools=True)
    assert (size.text_bytes, size.images, size.has_tools) == (100, 2, True)
    assert (size.plain_weight, size.dense_weight) == (weigh(b"b" * 100).plain, 0)


def test_media_is_cut_out_wherever_its_text_begins_like_another() -> None:
    begins = "A" * 64
    body = f'["{begins}x", "{begins}y", "{begins}x"]'.encode()
    assert without(body, [begins + "y", begins + "x"]) == f'["{begins}x", "", ""]'.encode()
    assert without(body, [begins + "x", begins + "y"]) == f'["", "", "{begins}x"]'.encode()
    assert without(body, ["escaped/"]) == body


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("data:image/png;base64,AAA", "AAA"),
        ("data:text/plain,AAA", ""),
        ("https://x/a,b", ""),
        ("", ""),
    ],
)
def test_only_base64_urls_carry_their_data(url: str, data: str) -> None:
    assert inline_data(url) == data
