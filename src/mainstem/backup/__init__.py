"""The warehouse as Parquet in a store, and back: after retention it is the only copy.

What loads brought is kept (schemas `bronze` and `sources`, load ledger included), and the sums of
what decayed; the rest of silver and gold is built from that. `write` makes a backup, `restore` a
warehouse of one, `manifest` is what passes between them, and `sums` finds what decay left.
"""

from mainstem.backup.manifest import Manifest, list_backups
from mainstem.backup.restore import restore
from mainstem.backup.write import back_up

__all__ = ["Manifest", "back_up", "list_backups", "restore"]
