"""The repository's order: tests mirror sources, every folder says its one phrase, and the map names every layer."""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "guardian_ci"
TESTS = ROOT / "tests"
LAYERS = sorted(path.name for path in SOURCES.iterdir() if (path / "__init__.py").exists())
MODULES = sorted(path.relative_to(SOURCES) for path in SOURCES.rglob("*.py"))

TESTED_ELSEWHERE = {
    "__main__.py": "one line that calls cli/main.py",
    "errors.py": "the tree alone; the exit codes are tested with the commands",
    "model.py": "values alone",
}
"""Modules without a test file of their own, and where what they do is tested."""


def place_of_test(module: Path) -> Path:
    """Return the place of a module's test; a package's is named after the package."""
    if module.name != "__init__.py":
        return TESTS / module.parent / f"test_{module.name}"
    return TESTS / module.parent / f"test_{module.parent.name}.py"


@pytest.mark.parametrize("module", [str(module) for module in MODULES if module.name != "__init__.py"])
def test_every_module_has_its_test_file(module: str) -> None:
    has_test = place_of_test(Path(module)).exists()
    if module in TESTED_ELSEWHERE:
        assert not has_test, f"{module} has a test file now: take it off the list"
    else:
        assert has_test, f"{module} has no {place_of_test(Path(module)).relative_to(ROOT)}"


@pytest.mark.parametrize("layer", LAYERS)
def test_every_test_file_of_a_layer_has_its_module(layer: str) -> None:
    places = {place_of_test(module) for module in MODULES}
    orphans = [path.relative_to(ROOT) for path in (TESTS / layer).rglob("test_*.py") if path not in places]
    assert orphans == []


def test_the_list_of_modules_tested_elsewhere_names_modules() -> None:
    assert set(TESTED_ELSEWHERE) <= {str(module) for module in MODULES}


@pytest.mark.parametrize("module", [str(module) for module in MODULES])
def test_every_module_says_what_it_is_for(module: str) -> None:
    assert ast.get_docstring(ast.parse((SOURCES / module).read_text(encoding="utf-8")))


def test_the_map_names_every_layer_with_the_phrase_of_its_folder() -> None:
    chart = ast.get_docstring(ast.parse((SOURCES / "__init__.py").read_text(encoding="utf-8"))) or ""
    for layer in LAYERS:
        docstring = ast.get_docstring(ast.parse((SOURCES / layer / "__init__.py").read_text(encoding="utf-8"))) or ""
        phrase = docstring.splitlines()[0].rstrip(".").lower()
        assert f"{layer}/" in chart
        assert phrase.startswith(line_of(chart, f"{layer}/")), f"{layer}: {phrase!r} is not the map's phrase"


def line_of(chart: str, name: str) -> str:
    """Return what the map says of a layer: up to the next column or the line's end."""
    return chart.partition(name)[2].lstrip().partition("\n")[0].partition("  ")[0].strip().lower()


def test_no_link_in_the_repository_dangles() -> None:
    # One dangling link anywhere, and the runner cannot set up a job that uses the action.
    listing = subprocess.run(["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    links = [line.split("\t")[1] for line in listing.splitlines() if line.startswith("120000")]
    assert [link for link in links if not (ROOT / link).exists()] == []
