"""Globs of model ids, as a policy's lists of models, budgets and upstreams have them."""

from fnmatch import fnmatchcase


def model_matches(pattern: str, model: str) -> bool:
    """Whether a glob of the policy means this model id; upper and lower case are the same."""
    # Brackets stand in some model ids (claude-opus-5-5[1m]), so the id itself always means itself.
    return model.lower() == pattern.lower() or fnmatchcase(model.lower(), pattern.lower())
