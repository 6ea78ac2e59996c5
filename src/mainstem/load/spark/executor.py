"""What runs on Spark's executors: fetch a plan's blobs, and decode them with the same core.

Each function takes and gives Arrow batches, as `mapInArrow` wants them. It gives the same rows
whenever it is run again, so that a task whose executor died may be run anywhere.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa

from mainstem import _core
from mainstem.load.fetch import LINE, unlike_entry
from mainstem.load.ledger import timestamp
from mainstem.records import Signal
from mainstem.store import Account, ObjectMissing
from mainstem.vocabulary import load_vocabulary
from mainstem.warehouse.spark import Task
from mainstem.warehouse.spark.lake import UTC_TIME
from mainstem.warehouse.tables import records_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS = 16_384
"""Rows a batch that goes to the JVM, which holds two of them."""
LINES = pa.schema(
    [
        ("region", pa.string()),
        ("signal", pa.string()),
        ("ordinal", pa.int32()),
        ("line", pa.int64()),
        ("digest", pa.binary()),
        ("received_at", UTC_TIME),
    ]
)
"""A line of one of our blobs: its request. `ordinal` is the blob's place in the plan."""
SKIPS = pa.schema([("ordinal", pa.int32()), ("line", pa.int64())])


@dataclass(frozen=True)
class Read:
    """What an executor found of the blob at a place in the plan.

    `state` is `read`, `same` (only its etag is new), `looked`, `missing`, `changed` (since the plan
    was made) or `refused`, which `problem` says in a quarantine's code.
    """

    ordinal: int
    state: str
    sha256: str = ""
    etag: str | None = None
    problem: str | None = None
    lines: int = 0
    records: int = 0
    rows: int = 0
    skipped: int = 0
    bad: list[tuple[int, int, str]] = field(default_factory=list)
    bad_lines: int = 0


@dataclass(frozen=True)
class Got:
    """A blob's bytes, and the `.lines` of one of ours."""

    data: bytes
    sha256: str
    etag: str | None
    lines: bytes


@dataclass(frozen=True)
class Reader:
    """What an executor has to know beside the tasks: a store's address by region and signal."""

    addresses: dict[tuple[str, str], str] = field(repr=False)
    directory: Path

    def fetch(self, task: Task) -> Got | None:
        """Read a blob, and one of ours with its `.lines`; None where either is not there."""
        try:
            info, data = self._account(task).container(task.container).fetch(task.name)
            lines = self.lines(task) if task.kind == "own" else b""
        except ObjectMissing:
            return None
        return Got(data, hashlib.sha256(data).hexdigest(), info.etag, lines)

    def lines(self, task: Task) -> bytes:
        """Read the `.lines` of one of our blobs."""
        return self._account(task).container(task.ledger or "").read(task.lines_name or "")

    def _account(self, task: Task) -> Account:
        return _opened(self.addresses[task.region, task.signal], self.directory)


@cache
def _opened(address: str, directory: Path) -> Account:
    """Open an account once a process: each has connections of its own, and asks for its token."""
    return Account.open(address, directory)


def tasks_in(batch: pa.RecordBatch) -> Iterator[tuple[int, Task, list[int]]]:
    """Give the tasks of a batch: place in the plan, task, and lines to skip."""
    for row in batch.to_pylist():
        yield row["ordinal"], Task(**json.loads(row["task"])), row["skip"] or []


def read_lines(batches: Iterator[pa.RecordBatch], reader: Reader) -> Iterator[pa.RecordBatch]:
    """Give the lines of the plan's own blobs, as `LINES`."""
    for batch in batches:
        for ordinal, task, _ in tasks_in(batch):
            try:
                data = reader.lines(task)
            except ObjectMissing:
                continue  # So is the blob, when it is to be read.
            if len(data) % LINE.size:
                continue  # The blob is refused when it is read.
            found = list(LINE.iter_unpack(data))
            count = len(found)
            yield pa.RecordBatch.from_pydict(
                {
                    "region": [task.region] * count,
                    "signal": [task.signal] * count,
                    "ordinal": [ordinal] * count,
                    "line": list(range(count)),
                    "digest": [digest for digest, _ in found],
                    "received_at": [timestamp(at) for _, at in found],
                },
                schema=LINES,
            )


def read_blobs(
    batches: Iterator[pa.RecordBatch], reader: Reader, signal: str, load_id: int
) -> Iterator[pa.RecordBatch]:
    """Give the rows of a signal's blobs, as `rows_schema`, and after each blob's what was read."""
    schema = rows_schema(Signal(signal))
    promote = load_vocabulary().promoted_columns
    for batch in batches:
        for ordinal, task, skip in tasks_in(batch):
            got = reader.fetch(task)
            found = _judge(ordinal, task, got)
            if got is not None and found.state == "read":
                try:
                    rows = _core.read_blob(
                        got.data,
                        signal=task.signal,
                        name=task.name,
                        region=task.region,
                        environment=task.environment,
                        received_at_ns=task.received_at,
                        lines=got.lines if task.kind == "own" else None,
                        skip=skip,
                        promote=promote,
                    )
                except ValueError:
                    problem = "lines_do_not_match_the_blob"
                    found = Read(ordinal, "refused", got.sha256, got.etag, problem)
                else:
                    for part in pa.RecordBatchReader.from_stream(rows):
                        yield from _portable(part, schema, load_id)
                    found = Read(
                        *(ordinal, "read", got.sha256, got.etag, None),
                        *(rows.lines, rows.records, rows.rows, rows.skipped_records),
                        *(rows.bad, rows.bad_lines),
                    )
            yield _told(found, schema)


def rows_schema(signal: Signal) -> pa.Schema:
    """Give what `read_blobs` gives: a record's columns, and `read`, which is JSON or null.

    No column is dictionary-encoded, which `mapInArrow` refuses, and none is null-free, because
    what was read stands in rows of its own.
    """
    columns = [(column.name, _plain(column.type)) for column in records_table(signal).columns]
    return pa.schema([*columns, ("read", pa.string())])


def _judge(ordinal: int, task: Task, got: Got | None) -> Read:
    if got is None:
        return Read(ordinal, "missing")
    if task.kind != "own" and got.etag != task.etag:
        return Read(ordinal, "changed", got.sha256, got.etag)
    if task.kind == "look":
        return Read(ordinal, "looked", got.sha256, got.etag)
    if task.kind == "own" and (problem := unlike_entry(task, got.sha256, got.lines)):
        return Read(ordinal, "refused", got.sha256, got.etag, problem)
    if task.kind == "foreign" and task.known == got.sha256 and not task.again:
        return Read(ordinal, "same", got.sha256, got.etag)
    return Read(ordinal, "read", got.sha256, got.etag)


def _plain(kind: pa.DataType) -> pa.DataType:
    if kind == pa.timestamp("us"):
        return UTC_TIME
    return pa.string() if kind == pa.large_string() else kind


def _portable(part: pa.RecordBatch, schema: pa.Schema, load_id: int) -> Iterator[pa.RecordBatch]:
    for start in range(0, part.num_rows, ROWS):
        piece = part.slice(start, ROWS)
        count = piece.num_rows
        columns = [
            pa.nulls(count, field.type)
            if field.name == "read"
            else pa.array([load_id] * count, field.type)
            if field.name == "load_id"
            else piece.column(field.name).cast(field.type)
            for field in schema
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _told(found: Read, schema: pa.Schema) -> pa.RecordBatch:
    columns = [
        pa.array([json.dumps(asdict(found))], field.type)
        if field.name == "read"
        else pa.nulls(1, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
