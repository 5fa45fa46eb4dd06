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
    "__main__.py": "cli/test_main.py",
    "errors.py": "cli/test_main.py",
    "model.py": "test_layout.py",
    "cli/agents/agent.py": "cli/agents/test_table.py",
    "cli/commands.py": "cli/test_main.py",
    "cli/explanation.py": "cli/test_explain.py",
    "cli/launch.py": "cli/test_serve.py",
    "demo/asking.py": "demo/test_upstream.py",
    "demo/bill.py": "demo/test_upstream.py",
    "demo/stream.py": "demo/test_upstream.py",
    "policy/build.py": "policy/test_policy.py",
    "policy/default.py": "policy/test_policy.py",
    "policy/code_mode_tools.py": "policy/test_code_mode.py",
    "policy/javascript_program.py": "policy/test_code_mode.py",
    "policy/javascript_values.py": "policy/test_code_mode.py",
    "policy/merge.py": "policy/test_policy.py",
    "policy/problems.py": "policy/test_check.py",
    "policy/rules/scopes.py": "policy/rules/test_cost_limit.py",
    "policy/rules/tool_lists.py": "policy/rules/test_tool_allowlist.py",
    "policy/scan/context.py": "policy/scan/test_injection.py",
    "policy/scan/phrases.py": "policy/scan/test_injection.py",
    "policy/scan/sql.py": "policy/scan/test_injection.py",
    "policy/scan/tongues.py": "policy/scan/test_injection.py",
    "policy/schema.py": "policy/test_check.py",
    "policy/sense.py": "policy/test_check.py",
    "policy/settings.py": "policy/test_policy.py",
    "policy/shell/effects.py": "policy/shell/test_launching.py",
    "policy/shell/facts.py": "policy/shell/test_record.py",
    "policy/shell/literal_tokens.py": "policy/shell/test_inline.py",
    "policy/shell/literal_values.py": "policy/shell/test_inline.py",
    "policy/shell/python_library.py": "policy/shell/test_inline.py",
    "policy/shell/python_values.py": "policy/shell/test_inline.py",
    "policy/shell/syntax.py": "policy/shell/test_grammar.py",
    "proxy/http_call.py": "proxy/test_relay.py",
    "proxy/config.py": "proxy/test_app.py",
    "proxy/serving.py": "proxy/test_server.py",
    "proxy/socket_handshake.py": "proxy/test_socket.py",
    "proxy/socket_turn.py": "proxy/test_socket.py",
    "proxy/upstream_socket.py": "proxy/test_socket.py",
    "session/bounds.py": "session/test_guard.py",
    "session/commands.py": "session/test_guard.py",
    "session/events.py": "session/test_guard.py",
    "session/open_call.py": "session/test_guard.py",
    "session/state.py": "session/test_guard.py",
    "wire/anthropic_answer.py": "wire/test_anthropic_messages.py",
    "wire/openai_chat_answer.py": "wire/test_openai_chat.py",
    "wire/openai_responses_answer.py": "wire/test_openai_responses.py",
}
"""Modules of values, or that serve one other module: where what they do is tested (model.py has nothing to test)."""

ACROSS = {
    "policy/test_benign.py": "what the default policy makes of ordinary commands and texts",
    "policy/test_code_mode_runs.py": "what programs of the code mode really call, in an engine",
    "policy/test_evasions.py": "what the rules make of disguised ways to files and hosts, sessions among them",
    "proxy/test_fidelity.py": "which bytes pass as they are, in every protocol, and the list of those that do not",
    "proxy/test_side_requests.py": "what becomes of agents' side requests: searches, deferred tools, small models",
    "wire/test_stream_properties.py": "what agents get of answers, in every protocol, read by the official SDKs",
}
"""Tests of what several modules do together, and what that is."""


def place_of_test(module: Path) -> Path:
    """Return the place of a module's test; a package's is named after the package."""
    if module.name != "__init__.py":
        return TESTS / module.parent / f"test_{module.name}"
    return TESTS / module.parent / f"test_{module.parent.name}.py"


@pytest.mark.parametrize("module", [str(module) for module in MODULES if module.name != "__init__.py"])
def test_every_module_is_tested_in_a_file_of_its_name_or_in_the_one_that_is_named_for_it(module: str) -> None:
    own = place_of_test(Path(module))
    if module in TESTED_ELSEWHERE:
        assert not own.exists(), f"{module} has a test file of its own now: take it off the list"
        assert (TESTS / TESTED_ELSEWHERE[module]).exists(), f"{module} is not tested in {TESTED_ELSEWHERE[module]}"
    else:
        assert own.exists(), f"{module} has no {own.relative_to(ROOT)}"


@pytest.mark.parametrize("layer", LAYERS)
def test_every_test_file_of_a_layer_has_its_module(layer: str) -> None:
    places = {place_of_test(module) for module in MODULES}
    places |= {TESTS / name for name in ACROSS}
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
