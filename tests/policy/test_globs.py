"""How a name, which may be a glob, fits a part of a pattern."""

import re
from fnmatch import translate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.globs import Fit, fit, literal_part, name_of, part_of
from guardian_ci.policy.shell.facts import TAME, UNKNOWN


def fits(name: str, part: str) -> Fit:
    return fit(name_of(name), part_of(part))


@pytest.mark.parametrize(
    ("part", "fit_of"),
    [
        (
            ".env",
            {
                ".env": Fit.COVERED,
                ".e*": Fit.LIKELY,
                ".en?": Fit.LIKELY,
                ".e?v": Fit.LIKELY,
                "[.]env": Fit.LIKELY,
                ".en[v]": Fit.LIKELY,
                ".[eE]nv": Fit.LIKELY,
                ".*env*": Fit.LIKELY,
                ".*nv": Fit.LIKELY,
                ".*": Fit.MAY,
                ".??*": Fit.MAY,
                ".???": Fit.MAY,
                ".[a-z]*": Fit.MAY,
                ".[!.]*": Fit.MAY,
                ".[[:alpha:]]*": Fit.MAY,
                "?env": Fit.MAY,
                "*env": Fit.MAY,
                "*nv*": Fit.MAY,
                f".e{UNKNOWN}": Fit.MAY,
                f"{UNKNOWN}env": Fit.MAY,
                f".{UNKNOWN}": Fit.MAY,
                "*": Fit.WEAK,
                "????": Fit.WEAK,
                "[!x]*": Fit.WEAK,
                UNKNOWN: Fit.WEAK,
                "*v": Fit.FAINT,
                ".env*": Fit.LIKELY,
                ".envrc": Fit.NONE,
                ".env.*": Fit.NONE,
                "e*": Fit.NONE,
                "?nv": Fit.NONE,
                ".[!e]nv": Fit.NONE,
                "*.py": Fit.NONE,
                f"{UNKNOWN}.py": Fit.NONE,
                f".env{TAME}": Fit.NONE,
                TAME: Fit.NONE,
                ".[env": Fit.NONE,
            },
        ),
        (
            "id_rsa*",
            {
                "id_rsa": Fit.COVERED,
                "id_rsa.*": Fit.COVERED,
                f"id_rsa{TAME}": Fit.COVERED,
                "id_*": Fit.LIKELY,
                "[i]d_r*": Fit.LIKELY,
                "i*": Fit.MAY,
                "*_rsa": Fit.MAY,
                "?d_rsa": Fit.MAY,
                "*sa": Fit.MAY,
                "*.py": Fit.FAINT,
                "*a": Fit.FAINT,
                f"{UNKNOWN}.py": Fit.FAINT,
                "index*": Fit.NONE,
            },
        ),
        (
            "*.pem",
            {
                "x.pem": Fit.COVERED,
                "*.pem": Fit.COVERED,
                f"{UNKNOWN}.pem": Fit.COVERED,
                "*.pe?": Fit.MAY,
                "server.???": Fit.MAY,
                "server.?em": Fit.MAY,
                "s?.???": Fit.MAY,
                "*.???": Fit.FAINT,
                "server.??": Fit.NONE,
                "*.p*": Fit.MAY,
                "*.*": Fit.FAINT,
                "*e*": Fit.FAINT,
                ".*": Fit.FAINT,
                "*": Fit.WEAK,
                "*.py": Fit.NONE,
            },
        ),
        ("*", {"x": Fit.COVERED, "*": Fit.COVERED, UNKNOWN: Fit.COVERED}),
        ("[^a-c]x", {"dx": Fit.COVERED, "ax": Fit.NONE}),
    ],
)
def test_a_name_fits_a_part_by_what_it_says_of_it(part: str, fit_of: dict[str, Fit]) -> None:
    assert {name: fits(name, part) for name in fit_of} == fit_of


def test_a_literal_part_means_one_name_whatever_is_in_it() -> None:
    part = literal_part("a[b]*")
    assert fit(name_of("a[b]*"), part) is Fit.COVERED
    assert fit(name_of("abc"), part) is Fit.NONE


plain = st.text(st.sampled_from("ab.-"), min_size=1, max_size=6)
globs = st.lists(st.sampled_from(["a", "b", ".", "*", "?", "[ab]", "[!a]", "-"]), min_size=1, max_size=6).map("".join)


@given(plain, globs)
def test_a_plain_name_fits_just_as_fnmatch_says(name: str, part: str) -> None:
    matched = re.compile(translate(part)).match(name) is not None
    assert fits(name, part) is (Fit.COVERED if matched else Fit.NONE)


@given(plain, globs, globs)
def test_what_two_globs_have_in_common_is_never_denied(name: str, one: str, other: str) -> None:
    if re.compile(translate(one)).match(name) and re.compile(translate(other)).match(name):
        assert fits(one, other) is not Fit.NONE


@given(plain, st.data())
def test_a_name_with_a_part_made_unknown_still_fits_as_far_as_that_goes(name: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(name)))
    end = data.draw(st.integers(start, len(name)))
    assert fits(name[:start] + UNKNOWN + name[end:], name) >= Fit.FAINT


@pytest.mark.parametrize(
    "name", ["*" * 100_000, "[" * 100_000, "a*" * 50_000, "?" * 100_000, "[a" * 50_000, "[" + "a" * 100_000 + "]*"]
)
def test_a_long_glob_costs_no_more_than_its_length(name: str) -> None:
    assert fits(name, "*a*a*a*a*b") >= Fit.NONE


def test_a_glob_that_is_too_long_for_anybody_to_have_meant_well_may_be_anything() -> None:
    assert fits(".[" + "e" * 2000 + "]nv", ".env") >= Fit.WEAK
