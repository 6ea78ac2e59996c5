"""What happened, counted where it was made to happen; the pipeline never reads this.

`Tally` counts while the history is made and while live traffic is answered. `Truth` sets the tally
beside the scenario's decisions and is what the demo and the tests hold the answers against.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from examples.contoso.business import (
    CENT,
    FAULTS,
    contract_lines,
    invoice_lines,
    months,
    usage,
)
from examples.contoso.catalog import (
    CENTRAL_REGIONS,
    CURRENCY,
    FEATURES,
    MASTER_RECORDS,
    PARTNER_REGION,
    REGIONS,
)
from examples.contoso.scenario import Story

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from examples.contoso.business import InvoiceLine
    from examples.contoso.scenario import Scenario

Row = dict[str, object]
MILLIONTH = Decimal("0.000001")
REVENUE_DAYS = 30


@dataclass
class Tally:
    """Counts of what the product did, by tenant."""

    features: Counter[tuple[str, str, date]] = field(default_factory=Counter)
    """By tenant, feature and day: how often it was used."""
    completed: Counter[str] = field(default_factory=Counter)
    failed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By tenant and error type."""
    transformed: Counter[tuple[str, date]] = field(default_factory=Counter)
    """By tenant and first day of the month: records that completed transformations took."""
    license_used: dict[str, int] = field(default_factory=dict)
    """By tenant: master records in the last report."""
    license_peak: dict[tuple[str, date], int] = field(default_factory=dict)
    """By tenant and first day of the month: the most that was reported."""
    planted: Counter[str] = field(default_factory=Counter)
    """By kind of secret: how many were planted."""

    def report(self, tenant: str, day: date, used: int) -> None:
        """Take a report of a license, each later than the last one of its tenant."""
        month = tenant, day.replace(day=1)
        self.license_used[tenant] = used
        self.license_peak[month] = max(used, self.license_peak.get(month, 0))

    def add(self, other: Tally) -> None:
        """Add what another part of the traffic did."""
        self.features += other.features
        self.completed += other.completed
        self.failed += other.failed
        self.transformed += other.transformed
        self.license_used |= other.license_used
        for month, used in other.license_peak.items():
            self.license_peak[month] = max(used, self.license_peak.get(month, 0))
        self.planted += other.planted


def license_limits(scenario: Scenario, tally: Tally, regions: Sequence[str]) -> list[Row]:
    """Tell, for each tenant, what it uses, its limit, and the day on which it will reach it."""
    rows: list[Row] = []
    for account, tenant in scenario.tenants:
        if tenant.region not in regions:
            continue
        used = tally.license_used[tenant.tenant_id]
        reached = scenario.reached_at(account)
        if account.story is Story.GONE:
            status = "stale"
        elif used >= tenant.license_limit:
            status = "reached"
        elif account.growth or used / tenant.license_limit >= 0.9:
            status = "nearing"
        else:
            status = "clear"
        rows.append(
            {
                "region": tenant.region,
                "tenant_id": tenant.tenant_id,
                "license_metric": MASTER_RECORDS,
                "used": used,
                "license_limit": tenant.license_limit,
                "limit_status": status,
                "reaches_on": str(reached.date()) if reached and status == "nearing" else None,
            }
        )
    return rows


def feature_revenue(scenario: Scenario, tally: Tally, regions: Sequence[str]) -> list[Row]:
    """Spread each account's monthly price over the features that it used in the last 30 days."""
    since = scenario.today - timedelta(days=REVENUE_DAYS - 1)
    uses: Counter[tuple[str, str]] = Counter()
    for (name, feature, day), count in tally.features.items():
        if day >= since:
            uses[name, feature] += count
    revenue: dict[tuple[str, str, str], Decimal] = {}
    used: Counter[tuple[str, str, str]] = Counter()
    carried: Counter[tuple[str, str, str]] = Counter()
    for account in scenario.accounts:
        if account.region not in regions:
            continue
        price = sum((line.price_per_month for line in contract_lines(account)), Decimal(0))
        mine: Counter[str] = Counter()
        for tenant in account.tenants:
            for feature in FEATURES:
                mine[feature] += uses[tenant.tenant_id, feature]
        total = mine.total()
        shares = mine if total else Counter({"(no use)": 0})
        for feature, count in shares.items():
            if total and not count:
                continue
            key = account.industry, account.plan.name, feature
            part = price * count / total if total else price
            revenue[key] = revenue.get(key, Decimal(0)) + part.quantize(MILLIONTH, ROUND_HALF_UP)
            used[key] += count
            carried[key] += 1
    return [
        {
            "industry": industry,
            "plan": plan,
            "currency": CURRENCY,
            "feature_name": feature,
            "revenue_per_month": str(amount.quantize(CENT, ROUND_HALF_UP)),
            "accounts": carried[industry, plan, feature],
            "uses": used[industry, plan, feature],
        }
        for (industry, plan, feature), amount in sorted(revenue.items())
    ]


def billing(
    scenario: Scenario, tally: Tally, regions: Sequence[str], invoiced_regions: Sequence[str]
) -> list[Row]:
    """Set what was invoiced beside what was used, for each account, month and metric.

    `regions` are those whose usage is counted, `invoiced_regions` those of the business files.
    """
    lines: dict[tuple[str, date, str], list[InvoiceLine]] = {}
    for line in invoice_lines(scenario, tally):
        lines.setdefault((line.account.account_id, line.month, line.metric), []).append(line)
    *_, last_billed, open_month = months(scenario)
    rows: list[Row] = []
    for place, account in enumerate(scenario.accounts):
        if account.region not in invoiced_regions:
            continue
        here = account.region in regions
        for month in months(scenario):
            for contract in contract_lines(account):
                fault = FAULTS.get((place, contract.metric)) if month == last_billed else None
                used = usage(account, contract.metric, month, tally) if here else 0
                sent = lines.get((account.account_id, month, contract.metric), [])
                rows.append(
                    {
                        "account_id": account.account_id,
                        "usage_month": str(month),
                        "metric": contract.metric,
                        "used_quantity": used,
                        "expected_amount": str(contract.amount(used)),
                        "invoiced_quantity": sum(line.quantity for line in sent),
                        "invoiced_amount": str(sum((line.amount for line in sent), Decimal(0))),
                        "reason": "usage_elsewhere"
                        if not here
                        else "open_month"
                        if month == open_month
                        else fault or "matches",
                    }
                )
    return rows


def write_truth(path: Path, scenario: Scenario, tally: Tally) -> None:
    """Write what the central warehouse and the partner's own must answer."""
    central = tuple(CENTRAL_REGIONS)
    partner = (PARTNER_REGION,)
    document = {
        "data_date": str(scenario.today),
        "first_day": str(scenario.first_day),
        "central": {
            "license_limits": license_limits(scenario, tally, central),
            "feature_revenue": feature_revenue(scenario, tally, central),
            "billing": billing(scenario, tally, central, tuple(REGIONS)),
        },
        "partner": {
            "license_limits": license_limits(scenario, tally, partner),
            "feature_revenue": feature_revenue(scenario, tally, partner),
            "billing": billing(scenario, tally, partner, partner),
        },
        "planted": dict(sorted(tally.planted.items())),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
