"""Business tables: accounts, tenants, contracts, invoices; full extracts, taken when they changed.

What is wrong with an extract is told in full, and the table stays as the last good one left it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from mainstem.load.extract import SUFFIXES, BadExtract, read_files, read_rows
from mainstem.load.history import merged
from mainstem.load.ledger import now
from mainstem.vocabulary import load_vocabulary
from mainstem.warehouse.tables import source_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mainstem.config.sources import Source, Sources
    from mainstem.vocabulary import BusinessTable
    from mainstem.warehouse import Warehouse

    TableReader = Callable[[str, str], pa.Table | None]
    """Reads a schema's table whole; None where there is none."""


@dataclass(frozen=True)
class Extract:
    """One configured extract and its moment, UTC.

    `sha256` is that of its files and of how they are read; None of a table, which only its rows
    tell.
    """

    table: BusinessTable
    source: Source
    files: tuple[Path, ...]
    sha256: str | None
    as_of: datetime

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        return str(self.source.path or self.source.table)


@dataclass(frozen=True)
class Taken:
    """What became of an extract: its rows, None where it was not taken, and what is wrong with it.

    Neither is there where the extract is the loaded one.
    """

    rows: int | None = None
    sha256: str = ""
    problems: tuple[str, ...] = ()


def changed_sources(
    warehouse: Warehouse, sources: Sources, as_of: datetime | None = None
) -> Iterator[Extract]:
    """List the configured extracts that are not known to be the loaded ones.

    `as_of` is their moment, UTC without a zone; without it a file's is when it was last written,
    and a table's is now.
    """
    known: dict[str, str] = dict(warehouse.query("SELECT name, sha256 FROM bronze.source_files"))
    for table in load_vocabulary().business.values():
        source: Source | None = getattr(sources, table.name)
        if source is None:
            continue
        files = _files(source)
        sha256 = _fingerprint(source, files) if source.path is not None else None
        if sha256 is None or known.get(table.name) != sha256:
            yield Extract(table, source, files, sha256, as_of or _moment(files))


def load_source(
    warehouse: Warehouse,
    extract: Extract,
    load_id: int,
    read_table: TableReader | None = None,
) -> Taken:
    """Bring an extract into its table in one transaction, or change nothing where it is wrong.

    `read_table` reads what others keep in the warehouse, where this is not the warehouse itself.
    """
    table = extract.table
    loaded, known = _loaded(warehouse, table)
    if loaded is not None and extract.as_of < loaded:
        older = f"is of {extract.as_of:%Y-%m-%d %H:%M:%S}, older than the loaded extract of"
        problem = f"sources.{table.name}: {extract.place} {older} {loaded:%Y-%m-%d %H:%M:%S}"
        return Taken(problems=(problem,))
    try:
        rows = _rows(extract, read_table or warehouse_table(warehouse))
    except BadExtract as bad:
        return Taken(problems=tuple(bad.problems))
    sha256 = extract.sha256 or _digest(rows, table)
    if sha256 == known:
        return Taken()
    kept = warehouse.read(source_table(table.name)).read_all()
    following = merged(table, kept, rows, extract.as_of)
    with warehouse.transaction():
        warehouse.change(f"DELETE FROM sources.{table.name}")  # noqa: S608
        warehouse.append(f"sources.{table.name}", following)
        warehouse.change("DELETE FROM bronze.source_files WHERE name = $1", (table.name,))
        row = {
            "name": table.name,
            "sha256": sha256,
            "rows": len(rows),
            "load_id": load_id,
            "loaded_at": now(),
            "as_of": extract.as_of,
        }
        warehouse.insert("source_files", [row])
    return Taken(len(rows), sha256)


def warehouse_table(warehouse: Warehouse) -> TableReader:
    """Read tables that others keep in a warehouse."""

    def read(schema: str, name: str) -> pa.Table | None:
        if not warehouse.columns(schema, name):
            return None
        return warehouse.relation(schema, name).read_all()

    return read


def _loaded(warehouse: Warehouse, table: BusinessTable) -> tuple[datetime | None, str | None]:
    found = warehouse.query(
        "SELECT as_of, sha256 FROM bronze.source_files WHERE name = $1", (table.name,)
    )
    return found[0] if found else (None, None)


def _files(source: Source) -> tuple[Path, ...]:
    path = source.path
    if path is None:
        return ()
    if path.is_dir():
        return tuple(sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES))
    return (path,) if path.is_file() else ()


def _fingerprint(source: Source, files: tuple[Path, ...]) -> str:
    """Hash files, and what the platform file says of how they are read."""
    hashes = []
    for path in files:
        with path.open("rb") as file:
            hashes.append(hashlib.file_digest(file, "sha256").hexdigest())
    said = source.model_dump(mode="json", exclude={"path", "table"}, exclude_defaults=True)
    if len(hashes) == 1 and not said:
        return hashes[0]
    return hashlib.sha256(json.dumps([hashes, said], sort_keys=True).encode()).hexdigest()


def _moment(files: tuple[Path, ...]) -> datetime:
    written = max((path.stat().st_mtime for path in files), default=None)
    moment = datetime.now(UTC) if written is None else datetime.fromtimestamp(written, UTC)
    return moment.replace(tzinfo=None)


def _rows(extract: Extract, read_table: TableReader) -> pa.Table:
    table, source = extract.table, extract.source
    if source.table is not None:
        schema, _, name = source.table.partition(".")
        rows = read_table(schema, name)
        if rows is None:
            raise BadExtract([f"sources.{table.name}: the warehouse has no table {source.table}"])
        return read_rows(table, source, rows)
    if not extract.files:
        what = (
            "CSV or Parquet file in the folder" if source.path and source.path.is_dir() else "file"
        )
        raise BadExtract([f"sources.{table.name}: there is no {what} {extract.place}"])
    return read_files(table, source, extract.files)


def _digest(rows: pa.Table, table: BusinessTable) -> str:
    """Hash rows in the order of their key."""
    ordered = rows.sort_by([(name, "ascending") for name in table.key]).combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, ordered.schema) as writer:
        writer.write_table(ordered)
    return hashlib.sha256(sink.getvalue()).hexdigest()
