"""One build in which every rule finds something: what docs/alerts.md shows is what it gives."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from published_build import NOW, TODAY, headroom

LATER = NOW.replace(tzinfo=UTC) + timedelta(hours=40)
HEARD = {"region": "euc", "isolated": False, "last_entry": NOW, "residency": "central"}


def billing(difference: str, **more: Any) -> dict[str, Any]:
    """Give a row of mart_usage_vs_billing that differs by an amount."""
    return {
        "customer_key": "A1005",
        "account_id": "A1005",
        "account_name": "Fabrikam Stores",
        "tenant_id": None,
        "metric": "transformed_records",
        "period_from": date(2026, 10, 1),
        "period_to": date(2026, 11, 1),
        "metered_quantity": Decimal(162706),
        "contracted_amount": Decimal("1617.06"),
        "invoice_lines": 1,
        "invoiced_quantity": Decimal(183045),
        "invoiced_net": Decimal("1627.06") + Decimal(difference),
        "credited_net": Decimal("-10.00"),
        "amount_difference": Decimal(difference),
        "currency": "EUR",
        "reason": "over_billed",
        **more,
    }


def tenant(name: str, last_seen: date, active_days: int = 30) -> dict[str, Any]:
    """Give a row of dim_tenant."""
    return {
        "tenant_id": name,
        "account_id": f"A-{name}",
        "account_region": "euc",
        "first_seen_on": date(2026, 9, 1),
        "account_name": f"Account {name}",
        "last_seen_on": last_seen,
        "active_days": active_days,
    }


FOURTH = headroom(
    "contoso-euc-006",
    6729,
    7000,
    account_name="Fourth Clinics",
    license_metric="master_records",
    growth_per_day=45.2,
    projected_on=date(2026, 11, 30),
    projected_earliest=date(2026, 11, 28),
    projected_latest=date(2026, 12, 1),
)
TABLES: dict[str, Any] = {
    "gold.mart_license_headroom": [FOURTH],
    "gold.mart_usage_vs_billing": [billing("207.13")],
    "gold.mart_usage_spikes": [
        {
            "tenant_id": "contoso-use-004",
            "account_id": "A1017",
            "account_name": "Proseware Stores",
            "usage_metric": "transformed_records",
            "direction": "up",
            "started_on": date(2026, 11, 22),
            "ended_on": date(2026, 11, 24),
            "days_off": 3,
            "quantity": 61250.0,
            "expected_quantity": 20400.0,
            "preceded_by": "release",
            "as_of_date": TODAY,
        }
    ],
    "gold.dim_tenant": [
        tenant("contoso-euc-001", TODAY),
        {**tenant("contoso-cac-003", TODAY - timedelta(days=12), 31), "account_name": "Woodgrove"},
    ],
    "operations.regions": [
        {**HEARD, "last_entry": datetime(2026, 11, 25, 23, 55)},
        {**HEARD, "region": "use", "last_entry": datetime(2026, 11, 24, 18, 5)},
    ],
    "operations.problems": [
        {
            "region": "euc",
            "kind": "problem",
            "problem": "euc logs 2026-11-24T05: stored and accounted for differ by +214",
        }
    ],
    "operations.scans": [
        {"region": "euc", "store": "centre", "scanned_at": NOW, "sample_percent": 100.0, "found": 3}
    ],
    "operations.scan_finds": [
        {"region": "euc", "store": "centre", "detector": "EmailAddress", "found": 2},
        {"region": "euc", "store": "centre", "detector": "IBAN", "found": 1},
    ],
}
