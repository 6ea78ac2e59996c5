"""The rules on use: invoices that differ from it, days unlike others, and who is not heard of."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mainstem.alert.finding import Finding, Severity
from mainstem.alert.tables import need, owners
from mainstem.config.alerts import Rule
from mainstem.config.dashboard import Page, place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mainstem.config.alerts import Silence, Spikes, UsageVsBilling
    from mainstem.present.published import Published

_BILLING = """
SELECT customer_key, account_id, account_name, tenant_id, period_from, period_to, metric,
    metered_quantity, invoiced_quantity, contracted_amount, amount_difference,
    invoiced_net + credited_net AS billed_amount, currency, reason
FROM gold.mart_usage_vs_billing
WHERE abs(amount_difference) > $above AND reason <> 'matches'
ORDER BY abs(amount_difference) DESC, customer_key, period_from, metric
"""
_SILENT = """
WITH newest AS (SELECT max(last_seen_on) AS day FROM gold.dim_tenant)
SELECT tenant_id, account_id, account_name, last_seen_on, active_days, newest.day
FROM gold.dim_tenant CROSS JOIN newest
WHERE last_seen_on <= newest.day - $days AND active_days > 1
ORDER BY last_seen_on DESC, tenant_id
"""


def usage_vs_billing(
    published: Published, settings: UsageVsBilling, _now: datetime
) -> Iterator[Finding]:
    """Find closed billing periods billed further from use and contract than the amount."""
    columns = ("period_from", "contracted_amount", "invoiced_net", "credited_net", "reason")
    need(published, "gold.mart_usage_vs_billing", "customer_key", "amount_difference", *columns)
    owner = owners(published)
    for row in published.rows(_BILLING, {"above": settings.above}):
        since, difference = str(row["period_from"]), row["amount_difference"]
        more = "more" if difference > 0 else "less"
        currency, reason = row["currency"] or "", row["reason"].replace("_", " ")
        yield Finding(
            rule=Rule.USAGE_VS_BILLING,
            subject=f"{row['customer_key']}/{since}/{row['metric']}",
            severity=Severity.WARNING,
            title=f"{row['metric']} from {since}: {abs(difference):,.2f} {currency} {more} is "
            "billed than was used",
            why=f"Until {row['period_to']} (not included), {row['billed_amount']:,.2f} {currency} "
            f"are billed for {_figure(row['invoiced_quantity'])}; use and contract give "
            f"{row['contracted_amount']:,.2f} {currency} for {_figure(row['metered_quantity'])}: "
            f"{reason}.",
            since=since,
            page=place(Page.BILLING, customer=row["customer_key"], since=since),
            tenant_id=row["tenant_id"],
            account_id=row["account_id"],
            account_name=row["account_name"],
            owner=owner.get(row["account_id"]),
            numbers={
                "difference": float(difference),
                "billed": float(row["billed_amount"]),
                "contracted": float(row["contracted_amount"]),
                "currency": currency,
                "reason": row["reason"],
            },
        )


def _figure(value: object) -> str:
    return "nothing" if value is None else f"{value:,.0f}"


def spikes(published: Published, settings: Spikes, _now: datetime) -> Iterator[Finding]:
    """Find runs of days far from what was expected that lasted into the last days."""
    columns = ("started_on", "ended_on", "direction", "quantity", "expected_quantity", "as_of_date")
    need(published, "gold.mart_usage_spikes", "tenant_id", "usage_metric", *columns)
    owner = owners(published)
    rows = published.rows(
        """
        SELECT tenant_id, account_id, account_name, usage_metric, direction, started_on, ended_on,
            days_off, quantity, expected_quantity, preceded_by
        FROM gold.mart_usage_spikes WHERE ended_on > as_of_date - $days
        ORDER BY started_on DESC, tenant_id, usage_metric
        """,
        {"days": settings.days},
    )
    for row in rows:
        above = "more" if row["direction"] == "up" else "less"
        before = f" Just before it: {row['preceded_by']}." if row["preceded_by"] else ""
        yield Finding(
            rule=Rule.SPIKES,
            subject=f"{row['tenant_id']}/{row['usage_metric']}/{row['started_on']}",
            severity=Severity.WARNING,
            title=f"{row['usage_metric']}: much {above} than expected",
            why=f"{row['quantity']:,.0f} on {row['days_off']} days from {row['started_on']} to "
            f"{row['ended_on']}, where the weeks before let {row['expected_quantity']:,.0f} "
            f"expect.{before}",
            since=str(row["started_on"]),
            page=place(Page.TENANT, tenant=row["tenant_id"]),
            tenant_id=row["tenant_id"],
            account_id=row["account_id"],
            account_name=row["account_name"],
            owner=owner.get(row["account_id"]),
            numbers={"quantity": row["quantity"], "expected": row["expected_quantity"]},
        )


def silence(published: Published, settings: Silence, now: datetime) -> Iterator[Finding]:
    """Find tenants without use, and regions whose collectors have not been heard of."""
    need(published, "gold.dim_tenant", "last_seen_on", "active_days", "account_name")
    need(published, "operations.regions", "last_entry")
    yield from _silent_regions(published, settings, now)
    owner = owners(published)
    for row in published.rows(_SILENT, {"days": settings.tenant_days}):
        days = (row["day"] - row["last_seen_on"]).days
        yield Finding(
            rule=Rule.SILENCE,
            subject=f"tenant/{row['tenant_id']}",
            severity=Severity.WARNING,
            title=f"no use for {settings.tenant_days} days or more",
            why=f"It was last used on {row['last_seen_on']}, {days} days before the newest data, "
            f"after {row['active_days']:,} days with use.",
            since=str(row["last_seen_on"]),
            page=place(Page.TENANT, tenant=row["tenant_id"]),
            tenant_id=row["tenant_id"],
            account_id=row["account_id"],
            account_name=row["account_name"],
            owner=owner.get(row["account_id"]),
            numbers={"days": days, "active_days": row["active_days"]},
        )


def _silent_regions(published: Published, settings: Silence, now: datetime) -> Iterator[Finding]:
    """Find regions by their ledgers; one that is isolated or could not be read is not silent."""
    limit = now - timedelta(hours=settings.region_hours)
    rows = published.rows(
        "SELECT region, last_entry, last_heartbeat FROM operations.regions "
        "WHERE NOT isolated AND unread IS NULL AND last_entry < ? ORDER BY region",
        (limit,),
    )
    for row in rows:
        hours = (now - row["last_entry"]).total_seconds() / 3600
        yield Finding(
            rule=Rule.SILENCE,
            subject=f"region/{row['region']}",
            severity=Severity.CRITICAL,
            title=f"no word of its collectors for {settings.region_hours} hours or more",
            why=f"The last entry of its ledger that a build has seen is of "
            f"{row['last_entry']:%Y-%m-%d %H:%M} UTC, {hours:,.0f} hours ago; a collector that "
            "runs writes one every 5 minutes.",
            since=f"{row['last_entry']:%Y-%m-%dT%H:%M:%SZ}",
            page=place(Page.OPERATIONS, region=row["region"]),
            region=row["region"],
            numbers={"hours": round(hours, 1)},
        )
