"""Which model ids a glob means."""

import pytest

from guardian_ci.policy.model_globs import model_matches


@pytest.mark.parametrize(
    ("pattern", "model", "meant"),
    [
        ("claude-*", "claude-opus-5-5", True),
        ("Claude-*", "CLAUDE-opus", True),
        ("*/*", "openai/gpt-5", True),
        ("*/*", "gpt-5", False),
        ("gpt-?", "gpt-5", True),
        ("gpt-?", "gpt-4.1", False),
        ("claude-opus-5-5[1m]", "claude-opus-5-5[1m]", True),
        ("llama3", "llama3.1", False),
    ],
)
def test_a_glob_means_ids_in_either_case_and_an_id_always_itself(pattern: str, model: str, meant: bool) -> None:
    assert model_matches(pattern, model) is meant
