"""What a build of earlier models calls by other names.

A published build stays until the next one, and readers are brought up to date before it is: the
columns that they ask for are made of those that it has.
"""

from __future__ import annotations

OLDER = {
    "gold.mart_license_headroom": {"customer_key": "'tenant:' || tenant_id"},
    "gold.fct_license_usage_daily": {
        "billing_date": "event_date",
        "used": "used_last",
        "account_id": "NULL::VARCHAR",
    },
    "gold.mart_usage_vs_billing": {
        "period_from": "usage_month",
        "period_to": "(usage_month + INTERVAL 1 MONTH)::DATE",
        "metered_quantity": "used_quantity",
        "contracted_amount": "expected_amount",
        "invoiced_net": "invoiced_amount",
    },
}
"""By table: a column, and how it is made where the table has not got it."""
NEEDS = {
    "gold.mart_license_headroom": "tenant_id",
    "gold.fct_license_usage_daily": "used_last",
    "gold.mart_usage_vs_billing": "usage_month",
}
"""A column that a table of the earlier models has."""
