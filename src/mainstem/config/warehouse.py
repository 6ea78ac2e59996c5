"""Where records are loaded to: the key `warehouse` of the platform file.

`warehouse: duckdb:./warehouse.duckdb` is short for `warehouse: {address: duckdb:./…}`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from mainstem.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema

DUCKDB, SPARK = "duckdb:", "spark:"
TABLE_STORES = ("file:", "az://", "s3://", "gs://")
"""Stores that both Spark and the load's plans can be in."""


class Engine(StrEnum):
    """The engines that a load can write to."""

    DUCKDB = "duckdb"
    SPARK = "spark"


def _address(address: str) -> str:
    if address.startswith((DUCKDB, SPARK)):
        return address
    raise ValueError("is not a warehouse's address: duckdb:./file.duckdb or spark:local[*]")


def _tables(address: str) -> str:
    if address.startswith(TABLE_STORES):
        return address
    raise ValueError(
        "is not where Delta tables can be: file:./folder, az://account, s3://bucket or gs://bucket"
    )


class WarehouseAddress(BaseModel):
    """A warehouse's address, and what its engine has to know beside it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    address: Annotated[
        str,
        AfterValidator(_address),
        Field(
            description="`duckdb:` and a path, or `spark:` and a master, a `sc://` server or "
            "nothing (the session that is there)."
        ),
    ]
    tables: Annotated[
        Annotated[str, AfterValidator(_tables)] | None,
        Field(description="Spark: the store that its Delta tables and the loads' plans are in."),
    ] = None
    spark: Annotated[
        dict[str, str],
        Field(description="Spark: options of its own, as `spark.executor.memory`.", repr=False),
    ] = {}

    @model_validator(mode="after")
    def _fits_the_engine(self) -> WarehouseAddress:
        if self.engine is Engine.SPARK:
            if self.tables is None:
                raise ValueError("has no tables: say where the Delta tables are, as file:./lake")
        elif self.tables is not None or self.spark:
            raise ValueError("has tables or options of Spark, and its address is not spark:")
        return self

    @property
    def engine(self) -> Engine:
        """The engine that the address names."""
        return Engine.SPARK if self.address.startswith(SPARK) else Engine.DUCKDB

    @property
    def master(self) -> str:
        """Where Spark runs: its master, a Connect server, or "" for the session that is there."""
        return self.address.removeprefix(SPARK)

    def file(self, directory: Path) -> Path:
        """Give DuckDB's file, absolute, from the platform file's folder.

        UsageError where the warehouse is another: not every command works on every engine.
        """
        if self.engine is not Engine.DUCKDB:
            raise UsageError(
                "this command does not work on Delta tables",
                hint="docs/spark.md says which do.",
            )
        return directory / self.address.removeprefix(DUCKDB).removeprefix("//")


def _short(value: Any) -> Any:
    return {"address": value} if isinstance(value, str) else value


class _ShortForm:
    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, handler(schema)]}


WarehouseOf = Annotated[WarehouseAddress, BeforeValidator(_short), _ShortForm()]
"""A warehouse's address, in its short form or whole."""
