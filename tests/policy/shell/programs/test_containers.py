"""Containers and clusters: images, mounts, and commands that run inside."""

import pytest
from asking import ask, deeds, edited, read, written

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
