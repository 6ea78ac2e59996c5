"""What a build publishes: a reader sees one build or the next, whole, and old ones go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mainstem.alert import ALERTS
from mainstem.model import OPERATIONS
from mainstem.model.published import (
    KEPT_BUILDS,
    POINTER,
    Build,
    PublishedTable,
    current_build,
    partial_file,
    partial_folder,
    publish_folder,
)

if TYPE_CHECKING:
    from pathlib import Path


def made(build_id: str) -> Build:
    return Build(
        build_id=build_id,
        built_at="2026-11-24T05:42:00+00:00",
        environment="play",
        newest_load=1,
        newest_load_at="2026-11-24 05:41:00",
        data_date="2026-11-23",
        project="0123456789abcdef",
        checks="fedcba9876543210",
        full_refresh=False,
        versions={"mainstem": "0.1.0"},
        tables=(PublishedTable("gold", "dim_tenant", 3, "One row per tenant."),),
    )


def publish(published: Path, build_id: str) -> Path:
    partial = partial_folder(published, build_id)
    (partial / "published.duckdb").write_text(build_id)
    return publish_folder(published, made(build_id), partial)


def test_nothing_is_current_before_the_first_build(tmp_path: Path) -> None:
    assert current_build(tmp_path / "published") is None


def test_a_build_reads_back_as_it_was_written(tmp_path: Path) -> None:
    folder = publish(tmp_path, "b1")
    assert current_build(tmp_path) == (made("b1"), folder)
    assert made("b1").tables[0].parquet == "parquet/gold/dim_tenant.parquet"


def test_a_build_without_its_pointer_is_not_seen(tmp_path: Path) -> None:
    """What a crash between the folder's name and the pointer leaves behind."""
    first = publish(tmp_path, "b1")
    partial = partial_folder(tmp_path, "b2")
    (partial / "build.json").write_text(made("b2").to_json())
    partial.rename(tmp_path / "b2")
    assert current_build(tmp_path) == (made("b1"), first)


def test_what_a_crash_left_half_written_is_swept_away(tmp_path: Path) -> None:
    left = partial_folder(tmp_path, "b1")
    (left / "published.duckdb").write_text("half")
    publish(tmp_path, "b2")
    assert not left.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b2", "current"]


@pytest.mark.parametrize("name", [POINTER, OPERATIONS, ALERTS])
def test_a_file_that_a_crash_left_half_written_stops_no_build(tmp_path: Path, name: str) -> None:
    partial_file(tmp_path, name).write_text("half")
    assert current_build(tmp_path) is None
    folder = publish(tmp_path, "b1")
    assert current_build(tmp_path) == (made("b1"), folder)


def test_the_newest_builds_are_kept(tmp_path: Path) -> None:
    for number in range(KEPT_BUILDS + 2):
        publish(tmp_path, f"b{number}")
    kept = sorted(path.name for path in tmp_path.iterdir() if path.is_dir())
    assert kept == [f"b{number}" for number in range(2, KEPT_BUILDS + 2)]


def test_another_format_is_refused(tmp_path: Path) -> None:
    folder = publish(tmp_path, "b1")
    document = json.loads((folder / "build.json").read_text())
    (folder / "build.json").write_text(json.dumps(document | {"format": "mainstem.published/9"}))
    with pytest.raises(ValueError, match="not of format"):
        current_build(tmp_path)
