"""What the arguments of a tool call name beside its paths and its command, which the tests of the tools show."""

import json

import pytest

from guardian_ci.policy.arguments import fold, words_of
from guardian_ci.policy.tools import describe_tool


@pytest.mark.parametrize(
    ("name", "arguments", "urls"),
    [
        ("WebFetch", {"url": "https://a.example/x", "prompt": "what is this"}, ["https://a.example/x"]),
        ("WebFetch", {"url": "a.example/x", "prompt": "x"}, ["https://a.example/x"]),
        ("WebFetch", {"url": "//a.example"}, ["https://a.example"]),
        ("WebFetch", {"url": "localhost"}, []),
        ("WebFetch", {"url": "http:\\\\a.example\\x"}, ["http:\\\\a.example\\x"]),
        ("WebFetch", {"url": "http:/a.example"}, ["http:/a.example"]),
        (
            "web_fetch",
            {"prompt": "Read https://a.example/x, then (http://b.example)."},
            ["https://a.example/x", "http://b.example"],
        ),
        ("web_fetch", {"prompt": "https://a.example\\\\@b.example/"}, ["https://a.example\\\\@b.example/"]),
        (
            "fetch_webpage",
            {"urls": ["https://a.example", "wss://b.example"], "query": "x"},
            ["https://a.example", "wss://b.example"],
        ),
        ("read_url_content", {"Url": "https://a.example"}, ["https://a.example"]),
        ("mcp__fetch__fetch", {"url": "https://a.example", "max_length": 5}, ["https://a.example"]),
        ("mcp__fetch__fetch", {"url": "a.example"}, ["https://a.example"]),
        ("mcp__playwright__browser_navigate", {"url": "http://a.example"}, ["http://a.example"]),
        ("mcp__git__clone", {"repo": "https://a.example/r.git"}, ["https://a.example/r.git"]),
        (
            "mcp__x__call",
            {"request": {"endpoint": "ftp://a.example", "body": "https://b.example"}},
            ["ftp://a.example"],
        ),
        ("mcp__x__call", {"arguments": '{"base_url": "https://a.example"}'}, ["https://a.example"]),
        ("mcp__github__create_issue", {"title": "https://a.example", "body": "see https://b.example"}, []),
        ("mcp__x__search", {"query": "https://a.example"}, []),
        ("WebSearch", {"query": "https://a.example"}, []),
        ("Task", {"prompt": "https://a.example"}, []),
        ("Write", {"file_path": "a", "content": "https://a.example", "url": "https://b.example"}, []),
        ("Bash", {"command": "curl https://a.example"}, []),
        ("WebFetch", {"url": "file:///etc/passwd"}, []),
    ],
)
def test_the_addresses_that_a_call_opens_are_found(name: str, arguments: object, urls: list[str]) -> None:
    assert list(describe_tool("c", name, json.dumps(arguments)).urls) == urls


@pytest.mark.parametrize(
    ("name", "arguments", "workdir"),
    [
        ("exec_command", {"cmd": "cat id_x", "workdir": "~/.ssh"}, "~/.ssh"),
        ("run_command", {"CommandLine": "ls", "Cwd": "/x"}, "/x"),
        ("run_shell_command", {"command": "ls", "directory": "a"}, "a"),
        ("run_shell_command", {"command": "ls", "dir_path": "a"}, "a"),
        ("terminal", {"command": "ls", "cd": "a"}, "a"),
        ("local_shell", {"action": {"command": ["ls"], "working_directory": "/x"}}, "/x"),
        ("mcp__shell__run", {"command": "ls", "cwd": "/x"}, "/x"),
        ("exec", 'await tools.exec_command({cmd: "cat id_x", workdir: "/root/.ssh"})', "/root/.ssh"),
        ("Bash", {"command": "ls"}, None),
        ("exec_command", {"cmd": "ls", "workdir": ""}, None),
        ("exec_command", {"cmd": "ls", "workdir": None}, None),
        ("LS", {"directory": "/x"}, None),
    ],
)
def test_the_folder_that_a_command_is_to_run_in_is_found(name: str, arguments: object, workdir: str | None) -> None:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    assert describe_tool("c", name, text).workdir == workdir


@pytest.mark.parametrize(
    ("name", "arguments", "scripts"),
    [
        ("Write", {"file_path": "a.sh", "content": "cat .env"}, [("a.sh", "cat .env")]),
        ("write_file", {"path": "x/Makefile", "content": "all:"}, [("x/Makefile", "all:")]),
        ("create", {"path": "package.json", "file_text": "{}"}, [("package.json", "{}")]),
        ("Write", {"file_path": ".git/hooks/pre-commit", "content": "x"}, [(".git/hooks/pre-commit", "x")]),
        ("Write", {"file_path": "notes.txt", "content": "cat .env"}, [("notes.txt", "cat .env")]),
        ("Write", {"file_path": "a.data", "content": "#!/bin/sh\nx"}, [("a.data", "#!/bin/sh\nx")]),
        ("Write", {"file_path": "a.md", "content": "x"}, []),
        ("Write", {"file_path": "Dockerfile", "content": "x"}, []),
        ("Edit", {"file_path": "a.py", "old_string": "x", "new_string": "y"}, [("a.py", "y")]),
        (
            "MultiEdit",
            {"file_path": "a.py", "edits": [{"old_string": "x", "new_string": "1"}, {"new_string": "2"}]},
            [("a.py", "1\n2")],
        ),
        (
            "write_files",
            {"files": [{"path": "a.sh", "content": "1"}, {"path": "b.sh", "content": "2"}]},
            [("a.sh", "1"), ("b.sh", "2")],
        ),
        ("apply_patch", {"input": "*** Add File: a.sh\n+x\n*** Add File: b.md\n+y\n"}, [("a.sh", "x")]),
        ("apply_patch", "*** Begin Patch\n*** Add File: a.sh\n+x\n", [("a.sh", "x")]),
        ("mcp__filesystem__write_file", {"path": "a.py", "content": "x"}, [("a.py", "x")]),
        ("Read", {"file_path": "a.sh"}, []),
        ("Bash", {"command": "x", "path": "a.sh", "content": "y"}, []),
    ],
)
def test_what_a_call_writes_and_what_may_be_run_later_is_found(
    name: str, arguments: object, scripts: list[tuple[str, str]]
) -> None:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    assert list(describe_tool("c", name, text).scripts) == scripts


def test_scripts_are_kept_in_bounds() -> None:
    files = [{"path": f"{number}.sh", "content": "x" * 20_000} for number in range(20)]
    scripts = describe_tool("c", "write_files", json.dumps({"files": files})).scripts
    assert [len(content) for _, content in scripts] == [16_384] * 8


def test_a_command_of_powershell_is_read_in_the_words_of_a_shell() -> None:
    for name in ("powershell", "PowerShell", "executePwsh", "mcp__win__run_powershell"):
        tool = describe_tool("c", name, json.dumps({"command": "Get-Content $env:USERPROFILE\\.ssh\\id_x"}))
        assert tool.command == "cat $HOME/.ssh/id_x"


def test_names_are_compared_without_their_case_and_their_separators() -> None:
    assert {fold(name) for name in ("filePath", "file_path", "File-Path", "file path")} == {"filepath"}
    assert words_of("mcp__read_server__getFile_v2") == {"get", "file", "v", "2"}


@pytest.mark.parametrize(
    "arguments", ["[" * 100_000, '{"args": "' + "[" * 60_000 + '"}', '{"pattern": "' + "a " * 50_000 + '"}']
)
def test_no_depth_and_no_size_is_too_much(arguments: str) -> None:
    for name in ("Write", "Bash", "Glob", "Grep", "WebFetch", "exec", "batch", "mcp__a__read_file"):
        assert len(describe_tool("c", name, arguments).paths) <= 100_001
