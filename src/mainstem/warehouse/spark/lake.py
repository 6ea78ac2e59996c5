"""The Delta tables of a platform, by their places in a store, and commits that count once.

Every table is at `<store>/<schema>/<table>`; a commit carries the table as application and the
load as version, so that the same commit again does nothing. Features that other readers lack are
left off: no deletion vectors, row tracking or column mapping.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from mainstem import __version__
from mainstem.errors import MainstemError, UsageError
from mainstem.store import Account
from mainstem.warehouse.destination import WarehouseFailed
from mainstem.warehouse.schema import refuse_newer
from mainstem.warehouse.spark.session import open_session
from mainstem.warehouse.tables import SCHEMA_VERSION, SET_ASIDE, Table, all_tables, books_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

    from mainstem.config.platform import Platform

SQL_TYPES: Mapping[pa.DataType, str] = {
    pa.string(): "STRING",
    pa.large_string(): "STRING",
    pa.int32(): "INT",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.binary(): "BINARY",
    # With a zone, which is UTC: TIMESTAMP_NTZ is a table feature that older readers refuse.
    pa.timestamp("us"): "TIMESTAMP",
    pa.date32(): "DATE",
    pa.decimal128(18, 6): "DECIMAL(18,6)",
    pa.decimal128(18, 12): "DECIMAL(18,12)",
}
UTC_TIME = pa.timestamp("us", "UTC")
PARTITIONS = ("event_date", "region")
_PROPERTIES = {
    "delta.enableDeletionVectors": "false",
    "delta.enableRowTracking": "false",
    "delta.columnMapping.mode": "none",
    "delta.checkpointPolicy": "classic",
}
_LOG = "_delta_log"
EVERYTHING = ""
"""Of `replacing`: all that the table has."""


class Lake:
    """A platform's Delta tables, and the session that reads and writes them."""

    def __init__(self, session: SparkSession, account: Account, root: Callable[[str], str]) -> None:
        self.session = session
        self.account = account
        self._root = root

    def location(self, path: str) -> str:
        """Give a table's place as Spark addresses it; `path` is `bronze.loads`."""
        schema, name = path.split(".")
        return f"{self._root(schema)}/{name}"

    def version(self, path: str) -> int | None:
        """Tell a table's newest version; None where nothing was written to it yet."""
        schema, name = path.split(".")
        log = self.account.container(schema).list(f"{name}/{_LOG}")
        names = [info.name.rsplit("/", 1)[-1] for info in log]
        numbers = [int(name[:20]) for name in names if name[20:] == ".json"]
        return max(numbers, default=None)

    def versions(self) -> dict[str, int]:
        """Give each table's newest version, by `bronze.loads`; without those not written to yet."""
        found = {table.path: self.version(table.path) for table in all_tables()}
        return {path: version for path, version in found.items() if version is not None}

    def read(self, path: str, version: int | None) -> DataFrame:
        """Read a table as it was at a version, or the empty table that it was before its first."""
        if version is None:
            table = next(table for table in all_tables() if table.path == path)
            return self.frame(table, table.arrow_schema.empty_table())
        reader = self.session.read.format("delta").option("versionAsOf", version)
        return reader.load(self.location(path))

    def foreign(self, schema: str, name: str) -> pa.Table | None:
        """Read a table of the session's catalog that others keep; None where there is none."""
        path = f"{schema}.{name}"
        with failing(f"{path} was not read"):
            if not self.session.catalog.tableExists(path):
                return None
            return self.session.table(path).toArrow()

    def ended(self, load_id: int) -> bool:
        """Tell whether a load's last commit is there."""
        loads = self.read("bronze.loads", self.version("bronze.loads"))
        with failing("bronze.loads was not read"):
            return bool(loads.where(f"load_id = {load_id}").count())

    def frame(self, table: Table, rows: pa.Table) -> DataFrame:
        """Make Arrow rows into what Spark can write to a table."""
        schema = pa.schema(
            [(c.name, UTC_TIME if c.type == pa.timestamp("us") else c.type) for c in table.columns]
        )
        return self.session.createDataFrame(rows.select(schema.names).cast(schema))

    def commit(
        self,
        path: str,
        load_id: int,
        rows: DataFrame,
        *,
        replacing: str | None = None,
        sized: bool = False,
    ) -> None:
        """Put a load's rows into a table, in place of those that `replacing` says, in one commit.

        EVERYTHING replaces the whole table. Nothing is done where the load has committed to the
        table before. `sized` lets Spark shuffle
        many small pieces into few files.
        """
        writer = (
            rows.write.format("delta")
            .mode("append" if replacing is None else "overwrite")
            .options(txnAppId=path, txnVersion=load_id, **_PROPERTIES)
        )
        if set(PARTITIONS) <= set(rows.columns) and path != "bronze.load_touched":
            writer = writer.partitionBy(*PARTITIONS)
        if replacing:
            writer = writer.option("replaceWhere", replacing)
        if sized:
            writer = writer.option("optimizeWrite", "true")
        with failing(f"load {load_id} was not committed to {path}"):
            writer.save(self.location(path))

    def bring_forward(self) -> None:
        """Add the columns that tables of an older version lack; a table is made by its first rows.

        SchemaNewer where a newer version of mainstem made them.
        """
        versions = books_table("schema_versions")
        with failing(f"{versions.path} was not read"):
            rows = self.read(versions.path, self.version(versions.path)).toArrow().to_pylist()
        newest = max(rows, key=lambda row: row["version"], default=None)
        if newest is not None:
            refuse_newer("spark", newest["version"], newest["made_by"])
            if newest["version"] == SCHEMA_VERSION:
                return
        there = self.versions()
        before = 1 if newest is None else newest["version"]
        for table in all_tables():
            if table.path in there and before < SET_ASIDE.get(table.path, 0):
                self._begin_anew(table)
            elif table.path in there:
                self._add_columns(table)
        row = {"version": SCHEMA_VERSION, "made_by": __version__, "made_at": datetime.now(UTC)}
        self.commit(
            versions.path, SCHEMA_VERSION, self.frame(versions, pa.Table.from_pylist([row]))
        )

    def _begin_anew(self, table: Table) -> None:
        """Empty a table that became another one; its older versions have what it was.

        The next load takes its file anew.
        """
        files = f"delta.`{self.location('bronze.source_files')}`"
        with failing(f"{table.path} was not made anew"):
            self.session.sql(
                f"DELETE FROM {files} WHERE name = {literal(table.name)}"  # noqa: S608
            )
            (
                self.frame(table, table.arrow_schema.empty_table())
                .write.format("delta")
                .mode("overwrite")
                .option("overwriteSchema", "true")
                .save(self.location(table.path))
            )

    def _add_columns(self, table: Table) -> None:
        place = f"delta.`{self.location(table.path)}`"
        with failing(f"columns were not added to {table.path}"):
            known = self.session.read.format("delta").load(self.location(table.path)).columns
            lacking = [
                f"`{column.name}` {SQL_TYPES[column.type]}"
                for column in table.columns
                if column.name not in known
            ]
            if lacking:
                self.session.sql(f"ALTER TABLE {place} ADD COLUMNS ({', '.join(lacking)})")


def literal(text: str) -> str:
    """Write a text as Spark's SQL has it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@contextmanager
def failing(what: str) -> Iterator[None]:
    """Turn Spark's errors into WarehouseFailed, which quotes nothing of theirs but the kind."""
    try:
        yield
    except MainstemError:
        raise
    except Exception as error:
        # Neither py4j, Connect nor Delta have one class for what the engine refuses.
        kind = getattr(error, "getCondition", lambda: None)() or type(error).__name__
        raise WarehouseFailed(
            f"Spark: {what} ({kind})",
            hint="What was committed counts: the same plan is run again by the next load. Spark's "
            "own log has the cause.",
        ) from error


@contextmanager
def open_lake(platform: Platform) -> Iterator[Lake]:
    """Open a platform's Delta tables; what they are read and written by ends with the command."""
    place = platform.warehouse
    if place.tables is None:
        raise UsageError(f"the warehouse {place.address} is not Spark's")
    account = Account.open(place.tables, platform.directory)
    with open_session(place) as session:
        yield Lake(session, account, root_of(place.tables, platform.directory))


def root_of(address: str, directory: Path) -> Callable[[str], str]:
    """Tell how Spark addresses the containers of a store.

    https://hadoop.apache.org/docs/stable/hadoop-azure/abfs.html for `abfss`.
    """
    scheme, _, rest = address.partition(":")
    rest = rest.removeprefix("//").rstrip("/")
    match scheme:
        case "file":
            return lambda name: f"file://{(directory / rest).resolve() / name}"
        case "az":
            return lambda name: f"abfss://{name}@{rest}.dfs.core.windows.net"
        case "s3":
            return lambda name: f"s3a://{rest}/{name}"
        case _:
            return lambda name: f"{scheme}://{rest}/{name}"
