"""The rule on license limits: who is at a share of one, or will reach it within some days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mainstem.alert.finding import Finding, Severity
from mainstem.alert.tables import need, owners
from mainstem.config.alerts import Rule
from mainstem.config.dashboard import Page, place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mainstem.config.alerts import LicenseHeadroom
    from mainstem.present.published import Published

_MART, _DAILY = "gold.mart_license_headroom", "gold.fct_license_usage_daily"
_ROWS = """
SELECT customer_key, region, tenant_id, license_metric, account_id, account_name, used,
    license_limit, used_share, growth_per_day, projected_on,
    projected_earliest, projected_latest, as_of_date
FROM gold.mart_license_headroom
WHERE limit_status NOT IN ('stale', 'no_limit') AND license_limit > 0 AND (
    used_share >= $share OR projected_on <= as_of_date + $days
)
ORDER BY used_share DESC, customer_key, license_metric
"""
_SINCE = """
WITH days AS (
    SELECT tenant_id, region, license_metric, billing_date AS day,
        used >= $share * license_limit AS over
    FROM gold.fct_license_usage_daily WHERE license_limit > 0 AND usage_kind = 'level'
)
SELECT tenant_id, region, license_metric, min(day) AS since FROM days
WHERE over AND day > coalesce((
    SELECT max(below.day) FROM days AS below
    WHERE below.tenant_id = days.tenant_id AND below.region = days.region
        AND below.license_metric = days.license_metric AND NOT below.over
), DATE '0001-01-01')
GROUP BY ALL
"""
"""A limit on a sum, of a period or over tenants or regions, has the data date instead."""


def license_headroom(
    published: Published, settings: LicenseHeadroom, _now: datetime
) -> Iterator[Finding]:
    """Find who is at the share, or will reach the limit within the days."""
    need(
        published,
        _MART,
        "customer_key",
        "limit_status",
        "used_share",
        "projected_on",
        "account_name",
    )
    since = _since(published, settings.share)
    owner = owners(published)
    parameters = {"share": settings.share, "days": settings.days}
    for row in published.rows(_ROWS, parameters):
        metric, limit = row["license_metric"], _figure(row["license_limit"])
        used, share = _figure(row["used"]), f"{row['used_share']:.1%}"
        reached = row["used_share"] >= 1
        title = (
            f"{metric}: the license limit is reached"
            if reached
            else f"{metric}: {share} of the license limit is used"
        )
        told = (
            f"Your use of {metric} has reached {used} of the {limit} that your license includes."
            if reached
            else f"You use {used} of the {limit} {metric} that your license includes ({share})."
            f"{_when(row)}"
        )
        yield Finding(
            rule=Rule.LICENSE_HEADROOM,
            subject=f"{row['customer_key']}/{metric}",
            severity=Severity.CRITICAL if reached else Severity.WARNING,
            title=title,
            why=f"{used} of {limit} {metric} are used, {share}.{_growth(row)}{_when(row)}",
            since=str(since.get((row["tenant_id"], row["region"], metric), row["as_of_date"])),
            page=place(Page.LICENSES, customer=row["customer_key"], metric=metric),
            region=row["region"],
            tenant_id=row["tenant_id"],
            account_id=row["account_id"],
            account_name=row["account_name"],
            owner=owner.get(row["account_id"]),
            for_customer=told if settings.customers else None,
            numbers={
                "used": float(row["used"]),
                "limit": float(row["license_limit"]),
                "share": row["used_share"],
                "growth_per_day": row["growth_per_day"],
                "projected_on": _text(row["projected_on"]),
            },
        )


def _since(published: Published, share: float) -> dict[tuple[str, str, str], Any]:
    """Tell since which day each tenant has been over the share in a region, without a break."""
    columns = ("billing_date", "region", "license_metric", "usage_kind", "used", "license_limit")
    if not published.has(_DAILY, *columns):
        return {}
    rows = published.rows(_SINCE, {"share": share})
    return {(row["tenant_id"], row["region"], row["license_metric"]): row["since"] for row in rows}


def _figure(value: Any) -> str:
    return f"{float(value):,.2f}".rstrip("0").rstrip(".")


def _growth(row: dict[str, Any]) -> str:
    growth = row["growth_per_day"]
    return f" It grows by {_figure(growth)} a day." if growth and growth > 0 else ""


def _when(row: dict[str, Any]) -> str:
    if row["projected_on"] is None or row["used_share"] >= 1:
        return ""
    latest = row["projected_latest"] or "later"
    return (
        f" At this pace it is full on {row['projected_on']} "
        f"(between {row['projected_earliest']} and {latest})."
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
