"""Answers: what comes in, where does it go, and is it all there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from mainstem.dashboard.frame import (
    bars,
    count,
    figures,
    in_list,
    lacks,
    note,
    plain,
    region_filter,
    table,
)

if TYPE_CHECKING:
    from mainstem.dashboard.opened import View

_FATES = """
SELECT region, fate, sum(records)::BIGINT AS records FROM (
    SELECT region, unnest([
        {fate: 'loaded', records: loaded},
        {fate: 'stays in its region', records: not_travelling},
        {fate: 'waits', records: pending},
        {fate: 'sent on', records: forwarded},
        {fate: 'quarantined', records: quarantined},
        {fate: 'repeated', records: duplicate + duplicate_at_load},
        {fate: 'dropped by a rule or sampled out', records: dropped + sampled + aggregated},
        {fate: 'refused or expired', records: rejected + expired + dropped_at_load + not_taken}
    ], recursive := true)
    FROM operations.books WHERE region IN (REGIONS)
) GROUP BY ALL HAVING records > 0 ORDER BY region, records DESC
"""


def page(view: View) -> None:
    """Show the regions, what travels and what stays, and whether the books balance."""
    if lacks(view, "operations.books", "off"):
        return
    regions = region_filter(view)
    told = totals(view, regions)
    view.say(headline(told))
    figures(
        {
            "Records received": f"{told['received']:,}",
            "In the warehouse": f"{told['loaded']:,}",
            "Stay in their region": f"{told['stay']:,}",
            "Not accounted for": f"{told['off']:,}",
        }
    )
    fates = view.published.arrow(_FATES.replace("REGIONS", in_list(regions)), regions)
    bars(
        fates,
        "records:Q",
        "region:N",
        "fate:N",
        said="What became of each region's records, as stacked bars.",
        height=60 + 44 * len(regions),
    )
    _alerts(view)
    st.markdown("#### Regions, and what of each travels")
    table("regions", _regions(view, regions))
    for region in _isolated(view):
        note(
            f"{plain(region)} is isolated: nothing of it is here. Its pages are shown there, by "
            "`mainstem dashboard` with its own file."
        )


def totals(view: View, regions: list[str]) -> dict[str, Any]:
    """Add up the books over regions."""
    rows = view.published.rows(
        f"""
        SELECT coalesce(sum(received), 0)::BIGINT AS received,
            coalesce(sum(loaded), 0)::BIGINT AS loaded,
            coalesce(sum(not_travelling), 0)::BIGINT AS stay,
            coalesce(sum(abs(off)), 0)::BIGINT AS off, count(DISTINCT region) AS regions,
            (SELECT count(*) FROM operations.problems WHERE kind = 'problem'
                AND coalesce(region, '') IN ('', {in_list(regions)})) AS problems
        FROM operations.books WHERE region IN ({in_list(regions)})
        """,  # noqa: S608
        [*regions, *regions],
    )
    return rows[0]


def headline(told: dict[str, Any]) -> str:
    """Say in words how much came in and whether it is all there."""
    if not told["received"] and not told["loaded"]:
        return "Nothing has been received yet"
    where = count(told["regions"], "region")
    begun = f"{told['received']:,} records came in from {where}: {told['loaded']:,} are in the "
    begun += f"warehouse, {told['stay']:,} stay where they were collected"
    if told["problems"] or told["off"]:
        return f"{begun}, and {count(told['problems'], 'problem')} keep the books from balancing"
    return f"{begun}, and the books balance"


def _alerts(view: View) -> None:
    alerts = view.alerts()
    if alerts:
        st.markdown(f"#### {count(len(alerts), 'alert')} hold")
        for each in alerts[:8]:
            sign = "🔴" if each["severity"] == "critical" else "🟠"
            whom = each["account_name"] or each["tenant_id"] or each["region"] or "all regions"
            by = f" — {plain(each['acknowledged_by'])} looks after it" * bool(
                each["acknowledged_by"]
            )
            st.markdown(f"{sign} **{plain(whom)}**: {plain(each['title'])}{by}")
        if len(alerts) > 8:
            note(f"{len(alerts) - 8:,} more: `mainstem alerts list`.")


def _regions(view: View, regions: list[str]) -> Any:
    return view.published.arrow(
        f"""
        SELECT region, location, residency,
            coalesce((SELECT string_agg(signal, ', ' ORDER BY signal) FROM operations.routes
                WHERE routes.region = regions.region AND loaded), 'nothing') AS travels,
            coalesce((SELECT string_agg(signal, ', ' ORDER BY signal) FROM operations.routes
                WHERE routes.region = regions.region AND NOT loaded), '') AS stays,
            last_entry AS "last heard of", to_travel_records AS "records to travel",
            to_load_records AS "records to load", unread AS "not read"
        FROM operations.regions AS regions
        WHERE NOT isolated AND region IN ({in_list(regions)}) ORDER BY region
        """,  # noqa: S608
        regions,
    )


def _isolated(view: View) -> list[str]:
    rows = view.published.rows(
        "SELECT region FROM operations.regions WHERE isolated ORDER BY region"
    )
    return [row["region"] for row in rows]
