"""Answers: what happened with one tenant, on one time line."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import altair as alt
import streamlit as st

from mainstem.dashboard.frame import LEGEND, choose, count, lacks, note, picture, plain, table

if TYPE_CHECKING:
    from mainstem.dashboard.opened import View

_TENANTS = "gold.dim_tenant"
# Each part of the time line: the table and columns that it needs, and its rows as
# at, kind, what, region. A part whose table is not there is left out, and the page says so.
_PARTS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "errors": (
        "gold.fct_errors_daily",
        ("event_date", "errors", "error_source", "error_type"),
        """
        SELECT event_date::TIMESTAMP AS "at", 'error' AS kind, region,
            sum(errors)::BIGINT || ' times ' || error_type || ' (' || error_source || ')' AS what
        FROM gold.fct_errors_daily WHERE tenant_id = $tenant
        GROUP BY event_date, region, error_type, error_source
        """,
    ),
    "failed runs": (
        "gold.fct_transformation_runs",
        ("ended_at", "outcome", "transformation_kind", "error_type"),
        """
        SELECT ended_at AS "at", 'failure' AS kind, region,
            coalesce(transformation_kind, 'run') || ' failed: ' || coalesce(error_type, 'unknown')
                AS what
        FROM gold.fct_transformation_runs WHERE tenant_id = $tenant AND outcome = 'failed'
            AND ended_at IS NOT NULL
        """,
    ),
    "releases": (
        "gold.dim_release",
        ("region", "service_name", "service_version", "released_at"),
        """
        SELECT released_at AS "at", 'release' AS kind, region,
            service_name || ' ' || service_version AS what
        FROM gold.dim_release WHERE first_seen_at IS NOT NULL AND region IN (
            SELECT region FROM gold.fct_feature_usage_daily WHERE tenant_id = $tenant
        )
        """,
    ),
    "contracts": (
        "gold.dim_contract",
        ("contract_id", "account_id", "valid_from", "plan"),
        """
        SELECT valid_from::TIMESTAMP AS "at", 'contract' AS kind, NULL AS region,
            'contract ' || contract_id || coalesce(', ' || plan, '') AS what
        FROM gold.dim_contract WHERE account_id = (
            SELECT any_value(account_id) FROM gold.dim_tenant WHERE tenant_id = $tenant
        )
        """,
    ),
    "invoices": (
        "gold.mart_usage_vs_billing",
        ("customer_key", "period_to", "invoiced_net", "credited_net", "reason"),
        """
        SELECT period_to::TIMESTAMP AS "at", 'invoice' AS kind, NULL AS region,
            metric || ': ' || (invoiced_net + credited_net) || ' ' || coalesce(currency, '') || ', '
                || replace(reason, '_', ' ') AS what
        FROM gold.mart_usage_vs_billing WHERE invoice_lines > 0 AND customer_key IN (
            SELECT coalesce(account_id, 'tenant:' || tenant_id) FROM gold.dim_tenant
            WHERE tenant_id = $tenant
        )
        """,
    ),
    "spikes": (
        "gold.mart_usage_spikes",
        ("tenant_id", "usage_metric", "direction", "started_on"),
        """
        SELECT started_on::TIMESTAMP AS "at", 'spike' AS kind, NULL AS region,
            usage_metric || ' ' || direction AS what
        FROM gold.mart_usage_spikes WHERE tenant_id = $tenant
        """,
    ),
}
_USES = """
SELECT event_date AS day, sum(uses)::BIGINT AS uses FROM gold.fct_feature_usage_daily
WHERE tenant_id = $tenant GROUP BY ALL ORDER BY ALL
"""


def page(view: View) -> None:
    """Show use, contract, invoices, releases, errors and failures of one tenant."""
    if lacks(view, _TENANTS, "tenant_id", "last_seen_on", "account_name"):
        return
    names = view.published.rows(
        f"SELECT DISTINCT tenant_id FROM {_TENANTS} ORDER BY tenant_id"  # noqa: S608
    )
    tenant = choose("Tenant", [row["tenant_id"] for row in names], "tenant", all_of="choose one")
    if tenant is None:
        view.say(f"Choose one of {count(len(names), 'tenant')} to see what happened with it")
        return
    (about, *_) = view.published.rows(
        f"SELECT * FROM {_TENANTS} WHERE tenant_id = $tenant LIMIT 1",  # noqa: S608
        {"tenant": tenant},
    )
    parts, missing = _parts(view)
    events = view.published.arrow(
        f'SELECT * FROM ({" UNION ALL ".join(parts)}) ORDER BY "at" DESC, kind, what'  # noqa: S608
        if parts
        else "SELECT NULL::TIMESTAMP AS \"at\", '' AS kind, '' AS region, '' AS what LIMIT 0",
        {"tenant": tenant} if parts else (),
    )
    view.say(headline(about, Counter(events.column("kind").to_pylist())))
    _picture(view, tenant, events)
    _commands(view, tenant, events)
    table("time-line", events, {"at": st.column_config.DatetimeColumn("at (UTC)")})
    if missing:
        note(f"Not in this build, or not for your role: {', '.join(missing)}.")


def headline(about: dict[str, Any], tally: dict[str, int]) -> str:
    """Say who it is, when it was last used, and what happened."""
    account = about["account_name"]
    name = plain(account or about["tenant_id"])
    whose = f" ({plain(about['tenant_id'])})" if account else ""
    if about["last_seen_on"] is None:
        return f"{name}{whose} has not been seen yet"
    said = (
        f"{name}{whose} was last used on {about['last_seen_on']}, on "
        f"{count(about['active_days'], 'day')} in all"
    )
    shown = {"error": "day of errors", "failure": "failed run", "spike": "spike"}
    told = [
        count(tally[kind], words, words.replace("day", "days", 1) if kind == "error" else None)
        for kind, words in shown.items()
        if tally.get(kind)
    ]
    return f"{said}, with {' and '.join(told)}" if told else f"{said}, without an error"


def _parts(view: View) -> tuple[list[str], list[str]]:
    """Give the queries of the parts whose tables are there, and the names of the others."""
    there, missing = [], []
    for name, (needed, columns, query) in _PARTS.items():
        if view.published.has(needed, *columns):
            there.append(f'SELECT "at", kind, region, what FROM ({query})')  # noqa: S608
        else:
            missing.append(name)
    return there, missing


def _picture(view: View, tenant: str, events: Any) -> None:
    """Put uses, license shares and events on one axis of time."""
    layers = []
    if view.published.has("gold.fct_feature_usage_daily", "uses"):
        uses = view.published.arrow(_USES, {"tenant": tenant})
        layers.append(
            alt.Chart(uses)
            .mark_bar(opacity=0.6)
            .encode(
                x=alt.X("day:T", title=None),
                y=alt.Y("uses:Q", title="uses of features"),
                tooltip=["day:T", "uses"],
            )
            .properties(height=150)
        )
    if view.published.has("gold.fct_license_usage_daily", "billing_date", "usage_kind"):
        shares = view.published.arrow(
            "SELECT billing_date AS day, concat_ws(', ', license_metric, region) AS metric, "
            "(used / nullif(license_limit, 0))::DOUBLE AS share FROM gold.fct_license_usage_daily "
            "WHERE tenant_id = $tenant AND usage_kind = 'level' ORDER BY day",
            {"tenant": tenant},
        )
        layers.append(
            alt.Chart(shares)
            .mark_line()
            .encode(
                x=alt.X("day:T", title=None),
                y=alt.Y("share:Q", title="of the limit", axis=alt.Axis(format="%")),
                color=alt.Color("metric:N", legend=LEGEND),
                tooltip=["day:T", "metric", alt.Tooltip("share:Q", format=".1%")],
            )
            .properties(height=130)
        )
    layers.append(
        alt.Chart(events)
        .mark_point(filled=True, size=90)
        .encode(
            x=alt.X("at:T", title=None),
            y=alt.Y("kind:N", title=None),
            color=alt.Color("kind:N", legend=None),
            shape=alt.Shape("kind:N", legend=None),
            tooltip=["at:T", "kind", "what", "region"],
        )
        .properties(height=150)
    )
    # The width of a chart of several rows is not its container's unless each row says so.
    rows = [layer.properties(width="container") for layer in layers]
    for row, said in zip(rows, _SAID[-len(rows) :], strict=True):
        picture(row, said.format(tenant=tenant))


_SAID = (
    "Uses of features of {tenant} by day.",
    "The share of each license limit that {tenant} used, by day.",
    "Releases, contracts, invoices, errors and failures of {tenant}.",
)


def _commands(view: View, tenant: str, events: Any) -> None:
    """Give the command that reads the traces around the newest trouble, region by region."""
    found: dict[str, Any] = {}
    for row in events.to_pylist():
        if row["kind"] in ("error", "failure") and row["region"]:
            found.setdefault(row["region"], row["at"])
    if not found and view.published.has("gold.fct_feature_usage_daily", "region"):
        rows = view.published.rows(
            "SELECT region, max(event_date) AS day FROM gold.fct_feature_usage_daily "
            "WHERE tenant_id = $tenant GROUP BY region ORDER BY region",
            {"tenant": tenant},
        )
        found = {row["region"]: row["day"] for row in rows}
    if found:
        note("The traces themselves are read in the region, by whoever may:")
    for region, at in sorted(found.items()):
        st.code(traces_command(region, tenant, at), language="sh")


def traces_command(region: str, tenant: str, at: Any) -> str:
    """Write the command that shows a tenant's traces of a UTC day in its region."""
    day = at.date() if hasattr(at, "date") else at
    return (
        f"mainstem traces --region {region} --tenant {tenant} "
        f"--since {day}T00:00:00Z --until {day + timedelta(days=1)}T00:00:00Z"
    )
