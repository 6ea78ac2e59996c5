"""What Contoso sells and where: regions, industries, plans and features."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

SERVICE_NAME = "contoso-transform"
SERVICE_VERSION = "4.2.0"

CENTRAL_REGIONS = {"euc": "westeurope", "use": "eastus", "cac": "canadacentral"}
"""The regions whose data may travel, with their cloud locations."""
PARTNER_REGION = "aus"
REGIONS = {**CENTRAL_REGIONS, PARTNER_REGION: "australiaeast"}

TENANTS_IN_REGION = {"euc": 13, "use": 12, "cac": 8, "aus": 7}

INDUSTRIES = ("manufacturing", "retail", "healthcare")

MASTER_RECORDS = "master_records"
"""The licensed metric: how many master records a customer keeps, a level."""
TRANSFORMED_RECORDS = "transformed_records"
"""The billed metric: how many records its transformations worked through in a month, a sum."""

CURRENCY = "EUR"


@dataclass(frozen=True)
class Plan:
    """What a customer pays for; prices in `CURRENCY`, limits in records."""

    name: str
    master_records: int
    price_per_month: Decimal
    transformed_records: int
    overage_price: Decimal


PLANS = {
    plan.name: plan
    for plan in (
        Plan("starter", 10_000, Decimal(490), 100, Decimal("0.020")),
        Plan("business", 60_000, Decimal(1900), 500, Decimal("0.015")),
        Plan("enterprise", 250_000, Decimal(6900), 1_000, Decimal("0.010")),
    )
}

FEATURES = (
    "record-matching",
    "deduplication",
    "bulk-import",
    "address-enrichment",
    "lineage-view",
    "approval-workflow",
    "ai-mapping",
    "api-export",
)
PLAN_FEATURES = {"starter": 4, "business": 6, "enterprise": 8}
"""A plan opens the first so many of `FEATURES`."""

TRANSFORMATION_KINDS = ("normalise", "merge", "enrich", "migrate")
ERROR_TYPES = ("SchemaMismatch", "QuotaExceeded", "UpstreamTimeout")
