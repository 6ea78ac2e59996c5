"""What a build publishes and readers open: one folder a build, and a pointer (docs/models.md).

::

    published/
      current                     the id of the build to read, one line
      20261124T054200Z-000012/    a build, never changed once it has its name
        build.json                what it is made of
        published.duckdb          schemas gold, evidence and status
        parquet/<schema>/<table>.parquet
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from mainstem.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = "mainstem.published/1"
POINTER = "current"
DATABASE = "published.duckdb"
KEPT_BUILDS = 3
_PARTIAL = ".partial-"


@dataclass(frozen=True)
class PublishedTable:
    """One table of a build; `kind` is `gold`, `evidence` or `status`, and also its schema."""

    kind: str
    name: str
    rows: int
    description: str = ""

    @property
    def parquet(self) -> str:
        """The table's Parquet file, relative to the build's folder."""
        return f"parquet/{self.kind}/{self.name}.parquet"


@dataclass(frozen=True)
class Build:
    """What one published build is made of (`build.json`).

    `newest_load` is the last load that it holds and `newest_load_at` when that finished, since a
    warehouse made anew counts from 1 again. `data_date` is the latest day with a product event.
    `project` and `checks` are the dbt project's fingerprints.
    """

    build_id: str
    built_at: str
    environment: str
    newest_load: int
    newest_load_at: str | None
    data_date: str | None
    project: str
    checks: str
    full_refresh: bool
    versions: dict[str, str]
    tables: tuple[PublishedTable, ...] = field(default=())

    @property
    def reach(self) -> str:
        """How far its data goes, in words."""
        return f"data up to {self.data_date}" if self.data_date else "no product events yet"

    def to_json(self) -> str:
        """Write it as the text of `build.json`."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2) + "\n"

    @classmethod
    def parse(cls, text: str) -> Build:
        """Read `build.json`; ValueError where it is of another format."""
        raw: dict[str, Any] = json.loads(text)
        if raw.pop("format", None) != FORMAT:
            raise ValueError(f"not of format {FORMAT}")
        tables = tuple(PublishedTable(**table) for table in raw.pop("tables"))
        return cls(**raw, tables=tables)


def current_build(published: Path) -> tuple[Build, Path] | None:
    """Give the build that the pointer names, and its folder; None where nothing is published."""
    try:
        build_id = (published / POINTER).read_text(encoding="utf-8").strip()
        folder = published / build_id
        return Build.parse((folder / "build.json").read_text(encoding="utf-8")), folder
    except FileNotFoundError:
        return None


def nothing_published(published: Path) -> UsageError:
    """Say that there is no build to read yet, and what makes one."""
    return UsageError(
        f"nothing is published in {published} yet", hint="Run `mainstem build` first."
    )


def partial_folder(published: Path, build_id: str) -> Path:
    """Make the folder that a build is written in before it has its name."""
    for leftover in published.glob(f"{_PARTIAL}*"):
        # A file is of `partial_file`: its writer may be at work now, and writes it anew.
        if leftover.is_dir():
            shutil.rmtree(leftover)
    folder = published / f"{_PARTIAL}{build_id}"
    folder.mkdir(parents=True)
    return folder


def publish_folder(published: Path, build: Build, partial: Path) -> Path:
    """Give a finished folder its name, point `current` at it, and drop builds beyond the kept.

    A reader sees the build before or this one, whole: every file is on disk before the folder has
    its name, and the folder before the pointer is replaced.
    """
    (partial / "build.json").write_text(build.to_json(), encoding="utf-8")
    for path in partial.rglob("*"):
        _sync(path)
    _sync(partial)
    folder = partial.rename(published / build.build_id)
    pointer = partial_file(published, POINTER)
    pointer.write_text(f"{build.build_id}\n", encoding="utf-8")
    _sync(published)
    publish_file(pointer, POINTER)
    _sync(published)
    for old in sorted(published.glob("*/build.json"), reverse=True)[KEPT_BUILDS:]:
        shutil.rmtree(old.parent)
    return folder


def partial_file(published: Path, name: str) -> Path:
    """Name the file beside the builds that one is written in before it has its name."""
    published.mkdir(parents=True, exist_ok=True)
    return published / f"{_PARTIAL}{name}"


def publish_file(partial: Path, name: str) -> Path:
    """Give a finished file its name beside the builds; a reader sees the one before or this one."""
    _sync(partial)
    return partial.replace(partial.with_name(name))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
