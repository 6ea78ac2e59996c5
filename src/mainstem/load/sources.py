"""Business files: accounts, tenants, contracts, invoices; taken whole when their content changed.

The vocabulary says which columns each has, of what type, and what identifies a row. What is wrong
with a file is told in full, and the table stays as the last good file left it. A cell is never
quoted, only its column and row.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import duckdb

from mainstem.load.ledger import now
from mainstem.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from mainstem.config.platform import Sources
    from mainstem.vocabulary import BusinessTable, Column
    from mainstem.warehouse import Warehouse


def changed_sources(
    warehouse: Warehouse, sources: Sources
) -> Iterator[tuple[BusinessTable, Path, str]]:
    """List the configured files whose content is not the loaded one; SHA-256 "" where none is."""
    for table in load_vocabulary().business.values():
        path: Path | None = getattr(sources, table.name)
        if path is None:
            continue
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        known = warehouse.value(
            "SELECT sha256 FROM bronze.source_files WHERE name = $1", (table.name,)
        )
        if known != sha256:
            yield table, path, sha256


def load_source(
    warehouse: Warehouse, table: BusinessTable, path: Path, sha256: str, load_id: int
) -> tuple[int, list[str]]:
    """Replace a table by a file's content in one transaction; gives its rows and what is wrong.

    Where anything is wrong, nothing is changed.
    """
    if not sha256:
        return 0, [f"sources.{table.name}: there is no file {path}"]
    reader = "read_parquet" if path.suffix == ".parquet" else "read_csv"
    options = "" if reader == "read_parquet" else ", header = true, all_varchar = true"
    source = f"{reader}(getvariable('business_file'){options})"
    with duckdb.connect() as session:
        session.execute("SET VARIABLE business_file = ?", [str(path)])
        try:
            found = [row[0] for row in session.execute(f"DESCRIBE FROM {source}").fetchall()]
            if problems := _missing_columns(table, path, found):
                return 0, problems
            session.execute(f"CREATE TABLE business_rows AS FROM {source}")
        except duckdb.Error as error:
            return 0, [f"sources.{table.name}: {path} cannot be read ({type(error).__name__})"]
        if problems := [*_bad_cells(session, table, path), *_doubled_keys(session, table, path)]:
            return 0, problems
        columns = ", ".join(
            f'CAST({_text(c)} AS {c.sql_type}) AS "{c.name}"' for c in table.columns
        )
        rows = session.sql(f"SELECT {columns} FROM business_rows").to_arrow_reader()  # noqa: S608
        return _replace(warehouse, table, rows, sha256, load_id), []


def _replace(
    warehouse: Warehouse,
    table: BusinessTable,
    rows: pa.RecordBatchReader,
    sha256: str,
    load_id: int,
) -> int:
    with warehouse.transaction():
        warehouse.change(f"DELETE FROM sources.{table.name}")  # noqa: S608
        count = warehouse.append(f"sources.{table.name}", rows)
        warehouse.change("DELETE FROM bronze.source_files WHERE name = $1", (table.name,))
        loaded = {
            "name": table.name,
            "sha256": sha256,
            "rows": count,
            "load_id": load_id,
            "loaded_at": now(),
        }
        warehouse.insert("source_files", [loaded])
    return count


def _text(column: Column) -> str:
    """Read a cell; an empty one is no value."""
    return f"nullif(trim(\"{column.name}\"::VARCHAR), '')"


def _missing_columns(table: BusinessTable, path: Path, found: list[str]) -> list[str]:
    missing = [column.name for column in table.columns if column.name not in found]
    if not missing:
        return []
    lacks, has = ", ".join(missing), ", ".join(found)
    return [f"sources.{table.name}: {path} lacks the columns {lacks}; it has {has}"]


def _bad_cells(
    session: duckdb.DuckDBPyConnection, table: BusinessTable, path: Path
) -> Iterator[str]:
    for column in table.columns:
        text = _text(column)
        wrong = f"{text} IS NOT NULL AND TRY_CAST({text} AS {column.sql_type}) IS NULL"
        checks = [(wrong, f"is not of type {column.type}")]
        if not column.nullable:
            checks.append((f"{text} IS NULL", "is empty"))
        for condition, reason in checks:
            ((count, first),) = session.execute(
                f"SELECT count(*), min(rowid) FROM business_rows WHERE {condition}"  # noqa: S608
            ).fetchall()
            if count:
                yield (
                    f"sources.{table.name}: {path}: {column.name} {reason} in {count} rows, "
                    f"first in row {first + 1}"
                )


def _doubled_keys(
    session: duckdb.DuckDBPyConnection, table: BusinessTable, path: Path
) -> Iterator[str]:
    key = ", ".join(f'"{name}"' for name in table.key)
    ((doubled,),) = session.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM business_rows "  # noqa: S608
        f"GROUP BY {key} HAVING count(*) > 1)"
    ).fetchall()
    if doubled:
        yield (
            f"sources.{table.name}: {path}: {doubled} values of {', '.join(table.key)} "
            "stand in more than one row"
        )
