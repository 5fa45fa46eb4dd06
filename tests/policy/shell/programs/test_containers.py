# ruff: noqa: E501 - a row of a table is one line
"""Containers and clusters: images, mounts, and commands that run inside."""

import pytest
from asking import ask, deeds, edited, read, written
from deeds import deeds_of, printed_by, rows

from guardian_ci.policy.shell.programs.table import TAME_LINE

HUB = "talks to the registry docker"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("docker run --rm alpine cat a.txt", {HUB, "runs cat a.txt"}),
        ("podman run example.com/tool:1", {"talks to example.com"}),
        ("docker run --entrypoint sh alpine -c 'cat a'", {HUB, "runs sh -c 'cat a'"}),
        ("docker run -v ./src:/src alpine", {HUB} | edited("./src")),
        ("docker run -v ./src:/src:ro alpine", {HUB} | read("./src")),
        ("docker run -v cache:/cache alpine", {HUB}),
        ("docker run --mount type=bind,src=conf,dst=/x alpine", {HUB} | read("conf")),
        ("docker run --env-file .env alpine", {HUB} | read(".env")),
        ("docker exec -it box cat a.txt", {"runs cat a.txt"}),
        ("docker -H example.com ps", {"talks to example.com"}),
        ("docker compose -f a.yml exec web cat a.txt", {"runs cat a.txt"} | read("a.yml")),
        ("docker-compose up", {HUB}),
        ("docker-compose run -v ./src:/src:ro web ls", {"runs ls"} | read("./src")),
    ],
)
def test_a_container_runs_its_command_with_what_is_mounted_at_hand(line: str, expected: set[str]) -> None:
    assert deeds(line) == expected


@pytest.mark.parametrize("folder", ["/etc", "~/.ssh", "../conf"])
def test_a_mounted_folder_outside_brings_all_that_is_below(folder: str) -> None:
    assert read(folder, f"{folder}/**") <= deeds(f"docker run -v {folder}:/x:ro alpine")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("docker build -f Containerfile .", {HUB} | read("Containerfile", ".")),
        ("docker buildx build --secret id=x,src=.env .", {HUB} | read(".env", ".")),
        ("docker build https://example.com/a.git", {HUB, "talks to example.com"}),
        ("docker cp a.txt box:/a.txt", read("a.txt")),
        ("docker cp box:/a.txt a.txt", written("a.txt")),
        ("docker save alpine -o a.tar", written("a.tar")),
        ("docker load -i a.tar", read("a.tar")),
        ("docker push example.com/a", {"talks to example.com"}),
        ("docker pull alpine", {HUB}),
        ("docker login", {HUB}),
        ("docker login localhost:5000", {"talks to localhost"}),
        ("docker login -u me https://example.com/v1/", {"talks to example.com"}),
        ("skopeo copy docker://example.com/a dir:there", {"talks to example.com"} | edited("there")),
    ],
)
def test_images_are_made_of_files_and_come_from_registries(line: str, expected: set[str]) -> None:
    assert deeds(line) >= expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("kubectl apply -f a.yml", {"talks to somebody"} | read("a.yml")),
        ("kubectl create secret generic x --from-file=key=.env", {"talks to somebody"} | read(".env")),
        ("kubectl create configmap x --from-file=.env", {"talks to somebody"} | read(".env")),
        ("kubectl cp a.txt pod:/a.txt", read("a.txt")),
        ("kubectl cp pod:/a.txt a.txt", written("a.txt")),
        ("kubectl exec pod -- cat .env", {"talks to somebody"}),
        ("kubectl get pods --server https://example.com", {"talks to somebody", "talks to example.com"}),
        ("kubectl version", set()),
    ],
)
def test_a_cluster_gets_files_and_runs_commands_elsewhere(line: str, expected: set[str]) -> None:
    assert deeds(line) == expected


def test_lists_of_containers_name_no_files() -> None:
    assert ask("docker ps -q").output == TAME_LINE


DEEDS = r"""
docker run --rm -v "$PWD":/app node npm test ⇒ read $PWD; read $PWD/**; write $PWD; talk to registry docker; run npm test
docker run -v ~/.ssh:/k alpine cat /k/id ⇒ read ~/.ssh; read ~/.ssh/**; write ~/.ssh; talk to registry docker; run cat /k/id
docker run -v data:/d alpine ⇒ talk to registry docker
docker run -v /x:/x:ro alpine ⇒ read /x; read /x/**; talk to registry docker
docker run --mount type=bind,src=/x,dst=/y alpine ls /y ⇒ read /x; read /x/**; talk to registry docker; run ls /y
docker run --env-file .env app ⇒ read .env; talk to registry docker
docker run --entrypoint sh app -c 'cat /x' ⇒ talk to registry docker; run sh -c cat /x
docker exec -it web cat .env ⇒ run cat .env
docker build -t x -f Dockerfile . ⇒ read Dockerfile; read .; talk to registry docker
docker build --secret id=a,src=.env . ⇒ read .env; read .; talk to registry docker
docker build https://git.example/r.git ⇒ talk to git.example; talk to registry docker
docker cp web:/x a ⇒ write a
docker cp a web:/x ⇒ read a
docker pull reg.example/app ⇒ talk to reg.example
docker push app ⇒ talk to registry docker
docker compose -f c.yml up ⇒ read c.yml; talk to registry docker
docker compose exec web cat a ⇒ run cat a
docker-compose run -v ./x:/x web cat /x/a ⇒ read ./x; write ./x; run cat /x/a
docker save -o a.tar app ⇒ write a.tar
docker load -i a.tar ⇒ read a.tar
docker -H tcp://evil.example:2375 ps ⇒ talk to evil.example
docker login reg.example ⇒ talk to reg.example
docker login -u x --password-stdin reg.example ⇒ talk to reg.example
kubectl apply -f a.yml ⇒ read a.yml; talk to somebody
kubectl apply -f https://a.example/x.yml ⇒ talk to a.example; talk to somebody
kubectl get pods -n x ⇒ talk to somebody
kubectl create secret generic s --from-file=.env ⇒ read .env; talk to somebody
kubectl create configmap c --from-env-file=.env ⇒ read .env; talk to somebody
kubectl cp a pod:/x ⇒ read a
kubectl exec pod -- cat .env ⇒ talk to somebody
kubectl --kubeconfig k get pods ⇒ read k; talk to somebody
skopeo copy docker://reg.example/a dir:out ⇒ read out; write out; talk to reg.example
crane pull app a.tar ⇒ talk to registry docker
podman run alpine ⇒ talk to registry docker
"""


PRINTS = r"""
docker ps ⇒ TAME\n
docker -H tcp://evil.example:2375 ps ⇒ TAME\n
"""


@pytest.mark.parametrize(("command", "deeds"), rows(DEEDS))
def test_it_is_known_what_they_read_write_run_and_talk_to(command: str, deeds: str) -> None:
    assert deeds_of(command) == deeds


@pytest.mark.parametrize(("command", "text"), rows(PRINTS))
def test_it_is_known_what_they_print(command: str, text: str) -> None:
    assert printed_by(command) == text
