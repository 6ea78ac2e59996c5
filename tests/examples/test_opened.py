"""The recorder must see opens from outside Python, or an empty record says nothing."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import duckdb

from tests.examples.opened import OpenedPaths

if TYPE_CHECKING:
    from pathlib import Path


def test_opens_of_other_programs_and_of_native_code_are_seen(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_text("x")
    duckdb.connect(str(tmp_path / "a" / "warehouse.duckdb")).close()

    with OpenedPaths(tmp_path) as opened:
        subprocess.run(["cat", tmp_path / "a" / "b" / "file"], check=True, capture_output=True)
        duckdb.connect(str(tmp_path / "a" / "warehouse.duckdb"), read_only=True).close()

    assert tmp_path / "a" / "b" / "file" in opened.paths
    assert tmp_path / "a" / "warehouse.duckdb" in opened.paths


def test_listing_a_folder_counts_as_opening_it(tmp_path: Path) -> None:
    (tmp_path / "kept" / "apart").mkdir(parents=True)

    with OpenedPaths(tmp_path) as opened:
        subprocess.run(["ls", tmp_path / "kept"], check=True, capture_output=True)

    assert opened.below(tmp_path / "kept") == {tmp_path / "kept"}
    assert opened.below(tmp_path / "kept" / "apart") == set()
