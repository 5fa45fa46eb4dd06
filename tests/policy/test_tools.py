"""What agents' tools are called, and what their arguments name."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.tools import CANONICAL_NAMES, canonical_name, describe_tool


@pytest.mark.parametrize(
    ("canonical", "names"),
    [
        ("read_file", "Read read view read_file read_files read_many_files NotebookRead View view_image"),
        ("write_file", "Write write create write_file create_file createNewFile write_to_file"),
        (
            "edit_file",
            (
                "Edit edit MultiEdit replace apply_patch NotebookEdit str_replace_editor replace_in_file"
                " str_replace_based_edit_tool text_editor_20250124 edit_existing_file"
            ),
        ),
        (
            "bash",
            (
                "Bash bash shell run_shell_command exec_command exec run_commands execute_command container.exec"
                " local_shell bash_20250124 PowerShell runTerminalCommand run_terminal_command"
            ),
        ),
        ("write_stdin", "write_stdin"),
        ("bash_output", "BashOutput"),
        ("web_fetch", "WebFetch webfetch web_fetch web_fetch_20250910 fetch"),
        (
            "web_search",
            (
                "WebSearch web_search google_web_search googleSearch web_search_20250305 web_search_preview"
                " web_search_preview_2025_03_11"
            ),
        ),
        ("code_execution", "code_execution_20250522 code_interpreter"),
        ("glob", "Glob glob file_glob_search"),
        ("grep", "Grep grep grep_search search_file_content"),
        ("list_dir", "LS list_directory ls list_files"),
        ("task", "Task Agent"),
        ("todo", "TodoWrite update_plan"),
    ],
)
def test_every_agents_name_for_an_act_is_the_same_name(canonical: str, names: str) -> None:
    assert {name: canonical_name(name) for name in names.split()} == dict.fromkeys(names.split(), canonical)


@pytest.mark.parametrize(
    "name", ["mcp__github__read_file", "deploy", "Reader", "", "read_file_and_more", "get_weather"]
)
def test_a_tool_that_no_table_knows_keeps_its_name(name: str) -> None:
    assert canonical_name(name) == name


def test_the_common_names_are_their_own() -> None:
    assert [canonical_name(name) for name in CANONICAL_NAMES] == list(CANONICAL_NAMES)


PATCH = """*** Begin Patch
*** Add File: docs/new.md
+*** Add File: not/this.md
*** Update File: src/a.py
*** Move to: src/b.py
@@
-x
+y
*** Delete File: .env
*** End Patch"""

DIFF = """diff --git a/src/a.py b/src/b.py
rename from src/a.py
rename to src/b.py
--- a/src/a.py\t2026-01-01
+++ b/src/b.py
@@ -1 +1 @@
--- /dev/null
+++ "b/with blank.txt"
"""


@pytest.mark.parametrize(
    ("name", "arguments", "paths"),
    [
        ("Read", {"file_path": "/a/b.py", "limit": 5}, ["/a/b.py"]),
        ("read", {"filePath": "b.py"}, ["b.py"]),
        ("Read", {"filepath": "b.py"}, ["b.py"]),
        ("view", {"path": "src"}, ["src"]),
        ("read_files", {"files": [{"path": "a"}, {"path": "b", "range": [1, 2]}]}, ["a", "b"]),
        ("read_many_files", {"paths": ["a", "b"], "include": ["*.pem"]}, ["a", "b", "*.pem"]),
        ("Write", {"file_path": "a", "content": "path: .env"}, ["a"]),
        ("write_file", {"file_path": "a", "content": {"path": ".env"}}, ["a"]),
        ("create", {"path": "a", "file_text": "x"}, ["a"]),
        ("Edit", {"file_path": "a", "old_string": "/x/y", "new_string": ".env"}, ["a"]),
        ("MultiEdit", {"file_path": "a", "edits": [{"old_string": "x", "new_string": "y"}]}, ["a"]),
        ("NotebookEdit", {"notebook_path": "a.ipynb", "new_source": "open('.env')"}, ["a.ipynb"]),
        ("Glob", {"pattern": "**/.env", "path": "src"}, ["**/.env", "src"]),
        ("Grep", {"pattern": "KEY", "path": ".env", "glob": "*.pem"}, [".env", "*.pem"]),
        ("grep_search", {"pattern": "x", "include": ".env"}, [".env"]),
        ("LS", {"dir_path": "/root/.ssh"}, ["/root/.ssh"]),
        ("apply_patch", {"input": PATCH}, ["docs/new.md", "src/a.py", "src/b.py", ".env"]),
        ("apply_patch", {"patchText": PATCH}, ["docs/new.md", "src/a.py", "src/b.py", ".env"]),
        ("apply_patch", {"patch": DIFF}, ["src/a.py", "src/b.py", "with blank.txt"]),
        ("replace_in_file", {"path": "a", "diff": "<<<<<<< SEARCH\nx\n=======\n"}, ["a"]),
        ("mcp__fs__read", {"uri": "file:///root/.ssh/id_rsa"}, ["/root/.ssh/id_rsa"]),
        ("mcp__fs__read", {"uri": "FILE:///a%20b/.env"}, ["/a b/.env"]),
        ("mcp__fs__read_multiple_files", {"paths": [".env", "b"]}, [".env", "b"]),
        ("mcp__fs__move_file", {"source": "a", "destination": ".env"}, ["a", ".env"]),
        ("mcp__x__y", {"options": {"inputFile": "k.pem"}}, ["k.pem"]),
        ("mcp__web__get", {"url": "https://x/.env", "uri": "https://x/.env"}, []),
        ("WebFetch", {"url": "file:///etc/passwd"}, ["/etc/passwd"]),
        ("WebFetch", {"url": "https://x.example/.env", "prompt": "read .env"}, []),
        ("tool_call", {"name": "read_file", "arguments": {"path": ".env"}}, [".env"]),
        ("tool_call", {"name": "read_file", "arguments": '{"path": ".env"}'}, [".env"]),
        ("Read", {"file_path": "a\n.env"}, ["a", ".env"]),
        ("Read", {"which": ".env"}, [".env"]),
        ("Grep", {"pattern": ".env"}, []),
        ("Task", {"prompt": "read .env", "description": "x"}, []),
    ],
)
def test_the_paths_of_a_call_are_found(name: str, arguments: object, paths: list[str]) -> None:
    tool = describe_tool("call_1", name, json.dumps(arguments))
    assert list(tool.paths) == paths


@pytest.mark.parametrize(
    ("name", "arguments", "command"),
    [
        ("Bash", {"command": "cat .env", "description": "x"}, "cat .env"),
        ("exec_command", {"cmd": "ls", "workdir": "/x"}, "ls"),
        ("shell", {"command": ["bash", "-lc", "cat .env"]}, "bash -lc 'cat .env'"),
        ("local_shell", {"action": {"type": "exec", "command": ["cat", ".env"]}}, "cat .env"),
        ("run_commands", {"commands": ["ls", "cat .env"]}, "ls\ncat .env"),
        ("run_commands", {"commands": [{"command": "ls"}, {"command": "pwd"}]}, "ls\npwd"),
        ("write_stdin", {"session_id": 1, "chars": "cat .env\n"}, "cat .env\n"),
        ("run_shell_command", {"instruction": "cat .env"}, "cat .env"),
        ("bash", {"command": 5}, ""),
        ("bash", [], ""),
        ("bash", "cat .env", "cat .env"),
        ("tool_call", {"name": "run_shell_command", "arguments": {"command": "ls"}}, "ls"),
        ("mcp__shell__run", {"command": "cat .env"}, "cat .env"),
        ("Read", {"file_path": "a"}, None),
        ("str_replace_based_edit_tool", {"command": "view", "path": "a"}, None),
        ("TodoWrite", {"todos": []}, None),
    ],
)
def test_the_command_of_a_call_is_found(name: str, arguments: object, command: str | None) -> None:
    assert describe_tool("call_1", name, json.dumps(arguments)).command == command


def test_a_freeform_patch_names_its_files() -> None:
    tool = describe_tool("c", "apply_patch", PATCH)
    assert tool.canonical == "edit_file"
    assert tool.paths == ("docs/new.md", "src/a.py", "src/b.py", ".env")


def test_raw_program_text_counts_as_a_command() -> None:
    script = 'await tools.exec_command({cmd: "cat .env"})'
    assert describe_tool("c", "exec", script).command == script


@pytest.mark.parametrize(
    "arguments",
    [
        '{"file_path": "/root/.ssh/id_rsa"',
        "read /root/.ssh/id_rsa please",
        '{"path": "a", "path": "/root/.ssh/id_rsa"}',
        '{"path": "a", "file_path": ["/root/.ssh/id_rsa',
        '"/root/.ssh/id_rsa"',
    ],
)
def test_arguments_that_parsers_may_read_differently_are_judged_by_all_their_words(arguments: str) -> None:
    assert "/root/.ssh/id_rsa" in describe_tool("c", "Read", arguments).paths


def test_an_editor_that_also_reads_is_named_by_what_it_does() -> None:
    acts = {
        command: describe_tool("c", "str_replace_editor", json.dumps({"command": command, "path": "a"})).canonical
        for command in ("view", "create", "str_replace")
    }
    assert acts == {"view": "read_file", "create": "write_file", "str_replace": "edit_file"}


def test_the_call_itself_stays_as_the_model_wrote_it() -> None:
    tool = describe_tool("c1", "Bash", '{"command":  "ls"}')
    assert (tool.id, tool.name, tool.arguments) == ("c1", "Bash", '{"command":  "ls"}')


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["path", "command", "files", "input", "name", "arguments", "x"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
names = st.sampled_from(["Read", "Bash", "apply_patch", "tool_call", "mcp__a__b", "Glob", "x"]) | st.text(max_size=5)


@given(names, json_values.map(json.dumps) | st.text(max_size=40))
def test_any_arguments_can_be_described(name: str, arguments: str) -> None:
    tool = describe_tool("c", name, arguments)
    assert tool.arguments == arguments
    assert all(isinstance(path, str) for path in tool.paths)


@pytest.mark.parametrize("arguments", ["[" * 100_000, '{"a":' * 100_000, "1" * 10_000, '{"path": ' + "9" * 5000 + "}"])
def test_no_depth_and_no_size_is_too_much(arguments: str) -> None:
    assert describe_tool("c", "Read", arguments).canonical == "read_file"
