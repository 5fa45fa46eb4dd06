"""A log is read line by line, and what is wrong with it is said with file and line."""

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from recorded_log import RecordedLog

from guardian_ci.audit.reader import MAX_PROBLEMS, read_log
from guardian_ci.errors import LogError


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return RecordedLog(tmp_path / "log.ndjson").start().call().call().end()


def problems(path: Path) -> list[tuple[str, int]]:
    log = read_log(path)
    list(log)
    return [(problem.kind, problem.line) for problem in log.problems]


def changed(path: Path, change: Callable[[list[bytes]], object]) -> Path:
    lines = path.read_bytes().splitlines(keepends=True)
    change(lines)
    path.write_bytes(b"".join(lines))
    return path


def test_a_whole_log_has_its_lines_and_no_problem(log: Path) -> None:
    read = read_log(log)
    assert [(line.number, line.type, line.seq, line.run_id) for line in read] == [
        (1, "run_started", 0, "run-1"),
        (2, "call", 1, "run-1"),
        (3, "call", 2, "run-1"),
        (4, "run_ended", 3, "run-1"),
    ]
    assert read.problems == []


def test_a_log_can_be_read_twice(log: Path) -> None:
    changed(log, list.pop)
    read = read_log(log)
    assert len(list(read)) == len(list(read)) == 3
    assert len(read.problems) == 1


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda lines: lines.pop(), [("no_end", 3)]),
        (lambda lines: lines.append(lines.pop()[:20]), [("torn_line", 4), ("no_end", 4)]),
        (lambda lines: lines.append(lines.pop()[:-1]), [("torn_line", 4), ("no_end", 4)]),
        (lambda lines: lines.pop(1), [("broken_chain", 2)]),
        (lambda lines: lines.pop(0), [("broken_chain", 1), ("no_start", 1)]),
        (
            lambda lines: lines.insert(1, lines[1].replace(b'"cost_usd":0.5', b'"cost_usd":0.0')) or lines.pop(2),
            [("broken_chain", 3)],
        ),
        (lambda lines: lines.insert(2, b"garbage\n"), [("unreadable_line", 3), ("broken_chain", 4)]),
        (lambda lines: lines.__setitem__(2, b'{"v": 1}\n'), [("unreadable_line", 3)]),
        (lambda lines: lines.__setitem__(2, b"\xff\xfe\n"), [("unreadable_line", 3)]),
        (lambda lines: lines.__setitem__(2, b"[" * 100_000 + b"\n"), [("unreadable_line", 3)]),
        (lambda lines: lines.append(lines[-1]), [("broken_chain", 5), ("after_end", 5)]),
    ],
)
def test_what_was_done_to_a_log_is_found_at_its_line(
    log: Path, change: Callable[[list[bytes]], object], found: list[tuple[str, int]]
) -> None:
    assert problems(changed(log, change)) == found


def test_a_line_of_another_run_is_found(log: Path, tmp_path: Path) -> None:
    other = RecordedLog(tmp_path / "other.ndjson", "run-2").start().call().end()
    spliced = other.read_bytes().splitlines(keepends=True)[1]
    assert ("other_run", 2) in problems(changed(log, lambda lines: lines.__setitem__(1, spliced)))


def test_a_problem_names_file_and_line(log: Path) -> None:
    read = read_log(changed(log, lambda lines: lines.pop(1)))
    list(read)
    assert str(read.problems[0]).startswith(f"{log}:2: line number 1 was due, and 2 came")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", ":1: the log is empty"),
        (b"\n\n", ":1: the log is empty"),
        (b"hello\n", ":1: this is no log of guardian-ci"),
        (b'{"a": 1}\n', ":1: this is no log of guardian-ci"),
        (b"[1, 2]\n", ":1: this is no log of guardian-ci"),
        (b'{"v": 1, "seq": 0, "typ', ":1: this is no log of guardian-ci"),
        (b"\x1f\x8b\x08\x00", ":1: this is no log of guardian-ci"),
        (b"[" * 100_000, ":1: this is no log of guardian-ci"),
        (b'{"v": 2, "seq": 0, "type": "x", "run_id": "r"}\n', ":1: the log has format 2.*use the version"),
    ],
)
def test_a_file_that_is_no_log_of_ours_is_an_error_with_its_place(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "log.ndjson"
    path.write_bytes(content)
    with pytest.raises(LogError, match=said):
        read_log(path)


def test_a_log_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"missing\.ndjson: there is no such log"):
        read_log(tmp_path / "missing.ndjson")


def test_a_folder_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="this is a folder"):
        read_log(tmp_path)


def test_a_line_of_some_megabytes_is_read(tmp_path: Path) -> None:
    log = RecordedLog(tmp_path / "log.ndjson").start()
    path = log.notice(message="x" * 5_000_000).end()
    assert problems(path) == []


def test_reading_keeps_one_line_in_memory_not_the_log(tmp_path: Path) -> None:
    log = RecordedLog(tmp_path / "log.ndjson").start()
    for _ in range(40):
        log.notice(message="x" * 100_000)
    path = log.end()
    tracemalloc.start()
    assert sum(1 for _ in read_log(path)) == 42
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_of_very_many_problems_the_first_are_kept_and_the_end_is_said(log: Path) -> None:
    changed(log, lambda lines: lines.__setitem__(slice(1, None), [b"garbage\n"] * (MAX_PROBLEMS + 50)))
    read = read_log(log)
    list(read)
    assert len(read.problems) == MAX_PROBLEMS + 1
    assert read.problems[-1].kind == "no_end"
    assert read.more_problems == 50


def test_a_record_is_what_was_written(log: Path) -> None:
    _, call, *_ = read_log(log)
    assert call.fields == json.loads(log.read_bytes().splitlines()[1])
