"""Dropping: a region's days are closed and their detail goes in one transaction, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mainstem.decay.models import Grain
from mainstem.decay.plan import (
    FEATURE_PRESENCE,
    MONTHS,
    OLD,
    OLD_AND_BUILT,
    OLD_MONTHS,
    old_rows,
)
from mainstem.load.ledger import now
from mainstem.records import Signal
from mainstem.warehouse import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstem.config.platform import Platform
    from mainstem.decay.models import Built, ModelTable
    from mainstem.decay.plan import DecayPlan, RegionPlan
    from mainstem.warehouse import Warehouse


def decay(
    platform: Platform,
    plan: DecayPlan,
    *,
    insist: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, int]:
    """Do what a plan says, but in regions about which it has doubts only if `insist`.

    Gives the rows that went by region. What came since the plan was made, and was built, goes too.
    WarehouseBusy while a load or a build runs.
    """
    went: dict[str, int] = {}
    with open_warehouse(platform) as warehouse:
        for region in plan.regions:
            if region.rows and (insist or not region.stops):
                progress(f"{region.region}: dropping detail from before its closed days")
                with warehouse.transaction():
                    went[region.region] = _drop(warehouse, plan.built, region)
    return went


def _drop(warehouse: Warehouse, built: Built, plan: RegionPlan) -> int:
    for grain, before in plan.days.items():
        _close(warehouse, built, plan.region, grain, before)
    went = sum(_drop_records(warehouse, built, plan, signal) for signal in Signal)
    for table in built.of(Grain.DETAIL):
        where, values = old_rows(table, plan, built)
        went += warehouse.change(
            f"DELETE FROM {table.path} WHERE {where}",  # noqa: S608
            (plan.region, *values),
        )
    for grain in (Grain.HOUR, Grain.PRESENCE):
        for table in built.of(grain):
            if table.name == FEATURE_PRESENCE:
                _put_months_together(warehouse, table, plan)
            went += warehouse.change(
                f"DELETE FROM {table.path} WHERE {OLD}",  # noqa: S608
                (plan.region, plan.days[grain]),
            )
    return went + warehouse.change(
        f"DELETE FROM {MONTHS} WHERE {OLD_MONTHS}",  # noqa: S608
        (plan.region, plan.months_before),
    )


def _close(warehouse: Warehouse, built: Built, region: str, grain: Grain, before: object) -> None:
    """Write down that a grain is gone before a day, where that is new."""
    known = warehouse.value(
        "SELECT max(closed_before) FROM bronze.closed_days WHERE region = $1 AND grain = $2",
        (region, grain.value),
    )
    if known != before:
        warehouse.insert(
            "closed_days",
            [
                {
                    "region": region,
                    "grain": grain.value,
                    "closed_before": before,
                    "load_id": built.load_id,
                    "closed_at": now(),
                }
            ],
        )


def _drop_records(warehouse: Warehouse, built: Built, plan: RegionPlan, signal: Signal) -> int:
    """Drop a signal's records, and note for the books how many of which blob."""
    table = f"bronze.{signal.bronze_table}"
    values = (plan.region, plan.days[Grain.DETAIL], built.load_id)
    warehouse.change(
        f"""
        INSERT INTO bronze.decayed (region, signal, blob, records, decayed_at)
        SELECT region, CAST($4 AS VARCHAR), blob, count(*), CAST($5 AS TIMESTAMP) FROM {table}
        WHERE {OLD_AND_BUILT} GROUP BY region, blob
        """,  # noqa: S608
        (*values, signal.value, now()),
    )
    return warehouse.change(f"DELETE FROM {table} WHERE {OLD_AND_BUILT}", values)  # noqa: S608


def _put_months_together(warehouse: Warehouse, table: ModelTable, plan: RegionPlan) -> None:
    """Make months of the days of feature presence that go."""
    warehouse.change(
        f"""
        INSERT INTO {MONTHS} (month_start, region, tenant_id, feature_name, enduser_pseudo_id, uses)
        SELECT CAST(date_trunc('month', event_date) AS DATE), region, tenant_id, feature_name,
            enduser_pseudo_id, CAST(sum(uses) AS BIGINT)
        FROM {table.path} WHERE {OLD} GROUP BY 1, 2, 3, 4, 5
        """,  # noqa: S608
        (plan.region, plan.days[Grain.PRESENCE]),
    )
