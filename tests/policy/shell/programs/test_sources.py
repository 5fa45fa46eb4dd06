"""Files that programs run of themselves: sources, scripts of packages, hooks, where their texts are known."""

import pytest
from asking import deeds, read

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
