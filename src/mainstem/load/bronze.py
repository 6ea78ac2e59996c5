"""Put one blob's records into bronze, and remember what became of each of them.

Everything here happens inside the caller's transaction, so that rows and load ledger are there
together or not at all. Rows are inserted while their blob is decoded, so that memory holds batches
of them and never a blob's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from mainstem import _core
from mainstem.config.values import RepeatedSpans
from mainstem.load.closed import ClosedDays
from mainstem.load.fetch import LINE
from mainstem.load.ledger import timestamp, unix_nano
from mainstem.load.plan import OwnBlob
from mainstem.load.quarantine import quarantine_rows
from mainstem.load.repeats import SAME_REQUEST, ForeignRepeats
from mainstem.records import Signal
from mainstem.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mainstem.load.fetch import Fetched
    from mainstem.load.plan import ListedBlob, Origin
    from mainstem.warehouse import Warehouse

_OF_BLOB = "region = $1 AND signal = $2 AND blob = $3"
_CURRENT = f"{_OF_BLOB} AND status <> 'replaced'"


class Outcome(NamedTuple):
    """What became of a blob's records; `status` is `loaded` or `quarantined`."""

    loaded: int
    quarantined: int
    duplicate: int
    status: str


class Bronze:
    """The bronze tables, as one load writes to them.

    One that replays takes each blob that it is given in place of what that gave before.
    """

    def __init__(self, warehouse: Warehouse, load_id: int, *, replays: bool = False) -> None:
        self._warehouse = warehouse
        self._load_id = load_id
        self._replays = replays
        self._repeats = ForeignRepeats(warehouse, load_id)
        self._closed = ClosedDays(warehouse)
        self._promote = load_vocabulary().promoted_columns

    def leave_closed(self, blob: OwnBlob | ListedBlob, got: Fetched) -> bool:
        """Leave a blob that is to be taken again as it is where closed days hold its records.

        True then. One of others' that changed goes to quarantine, once.
        """
        if not self._closed.any:
            return False
        asked = self._replays or self._is_to_retry(blob)
        foreign = None if isinstance(blob, OwnBlob) else blob
        known = self._known_content(foreign) if foreign else None
        changed = known is not None and known != got.sha256
        if not (asked or changed) or not self._closed.hold(blob):
            return False
        self._decide_no_more(blob)
        if foreign and changed:
            self._set_etag(foreign, got)
            self._quarantine(blob, [(None, None, "blob_changed_after_its_days_closed", 0)])
        return True

    def take_own(self, blob: OwnBlob, got: Fetched) -> Outcome:
        """Load one of our blobs without the requests that were loaded before.

        A blob that is not what its entry says goes to quarantine whole. One that is to be taken
        again replaces what it gave before, or leaves it as it is if it cannot be read whole.
        """
        if self._replays or self._is_to_retry(blob):
            if got.problem is not None and self._has_rows(blob):
                self._decide_no_more(blob)
                self._quarantine(blob, [(None, None, "blob_changed_after_its_load", 0)])
                return Outcome(0, 0, 0, "quarantined")
            self._forget(blob)
            self._forget_requests(blob, got)
        if got.problem is not None:
            return self._refuse(blob, got, got.problem, blob.stored)
        region, signal = blob.origin.region.name, blob.origin.signal.value
        lines = [(digest, timestamp(at)) for digest, at in LINE.iter_unpack(got.lines)]
        skip = self._seen_requests(blob, lines)
        rows = self.decode(blob, got, skip) if skip or got.rows is None else got.rows
        try:
            outcome = self._insert(blob, rows)
        except ValueError:
            # Told when the last line is read: rows of those before are there.
            self._delete_rows(blob)
            return self._refuse(blob, got, "lines_do_not_match_the_blob", blob.stored)
        if rows.bad:
            # How many records a line that cannot be read held, only the entry knows.
            missing = blob.stored - outcome.loaded - outcome.duplicate
            outcome = outcome._replace(quarantined=missing)
        skipped = set(skip)
        self._warehouse.insert(
            "request_digests",
            [
                {"digest": digest, "region": region, "signal": signal, "received_at": at}
                for number, (digest, at) in enumerate(lines)
                if number not in skipped
            ],
        )
        self._remember(blob, got, outcome, rows.lines, rows.records)
        return outcome

    def take_foreign(self, blob: ListedBlob, got: Fetched) -> Outcome | None:
        """Load a foreign blob in place of what its older content gave.

        None where its content is the one that was loaded, and only its etag is new.
        """
        known = self._known_content(blob)
        if known == got.sha256 and not (self._replays or self._is_to_retry(blob)):
            self._set_etag(blob, got)
            return None
        if known is not None:
            self._forget(blob)
        rows = got.rows or self.decode(blob, got)
        # Foreign books begin at stored; a line that cannot be read counts as one record.
        outcome = self._insert(blob, rows)
        repeated = self._repeats.take_out_lines(blob, rows.contents)
        if (
            blob.origin.signal is Signal.TRACES
            and blob.origin.region.repeated_spans is RepeatedSpans.DROP
        ):
            repeated += self._repeats.take_out_spans(blob)
        outcome = outcome._replace(
            loaded=outcome.loaded - repeated, duplicate=repeated, quarantined=rows.bad_lines
        )
        self._remember(blob, got, outcome, rows.lines, rows.records + rows.bad_lines)
        return outcome

    def check_own(self, blob: ListedBlob, got: Fetched) -> bool:
        """Look at a blob of ours that was written to since; True where its content was changed.

        Rows stay as they were loaded, and the change goes to quarantine. A blob that was refused
        and now is what its entry says is free to be loaded.
        """
        known = self._known_content(blob)
        self._set_etag(blob, got)
        if known == got.sha256:
            return False
        key = _key(blob)
        mended = self._warehouse.change(
            f"""
            UPDATE bronze.load_blobs SET status = 'replaced'
            WHERE {_CURRENT} AND status = 'quarantined' AND $4 = (
                SELECT min(sha256) FROM bronze.ledger WHERE {_OF_BLOB}
            )
            """,  # noqa: S608
            (*key, got.sha256),
        )
        if mended:
            self._decide_no_more(blob)
            self._release(blob)
            return False
        self._quarantine(blob, [(None, None, "blob_changed_after_its_load", 0)])
        return True

    def touch(self, origin: Origin) -> None:
        """Note the days of an origin's records that this load put into bronze so far."""
        self._touch(origin, "load_id = $4", self._load_id)

    def report_equal(self, origin: Origin) -> int:
        """Count the foreign records of this load that equal another; they stay."""
        return self._repeats.report_equal(origin)

    def decode(
        self, blob: OwnBlob | ListedBlob, got: Fetched, skip: Sequence[int] = ()
    ) -> _core.BlobStream:
        """Begin to read a blob into rows, in another thread; safe to call from any."""
        own = blob if isinstance(blob, OwnBlob) else None
        return _core.stream_blob(
            got.content.pieces(),
            signal=blob.origin.signal.value,
            name=blob.name,
            region=blob.origin.region.name,
            environment=own.environment if own else blob.origin.environment,
            received_at_ns=unix_nano(blob.received_at),
            lines=got.lines if own else None,
            skip=list(skip),
            promote=self._promote,
        )

    def _insert(self, blob: OwnBlob | ListedBlob, rows: _core.BlobStream) -> Outcome:
        """Put rows into their bronze table, and lines that could not be read into quarantine.

        ValueError, with rows inserted, where the blob has not the lines that `.lines` tells of.
        """
        loaded = self._warehouse.append(
            f"bronze.{blob.origin.signal.bronze_table}",
            _of_load(pa.RecordBatchReader.from_stream(rows), self._load_id),
        )
        self._quarantine(blob, [(line, offset, code, None) for line, offset, code in rows.bad])
        return Outcome(loaded, 0, rows.skipped_records, "loaded")

    def _refuse(
        self, blob: OwnBlob | ListedBlob, got: Fetched, code: str, records: int | None
    ) -> Outcome:
        self._quarantine(blob, [(None, None, code, records)])
        outcome = Outcome(0, records or 0, 0, "quarantined")
        self._remember(blob, got, outcome, None, None)
        return outcome

    def _seen_requests(
        self, blob: OwnBlob, lines: Sequence[tuple[bytes, datetime | None]]
    ) -> list[int]:
        """List the lines whose request was loaded from another line within 24 hours of theirs.

        Blobs are not loaded in the order of receipt, so the time between counts both ways.
        """
        table = pa.table(
            {
                "line": pa.array(range(len(lines)), pa.int64()),
                "digest": pa.array([digest for digest, _ in lines], pa.binary()),
                "received_at": pa.array([at for _, at in lines], pa.timestamp("us")),
            }
        )
        with self._warehouse.registered(request_lines=table):
            rows = self._warehouse.query(
                f"""
                WITH around AS (
                    SELECT min(received_at) - {SAME_REQUEST} AS earliest,
                        max(received_at) + {SAME_REQUEST} AS latest
                    FROM request_lines
                )
                SELECT line FROM request_lines
                WHERE EXISTS (
                    SELECT 1 FROM bronze.request_digests AS seen, around
                    WHERE seen.region = $1 AND seen.signal = $2
                        AND seen.received_at BETWEEN earliest AND latest
                        AND seen.digest = request_lines.digest
                        AND seen.received_at > request_lines.received_at - {SAME_REQUEST}
                        AND seen.received_at < request_lines.received_at + {SAME_REQUEST}
                )
                UNION
                SELECT later.line FROM request_lines AS later
                JOIN request_lines AS first
                    ON first.digest = later.digest AND first.line < later.line
                    AND later.received_at < first.received_at + {SAME_REQUEST}
                ORDER BY line
                """,  # noqa: S608
                (blob.origin.region.name, blob.origin.signal.value),
            )
        return [row[0] for row in rows]

    def _known_content(self, blob: ListedBlob) -> str | None:
        sha256: str | None = self._warehouse.value(
            f"SELECT sha256 FROM bronze.load_blobs WHERE {_CURRENT}",  # noqa: S608
            _key(blob),
        )
        return sha256

    def _set_etag(self, blob: ListedBlob, got: Fetched) -> None:
        self._warehouse.change(
            f"UPDATE bronze.load_blobs SET etag = $4 WHERE {_CURRENT}",  # noqa: S608
            (*_key(blob), got.etag),
        )

    def _is_to_retry(self, blob: OwnBlob | ListedBlob) -> bool:
        return bool(
            self._warehouse.value(
                "SELECT count(*) FROM bronze.quarantine_decisions "  # noqa: S608
                f"WHERE {_OF_BLOB} AND decision = 'retry'",
                _key(blob),
            )
        )

    def _has_rows(self, blob: OwnBlob) -> bool:
        loaded = self._warehouse.value(
            f"SELECT CAST(sum(records_loaded) AS BIGINT) FROM bronze.load_blobs WHERE {_CURRENT}",  # noqa: S608
            _key(blob),
        )
        return bool(loaded)

    def _decide_no_more(self, blob: OwnBlob | ListedBlob) -> None:
        self._warehouse.change(
            f"DELETE FROM bronze.quarantine_decisions WHERE {_OF_BLOB}",  # noqa: S608
            _key(blob),
        )

    def _release(self, blob: OwnBlob | ListedBlob) -> None:
        """Take a blob's places out of quarantine: it is read anew, and what is wrong found anew."""
        self._warehouse.change(
            f"DELETE FROM bronze.quarantine WHERE {_OF_BLOB}",  # noqa: S608
            _key(blob),
        )

    def _forget_requests(self, blob: OwnBlob, got: Fetched) -> None:
        """Forget the requests of a blob's own lines, or they would be repeats of themselves."""
        table = pa.Table.from_pylist(
            [
                {"digest": digest, "received_at": timestamp(at)}
                for digest, at in LINE.iter_unpack(got.lines)
            ],
            schema=pa.schema([("digest", pa.binary()), ("received_at", pa.timestamp("us"))]),
        )
        with self._warehouse.registered(own_lines=table):
            self._warehouse.change(
                "DELETE FROM bronze.request_digests WHERE region = $1 AND signal = $2 "
                "AND (digest, received_at) IN (SELECT digest, received_at FROM own_lines)",
                _key(blob)[:2],
            )

    def _forget(self, blob: OwnBlob | ListedBlob) -> None:
        """Take out what a blob gave before, and touch the days that its rows were of."""
        self._decide_no_more(blob)
        self._release(blob)
        self._touch(blob.origin, "blob = $4", blob.name)
        self._delete_rows(blob)
        if not isinstance(blob, OwnBlob):
            self._repeats.forget(blob)
        self._warehouse.change(
            f"UPDATE bronze.load_blobs SET status = 'replaced' WHERE {_CURRENT}",  # noqa: S608
            _key(blob),
        )

    def _delete_rows(self, blob: OwnBlob | ListedBlob) -> None:
        self._warehouse.change(
            f"DELETE FROM bronze.{blob.origin.signal.bronze_table} "  # noqa: S608
            "WHERE region = $1 AND blob = $2",
            (blob.origin.region.name, blob.name),
        )

    def _touch(self, origin: Origin, which: str, value: object) -> None:
        self._warehouse.change(
            f"""
            INSERT INTO bronze.load_touched
            SELECT DISTINCT CAST($1 AS BIGINT), $2, event_date, $3
            FROM bronze.{origin.signal.bronze_table} WHERE region = $3 AND {which}
            EXCEPT SELECT load_id, signal, event_date, region FROM bronze.load_touched
            """,  # noqa: S608
            (self._load_id, origin.signal.value, origin.region.name, value),
        )

    def _quarantine(
        self,
        blob: OwnBlob | ListedBlob,
        places: Sequence[tuple[int | None, int | None, str, int | None]],
    ) -> None:
        rows = quarantine_rows(self._load_id, _key(blob), places)
        self._warehouse.insert("quarantine", rows)

    def _remember(
        self,
        blob: OwnBlob | ListedBlob,
        got: Fetched,
        outcome: Outcome,
        lines: int | None,
        stored: int | None,
    ) -> None:
        """Note what became of a blob; `lines` and `stored` are counted in the blob itself."""
        region, signal, name = _key(blob)
        self._warehouse.insert(
            "load_blobs",
            [
                {
                    "load_id": self._load_id,
                    "region": region,
                    "signal": signal,
                    "segment": blob.segment if isinstance(blob, OwnBlob) else None,
                    "blob": name,
                    "sha256": got.sha256,
                    "etag": got.etag,
                    "received_at": blob.received_at,
                    "lines": lines,
                    "records_stored": stored,
                    "records_loaded": outcome.loaded,
                    "records_quarantined": outcome.quarantined,
                    "records_duplicate": outcome.duplicate,
                    "status": outcome.status,
                }
            ],
        )


def _key(blob: OwnBlob | ListedBlob) -> tuple[str, str, str]:
    return blob.origin.region.name, blob.origin.signal.value, blob.name


def _of_load(rows: pa.RecordBatchReader, load_id: int) -> pa.RecordBatchReader:
    """Add to each row the load that brings it."""
    field = pa.field("load_id", pa.int64(), nullable=False)
    return pa.RecordBatchReader.from_batches(
        rows.schema.append(field),
        (batch.append_column(field, pa.repeat(load_id, len(batch))) for batch in rows),
    )
