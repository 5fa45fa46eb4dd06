"""Clients of databases: hosts, and the files and commands in what they are told to do."""

import pytest
from asking import deeds, edited, perhaps, read, written


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("psql -h example.com -f a.sql", {"talks to example.com"} | read("a.sql")),
        ("psql postgres://user@example.com/base", {"talks to example.com"}),
        ("psql 'host=example.com dbname=base'", {"talks to example.com"}),
        ("psql -d 'host=example.com'", {"talks to example.com"}),
        ("pg_dump base", set()),
        ("mysql -h example.com -e 'select 1'", {"talks to example.com"}),
        ("mysqldump base --result-file a.sql", written("a.sql")),
        ("mongosh mongodb://example.com/base", {"talks to example.com"}),
        ("redis-cli -h example.com get key", {"talks to example.com"}),
        ("sqlite3 base.db 'select * from t'", edited("base.db")),
    ],
)
def test_a_client_talks_to_the_host_it_names(line: str, expected: set[str]) -> None:
    assert deeds(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"psql -c '\i a.sql'", edited("a.sql")),
        (r"psql -c '\copy t from a.csv'", edited("a.csv")),
        (r"psql -c '\! cat a.txt'", {"runs the text cat a.txt"}),
        ("psql -c \"copy t from program 'cat a.txt'\"", {"runs the text cat a.txt"}),
        ("mysql -e 'source a.sql'", edited("a.sql")),
        ("mysql -e 'system cat a.txt'", {"runs the text cat a.txt"}),
        ("sqlite3 base.db '.read a.sql'", edited("base.db", "a.sql")),
        ("sqlite3 base.db '.shell cat a.txt'", edited("base.db") | {"runs the text cat a.txt"}),
        ("sqlite3 base.db '.read |cat a.txt'", edited("base.db") | {"runs the text cat a.txt"}),
    ],
)
def test_the_commands_of_a_client_name_files_and_run_others(line: str, expected: set[str]) -> None:
    assert deeds(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "sqlite3 :memory: \"select readfile('.env')\"",
        "sqlite3 :memory: \"select readfile('.e'||'nv')\"",
        "psql -c \"select pg_read_file('.env')\"",
        "mysql -e \"select load_file('.env')\"",
        "mysql -e \"load data infile '.env' into table t\"",
        "duckdb -c \"select * from '.env'\"",
        "duckdb -c \"select * from read_csv('.env')\"",
    ],
)
def test_a_function_of_sql_may_read_a_file(line: str) -> None:
    assert ".env" in perhaps(line)


@pytest.mark.parametrize("program", ["psql", "sqlite3 base.db"])
def test_what_is_piped_into_a_client_is_read_as_well(program: str) -> None:
    assert ".env" in perhaps(program, stdin="select 1;\nselect readfile('.env');\n")


def test_a_text_of_sql_names_no_files_of_itself() -> None:
    line = "psql -c \"select name from users where file = '.env'\""
    assert deeds(line) | perhaps(line) == set()
