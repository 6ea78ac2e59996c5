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
SELECT customer_key, account_id, account_name, tenant_id, usage_month, metric, used_quantity,
    invoiced_quantity, expected_amount, invoiced_amount, amount_difference, currency, reason
FROM gold.mart_usage_vs_billing
WHERE abs(amount_difference) > $above AND reason NOT IN ('matches', 'open_month')
ORDER BY abs(amount_difference) DESC, customer_key, usage_month, metric
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
    """Find months whose invoice is further from the use than the amount."""
    need(published, "gold.mart_usage_vs_billing", "customer_key", "amount_difference", "reason")
    owner = owners(published)
    for row in published.named(_BILLING, {"above": settings.above}):
        month, difference = f"{row['usage_month']:%Y-%m}", row["amount_difference"]
        more = "more" if difference > 0 else "less"
        currency = row["currency"] or ""
        yield Finding(
            rule=Rule.USAGE_VS_BILLING,
            subject=f"{row['customer_key']}/{month}/{row['metric']}",
            severity=Severity.WARNING,
            title=f"{row['metric']} in {month}: {abs(difference):,.2f} {currency} {more} is billed "
            "than was used",
            why=f"Billed are {row['invoiced_amount']:,.2f} {currency} for "
            f"{row['invoiced_quantity']:,.0f}, expected {row['expected_amount']:,.2f} {currency} "
            f"for {row['used_quantity']:,.0f}: {row['reason'].replace('_', ' ')}.",
            since=str(row["usage_month"]),
            page=place(Page.BILLING, customer=row["customer_key"], month=month),
            tenant_id=row["tenant_id"],
            account_id=row["account_id"],
            account_name=row["account_name"],
            owner=owner.get(row["account_id"]),
            numbers={
                "difference": float(difference),
                "invoiced": float(row["invoiced_amount"]),
                "expected": float(row["expected_amount"]),
                "currency": currency,
                "reason": row["reason"],
            },
        )


def spikes(published: Published, settings: Spikes, _now: datetime) -> Iterator[Finding]:
    """Find the last days' spikes of a tenant's use."""
    columns = ("event_date", "tenant_id", "region", "metric", "quantity", "expected")
    need(published, "gold.mart_usage_spikes", *columns)
    rows = published.named(
        """
        SELECT region, tenant_id, metric, min(event_date) AS since,
            arg_max(quantity, event_date) AS quantity, arg_max(expected, event_date) AS expected
        FROM gold.mart_usage_spikes
        WHERE event_date > (SELECT max(event_date) FROM gold.mart_usage_spikes) - $days
        GROUP BY ALL ORDER BY ALL
        """,
        {"days": settings.days},
    )
    for row in rows:
        times = float(row["quantity"]) / max(float(row["expected"]), 1e-9)
        yield Finding(
            rule=Rule.SPIKES,
            subject=f"{row['region']}/{row['tenant_id']}/{row['metric']}",
            severity=Severity.WARNING,
            title=f"{row['metric']}: {times:,.1f} times as much as on other days",
            why=f"{row['quantity']:,.0f} on its last day of this kind, {row['expected']:,.0f} "
            "are usual.",
            since=str(row["since"]),
            page=place(Page.TENANT, tenant=row["tenant_id"]),
            region=row["region"],
            tenant_id=row["tenant_id"],
            numbers={"quantity": float(row["quantity"]), "expected": float(row["expected"])},
        )


def silence(published: Published, settings: Silence, now: datetime) -> Iterator[Finding]:
    """Find tenants without use, and regions whose collectors have not been heard of."""
    need(published, "gold.dim_tenant", "last_seen_on", "active_days", "account_name")
    need(published, "operations.regions", "last_entry")
    yield from _silent_regions(published, settings, now)
    owner = owners(published)
    for row in published.named(_SILENT, {"days": settings.tenant_days}):
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
