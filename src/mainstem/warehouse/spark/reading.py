"""What the books read of Delta tables, at one moment: the last load that finished.

Delta has no transaction over two tables. The plan of a load that is under way, or was interrupted,
names the version that each table had before, and so a reader sees either all of a load or nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from mainstem.warehouse.spark.lake import failing
from mainstem.warehouse.spark.plan import newest_plan, unfinished_versions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mainstem.warehouse.destination import Row
    from mainstem.warehouse.spark.lake import Lake
    from mainstem.warehouse.tables import Table

_TABLE = re.compile(r"\b(bronze|sources)\.(\w+)\b")


class SparkReading:
    """Reads a lake's tables, each at one version, as the other warehouses are read."""

    def __init__(self, lake: Lake, versions: Mapping[str, int]) -> None:
        self._lake = lake
        self._versions = versions

    def arrow(self, sql: str, parameters: Sequence[object] = ()) -> pa.RecordBatchReader:
        """Run a query and give its rows as Arrow; tables are `bronze.loads`, parameters `$1`."""
        for path in sorted({match[0] for match in _TABLE.finditer(sql)}):
            view = path.replace(".", "_")
            self._lake.read(path, self._versions.get(path)).createOrReplaceTempView(view)
            sql = re.sub(rf"\b{re.escape(path)}\b", view, sql)
        named = {f"p{number}": value for number, value in enumerate(parameters, 1)}
        with failing("a query was refused"):
            rows = self._lake.session.sql(re.sub(r"\$(\d+)", r":p\1", sql), args=named).toArrow()
        return without_zones(rows).to_reader()

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a query and give all its rows."""
        rows = self.arrow(sql, parameters).read_all().to_pylist()
        return [tuple(row.values()) for row in rows]

    def value(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        """Run a query of one row and give its first column; None where it has no row."""
        rows = self.query(sql, parameters)
        return rows[0][0] if rows else None

    def columns(self, schema: str, table: str) -> tuple[str, ...]:
        """Name a table's columns in their order; none where nothing was written to it yet."""
        path = f"{schema}.{table}"
        if path not in self._versions:
            return ()
        return tuple(self._lake.read(path, self._versions[path]).columns)

    def read(self, table: Table) -> pa.Table:
        """Read one of the load's own tables whole."""
        frame = self._lake.read(table.path, self._versions.get(table.path))
        with failing(f"{table.path} was not read"):
            return without_zones(frame.toArrow())


def finished_reading(lake: Lake) -> SparkReading | None:
    """Read a lake as its last finished load left it; None before the first load made its tables."""
    versions = lake.versions()
    if "bronze.loads" not in versions:
        return None
    last = SparkReading(lake, versions).value("SELECT max(load_id) FROM bronze.loads")
    return SparkReading(lake, unfinished_versions(newest_plan(lake.account), last, versions))


def without_zones(rows: pa.Table) -> pa.Table:
    """Give times as the other engines have them: UTC, without a zone."""
    fields = [
        field.with_type(pa.timestamp("us")) if pa.types.is_timestamp(field.type) else field
        for field in rows.schema
    ]
    return rows.cast(pa.schema(fields))
