"""Opening what is published: for some regions, and what is not to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest
from published_build import publish

from mainstem.errors import DataError, UsageError
from mainstem.present.published import open_published, reading

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [{"region": "euc", "uses": 1}, {"region": "use", "uses": 2}]
TABLES = {"gold.by_region": ROWS, "gold.over_all": [{"uses": 3}]}


def test_a_reader_of_a_region_has_its_rows_and_no_table_without_one(tmp_path: Path) -> None:
    publish(tmp_path, TABLES)
    with reading(tmp_path, {"euc"}) as opened:
        assert opened.rows("FROM gold.by_region") == [ROWS[0]]
        assert "gold.over_all" in opened.withheld
        assert not opened.has("gold.over_all")
        with pytest.raises(duckdb.CatalogException):
            opened.rows("FROM gold.over_all")
    with reading(tmp_path, set()) as opened:
        assert opened.rows("FROM gold.by_region") == []


def test_nothing_can_be_written(tmp_path: Path) -> None:
    publish(tmp_path, TABLES)
    with reading(tmp_path) as opened, pytest.raises(duckdb.Error):
        opened.rows("INSERT INTO build.gold.by_region VALUES ('euc', 9)")


def test_nothing_published_and_what_cannot_be_read_are_told(tmp_path: Path) -> None:
    assert open_published(tmp_path) is None
    with pytest.raises(UsageError, match="Run `mainstem build` first"), reading(tmp_path):
        pass
    folder = publish(tmp_path, TABLES)
    (folder / "published.duckdb").write_bytes(b"x" * 5000)
    with pytest.raises(DataError, match="cannot be read"):
        open_published(tmp_path)
