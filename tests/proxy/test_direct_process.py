"""Sockets lead to the processes that hold them, by name and number and nothing else."""

import os
import socket
import sys
from pathlib import Path

import pytest

from guardian_ci.proxy.direct_process import Process, holders, own_inodes

PROC = Path("/proc")


def process(proc: Path, pid: str, name: str | None, *targets: str) -> None:
    folder = proc / pid / "fd"
    folder.mkdir(parents=True)
    if name is not None:
        (proc / pid / "comm").write_text(name + "\n")
    (proc / pid / "cmdline").write_text("node\0--api-key=sk-secret")
    for number, target in enumerate(targets):
        (folder / str(number)).symlink_to(target)


def test_each_socket_leads_to_its_process(tmp_path: Path) -> None:
    process(tmp_path, "12", "node", "/dev/null", "socket:[7]", "pipe:[8]", "socket:[9]")
    process(tmp_path, "13", "curl", "socket:[10]")
    process(tmp_path, "14", None, "socket:[11]")
    (tmp_path / "15").mkdir()
    (tmp_path / "net").mkdir()
    assert holders({7, 10, 11, 99}, tmp_path) == {7: Process(12, "node"), 10: Process(13, "curl"), 11: Process(14, "")}


def test_a_socket_that_two_processes_hold_has_one_of_them(tmp_path: Path) -> None:
    process(tmp_path, "12", "node", "socket:[7]")
    process(tmp_path, "13", "node", "socket:[7]")
    assert holders({7}, tmp_path)[7].pid in (12, 13)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the folder")
def test_the_own_sockets_of_this_process_are_known() -> None:
    with socket.socket() as mine:
        inode = os.fstat(mine.fileno()).st_ino
        assert inode in own_inodes(PROC)
        assert holders({inode}, PROC)[inode].pid == os.getpid()
    assert inode not in own_inodes(PROC)
