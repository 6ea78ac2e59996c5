"""The warehouse's copy of the ledger, and how far each instance's chain is known in it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mainstem.errors import DataError
from mainstem.store import (
    RETENTION,
    Account,
    Mark,
    Reading,
    new_places,
    read_entries,
    read_removals,
)

if TYPE_CHECKING:
    from mainstem.config.platform import Platform
    from mainstem.records import LedgerEntry
    from mainstem.store import Container
    from mainstem.warehouse import Warehouse

_STEP = 2_000
"""Entries a transaction."""


def known_marks(warehouse: Warehouse, region: str) -> tuple[dict[str, Mark], set[tuple[str, int]]]:
    """Tell how far each instance is known without a gap, and what is known beyond one.

    An instance's numbers begin at 0, so up to a gap a number equals the count of those before it.
    """
    rows = warehouse.query(
        """
        SELECT instance, seq, "at", whole
        FROM (
            SELECT *, max(CASE WHEN whole THEN seq END) OVER (PARTITION BY instance) AS mark
            FROM (
                SELECT instance, seq, "at",
                    seq = row_number() OVER (PARTITION BY instance ORDER BY seq) - 1 AS whole
                FROM bronze.ledger WHERE region = $1
            ) AS numbered
        ) AS marked
        WHERE NOT whole OR seq = mark
        """,
        (region,),
    )
    marks = {instance: Mark(seq, f"{at:%Y/%m/%d}") for instance, seq, at, whole in rows if whole}
    return marks, {(instance, seq) for instance, seq, _, whole in rows if not whole}


def read_new(warehouse: Warehouse, region: str, ledger: Container) -> Reading:
    """Read the entries in a ledger container that the warehouse does not have."""
    marks, beyond = known_marks(warehouse, region)
    return read_entries(ledger, new_places(ledger, marks, beyond))


def take_ledger(
    warehouse: Warehouse, platform: Platform, region: str, load_id: int, problems: list[str]
) -> int:
    """Bring what is new of a region's ledger into the warehouse, and what retention removed.

    Gives the number of new entries, and adds to `problems` what is unreadable: it holds nothing up.
    """
    try:
        take_removals(warehouse, platform, region, load_id)
    except DataError as error:
        problems.append(error.message)
    entries, unreadable = take_entries(warehouse, platform, region, load_id)
    problems += unreadable
    return entries


def take_entries(
    warehouse: Warehouse, platform: Platform, region: str, load_id: int
) -> tuple[int, list[str]]:
    """Bring a region's new entries into the warehouse; gives their number and what is unreadable.

    `load_id` is that of the load which may take their blobs.
    """
    place = platform.ledger_from(region)
    if place is None:
        return 0, []
    address, container = place
    ledger = Account.open(address, platform.directory).container(container)
    reading = read_new(warehouse, region, ledger)
    foreign = [entry for entry in reading.entries if entry.region != region]
    entries = [entry for entry in reading.entries if entry.region == region]
    for start in range(0, len(entries), _STEP):
        with warehouse.transaction():
            rows = [ledger_row(entry, load_id) for entry in entries[start : start + _STEP]]
            warehouse.insert("ledger", rows)
    problems = [f"{container}/{name} is not a ledger entry" for name in reading.unreadable]
    problems += [
        f"{container}: entry {entry.seq} of {entry.instance} is of region {entry.region}"
        for entry in foreign
    ]
    return len(entries), problems


def take_removals(warehouse: Warehouse, platform: Platform, region: str, load_id: int) -> None:
    """Bring into the warehouse what retention removed from the place that a region is loaded from.

    What it removed before a load took it is not asked for again.
    """
    place = platform.ledger_from(region)
    if place is None:
        return
    known = warehouse.value("SELECT max(step) FROM bronze.removed WHERE region = $1", (region,))
    account = Account.open(place[0], platform.directory)
    for step in read_removals(account.container(RETENTION), region, after=known or 0):
        warehouse.insert(
            "removed",
            [
                {
                    "region": region,
                    "step": step.number,
                    "container": removal.container,
                    "blob": removal.name,
                    "sha256": removal.sha256,
                    "reason": removal.reason.value,
                    "removed_at": timestamp(step.at_unix_nano),
                    "load_id": load_id,
                }
                for removal in step.removals
            ],
        )


def ledger_row(entry: LedgerEntry, load_id: int) -> dict[str, object]:
    """Give an entry as a row of `bronze.ledger`."""
    blob = entry.blob
    return {
        "instance": entry.instance,
        "seq": entry.seq,
        "kind": entry.kind.value,
        "region": entry.region,
        "environment": entry.environment,
        "at": timestamp(entry.at_unix_nano),
        "segment": entry.segment,
        "signal": entry.signal.value if entry.signal else None,
        "class": entry.container_class,
        "hour": entry.hour,
        "policy": entry.policy,
        "container": blob.container if blob else None,
        "blob": blob.name if blob else None,
        "bytes": blob.bytes if blob else None,
        "sha256": blob.sha256 if blob else None,
        "compression": blob.compression if blob else None,
        "lines": blob.lines if blob else None,
        "lines_sha256": entry.lines_sha256,
        **asdict(entry.counts),
        "redactions": json.dumps(entry.redactions, separators=(",", ":"), sort_keys=True),
        "first_time": timestamp(entry.first_time_unix_nano),
        "last_time": timestamp(entry.last_time_unix_nano),
        "entry_sha256": entry.sha256,
        "previous": entry.previous,
        "load_id": load_id,
        "forward_to": json.dumps(entry.forward_to) if entry.forward_to else None,
        "forwarded": json.dumps(asdict(entry.forwarded)) if entry.forwarded else None,
    }


def timestamp(unix_nano: int | None) -> datetime | None:
    """Give a UTC time without a zone, as the warehouse has it; None for what it cannot hold."""
    if unix_nano is None:
        return None
    try:
        at = datetime.fromtimestamp(unix_nano // 1_000_000_000, UTC)
    except (ValueError, OverflowError):
        return None
    return at.replace(microsecond=unix_nano // 1_000 % 1_000_000, tzinfo=None)


def now() -> datetime:
    """Give the time as the warehouse has it: UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def unix_nano(at: datetime) -> int:
    """Give nanoseconds since 1970 of a UTC time without a zone, exact to the microsecond."""
    since = at.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000
