"""Closed days: their detail decayed, and what it came to stands in sums (docs/decay.md).

New records are added to such sums. Records that are in them cannot be taken out again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mainstem.load.plan import ListedBlob, OwnBlob
    from mainstem.warehouse import Warehouse


class ClosedDays:
    """The closed days of a warehouse, as one load finds them."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self.any = bool(warehouse.value("SELECT count(*) FROM bronze.closed_days"))
        """Whether there are any: else a load need not ask blob by blob."""

    def hold(self, blob: OwnBlob | ListedBlob) -> bool:
        """Tell whether records that a blob gave are in sums of closed days."""
        origin = blob.origin
        return bool(
            self._warehouse.value(
                f"""
                SELECT (
                    SELECT count(*) FROM bronze.decayed
                    WHERE region = $1 AND signal = $2 AND blob = $3
                ) + (
                    SELECT count(*) FROM bronze.{origin.signal.bronze_table}
                    WHERE region = $1 AND blob = $3 AND event_date < (
                        SELECT max(closed_before) FROM bronze.closed_days
                        WHERE region = $1 AND grain = 'detail'
                    )
                )
                """,  # noqa: S608
                (origin.region.name, origin.signal.value, blob.name),
            )
        )
