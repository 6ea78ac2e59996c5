"""What would go: decided from the platform file's rules, the last build and the rows' own days.

A region's days are closed up to one day, whether or not they have rows. They are never opened
again, so that a rule that was made longer keeps more of what is still to come.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from mainstem.config.warehouse import Engine
from mainstem.decay.models import Built, Grain, ModelTable, built_models
from mainstem.errors import UsageError
from mainstem.records import Signal
from mainstem.warehouse import expect_tables, open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mainstem.config.decay import Decay
    from mainstem.config.platform import Platform
    from mainstem.warehouse import Warehouse

SHARE = 0.5
"""Dropping more than this of a region's records at once takes a person's word."""
APART = timedelta(days=2)
"""The region's newest load may lie so far from the clock."""


@dataclass(frozen=True)
class Cut:
    """Rows of one table that go: those of a grain from before a day.

    `becomes` is the grain that takes their place, if one does.
    """

    table: str
    grain: str
    before: date
    rows: int
    becomes: str = ""


@dataclass
class RegionPlan:
    """What goes of one region; `stops` says why nothing goes unless a person insists."""

    region: str
    rule: Decay
    days: dict[Grain, date]
    """By grain, the day before which it goes."""
    months_before: date
    closed_before: date | None
    """The day up to which an earlier decay closed."""
    cuts: list[Cut] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """The rows that go, in all tables."""
        return sum(cut.rows for cut in self.cuts)


@dataclass
class DecayPlan:
    """What goes of each region that has a rule."""

    at: datetime
    built: Built
    regions: list[RegionPlan] = field(default_factory=list)
    isolated: list[str] = field(default_factory=list)


def plan_decay(
    platform: Platform,
    *,
    project: Path | None = None,
    now: datetime | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> DecayPlan:
    """Tell what goes by `now`, the clock's time unless given; nothing is changed.

    UsageError where the models do not hold yet what is to be kept; WarehouseBusy while a load or a
    build runs.
    """
    now = now or datetime.now(UTC)
    if platform.warehouse.engine is Engine.SPARK:
        raise UsageError(
            "detail decays in DuckDB and PostgreSQL, and this warehouse is on Spark",
            hint="Leave `decay` out of the platform file.",
        )
    with open_warehouse(platform, read_only=True) as warehouse:
        expect_tables(warehouse)
        plan = DecayPlan(now, built_models(platform, warehouse, project))
        for region in platform.regions.values():
            if region.decay is None:
                continue
            if platform.ledger_from(region.name) is None:
                plan.isolated.append(region.name)
                continue
            progress(f"{region.name}: counting what is old enough")
            plan.regions.append(_plan_region(warehouse, plan.built, region.name, region.decay, now))
    return plan


def _plan_region(
    warehouse: Warehouse, built: Built, region: str, rule: Decay, now: datetime
) -> RegionPlan:
    today = now.astimezone(UTC).date()
    closed = _closed_before(warehouse, region)
    ages = {
        Grain.DETAIL: rule.detail_days,
        Grain.HOUR: rule.hours_days,
        Grain.PRESENCE: rule.presence_days,
    }
    days = {
        grain: max(today - timedelta(days=age), closed.get(grain, date.min))
        for grain, age in ages.items()
    }
    plan = RegionPlan(
        region, rule, days, _months_before(today, rule.presence_months), closed.get(Grain.DETAIL)
    )
    plan.cuts = [cut for cut in _cuts(warehouse, built, plan) if cut.rows]
    plan.stops = list(_doubts(warehouse, plan, now))
    return plan


def _months_before(today: date, months: int) -> date:
    """Give the first day of the month that lies so many months before this one."""
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return date(year, month + 1, 1)


def _closed_before(warehouse: Warehouse, region: str) -> dict[Grain, date]:
    rows = warehouse.query(
        "SELECT grain, max(closed_before) FROM bronze.closed_days WHERE region = $1 GROUP BY grain",
        (region,),
    )
    return {Grain(grain): before for grain, before in rows}


def _cuts(warehouse: Warehouse, built: Built, plan: RegionPlan) -> Iterator[Cut]:
    """Count what goes, table by table."""

    def count(path: str, where: str, *values: object) -> int:
        return int(
            warehouse.value(
                f"SELECT count(*) FROM {path} WHERE {where}",  # noqa: S608
                (plan.region, *values),
            )
        )

    detail = plan.days[Grain.DETAIL]
    for signal in Signal:
        path = f"bronze.{signal.bronze_table}"
        rows = count(path, OLD_AND_BUILT, detail, built.load_id)
        yield Cut(path, Grain.DETAIL, detail, rows, "hours and days")
    for table in built.of(Grain.DETAIL):
        where, values = old_rows(table, plan, built)
        yield Cut(_shown(table), Grain.DETAIL, detail, count(table.path, where, *values))
    hours = plan.days[Grain.HOUR]
    for table in built.of(Grain.HOUR):
        yield Cut(_shown(table), Grain.HOUR, hours, count(table.path, OLD, hours), "days")
    presence = plan.days[Grain.PRESENCE]
    for table in built.of(Grain.PRESENCE):
        becomes = "months" if table.name == FEATURE_PRESENCE else ""
        rows = count(table.path, OLD, presence)
        yield Cut(_shown(table), Grain.PRESENCE, presence, rows, becomes)
    months = plan.months_before
    yield Cut(MONTHS, "months", months, count(MONTHS, OLD_MONTHS, months))


FEATURE_PRESENCE = "fct_feature_presence_daily"
"""The presence model whose days become months."""
MONTHS = "bronze.presence_months"
OLD_MONTHS = "region = $1 AND month_start < $2"
OLD = "region = $1 AND event_date < $2"
OLD_AND_BUILT = f"{OLD} AND load_id <= $3"


def old_rows(table: ModelTable, plan: RegionPlan, built: Built) -> tuple[str, tuple[object, ...]]:
    """Give the condition for a model's old detail, and its values after the region.

    Rows of a load that not every model has seen stay.
    """
    day = plan.days[Grain.DETAIL]
    return (OLD_AND_BUILT, (day, built.load_id)) if table.by_load else (OLD, (day,))


def _shown(table: ModelTable) -> str:
    return f"{table.schema}.{table.name}"


def _doubts(warehouse: Warehouse, plan: RegionPlan, now: datetime) -> Iterator[str]:
    """Say why clock and rule cannot both be right."""
    newest: datetime | None = warehouse.value(
        'SELECT max("at") FROM bronze.ledger WHERE region = $1', (plan.region,)
    )
    plain = now.astimezone(UTC).replace(tzinfo=None)
    if newest is not None and abs(plain - newest) > APART:
        yield (
            f"its newest ledger entry is of {newest:%Y-%m-%d %H:%M}, and the clock says "
            f"{plain:%Y-%m-%d %H:%M}"
        )
    going = sum(cut.rows for cut in plan.cuts if cut.table.startswith("bronze."))
    there = sum(
        int(
            warehouse.value(
                f"SELECT count(*) FROM bronze.{signal.bronze_table} WHERE region = $1",  # noqa: S608
                (plan.region,),
            )
        )
        for signal in Signal
    )
    if going > there * SHARE:
        yield f"{going:,} of its {there:,} records would go at once"
