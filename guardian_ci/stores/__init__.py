"""Where money is kept.

One interface, one file a store. A store reserves and settles atomically over all scopes of a call, remembers
sessions, and finds again what a killed run had reserved.
"""

from guardian_ci.stores.interface import Recovered, Store
from guardian_ci.stores.memory import MemoryStore
from guardian_ci.stores.sqlite import SqliteStore

__all__ = ["MemoryStore", "Recovered", "SqliteStore", "Store"]
