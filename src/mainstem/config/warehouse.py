"""Where records are loaded to: the key `warehouse` of the platform file.

`warehouse: duckdb:./warehouse.duckdb` is short for `warehouse: {address: duckdb:./…}`. A server's
password is never written there, only where it is to be had from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import AfterValidator, BaseModel, Field, field_validator, model_validator

from mainstem.config.values import VAULT_REFERENCE, FrozenModel, ShortForm
from mainstem.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

DUCKDB, POSTGRESQL, SPARK = "duckdb:", "postgresql://", "spark:"
TABLE_STORES = ("file:", "az://", "s3://", "gs://")
"""Stores that both Spark and the load's plans can be in."""
PORT = 5432
OPTIONS = ("host", "sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout")
"""What may stand in a PostgreSQL address's query, as libpq names it.

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
"""
SECRET = re.compile(rf"env:[A-Za-z_]\w*|file:.+|{VAULT_REFERENCE.pattern}")

RESERVED = frozenset({"main", "temp", "system", "bronze", "sources", "silver", "gold"})
"""DuckDB calls a database as its file, and takes a schema's or a database's own name for that."""


class Engine(StrEnum):
    """The engines that a load can write to."""

    DUCKDB = "duckdb"
    POSTGRESQL = "postgresql"
    SPARK = "spark"


@dataclass(frozen=True)
class PostgresPlace:
    """A database of a server. `host` is a name, an address or a socket's folder."""

    host: str
    port: int
    user: str
    database: str
    options: dict[str, str]

    @property
    def label(self) -> str:
        """Name it in messages, without the user."""
        host = "" if self.host.startswith("/") else self.host
        return f"{POSTGRESQL}{host}:{self.port}/{self.database}"


def _address(address: str) -> str:
    if address.startswith(POSTGRESQL):
        _split(address)
    elif address.startswith(DUCKDB):
        name = PurePath(address.removeprefix(DUCKDB)).stem
        if name.lower() in RESERVED:
            raise ValueError(
                f"names a file {name}, which DuckDB takes for a schema of that name: take another, "
                "as duckdb:./warehouse.duckdb"
            )
    elif not address.startswith(SPARK):
        raise ValueError(
            "is not a warehouse's address: duckdb:./file.duckdb, postgresql://user@host/database "
            "or spark:local[*]"
        )
    return address


def _split(address: str) -> PostgresPlace:
    """Take a PostgreSQL address apart; ValueError says what is wrong and quotes nothing of it."""
    parts = urlsplit(address)
    try:
        port = parts.port or PORT
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise ValueError(
            "is not an address that can be read: postgresql://user@host:5432/database"
        ) from None
    if parts.password is not None or "password" in options:
        raise ValueError(
            "holds a password: say where it is to be had, as password: env:NAME or file:./path"
        )
    if unknown := sorted(options.keys() - set(OPTIONS)):
        raise ValueError(f"has the option {unknown[0]}; there are: {', '.join(OPTIONS)}")
    host = options.pop("host", None) or parts.hostname
    database = unquote(parts.path.removeprefix("/"))
    if not host or not parts.username or not database or "/" in database:
        raise ValueError("names no host, user or database: postgresql://user@host:5432/database")
    return PostgresPlace(host, port, unquote(parts.username), database, options)


def _tables(address: str) -> str:
    if address.startswith(TABLE_STORES):
        return address
    raise ValueError(
        "is not where Delta tables can be: file:./folder, az://account, s3://bucket or gs://bucket"
    )


class WarehouseAddress(BaseModel):
    """A warehouse's address, and what its engine has to know beside it."""

    model_config = FrozenModel.model_config

    address: Annotated[
        str,
        AfterValidator(_address),
        Field(
            description="`duckdb:` and a path, `postgresql://user@host:5432/database`, or `spark:` "
            "and a master, a `sc://` server or nothing (the session that is there)."
        ),
    ]
    password: Annotated[
        str | None,
        Field(
            description="PostgreSQL: `env:NAME`, `file:./path` or `keyvault:vault/secret`.",
            repr=False,
        ),
    ] = None
    tables: Annotated[
        Annotated[str, AfterValidator(_tables)] | None,
        Field(description="Spark: the store that its Delta tables and the loads' plans are in."),
    ] = None
    spark: Annotated[
        dict[str, str],
        Field(description="Spark: options of its own, as `spark.executor.memory`.", repr=False),
    ] = {}

    @field_validator("password")
    @classmethod
    def _is_a_reference(cls, password: str | None) -> str | None:
        if password is not None and not SECRET.fullmatch(password):
            raise ValueError("must be env:NAME, file:./path or keyvault:vault/secret")
        return password

    @model_validator(mode="after")
    def _fits_the_engine(self) -> WarehouseAddress:
        if self.engine is Engine.SPARK:
            if self.tables is None:
                raise ValueError("has no tables: say where the Delta tables are, as file:./lake")
        elif self.tables is not None or self.spark:
            raise ValueError("has tables or options of Spark, and its address is not spark:")
        if self.password is not None and self.engine is not Engine.POSTGRESQL:
            raise ValueError("has a password, and its address is not postgresql:")
        return self

    @property
    def engine(self) -> Engine:
        """The engine that the address names."""
        if self.address.startswith(POSTGRESQL):
            return Engine.POSTGRESQL
        return Engine.SPARK if self.address.startswith(SPARK) else Engine.DUCKDB

    @property
    def place(self) -> PostgresPlace:
        """The server and database that a PostgreSQL address names."""
        return _split(self.address)

    @property
    def master(self) -> str:
        """Where Spark runs: its master, a Connect server, or "" for the session that is there."""
        return self.address.removeprefix(SPARK)

    def file(self, directory: Path) -> Path:
        """Give DuckDB's file, absolute, from the platform file's folder.

        UsageError where the warehouse is another: not every command works on every engine.
        """
        if self.engine is Engine.SPARK:
            raise UsageError(
                "this command does not work on Delta tables",
                hint="docs/spark.md says which do.",
            )
        if self.engine is not Engine.DUCKDB:
            raise UsageError(f"the warehouse is {self.engine}, and no file of DuckDB")
        return directory / self.address.removeprefix(DUCKDB).removeprefix("//")


WarehouseOf = Annotated[WarehouseAddress, ShortForm("address", {"type": "string"})]
"""A warehouse's address, in its short form or whole."""
