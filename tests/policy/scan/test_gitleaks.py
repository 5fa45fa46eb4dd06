"""A file of gitleaks rules finds what gitleaks would, says what is wrong with it, and is searched in bounded time."""

import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import drawn

from guardian_ci.errors import PolicyError
from guardian_ci.policy.scan.gitleaks import GitleaksRules
from guardian_ci.policy.scan.secrets import SecretScanner

pytest.importorskip("hyperscan")

FILE = Path(__file__).with_name("acme.toml").read_text(encoding="utf-8")
RULES = GitleaksRules(FILE, "acme.toml")
RANDOM = Random(5)
TOKEN = drawn("acme_<b32>", RANDOM)
HEX = "1f" + drawn("<x36>", RANDOM) + "1f"


def found(text: str, rules: GitleaksRules = RULES) -> list[tuple[str, str]]:
    return [(kind, text[start:end]) for start, end, kind in sorted(rules(text))]


def problems(text: str) -> list[str]:
    with pytest.raises(PolicyError) as error:
        GitleaksRules(text, "acme.toml")
    return error.value.problems


def rule(lines: str) -> GitleaksRules:
    return GitleaksRules(f"[[rules]]\nid = 'one'\n{lines}", "acme.toml")


def test_the_rules_are_named_and_those_for_paths_left_out() -> None:
    assert RULES.ids == ("acme-token", "acme-key", "pair", "greedy", "nested", "long", "umlaut")
    assert RULES.left_out == ("only-files", "only-yaml")


def test_a_match_is_found_where_its_secret_stands() -> None:
    assert found(f"key: {TOKEN} and") == [("acme-token", TOKEN)]
    assert found(f"日本 é {TOKEN}") == [("acme-token", TOKEN)]
    assert found(f'acme_api_key = "{HEX}"\n') == [("acme-key", HEX)]


def test_the_group_that_is_the_secret_may_be_named() -> None:
    secret = drawn("<b20>", RANDOM)
    assert found(f"id=abcd secret={secret}") == [("pair", secret)]


def test_a_match_of_any_length_is_found_whole_and_once() -> None:
    assert found("x " + "zz" + "a1" * 400 + " y") == [("greedy", "zz" + "a1" * 400)]


def test_two_matches_side_by_side_are_two() -> None:
    assert [kind for kind, _ in found(f"{TOKEN} {TOKEN}\n{HEX}")] == ["acme-token", "acme-token"]


def test_what_only_hyperscan_searches_is_found_whole() -> None:
    assert found("see nest-ab-cde-fghi-QWERTZUI, and") == [("nested", "nest-ab-cde-fghi-QWERTZUI")]


def test_a_match_longer_than_all_windows_is_found() -> None:
    text = "BEGIN-ACME" + "k" * 9_000 + "END-ACME"
    ((kind, part),) = found(f"a {text} b")
    assert kind == "long"
    assert part.endswith("END-ACME")
    assert found(f"a BEGIN-ACME{'k' * 900}END-ACME b") == [("long", f"BEGIN-ACME{'k' * 900}END-ACME")]


def test_a_rule_with_letters_beyond_ascii_is_searched_too() -> None:
    assert found("schlüssel=0123456789abcdef.") == [("umlaut", "0123456789abcdef")]


@pytest.mark.parametrize(
    "text",
    [
        "acme_" + "a" * 32,  # too little entropy
        f'acme = "{HEX}"  # not-a-secret',  # the line is allowed
        f'acme = "{"0" * 30}{HEX[:10]}"',  # both of two conditions hold
        f"{TOKEN[:20]}sandbox{TOKEN[27:]} ",  # a stop word
        f"x{TOKEN}",  # no boundary
        HEX,  # no keyword
    ],
)
def test_what_entropy_allowlists_and_keywords_take_out_is_not_found(text: str) -> None:
    assert found(text) == []


def test_one_of_two_conditions_is_not_both() -> None:
    value = "0" + HEX[1:]
    assert found(f'acme = "{value}"') == [("acme-key", value)]


def test_it_is_the_rules_of_a_scanner() -> None:
    scanner = SecretScanner(rules=RULES)
    assert scanner.redacted(f"key {TOKEN} end") == "key [redacted:acme-token] end"
    stream = scanner.stream()
    told = [kind for character in f"key {TOKEN} end" for kind in stream.feed(character)]
    assert [*told, *stream.close()] == ["acme-token"]


def test_without_the_extra_the_way_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hyperscan", None)
    assert problems(FILE) == [
        "acme.toml: rules in the format of gitleaks need hyperscan: install guardian-ci[gitleaks]"
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[rules", "it is not TOML"),
        ("", "there are none"),
        ("rules = 3", "these are tables"),
        ("[[rules]]\nregex = 'a'", "'None' is no id"),
        ("[[rules]]\nid = 'a b'\nregex = 'a'", "'a b' is no id"),
        ("[[rules]]\nid = 'a'\nregex = 'x'\n[[rules]]\nid = 'a'\nregex = 'y'", "rule a: it stands twice"),
        ("[[rules]]\nid = 'a'\nregex = 3", "rule a: its regex is no text"),
        ("[[rules]]\nid = 'a'\nregex = 'x'\nentropy = 'much'", "rule a: secretGroup and entropy are numbers"),
        ("[[rules]]\nid = 'a'\nregex = '(x)'\nsecretGroup = 2", "rule a: secretGroup is 2, but its regex has 1 groups"),
        ("[[rules]]\nid = 'a'\nregex = '(x+)+(?=y)'", "rule a: its regex cannot be searched"),
        ("[[rules]]\nid = 'a'\nregex = '(x'", "rule a: its regex cannot be searched"),
        ("[[rules]]\nid = 'a'\nregex = 'x'\nallowlist = {regexes = ['(']}", "a regex of its allowlist cannot be"),
        ("[[rules]]\nid = 'a'\nregex = 'x'\nallowlist = {regexTarget = 'all'}", "regexTarget is secret, match or line"),
        ("[[rules]]\nid = 'a'\nregex = 'x'\nallowlists = 'no'", "these are tables"),
        ("[extend]\nuseDefault = true", "only a whole file is read"),
    ],
)
def test_a_problem_names_the_rule_and_the_way_out(text: str, says: str) -> None:
    (problem, *_) = problems(text)
    assert problem.startswith("acme.toml: ")
    assert says in problem


def test_all_problems_are_told_at_once() -> None:
    assert len(problems("[[rules]]\nid = 'a'\nregex = '(x'\n[[rules]]\nid = 'b'\nregex = '['")) == 2


def test_a_rule_that_hyperscan_refuses_is_searched_all_the_same() -> None:
    rules = rule(r"regex = '\b(k[0-9]{4}\b.{0,3}|x)'" + "\nkeywords = ['k']")
    assert rules.ids == ("one",)
    looking_ahead = GitleaksRules("[[rules]]\nid = 'one'\nregex = '''é([0-9]{4})'''", "acme.toml")
    assert found("é1234", looking_ahead) == [("one", "1234")]


def test_an_allowlist_for_commits_alone_allows_nothing() -> None:
    rules = rule("regex = 'k[0-9]{4}'\n[[rules.allowlists]]\ncondition = 'AND'\ncommits = ['a']\nstopwords = ['k']")
    assert found("k1234", rules) == [("one", "k1234")]


def test_an_allowlist_of_the_file_may_be_for_some_rules() -> None:
    text = "[[allowlists]]\ntargetRules = ['b']\nstopwords = ['k']\n"
    text += "".join(f"[[rules]]\nid = '{name}'\nregex = 'k[0-9]{{4}}'\n" for name in "ab")
    assert found("k1234", GitleaksRules(text, "acme.toml")) == [("a", "k1234")]


def test_a_text_that_matches_everywhere_counts_as_found_where_the_search_ends() -> None:
    rules = rule("regex = '[a-f0-9]{8}'")
    text = "0123abcd " * 60_000
    spans = rules(text)
    assert spans[-1][1] == len(text)
    assert spans[0] == (0, 8, "one")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([TOKEN, HEX, "acme", " = ", '"', "\n", "zz", "nest-ab-cd-ef-", "\ud800"]) | st.text()))
def test_no_text_is_too_odd(parts: list[str]) -> None:
    text = "".join(parts)
    assert all(0 <= start <= end <= len(text) for start, end, _ in RULES(text))
