# ruff: noqa: E501 - a row of a table is one line
"""What clients of clouds and forges do."""

import pytest
from deeds import deeds_of, printed_by, rows

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
