"""What is published, opened once for all viewers of the same regions, and anew with each build."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import streamlit as st

from mainstem.alert import ALERTS
from mainstem.model import OPERATIONS
from mainstem.model.published import POINTER
from mainstem.present.published import open_published

if TYPE_CHECKING:
    from pathlib import Path

    from streamlit.delta_generator import DeltaGenerator

    from mainstem.config.platform import Platform
    from mainstem.dashboard.access import Viewer
    from mainstem.present.published import Published

KEPT = 8
"""Openings that are kept: builds times sets of regions."""


@dataclass(frozen=True)
class View:
    """What a page is made of."""

    platform: Platform
    viewer: Viewer
    published: Published
    top: DeltaGenerator
    """The page's first line."""

    def say(self, answer: str) -> None:
        """Answer the page's question, in words with numbers, above all else."""
        self.top.markdown(f"### {answer}")

    def alerts(self) -> list[dict[str, Any]]:
        """Give the alerts that hold and that this viewer may see, the newest first.

        One that tells no region is for those who see all of them.
        """
        file = self.platform.published / ALERTS
        if not file.exists():
            return []
        with duckdb.connect() as session:
            result = session.execute(
                "SELECT episode, severity, rule, title, why, since, region, tenant_id, "
                "account_name, acknowledged_by, page FROM read_parquet($1) "
                "WHERE closed_at IS NULL ORDER BY severity, episode DESC",
                [str(file)],
            )
            names = [column[0] for column in result.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        regions = self.viewer.regions
        return rows if regions is None else [row for row in rows if row["region"] in regions]


def open_for(platform: Platform, viewer: Viewer) -> View | None:
    """Open the newest build for a viewer; None where nothing is published yet.

    DataError where what is published cannot be read.
    """
    published = platform.published
    marks = tuple(_mark(published / name) for name in (POINTER, OPERATIONS))
    opened = _open(published, viewer.regions, marks)
    return None if opened is None else View(platform, viewer, opened, st.empty())


def _mark(file: Path) -> int | None:
    """Tell one state of a file from the next; both files are replaced whole."""
    return file.stat().st_mtime_ns if file.exists() else None


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _open(
    published: Path,
    regions: frozenset[str] | None,
    marks: tuple[int | None, ...],  # noqa: ARG001
) -> Published | None:
    return open_published(published, regions)
