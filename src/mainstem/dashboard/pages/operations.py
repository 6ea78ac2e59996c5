"""Answers: does the platform run: collectors, what waits, loads, quarantine."""

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


def page(view: View) -> None:
    """Show collectors, what waits to travel and to be loaded, loads, quarantine and problems."""
    if lacks(view, "operations.regions", "last_entry"):
        return
    regions = region_filter(view)
    chosen = f"region IN ({in_list(regions)})"
    state = _state(view, chosen, regions)
    if state["taken"] is None:
        view.say("Nothing is known yet: `mainstem build` publishes how the platform fares")
        return
    view.say(headline(state))
    figures(
        {
            "Collectors heard of": f"{state['collectors']:,}",
            "Records that wait": f"{state['waiting']:,}",
            "In quarantine": f"{state['quarantined']:,}",
            "Problems": f"{state['problems']:,}",
        }
    )
    days = view.published.arrow(
        f"SELECT day, class, sum(received)::BIGINT AS received FROM operations.books "  # noqa: S608
        f"WHERE {chosen} GROUP BY ALL ORDER BY ALL",
        regions,
    )
    bars(
        days,
        "yearmonthdate(day):O",
        "received:Q",
        "class:N",
        said="Records received, by day and class.",
        height=200,
    )
    for title, name, order in (
        ("What waits, by region", "regions", "region"),
        ("Collectors (an instance is one spool)", "collectors", "last_entry DESC"),
        ("Quarantine", "quarantine", "region, signal, code"),
        ("Problems and notes", "problems", "kind, region, problem"),
        ("Books by day", "books", "day DESC, region, class"),
    ):
        st.markdown(f"#### {title}")
        table(name, _rows(view, name, chosen, regions, order))
    if view.published.has("operations.loads"):
        st.markdown("#### Loads")
        table("loads", view.published.arrow("FROM operations.loads ORDER BY load_id DESC"))
    taken = state["taken"]
    note(
        f"As of the last `mainstem build`, {taken:%Y-%m-%d %H:%M} UTC. What is in a spool shows on "
        "its machine: `mainstem spool ls`. docs/runbook.md says what each problem means."
    )


def headline(state: dict[str, Any]) -> str:
    """Say whether all were heard of, what waits, and what is wrong."""
    heard, known = state["heard"], state["regions"]
    said = f"{heard:,} of {count(known, 'region')} were heard of in the last day"
    if state["unread"]:
        said += f" ({plain(state['unread'])} could not be read)"
    said += f", {count(state['waiting'], 'record')} wait" if state["waiting"] else ", nothing waits"
    if state["oldest"] is not None:
        hours = (state["taken"] - state["oldest"]).total_seconds() / 3600
        said += f", the oldest for {hours:,.0f} hours"
    if state["problems"]:
        return f"{said}, and {count(state['problems'], 'problem')} in the books"
    return f"{said}, and the books have no problem"


def _state(view: View, chosen: str, regions: list[str]) -> dict[str, Any]:
    return view.published.rows(
        f"""
        WITH known AS (FROM operations.regions WHERE {chosen} AND NOT isolated)
        SELECT count(*) AS regions, any_value(taken.taken_at) AS taken,
            count(*) FILTER (last_entry > taken.taken_at - INTERVAL 1 DAY) AS heard,
            coalesce(sum(to_travel_records + to_load_records), 0)::BIGINT AS waiting,
            min(oldest_to_travel) AS oldest,
            string_agg(region, ', ' ORDER BY region) FILTER (unread IS NOT NULL) AS unread,
            (SELECT count(*) FROM operations.collectors WHERE {chosen}) AS collectors,
            (SELECT coalesce(sum(places), 0)::BIGINT FROM operations.quarantine WHERE {chosen})
                AS quarantined,
            (SELECT count(*) FROM operations.problems WHERE kind = 'problem' AND {chosen})
                AS problems
        FROM (FROM operations.taken) AS taken LEFT JOIN known ON true
        """,  # noqa: S608
        regions * 4,
    )[0]


def _rows(view: View, name: str, chosen: str, regions: list[str], order: str) -> Any:
    where = f"{chosen} AND NOT isolated" if name == "regions" else chosen
    return view.published.arrow(
        f"SELECT * FROM operations.{name} WHERE {where} ORDER BY {order}",  # noqa: S608
        regions,
    )
