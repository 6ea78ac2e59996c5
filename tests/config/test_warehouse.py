"""The key `warehouse`: an address, and what its engine has to know beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mainstem.config.platform import load_platform
from mainstem.config.warehouse import Engine
from mainstem.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from mainstem.config.platform import Platform

REGION = (
    "environment: play\nregions:\n  euc: {store: file:./euc}\ncentral: {store: file:./central}\n"
)


def platform(directory: Path, warehouse: str) -> Platform:
    path = directory / "mainstem.yaml"
    path.write_text(f"{REGION}warehouse: {warehouse}\n")
    return load_platform(path)


def test_an_address_alone_is_short_for_the_whole(tmp_path: Path) -> None:
    short = platform(tmp_path, "duckdb:./own.duckdb")
    assert short.warehouse == platform(tmp_path, "{address: duckdb:./own.duckdb}").warehouse
    assert short.warehouse_path == tmp_path / "own.duckdb"


def test_spark_has_a_master_and_a_place_for_tables(tmp_path: Path) -> None:
    found = platform(
        tmp_path,
        '{address: "spark:local[*]", tables: file:./lake, spark: {spark.driver.memory: 4g}}',
    ).warehouse
    assert (found.engine, found.master, found.tables) == (Engine.SPARK, "local[*]", "file:./lake")
    assert "4g" not in repr(found), "options may hold credentials"


def test_what_needs_duckdbs_file_says_that_it_is_not_for_delta_tables(tmp_path: Path) -> None:
    spark = platform(tmp_path, '{address: "spark:", tables: file:./lake}')
    with pytest.raises(UsageError, match="Delta"):
        _ = spark.warehouse_path


@pytest.mark.parametrize(
    ("warehouse", "reason"),
    [
        ("mysql://host", "is not a warehouse's address"),
        ("duckdb:./data/Main.duckdb", "names a file Main, which DuckDB takes for a schema"),
        ('"spark:local[*]"', "has no tables"),
        ('{address: "spark:", tables: memory://x}', "is not where Delta tables can be"),
        ("{address: duckdb:./a, tables: file:./lake}", "its address is not spark:"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, warehouse: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        platform(tmp_path, warehouse)
