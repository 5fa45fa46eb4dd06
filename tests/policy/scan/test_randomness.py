"""Random values are told from names, versions, dates and stand-ins; measured over thousands of each."""

from random import Random

import pytest
from planted import ALPHABETS

from guardian_ci.policy.scan.randomness import counts, entropy, looks_like_password, looks_random, made_up


def share(judge: object, alphabet: str, length: int) -> float:
    """How many of two thousand drawn values a judge takes."""
    random = Random(length)
    assert callable(judge)
    return sum(judge("".join(random.choices(alphabet, k=length))) for _ in range(2_000)) / 2_000


@pytest.mark.parametrize("alphabet", ["b", "w", "x", "s"])
def test_drawn_values_of_32_characters_look_random(alphabet: str) -> None:
    assert share(looks_random, ALPHABETS[alphabet], 32) >= 0.99


@pytest.mark.parametrize("alphabet", ["o", "O"])
def test_so_do_those_of_one_case_with_digits_at_40(alphabet: str) -> None:
    assert share(looks_random, ALPHABETS[alphabet], 40) >= 0.99


@pytest.mark.parametrize("alphabet", ["b", "w", "x", "o"])
def test_no_drawn_value_is_taken_for_made_up(alphabet: str) -> None:
    assert share(made_up, ALPHABETS[alphabet], 32) <= 0.001


def test_drawn_passwords_look_like_passwords() -> None:
    assert share(looks_like_password, ALPHABETS["p"], 16) >= 0.98


@pytest.mark.parametrize(
    "value",
    [
        "accessTokenFromRequestHeader1",
        "gpt-4o-mini-2024-07-18",
        "python3.11-slim-bookworm",
        "2026-11-22T04:05:06Z",
        "v1.2.3-beta.4+build.567",
        "BatchGetSecretValueResponse",
        "my-service-account-v2",
        "projects/my-project/secrets/api-key/versions/3",
        "/home/runner/work/app/app/node_modules/.bin/x2",
        "organization_id_for_this_user",
        "12345678901234567890",
        "AutoModelForCausalLM.from_pretrained",
        "short1A",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "",
    ],
)
def test_names_versions_and_dates_do_not(value: str) -> None:
    assert not looks_random(value)


@pytest.mark.parametrize(
    "value",
    [
        "sk-ant-api03-" + "x" * 80,
        "ghp_" + "0" * 36,
        "AKIAIOSFODNN7EXAMPLE",
        "your-key-here-12345",
        "ab" * 20,
        "changeme",
        "sk-***************",
    ],
)
def test_a_stand_in_is_made_up(value: str) -> None:
    assert made_up(value)


@pytest.mark.parametrize("value", ["token1234567", "abcdefghij", "x0123456789"])
def test_a_value_that_counts_is_told(value: str) -> None:
    assert counts(value)
    assert not looks_random(value * 3)


@pytest.mark.parametrize(
    "value",
    [
        "password",
        "Passw0rd!",
        "hunter2!",
        "Required.",
        "Admin123!",
        "get_user",
        "MyS3cretPass!",
        "Some-Config-Name",
        "P@ss",
    ],
)
def test_words_are_no_passwords(value: str) -> None:
    assert not looks_like_password(value)


def test_entropy_is_in_bits_a_character() -> None:
    assert entropy("") == 0
    assert entropy("aaaa") == 0
    assert entropy("abab") == pytest.approx(1)
    assert entropy("abcdefgh") == pytest.approx(3)
