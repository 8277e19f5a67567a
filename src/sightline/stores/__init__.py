"""The database, the alert log, sealed samples and pictures.

Life cycle: `SqlStore.open` → repositories in use → `SqlStore.close`. Invariants:

- A write that returned is on disk; after a crash it is there whole, and what did not return is there whole or not.
- One writer: commit order is the log's offset order. Offsets are never used twice; what is kept has no holes.
- Templates, samples and camera sources leave this package in the clear, and are never in the clear on disk.
- Erasing a person leaves nothing that names or shows them: not in tables, write-ahead log, or folders of pictures.
"""

from sightline.stores.store import SqlStore
from sightline.stores.vault import load_or_create_master_key

__all__ = ["SqlStore", "load_or_create_master_key"]
