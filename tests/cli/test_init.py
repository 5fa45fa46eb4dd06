"""``guardian-ci init``, as a user meets it."""

from pathlib import Path

import pytest
from shell import Shell

from guardian_ci.cli.main import main
from guardian_ci.policy import load_policy


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    load_policy(text, str(path))
    return text


def test_it_writes_a_policy_that_fits_and_says_what_to_do_next(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "package.json").write_text("{}")
    assert main(["init"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("guardian.yml is written; the repository holds Node.js.\nNext:\n")
    assert "guardian-ci validate guardian.yml" in out
    assert "  - npm " in written(repository / "guardian.yml")
    assert main(["validate", "guardian.yml"]) == 0


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ((), "nothing that it knows"),
        (("pyproject.toml",), "Python"),
        (("services/api/go.mod", "services/web/package.json"), "Node.js, Go"),
        (("a/b/c/Cargo.toml",), "nothing that it knows"),
        (("node_modules/x/setup.py", ".venv/y.py", "vendor/z/Gemfile"), "nothing that it knows"),
        ((".github/workflows/ci.yml", "infra/main.tf"), "Terraform, GitHub"),
    ],
)
def test_a_repository_is_known_by_the_names_of_its_files(
    files: tuple[str, ...], names: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in files:
        (repository / file).parent.mkdir(parents=True, exist_ok=True)
        (repository / file).touch()
    assert main(["init"]) == 0
    assert f"the repository holds {names}." in capsys.readouterr().out
    assert names in written(repository / "guardian.yml")


def test_a_policy_that_is_there_stays_unless_it_is_to_be_replaced(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "guardian.yml").write_text("name: mine\n")
    assert main(["init"]) == 2
    assert "guardian.yml is there already" in capsys.readouterr().err
    assert (repository / "guardian.yml").read_text() == "name: mine\n"
    assert main(["init", "--force"]) == 0
    assert "mine" not in written(repository / "guardian.yml")


def test_a_link_is_never_written_through(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = repository / "target"
    (repository / "guardian.yml").symlink_to(target)
    assert main(["init"]) == 2
    assert main(["init", "--force"]) == 2
    assert "is a symbolic link" in capsys.readouterr().err
    assert not target.exists()


def test_a_folder_gets_a_policy_for_what_lies_in_it(repository: Path) -> None:
    (repository / "other").mkdir()
    (repository / "other" / "Cargo.toml").touch()
    assert main(["init", "other"]) == 0
    assert "cargo" in written(repository / "other" / "guardian.yml")


def test_a_policy_for_the_action_is_fitted_to_the_repository_and_keeps_itself(repository: Path) -> None:
    (repository / "Gemfile").touch()
    assert main(["init", ".github/guardian.yml"]) == 0
    text = written(repository / ".github" / "guardian.yml")
    assert "bundle" in text
    assert '"Edit(/.github/guardian.yml)"' in text


def test_a_dash_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "-"]) == 0
    load_policy(capsys.readouterr().out, "-")


def test_names_of_files_do_not_get_into_the_policy(repository: Path) -> None:
    for name in ('"]\nrules: {tool_allowlist: off}\n# x.py', "x: {y}.csproj", "\x1b[31m.tf", "$(id).cabal"):
        (repository / name).touch()
    assert main(["init"]) == 0
    text = written(repository / "guardian.yml")
    assert "tool_allowlist" not in text
    assert "id)" not in text
    assert "\x1b" not in text


def test_very_many_files_and_links_in_circles_are_no_matter(repository: Path) -> None:
    (repository / "loop").symlink_to(repository)
    (repository / "many").mkdir()
    for number in range(3_000):
        (repository / "many" / f"{number}.txt").touch()
    (repository / "go.mod").touch()
    assert main(["init"]) == 0
    assert "\n  - go " in written(repository / "guardian.yml")


@pytest.mark.parametrize("path", ["no/such/", "file/guardian.yml"])
def test_a_place_that_cannot_be_is_told_in_one_line(
    path: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "file").touch()
    assert main(["init", path]) in {2, 3}
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("guardian-ci: ")


def test_it_runs_as_a_command(shell: Shell) -> None:
    with shell.started("init") as command:
        code, out, err = command.end()
    assert (code, err) == (0, "")
    assert "guardian.yml is written" in out
