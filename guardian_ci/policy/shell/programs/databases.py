"""Clients of databases: their own commands read files and run shells."""

import re
from collections.abc import Mapping
from typing import Final

from guardian_ci.policy.shell.arguments import Usage, read_arguments, usage
from guardian_ci.policy.shell.collector import Collector
from guardian_ci.policy.shell.effects import Effects, Invocation, Language
from guardian_ci.policy.shell.inline import effects_of_program
from guardian_ci.policy.shell.listings import lines_of
from guardian_ci.policy.shell.programs.table import Program, collector_of, joined

_MOST_LINES: Final = 400
_JOINED: Final = re.compile(r"'\s{0,20}\|\|\s{0,20}'")
"""Two constants with the sign between them that joins them."""
_CONNECTION: Final = re.compile(r"\b(?:host|hostaddr)\s?=\s?'?([^\s';]{1,300})")
_META: Final = re.compile(
    r"(?:^|;|\n|(?<=\s))\s{0,20}(?:"
    r"\\(?P<psql>ir?|include|include_relative|o|out|w|write|g|e|edit|lo_import)\s+(?P<psql_file>\S{1,500})"
    r"|\\copy\s[^\n]{0,400}?(?:from|to)\s+(?P<program>program\s+)?'?(?P<copied>[^'\s;]{1,500})"
    r"|\\(?:!|system)\s*(?P<shell>[^\n;]{1,2000})"
    r"|system\s+(?P<mysql_shell>[^\n;]{1,2000})"
    r"|\.(?:read|output|once|import|backup|restore|save|open|load|log|dump)\s+(?P<sqlite_file>[^\n;]{1,500})"
    r"|\.(?:shell|system)\s+(?P<sqlite_shell>[^\n]{1,2000})"
    r"|source\s+(?P<source>\S{1,500})"
    r")",
    re.IGNORECASE,
)
_FUNCTIONS: Final = re.compile(
    r"(?:readfile|writefile|load_file|pg_read_file|pg_read_binary_file|lo_import|lo_export|pg_ls_dir|read_text|read_csv|read_blob"
    r"|read_csv_auto|read_json|read_json_auto|read_parquet|edit|infile|outfile|dumpfile|\bfrom|\bto|copy\s[^']{0,200}\sfrom)\s?\(?\s?'((?:[^']|''){1,500})'",
    re.IGNORECASE,
)
_PROGRAM: Final = re.compile(r"\b(?:from|to)\s+program\s+'((?:[^']|''){1,2000})'", re.IGNORECASE)
_WRITES: Final = re.compile(r"^[\s;]*(?:\\(?:o|out|w|write|g)\b|\.(?:output|once|backup|save|log)\b)")
_PIPED: Final = re.compile(r"^\|")


def note_sql(collector: Collector, text: str) -> None:
    """Note the files and commands that a text of SQL, or of a client's own commands, names."""
    text = _JOINED.sub("", text[:65536])
    for found in _META.finditer(text):
        for group in ("psql_file", "sqlite_file", "source"):
            if file := found[group]:
                file = file.strip().split()[0].strip("'\"")
                if _PIPED.match(found[group].strip()):
                    collector.shell(found[group].strip()[1:])
                else:
                    (collector.write if _WRITES.search(found[0].lower()) else collector.read)(file)
        if (copied := found["copied"]) is not None:
            (collector.shell if found["program"] else collector.edit)(copied)
        for group in ("shell", "mysql_shell", "sqlite_shell"):
            if command := found[group]:
                collector.shell(command)
    for file in _FUNCTIONS.findall(text):
        collector.edit(file.replace("''", "'"), sure=False)
    for command in _PROGRAM.findall(text):
        collector.shell(command.replace("''", "'"))


def _client(how: Usage, *, commands: str, files: bool = False) -> Program:
    """Return a client: ``commands`` are the options that hold SQL; ``files``: the first operand is a file."""
    names = commands.split()

    def run(invocation: Invocation) -> Effects:
        collector = collector_of(invocation)
        given = read_arguments(invocation.argv[1:], usage("text*", text=commands, options=how.options))
        collector.options(given)
        for text in given.values(*names):
            note_sql(collector, text)
        operands = list(given.operands)
        if files and operands:
            collector.edit(operands.pop(0))
        for operand in (*operands, *given.values("-d", "--dbname")):
            for host in _CONNECTION.findall(operand):
                collector.host(host)
            if "://" in operand:
                collector.url(operand)
            elif files:
                note_sql(collector, operand)
        for line in [invocation.stdin] if invocation.stdin is not None else []:
            note_sql(collector, "\n".join(lines_of(line)[:_MOST_LINES]))
        return collector.effects()

    return run


_PSQL: Final = usage(
    text="-d --dbname -p --port -U --username -F --field-separator -R --record-separator -P --pset -T -v --set"
    " --variable -t-table -n -N"
    " -Z -j -E",
    read="-f --file",
    write="-o --output -L --log-file",
    host="-h --host",
)
_SQLCMD: Final = usage(text="-U -P -d -p --port -u --user --password", read="-i", write="-o", host="-S -h --host --url")
_DUMP: Final = usage(
    "maybe*", text="-d --dbname -p --port -U --username -t -n -N -F -j", write="-f --file", host="-h --host"
)
_MYSQL: Final = usage(
    text="-u --user -P --port -D --database --default-character-set --protocol --prompt --delimiter",
    read="--defaults-file --defaults-extra-file --ssl-ca --ssl-cert --ssl-key -S --socket",
    write="--tee -r --result-file",
    host="-h --host",
)
_SQLITE: Final = usage(text="-separator -nullvalue -newline -mmap -vfs -maxsize -lookaside -heap", read="-init --init")


def _script_client(invocation: Invocation) -> Effects:
    """``mongosh --eval``, ``redis-cli -h``: a program in JavaScript, a host, a file."""
    collector = collector_of(invocation)
    given = read_arguments(
        invocation.argv[1:],
        usage(
            "text*",
            text="-u -p -d --eval -n -a --port --username --password --authenticationDatabase",
            host="-h --host",
            read="-f --file --eval-file --tls --cert --key --cacert -x",
        ),
    )
    collector.options(given)
    for text in given.values("--eval"):
        collector.add(effects_of_program(text, Language.NODE))
    collector.maybe(*given.operands)
    for operand in (*given.operands, *given.values("-u", "--uri")):
        if "://" in operand:
            collector.url(operand)
        elif operand.endswith(".js"):
            collector.read(operand)
    return collector.effects()


PROGRAMS: Final[Mapping[str, Program]] = {
    **joined("pg_dump pg_dumpall pg_restore", _client(_DUMP, commands="--command")),
    **joined("psql pgcli createdb dropdb pg_isready", _client(_PSQL, commands="-c --command")),
    **joined(
        "mysql mariadb mycli mysqldump mariadb-dump mysqladmin mysqlimport",
        _client(_MYSQL, commands="-e --execute --init-command"),
    ),
    **joined("sqlite3 sqlite litecli sqlcipher duckdb", _client(_SQLITE, commands="-cmd -c", files=True)),
    **joined(
        "sqlcmd bcp usql clickhouse-client clickhouse cockroach", _client(_SQLCMD, commands="-q -Q --query -c -e")
    ),
    **joined(
        "mongosh mongo redis-cli mongodump mongoimport mongoexport mongorestore memcached-tool cqlsh influx",
        _script_client,
    ),
}
"""Clients of databases, by name."""
