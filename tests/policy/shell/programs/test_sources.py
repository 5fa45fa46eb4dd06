"""Files that programs run of themselves: sources, scripts of packages, hooks, where their texts are known."""

import json

import pytest
from asking import deeds, read
from deeds import deeds_of

from guardian_ci.policy.shell.collector import Collector
from guardian_ci.policy.shell.effects import Runs
from guardian_ci.policy.shell.programs.sources import note_hooks, note_package_scripts, note_source


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.py", 'open(".env").read()'),
        ("a.js", 'require("fs").readFileSync(".env")'),
        ("a.rb", 'File.read(".env")'),
        ("a.pl", 'open(F, "<.env");'),
        ("a.php", '<?php readfile(".env");'),
    ],
)
def test_a_source_does_what_its_language_says(file: str, text: str) -> None:
    collector = Collector("tool", files={file: text})
    note_source(collector, file)
    assert ".env" in {touch.path for touch in collector.effects().touches}


def test_a_source_that_is_not_known_does_nothing_that_is_known() -> None:
    collector = Collector("tool")
    note_source(collector, "a.py")
    assert collector.effects() == Collector("tool").effects()


def test_a_script_of_a_package_runs_with_those_before_and_behind_it() -> None:
    package = '{"scripts": {"predo": "one", "do": "two", "postdo": "three", "other": "four"}}'
    collector = Collector("npm", files={"package.json": package})
    note_package_scripts(collector, ("do",))
    assert collector.effects().runs == (Runs(source="one"), Runs(source="two"), Runs(source="three"))


@pytest.mark.parametrize(
    "package", ["", "{", "[]", '{"scripts": []}', '{"scripts": {"do": 1}}', "[" * 100_000, '{"scripts": null}']
)
def test_a_package_that_is_none_runs_nothing(package: str) -> None:
    collector = Collector("npm", files={"package.json": package})
    note_package_scripts(collector, ("do",))
    assert collector.effects().runs == ()


@pytest.mark.parametrize("folder", [".git/hooks", ".husky", ".githooks"])
def test_a_hook_runs_where_it_was_written(folder: str) -> None:
    collector = Collector("git", files={f"{folder}/pre-push": "cat .env", f"{folder}/pre-commit": "true"})
    note_hooks(collector, "pre-push")
    assert [run.file for run in collector.effects().runs] == [f"{folder}/pre-push"]


def test_a_compiler_is_followed_into_its_source() -> None:
    assert read(".env") <= deeds("zig run a.py", files={"a.py": 'open(".env")'})


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
