"""Answers: what was redacted, under which policy, and who looked again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from mainstem.dashboard.frame import (
    bars,
    choose,
    count,
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
    """Show redactions by rule, region and day, policies, verifications and scans."""
    if lacks(view, "operations.redactions", "masked"):
        return
    left, right = st.columns(2)
    with left:
        regions = region_filter(view)
    with right:
        rules = view.published.rows("SELECT DISTINCT rule FROM operations.redactions ORDER BY rule")
        rule = choose("Rule", [row["rule"] for row in rules], "rule", all_of="all rules")
    chosen = f"region IN ({in_list(regions)})"
    view.say(headline(_masked(view, chosen, regions), _proved(view, chosen, regions)))
    where, values = f"{chosen} AND (? IS NULL OR rule = ?)", [*regions, rule, rule]
    days = view.published.arrow(
        f"SELECT day, rule, sum(masked)::BIGINT AS masked FROM operations.redactions "  # noqa: S608
        f"WHERE {where} GROUP BY ALL ORDER BY ALL",
        values,
    )
    by_rule = view.published.arrow(
        f"SELECT rule, region, sum(masked)::BIGINT AS masked FROM operations.redactions "  # noqa: S608
        f"WHERE {where} GROUP BY ALL ORDER BY masked DESC",
        values,
    )
    one_day = len(set(days.column("day").to_pylist())) < 2
    bars(
        by_rule if one_day else days,
        "masked:Q" if one_day else "yearmonthdate(day):O",
        "rule:N" if one_day else "masked:Q",
        "region:N" if one_day else "rule:N",
        said="Values masked, by rule and region." if one_day else "Values masked, by day and rule.",
        height=60 + 22 * len(rules) if one_day else 300,
    )
    table("redactions", by_rule)
    st.markdown("#### Policies that ran")
    table("policies", _all_of(view, "policies", chosen, regions, "first_seal DESC"))
    st.markdown("#### Verified")
    table("verifications", _all_of(view, "verifications", chosen, regions, "region"))
    st.markdown("#### Searched by independent detectors")
    table("scans", _all_of(view, "scans", chosen, regions, "region, store"))
    note(
        "A fingerprint names a policy whole: `mainstem policy show` prints it with its rules. What "
        "this proves, and what not, is in docs/books.md."
    )


def headline(masked: dict[str, Any], proved: dict[str, Any]) -> str:
    """Say how much was masked, and what the last looks found."""
    if not masked["masked"]:
        said = "No value has been masked yet"
    else:
        said = (
            f"{count(masked['masked'], 'value')} were masked by {count(masked['rules'], 'rule')} "
            f"in {count(masked['regions'], 'region')}, most by {plain(masked['most'])}"
        )
    if proved["verified"] is None:
        said += "; nothing was verified yet"
    else:
        found = proved["findings"] or 0
        verdict = "consistent" if not found else f"{count(found, 'finding')} of what was changed"
        said += f"; last verified {proved['verified']:%Y-%m-%d}: {verdict}"
    if proved["scanned"] is None:
        return f"{said}; no scan yet"
    finds = count(proved["finds"], "find") if proved["finds"] else "nothing found"
    return f"{said}; last scan {proved['scanned']:%Y-%m-%d}: {finds}"


def _masked(view: View, chosen: str, regions: list[str]) -> dict[str, Any]:
    return view.published.rows(
        f"""
        WITH by_rule AS (
            SELECT rule, sum(masked)::BIGINT AS masked FROM operations.redactions
            WHERE {chosen} GROUP BY rule
        )
        SELECT coalesce(sum(masked), 0)::BIGINT AS masked, count(*) AS rules,
            arg_max(rule, masked) AS most,
            (SELECT count(DISTINCT region) FROM operations.redactions WHERE {chosen}) AS regions
        FROM by_rule
        """,  # noqa: S608
        [*regions, *regions],
    )[0]


def _proved(view: View, chosen: str, regions: list[str]) -> dict[str, Any]:
    return view.published.rows(
        f"""
        SELECT
            (SELECT max(verified_at) FROM operations.verifications WHERE {chosen}) AS verified,
            (SELECT sum(found)::BIGINT FROM operations.verifications WHERE {chosen}) AS findings,
            (SELECT max(scanned_at) FROM operations.scans WHERE {chosen}) AS scanned,
            (SELECT coalesce(sum(found), 0)::BIGINT FROM operations.scans WHERE {chosen}) AS finds
        """,  # noqa: S608
        regions * 4,
    )[0]


def _all_of(view: View, name: str, chosen: str, regions: list[str], order: str) -> Any:
    return view.published.arrow(
        f"SELECT * FROM operations.{name} WHERE {chosen} ORDER BY {order}",  # noqa: S608
        regions,
    )
