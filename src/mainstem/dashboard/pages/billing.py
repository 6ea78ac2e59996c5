"""Answers: do usage and billing agree, and where they do not, why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from mainstem.dashboard.frame import bars, choose, count, lacks, note, plain, table

if TYPE_CHECKING:
    from mainstem.dashboard.opened import View

_MART = "gold.mart_usage_vs_billing"
_EVENTS = "evidence.int_product_events"
AGREES = ("matches", "open_period", "usage_elsewhere")
"""Reasons that tell of no difference."""


def page(view: View) -> None:
    """Show the differences by reason, and the events behind one of them."""
    columns = ("customer_key", "period_from", "metric", "amount_difference", "currency", "reason")
    if lacks(view, _MART, *columns):
        return
    customers = _values(view, "customer_key")
    left, middle, right = st.columns(3)
    with left:
        since = choose("Billing period from", _values(view, "period_from"), "since")
    with middle:
        reason = choose("Reason", _values(view, "reason"), "reason", all_of="all that differ")
    with right:
        customer = choose("Customer", customers, "customer")
    differing = f"reason NOT IN {AGREES}"
    where = (
        "(? IS NULL OR period_from::VARCHAR = ?) AND (? IS NULL OR customer_key = ?) "
        f"AND (reason = ? OR (? IS NULL AND {differing}))"
    )
    values = [since, since, customer, customer, reason, reason]
    view.say(headline(_totals(view)))
    amounts = view.published.arrow(
        f"""
        SELECT strftime(period_from, '%Y-%m') AS period, replace(reason, '_', ' ') AS reason,
            currency, count(*) AS lines, sum(amount_difference)::DOUBLE AS difference
        FROM {_MART} WHERE {where} AND amount_difference IS NOT NULL GROUP BY ALL ORDER BY ALL
        """,  # noqa: S608
        values,
    )
    bars(
        amounts,
        "period:O",
        "difference:Q",
        "reason:N",
        said="Billed less what use and contract give, by billing period and reason.",
    )
    rows = view.published.arrow(
        f"SELECT * FROM {_MART} WHERE {where} "  # noqa: S608
        "ORDER BY abs(amount_difference) DESC NULLS LAST, customer_key, period_from, metric",
        values,
    )
    table("usage-and-billing", rows)
    if customer is not None:
        _events(view, customer, since)
    else:
        note("Choose a customer and a period to see the events behind a difference.")


def headline(totals: list[dict[str, Any]]) -> str:
    """Say how many lines differ of those that are compared, by how much, and what is not."""
    if not totals:
        return "There is nothing to compare yet: no usage, or no contract"
    agree = sum(row["lines"] for row in totals if row["reason"] == "matches")
    others = [row for row in totals if row["reason"] not in AGREES]
    differ = [row for row in others if row["difference"] is not None]
    lines = sum(row["lines"] for row in differ)
    unlike = sum(row["lines"] for row in others) - lines
    left = f"; {count(unlike, 'line')} cannot be compared" if unlike else ""
    if not lines:
        return f"Usage and billing agree: {count(agree, 'line')} compared, none differs{left}"
    sums: dict[str, float] = {}
    for row in differ:
        sums[row["currency"] or ""] = sums.get(row["currency"] or "", 0) + row["difference"]
    money = ", ".join(f"{amount:+,.2f} {plain(name)}" for name, amount in sorted(sums.items()))
    most = max(differ, key=lambda row: row["lines"])
    reason = most["reason"].replace("_", " ")
    return (
        f"{count(lines, 'line')} of {lines + agree:,} differ, together by {money}; "
        f"most often: {reason} ({most['lines']:,}){left}"
    )


def _totals(view: View) -> list[dict[str, Any]]:
    return view.published.rows(
        f"SELECT reason, currency, count(*) AS lines, sum(amount_difference)::DOUBLE AS difference "  # noqa: S608
        f"FROM {_MART} GROUP BY ALL ORDER BY ALL"
    )


def _values(view: View, column: str) -> list[str]:
    rows = view.published.rows(
        f"SELECT DISTINCT {column}::VARCHAR AS value FROM {_MART} "  # noqa: S608
        f"WHERE {column} IS NOT NULL ORDER BY value DESC"
    )
    return [row["value"] for row in rows]


def _events(view: View, customer: str, since: str | None) -> None:
    """Show what was metered of a customer, event by event, as far back as it is published."""
    st.markdown("#### The events behind it")
    if lacks(view, _EVENTS, "event_ts", "resource_metric", "resource_quantity", "tenant_id"):
        return
    rows = view.published.arrow(
        f"""
        SELECT event_ts AS "at (UTC)", region, tenant_id AS tenant, event_name AS event,
            coalesce(resource_metric, license_metric) AS metric,
            coalesce(resource_quantity::DOUBLE, license_used::DOUBLE) AS quantity,
            record_id AS record
        FROM {_EVENTS}
        WHERE event_name IN ('resource.consumed', 'license.usage')
            AND (tenant_id IN (
                SELECT tenant_id FROM gold.dim_tenant WHERE account_id = $customer
            ) OR 'tenant:' || tenant_id = $customer)
            AND ($since IS NULL OR event_date >= $since::DATE - 1 AND event_date <= (
                SELECT max(period_to) FROM {_MART}
                WHERE customer_key = $customer AND period_from = $since::DATE
            ))
        ORDER BY event_ts DESC
        """,  # noqa: S608
        {"customer": customer, "since": since},
    )
    table("events", rows)
    note("Product events of the last 62 days are published; older ones are in the warehouse.")
