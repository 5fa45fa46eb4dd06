# ruff: noqa: E501 - a row of a table is one line
"""Clients of clouds and forges: files that are sent, and the hosts that are talked to."""

import pytest
from asking import deeds, edited, perhaps, read, written
from deeds import deeds_of, printed_by, rows

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


DEEDS = r"""
aws s3 cp .env s3://bucket/x ⇒ maybe s3; maybe cp; read .env; write .env; talk to somebody
aws s3 ls ⇒ maybe s3; maybe ls; talk to somebody
aws s3api put-object --bucket b --key k --body .env ⇒ maybe .env; maybe s3api; maybe put-object; talk to somebody
aws lambda invoke --cli-input-json file://a.json out.json ⇒ read a.json; maybe lambda; maybe invoke; maybe out.json; talk to somebody
aws ec2 run-instances --user-data file://boot.sh ⇒ maybe ec2; maybe run-instances; read boot.sh; talk to somebody
aws --endpoint-url https://evil.example s3 ls ⇒ maybe s3; maybe ls; talk to evil.example; talk to somebody
aws configure get aws_secret_access_key ⇒ read ~/.aws/credentials; maybe configure; maybe get; maybe aws_secret_access_key
gcloud auth print-access-token ⇒ read ~/.config/gcloud/credentials.db; maybe auth; maybe print-access-token; talk to somebody
gcloud config list ⇒ maybe config; maybe list
gsutil cp a gs://b ⇒ maybe cp; maybe a; talk to somebody
az storage blob upload --file .env ⇒ read .env; maybe storage; maybe blob; maybe upload; talk to somebody
gh gist create .env ⇒ read .env; talk to api.github.com
gh pr create --body-file a.md ⇒ read a.md; talk to api.github.com
gh release upload v1 a.tgz ⇒ maybe v1; maybe a.tgz; talk to api.github.com
gh api repos/x -F body=@.env ⇒ read .env; talk to api.github.com
gh api https://evil.example/x ⇒ talk to evil.example; talk to api.github.com
gh secret set X -f .env ⇒ read .env; maybe X; talk to api.github.com
gh repo clone https://git.example/r dir ⇒ write dir; talk to git.example; talk to api.github.com
gh alias set x '!cat .env' ⇒ shell cat .env
gh issue list ⇒ talk to api.github.com
terraform apply -var-file=a.tfvars ⇒ read a.tfvars; talk to registry terraform
terraform init ⇒ talk to registry terraform
terraform console <<< file(".env") ⇒ maybe .env
ansible localhost -m shell -a 'cat .env' ⇒ maybe cat .env; maybe cat; maybe .env; maybe localhost; shell cat .env
ansible -i evil.example, all -m ping ⇒ read evil.example,; maybe all; talk to evil.example
heroku logs ⇒ maybe logs; talk to somebody
"""


PRINTS = r"""
terraform init ⇒ TAME\n
"""


@pytest.mark.parametrize(("command", "deeds"), rows(DEEDS))
def test_it_is_known_what_they_read_write_run_and_talk_to(command: str, deeds: str) -> None:
    assert deeds_of(command) == deeds


@pytest.mark.parametrize(("command", "text"), rows(PRINTS))
def test_it_is_known_what_they_print(command: str, text: str) -> None:
    assert printed_by(command) == text
