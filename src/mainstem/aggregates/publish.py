"""At home: make the weeks that have settled from the published build, and publish each once.

A week's bytes are kept in the region's own store before they are published, so that a run that dies
in between, or a published object that somebody removed, never leads to other bytes for that week.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import duckdb

from mainstem.aggregates.cells import KINDS, cells_query
from mainstem.aggregates.week import AGGREGATES, Cell, Week, settled_mondays, week_name
from mainstem.config.residency import Residency
from mainstem.store import Account, ContentConflict

if TYPE_CHECKING:
    from pathlib import Path

    from mainstem.config.platform import Platform, Region
    from mainstem.store import Container

MADE = "aggregates-made"
"""The container of the region's own store that keeps each week as it was made."""


@dataclass
class Publication:
    """What a run published, as it was made; `problems` say what stands at the place of a week."""

    published: list[Week] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def publish_weeks(
    platform: Platform, build_file: Path, *, now: datetime | None = None
) -> Publication | None:
    """Publish the weeks that have settled and are not published yet; None where the home has none.

    `build_file` is the DuckDB file that a build published. To be called behind a load and a build
    that took everything: what comes later stays out.
    """
    region = platform.regions[platform.home] if platform.home is not None else None
    if region is None or region.store is None or region.residency is not Residency.AGGREGATES:
        return None
    result = Publication()
    own = Account.open(region.store, platform.directory)
    shared = Account.open(region.aggregates.store or region.store, platform.directory)
    with duckdb.connect(str(build_file), read_only=True) as build:
        first = _first_day(build, region.name)
        mondays = settled_mondays(first, now or datetime.now(UTC)) if first else []
        if not mondays:
            return result
        own.ensure_container(MADE)
        shared.ensure_container(AGGREGATES)
        made, there = own.container(MADE), shared.container(AGGREGATES)
        published = {info.name for info in there.list(region.name)}
        for monday in mondays:
            if week_name(region.name, monday) in published:
                continue
            data = _made(made, build, region, monday)
            week = Week.parse(data)
            try:
                if there.create(week.name, data):
                    result.published.append(week)
            except ContentConflict as conflict:
                result.problems.append(conflict.message)
    return result


def _made(made: Container, build: duckdb.DuckDBPyConnection, region: Region, monday: date) -> bytes:
    """Give a week's bytes as they were first made; now, if they never were."""
    name = week_name(region.name, monday)
    if made.head(name) is None:
        data = make_week(build, region, monday).to_json()
        try:
            made.create(name, data)
        except ContentConflict:
            pass  # Another run was first: its bytes are the week's.
        else:
            return data
    return made.read(name)


def make_week(build: duckdb.DuckDBPyConnection, region: Region, monday: date) -> Week:
    """Count a week in a build's facts."""
    rules = region.aggregates
    queries = {
        kind.name: cells_query(kind, region.name, monday, k=rules.k, round_to=rules.round_to)
        for kind in KINDS
    }
    cells = [
        Cell(kind, cell, amount)
        for kind, query in queries.items()
        for cell, amount in build.execute(query).fetchall()
    ]
    return Week(
        region.name,
        monday,
        datetime.now(UTC).replace(microsecond=0),
        rules.k,
        rules.round_to,
        tuple(cells),
        queries,
    )


def _first_day(build: duckdb.DuckDBPyConnection, region: str) -> date | None:
    days = [
        day
        for kind in KINDS
        for (day,) in build.execute(
            f"SELECT min({kind.day}) FROM gold.{kind.table} WHERE region = ?",  # noqa: S608
            [region],
        ).fetchall()
        if day is not None
    ]
    return min(days, default=None)
