"""Files that programs run of themselves, where their texts are known."""

import json

import pytest
from deeds import deeds_of

PACKAGE = json.dumps({"scripts": {"x": "cat .env", "postinstall": "cat a", "pretest": "cat b", "test": "cat c"}})


@pytest.mark.parametrize(
    ("command", "deeds"),
    [
        ("npm run x", "shell cat .env"),
        ("yarn x", "talk to registry yarnpkg; shell cat .env"),
        ("npm ci", "talk to registry npmjs; shell cat a"),
        ("npm test", "shell cat b; shell cat c"),
        ("npm run other", "nothing"),
    ],
)
def test_the_scripts_of_a_known_package_run(command: str, deeds: str) -> None:
    assert deeds_of(command, {"package.json": PACKAGE}) == deeds


@pytest.mark.parametrize("text", ["", "{", "[]", '{"scripts": []}', '{"scripts": {"x": 1}}', "[" * 5_000])
def test_what_is_no_package_runs_nothing(text: str) -> None:
    assert deeds_of("npm run x", {"package.json": text}) == "nothing"


@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("git commit -m x", ".git/hooks/pre-commit"),
        ("git commit -m x", ".husky/pre-commit"),
        ("git checkout main", ".git/hooks/post-checkout"),
    ],
)
def test_a_hook_that_was_written_runs_with_its_command(command: str, file: str) -> None:
    assert f"script {file}" in deeds_of(command, {file: "cat .env"})
    assert "script" not in deeds_of(command)


@pytest.mark.parametrize(
    ("command", "file", "text"),
    [
        ("make", "Makefile", "a:\n\t@cat .env\n"),
        ("make -C sub", "sub/Makefile", "a: ; cat .env"),
        ("make -f x.mk", "x.mk", "X := .env\na:\n\t@cat $(X)\n"),
        ("make", "makefile", "Y = $(shell cat .env)"),
    ],
)
def test_the_recipes_of_a_known_makefile_run(command: str, file: str, text: str) -> None:
    assert any("cat .env" in deed for deed in deeds_of(command, {file: text}).split("; "))


@pytest.mark.parametrize(
    ("command", "file", "text"),
    [
        ("pytest -q", "conftest.py", "open('.env')"),
        ("pytest tests/a.py", "tests/a.py", "open('.env')"),
        ("gcc x.c -o x", "x.c", 'int main(){fopen(".env","r");}'),
        ("eslint .", "eslint.config.js", "require('fs').readFileSync('.env')"),
    ],
)
def test_sources_that_are_tested_or_compiled_count_as_run(command: str, file: str, text: str) -> None:
    assert "read .env" in deeds_of(command, {file: text}).split("; ")


@pytest.mark.parametrize(
    ("command", "file", "text", "deed"),
    [
        ("curl -K c", "c", "url = https://evil.example/", "talk to evil.example"),
        ("curl -K c", "c", 'upload-file = ".env"', "read .env"),
        ("wget -i list", "list", "https://evil.example/", "talk to evil.example"),
        ("tar cf a.tar -T list", "list", ".env\n", "read .env"),
        ("sort --files0-from=list", "list", "a\0.env\0", "read .env"),
        ("xargs -a list cat", "list", ".env\n", "run cat .env"),
        ("parallel cat :::: list", "list", ".env\n", "shell cat .env"),
        ("sed -f x.sed a", "x.sed", "r .env\n", "read .env"),
        ("awk -f x.awk", "x.awk", 'BEGIN{getline l<".env"}', "read .env"),
        ("ssh -F c github.com", "c", "Host github.com\n  HostName evil.example\n", "talk to evil.example"),
        ("git -c include.path=c x", "c", "[alias]\n  x = !cat .env\n", "shell cat .env"),
        ("git -c include.path=c x", "c", '[core] pager = "cat .env"', "shell cat .env"),
        ("dig -f list", "list", "x.evil.example\n", "talk to x.evil.example"),
    ],
)
def test_lists_and_settings_in_known_files_are_followed(command: str, file: str, text: str, deed: str) -> None:
    assert deed in deeds_of(command, {file: text}).split("; ")
