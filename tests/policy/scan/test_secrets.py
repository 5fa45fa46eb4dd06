"""Every kind of secret is found in whatever it stands, nothing else is, and a stream finds what the whole does."""

import base64
import json
import sysconfig
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from harmless import harmless
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import Planted, planted

from guardian_ci.policy.scan.secrets import Secret, SecretScanner

SCANNER = SecretScanner()
POOL = list(planted(Random(7)))
LONGEST_TAIL = 1_000
SOURCES = 12_000_000


def kinds(text: str) -> list[str]:
    return [each.kind for each in SCANNER.find(text)]


def covers(found: tuple[Secret, ...], case: Planted) -> bool:
    """Whether one find covers the whole secret, so that nothing of it stays."""
    return any(each.start <= case.start and case.end <= each.end for each in found)


# ----- how much is found, and how much of what is found is a secret ----------------------------------------------


def test_at_least_99_of_100_drawn_secrets_are_found_whole() -> None:
    total: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for case in planted(Random(2026), times=2):
        total[case.kind] += 1
        found[case.kind] += covers(SCANNER.find(case.text), case)
    recall = found.total() / total.total()
    worst = sorted((found[kind] / total[kind], kind) for kind in total)[:3]
    print(f"\nrecall: {found.total()} of {total.total()} = {recall:.2%} of {len(total)} kinds; worst {worst}")
    assert recall >= 0.99
    assert worst[0][0] >= 0.9


def test_at_least_99_of_100_finds_are_secrets() -> None:
    right, wrong = 0, []
    for case in planted(Random(11)):
        for each in SCANNER.find(case.text):
            if each.start < case.end and case.start < each.end:
                right += 1
            else:
                wrong.append(case.text[each.start : each.end])
    texts = list(harmless(Random(12), times=300))
    wrong += [text[each.start : each.end] for text in texts for each in SCANNER.find_in_json(text)]
    precision = right / (right + len(wrong))
    print(f"\nprecision: {right} of {right + len(wrong)} = {precision:.2%}, with {len(texts)} harmless texts")
    assert precision >= 0.99, wrong[:10]


def sources() -> Iterator[str]:
    """Yield source files, descriptions and digests of the installed packages, up to a bound."""
    size = 0
    for path in sorted(Path(sysconfig.get_path("purelib")).rglob("*")):
        if path.suffix in (".py", ".pyi", ".md", ".json", ".toml", ".yml") or path.name in ("METADATA", "RECORD"):
            text = path.read_text(encoding="utf-8", errors="replace")
            size += len(text)
            if size > SOURCES:
                return
            yield text


def test_the_source_of_the_installed_packages_has_next_to_no_finds() -> None:
    finds, size, files = [], 0, 0
    for text in sources():
        size, files = size + len(text), files + 1
        finds += [text[max(each.start - 40, 0) : each.start] for each in SCANNER.find(text)]
    print(f"\n{len(finds)} finds in {files} files, {size / 1e6:.1f} MB")
    assert len(finds) <= max(1, size // 2_000_000), finds


# ----- streams ---------------------------------------------------------------------------------------------------

TEXTS = st.lists(
    st.sampled_from(POOL).map(lambda case: case.text)
    | st.sampled_from(POOL).map(lambda case: case.secret)
    | st.tuples(st.sampled_from(POOL), st.integers(0, 60)).map(lambda pair: pair[0].text[: pair[1]])
    | st.tuples(st.sampled_from(POOL), st.integers(0, 60)).map(lambda pair: pair[0].secret[pair[1] :])
    | st.text(max_size=30)
    | st.sampled_from(
        [
            "token=",
            "password: ",
            "eyJ",
            "-----BEGIN RSA PRIVATE KEY-----\n",
            "-----END RSA PRIVATE KEY-----",
            "-----END RSA",
            "://a:",
            "@",
            "\\n",
            " ",
            "x" * 500,
            "a b " * 200,
        ]
    ),
    max_size=12,
).map("".join)


def streamed(scanner: SecretScanner, text: str, cuts: list[int]) -> list[str]:
    """Feed a text in pieces; what is held back must not grow."""
    stream = scanner.stream()
    found: list[str] = []
    at = 0
    for cut in [*cuts, len(text)]:
        found += stream.feed(text[at : at + cut])
        at += cut
        assert stream.held <= cut + scanner.reach + LONGEST_TAIL
    return [*found, *stream.close()]


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.lists(st.integers(0, 400), max_size=30))
def test_a_stream_finds_what_the_whole_text_holds_in_whatever_pieces_it_comes(text: str, cuts: list[int]) -> None:
    assert streamed(SCANNER, text, cuts) == kinds(text)


@settings(max_examples=40, deadline=None)
@given(TEXTS)
def test_a_stream_finds_the_same_character_by_character(text: str) -> None:
    assert streamed(SCANNER, text, [1] * len(text)) == kinds(text)


@pytest.mark.parametrize("case", POOL[::40], ids=lambda case: f"{case.kind} in {case.surroundings}")
def test_a_secret_cut_in_two_anywhere_is_told_once(case: Planted) -> None:
    expected = kinds(case.text)
    for cut in range(0, len(case.text), 7):
        assert streamed(SCANNER, case.text, [cut]) == expected


def test_a_secret_is_told_while_the_answer_still_comes() -> None:
    stream = SCANNER.stream()
    case = next(case for case in POOL if case.kind == "github-token")
    stream.feed(case.text)
    told = [kind for _ in range(50) for kind in stream.feed("and some more words. ")]
    assert told == ["github-token"]
    assert stream.close() == ()


def test_an_endless_private_key_is_told_once_and_holds_nothing() -> None:
    stream = SCANNER.stream()
    told = [*stream.feed("-----BEGIN RSA PRIVATE KEY-----\n")]
    random = Random(1)
    for _ in range(500):
        told += stream.feed(base64.b64encode(random.randbytes(48)).decode() + "\n")
        assert stream.held <= SCANNER.reach + LONGEST_TAIL
    assert [*told, *stream.close()] == ["private-key"]


SECRETS = ['s3cr3t-é"\\/value', "abcdefgh-ijklmnop", "".join(chr(33 + index * 7 % 90) for index in range(1_200))]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from([*SECRETS, json.dumps(SECRETS[0]), " ", "x" * 300, "abcdefgh-"]) | st.text(max_size=9)
    ).map("".join),
    st.lists(st.integers(0, 900), max_size=12),
)
def test_exact_secrets_are_found_alike_in_streams(text: str, cuts: list[int]) -> None:
    scanner = SecretScanner(SECRETS)
    assert streamed(scanner, text, cuts) == [each.kind for each in scanner.find(text)]


# ----- what is found, and where -----------------------------------------------------------------------------------


def test_finds_are_in_order_and_apart() -> None:
    text = "\n".join(case.text for case in POOL[::9])
    found = SCANNER.find(text)
    assert all(one.end < other.start for one, other in pairwise(found))
    assert len(found) > 100


def test_the_name_of_a_format_is_told_before_that_of_its_place() -> None:
    key = next(case.secret for case in POOL if case.kind == "github-token")
    assert kinds(f'GITHUB_TOKEN="{key}"') == ["github-token"]
    assert kinds(f"https://x-access-token:{key}@github.com/owner/name.git") == ["github-token"]


def test_an_exact_secret_is_found_as_it_is_written_anywhere() -> None:
    scanner = SecretScanner(["run-key-0815-of-the-run"])
    encoded = base64.b64encode(b"user:run-key-0815-of-the-run").decode()
    assert [each.kind for each in scanner.find(f"key run-key-0815-of-the-run, {encoded}")] == ["secret", "secret"]


def test_a_secret_that_is_not_ascii_is_found_where_it_stands() -> None:
    text = "Schlüssel: pässwörd-äöü!"
    assert SecretScanner(["pässwörd-äöü"]).find(text) == (Secret(11, 23, "secret"),)


def test_a_place_counts_characters_whatever_stands_before_it() -> None:
    key = next(case.secret for case in POOL if case.kind == "stripe-key")
    text = f"日本語 \ud800 😀 é: {key} fin"
    (found,) = SCANNER.find(text)
    assert text[found.start : found.end] == key


def test_a_public_key_and_a_certificate_are_no_secrets() -> None:
    body = base64.b64encode(Random(1).randbytes(200)).decode()
    assert kinds(f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----") == []
    assert kinds(f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----") == []


# ----- escapes ----------------------------------------------------------------------------------------------------


def escaped(text: str, depth: int) -> str:
    """Write every character as JSON may write it, one JSON text within the other."""
    written = "".join(f"\\u{ord(character):04x}" for character in text)
    for _ in range(depth):
        written = json.dumps(written)[1:-1]
    return written


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize(
    "case",
    [case for case in POOL if case.surroundings == "prose" and "webhook" not in case.kind][::7],
    ids=lambda case: case.kind,
)
def test_a_secret_of_escaped_characters_is_found_in_json(case: Planted, depth: int) -> None:
    written = escaped(case.secret, depth)
    text = json.dumps({"before": 1})[:-1] + f', "value": "{written}"}}'
    (found,) = SCANNER.find_in_json(text)
    assert text[found.start : found.end] == written
    assert found.kind == case.kind


def test_a_slash_may_be_escaped() -> None:
    case = next(case for case in POOL if case.kind == "aws-session-token" and "/" in case.secret)
    written = case.secret.replace("/", "\\/")
    assert SCANNER.redacted(f'{{"token": "{written}"}}') == '{"token": "[redacted:aws-session-token]"}'


def test_a_text_without_escapes_reads_the_same_either_way() -> None:
    assert all(SCANNER.find(case.text) == SCANNER.find_in_json(case.text) for case in POOL if "\\" not in case.text)


@given(st.text(alphabet='\\ux0041/"ak ', max_size=40))
def test_no_escape_is_too_odd(text: str) -> None:
    assert SCANNER.redacted(text) == text


# ----- redaction --------------------------------------------------------------------------------------------------


def test_of_a_redacted_text_only_the_secret_is_gone() -> None:
    for case in (case for case in POOL if covers(SCANNER.find(case.text), case)):
        redacted = SCANNER.redacted(case.text)
        assert case.secret not in redacted
        assert redacted.startswith(case.text[: min(case.start, 8)])
        assert redacted.endswith(case.text[max(case.end, len(case.text) - 3) :])


def test_a_redacted_text_holds_no_secret_any_more() -> None:
    assert [case.kind for case in POOL if SCANNER.find_in_json(SCANNER.redacted(case.text))] == []


@pytest.mark.parametrize("case", POOL[::60], ids=lambda case: f"{case.kind} in {case.surroundings}")
def test_no_excerpt_holds_half_a_secret(case: Planted) -> None:
    for start in range(0, len(case.text), 5):
        excerpt = SCANNER.excerpt(case.text, start, start + 40)
        kept = excerpt.split("[redacted:", maxsplit=1)
        assert kept[0] in case.text[start : start + 40]
        assert ("[redacted:" in excerpt) == (start < case.end and case.start < min(start + 40, len(case.text)))


# ----- what comes again -------------------------------------------------------------------------------------------


def test_a_text_that_comes_again_is_not_searched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    scanner = SecretScanner()
    texts = [case.text * 5 for case in POOL[:50]]
    before = [scanner.find(text) for text in texts]
    monkeypatch.setattr(scanner, "hits", None)
    assert [scanner.find("".join(text)) for text in texts] == before


def test_what_is_remembered_is_bounded_and_holds_no_text() -> None:
    scanner = SecretScanner(remembered=100)
    for number in range(500):
        scanner.find(f"{number} " * 100)
        scanner.find(POOL[number % len(POOL)].text * 4)
    assert len(scanner._known) <= 100
    assert sum(1 + len(found) for found in scanner._known.values()) <= 100
    assert all(len(digest) == 33 for digest in scanner._known)


# ----- hostile texts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "eyJ" * 30_000,
        "token=" * 20_000,
        "password:" * 15_000,
        "-----BEGIN RSA PRIVATE KEY-----\n" * 3_000,
        "://a:b" * 20_000,
        "sk-" + "a" * 100_000,
        "\\u0041" * 20_000,
        "\\" * 100_000 + "u0041",
        "A" * 100_000,
        "xoxb-" + "1-" * 50_000,
        "Bearer " * 15_000,
        ":AA" * 30_000,
        "aws_secret_access_key" + " " * 100_000,
        "\ud800" * 50_000,
    ],
    ids=lambda text: text[:12].encode("unicode_escape").decode(),
)
@pytest.mark.parametrize("wide", [False, True])
def test_a_hostile_text_is_searched_to_its_end(text: str, wide: bool) -> None:
    scanner = SecretScanner(["exactly-this"], wide=wide)
    assert scanner.find_in_json(text + " exactly-this")[-1].kind in ("secret", "private-key", "password")


# ----- rules of a file --------------------------------------------------------------------------------------------


def rules(text: str) -> Iterator[tuple[int, int, str]]:
    """One rule: a word in capitals between two signs."""
    start = text.find("<ACME-")
    while start >= 0:
        end = text.find(">", start)
        if 0 < end - start < 40:
            yield start, end + 1, "acme"
        start = text.find("<ACME-", start + 1)


def test_the_rules_of_a_file_are_asked_too() -> None:
    scanner = SecretScanner(rules=rules)
    key = next(case.secret for case in POOL if case.kind == "github-token")
    assert [each.kind for each in scanner.find(f"<ACME-1> {key} <ACME-2>")] == ["acme", "github-token", "acme"]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(["<ACME-12345>", "<ACME-", ">", "x" * 700, " ", "y" * 90]) | TEXTS, max_size=9).map(
        "".join
    ),
    st.lists(st.integers(0, 700), max_size=20),
)
def test_what_they_find_they_find_in_a_stream_as_well(text: str, cuts: list[int]) -> None:
    scanner = SecretScanner(rules=rules)
    stream = scanner.stream()
    found, at = [], 0
    for cut in [*cuts, len(text)]:
        found += stream.feed(text[at : at + cut])
        at += cut
    assert [*found, *stream.close()] == [each.kind for each in scanner.find(text)]
