"""What no load could read: where, why and how many records, and what a person decides about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mainstem.errors import UsageError
from mainstem.load.ledger import now
from mainstem.load.plan import origins
from mainstem.records import Signal
from mainstem.warehouse import Warehouse, bring_forward, expect_tables, open_warehouse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mainstem.config.platform import Platform


@dataclass(frozen=True)
class Quarantined:
    """A blob of which something is in quarantine; `lines` is 0 where it is there whole.

    `records` is what the books count as quarantined or dropped. `state` is `open`, `retry` (the
    next load takes it again) or `dropped`.
    """

    region: str
    signal: str
    blob: str
    codes: str
    lines: int
    records: int
    load_id: int
    state: str


@dataclass(frozen=True)
class Place:
    """One place in quarantine; line and byte offset in it are None where it is the whole blob."""

    load_id: int
    line: int | None
    byte_offset: int | None
    code: str
    records: int | None


def quarantine_rows(
    load_id: int,
    blob: tuple[str, str, str],
    places: Sequence[tuple[int | None, int | None, str, int | None]],
) -> list[dict[str, Any]]:
    """Give a blob's places as rows of `bronze.quarantine`: where and why, and never what.

    `blob` is its region, signal and name; a place its line, byte offset, code and records.
    """
    region, signal, name = blob
    return [
        {
            "load_id": load_id,
            "region": region,
            "signal": signal,
            "blob": name,
            "line": line,
            "byte_offset": offset,
            "code": code,
            "records": records,
        }
        for line, offset, code, records in places
    ]


def list_quarantine(platform: Platform) -> list[Quarantined]:
    """List the blobs in quarantine, the newest load's first."""
    with open_warehouse(platform, read_only=True) as warehouse:
        expect_tables(warehouse)
        return _listed(warehouse)


def show_quarantine(platform: Platform, blob: str) -> list[Place]:
    """List the places of one blob; UsageError where none is in quarantine."""
    with open_warehouse(platform, read_only=True) as warehouse:
        expect_tables(warehouse)
        _find(warehouse, [blob])
        rows = warehouse.query(
            "SELECT load_id, line, byte_offset, code, records FROM bronze.quarantine "
            "WHERE blob = $1 ORDER BY load_id, line, byte_offset, code",
            (blob,),
        )
        return [Place(*row) for row in rows]


def retry_quarantined(platform: Platform, blobs: Sequence[str]) -> list[Quarantined]:
    """Let the next load take blobs again, in place of what they gave; UsageError if one is gone."""
    with open_warehouse(platform) as warehouse:
        bring_forward(warehouse)
        found = _find(warehouse, blobs)
        for each in found:
            if not _is_there(platform, warehouse, each):
                raise UsageError(
                    f"{each.region} {each.signal}: {each.blob} is gone: it cannot be taken again",
                    hint="Put it back, or accept the loss with `mainstem quarantine drop`.",
                )
        _decide(warehouse, found, "retry")
        return found


def drop_quarantined(platform: Platform, blobs: Sequence[str]) -> list[Quarantined]:
    """Accept the loss of what is in quarantine of blobs: the books show it as dropped at load."""
    with open_warehouse(platform) as warehouse:
        bring_forward(warehouse)
        found = _find(warehouse, blobs)
        _decide(warehouse, found, "dropped")
        return found


def _listed(warehouse: Warehouse) -> list[Quarantined]:
    rows = warehouse.query(
        """
        SELECT place.region, place.signal, place.blob,
            string_agg(DISTINCT place.code, ', ' ORDER BY place.code),
            count(place.line), coalesce(min(done.records_quarantined), 0),
            max(place.load_id), coalesce(min(decided.decision), 'open')
        FROM bronze.quarantine AS place
        LEFT JOIN bronze.load_blobs AS done ON done.region = place.region
            AND done.signal = place.signal AND done.blob = place.blob
            AND done.status <> 'replaced'
        LEFT JOIN bronze.quarantine_decisions AS decided ON decided.region = place.region
            AND decided.signal = place.signal AND decided.blob = place.blob
        GROUP BY place.region, place.signal, place.blob
        ORDER BY max(place.load_id) DESC, place.region, place.signal, place.blob
        """
    )
    return [Quarantined(*row) for row in rows]


def _find(warehouse: Warehouse, blobs: Sequence[str]) -> list[Quarantined]:
    listed = _listed(warehouse)
    if unknown := sorted(set(blobs) - {each.blob for each in listed}):
        raise UsageError(
            f"{unknown[0]} is not in quarantine", hint="See `mainstem quarantine list`."
        )
    return [each for each in listed if each.blob in blobs]


def _is_there(platform: Platform, warehouse: Warehouse, found: Quarantined) -> bool:
    origin = next(
        (
            origin
            for origin in origins(platform)
            if (origin.region.name, origin.signal) == (found.region, Signal(found.signal))
        ),
        None,
    )
    if origin is None:
        return False
    container = warehouse.value(
        "SELECT min(container) FROM bronze.ledger WHERE region = $1 AND signal = $2 AND blob = $3",
        (found.region, found.signal, found.blob),
    )
    place = origin.holding(container or origin.container)
    return place.head(found.blob) is not None


def _decide(warehouse: Warehouse, found: Sequence[Quarantined], decision: str) -> None:
    """Note a decision in place of an earlier one, for all or for none."""
    with warehouse.transaction():
        for each in found:
            key = each.region, each.signal, each.blob
            warehouse.change(
                "DELETE FROM bronze.quarantine_decisions "
                "WHERE region = $1 AND signal = $2 AND blob = $3",
                key,
            )
            warehouse.change(
                "INSERT INTO bronze.quarantine_decisions "
                "(region, signal, blob, decision, decided_at) VALUES ($1, $2, $3, $4, $5)",
                (*key, decision, now()),
            )
