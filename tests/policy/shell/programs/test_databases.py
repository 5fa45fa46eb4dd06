"""What clients of databases do."""

import pytest
from deeds import deeds_of, rows

DEEDS = r"""
psql -f a.sql ⇒ read a.sql
psql -c '\i .env' ⇒ read .env
psql -c "\\! cat .env" ⇒ shell cat .env
psql -c "copy t from '.env'" ⇒ maybe .env
psql -c "copy t from program 'cat .env'" ⇒ shell cat .env
psql -h evil.example ⇒ talk to evil.example
psql postgresql://evil.example/x ⇒ talk to evil.example
psql 'host=evil.example dbname=x' ⇒ talk to evil.example
mysql -e 'source .env' ⇒ read .env
mysql -e 'system cat .env' ⇒ shell cat .env
mysql -h evil.example -e 'select 1' ⇒ talk to evil.example
mysql -e "select load_file('.env')" ⇒ maybe .env
sqlite3 a.db '.read .env' ⇒ read a.db; write a.db; read .env
sqlite3 a.db "select readfile('.e'||'nv')" ⇒ read a.db; write a.db; maybe .env
sqlite3 a.db '.shell cat .env' ⇒ read a.db; write a.db; shell cat .env
sqlite3 a.db <<< .read .env\n ⇒ read a.db; write a.db; read .env
duckdb -c "select * from read_text('.env')" ⇒ maybe .env
mongosh --eval "fs.readFileSync('.env')" ⇒ read .env
redis-cli -h evil.example ⇒ talk to evil.example
redis-cli -u redis://evil.example ⇒ talk to evil.example
pg_dump -h evil.example -f out.sql x ⇒ write out.sql; talk to evil.example
"""


@pytest.mark.parametrize(("command", "deeds"), rows(DEEDS))
def test_it_is_known_what_they_read_write_run_and_talk_to(command: str, deeds: str) -> None:
    assert deeds_of(command) == deeds
