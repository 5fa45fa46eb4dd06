"""What agents' tools are called, and what their arguments name."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.code_mode import UNREAD
from guardian_ci.policy.tools import CANONICAL_NAMES, canonical_name, describe_tool

UNKNOWN_COMMAND = 'eval "$computed"'

AGENTS = {
    "Claude Code": {
        "bash": "Bash PowerShell",
        "bash_output": "BashOutput",
        "bash_stop": "KillShell KillBash",
        "read_file": "Read NotebookRead",
        "write_file": "Write",
        "edit_file": "Edit MultiEdit NotebookEdit",
        "list_dir": "LS",
        "glob": "Glob",
        "grep": "Grep",
        "web_fetch": "WebFetch",
        "web_search": "WebSearch web_search_20250305",
        "task": "Task Agent TaskOutput TaskStop",
        "todo": "TodoWrite TodoRead TaskCreate TaskUpdate TaskList TaskGet",
        "plan": "ExitPlanMode EnterPlanMode",
        "ask_user": "AskUserQuestion",
        "skill": "Skill SlashCommand",
        "tool_search": "ToolSearch",
        "mcp_resource": "ListMcpResourcesTool ReadMcpResourceTool",
    },
    "Codex": {
        "bash": "exec_command shell local_shell shell_command container.exec exec unified_exec",
        "write_stdin": "write_stdin",
        "edit_file": "apply_patch",
        "read_file": "view_image read_file",
        "list_dir": "list_dir",
        "grep": "grep_files",
        "todo": "update_plan",
        "task": "spawn_agent send_input close_agent",
        "ask_user": "request_user_input",
        "mcp_resource": "list_mcp_resources read_mcp_resource list_mcp_resource_templates",
    },
    "Gemini CLI": {
        "bash": "run_shell_command",
        "read_file": "read_file read_many_files",
        "write_file": "write_file",
        "edit_file": "replace",
        "list_dir": "list_directory",
        "glob": "glob",
        "grep": "search_file_content grep_search",
        "web_fetch": "web_fetch",
        "web_search": "google_web_search googleSearch",
        "memory": "save_memory",
        "todo": "write_todos",
        "skill": "activate_skill",
        "task": "codebase_investigator delegate_to_agent",
        "plan": "enter_plan_mode exit_plan_mode",
        "ask_user": "ask_user",
    },
    "Copilot": {
        "bash": "bash powershell run_in_terminal runInTerminal",
        "write_stdin": "write_bash write_powershell",
        "bash_output": "read_bash list_bash read_powershell get_terminal_output",
        "bash_stop": "stop_bash stop_powershell",
        "read_file": "view read_file",
        "write_file": "create create_file create_directory",
        "edit_file": "edit str_replace_editor insert_edit_into_file replace_string_in_file",
        "glob": "glob file_search",
        "grep": "grep grep_search",
        "list_dir": "list_dir",
        "web_fetch": "web_fetch fetch_webpage",
        "task": "task runSubagent read_agent",
        "todo": "update_todo manage_todo_list",
        "memory": "store_memory",
    },
    "opencode": {
        "bash": "bash",
        "read_file": "read",
        "write_file": "write",
        "edit_file": "edit patch multiedit apply_patch",
        "list_dir": "list",
        "glob": "glob",
        "grep": "grep",
        "web_fetch": "webfetch",
        "web_search": "websearch",
        "todo": "todowrite todoread",
        "task": "task",
        "skill": "skill",
        "ask_user": "question",
    },
    "Continue": {
        "bash": "Bash runTerminalCommand",
        "read_file": "Read readFile readFileRange readCurrentlyOpenFile",
        "write_file": "Write createNewFile",
        "edit_file": "Edit MultiEdit editExistingFile singleFindAndReplace",
        "list_dir": "List ls viewSubdirectory",
        "grep": "Search grepSearch",
        "glob": "fileGlobSearch globSearch",
        "web_fetch": "Fetch fetchUrlContent",
        "web_search": "searchWeb",
        "task": "Subagent",
    },
    "Cursor": {
        "bash": "run_terminal_cmd Shell",
        "read_file": "read_file",
        "write_file": "Write",
        "edit_file": "edit_file search_replace edit_notebook StrReplace reapply",
        "delete_file": "delete_file Delete",
        "list_dir": "list_dir",
        "glob": "glob_file_search",
        "grep": "grep_search",
        "web_search": "web_search",
        "todo": "todo_write",
        "memory": "update_memory",
    },
    "qwen": {"bash": "run_shell_command", "edit_file": "edit", "todo": "todo_write", "plan": "exit_plan_mode"},
    "cline": {
        "bash": "execute_command run_commands",
        "read_file": "read_file read_files",
        "write_file": "write_to_file",
        "edit_file": "replace_in_file apply_patch apply_diff insert_content search_and_replace",
        "grep": "search_files",
        "list_dir": "list_files list_code_definition_names",
        "web_fetch": "browser_action web_fetch fetch_web_content",
        "task": "new_task",
        "ask_user": "ask_followup_question",
        "mcp_resource": "access_mcp_resource",
        "skill": "use_skill",
    },
    "Windsurf": {
        "bash": "run_command",
        "bash_output": "command_status",
        "read_file": "view_file view_code_item view_line_range",
        "write_file": "write_to_file",
        "edit_file": "replace_file_content propose_code",
        "glob": "find_by_name",
        "web_fetch": "read_url_content browser_preview",
        "web_search": "search_web",
        "memory": "create_memory",
    },
    "others": {
        "bash": "execute terminal launch-process execute_bash executePwsh Execute developer__shell bash_20250124",
        "read_file": "fs_read ReadFile look_at",
        "write_file": "fs_write save-file fsAppend",
        "edit_file": (
            "str-replace-editor str_replace_based_edit_tool text_editor_20250124 developer__text_editor StrReplaceFile"
            " move_path copy_path"
        ),
        "delete_file": "remove-files delete_path",
        "glob": "find_path",
        "code_execution": "code_execution_20250522 code_interpreter execute_ipython_cell",
        "web_fetch": "web_fetch_20250910 FetchUrl read_web_page",
        "web_search": "web_search_preview web_search_preview_2025_03_11",
    },
}


@pytest.mark.parametrize("agent", AGENTS)
def test_every_agents_name_for_an_act_is_the_same_name(agent: str) -> None:
    named = {name: canonical for canonical, names in AGENTS[agent].items() for name in names.split()}
    assert {name: canonical_name(name) for name in named} == named


def test_a_name_that_says_that_it_is_a_tool_is_known_without_that() -> None:
    assert [canonical_name(name) for name in ("BashTool", "FileReadTool", "Tool")] == ["bash", "FileReadTool", "Tool"]


def test_a_prefix_that_agents_take_off_again_changes_nothing() -> None:
    assert canonical_name("functions.exec_command") == "bash"
    assert canonical_name("default_api.read_file") == "read_file"


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
        ("Glob", {"pattern": "**/.env", "path": "src"}, ["src", "src/**/.env"]),
        ("Glob", {"pattern": "/root/*", "path": "src"}, ["src", "/root/*"]),
        ("Grep", {"pattern": "KEY", "path": "src", "glob": "*.pem"}, ["src", "src/**/*.pem"]),
        ("Grep", {"pattern": "KEY", "glob": "*.pem,!*.md *.{key,x}"}, ["*.pem", "*.{key,x}"]),
        ("Grep", {"pattern": "KEY", "-g": ".env"}, [".env"]),
        ("file_search", {"query": "**/.env"}, ["**/.env"]),
        ("mcp__filesystem__search_files", {"path": ".", "pattern": ".env"}, [".", "./**/.env"]),
        ("mcp__serena__find_file", {"file_mask": ".env", "relative_path": "."}, [".", "./**/.env"]),
        ("mcp__x__read", {"file": {"name": ".env", "size": "5"}}, [".env"]),
        ("web_fetch", {"prompt": "read file:///root/.ssh/id_x now"}, ["/root/.ssh/id_x"]),
        ("mcp__docs__search", {"path": "x", "pattern": ".env"}, ["x"]),
        ("find_by_name", {"SearchDirectory": "/x", "Pattern": "*.pem"}, ["/x", "/x/**/*.pem"]),
        ("glob_file_search", {"glob_pattern": ".env*", "target_directory": "a/"}, ["a/", "a/**/.env*"]),
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
        ("mcp__x__y", {"arguments": '{"path": ".env"}'}, [".env"]),
        ("mcp__fs__rename", {"from": "a", "to": ".env"}, ["a", ".env"]),
        ("mcp__mail__send", {"from": "a", "to": "b"}, []),
        ("mcp__fs__read_file", {"which": ".env", "note": "the one that I mean"}, [".env"]),
        ("mcp__git__git_show", {"repo_path": ".", "revision": "HEAD:.env"}, [".env", "."]),
        ("mcp__filesystem__read_text_file", {"path": ".env", "head": 5}, [".env"]),
        ("mcp__filesystem__edit_file", {"path": ".env", "edits": [{"oldText": "/x", "newText": "y"}]}, [".env"]),
        ("edit_file", {"target_file": ".env", "code_edit": "/x/y"}, [".env"]),
        ("edit_notebook", {"target_notebook": "a.ipynb", "new_string": "/x"}, ["a.ipynb"]),
        ("write_to_file", {"TargetFile": ".env", "CodeContent": "/x/y"}, [".env"]),
        ("fs_read", {"operations": [{"mode": "Line", "path": ".env"}]}, [".env"]),
        ("batch", {"tool_calls": [{"tool": "read", "parameters": {"filePath": ".env"}}]}, [".env"]),
        (
            "multi_tool_use.parallel",
            {"tool_uses": [{"recipient_name": "functions.read_file", "parameters": {"path": ".env"}}]},
            [".env"],
        ),
        ("use_mcp_tool", {"server_name": "fs", "tool_name": "read", "arguments": '{"path": ".env"}'}, [".env"]),
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
        ("BashTool", {"cmdline": "cat .env"}, "cat .env"),
        ("mcp__x__terminal", {"line": "cat .env"}, "cat .env"),
        ("run_command", {"CommandLine": "cat .env", "Cwd": "/x"}, "cat .env"),
        ("shell", {"action": {"commands": ["ls", "cat .env"]}}, "ls\ncat .env"),
        ("terminal", {"command": "ls", "cd": "x"}, "ls"),
        ("launch-process", {"command": "ls", "cwd": "/x"}, "ls"),
        ("developer__shell", {"command": "ls"}, "ls"),
        ("default_api:run_shell_command", {"command": "ls"}, "ls"),
        ("batch", {"tool_calls": [{"tool": "bash", "parameters": {"command": each}} for each in "ab"]}, "a\nb"),
        ("mcp__ide__executeCode", {"code": "open('.env')"}, "python3 -c 'open('\"'\"'.env'\"'\"')'"),
        ("run_code", {"code": "x", "language": "JavaScript"}, "node -e x"),
        ("execute_ipython_cell", {"code": "x\n!cat .env"}, "cat .env\npython3 -c 'x\n!cat .env'"),
        ("execute_ipython_cell", {"code": "%%bash\ncat .env"}, "cat .env"),
        ("write_bash", {"sessionId": "1", "input": "cat .env{enter}"}, "cat .env\n"),
        ("python", "print(1)", "python3 -c 'print(1)'"),
        ("code_execution", {"code": "x"}, "python3 -c x"),
        ("mcp__github__search_code", {"code": "x"}, None),
        ("Read", {"file_path": "a"}, None),
        ("str_replace_based_edit_tool", {"command": "view", "path": "a"}, None),
        ("TodoWrite", {"todos": []}, None),
    ],
)
def test_the_command_of_a_call_is_found(name: str, arguments: object, command: str | None) -> None:
    text = arguments if name == "python" else json.dumps(arguments)
    assert describe_tool("call_1", name, str(text)).command == command


def test_a_freeform_patch_names_its_files() -> None:
    tool = describe_tool("c", "apply_patch", PATCH)
    assert tool.canonical == "edit_file"
    assert tool.paths == ("docs/new.md", "src/a.py", "src/b.py", ".env")


@pytest.mark.parametrize(
    ("program", "command", "paths"),
    [
        ('await tools.exec_command({cmd: "cat .env"})', "cat .env", ()),
        ('tools.exec_command({cmd: "ls"}); tools.write_stdin({chars: "cat .env\\n"})', "ls\ncat .env\n", ()),
        ("text('cat .env')", "", ()),
        ('for (const c of ["ls", "cat .env"]) await tools.exec_command({cmd: c})', "ls\ncat .env", ()),
        ("await tools.exec_command({cmd: atob(x)})", f"$(computed)\n{UNKNOWN_COMMAND}", ()),
        ("await tools.exec_command({cmd: `cat ${x}`})", f"cat $(computed)\n{UNKNOWN_COMMAND}", ()),
        ("await tools[x]({path: 'a'})", UNKNOWN_COMMAND, ("a",)),
        ("await tools[x]({cmd: 'touch a'})", f"touch a\n{UNKNOWN_COMMAND}", ()),
        ("const {exec_command: run} = tools; run({cmd: 'cat .env'})", "cat .env", ()),
        ("const run = tools.exec_command; ['cat .env'].map(cmd => run({cmd}))", "cat .env", ()),
        ("const run = tools.exec_command; go(run)", UNKNOWN_COMMAND, ()),
    ],
)
def test_a_program_of_the_code_mode_is_what_it_hands_to_tools(
    program: str, command: str | None, paths: tuple[str, ...]
) -> None:
    tool = describe_tool("c", "exec", program)
    assert (tool.command, tool.paths) == (command, paths)


@pytest.mark.parametrize(
    ("name", "arguments", "behind"),
    [
        ("exec", "tools.apply_patch('*** Begin Patch\\n*** Add File: .env\\n+x'); tools.mcp__a__b({url: 'https://x.de'})",
         [("apply_patch", "edit_file", (".env",)), ("mcp__a__b", "mcp__a__b", ())]),
        ("exec", "text(1)", []),
        ("tool_call", {"name": "read_file", "arguments": '{"path": ".env"}'}, [("read_file", "read_file", (".env",))]),
        ("batch", {"tool_calls": [{"tool": "bash", "parameters": {"command": "ls"}}, {"tool": "x"}]},
         [("bash", "bash", ()), ("x", "x", ())]),
        ("batch", {"tool_calls": '[{"tool": "x"}]'}, [("x", "x", ())]),
        ("batch", {"tool_calls": [{"path": ".env"}]}, [("batch without a tool", "batch without a tool", (".env",))]),
        ("batch", {"tool_calls": [{"tool": "tool_call", "parameters": {"name": "x"}}]}, [("x", "x", ())]),
        ("use_mcp_tool", {"server_name": "a", "tool_name": "b"}, [("mcp__a__b", "mcp__a__b", ())]),
        ("Read", {"file_path": "a"}, []),
    ],
)  # fmt: skip
def test_the_calls_behind_a_call_have_their_own_names(name: str, arguments: object, behind: list[object]) -> None:
    tool = describe_tool("c", name, arguments if isinstance(arguments, str) else json.dumps(arguments))
    assert [(each.name, each.canonical, each.paths) for each in tool.calls] == behind


def test_more_calls_than_anybody_makes_and_calls_too_deep_are_not_left_out() -> None:
    many = describe_tool("c", "batch", json.dumps({"tool_calls": [{"tool": "x"}] * 65}))
    assert [tool.name for tool in many.calls] == ["x"] * 64 + [UNREAD]
    deep: object = {"name": "x"}
    for _ in range(6):
        deep = {"name": "tool_call", "arguments": deep}
    assert [tool.name for tool in describe_tool("c", "tool_call", json.dumps(deep)).calls] == [UNREAD]


def test_a_raw_text_that_is_no_program_is_a_command() -> None:
    assert describe_tool("c", "exec", "cat .env").command == "cat .env"


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
            st.sampled_from(
                ["path", "command", "files", "input", "name", "arguments", "tool_calls", "url", "content", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
names = st.sampled_from(
    ["Read", "Bash", "exec", "apply_patch", "tool_call", "batch", "mcp__a__b", "Glob", "WebFetch", "Write", "x"]
) | st.text(max_size=5)


@given(names, json_values.map(json.dumps) | st.text(max_size=40) | st.sampled_from(["file://[x", "await x('file:')"]))
def test_any_arguments_can_be_described(name: str, arguments: str) -> None:
    tool = describe_tool("c", name, arguments)
    assert tool.arguments == arguments
    assert all(isinstance(path, str) for path in tool.paths)


@pytest.mark.parametrize("arguments", ["[" * 100_000, '{"a":' * 100_000, "1" * 10_000, '{"path": ' + "9" * 5000 + "}"])
def test_no_depth_and_no_size_is_too_much(arguments: str) -> None:
    assert describe_tool("c", "Read", arguments).canonical == "read_file"
