"""PostgreSQL as the warehouse: Arrow straight in by ADBC, one writer by an advisory lock.

The driver's ways that this rests on (docs/postgresql.md, "What the driver does"): an ingest goes by
column names and is part of the open transaction; a statement with parameters tells no count of
rows; NUMERIC comes as text.
"""

from __future__ import annotations

import os
import socket
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote, urlencode

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa

from mainstem.errors import Transient, UsageError
from mainstem.warehouse.destination import Row, Warehouse, WarehouseBusy, WarehouseFailed
from mainstem.warehouse.secret import read_secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mainstem.config.platform import Platform
    from mainstem.config.warehouse import PostgresPlace

WRITER = (int.from_bytes(b"main"), int.from_bytes(b"stem"))
"""The key of the advisory lock that the one writer holds; pg_locks shows it as classid, objid."""

_CONNECTION = {
    # A server that is gone without a word is noticed within a minute or two.
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "tcp_user_timeout": "60000",
    # The client library would print what the server merely notes.
    "options": "-c client_min_messages=warning",
}

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_REASONS = {
    "22021": "a text is not in the database's encoding, which has to be UTF8",
    "25006": "it takes no writes: a standby, or set to read only",
    "53100": "its disk is full",
    "53200": "it is out of memory",
    "55P03": "another session holds a lock on a table",
    "57014": "it cancelled a statement: statement_timeout, or a person",
}
_NO_RIGHT = "42501"
_REFUSED = ("password authentication failed", "no password supplied", "no pg_hba.conf entry")


class PostgresWarehouse(Warehouse):
    """A connection to a database. Only one that is to write may change anything."""

    sql_types: ClassVar[Mapping[pa.DataType, str]] = {
        pa.string(): "TEXT",
        pa.large_string(): "TEXT",
        pa.int32(): "INTEGER",
        pa.int64(): "BIGINT",
        pa.float64(): "DOUBLE PRECISION",
        pa.bool_(): "BOOLEAN",
        pa.binary(): "BYTEA",
        pa.timestamp("us"): "TIMESTAMP",
        pa.date32(): "DATE",
        pa.decimal128(18, 6): "NUMERIC(18,6)",
        pa.decimal128(18, 12): "NUMERIC(18,12)",
    }
    indexed = True

    def __init__(self, connection: adbc.Connection, label: str) -> None:
        super().__init__(label)
        self._connection = connection
        self._failed = False

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a query and give all its rows."""
        with self._refusals(), self._connection.cursor() as cursor:
            cursor.execute(sql, tuple(parameters) or None)
            return list(cursor.fetchall())

    def arrow(self, sql: str, parameters: Sequence[object] = ()) -> pa.RecordBatchReader:
        """Run a query and give its rows as Arrow, batch by batch; NUMERIC as text."""
        cursor = self._connection.cursor()
        with self._refusals():
            cursor.execute(sql, tuple(parameters) or None)
            reader = cursor.fetch_record_batch()

        def batches() -> Iterator[pa.RecordBatch]:
            with self._refusals(), cursor:
                yield from reader

        return pa.RecordBatchReader.from_batches(reader.schema, batches())

    def change(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run an INSERT, UPDATE or DELETE and give the number of rows it touched."""
        counted = f"WITH changed AS ({sql} RETURNING 1) SELECT count(*) FROM changed"  # noqa: S608
        return int(self.value(counted, parameters))

    def define(self, sql: str) -> None:
        """Run a statement that makes or alters tables."""
        with self._refusals(), self._connection.cursor() as cursor:
            cursor.execute(sql)

    def append(self, table: str, rows: pa.Table | pa.RecordBatchReader) -> int:
        """Put Arrow rows into a table, by column names; gives their number."""
        schema, _, name = table.rpartition(".")
        with self._refusals(), self._connection.cursor() as cursor:
            return int(cursor.adbc_ingest(name, rows, mode="append", db_schema_name=schema))

    def sample(self, *tables: str) -> None:
        """See how rows of tables that grew are spread, by which joins are planned."""
        self.define(f"ANALYZE {', '.join(tables)}")

    @contextmanager
    def registered(self, **tables: pa.Table) -> Iterator[None]:
        """Let SQL read Arrow tables under the given names while inside: as temporary tables."""
        for name, table in tables.items():
            with self._refusals(), self._connection.cursor() as cursor:
                cursor.adbc_ingest(name, table, mode="create", temporary=True)
        try:
            yield
        finally:
            # A transaction that has failed takes nothing but its end, and they go with that.
            if not self._failed:
                for name in tables:
                    self.define(f"DROP TABLE pg_temp.{name}")

    def relation(self, schema: str, name: str, where: str = "") -> pa.RecordBatchReader:
        """Read a table or view that somebody else made, in its own types, batch by batch."""
        columns = self.query(
            "SELECT column_name, data_type = 'numeric', numeric_precision, numeric_scale "
            "FROM information_schema.columns "
            "WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position",
            (schema, name),
        )
        decimals = {
            column: pa.decimal128(precision or 38, scale if precision else 9)
            for column, is_decimal, precision, scale in columns
            if is_decimal
        }
        rows = super().relation(schema, name, where)
        typed = pa.schema(
            [pa.field(field.name, decimals.get(field.name, field.type)) for field in rows.schema]
        )
        return pa.RecordBatchReader.from_batches(typed, (batch.cast(typed) for batch in rows))

    def take_lock(self) -> None:
        """Become the one writer, until the connection ends; WarehouseBusy names who is."""
        if self.value("SELECT pg_try_advisory_lock($1::int, $2::int)", WRITER):
            return
        holders = self.query(
            """
            SELECT activity.application_name, activity.usename::text, locks.pid
            FROM pg_locks AS locks
            LEFT JOIN pg_stat_activity AS activity ON activity.pid = locks.pid
            WHERE locks.locktype = 'advisory' AND locks.granted
                AND locks.classid = $1::bigint::oid AND locks.objid = $2::bigint::oid
                AND locks.database = (
                    SELECT oid FROM pg_database WHERE datname = current_database()
                )
            """,
            WRITER,
        )
        by = "another session"
        for application, user, pid in holders:
            by = f"{application or 'an unnamed session'} (user {user}, server process {pid})"
        raise WarehouseBusy(
            f"the warehouse {self.label} is held by {by}",
            hint="It has one writer at a time: wait for that load or build, or end it, and run "
            "again. A session that is gone frees the lock by itself.",
        )

    def _begin(self) -> None:
        self.define("BEGIN")

    def _end(self, *, commit: bool) -> None:
        if commit and self._failed:
            # PostgreSQL would roll back, and call it a success.
            raise WarehouseFailed(f"the warehouse {self.label} refused a part of the transaction")
        if commit:
            self.define("COMMIT")
        else:
            # A connection that is gone has rolled back.
            with suppress(WarehouseFailed):
                self.define("ROLLBACK")
        self._failed = False

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except (adbc.Error, pa.ArrowException, OSError) as error:
            self._failed = True
            raise _told(self.label, error) from None


def _told(label: str, error: Exception) -> Transient | UsageError:
    """Say what a refusal means; the server's own text may quote a value, and is left out."""
    state: str | None = getattr(error, "sqlstate", None)
    if state == _NO_RIGHT:
        return UsageError(
            f"the warehouse {label}: its user lacks a right",
            hint='Grant it what docs/postgresql.md, "Roles and rights", lists.',
        )
    if state in _REASONS:
        return WarehouseFailed(
            f"the warehouse {label} did not carry a statement out: {_REASONS[state]}",
            hint="What was committed counts. Mend the cause and run again.",
        )
    if state is None or state.startswith(("08", "57P")):
        return WarehouseFailed(
            f"the warehouse {label} ended the connection",
            hint="What was committed counts, and nothing else. Run again once it is back.",
        )
    return WarehouseFailed(
        f"the warehouse {label} did not carry a statement out (SQLSTATE {state})",
        hint="What was committed counts. The server's log has the statement.",
    )


@contextmanager
def open_database(platform: Platform, *, read_only: bool = False) -> Iterator[PostgresWarehouse]:
    """Connect to the platform's database: as its one writer, or to read one snapshot of it.

    WarehouseBusy where another session writes, UsageError where the server refuses the user,
    Transient where it cannot be reached.
    """
    place = platform.warehouse.place
    try:
        connection = adbc.connect(_uri(platform, place), autocommit=True)
    except adbc.Error as error:
        raise _not_connected(place, str(error)) from None
    with connection:
        warehouse = PostgresWarehouse(connection, place.label)
        warehouse.define("SET TimeZone = 'UTC'")
        if read_only:
            warehouse.define("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        else:
            warehouse.take_lock()
        yield warehouse


def _uri(platform: Platform, place: PostgresPlace) -> str:
    password = read_secret(platform.warehouse.password, platform.directory)
    # What pg_stat_activity shows, and who is told to hold the lock; PostgreSQL cuts at 63 bytes.
    verb = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    name = f"mainstem {verb[:12]} (process {os.getpid()} on {socket.gethostname()[:20]})"
    options = {**_CONNECTION, "application_name": name, **place.options}
    host = f"{quote(place.host, safe=':[]')}:{place.port}"
    if place.host.startswith("/"):
        host, options = "", {**options, "host": place.host, "port": str(place.port)}
    who = quote(place.user, safe="")
    if password is not None:
        who += f":{quote(password, safe='')}"
    query = urlencode(options, quote_via=quote)
    return f"postgresql://{who}@{host}/{quote(place.database, safe='')}?{query}"


def _not_connected(place: PostgresPlace, text: str) -> Transient | UsageError:
    if any(reason in text for reason in _REFUSED):
        return UsageError(
            f"the warehouse {place.label} refuses the user {place.user}",
            hint="Name its password as warehouse.password in the platform file (env:, file: or "
            "keyvault:), or let the server's pg_hba.conf admit it.",
        )
    if "does not exist" in text:
        return UsageError(
            f"the warehouse {place.label}: there is no such database, or no user {place.user}",
            hint='Make them as docs/postgresql.md, "Roles and rights", shows.',
        )
    return Transient(
        f"the warehouse {place.label} cannot be reached",
        hint="Is the server up, and may this machine reach it? Then run again.",
    )
