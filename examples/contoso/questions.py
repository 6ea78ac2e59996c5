"""What each table of gold is asked, to be held against the truth of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples.contoso.check import Exact

if TYPE_CHECKING:
    from examples.contoso.check import Comparison

FACTS: tuple[Comparison, ...] = (
    Exact(
        "feature_usage",
        4,
        """
        SELECT event_date, region, tenant_id, feature_name, uses
        FROM gold.fct_feature_usage_daily
        """,
    ),
    Exact(
        "sessions",
        3,
        """
        SELECT event_date, region, tenant_id, count(*) AS sessions
        FROM gold.fct_sessions
        GROUP BY ALL
        """,
    ),
    Exact(
        "transformation_runs",
        5,
        """
        SELECT event_date, region, tenant_id, outcome, coalesce(error_type, ''), count(*) AS runs
        FROM gold.fct_transformation_runs
        GROUP BY ALL
        """,
    ),
    Exact(
        "resource_consumption",
        4,
        """
        SELECT event_date, region, tenant_id, resource_metric, quantity
        FROM gold.fct_resource_consumption_daily
        """,
    ),
    Exact(
        "releases",
        3,
        """
        SELECT region, service_name, service_version, CAST(first_seen_at AS DATE)
        FROM gold.dim_release
        """,
    ),
)
COMPARISONS: tuple[Comparison, ...] = FACTS
"""In the order in which they are shown."""
