"""The queries that make a week's cells from the daily facts, one for each kind of count.

A kind divides its records into cells, so that each stands in one cell and no cell holds another.
A cell stands by itself if at least `k` tenants have something in it and none of them more than half
of it; all others of the kind go into one, which is withheld if that does not hold for it, either.
No total is made, nor the number of a cell's tenants: from neither, nor from anything that overlaps,
can a cell that is not there be reckoned. Records without a tenant are in no cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

NO_TENANT = "(unknown)"
"""What the facts call the tenant of a record that names none."""


@dataclass(frozen=True)
class Kind:
    """One kind of count: a table of gold, what divides it, and what a tenant has in a cell.

    A tenant's days, told by the column `day`, are put together by `over_days`; a cell is the sum
    over its tenants.
    """

    name: str
    table: str
    cell: str
    column: str
    over_days: str = "sum"
    day: str = "event_date"
    rows: str = "true"
    """A condition on the rows that count."""


KINDS = (
    Kind("feature_use", "fct_feature_usage_daily", "feature_name", "uses"),
    Kind(
        "license_use",
        "fct_license_usage_daily",
        "license_metric",
        "used_max",
        over_days="max",
        day="billing_date",
        rows="usage_kind = 'level'",
    ),
    Kind("resource_use", "fct_resource_consumption_daily", "resource_metric", "quantity"),
    Kind("errors", "fct_errors_daily", "error_source || ': ' || error_type", "errors"),
)


def cells_query(kind: Kind, region: str, monday: date, *, k: int, round_to: int) -> str:
    """Write the query of one kind and week; its rows are (cell, amount), cell NULL for all others.

    It holds all that decides, as text, so that whoever keeps it can run it again.
    """
    amount = f"{kind.over_days}(part)"
    stands = f"count(*) >= {k} and 2 * max(amount) <= sum(amount)"
    return f"""\
with contributions as (
    select cell, tenant_id, {amount} as amount
    from (
        select {kind.cell} as cell, tenant_id, cast({kind.column} as double) as part
        from gold.{kind.table}
        where region = '{region}' and tenant_id <> '{NO_TENANT}'
            and {kind.day} >= date '{monday}' and {kind.day} < date '{monday}' + interval 7 day
            and {kind.rows}
    )
    where cell is not null
    group by cell, tenant_id
    having {amount} > 0
),
cells as (
    select cell, {stands} as stands from contributions group by cell
),
divided as (
    select case when stands then cell end as cell, tenant_id, sum(amount) as amount
    from contributions join cells using (cell)
    group by 1, tenant_id
)
select cell, cast(round(sum(amount) / {round_to}) as bigint) * {round_to} as amount
from divided
group by cell
having {stands}
order by cell nulls last
"""  # noqa: S608
