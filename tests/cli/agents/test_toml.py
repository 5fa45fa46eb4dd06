"""Writing TOML: what is read back is what was meant."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.cli.agents.toml import toml_text

texts = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
moments = st.dates() | st.times() | st.datetimes()
values = st.recursive(
    texts | st.booleans() | numbers | moments,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(texts, values, max_size=5))
def test_what_is_written_is_read_back(document: dict[str, object]) -> None:
    assert tomllib.loads(toml_text(document)) == document


def test_what_toml_has_not_is_no_toml() -> None:
    with pytest.raises(TypeError, match="no NoneType"):
        toml_text({"a": None})
