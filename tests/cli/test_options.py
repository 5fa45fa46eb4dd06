"""What several commands take on their command line and from their environment."""

import argparse
from decimal import Decimal
from pathlib import Path

import pytest

from guardian_ci.cli.options import (
    add_proxy_options,
    default_state,
    dollars_of,
    keys_of,
    policy_of,
    pull_request_of,
    secrets_of,
    tokens_of,
    upstream_keys_of,
    user_of,
    withheld,
)
from guardian_ci.errors import PolicyError, UsageError
from guardian_ci.model import Limit
from guardian_ci.policy import load_policy


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_proxy_options(parser, port=8080)
    return parser.parse_args(arguments)


@pytest.mark.parametrize(
    ("text", "dollars"),
    [(None, None), ("", None), ("0", "0"), ("0.50", "0.50"), ("$2", "2"), ("1e-3", "0.001"), ("1e9", "1000000000")],
)
def test_dollars(text: str | None, dollars: str | None) -> None:
    assert dollars_of(text, "--budget") == (None if dollars is None else Decimal(dollars))


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "-inf", "1e10", "1e999999", "ten", "1,5", "$", "0x1", "1 0"])
def test_what_are_no_dollars(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--budget .* is no amount; give dollars"):
        dollars_of(text, "--budget")


@pytest.mark.parametrize(("text", "tokens"), [(None, None), ("", None), ("0", 0), ("50_000", 50_000), ("007", 7)])
def test_tokens(text: str | None, tokens: int | None) -> None:
    assert tokens_of(text, "--token-budget") == tokens


@pytest.mark.parametrize("text", ["-1", "1.5", "1e3", "\u0663", "_", "many", "9" * 5000])
def test_what_are_no_tokens(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--token-budget .* is no number of tokens"):
        tokens_of(text, "--token-budget")


@pytest.mark.parametrize("text", ["-1", "65536", "http", "80.5", ""])
def test_what_is_no_port(text: str) -> None:
    with pytest.raises(argparse.ArgumentError, match="is no port; give a number from 0 to 65535"):
        parsed("--port", text)


def test_flags_set_the_budget_of_the_run_and_the_upstreams() -> None:
    policy = policy_of(parsed("--budget", "0.5", "--token-budget", "9", "--upstream", "anthropic=http://a"))
    (settings,) = policy.settings
    budgets = {each.scope: each.limit for each in settings.budgets}
    assert budgets["run"] == Limit(picodollars=5 * 10**11, tokens=9)
    assert {name: each.url for name, each in settings.upstreams.items()} == {"anthropic": "http://a"}


@pytest.mark.parametrize("pair", ["anthropic", "=http://a", "nobody=http://a", "Anthropic=http://a"])
def test_what_is_no_upstream(pair: str) -> None:
    with pytest.raises(UsageError, match="is not NAME=URL with NAME one of anthropic, openai, gemini"):
        policy_of(parsed("--upstream", pair))


@pytest.mark.parametrize("url", ["", "ftp://a", "a.example", "http://", "file:///etc/passwd"])
def test_an_upstream_that_is_no_address_is_refused_before_anything_starts(url: str) -> None:
    with pytest.raises((UsageError, PolicyError)):
        policy_of(parsed("--upstream", f"anthropic={url}"))


def test_a_key_in_an_upstreams_address_is_refused_and_not_shown() -> None:
    with pytest.raises(PolicyError, match="holds a user name or password; keys come from the environment") as refused:
        policy_of(parsed("--upstream", "anthropic=https://user:sk-secret@api.example"))
    assert "sk-secret" not in str(refused.value)
    assert "api.example" in str(refused.value)


@pytest.mark.parametrize(
    ("environment", "keys"),
    [
        ({}, {}),
        ({"ANTHROPIC_API_KEY": "sk-a", "OPENAI_API_KEY": " sk-o\n"}, {"anthropic": "sk-a", "openai": "sk-o"}),
        ({"ANTHROPIC_API_KEY": ""}, {}),
        ({"ANTHROPIC_API_KEY": "gci-token-of-an-outer-run"}, {}),
    ],
)
def test_keys_come_from_the_environment(environment: dict[str, str], keys: dict[str, str]) -> None:
    assert keys_of(environment) == keys


def test_a_key_in_a_file_wins(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-file\n")
    environment = {"GEMINI_API_KEY_FILE": str(tmp_path / "key"), "GEMINI_API_KEY": "sk-variable"}
    assert keys_of(environment) == {"gemini": "sk-file"}


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir(), lambda path: path.write_bytes(b"\xff")])
def test_a_key_file_that_cannot_be_read_is_an_error(tmp_path: Path, make: object) -> None:
    make(tmp_path / "key")  # type: ignore[operator]
    with pytest.raises(UsageError, match=r"OPENAI_API_KEY_FILE names .* which cannot be read"):
        keys_of({"OPENAI_API_KEY_FILE": str(tmp_path / "key")})


@pytest.mark.parametrize("value", ["sk a", "sk\nb", "sk-\u00e9", "\x7f"])
def test_a_key_that_no_header_can_hold_is_an_error_that_does_not_show_it(value: str) -> None:
    with pytest.raises(UsageError, match="ANTHROPIC_API_KEY holds") as refused:
        keys_of({"ANTHROPIC_API_KEY": value})
    assert value not in str(refused.value)


@pytest.mark.parametrize(
    ("options", "environment", "number"),
    [
        (["--pull-request", "7"], {"GITHUB_REF": "refs/pull/8/merge"}, "7"),
        ([], {"GITHUB_REF": "refs/pull/8/merge"}, "8"),
        ([], {"GITHUB_REF": "refs/heads/main"}, None),
        ([], {"GITHUB_REF": "refs/heads/refs/pull/8/"}, None),
        ([], {}, None),
    ],
)
def test_the_pull_request_is_the_named_one_or_the_jobs(
    options: list[str], environment: dict[str, str], number: str | None
) -> None:
    assert pull_request_of(parsed(*options), environment) == number


def test_the_user_is_the_named_one_or_the_jobs() -> None:
    assert user_of(parsed("--user", "ada"), {"GITHUB_ACTOR": "bob"}) == "ada"
    assert user_of(parsed(), {"GITHUB_ACTOR": "bob"}) == "bob"
    assert user_of(parsed(), {}) is None


def test_the_ledger_lies_where_it_outlives_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_state() == tmp_path / "guardian-ci"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_state() == tmp_path / ".local" / "state" / "guardian-ci"


UPSTREAMS = load_policy(
    "upstreams: {openrouter: {models: ['*/*']}, mine: {url: 'http://x', models: [a]},"
    " gw: {url: 'http://y', models: [b], key_variable: GW_KEY}}",
    "p.yml",
)


def test_the_key_of_each_upstream_comes_from_its_own_variable_or_the_file_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-file\n")
    environment = {"OPENROUTER_API_KEY": "sk-or", "GW_KEY_FILE": str(tmp_path / "key"), "OPENAI_API_KEY": "sk-openai"}
    assert upstream_keys_of(UPSTREAMS, environment) == {"OPENROUTER_API_KEY": "sk-or", "GW_KEY": "sk-file"}


@pytest.mark.parametrize("value", ["", " ", "gci-a-token-of-an-outer-run"])
def test_a_key_that_is_not_set_is_named_before_anything_starts(value: str) -> None:
    with pytest.raises(
        UsageError, match=r"^\$GW_KEY is not set, and the upstream gw of the policy takes its key from it"
    ):
        upstream_keys_of(UPSTREAMS, {"OPENROUTER_API_KEY": "sk-or", "GW_KEY": value})


def test_no_agent_sees_the_variables_that_hold_the_upstreams_keys() -> None:
    names = ("GW_KEY", "GW_KEY_FILE", "OPENROUTER_API_KEY", "OPENROUTER_API_KEY_FILE")
    assert withheld(UPSTREAMS) == names


CLOUDS = load_policy(
    "upstreams: {aws: {kind: bedrock, region: us-east-1, models: [a]},"
    " gcp: {kind: vertex, project: acme, location: global, models: [b]}}",
    "p.yml",
)


def test_what_opens_a_cloud_is_kept_from_agents_and_secret_where_the_policy_uses_it() -> None:
    environment = {"AWS_SECRET_ACCESS_KEY": "aws-secret", "GOOGLE_APPLICATION_CREDENTIALS": "/tmp/account.json"}
    assert {*environment, "AWS_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE"} <= set(withheld(CLOUDS))
    assert secrets_of(CLOUDS, environment) == ("aws-secret",)
    assert (secrets_of(UPSTREAMS, environment), upstream_keys_of(CLOUDS, environment)) == ((), {})
