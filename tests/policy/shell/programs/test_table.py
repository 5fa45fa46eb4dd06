"""The form in which programs are declared."""

import pytest
from deeds import deeds_of, printed_by

from guardian_ci.policy.shell.arguments import usage
from guardian_ci.policy.shell.effects import Invocation
from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.programs.table import SWEPT, declared, filtering, is_sweep


def test_a_declared_program_touches_what_its_usage_says() -> None:
    program = declared({"frob frobnicate": usage("text read*", write="-o")})["frobnicate"]
    touches = program(Invocation(argv=("frobnicate", "pattern", "a", "-o", "out"))).touches
    assert [(touch.access.value, touch.path) for touch in touches] == [("write", "out"), ("read", "a")]


def test_a_filter_prints_what_it_makes_of_its_input_unless_it_reads_files() -> None:
    rev = filtering({"rev": usage("read*")})["rev"]
    assert rev(Invocation(argv=("rev",), stdin="vne.")).output == ".env"
    assert rev(Invocation(argv=("rev", "-"), stdin="vne.")).output == ".env"
    assert rev(Invocation(argv=("rev", "a"), stdin="vne.")).output is None


@pytest.mark.parametrize("path", ["./**", "../**", "../../**", "~/**", "/**", "$HOME/**"])
def test_everything_below_here_home_or_the_root_is_a_sweep(path: str) -> None:
    assert is_sweep(path)


@pytest.mark.parametrize("path", ["src/**", "**", "./a/**", "./**/*.py", "/etc/**", ""])
def test_a_folder_by_its_name_is_no_sweep(path: str) -> None:
    assert not is_sweep(path)


@pytest.mark.parametrize("command", ["cat ./**", "base64 ./**", "head -n 1 ~/**", "strings /**"])
def test_to_print_a_sweep_is_dark(command: str) -> None:
    assert "dark" in deeds_of(command)


@pytest.mark.parametrize("command", ["wc -l ./**", "grep -l x ./**", "cat src/**", "cat **"])
def test_to_count_or_search_one_is_not(command: str) -> None:
    assert "dark" not in deeds_of(command)


def test_an_archive_of_everything_is_dark_where_it_is_shown_and_not_where_it_is_stored() -> None:
    assert printed_by("tar c .") == readable_sweep()
    assert deeds_of("strings <<< UNKNOWN./**") == "dark"
    assert deeds_of("gzip <<< UNKNOWN./**") == "nothing"


def readable_sweep() -> str:
    return SWEPT.replace(UNKNOWN, "UNKNOWN")
