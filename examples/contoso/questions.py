"""What each table of gold is asked, to be held against the truth of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples.contoso.check import Detection, Exact

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
        WHERE first_seen_at IS NOT NULL
        """,
    ),
)
MARTS: tuple[Comparison, ...] = (
    Exact(
        "launch_adoption",
        1,
        """
        SELECT slice, adopted_tenants
        FROM gold.mart_feature_adoption
        WHERE dimension = 'segment' AND feature_name = 'ai-mapping'
        """,
    ),
    Detection(
        "usage_spikes",
        """
        SELECT tenant_id, started_on, preceded_by
        FROM gold.mart_usage_spikes
        WHERE direction = 'up' AND environment = 'production'
        """,
        slack=2,
        precision=0.9,
        recall=0.9,
    ),
)
COMPARISONS: tuple[Comparison, ...] = (*FACTS, *MARTS)
"""In the order in which they are shown."""
