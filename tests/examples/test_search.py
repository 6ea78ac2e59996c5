"""The search must find what is there, or "0 found" says nothing."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import duckdb
import pytest
import zstandard

from examples.contoso.mistakes import MARKERS
from examples.contoso.search import Search

if TYPE_CHECKING:
    from pathlib import Path

SECRET = b"before " + next(iter(MARKERS.values())).encode() + b" after"


def found_in(folder: Path) -> int:
    search = Search(MARKERS)
    search.folder(folder)
    return len(search.found)


@pytest.mark.parametrize("marker", MARKERS.values(), ids=MARKERS.keys())
def test_each_marker_is_found(tmp_path: Path, marker: str) -> None:
    (tmp_path / "log").write_text(f"... {marker} ...")

    assert found_in(tmp_path)


def test_a_clean_folder_has_none(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("user **** signed in")
    (tmp_path / "log.gz").write_bytes(gzip.compress(b"user **** signed in"))

    assert found_in(tmp_path) == 0


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_later_frames_and_frames_within_a_file_are_inflated(
    tmp_path: Path, compress: object
) -> None:
    assert callable(compress)
    lines = b"".join(b"%d: user **** signed in\n" % number for number in range(20_000))
    data = b"header\x00" + compress(lines) + b"\x01" * 9 + compress(lines + SECRET + lines)
    (tmp_path / "segment.seg").write_bytes(data)

    assert SECRET not in data
    assert found_in(tmp_path)


def test_a_compressed_file_that_is_cut_off_is_searched_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = zstandard.ZstdCompressor().compressobj()
    data = whole.compress(SECRET) + whole.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    (tmp_path / "torn.zst").write_bytes(data)

    assert found_in(tmp_path)


def test_tables_are_read_column_by_column(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as database:
        database.execute("CREATE SCHEMA bronze")
        database.execute("CREATE TABLE bronze.logs (id INTEGER, body VARCHAR)")
        database.execute(
            "INSERT INTO bronze.logs SELECT range, repeat('clean ', 40) || ? FROM range(20000)",
            [SECRET.decode()],
        )
        database.execute(f"COPY bronze.logs TO '{tmp_path}/logs.parquet' (COMPRESSION zstd)")

    search = Search(MARKERS)
    search.folder(tmp_path)

    assert {(found.path.name, found.where) for found in search.found} >= {
        ("warehouse.duckdb", "bronze.logs.body"),
        ("logs.parquet", ".body"),
    }
