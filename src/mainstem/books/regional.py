"""What the books say of regions whose records stay: how far their weekly counts are loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mainstem.books.evidence import Evidence
    from mainstem.config.platform import Platform


def regional_counts(platform: Platform, evidence: Evidence) -> list[str]:
    """Tell what is loaded of each such region: rounded counts, which no equation of records has."""
    rows = evidence.warehouse.query(
        "SELECT region, count(*), max(week_start), sum(cells)::BIGINT, min(least_tenants) "
        "FROM bronze.region_weeks GROUP BY region ORDER BY region"
    )
    notes = [
        f"{region}: {weeks:,} weeks of rounded counts are loaded, up to the week from "
        f"{newest:%Y-%m-%d}: {cells:,} cells of {least} tenants at least, no records"
        for region, weeks, newest, cells, least in rows
    ]
    loaded = {row[0] for row in rows}
    notes += [
        f"{name}: publishes weekly counts, and none is loaded yet"
        for name, region in platform.regions.items()
        if platform.home is None and region.aggregates.store and name not in loaded
    ]
    return notes
