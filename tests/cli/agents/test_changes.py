"""What set-ups change in an environment."""

from pathlib import Path

from places import BASE, TOKEN, place

from guardian_ci.cli.agents.changes import changes
from guardian_ci.cli.agents.table import agents_named

OWN = "sk-own-key-of-the-agent"


def test_without_any_agent_there_are_base_urls_and_the_token_in_the_place_of_each_key(tmp_path: Path) -> None:
    made = changes([], place(tmp_path))
    assert made.variables == {
        "ANTHROPIC_BASE_URL": BASE,
        "ANTHROPIC_API_BASE": BASE,
        "OPENAI_BASE_URL": f"{BASE}/v1",
        "OPENAI_API_BASE": f"{BASE}/v1",
        "GOOGLE_GEMINI_BASE_URL": BASE,
        "ANTHROPIC_API_KEY": TOKEN,
        "GEMINI_API_KEY": TOKEN,
        "GOOGLE_API_KEY": TOKEN,
        "GOOGLE_GENERATIVE_AI_API_KEY": TOKEN,
        "OPENAI_API_KEY": TOKEN,
        "CODEX_API_KEY": TOKEN,
        "NO_PROXY": "127.0.0.1,localhost,::1",
        "no_proxy": "127.0.0.1,localhost,::1",
    }
    assert (made.files, made.links, made.removed, made.remarks) == ({}, {}, (), ())


def test_where_the_proxy_holds_no_key_the_agents_own_passes_through(tmp_path: Path) -> None:
    user = {"ANTHROPIC_API_KEY": OWN, "ANTHROPIC_AUTH_TOKEN": OWN, "LANG": "C"}
    made = changes(agents_named([]), place(tmp_path, user, held=frozenset({"openai"})))
    environment = made.applied(user)
    assert {name: environment[name] for name in user} == user
    assert "GEMINI_API_KEY" not in environment
    assert environment["OPENAI_API_KEY"] == TOKEN


def test_where_it_holds_the_key_what_an_agent_would_use_before_the_token_is_gone(tmp_path: Path) -> None:
    user = {"ANTHROPIC_AUTH_TOKEN": OWN, "CLAUDE_CODE_OAUTH_TOKEN": OWN}
    assert not user.keys() & changes([], place(tmp_path, user)).applied(user).keys()


def test_made_twice_the_changes_are_the_same(tmp_path: Path) -> None:
    user = {"NO_PROXY": "example.org, 127.0.0.1"}
    once = changes([], place(tmp_path, user))
    assert once.variables["NO_PROXY"] == "example.org,127.0.0.1,localhost,::1"
    assert changes([], place(tmp_path, once.applied(user))).variables == once.variables
