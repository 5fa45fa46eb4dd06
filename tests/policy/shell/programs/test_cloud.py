"""Clients of clouds and forges: files that are sent, and the hosts that are talked to."""

import pytest
from asking import deeds, edited, perhaps, read, written

GH = "talks to api.github.com"
SOMEBODY = "talks to somebody"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("gh gist create notes.txt", {GH} | read("notes.txt")),
        ("gh api repos/a/b -F body=@notes.txt", {GH} | read("notes.txt")),
        ("gh api /user --input body.json", {GH} | read("body.json")),
        ("gh api https://example.com/x", {GH, "talks to example.com"}),
        ("gh api /user --hostname example.com", {GH, "talks to example.com"}),
        ("gh pr create --title x -F body.md", {GH} | read("body.md")),
        ("gh pr create --title 'Read .env' --body 'See .env'", {GH}),
        ("gh secret set -f .env", {GH} | read(".env")),
        ("gh repo clone owner/name there", {GH} | written("there")),
        ("gh repo clone https://example.com/a", {GH, "talks to example.com"}),
        ("gh alias set --shell x 'cat a | sh'", {"runs the text cat a | sh"}),
        ("gh alias set x '!cat a'", {"runs the text cat a"}),
        ("gh --version", set()),
        ("glab mr list", {"talks to gitlab.com"}),
    ],
)
def test_a_client_of_a_forge_talks_to_it_and_sends_the_files_it_names(line: str, expected: set[str]) -> None:
    assert deeds(line) >= expected
    assert ("talks to api.github.com" in deeds(line)) == (GH in expected)


def test_a_release_may_send_files() -> None:
    assert "dist/a.tgz" in perhaps("gh release upload v1 'dist/a.tgz#An archive'")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("aws s3 cp ./a.txt s3://bucket/a", {SOMEBODY} | edited("./a.txt")),
        ("aws ssm put-parameter --name x --value file://a.txt", {SOMEBODY} | read("a.txt")),
        ("aws lambda invoke --payload fileb://a.json", {SOMEBODY} | read("a.json")),
        ("aws s3 ls --endpoint-url https://example.com", {SOMEBODY, "talks to example.com"}),
        ("vault write auth/x value=@a.txt", {SOMEBODY} | read("a.txt")),
        ("aws configure get aws_secret_access_key", read("~/.aws/credentials")),
        ("aws configure list", set()),
        ("gcloud auth print-access-token", {SOMEBODY} | read("~/.config/gcloud/credentials.db")),
        ("az account get-access-token", {SOMEBODY} | read("~/.azure/msal_token_cache.json")),
    ],
)
def test_a_client_of_a_cloud_sends_files_to_a_host_nobody_reads_in_the_command(line: str, expected: set[str]) -> None:
    assert deeds(line) == expected


def test_a_bucket_is_no_host() -> None:
    assert deeds("gsutil ls gs://example.com") == {SOMEBODY}


@pytest.mark.parametrize(
    ("line", "stdin", "expected"),
    [
        ("terraform plan -var-file=a.tfvars", None, read("a.tfvars") | {"talks to the registry terraform"}),
        ("terraform plan -out plan.bin", None, written("plan.bin") | {"talks to the registry terraform"}),
        ("terraform fmt", None, set()),
    ],
)
def test_terraform_reads_variables_and_asks_its_registry(line: str, stdin: str | None, expected: set[str]) -> None:
    assert deeds(line, stdin) == expected


def test_the_console_of_terraform_may_read_files() -> None:
    assert ".env" in perhaps("terraform console", stdin='file(".env")')


def test_ansible_runs_commands_on_this_machine_and_talks_to_others() -> None:
    assert deeds("ansible localhost -m shell -a 'cat a'") == {"runs the text cat a"}
    assert "talks to example.com" in deeds("ansible all -i example.com, -m ping")
    assert read("vars.yml") <= deeds("ansible-playbook site.yml -e @vars.yml")
