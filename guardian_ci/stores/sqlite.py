"""The ledger of one machine: SQLite in WAL mode, behind a cache that other processes' commits invalidate.

A commit is in the operating system's hands when ``reserve`` returns (``synchronous=NORMAL``): it survives the death
of the process at any point. Several proxies may share one file: each step is one ``BEGIN IMMEDIATE`` transaction.
"""

import contextlib
import json
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from guardian_ci.errors import StoreError
from guardian_ci.model import Amount
from guardian_ci.session.ledger import Ask, Balance, Denial, Grant, admit
from guardian_ci.session.store import Recovered, Store
from guardian_ci.stores.runlock import RunLock

_SCHEMA = """
CREATE TABLE IF NOT EXISTS balances (
  scope TEXT PRIMARY KEY,
  spent_picodollars INTEGER NOT NULL, spent_tokens INTEGER NOT NULL,
  reserved_picodollars INTEGER NOT NULL, reserved_tokens INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reservations (
  id TEXT PRIMARY KEY, run_id TEXT NOT NULL, scopes TEXT NOT NULL,
  picodollars INTEGER NOT NULL, tokens INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (name TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
"""
_KEEP = (
    "INSERT INTO balances VALUES (?, ?, ?, ?, ?) ON CONFLICT (scope) DO UPDATE SET "
    "spent_picodollars = excluded.spent_picodollars, spent_tokens = excluded.spent_tokens, "
    "reserved_picodollars = excluded.reserved_picodollars, reserved_tokens = excluded.reserved_tokens"
)
_VERSION = 1
_BUSY_SECONDS = 5.0
_MOST_CACHED = 10_000
_LARGEST = 2**63 - 1


class SqliteStore(Store):
    """A ledger in ``FOLDER/ledger.sqlite3``."""

    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "ledger.sqlite3"
        self._cache: dict[str, Balance] = {}
        self._seen = -1
        self._run_id = ""
        self._lock: RunLock | None = None
        self._connection: sqlite3.Connection | None = None

    async def open(self, run_id: str) -> Sequence[Recovered]:
        """See ``Store.open``. A run counts as dead when nobody holds its lock file any more."""
        self._run_id = run_id
        try:
            self._folder.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
            self._lock = RunLock.hold(self._folder, run_id)
            self._connection = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, isolation_level=None, cached_statements=64
            )
            self._path.chmod(stat.S_IRUSR | stat.S_IWUSR)
            with self._failures():
                self._prepare(self._connection)
            return self._recover()
        except BaseException as error:
            # A run that never began must not look alive to the next one.
            await self.close()
            if isinstance(error, OSError | sqlite3.Error):
                raise self._failure(error) from error
            raise

    async def reserve(self, ask: Ask) -> Grant | Denial:
        """See ``Store.reserve``."""
        with self._transaction() as db:
            balances = [self._balance(db, demand.scope) for demand in ask.demands]
            answer = admit(ask, balances)
            if isinstance(answer, Grant):
                scopes = [demand.scope for demand in ask.demands]
                amount = answer.amount
                db.execute(
                    "INSERT INTO reservations VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                    "picodollars = picodollars + excluded.picodollars, tokens = tokens + excluded.tokens",
                    (ask.id, self._run_id, json.dumps(scopes), _whole(amount.picodollars), _whole(amount.tokens)),
                )
                self._add(db, scopes, Amount(), amount)
        return answer

    async def settle(self, reservation: str, charge: Amount, session: tuple[str, str] | None = None) -> None:
        """See ``Store.settle``."""
        with self._transaction() as db:
            row = db.execute(
                "DELETE FROM reservations WHERE id = ? RETURNING scopes, picodollars, tokens", (reservation,)
            ).fetchone()
            if row is None:
                msg = f"reservation {reservation} is not open in {self._path}: it was settled before or never made"
                raise StoreError(msg)
            self._add(db, json.loads(row[0]), charge, Amount(picodollars=-row[1], tokens=-row[2]))
            if session is not None:
                db.execute("INSERT OR REPLACE INTO sessions VALUES (?, ?)", session)

    async def balances(self, scopes: Sequence[str]) -> list[Balance]:
        """See ``Store.balances``."""
        with self._transaction() as db:
            return [self._balance(db, scope) for scope in scopes]

    async def session(self, name: str) -> str | None:
        """See ``Store.session``."""
        with self._transaction() as db:
            row = db.execute("SELECT state FROM sessions WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    async def close(self) -> None:
        """See ``Store.close``."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _prepare(self, db: sqlite3.Connection) -> None:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, _VERSION):
            msg = (
                f"the ledger {self._path} has version {version}, this guardian-ci knows {_VERSION}: "
                "upgrade guardian-ci, or name another folder with --state"
            )
            raise StoreError(msg)
        db.executescript(_SCHEMA + f"PRAGMA user_version = {_VERSION};")
        problem = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if problem != "ok":
            raise self._failure(sqlite3.DatabaseError(f"malformed: {' '.join(str(problem).split())}"))

    def _recover(self) -> list[Recovered]:
        recovered: list[Recovered] = []
        with self._transaction() as db:
            runs = [row[0] for row in db.execute("SELECT DISTINCT run_id FROM reservations")]
            # What this run itself has open is a dead predecessor's, whose place this process takes.
            dead = [run for run in runs if run == self._run_id or not RunLock.held(self._folder, run)]
            for run in dead:
                rows = db.execute(
                    "DELETE FROM reservations WHERE run_id = ? RETURNING id, scopes, picodollars, tokens", (run,)
                ).fetchall()
                for key, scopes_json, picodollars, tokens in rows:
                    amount = Amount(picodollars=picodollars, tokens=tokens)
                    scopes = tuple(json.loads(scopes_json))
                    self._add(db, scopes, amount, Amount() - amount)
                    recovered.append(Recovered(id=key, run_id=run, scopes=scopes, amount=amount))
        return recovered

    def _balance(self, db: sqlite3.Connection, scope: str) -> Balance:
        known = self._cache.get(scope)
        if known is None:
            row = db.execute(
                "SELECT spent_picodollars, spent_tokens, reserved_picodollars, reserved_tokens "
                "FROM balances WHERE scope = ?",
                (scope,),
            ).fetchone()
            known = Balance()
            if row is not None:
                known = Balance(
                    spent=Amount(picodollars=row[0], tokens=row[1]), reserved=Amount(picodollars=row[2], tokens=row[3])
                )
            if len(self._cache) >= _MOST_CACHED:
                self._cache.clear()  # every balance is in the file: forgetting costs a look, keeping all costs memory
            self._cache[scope] = known
        return known

    def _add(self, db: sqlite3.Connection, scopes: Sequence[str], spent: Amount, reserved: Amount) -> None:
        rows: list[tuple[str, int, int, int, int]] = []
        for scope in scopes:
            before = self._balance(db, scope)
            after = Balance(spent=before.spent + spent, reserved=before.reserved + reserved)
            self._cache[scope] = after
            rows.append(
                (
                    scope,
                    _whole(after.spent.picodollars),
                    _whole(after.spent.tokens),
                    _whole(after.reserved.picodollars),
                    _whole(after.reserved.tokens),
                )
            )
        db.executemany(_KEEP, rows)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._connection
        if db is None:
            msg = f"the ledger {self._path} is closed"
            raise StoreError(msg)
        with self._failures():
            db.execute("BEGIN IMMEDIATE")
            try:
                # data_version changes when another process has committed: then the cache is stale.
                version = db.execute("PRAGMA data_version").fetchone()[0]
                if version != self._seen:
                    self._cache.clear()
                    self._seen = version
                yield db
                db.execute("COMMIT")
            except BaseException:
                self._cache.clear()
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> StoreError:
        text = str(error)
        if isinstance(error, OSError):
            way = "name a folder that this user can write with --state"
        elif "locked" in text:
            way = f"another process has held it for {_BUSY_SECONDS:.0f} s; end that one, or name another --state"
        elif "full" in text:
            way = "free disk space; calls are refused until it can be written again"
        elif "malformed" in text or "not a database" in text or "corrupt" in text:
            way = "it is damaged: move it aside (spent amounts are still in the logs), or name another --state"
        else:
            way = "name another folder with --state"
        return StoreError(f"the ledger {self._path} cannot be used: {text}; {way}")


def _whole(value: int) -> int:
    """SQLite's integers end at 2**63 - 1 (9.2 million dollars): above that the ledger fails closed."""
    if abs(value) > _LARGEST:
        msg = f"the amount {value} is more than a ledger can hold"
        raise StoreError(msg)
    return value
