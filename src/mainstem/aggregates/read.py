"""At the centre: bring what a region published into the warehouse, each week once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mainstem.aggregates.week import AGGREGATES, Week, named_monday, sha256_of
from mainstem.config.residency import Residency
from mainstem.store import Account

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstem.config.platform import Platform, Region
    from mainstem.store import Container
    from mainstem.warehouse import Warehouse


def published_counts(platform: Platform, region: Region) -> Container | None:
    """Get the container that a region publishes its counts in; None where it is not read here."""
    if region.residency is not Residency.AGGREGATES or platform.home is not None:
        return None
    if region.aggregates.store is None:
        return None
    return Account.open(region.aggregates.store, platform.directory).container(AGGREGATES)


def take_weeks(
    warehouse: Warehouse,
    platform: Platform,
    region: Region,
    load_id: int,
    begin: Callable[[], None],
) -> tuple[int, list[str]]:
    """Load the weeks that the warehouse does not have; gives their number and what is wrong.

    `begin` is called in the transaction of the first. A week that was changed after it was loaded
    is told, and what is loaded stays: a count is never revised.
    """
    container = published_counts(platform, region)
    if container is None:
        return 0, []
    known = {
        name: (etag, sha256)
        for name, etag, sha256 in warehouse.query(
            "SELECT object, etag, sha256 FROM bronze.region_weeks WHERE region = $1",
            (region.name,),
        )
    }
    taken, problems = 0, []
    for info in list(container.list(region.name)):
        etag, sha256 = known.get(info.name, (None, None))
        if sha256 is not None and etag == info.etag:
            continue
        place = f"{region.name}: {container.name}/{info.name}"
        data = container.read(info.name)
        if sha256 is not None:
            if sha256_of(data) != sha256:
                problems.append(f"{place} was changed after it was loaded: what was loaded stays")
            continue
        week = _parsed(data)
        if week is None or named_monday(info.name, region.name) != week.monday:
            problems.append(f"{place} is not a week of its counts")
        elif week.region != region.name:
            problems.append(f"{place} is of the region {week.region}")
        else:
            with warehouse.transaction():
                begin()
                _insert(warehouse, week, info.etag, sha256_of(data), load_id)
            taken += 1
    return taken, problems


def _parsed(data: bytes) -> Week | None:
    try:
        return Week.parse(data)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _insert(warehouse: Warehouse, week: Week, etag: str | None, sha256: str, load_id: int) -> None:
    warehouse.insert(
        "region_weeks",
        [
            {
                "region": week.region,
                "week_start": week.monday,
                "object": week.name,
                "etag": etag,
                "sha256": sha256,
                "made_at": week.made_at.astimezone(UTC).replace(tzinfo=None),
                "least_tenants": week.k,
                "round_to": week.round_to,
                "cells": len(week.cells),
                "load_id": load_id,
                "loaded_at": datetime.now(UTC).replace(tzinfo=None),
            }
        ],
    )
    warehouse.insert(
        "region_aggregates",
        [
            {
                "region": week.region,
                "week_start": week.monday,
                "kind": cell.kind,
                "cell": cell.cell,
                "is_other": cell.cell is None,
                "amount": cell.amount,
                "query": week.queries.get(cell.kind, ""),
                "load_id": load_id,
            }
            for cell in week.cells
        ],
    )
