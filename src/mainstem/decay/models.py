"""What the models' tables hold, as the last build left them: detail, hours, days or presence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from mainstem.errors import UsageError
from mainstem.model import current_build, days_would_differ
from mainstem.warehouse import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mainstem.config.platform import Platform
    from mainstem.warehouse import Warehouse


class Grain(StrEnum):
    """What a row of an incremental model stands for (`meta.grain` of the model)."""

    DETAIL = "detail"
    HOUR = "hour"
    DAY = "day"
    PRESENCE = "presence"
    UNMERGED = "unmerged"
    """Of any grain, without a rule for each column by which late rows are merged."""


@dataclass(frozen=True)
class ModelTable:
    """An incremental model's table; `by_load` if its rows tell which load brought them."""

    name: str
    schema: str
    grain: Grain
    columns: tuple[str, ...]

    @property
    def path(self) -> str:
        """Its name with its schema, quoted for SQL."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def by_load(self) -> bool:
        """Whether each row tells which load brought it."""
        return "load_id" in self.columns


@dataclass(frozen=True)
class Built:
    """The published build: the newest load that all its models have seen, and their tables."""

    load_id: int
    tables: tuple[ModelTable, ...]

    def of(self, grain: Grain) -> list[ModelTable]:
        """Give the tables of one grain."""
        return [table for table in self.tables if table.grain is grain]


def built_models(platform: Platform, warehouse: Warehouse, project: Path | None) -> Built:
    """Tell what the published build's models hold; UsageError where detail may not rest on them.

    That is where nothing was published from this warehouse, where the models changed since, or
    where one of them could not take a late row once its day's detail is gone.
    """
    published = current_build(platform.published)
    build = published[0] if published else None
    finished = build and warehouse.value(
        "SELECT CAST(finished_at AS VARCHAR) FROM bronze.loads WHERE load_id = $1",
        (build.newest_load,),
    )
    if build is None or finished != build.newest_load_at:
        raise UsageError(
            "nothing is built from this warehouse yet, so nothing in it can go",
            hint="Run `mainstem build` first.",
        )
    if days_would_differ(platform, build, project):
        raise UsageError(
            "the models changed since the last build; detail that goes could not be built anew",
            hint="Run `mainstem build` first, with the same --project.",
        )
    rows = warehouse.query(
        """
        SELECT model, schema_name, grain FROM (
            SELECT *, row_number() OVER (
                PARTITION BY model ORDER BY load_id DESC, built_at DESC
            ) AS from_last
            FROM meta.model_builds
        ) AS numbered
        -- A model that the project no longer has stays behind.
        WHERE from_last = 1 AND load_id >= $1 AND grain IS NOT NULL ORDER BY model
        """,
        (build.newest_load,),
    )
    tables = tuple(
        ModelTable(name, schema, Grain(grain), warehouse.columns(schema, name))
        for name, schema, grain in rows
    )
    _refuse_unmerged(tables)
    return Built(build.newest_load, tables)


def _refuse_unmerged(tables: Sequence[ModelTable]) -> None:
    unmerged = [table.name for table in tables if table.grain is Grain.UNMERGED]
    if unmerged:
        raise UsageError(
            "late rows of a closed day could not be merged into " + ", ".join(unmerged),
            hint="Give each of their columns a merge rule in the model's yml (docs/decay.md), or "
            "the model `grain: detail`; then build.",
        )
    if not any(table.grain is Grain.DETAIL for table in tables):
        raise UsageError(
            "no build of this warehouse has told what its models' tables hold",
            hint="An older version made it: run `mainstem build --full-refresh` once.",
        )
