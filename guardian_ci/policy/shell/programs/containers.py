"""Containers and clusters: images, what is mounted into them, and the commands that run inside."""

import re
from collections.abc import Mapping
from typing import Final

from guardian_ci.policy.shell.arguments import Arguments, Usage, name_set, read_arguments, usage
from guardian_ci.policy.shell.collector import Collector
from guardian_ci.policy.shell.effects import Effects, Invocation
from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.hosts import is_url
from guardian_ci.policy.shell.programs.table import TAME_LINE, Program, collector_of, declared, joined

_GLOBAL: Final = usage(
    "text*",
    stops=True,
    text="-c --context -l --log-level --url --connection",
    read="--config --tlscacert --tlscert --tlskey --identity",
    host="-H --host",
)
_RUN: Final = usage(
    "text*",
    stops=True,
    text="-a --attach --add-host --annotation --blkio-weight --cap-add --cap-drop --cgroup-parent --cgroupns"
    " --cidfile -c --cpu-shares"
    " --cpus --cpuset-cpus --cpuset-mems --device --dns --dns-option --dns-search --domainname -e --env --expose"
    " --gpus --group-add"
    " --health-cmd --health-interval --health-retries --health-timeout -h --hostname --ip --ip6 --ipc --isolation -l"
    " --label --link"
    " --log-driver --log-opt --mac-address -m --memory --memory-swap --name --network --net --network-alias"
    " --oom-score-adj --pid"
    " --pids-limit --platform -p --publish --pull --restart --runtime --security-opt --shm-size --stop-signal"
    " --stop-timeout"
    " --storage-opt --sysctl --tmpfs --ulimit -u --user --userns --uts --volume-driver -w --workdir --detach-keys"
    " --pod --arch --os"
    " --entrypoint -v --volume --mount --volumes-from --secret --index",
    read="--env-file --label-file --authfile",
    write="--cidfile",
)
_EXEC: Final = usage(
    "text*", stops=True, text="-e --env -u --user -w --workdir --detach-keys --index -T", read="--env-file"
)
_BUILD: Final = usage(
    "maybe*",
    text="-t --tag --build-arg --target --platform --network --label --progress --cpuset-cpus -m --memory"
    " --shm-size --ulimit --add-host"
    " --builder --annotation --attest --allow --pull",
    read="-f --file --ignorefile --env-file --cert-dir --authfile",
    write="--iidfile --metadata-file",
)
_REGISTRY: Final = usage("text*", text="-u --username -p --password --platform", read="--authfile --creds")
_DEPLOY: Final = usage("maybe*", read="-c --compose-file --env-file")
_PACKED: Final = usage("text*", write="-o --output")
_UNPACKED: Final = usage("maybe*", read="-i --input", text="-c --change -m --message")
_WITH_FILES: Final[Mapping[str, Usage]] = {
    **dict.fromkeys(("save", "export"), _PACKED),
    **dict.fromkeys(("load", "import"), _UNPACKED),
    **dict.fromkeys(("context", "secret", "config", "stack", "plugin", "swarm"), _DEPLOY),
}
_COMPOSE: Final = usage(
    "text*",
    stops=True,
    text="-p --project-name --profile --ansi --progress --parallel",
    read="-f --file --env-file --project-directory --workdir",
)
_LOCAL_PATH: Final = re.compile(r"[/~.$]|[A-Za-z]:\\")
_OFFLINE: Final = name_set(
    "ps images inspect logs stop start restart kill rm rmi top stats port rename wait pause unpause network volume"
    " system info version tag history events attach diff update container image context prune df machine pod"
    " healthcheck secret config node service swarm"
)


def _docker(invocation: Invocation) -> Effects:
    """Run, build, copy, push with ``docker`` or ``podman``."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], _GLOBAL)
    collector.options(given)
    words = list(given.operands)
    if words[:1] in (["container"], ["image"], ["buildx"], ["builder"], ["compose-plugin"]) and len(words) > 1:
        del words[0]
    if words:
        _docker_subcommand(collector, words[0], words[1:], invocation)
    tame = words[:1] and words[0] in _OFFLINE | {"version", "--version"}
    return collector.effects(TAME_LINE if tame else None)


def _docker_subcommand(collector: Collector, name: str, words: list[str], invocation: Invocation) -> None:
    match name:
        case "run" | "create":
            _run_container(collector, words, invocation)
        case "exec":
            given = read_arguments(words, _EXEC)
            collector.options(given)
            _inside(collector, given.operands[1:], invocation)
        case "build" | "b" | "bake" | "kaniko":
            _build(collector, words)
        case "cp":
            _copy(collector, words)
        case "compose":
            _note_compose(collector, words, invocation)
        case "login" | "logout":
            given = read_arguments(words, _REGISTRY)
            collector.options(given)
            note_image(collector, f"{given.operands[0]}/" if given.operands else "login")
        case "pull" | "push" | "manifest" | "search" | "scout" | "trust":
            given = read_arguments(words, _REGISTRY)
            collector.options(given)
            for image in given.operands[-1:] or [""]:
                note_image(collector, image)
        case _ if name in _WITH_FILES:
            collector.all(words, _WITH_FILES[name])


def _run_container(collector: Collector, words: list[str], invocation: Invocation) -> None:
    given = read_arguments(words, _RUN)
    collector.options(given)
    for volume in given.values("-v", "--volume"):
        _note_volume(collector, volume)
    for mount in given.values("--mount"):
        parts = dict(part.partition("=")[::2] for part in mount.split(","))
        source = parts.get("src") or parts.get("source") or ""
        if source and parts.get("type", "bind") == "bind":
            collector.tree(source)
    for secret in given.values("--secret"):
        parts = dict(part.partition("=")[::2] for part in secret.split(","))
        collector.read(parts.get("src") or parts.get("source") or "")
    for image in given.operands[:1]:
        note_image(collector, image)
    entry = given.value("--entrypoint")
    command = given.operands[1:]
    _inside(collector, (*([entry] if entry else []), *command), invocation)


def _note_volume(collector: Collector, volume: str) -> None:
    """``HOST:CONTAINER[:ro]``: a folder of this machine is at the container's hand; a volume's name is none."""
    host, colon, rest = volume.partition(":")
    if not colon or not (_LOCAL_PATH.match(host) or "/" in host or UNKNOWN in host):
        return
    collector.tree(host)
    if not rest.endswith((":ro", ",ro", ":ro,z", ":ro,Z")):
        collector.write(host)


def _inside(collector: Collector, command: tuple[str, ...], invocation: Invocation) -> None:
    """Note a command that runs in a container: what is mounted there it reads under the same names."""
    collector.run(command, stdin=invocation.stdin)


def note_image(collector: Collector, image: str) -> None:
    """Note the registry that an image comes from: the host before its first slash, else the usual one."""
    image = image.removeprefix("docker://")
    first, slash, _ = image.partition("/")
    if is_url(image):
        collector.url(image)
    elif slash and ("." in first or ":" in first or first == "localhost"):
        collector.host(first)
    elif image and image != "-":
        collector.registry("docker", image)


def _build(collector: Collector, words: list[str]) -> None:
    given = read_arguments(
        words,
        usage(
            "maybe*", text="--secret --ssh --build-context --cache-from --cache-to -o --output", options=_BUILD.options
        ),
    )
    collector.options(given)
    for secret in given.values("--secret", "--ssh", "--build-context", "-o", "--output"):
        parts = dict(part.partition("=")[::2] for part in secret.split(","))
        for key, value in parts.items():
            if key in {"src", "source", "dest"} or _LOCAL_PATH.match(value):
                collector.read(value)
    for context in given.operands:
        if is_url(context) or context.startswith("git@"):
            collector.remote(context)
        else:
            collector.read(context)
    collector.registry("docker", "build")


def _copy(collector: Collector, words: list[str]) -> None:
    """``container:path`` is inside, everything else here."""
    operands = read_arguments(words, usage("text*")).operands
    for position, operand in enumerate(operands):
        before, colon, _ = operand.partition(":")
        if not colon or "/" in before or before.startswith("."):
            (collector.write if position == len(operands) - 1 and position else collector.read)(operand)


def _compose(invocation: Invocation) -> Effects:
    """``docker-compose``."""
    collector = collector_of(invocation)
    _note_compose(collector, list(invocation.argv[1:]), invocation)
    return collector.effects()


def _note_compose(collector: Collector, words: list[str], invocation: Invocation) -> None:
    given = read_arguments(words, _COMPOSE)
    collector.options(given)
    operands = list(given.operands)
    if operands[:1] == ["exec"]:
        _inside(collector, read_arguments(operands[1:], _EXEC).operands[1:], invocation)
    elif operands[:1] == ["run"]:
        inner = read_arguments(operands[1:], _RUN)
        for volume in inner.values("-v", "--volume"):
            _note_volume(collector, volume)
        _inside(collector, inner.operands[1:], invocation)
    elif operands[:1] == ["cp"]:
        _copy(collector, operands[1:])
    elif operands[:1] and operands[0] in {"pull", "push", "build", "up"}:
        collector.registry("docker", operands[0])


_KUBECTL: Final = usage(
    "text*",
    text="-n --namespace --context --cluster --user -o --output -l --selector --field-selector -c --container"
    " --template --tail --since"
    " --timeout --type --replicas --image --port --target-port --name --sort-by -p --patch --field-manager"
    " --grace-period --as"
    " --token --password --username --from-literal --docker-username --docker-password --docker-email --restart"
    " --overrides --env --labels"
    " --version --set --set-string --request-timeout",
    read="-f --filename -k --kustomize --kubeconfig --cert --key --certificate-authority --client-certificate"
    " --client-key --values"
    " --env-file --patch-file --from-env-file --ca-file --cert-file --key-file --keyring --post-renderer",
    url="-s --server --docker-server --repo",
    stops=False,
)


def _kubectl(invocation: Invocation) -> Effects:
    """Talk to a cluster: files are sent to it, ``cp`` copies, ``exec`` runs over there."""
    collector = collector_of(invocation)
    words = list(invocation.argv[1:])
    own = words[: words.index("--")] if "--" in words else words
    how = usage("text*", text="--from-file --set-file", options=_KUBECTL.options)
    given = read_arguments(own, how)
    collector.options(given)
    for value in given.values("--from-file", "--set-file"):
        collector.read(value.partition("=")[2] or value)
    if given.operands[:1] == ("cp",):
        _copy(collector, list(given.operands[1:]))
    elif given.operands[:1] and given.operands[0] not in {"completion", "version", "config", "kustomize", "explain"}:
        collector.somewhere(" ".join(invocation.argv[:3]))
    if given.operands[:1] in {("kustomize",), ("config",)}:
        collector.maybe(*given.operands[1:])
    tame = given.operands[:1] in {("completion",), ("version",), ("config",)}
    return collector.effects(TAME_LINE if tame else None)


def _image_tool(invocation: Invocation) -> Effects:
    """Copy and inspect images."""
    collector = collector_of(invocation)
    given: Arguments = read_arguments(
        invocation.argv[1:],
        usage(
            "text*",
            text="--platform --format -t --creds --src-creds --dest-creds",
            read="--authfile -f --file --cert-path",
            write="-o --output",
        ),
    )
    collector.options(given)
    for operand in given.operands[1:]:
        kind, _, rest = operand.partition(":")
        if kind in {"dir", "oci", "docker-archive", "oci-archive", "file", "tarball"}:
            collector.edit(rest.partition(":")[0])
        elif operand[:1] in {"/", ".", "~"}:
            collector.read(operand)
        else:
            note_image(collector, operand)
    return collector.effects()


_OTHERS: Final[Mapping[str, Usage]] = {
    "cosign": usage(
        "maybe*",
        text="--certificate-identity --certificate-identity-regexp --certificate-oidc-issuer --type -a --annotations"
        " --certificate-oidc-issuer-regexp",
        read="--key --certificate --signature --bundle --predicate",
        write="--output-signature --output-certificate --output-file",
    ),
    "minikube kind k3d k3s k9s stern kubectx kubens kubeadm istioctl argocd flux skaffold tilt": usage("maybe*"),
    "vagrant VBoxManage virsh qemu-system-x86_64 qemu-img multipass lxc lxd incus": usage("maybe*"),
    "apptainer singularity toolbox distrobox": usage("maybe*"),
}


PROGRAMS: Final[Mapping[str, Program]] = {
    **joined("docker podman nerdctl finch", _docker),
    **joined("docker-compose podman-compose", _compose),
    **joined("kubectl oc k kubecolor microk8s.kubectl", _kubectl),
    **joined("crane gcrane skopeo oras trivy grype syft dive regctl", _image_tool),
    **joined("buildah img kaniko", _docker),
    **declared(_OTHERS),
}
"""Containers and clusters, by name."""
