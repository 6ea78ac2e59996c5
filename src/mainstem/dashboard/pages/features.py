"""Answers: which features are used, by whom, and which revenue stands behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import streamlit as st

from mainstem.dashboard.frame import (
    LEGEND,
    SHARE,
    bars,
    choose,
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

_DAILY = "gold.fct_feature_usage_daily"
_DIMENSIONS = ("segment", "industry", "plan", "release")
"""What `mart_feature_adoption` divides the tenants by."""
_COHORTS = """
WITH used AS (
    SELECT DISTINCT tenant_id FROM gold.fct_feature_usage_daily
    WHERE region IN (REGIONS) AND (? IS NULL OR feature_name = ?)
        AND event_date > (SELECT max(event_date) FROM gold.fct_feature_usage_daily) - 28
)
SELECT strftime(date_trunc('month', first_seen_on), '%Y-%m') AS "first seen in",
    count(*) AS tenants, count(used.tenant_id) AS "use it now",
    count(used.tenant_id) / count(*) AS share
FROM gold.dim_tenant LEFT JOIN used USING (tenant_id)
WHERE first_seen_on IS NOT NULL GROUP BY ALL ORDER BY ALL
"""


def page(view: View) -> None:
    """Show adoption over time, by segment and by cohort, and revenue."""
    if lacks(view, _DAILY, "feature_name", "uses"):
        return
    left, right = st.columns(2)
    with left:
        regions = region_filter(view)
    rows = view.published.rows(
        f"""
        SELECT feature_name, count(DISTINCT tenant_id) AS tenants, sum(uses)::BIGINT AS uses
        FROM {_DAILY} WHERE region IN ({in_list(regions)})
            AND event_date > (SELECT max(event_date) FROM {_DAILY}) - 28
        GROUP BY ALL ORDER BY tenants DESC, uses DESC
        """,  # noqa: S608
        regions,
    )
    with right:
        feature = choose("Feature", sorted(row["feature_name"] for row in rows), "feature")
    active = view.published.value(
        f"SELECT count(DISTINCT tenant_id) FROM {_DAILY} WHERE region IN ({in_list(regions)}) "  # noqa: S608
        f"AND event_date > (SELECT max(event_date) FROM {_DAILY}) - 28",
        regions,
    )
    view.say(headline(rows, active))
    _weeks(view, regions, feature)
    tabs = st.tabs(["By segment", "By cohort", "Revenue"])
    with tabs[0]:
        _segments(view, feature)
    with tabs[1]:
        if not lacks(view, "gold.dim_tenant", "first_seen_on"):
            cohorts = _COHORTS.replace("REGIONS", in_list(regions))
            found = view.published.arrow(cohorts, [*regions, feature, feature])
            table("cohorts", found, {"share": SHARE})
            note("Tenants by the month of their first use, and who of them used it in 28 days.")
    with tabs[2]:
        _revenue(view, feature)


def headline(rows: list[dict[str, Any]], active: int) -> str:
    """Say which feature most tenants use, and which the fewest."""
    if not rows:
        return "No use of a feature has been reported yet"
    most, least = rows[0], rows[-1]
    said = (
        f"{plain(most['feature_name'])} is used by most: {most['tenants']:,} of {active:,} tenants "
        f"with use in 28 days, {most['uses']:,} times"
    )
    if len(rows) > 1:
        said += f"; {plain(least['feature_name'])} by the fewest, {least['tenants']:,}"
    return said


def _weeks(view: View, regions: list[str], feature: str | None) -> None:
    weeks = view.published.arrow(
        f"""
        WITH top AS (
            SELECT feature_name FROM {_DAILY} GROUP BY ALL ORDER BY sum(uses) DESC LIMIT 7
        )
        SELECT date_trunc('week', event_date)::DATE AS week, feature_name AS feature,
            count(DISTINCT tenant_id) AS tenants, sum(uses)::BIGINT AS uses
        FROM {_DAILY} WHERE region IN ({in_list(regions)})
            AND (feature_name = ? OR (? IS NULL AND feature_name IN (FROM top)))
            AND event_date > (SELECT max(event_date) FROM {_DAILY}) - 182
        GROUP BY ALL ORDER BY ALL
        """,  # noqa: S608
        [*regions, feature, feature],
    )
    chart = (
        alt.Chart(weeks)
        .mark_line(point=True)
        .encode(
            x=alt.X("week:T", title=None),
            y=alt.Y("tenants:Q", title="tenants that use it in the week"),
            color=alt.Color("feature:N", legend=LEGEND),
            tooltip=["week:T", "feature", "tenants", "uses"],
        )
    )
    picture(chart.properties(height=280), "Tenants that use each feature, by week.")


def _segments(view: View, feature: str | None) -> None:
    mart = "gold.mart_feature_adoption"
    if lacks(view, mart, "feature_name", "dimension", "slice", "adoption_share"):
        return
    by = choose("Tenants by", _DIMENSIONS, "by", all_of="segment") or "segment"
    rows = view.published.arrow(
        f"SELECT * FROM {mart} WHERE dimension = ? AND (? IS NULL OR feature_name = ?) "  # noqa: S608
        "ORDER BY adoption_share DESC NULLS LAST, feature_name, slice",
        [by, feature, feature],
    )
    chart = (
        alt.Chart(rows)
        .mark_rect()
        .encode(
            x=alt.X("slice:N", title=None, axis=alt.Axis(labelAngle=-35)),
            y=alt.Y("feature_name:N", title=None),
            color=alt.Color("adoption_share:Q", title="adoption", legend=alt.Legend(format="%")),
            tooltip=["feature_name", "slice", "using_tenants", "active_tenants"],
        )
    )
    picture(chart, f"Adoption of each feature by {by}, as a table of shades.")
    table("feature-adoption", rows, {"adoption_share": SHARE})


def _revenue(view: View, feature: str | None) -> None:
    mart = "gold.mart_feature_revenue"
    if lacks(view, mart, "feature_name"):
        return
    if view.published.has(mart, "mrr_of_users", "account_group", "reporting_currency"):
        rows = view.published.arrow(
            f"""
            SELECT feature_name AS feature, reporting_currency AS currency,
                mrr_of_users::DOUBLE AS revenue, mrr_share AS share, using_accounts AS accounts
            FROM {mart} WHERE account_group = 'all' ORDER BY revenue DESC LIMIT 30
            """  # noqa: S608
        )
        bars(
            rows,
            "revenue:Q",
            "feature:N",
            "currency:N",
            said="The recurring revenue a month of the accounts that use each feature.",
            height=40 + 22 * rows.num_rows,
        )
    every = view.published.arrow(
        f"SELECT * FROM {mart} WHERE ? IS NULL OR feature_name = ?",  # noqa: S608
        [feature, feature],
    )
    table("feature-revenue", every)
    note("Recurring revenue of those who use it; it does not add up over features.")
