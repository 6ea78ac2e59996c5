"""Answers: who nears a license limit, and when will it be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import pyarrow as pa
import streamlit as st

from mainstem.dashboard.frame import (
    ALL_LABELS,
    LEGEND,
    SHARE,
    are,
    choose,
    count,
    in_list,
    lacks,
    note,
    picture,
    plain,
    region_filter,
    table,
)

if TYPE_CHECKING:
    from mainstem.dashboard.opened import View

_MART, _DAILY = "gold.mart_license_headroom", "gold.fct_license_usage_daily"
_COLUMNS = (
    *("customer_key", "account_name", "region", "license_metric", "used", "license_limit"),
    *("usage_kind", "used_share", "limit_status", "projected_on", "projected_earliest"),
    "projected_latest",
)
_A_DAY = "CASE WHEN usage_kind = 'delta' THEN ', a day' ELSE '' END"
"""What is consumed is drawn by day, and its limit, which is on a period's sum, is not."""
_BARS = 25
_STATUSES = alt.Scale(
    domain=["reached", "nearing", "clear", "stale"],
    range=["#d55e00", "#e69f00", "#0072b2", "#8c8c8c"],
)


def page(view: View) -> None:
    """Show who is near, and one tenant's trend with its projection."""
    if lacks(view, _MART, *_COLUMNS):
        return
    left, middle, right = st.columns(3)
    with left:
        regions = region_filter(view)
    metrics = _values(view, "license_metric")
    with middle:
        metric = choose("Metric", metrics, "metric", all_of="all metrics")
    with right:
        customer = choose("Customer", _values(view, "customer_key"), "customer")
    # The tenants of one account may be of several regions: such a limit has none.
    where = f"(region IS NULL OR region IN ({in_list(regions)}))"
    where += " AND (? IS NULL OR license_metric = ?)"
    values: list[object] = [*regions, metric, metric]
    view.say(headline(_counts(view, where, values), _next(view, where, values)))
    chosen = [*values, customer, customer]
    rows = view.published.arrow(
        f"""
        SELECT coalesce(account_name, customer_key) AS account, customer_key AS customer, region,
            license_metric AS metric, used::DOUBLE AS used, license_limit::DOUBLE AS "limit",
            used_share AS share, limit_status AS status, projected_on AS "reached on",
            projected_earliest AS earliest, projected_latest AS latest
        FROM {_MART} WHERE {where} AND (? IS NULL OR customer_key = ?)
        ORDER BY share DESC NULLS LAST, account, metric
        """,  # noqa: S608
        chosen,
    )
    if customer is None:
        _bars(rows)
    else:
        _trends(view, customer)
    table("license-limits", rows, {"share": SHARE})


def headline(counts: dict[str, int], following: dict[str, Any] | None) -> str:
    """Say how many limits are reached and near, and which is next."""
    total = sum(counts.values())
    if not total:
        return "No tenant has reported the use of a license yet"
    reached, nearing = counts.get("reached", 0), counts.get("nearing", 0)
    said = f"Of {count(total, 'license limit')}, {are(reached)} reached and {are(nearing)} near"
    if following is not None:
        said += (
            f"; next is {plain(following['account'])} with {plain(following['license_metric'])} "
            f"on {following['projected_on']}"
        )
    return said


def _values(view: View, column: str) -> list[str]:
    rows = view.published.rows(
        f"SELECT DISTINCT {column} AS value FROM {_MART} "  # noqa: S608
        f"WHERE {column} IS NOT NULL ORDER BY value"
    )
    return [row["value"] for row in rows]


def _counts(view: View, where: str, values: list[object]) -> dict[str, int]:
    rows = view.published.rows(
        f"SELECT limit_status, count(*) AS limits FROM {_MART} WHERE {where} "  # noqa: S608
        "GROUP BY limit_status",
        values,
    )
    return {row["limit_status"]: row["limits"] for row in rows}


def _next(view: View, where: str, values: list[object]) -> dict[str, Any] | None:
    rows = view.published.rows(
        f"SELECT coalesce(account_name, customer_key) AS account, license_metric, projected_on "  # noqa: S608
        f"FROM {_MART} WHERE {where} AND projected_on IS NOT NULL AND used_share < 1 "
        "ORDER BY projected_on, account LIMIT 1",
        values,
    )
    return rows[0] if rows else None


def _bars(rows: Any) -> None:
    """Show the shares of those that are nearest."""
    nearest = rows.slice(0, _BARS)
    # A customer of several tenants has several limits, and each is a bar of its own.
    name = alt.datum.account + " · " + alt.datum.metric + " · " + alt.datum.customer
    base = alt.Chart(nearest).transform_calculate(name=name)
    marks = base.mark_bar().encode(
        x=alt.X("share:Q", axis=alt.Axis(format="%"), title="share of the limit"),
        y=alt.Y("name:N", sort="-x", axis=ALL_LABELS),
        color=alt.Color("status:N", scale=_STATUSES, legend=LEGEND),
        tooltip=["account", "customer", "metric", "used", "limit", "reached on"],
    )
    limit = alt.Chart(pa.table({"at": [1.0]})).mark_rule(strokeDash=[4, 3]).encode(x="at:Q")
    height = 40 + 20 * nearest.num_rows
    picture((marks + limit).properties(height=height), "The shares of the nearest limits, as bars.")


def _trends(view: View, customer: str) -> None:
    """Show each metric of a customer over time, with its limit and where it leads."""
    if lacks(view, _DAILY, "billing_date", "license_metric", "usage_kind", "used", "account_id"):
        return
    days = view.published.arrow(
        f"""
        SELECT billing_date AS day, used::DOUBLE AS used,
            concat_ws(', ', license_metric, tenant_id, region) || {_A_DAY} AS metric,
            CASE WHEN usage_kind = 'level' THEN license_limit::DOUBLE END AS "limit"
        FROM {_DAILY} WHERE coalesce(account_id, 'tenant:' || tenant_id) = ? ORDER BY day
        """,  # noqa: S608
        [customer],
    )
    leads = view.published.arrow(
        f"""
        SELECT concat_ws(', ', license_metric, tenant_id, region) AS metric,
            unnest([used_at::DATE, projected_on]) AS day,
            unnest([used, license_limit])::DOUBLE AS used
        FROM {_MART}
        WHERE customer_key = ? AND usage_kind = 'level' AND projected_on IS NOT NULL
            AND used_share < 1
        """,  # noqa: S608
        [customer],
    )
    line = (
        alt.Chart(days)
        .mark_line(point=True)
        .encode(
            x=alt.X("day:T", title=None),
            y=alt.Y("used:Q", title="used"),
            color="metric:N",
            tooltip=["day:T", "metric", "used", "limit"],
        )
    )
    limit = (
        alt.Chart(days)
        .mark_line(strokeDash=[4, 3], opacity=0.7)
        .encode(x="day:T", y="limit:Q", color="metric:N")
    )
    lead = (
        alt.Chart(leads)
        .mark_line(strokeDash=[1, 4])
        .encode(x="day:T", y="used:Q", color="metric:N")
    )
    picture((line + limit + lead).properties(height=300), f"What {customer} used, by day.")
    note("Dashed: the limit. Dotted: where the trend of the last days leads (docs/answers.md).")
