"""Is the ledger itself whole: each instance's entries in one chain, each hour closed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from mainstem.records import NO_PREVIOUS

if TYPE_CHECKING:
    from mainstem.warehouse import Warehouse


def broken_chains(warehouse: Warehouse) -> list[str]:
    """List where an entry is missing, or names another one before it than the one that is there.

    An entry that retention removed is not missing.
    """
    rows = warehouse.query(
        """
        SELECT region, instance, seq, kind, previous, before_seq, before_sha256
        FROM (
            SELECT region, instance, seq, kind, previous,
                lag(seq, 1, -1) OVER chain AS before_seq,
                lag(entry_sha256, 1, $1) OVER chain AS before_sha256
            FROM entries
            WINDOW chain AS (PARTITION BY region, instance ORDER BY seq)
        )
        LEFT JOIN (
            SELECT region, instance, max(seq) AS cleared_seq FROM cleared GROUP BY ALL
        ) USING (region, instance)
        -- Of what retention removed from the ledger itself, some may be left, with gaps.
        WHERE NOT (before_seq <> seq - 1 AND seq <= coalesce(cleared_seq + 1, 0))
            AND (
                seq <> before_seq + 1 OR previous <> before_sha256
                OR (seq = 0) <> (kind = 'genesis')
            )
        ORDER BY region, instance, seq
        """,
        (NO_PREVIOUS,),
    )
    problems = []
    for region, instance, seq, kind, _, before, _ in rows:
        if seq > before + 1:
            missing = f"{before + 1}" if seq == before + 2 else f"{before + 1} to {seq - 1}"
            problems.append(f"{region}: entry {missing} of instance {instance} is missing")
        elif (seq == 0) != (kind == "genesis"):
            problems.append(f"{region}: instance {instance} has a {kind} as entry {seq}")
        else:
            problems.append(
                f"{region}: entry {seq} of instance {instance} does not follow from entry {before}"
            )
    return problems


class UnclosedHours(NamedTuple):
    """Past hours that an instance left open: the first, and how many there are."""

    region: str
    instance: str
    first: str
    hours: int


def unclosed_hours(warehouse: Warehouse, before: datetime) -> list[UnclosedHours]:
    """List hours before the one of `before` (UTC) that hold segments and were not closed."""
    rows = warehouse.query(
        """
        SELECT region, instance, min(hour), count(DISTINCT hour) FROM entries
        WHERE kind = 'segment' AND hour < $1
            AND (instance, hour) NOT IN (
                SELECT (instance, hour) FROM entries WHERE kind = 'hour_closed'
            )
        GROUP BY ALL ORDER BY ALL
        """,
        (before.strftime("%Y-%m-%dT%H"),),
    )
    return [UnclosedHours(*row) for row in rows]


def open_hours(warehouse: Warehouse) -> list[str]:
    """Say which past hours hold segments and were not closed by their instance."""
    return [
        f"{region}: instance {instance} has not closed the hour {first}"
        + (f" and {hours - 1} more" if hours > 1 else "")
        for region, instance, first, hours in unclosed_hours(warehouse, datetime.now(UTC))
    ]
