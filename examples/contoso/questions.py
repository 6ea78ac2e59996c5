"""What each table of gold is asked, to be held against the truth of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples.contoso.check import Detection, Exact, Intervals

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
        "license_usage",
        4,
        """
        SELECT billing_date, region, tenant_id, license_metric, used, used_max, license_limit,
            limit_reason
        FROM gold.fct_license_usage_daily
        WHERE usage_kind = 'level'
        """,
    ),
    Exact(
        "license_headroom",
        2,
        """
        SELECT customer_key, license_metric, used, license_limit, limit_status
        FROM gold.mart_license_headroom
        WHERE usage_kind = 'level'
        """,
    ),
    Intervals(
        "license_projections",
        2,
        """
        SELECT customer_key, license_metric, projected_earliest, projected_latest
        FROM gold.mart_license_headroom
        WHERE usage_kind = 'level'
        """,
        promised=0.95,
        floor=0.8,
    ),
    Exact(
        "recurring_revenue",
        2,
        """
        SELECT mrr_month, account_id, mrr, previous_mrr, movement
        FROM gold.fct_mrr_monthly
        """,
    ),
    Exact(
        "usage_vs_billing",
        3,
        """
        SELECT account_id, metric, period_from, metered_quantity, contracted_amount,
            coalesce(invoiced_net, 0) + coalesce(credited_net, 0), reason
        FROM gold.mart_usage_vs_billing
        WHERE account_id IS NOT NULL AND reason NOT IN ('usage_elsewhere', 'open_period')
        """,
    ),
    Exact(
        "cost_allocation",
        3,
        """
        SELECT region, bill_month, tenant_id, consumption_share
        FROM gold.mart_cost_allocation
        WHERE tenant_id <> '(unallocated)'
        """,
    ),
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
