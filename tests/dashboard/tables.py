"""Rows for every page, of two regions."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from published_build import NOW, TODAY, headroom

USE = ("contoso-use-001", "Woodgrove Works", "use")
EUC = ("contoso-euc-006", "Fourth Clinics", "euc")


def _tenant(name: str, account: str, region: str) -> dict[str, Any]:
    return {
        "tenant_id": name,
        "account_id": f"A-{name}",
        "account_name": account,
        "account_region": region,
        "first_seen_on": TODAY - timedelta(days=60),
        "last_seen_on": TODAY,
        "active_days": 55,
    }


def _used(tenant: str, region: str, feature: str, ago: int, uses: int) -> dict[str, Any]:
    return {
        "event_date": TODAY - timedelta(days=ago),
        "region": region,
        "tenant_id": tenant,
        "feature_name": feature,
        "uses": uses,
    }


def _licensed(tenant: str, region: str, ago: int, used: int) -> dict[str, Any]:
    return {
        "billing_date": TODAY - timedelta(days=ago),
        "region": region,
        "tenant_id": tenant,
        "account_id": f"A-{tenant}",
        "license_metric": "seats",
        "usage_kind": "level",
        "used": Decimal(used),
        "license_limit": Decimal(100),
    }


SOON = {
    "projected_on": date(2026, 11, 30),
    "projected_earliest": date(2026, 11, 28),
    "projected_latest": date(2026, 12, 1),
}
GOLD: dict[str, Any] = {
    "gold.dim_tenant": [_tenant(*EUC), _tenant(*USE)],
    "gold.mart_license_headroom": [
        headroom(EUC[0], 96, 100, account_name=EUC[1], **SOON),
        headroom(USE[0], 102, 100, account_name=USE[1], region="use"),
        headroom("contoso-use-002", 10, 100, region="use", limit_status="clear"),
    ],
    "gold.fct_license_usage_daily": [
        _licensed(tenant, region, ago, 100 - ago)
        for tenant, _, region in (EUC, USE)
        for ago in range(14)
    ],
    "gold.fct_feature_usage_daily": [
        *(_used(EUC[0], "euc", "map", ago, 3) for ago in range(30)),
        *(_used(USE[0], "use", "map", ago, 2) for ago in range(30)),
        *(_used(USE[0], "use", "export", ago, 1) for ago in range(3)),
    ],
    "gold.mart_feature_adoption": [
        {
            "dimension": dimension,
            "slice": part,
            "feature_name": "map",
            "using_tenants": 2,
            "active_tenants": 2,
            "adoption_share": 1.0,
        }
        for dimension, part in (("segment", "enterprise"), ("plan", "starter"))
    ],
    "gold.mart_feature_revenue": [
        {
            "feature_name": "map",
            "account_group": "all",
            "reporting_currency": "EUR",
            "using_accounts": 2,
            "mrr_of_users": Decimal("1200.00"),
            "mrr_share": 0.9,
        }
    ],
    "gold.mart_usage_vs_billing": [
        {
            "customer_key": f"A-{EUC[0]}",
            "account_id": f"A-{EUC[0]}",
            "account_name": EUC[1],
            "account_region": "euc",
            "tenant_id": EUC[0],
            "metric": metric,
            "period_from": date(2026, 10, 1),
            "period_to": date(2026, 11, 1),
            "metered_quantity": Decimal(1000),
            "contracted_amount": Decimal("100.00"),
            "invoice_lines": 1,
            "invoiced_quantity": Decimal(1000),
            "invoiced_net": Decimal("100.00") + difference,
            "credited_net": Decimal("0.00"),
            "amount_difference": difference,
            "currency": "EUR",
            "reason": reason,
        }
        for metric, difference, reason in (
            ("records", Decimal("20.00"), "over_billed"),
            ("seats", Decimal("0.00"), "matches"),
        )
    ],
    "gold.fct_errors_daily": [
        {
            "event_date": TODAY - timedelta(days=1),
            "region": "euc",
            "tenant_id": EUC[0],
            "error_source": "log",
            "error_type": "Timeout",
            "errors": 4,
        }
    ],
    "gold.dim_release": [
        {
            "region": "euc",
            "service_name": "api",
            "service_version": "1.2.0",
            "released_at": NOW - timedelta(days=5),
            "first_seen_at": NOW - timedelta(days=5),
        }
    ],
    "evidence.int_product_events": [
        {
            "event_ts": datetime(2026, 10, 5, 10),
            "event_date": date(2026, 10, 5),
            "region": "euc",
            "tenant_id": EUC[0],
            "event_name": "resource.consumed",
            "resource_metric": "records",
            "license_metric": None,
            "resource_quantity": Decimal(1000),
            "license_used": None,
            "record_id": "ab" * 16,
        }
    ],
}


def _region(name: str) -> dict[str, Any]:
    return {
        "region": name,
        "location": "somewhere",
        "residency": "central",
        "isolated": False,
        "last_entry": NOW - timedelta(minutes=3),
        "to_travel_blobs": 0,
        "to_travel_records": 0,
        "to_load_blobs": 1,
        "to_load_records": 40,
    }


def _books(region: str, signal: str, loaded: int, stays: int) -> dict[str, Any]:
    figures = (
        *("rejected", "dropped", "sampled", "aggregated", "duplicate", "held", "quarantined"),
        *("duplicate_at_load", "dropped_at_load", "expired", "pending", "forwarded", "not_taken"),
        "off",
    )
    return {
        "region": region,
        "signal": signal,
        "class": signal,
        "day": TODAY,
        "received": loaded + stays,
        "stored": loaded + stays,
        "loaded": loaded,
        "not_travelling": stays,
        **dict.fromkeys(figures, 0),
    }


OPERATIONS: dict[str, Any] = {
    "operations.taken": [{"taken_at": NOW, "environment": "test", "balanced": True}],
    "operations.regions": [
        _region("euc"),
        _region("use"),
        {"region": "aus", "location": "far", "residency": "isolated", "isolated": True},
    ],
    "operations.routes": [
        {"region": region, "signal": signal, "route": way, "by_rule": False, "loaded": loaded}
        for region in ("euc", "use")
        for signal, way, loaded in (("logs", "replicate", True), ("traces", "none", False))
    ],
    "operations.books": [
        _books("euc", "logs", 1000, 0),
        _books("euc", "traces", 0, 500),
        _books("use", "logs", 300, 0),
    ],
    "operations.collectors": [
        {"region": region, "instance": "a" * 16, "first_entry": NOW, "last_entry": NOW}
        for region in ("euc", "use")
    ],
    "operations.redactions": [
        {"region": region, "day": TODAY - timedelta(days=ago), "rule": rule, "masked": masked}
        for region in ("euc", "use")
        for ago in range(2)
        for rule, masked in (("email", 10), ("iban", 2))
    ],
    "operations.policies": [
        {"region": "euc", "policy": "fa256a6a45fc14b7", "first_seal": NOW, "last_seal": NOW}
    ],
    "operations.verifications": [
        {"region": "euc", "verified_at": NOW, "verdict": "consistent", "found": 0}
    ],
    "operations.scans": [
        {"region": "euc", "store": "centre", "scanned_at": NOW, "sample_percent": 100.0, "found": 0}
    ],
    "operations.loads": [{"load_id": 1, "started_at": NOW, "blobs": 3, "records": 1300}],
}
TABLES = GOLD | OPERATIONS
