# ruff: noqa: E501 - a row of a table is one line
"""What containers and clusters do."""

import pytest
from deeds import deeds_of, printed_by, rows

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
