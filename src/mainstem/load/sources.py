"""Business files: accounts, tenants, contracts, invoices; full extracts, taken when they changed.

What is wrong with a file is told in full, and the table stays as the last good one left it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mainstem.load.extract import BadExtract, read_extract
from mainstem.load.history import merged
from mainstem.load.ledger import now
from mainstem.vocabulary import load_vocabulary
from mainstem.warehouse.tables import source_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mainstem.config.platform import Sources
    from mainstem.vocabulary import BusinessTable
    from mainstem.warehouse import Warehouse


@dataclass(frozen=True)
class Extract:
    """One configured file and its moment, UTC; `sha256` is "" where there is no such file."""

    table: BusinessTable
    path: Path
    sha256: str
    as_of: datetime


def changed_sources(warehouse: Warehouse, sources: Sources) -> Iterator[Extract]:
    """List the configured files whose content is not the loaded one."""
    for table in load_vocabulary().business.values():
        path: Path | None = getattr(sources, table.name)
        if path is None:
            continue
        there = path.is_file()
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest() if there else ""
        known = warehouse.value(
            "SELECT sha256 FROM bronze.source_files WHERE name = $1", (table.name,)
        )
        if known != sha256:
            written = (
                datetime.fromtimestamp(path.stat().st_mtime, UTC) if there else datetime.now(UTC)
            )
            yield Extract(table, path, sha256, written.replace(tzinfo=None))


def load_source(warehouse: Warehouse, extract: Extract, load_id: int) -> tuple[int, list[str]]:
    """Bring an extract into its table in one transaction; gives its rows and what is wrong.

    Where anything is wrong, nothing is changed.
    """
    table, path = extract.table, extract.path
    if not extract.sha256:
        return 0, [f"sources.{table.name}: there is no file {path}"]
    loaded: datetime | None = warehouse.value(
        "SELECT as_of FROM bronze.source_files WHERE name = $1", (table.name,)
    )
    if loaded is not None and extract.as_of < loaded:
        older = f"is of {extract.as_of:%Y-%m-%d %H:%M:%S}, older than the loaded extract of"
        return 0, [f"sources.{table.name}: {path} {older} {loaded:%Y-%m-%d %H:%M:%S}"]
    try:
        rows = read_extract(table, path)
    except BadExtract as bad:
        return 0, bad.problems
    kept = warehouse.read(source_table(table.name)).read_all()
    following = merged(table, kept, rows, extract.as_of)
    with warehouse.transaction():
        warehouse.change(f"DELETE FROM sources.{table.name}")  # noqa: S608
        warehouse.append(f"sources.{table.name}", following)
        warehouse.change("DELETE FROM bronze.source_files WHERE name = $1", (table.name,))
        warehouse.insert(
            "source_files",
            [
                {
                    "name": table.name,
                    "sha256": extract.sha256,
                    "rows": len(rows),
                    "load_id": load_id,
                    "loaded_at": now(),
                    "as_of": extract.as_of,
                }
            ],
        )
    return len(rows), []
