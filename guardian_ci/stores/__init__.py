"""Where money is kept.

One interface (``session.store``), one file a store. A store reserves and settles atomically over all scopes of a
call, remembers sessions, and finds again what a killed run had reserved.
"""

from guardian_ci.stores.memory import MemoryStore
from guardian_ci.stores.sqlite import SqliteStore

__all__ = ["MemoryStore", "SqliteStore"]
