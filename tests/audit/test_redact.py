"""No key reaches the log: not in a name, not in a value, not in half."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.audit.redact import Redactor

AWS = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzzzz"
PLANTED = {
    "api-key": [
        "sk-ant-api03-" + "Ab_-9" * 16 + "AA",
        "sk-ant-oat01-" + "x" * 80,
        "sk-proj-" + "aB3_" * 20,
        "sk-svcacct-" + "aB3-" * 20,
        "sk-" + "a1B2" * 12,
        "sk-or-v1-" + "0f" * 32,
    ],
    "google-key": ["AIza" + "Sy0_-" * 7, "ya29." + "a0Af" * 10],
    "github-token": ["ghp_" + "a1B2" * 9, "gho_" + "a" * 36, "ghs_" + "1" * 36, "github_pat_" + "11AB_" * 12],
    "gitlab-token": ["glpat-" + "x1Y2" * 5],
    "aws-key-id": ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"],
    "slack-token": ["xoxb-" + "123456789012-" * 2 + "abcDEF", "xapp-1-A0123-456-abcdef"],
    "stripe-key": ["sk_live_" + "4eC39HqLyjWD" * 2],
    "service-token": ["npm_" + "a1B2" * 9, "hf_" + "aBcD" * 9, "gsk_" + "a1" * 26, "xai-" + "a1B2" * 20],
    "pypi-token": ["pypi-" + "AgEIcHlwaS5vcmc" * 4],
    "jwt": ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"],
    "run-token": ["gci-" + "0123456789abcdef" * 3],
    "private-key": [
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\nabc\n-----END PGP PRIVATE KEY BLOCK-----",
    ],
}
KEYS = [(kind, key) for kind, keys in PLANTED.items() for key in keys]
EMBEDDED = {
    "bearer-token": ("Authorization: Bearer ", "abcDEF123456.7890~x"),
    "credentials": ("Authorization: Basic ", "dXNlcjpwYXNzd29yZA=="),
    "header-key": ('{"x-api-key": "', "0123456789abcdef"),
    "password": ("postgres://admin:", "hunter2@2"),
    "aws-secret": ("aws_secret_access_key = ", AWS),
    "slack-webhook": ("https://hooks.slack.com/", "services/T000/B000/XXXXXXXXXXXXXXXX"),
}


@pytest.mark.parametrize(("kind", "key"), KEYS)
def test_a_known_format_of_key_is_taken_out_and_named(kind: str, key: str) -> None:
    if key.endswith("b3BlbnNzaC1rZXk"):  # a block without its end: all that follows may be key
        assert Redactor().text(f"key: {key}") == f"key: [redacted:{kind}]"
    else:
        assert Redactor().text(f"key: {key} and more") == f"key: [redacted:{kind}] and more"


@pytest.mark.parametrize(("kind", "key"), KEYS)
def test_a_key_is_found_behind_the_escaped_newline_of_a_json_text(kind: str, key: str) -> None:
    arguments = json.dumps({"content": f"first\n{key}\nlast"})
    assert json.dumps(key)[1:-1] not in Redactor().text(arguments)
    assert f"[redacted:{kind}]" in Redactor().text(arguments)


@pytest.mark.parametrize(("kind", "key"), KEYS)
def test_a_key_is_found_inside_a_word(kind: str, key: str) -> None:
    assert key not in Redactor().text(f"export TOKEN{key}")


@pytest.mark.parametrize("kind", EMBEDDED)
def test_a_secret_that_its_neighbourhood_gives_away_is_taken_out_alone(kind: str) -> None:
    before, secret = EMBEDDED[kind]
    after = "@db/prod" if kind == "password" else " end"
    assert Redactor().text(before + secret + after) == f"{before}[redacted:{kind}]{after}"


@pytest.mark.parametrize(
    "text",
    [
        "risk-assessment and task-force-operations-in-the-field-of-interest",
        "https://example.org:8080/path/to@something",
        "git@github.com:owner/name.git",
        "see the -----BEGIN CERTIFICATE----- block",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "Bearer of bad news",
        "def api_key(self) -> str: ...",
        "import eyJ",
    ],
)
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert Redactor().text(text) == text


SECRET = 'p&ss"w\\rd-é/+1234567890'


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        json.dumps({"key": SECRET}),
        json.dumps({"key": SECRET}, ensure_ascii=False),
        f"https://example.org/?key={quote(SECRET, safe='')}",
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(b"u:" + SECRET.encode()).decode(),
        base64.b64encode(b"user:" + SECRET.encode() + b"!").decode(),
        base64.urlsafe_b64encode(b"user1:" + SECRET.encode()).decode(),
    ],
)
def test_an_exact_secret_is_found_however_it_is_written(written: str) -> None:
    assert "[redacted:secret]" in Redactor([SECRET]).text(f"<{written}>")


def test_a_secret_too_short_to_be_one_takes_no_words_apart() -> None:
    assert Redactor(["", "a", "test"]).text("a test") == "a test"


def test_of_two_secrets_the_one_inside_the_other_leaves_nothing_of_it() -> None:
    redactor = Redactor(["abcdef", "abcdef-ghijkl", "ghijkl-mnopqr"])
    assert redactor.text("<abcdef-ghijkl-mnopqr>") == "<[redacted:secret]>"


def test_an_exact_secret_inside_a_longer_key_leaves_nothing_of_the_key() -> None:
    key = "sk-ant-api03-" + "x" * 40
    assert Redactor([key[:30]]).text(f"<{key}>") == "<[redacted:secret]>"


def test_values_are_redacted_at_every_depth_and_in_names() -> None:
    key = "ghp_" + "a1B2" * 9
    value = {"a": [{"b": f"x {key}"}, 1, None, True, 1.5], key: {key: key}}
    assert Redactor().value(value) == {
        "a": [{"b": "x [redacted:github-token]"}, 1, None, True, 1.5],
        "[redacted:github-token]": {"[redacted:github-token]": "[redacted:github-token]"},
    }


def test_names_that_become_the_same_keep_both_values() -> None:
    value = {"ghp_" + "a" * 36: 1, "ghp_" + "b" * 36: 2}
    assert Redactor().value(value) == {"[redacted:github-token]": 1, "[redacted:github-token] #2": 2}


def test_a_value_nested_without_end_is_cut_off() -> None:
    deep: object = "x"
    for _ in range(10_000):
        deep = [deep]
    assert "too deep" in json.dumps(Redactor().value(deep))


def test_an_excerpt_is_cut_after_redaction_so_that_no_half_key_stays() -> None:
    text = "x" * 1_980 + "sk-ant-api03-" + "y" * 80
    excerpt = Redactor().excerpt(text, 2_000)
    assert len(excerpt) <= 2_000
    assert "sk-ant" not in excerpt


def test_a_short_excerpt_is_the_whole_text() -> None:
    assert Redactor().excerpt("short", 2_000) == "short"


@given(st.lists(st.sampled_from([key for _, key in KEYS]) | st.text(max_size=6), max_size=6).map("".join))
def test_no_planted_key_survives_whatever_surrounds_it(text: str) -> None:
    redacted = Redactor().text(text)
    assert not [key for _, key in KEYS if key in redacted]


@given(st.text(), st.text(min_size=6, max_size=12), st.text())
def test_no_exact_secret_survives_whatever_surrounds_it(before: str, secret: str, after: str) -> None:
    redacted = Redactor([secret]).text(before + secret + after)
    assert secret not in redacted.replace("[redacted:secret]", "")
    assert "[redacted:" in redacted


@given(st.text(alphabet="skgcipanteyJ-:/@.BEGIN \n", max_size=60))
def test_what_is_redacted_once_stays_so(text: str) -> None:
    once = Redactor().text(text)
    assert Redactor().text(once) == once
