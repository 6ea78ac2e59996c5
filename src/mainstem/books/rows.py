"""A blob's rows in bronze beside the rows that it gives now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from mainstem import _core
from mainstem.books.breach import Breach, Finding
from mainstem.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mainstem.books.breach import Verification
    from mainstem.books.evidence import Evidence
    from mainstem.records import LedgerEntry


@dataclass(frozen=True)
class BlobRows:
    """A blob that is what its entry says, with its `.lines`."""

    entry: LedgerEntry
    data: bytes
    lines: bytes


def compare_rows(
    evidence: Evidence, region: str, blob: BlobRows, result: Verification
) -> Iterator[Finding]:
    """Say what of a blob's rows is missing, there twice, or not what the blob gives.

    A blob that no load has taken has no rows. Repeats of requests that the load left out are not
    missed: as many are there as the load says that it put there, less those that decayed.
    """
    entry = blob.entry
    if entry.blob is None or entry.signal is None:
        return
    table = f"bronze.{entry.signal.bronze_table}"
    loaded = evidence.warehouse.value(
        "SELECT sum(records_loaded)::BIGINT FROM bronze.load_blobs "
        "WHERE region = ? AND signal = ? AND blob = ? AND status = 'loaded'",
        (region, entry.signal.value, entry.blob.name),
    )
    if loaded is None:
        return
    decayed = evidence.warehouse.value(
        "SELECT coalesce(sum(records), 0)::BIGINT FROM bronze.decayed "
        "WHERE region = ? AND signal = ? AND blob = ?",
        (region, entry.signal.value, entry.blob.name),
    )
    loaded -= decayed
    rows = _core.read_blob(
        blob.data,
        signal=entry.signal.value,
        name=entry.blob.name,
        region=region,
        environment=entry.environment,
        received_at_ns=entry.at_unix_nano,
        lines=blob.lines,
        skip=[],
        promote=load_vocabulary().promoted_columns,
    )
    given = pa.RecordBatchReader.from_stream(rows).read_all()
    columns = ", ".join(f'"{name}"' for name in given.column_names)
    mine = evidence.destination.arrow(
        f"SELECT {columns} FROM {table} WHERE region = $1 AND blob = $2",  # noqa: S608
        (region, entry.blob.name),
    ).read_all()
    with evidence.warehouse.registered(mine=mine, blob_rows=given):
        ((there, distinct, strange),) = evidence.warehouse.query(
            f"""
            WITH strange AS (SELECT {columns} FROM mine EXCEPT SELECT {columns} FROM blob_rows)
            SELECT count(*), count(DISTINCT record_id), (SELECT count(*) FROM strange) FROM mine
            """  # noqa: S608
        )
    result.rows += there

    def finding(breach: Breach, detail: str) -> Finding:
        place = f"{table}, {entry.blob.name if entry.blob else ''}"
        return Finding(breach, region, "warehouse", place, detail)

    if strange:
        yield finding(Breach.ROW_ALTERED, f"{strange:,} rows are not what the blob gives")
    if there > distinct:
        yield finding(Breach.ROW_DOUBLED, f"{there - distinct:,} rows are there again")
    if distinct < loaded:
        yield finding(Breach.ROW_DELETED, f"{loaded - distinct:,} of {loaded:,} rows are gone")
