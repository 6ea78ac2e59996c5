"""The warehouse as Parquet in a store, and back: after retention it is the only copy.

What a load brought is kept (schemas `bronze` and `sources`, load ledger included); silver and gold
are built from that. `write` makes a backup, `restore` a warehouse of one, and `manifest` is what
passes between them.
"""

from mainstem.backup.manifest import Manifest, list_backups
from mainstem.backup.restore import restore
from mainstem.backup.write import back_up

__all__ = ["Manifest", "back_up", "list_backups", "restore"]
