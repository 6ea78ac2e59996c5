"""What a build published, for a warehouse of somebody else's: Parquet in a store, and T-SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from mainstem.model.published import current_build, nothing_published
from mainstem.model.tsql import ddl

if TYPE_CHECKING:
    from pathlib import Path

    from mainstem.model.published import Build, PublishedTable
    from mainstem.store.account import Account

CONTAINER = "published"


@dataclass(frozen=True)
class Exported:
    """A build's files in a store: `<build>/<table>.parquet` in the container `published`."""

    build_id: str
    tables: tuple[str, ...]
    written: int
    """How many were not there before: an export of the same build again writes nothing."""


def export_parquet(published: Path, account: Account) -> Exported:
    """Put the current build's gold tables into a store, for a copy tool to read.

    A name never changes its content. UsageError where nothing is published; what
    `Container.create` raises.
    """
    build, gold = _gold(published)
    account.ensure_container(CONTAINER)
    container = account.container(CONTAINER)
    written = sum(
        container.create(f"{build.build_id}/{file.name}", file.read_bytes()) for _, file in gold
    )
    return Exported(build.build_id, tuple(table.name for table, _ in gold), written)


def export_tsql(published: Path) -> str:
    """Write T-SQL that makes the current build's gold tables, from its Parquet files' schemas."""
    _, gold = _gold(published)
    return ddl((table.name, table.description, pq.read_schema(file)) for table, file in gold)


def _gold(published: Path) -> tuple[Build, list[tuple[PublishedTable, Path]]]:
    """Give the current build, and its gold tables with their Parquet files, by name."""
    found = current_build(published)
    if found is None:
        raise nothing_published(published)
    build, folder = found
    gold = sorted(
        (each for each in build.tables if each.kind == "gold"), key=lambda each: each.name
    )
    return build, [(table, folder / table.parquet) for table in gold]
