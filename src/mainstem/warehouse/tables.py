"""What the warehouse keeps, table by table: one definition, of which each engine makes its own DDL.

Types are Arrow's, because they belong to no engine. `bronze` holds records (their columns are the
core's, `_core.bronze_schema`) and the load's own books; `sources` holds the business files (their
columns are the vocabulary's). dbt builds silver and gold of these, which are not defined here.

A change of any table here is a new `SCHEMA_VERSION` (docs/formats.md, "Versions of the schema").
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa

from mainstem import _core
from mainstem.records import Signal
from mainstem.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA_VERSION = 6
"""Counts up with every change of a table: 1 had no table of versions."""

TEXT, BIGINT, BYTES = pa.string(), pa.int64(), pa.binary()
TIME = pa.timestamp("us")
"""UTC, without a zone."""
DATE = pa.date32()

_SOURCE_TYPES = {
    "text": TEXT,
    "date": DATE,
    "timestamp": TIME,
    "decimal": pa.decimal128(18, 6),
    "rate": pa.decimal128(18, 12),
    "int": BIGINT,
    "timezone": TEXT,
    "currency": TEXT,
}


@dataclass(frozen=True)
class Column:
    """One column. What a later version adds is nullable: the rows that are there have no value."""

    name: str
    type: pa.DataType
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    """One table. `lookups` are the columns by which commands look for rows, most selective first.

    An engine that has indexes makes one of each; another sorts or partitions as it sees fit.
    """

    schema: str
    name: str
    columns: tuple[Column, ...]
    lookups: tuple[tuple[str, ...], ...] = ()

    @property
    def path(self) -> str:
        """The name with its schema, as SQL has it: `bronze.loads`."""
        return f"{self.schema}.{self.name}"

    @property
    def arrow_schema(self) -> pa.Schema:
        """The columns as Arrow has them."""
        return pa.schema([pa.field(c.name, c.type, c.nullable) for c in self.columns])


def _books(
    name: str, columns: dict[str, pa.DataType], *lookups: tuple[str, ...], nullable: str = ""
) -> Table:
    may_be_null = nullable.split()
    return Table(
        "bronze",
        name,
        tuple(Column(column, kind, column in may_be_null) for column, kind in columns.items()),
        lookups,
    )


COUNTS = (
    "received",
    "stored",
    "rejected",
    "dropped",
    "sampled",
    "aggregated",
    "duplicate",
    "held_before",
    "held_after",
)

BOOKS = (
    _books(
        "ledger",
        {
            "instance": TEXT,
            "seq": BIGINT,
            "kind": TEXT,
            "region": TEXT,
            "environment": TEXT,
            "at": TIME,
            "segment": TEXT,
            "signal": TEXT,
            "class": TEXT,
            "hour": TEXT,
            "policy": TEXT,
            "container": TEXT,
            "blob": TEXT,
            "bytes": BIGINT,
            "sha256": TEXT,
            "compression": TEXT,
            "lines": BIGINT,
            "lines_sha256": TEXT,
            **dict.fromkeys(COUNTS, BIGINT),
            "redactions": TEXT,
            "first_time": TIME,
            "last_time": TIME,
            "entry_sha256": TEXT,
            "previous": TEXT,
            "load_id": BIGINT,
            "forward_to": TEXT,
            "forwarded": TEXT,
        },
        ("instance", "seq"),
        ("region", "signal", "at"),
        nullable="segment signal class hour policy container blob bytes sha256 compression lines "
        "lines_sha256 first_time last_time forward_to forwarded",
    ),
    _books(
        "loads",
        {
            "load_id": BIGINT,
            "started_at": TIME,
            "finished_at": TIME,
            "blobs": BIGINT,
            "records": BIGINT,
        },
        ("load_id",),
        nullable="finished_at",
    ),
    _books(
        "load_blobs",
        {
            "load_id": BIGINT,
            "region": TEXT,
            "signal": TEXT,
            "segment": TEXT,
            "blob": TEXT,
            "sha256": TEXT,
            "etag": TEXT,
            "received_at": TIME,
            "lines": BIGINT,
            "records_stored": BIGINT,
            "records_loaded": BIGINT,
            "records_quarantined": BIGINT,
            "records_duplicate": BIGINT,
            "status": TEXT,
        },
        ("blob",),
        ("segment",),
        nullable="segment etag lines records_stored",
    ),
    _books(
        "load_touched",
        {"load_id": BIGINT, "signal": TEXT, "event_date": DATE, "region": TEXT},
        ("load_id",),
    ),
    _books(
        "request_digests",
        {"digest": BYTES, "region": TEXT, "signal": TEXT, "received_at": TIME},
        ("digest",),
        ("received_at",),
    ),
    _books(
        "foreign_lines",
        {"digest": BYTES, "region": TEXT, "signal": TEXT, "blob": TEXT, "received_at": TIME},
        ("digest",),
        ("blob",),
        ("received_at",),
    ),
    _books(
        "equal_records",
        {"load_id": BIGINT, "region": TEXT, "signal": TEXT, "records": BIGINT},
    ),
    _books(
        "quarantine",
        {
            "load_id": BIGINT,
            "region": TEXT,
            "signal": TEXT,
            "blob": TEXT,
            "line": BIGINT,
            "byte_offset": BIGINT,
            "code": TEXT,
            "records": BIGINT,
        },
        ("blob",),
        nullable="line byte_offset records",
    ),
    _books(
        "quarantine_decisions",
        {"region": TEXT, "signal": TEXT, "blob": TEXT, "decision": TEXT, "decided_at": TIME},
        ("blob",),
    ),
    _books(
        "removed",
        {
            "region": TEXT,
            "step": BIGINT,
            "container": TEXT,
            "blob": TEXT,
            "sha256": TEXT,
            "reason": TEXT,
            "removed_at": TIME,
            "load_id": BIGINT,
        },
        ("blob",),
        ("region", "step"),
    ),
    _books(
        "source_files",
        {
            "name": TEXT,
            "sha256": TEXT,
            "rows": BIGINT,
            "load_id": BIGINT,
            "loaded_at": TIME,
            "as_of": TIME,
        },
        nullable="as_of",
    ),
    _books(
        "region_weeks",
        {
            "region": TEXT,
            "week_start": DATE,
            "object": TEXT,
            "etag": TEXT,
            "sha256": TEXT,
            "made_at": TIME,
            "least_tenants": BIGINT,
            "round_to": BIGINT,
            "cells": BIGINT,
            "load_id": BIGINT,
            "loaded_at": TIME,
        },
        nullable="etag",
    ),
    _books(
        "region_aggregates",
        {
            "region": TEXT,
            "week_start": DATE,
            "kind": TEXT,
            "cell": TEXT,
            "is_other": pa.bool_(),
            "amount": BIGINT,
            "query": TEXT,
            "load_id": BIGINT,
        },
        nullable="cell",
    ),
    _books(
        "closed_days",
        {
            "region": TEXT,
            "grain": TEXT,
            "closed_before": DATE,
            "load_id": BIGINT,
            "closed_at": TIME,
        },
    ),
    _books(
        "decayed",
        {"region": TEXT, "signal": TEXT, "blob": TEXT, "records": BIGINT, "decayed_at": TIME},
        ("blob",),
    ),
    _books(
        "presence_months",
        {
            "month_start": DATE,
            "region": TEXT,
            "tenant_id": TEXT,
            "feature_name": TEXT,
            "enduser_pseudo_id": TEXT,
            "uses": BIGINT,
        },
    ),
    _books("schema_versions", {"version": BIGINT, "made_by": TEXT, "made_at": TIME}),
)
"""The load's own tables (docs/formats.md, "Load ledger"), and the versions that they have had."""


EXTRACT_COLUMNS = (Column("first_as_of", TIME), Column("closed_as_of", TIME, nullable=True))
"""Of every business table: since which extract a row is known, and with which one it closed."""
SET_ASIDE = {"sources.accounts": 5, "sources.contract_lines": 5, "sources.invoice_lines": 5}
"""Tables that became other ones, with the version that did it: an older one is renamed, and stays
for whoever still needs it."""


@cache
def records_table(signal: Signal) -> Table:
    """Give a signal's table of records: the core's columns, and the load that brought a row."""
    core = pa.schema(_core.bronze_schema(signal.value))
    columns = [Column(field.name, field.type, field.nullable) for field in core]
    return Table(
        "bronze",
        signal.bronze_table,
        (*columns, Column("load_id", BIGINT)),
        (("blob", "region"), ("event_date",), ("load_id",)),
    )


@cache
def source_tables() -> tuple[Table, ...]:
    """Give the tables of the business files."""
    return tuple(
        Table(
            "sources",
            table.name,
            (
                *(Column(c.name, _SOURCE_TYPES[c.type], c.nullable) for c in table.columns),
                *EXTRACT_COLUMNS,
            ),
        )
        for table in load_vocabulary().business.values()
    )


def source_table(name: str) -> Table:
    """Find the table of one of the business files."""
    return next(table for table in source_tables() if table.name == name)


def all_tables() -> Iterator[Table]:
    """Give every table that a load makes."""
    yield from BOOKS
    for signal in Signal:
        yield records_table(signal)
    yield from source_tables()


def books_table(name: str) -> Table:
    """Find one of the load's own tables."""
    return next(table for table in BOOKS if table.name == name)
