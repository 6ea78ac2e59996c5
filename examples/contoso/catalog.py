"""What Contoso sells and where: regions, currencies, plans, features and releases."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

SERVICE_NAME = "contoso-transform"

CENTRAL_REGIONS = {"euc": "westeurope", "use": "eastus", "cac": "canadacentral"}
"""The regions whose data may travel, with their cloud locations."""
PARTNER_REGION = "aus"
REGIONS = {**CENTRAL_REGIONS, PARTNER_REGION: "australiaeast"}

CURRENCIES = {"euc": "EUR", "use": "USD", "cac": "CAD", "aus": "AUD"}
"""What a region's customers pay in."""
RATES = {"USD": Decimal("0.92"), "CAD": Decimal("0.68"), "AUD": Decimal("0.61")}
"""About how many euros one is worth; `fx_rates` moves around it from month to month."""
ZONES = {
    "euc": "Europe/Berlin",
    "use": "America/New_York",
    "cac": "America/Toronto",
    "aus": "Australia/Adelaide",
}
"""Where the days and months of a region's contracts begin."""

INDUSTRIES = ("manufacturing", "retail", "healthcare")
SEGMENTS = ("smb", "mid-market", "enterprise")

MASTER_RECORDS = "master_records"
"""The licensed metric: how many master records a customer keeps, a level."""
TRANSFORMED_RECORDS = "transformed_records"
"""The billed metric: how many records its transformations worked through in a month, a sum."""


@dataclass(frozen=True)
class Plan:
    """What a customer pays for; prices in whatever its currency is, limits in records."""

    name: str
    product_id: str
    master_records: int
    price: Decimal
    """For a month."""
    transformed_records: int
    """Included in a month; each one above costs `unit_price`."""
    unit_price: Decimal


PLANS = {
    plan.name: plan
    for plan in (
        Plan("starter", "P-100", 10_000, Decimal(490), 4_000, Decimal("0.020")),
        Plan("business", "P-200", 60_000, Decimal(1900), 15_000, Decimal("0.015")),
        Plan("enterprise", "P-300", 250_000, Decimal(6900), 60_000, Decimal("0.010")),
    )
}
USAGE_PRODUCT, SUPPORT_PRODUCT, ONBOARDING_PRODUCT = "P-410", "P-420", "P-430"
SUPPORT_PRICE = Decimal(250)
"""For a month of support by telephone: recurring, and without a metric."""
ONBOARDING_PRICE = Decimal(3000)

LAUNCHED = "ai-mapping"
"""The feature that came with a release within the history, for every plan."""
FEATURES = (
    "record-matching",
    "deduplication",
    "bulk-import",
    "address-enrichment",
    "lineage-view",
    "approval-workflow",
    "api-export",
    LAUNCHED,
)
PLAN_FEATURES = {"starter": 4, "business": 6, "enterprise": 7}
"""A plan opens the first so many of `FEATURES`."""
LAUNCH_ADOPTION = {"smb": 0.2, "mid-market": 0.45, "enterprise": 0.75}
"""The share of a segment's production tenants that took the launched feature up."""

TRANSFORMATION_KINDS = ("normalise", "merge", "enrich", "migrate")
OVER_LIMIT = "QuotaExceeded"
"""What a transformation fails with where the license is used up, and never else."""
ERROR_TYPES = ("SchemaMismatch", "UpstreamTimeout")


@dataclass(frozen=True)
class Release:
    """A version of the service, and how many days before today it reached each region."""

    version: str
    days_ago: dict[str, int]


FIRST_VERSION = "3.8.0"
RELEASES = (
    Release("4.0.0", {"euc": 200, "use": 199, "cac": 197, "aus": 196}),
    Release("4.1.0", {"euc": 120, "use": 120, "cac": 118, "aus": 117}),
    Release("4.2.0", {"euc": 80, "use": 79, "aus": 76}),
)
"""Canada has not taken the last one: its service says `customer.id` where others say `tenant.id`.

The first of these brought `LAUNCHED`; from the second on, transformations and sessions are reported
as events of their own.
"""
LAUNCH, INSTRUMENTED = RELEASES[0], RELEASES[1]
