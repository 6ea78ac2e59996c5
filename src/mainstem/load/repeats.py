"""Repeats in foreign blobs, which carry no digests of requests.

A line that is there again, byte for byte, is the same request sent again. A span that is there
again under its two ids is one only where the region says so. Log records and points that are equal
may be two that happened: they are counted, and stay.
"""

from __future__ import annotations

import struct
from datetime import timedelta
from typing import TYPE_CHECKING

import pyarrow as pa

from mainstem.load.ledger import now
from mainstem.records import Signal
from mainstem.warehouse.tables import books_table, records_table

if TYPE_CHECKING:
    from datetime import datetime

    from mainstem.config.platform import Platform
    from mainstem.load.plan import ListedBlob, Origin
    from mainstem.warehouse import Warehouse

WITHIN = timedelta(hours=24)
"""The same digest within this time is the same request, sent again, maybe to another collector."""
SAME_REQUEST = f"INTERVAL '{WITHIN // timedelta(hours=1)} hours'"
"""The same, as SQL has it."""
CONTENT = struct.Struct("<Q16s")
"""One line in `BlobStream.contents`: its number and its text's digest."""

_TIME_OF = {
    Signal.LOGS: "coalesce(time_unix_nano, observed_time_unix_nano, 0)",
    Signal.TRACES: "coalesce(start_time_unix_nano, 0)",
    Signal.METRICS: "coalesce(time_unix_nano, 0)",
}
"""What equal records have in common, and few others: what is not alike in it is not compared."""
_OF_THE_PLACE = {
    *("record_id", "region", "environment", "blob", "line", "ordinal", "load_id"),
    *("received_at", "event_ts", "event_date", "time_source"),
}
"""Columns that tell where a record came from, and not what it is."""


def oldest_repeated(platform: Platform) -> datetime:
    """Give the UTC time before which nothing was received that a blob could still repeat."""
    regions = platform.regions.values()
    return now() - timedelta(days=max(region.retention.longest_days for region in regions))


class ForeignRepeats:
    """What one load finds repeated; all of it inside the caller's transaction."""

    def __init__(self, warehouse: Warehouse, load_id: int) -> None:
        self._warehouse = warehouse
        self._load_id = load_id

    def take_out_lines(self, blob: ListedBlob, contents: bytes) -> int:
        """Delete a blob's rows of lines that were loaded from another; gives their number.

        The other line stands before it in the blob, or in a blob that was written less than 24
        hours away. Lines that stay are remembered.
        """
        lines = list(CONTENT.iter_unpack(contents))
        region, signal = blob.origin.region.name, blob.origin.signal
        repeated = self._repeated(blob, lines)
        self._warehouse.append(
            "bronze.foreign_lines",
            pa.Table.from_pydict(
                {
                    "digest": [digest for line, digest in lines if line not in repeated],
                    "region": [region] * (len(lines) - len(repeated)),
                    "signal": [signal.value] * (len(lines) - len(repeated)),
                    "blob": [blob.name] * (len(lines) - len(repeated)),
                    "received_at": [blob.received_at] * (len(lines) - len(repeated)),
                },
                schema=books_table("foreign_lines").arrow_schema,
            ),
        )
        if not repeated:
            return 0
        numbers = pa.table({"line": pa.array(sorted(repeated), pa.int64())})
        with self._warehouse.registered(repeated_lines=numbers):
            return self._warehouse.change(
                f"DELETE FROM bronze.{signal.bronze_table} WHERE region = $1 AND blob = $2 "  # noqa: S608
                "AND line IN (SELECT line FROM repeated_lines)",
                (region, blob.name),
            )

    def take_out_spans(self, blob: ListedBlob) -> int:
        """Delete a blob's spans that are there under both their ids already; gives their number."""
        return self._warehouse.change(
            """
            DELETE FROM bronze.otel_spans WHERE region = $1 AND blob = $2
                AND record_id IN (
                    SELECT later.record_id FROM bronze.otel_spans AS later
                    JOIN bronze.otel_spans AS earlier
                        ON earlier.region = later.region AND earlier.event_date = later.event_date
                        AND earlier.trace_id = later.trace_id AND earlier.span_id = later.span_id
                    WHERE later.region = $1 AND later.blob = $2
                        AND (
                            earlier.blob <> later.blob OR earlier.line < later.line
                            OR earlier.line = later.line AND earlier.ordinal < later.ordinal
                        )
                )
            """,
            (blob.origin.region.name, blob.name),
        )

    def forget(self, blob: ListedBlob) -> None:
        """Forget a blob's lines, which are about to be read anew."""
        self._warehouse.change(
            "DELETE FROM bronze.foreign_lines WHERE region = $1 AND signal = $2 AND blob = $3",
            (blob.origin.region.name, blob.origin.signal.value, blob.name),
        )

    def report_equal(self, origin: Origin) -> int:
        """Count the foreign records that this load brought and that equal another one.

        Equal in all but where they came from, at the same time, on the days that the load touched.
        """
        signal = origin.signal
        content = ", ".join(
            f"coalesce(CAST(\"{column.name}\" AS VARCHAR), '\x1e')"
            for column in records_table(signal).columns
            if column.name not in _OF_THE_PLACE
        )
        key, table = _TIME_OF[signal], f"bronze.{signal.bronze_table}"
        parameters = (origin.region.name, signal.value, self._load_id)
        # Planned for the few rows of before this load, it would compare each with each.
        self._warehouse.sample(table, "bronze.load_touched", "bronze.load_blobs")
        found = self._warehouse.value(
            f"""
            WITH there AS (
                SELECT * FROM {table} WHERE region = $1 AND event_date IN (
                    SELECT event_date FROM bronze.load_touched
                    WHERE load_id = $3 AND region = $1 AND signal = $2
                )
            ), again AS (
                SELECT {key} AS moment FROM there
                GROUP BY 1 HAVING count(*) > 1 AND max(load_id) = $3
            ), numbered AS (
                SELECT load_id, blob, row_number() OVER (
                    PARTITION BY md5(concat_ws('\x1f', {content}))
                    ORDER BY load_id, blob, line, ordinal
                ) AS nth
                FROM there WHERE {key} IN (SELECT moment FROM again)
            )
            SELECT count(*) FROM numbered WHERE nth > 1 AND load_id = $3 AND blob IN (
                SELECT blob FROM bronze.load_blobs
                WHERE load_id = $3 AND region = $1 AND signal = $2 AND segment IS NULL
            )
            """,  # noqa: S608
            parameters,
        )
        if found:
            region, name, load_id = parameters
            row = {"load_id": load_id, "region": region, "signal": name, "records": found}
            self._warehouse.insert("equal_records", [row])
        return int(found or 0)

    def _repeated(self, blob: ListedBlob, lines: list[tuple[int, bytes]]) -> set[int]:
        table = pa.table(
            {
                "line": pa.array([line for line, _ in lines], pa.int64()),
                "digest": pa.array([digest for _, digest in lines], pa.binary()),
            }
        )
        with self._warehouse.registered(blob_lines=table):
            rows = self._warehouse.query(
                f"""
                SELECT line FROM blob_lines
                WHERE EXISTS (
                    SELECT 1 FROM bronze.foreign_lines AS seen
                    WHERE seen.region = $1 AND seen.signal = $2
                        AND seen.digest = blob_lines.digest
                        AND seen.received_at > CAST($3 AS TIMESTAMP) - {SAME_REQUEST}
                        AND seen.received_at < CAST($3 AS TIMESTAMP) + {SAME_REQUEST}
                )
                UNION
                SELECT line FROM (
                    SELECT line, row_number() OVER (PARTITION BY digest ORDER BY line) AS nth
                    FROM blob_lines
                ) AS numbered WHERE nth > 1
                """,  # noqa: S608
                (blob.origin.region.name, blob.origin.signal.value, blob.received_at),
            )
        return {line for (line,) in rows}
