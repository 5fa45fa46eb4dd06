"""Clients of clouds and forges: what they send from files, and that they talk to hosts nobody reads in the command."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Final

from guardian_ci.policy.shell.arguments import Arguments, Usage, name_set, read_arguments, usage
from guardian_ci.policy.shell.collector import Collector
from guardian_ci.policy.shell.effects import Effects, Invocation
from guardian_ci.policy.shell.hosts import is_url, remote_host, scheme_of
from guardian_ci.policy.shell.programs.table import Program, collector_of, joined

_TEXTS: Final = (
    "-m --message --query -q --output --profile --region --project --zone --name -n --description --title -t -b"
    " --body --label -l"
    " --assignee -a --reviewer -r --milestone --base -B --head -H --repo -R --jq --template --json --limit -L"
    " --state -s --search -S"
    " --author --branch --format --filter --sort-by --account --location --resource-group -g --subscription --tags"
    " --type --sku"
    " --password --username --user --token --scope --role --value --key-name --instance-type --image-id --bucket"
    " --prefix --acl"
    " --function-name --stack-name --capabilities --parameters --statement --log-group-name --display-name --image"
    " --size --size-gb"
    " --exclude --include --storage-class --content-type --metadata --expires-in --visibility --notes --target"
    " --method -X -f -F"
    " --raw-field --field --header --hostname -e --env --org -o"
)
_READS: Final = (
    "--body-file --notes-file --template-file --template-body --cli-input-json --cli-input-yaml --zip-file --source"
    " --flags-file --key-file --credential-file-override --from-file --input --payload --policy-document --env-file"
    " -env-file"
    " --data-file --config-file --ca-bundle --parameters-file --file --filename --password-file --value-file"
    " --secret-file"
    " --source-dir --src -var-file -config -backend-config -state -chdir"
)
_WRITES: Final = (
    "--outfile --output-file --output-dir --out --dest --destination-path --download-to -out -state-out --destination"
)
_HOW: Final = usage(
    "text*",
    text=_TEXTS.replace(" --body ", " ").replace(" -f -F", ""),
    maybe="--body",
    read=_READS,
    write=_WRITES,
    url="--endpoint-url --endpoint --url --server",
)
_INLINE_FILES: Final = ("file://", "fileb://", "@")
_STORES: Final = name_set("s3 gs az b2 r2 gcs s3a oss cos rclone wasb abfs")
_COPIES: Final = name_set("cp mv sync rsync upload put put-object upload-batch scp presign copy")


def _cloud(host: str | None, invocation: Invocation) -> Effects:
    """Talk to a service; ``file://…`` and ``@…`` in any value are files that are sent."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], _HOW)
    for option in given.options:
        value = option.value or ""
        inline = next((mark for mark in _INLINE_FILES if value.startswith(mark)), None)
        if inline is not None:
            collector.read(value[len(inline) :])
        elif "=@" in value:
            collector.read(value.partition("=@")[2])
        elif option.value is not None:
            collector.take(option.kind, value)
    _note_keys(collector, " ".join(invocation.argv))
    copies = bool(_COPIES.intersection(given.operands))
    for operand in given.operands:
        _note_operand(collector, operand, copies=copies)
    if given.operands and not {"help", "completion", "configure", "config", "version"}.intersection(given.operands[:1]):
        word = " ".join(invocation.argv[:3])
        if host is None:
            collector.somewhere(word)
        else:
            collector.host(host)
    return collector.effects()


_KEY_PRINTERS: Final = (
    (
        re.compile(r"\baws\b.{0,200}\bconfigure\s+(?:get\s+\S{0,100}(?:secret|access_key|token)|export-credentials)"),
        "~/.aws/credentials",
    ),
    (re.compile(r"\bgcloud\b.{0,200}\bprint-(?:access|identity|refresh)-token"), "~/.config/gcloud/credentials.db"),
    (re.compile(r"\baz\b.{0,200}\bget-access-token"), "~/.azure/msal_token_cache.json"),
)
"""Commands that print keys from the files where they lie."""


def _note_keys(collector: Collector, command: str) -> None:
    for pattern, file in _KEY_PRINTERS:
        if pattern.search(command[:4096]) is not None:
            collector.read(file)


def _note_operand(collector: Collector, operand: str, *, copies: bool) -> None:
    inline = next((mark for mark in _INLINE_FILES if operand.startswith(mark)), None)
    if inline is not None:
        collector.read(operand[len(inline) :])
    elif "=@" in operand:
        collector.read(operand.partition("=@")[2])
    elif is_url(operand):
        if scheme_of(operand) not in _STORES:
            collector.url(operand)
    elif copies and not remote_host(operand)[0]:
        collector.edit(operand, sure="/" in operand or "." in operand)
    else:
        collector.maybe(operand)


_GH_HOST: Final = "api.github.com"
_GH_FILES: Final = name_set("gist release secret variable ssh-key gpg-key attestation snippet")


_GH: Final = usage(
    "text*",
    text=_TEXTS.replace(" -f -F", ""),
    read="--body-file --notes-file --input --env-file --template --recover",
    write="-O --output --dir -D --output-file",
)
_GH_BODY: Final = usage("text*", options={**_GH.options, **usage(read="-F").options})
_GH_VALUE: Final = usage("text*", options={**_GH.options, **usage(read="-f --env-file").options})
_GH_GROUPS: Final[Mapping[str, Usage]] = {
    "api": usage(
        "text*",
        text="-f -F --raw-field --field -H --header -X --method -q --jq -t --template --cache -p --hostname",
        read="--input",
    ),
    "issue": _GH_BODY,
    "pr": _GH_BODY,
    "release": _GH_BODY,
    "secret": _GH_VALUE,
    "variable": _GH_VALUE,
    "gist": usage("text*", text="-d --desc -f --filename --public", read="-a --add"),
}


def _gh(host: str, invocation: Invocation) -> Effects:
    """Talk to a forge: ``gist create FILE``, ``release upload TAG FILE``, ``api -F x=@FILE``, ``alias set``."""
    collector = collector_of(invocation)
    group = "".join(invocation.argv[1:2])
    given = read_arguments(invocation.argv[1:], _GH_GROUPS.get(group, _GH))
    for option in given.options:
        value = option.value or ""
        if option.name in {"-F", "--field", "-f", "--raw-field"} and "=@" in value:
            collector.read(value.partition("=@")[2])
        elif option.name == "--hostname":
            collector.host(value)
        elif option.value is not None:
            collector.take(option.kind, value)
    _note_act(collector, group, given)
    if group and group not in {"completion", "help", "version", "--version", "config", "alias"}:
        collector.host(host)
    return collector.effects()


def _note_act(collector: Collector, group: str, given: Arguments) -> None:
    """Note what the operands name: files that are sent, a repository, a URL, an alias."""
    action, operands = "".join(given.operands[1:2]), given.operands[2:]
    if group in _GH_FILES and action in {"create", "upload", "edit", "add", "set", "verify"}:
        collector.read(*(operand.partition("#")[0] for operand in operands), sure=group == "gist")
    elif group == "api":
        for operand in filter(is_url, given.operands[1:2]):
            collector.url(operand)
    elif (group, action) == ("repo", "clone"):
        for operand in operands[:1]:
            if is_url(operand) or remote_host(operand)[0]:
                collector.remote(operand)
        collector.write(*operands[1:2])
    elif (group, action) == ("alias", "set") and (given.has("-s", "--shell") or "".join(operands[1:2])[:1] == "!"):
        collector.shell("".join(operands[1:2]).removeprefix("!"))
    elif group == "extension":
        collector.host("github.com")


_TERRAFORM: Final = usage(
    "text*",
    text="-target -var -lock-timeout -parallelism -refresh -replace -backend",
    read="-var-file -state -backup -config -backend-config -chdir -plugin-dir -from-module",
    write="-out -state-out",
)


def _terraform(invocation: Invocation) -> Effects:
    """Plan and apply; ``console`` evaluates ``file("…")``."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], _TERRAFORM)
    collector.options(given)
    for option in given.options:
        if option.kind is None and option.value is not None and option.name.startswith("-"):
            collector.maybe(option.value)
    collector.maybe(*given.operands[1:])
    if given.operands[:1] == ("console",):
        note_quoted(collector, invocation.stdin or "")
    if given.operands[:1] and given.operands[0] in {
        "init",
        "plan",
        "apply",
        "destroy",
        "get",
        "login",
        "refresh",
        "import",
    }:
        collector.registry("terraform", " ".join(invocation.argv[:2]))
    return collector.effects()


def note_quoted(collector: Collector, text: str) -> None:
    """Note the quoted strings of a text as words that may be files."""
    for part in text.split('"')[1:200:2]:
        collector.maybe(part)


def _clouds(table: Mapping[str, str | None]) -> dict[str, Program]:
    programs: dict[str, Program] = {}
    for names, host in table.items():
        programs |= joined(names, partial(_cloud, host))
    return programs


_ANSIBLE: Final[Usage] = usage(
    "maybe*",
    text="-m --module-name -u --user -b --become-user -f --forks -l --limit -t --tags --skip-tags -e-var"
    " --connection -c",
    read="-i --inventory --private-key --key-file --vault-password-file --vault-id -M",
    at="-e --extra-vars",
    maybe="-a --args",
)


def _ansible(invocation: Invocation) -> Effects:
    """Run modules on hosts: ``-m shell -a CMD`` on this one is a command here."""
    collector = collector_of(invocation)
    given = collector.all(invocation.argv[1:], _ANSIBLE)
    for inventory in given.values("-i", "--inventory"):
        for host in inventory.split(",")[: 64 if "," in inventory else 0]:
            if host:
                collector.host(host)
    if given.value("-m", "--module-name") in {"shell", "command", "raw", "script", None} and "localhost" in " ".join(
        given.operands
    ):
        for text in given.values("-a", "--args"):
            collector.shell(text)
    return collector.effects()


PROGRAMS: Final[Mapping[str, Program]] = {
    **_clouds(
        {
            "aws aliyun ibmcloud oci doctl linode-cli hcloud scw ovhcli exo vultr-cli flyctl fly heroku vercel"
            " netlify wrangler"
            " railway render firebase supabase sentry-cli gcloud gsutil bq az azcopy s3cmd s5cmd mc rclone b2 eksctl"
            " copilot sam"
            " cdk serverless sls pulumi nomad consul vault boundary packer waypoint databricks snow snowsql kaggle"
            " huggingface-cli"
            " hf wandb-cli dvc-remote circleci travis buildkite-agent jf jfrog akamai fastly cf openstack"
            " doctl-compute twilio"
            " stripe slack gam ngrok-api": None,
        }
    ),
    **joined("gh", partial(_gh, _GH_HOST)),
    **joined("glab", partial(_gh, "gitlab.com")),
    **joined("terraform tofu terragrunt", _terraform),
    **joined("ansible ansible-playbook ansible-galaxy ansible-vault ansible-pull ansible-inventory", _ansible),
}
"""Clients of clouds and forges, by name."""
