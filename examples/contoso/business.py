"""Contoso's business files: who the customers are, what they signed and what they were invoiced.

Invoices are made from what was used. On some, a person or a program went wrong, as in every
company: `FAULTS` says where, and is what "do usage and billing agree?" must find.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from examples.contoso.catalog import CURRENCY, MASTER_RECORDS, TRANSFORMED_RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path

    from examples.contoso.scenario import Account, Scenario
    from examples.contoso.truth import Tally

CENT = Decimal("0.01")
CONTRACT_COLUMNS = (
    "contract_line_id",
    "contract_id",
    "account_id",
    "plan",
    "metric",
    "charge",
    "amount",
    "included",
    "unit_price",
    "currency",
    "billing_period",
    "billing_timezone",
    "valid_from",
    "valid_to",
)
INVOICE_COLUMNS = (
    "invoice_id",
    "line_no",
    "account_id",
    "metric",
    "quantity",
    "net",
    "currency",
    "service_from",
    "service_to",
    "kind",
    "invoiced_at",
)
FAULTS = {
    (2, TRANSFORMED_RECORDS): "missing_invoice",
    (4, TRANSFORMED_RECORDS): "over_billed",
    (8, TRANSFORMED_RECORDS): "under_billed",
    (10, MASTER_RECORDS): "missing_invoice",
    (13, TRANSFORMED_RECORDS): "duplicate_invoice",
    (16, MASTER_RECORDS): "over_billed",
    (20, TRANSFORMED_RECORDS): "under_billed",
    (22, MASTER_RECORDS): "currency_differs",
    (25, MASTER_RECORDS): "quantity_differs",
    (29, TRANSFORMED_RECORDS): "over_billed",
    (31, TRANSFORMED_RECORDS): "missing_invoice",
    (33, TRANSFORMED_RECORDS): "over_billed",
}
"""By an account's place in the list and metric: what is wrong in the last billed month."""


@dataclass(frozen=True)
class ContractLine:
    """What an account pays for a metric: a price a month, and one for each unit above the limit."""

    account: Account
    number: int
    metric: str
    included_limit: int
    price_per_month: Decimal
    overage_price: Decimal | None

    def amount(self, usage: int) -> Decimal:
        """Price a month's usage."""
        beyond = max(0, usage - self.included_limit)
        amount = self.price_per_month + beyond * (self.overage_price or Decimal(0))
        return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class InvoiceLine:
    """What an account was invoiced for a metric in a month, given by its first day."""

    line_id: str
    account: Account
    month: date
    metric: str
    quantity: int
    amount: Decimal
    currency: str = CURRENCY


def contract_lines(account: Account) -> tuple[ContractLine, ContractLine]:
    """Give what an account signed: its plan's level of master records, and transformed records."""
    plan = account.plan
    return (
        ContractLine(account, 1, MASTER_RECORDS, plan.master_records, plan.price_per_month, None),
        ContractLine(
            account,
            2,
            TRANSFORMED_RECORDS,
            plan.transformed_records,
            Decimal(0),
            plan.overage_price,
        ),
    )


def months(scenario: Scenario) -> list[date]:
    """Give the first day of every month from the product's first day to today."""
    return sorted({day.replace(day=1) for day in scenario.dates})


def usage(account: Account, metric: str, month: date, tally: Tally) -> int:
    """Tell what an account used in a month: a sum, or the peak of a level."""
    counted = tally.transformed if metric == TRANSFORMED_RECORDS else tally.license_peak
    return sum(counted.get((tenant.tenant_id, month), 0) for tenant in account.tenants)


def invoice_lines(scenario: Scenario, tally: Tally) -> list[InvoiceLine]:
    """Invoice every month that is over, with the faults of `FAULTS` in the last of them."""
    billed = months(scenario)[:-1]
    made: list[InvoiceLine] = []
    for month in billed:
        for place, account in enumerate(scenario.accounts):
            for contract in contract_lines(account):
                quantity = usage(account, contract.metric, month, tally)
                line = InvoiceLine(
                    f"I-{month:%Y%m}-{account.account_id}-{contract.number}",
                    account,
                    month,
                    contract.metric,
                    quantity,
                    contract.amount(quantity),
                )
                fault = FAULTS.get((place, contract.metric)) if month == billed[-1] else None
                made += _spoil(line, fault)
    return made


def write_business(folder: Path, scenario: Scenario, tally: Tally, regions: Sequence[str]) -> None:
    """Write the four CSV files, for the accounts of some regions."""
    accounts = [account for account in scenario.accounts if account.region in regions]
    _write(
        folder / "accounts.csv",
        ("account_id", "account_name", "industry", "segment", "region"),
        ((a.account_id, a.name, a.industry, a.plan.name, a.region) for a in accounts),
    )
    signed, ends = scenario.first_day, scenario.first_day + timedelta(days=365)
    _write(
        folder / "map_tenant_account.csv",
        ("tenant_id", "valid_from", "account_id", "environment"),
        ((t.tenant_id, signed, a.account_id, "production") for a in accounts for t in a.tenants),
    )
    _write(
        folder / "contract_lines.csv",
        CONTRACT_COLUMNS,
        (
            (
                f"C-{account.account_id}-{line.number}",
                f"C-{account.account_id}",
                account.account_id,
                account.plan.name,
                line.metric,
                "recurring" if line.price_per_month else "usage",
                line.price_per_month,
                line.included_limit,
                "" if line.overage_price is None else line.overage_price,
                CURRENCY,
                "month",
                "UTC",
                signed,
                ends,
            )
            for account in accounts
            for line in contract_lines(account)
        ),
    )
    sent = f"{scenario.today.replace(day=1)} 04:00:00"
    _write(
        folder / "invoice_lines.csv",
        INVOICE_COLUMNS,
        (
            (
                line.line_id,
                "1",
                line.account.account_id,
                line.metric,
                line.quantity,
                line.amount,
                line.currency,
                line.month,
                (line.month + timedelta(days=31)).replace(day=1),
                "invoice",
                sent,
            )
            for line in invoice_lines(scenario, tally)
            if line.account.region in regions
        ),
    )


def _spoil(line: InvoiceLine, fault: str | None) -> list[InvoiceLine]:
    """Make a correct line into the one or two, or none, that were sent."""
    more = line.amount / 8 + 5
    spoilt = {
        None: [line],
        "missing_invoice": [],
        "over_billed": [
            replace(
                line,
                quantity=line.quantity + line.quantity // 8 + 1,
                amount=(line.amount + more).quantize(CENT, ROUND_HALF_UP),
            )
        ],
        "under_billed": [
            replace(
                line,
                quantity=line.quantity - line.quantity // 6,
                amount=(line.amount * 5 / 6).quantize(CENT, ROUND_HALF_UP),
            )
        ],
        "duplicate_invoice": [line, replace(line, line_id=f"{line.line_id}b")],
        "currency_differs": [replace(line, currency="USD")],
        "quantity_differs": [replace(line, quantity=line.quantity + 250)],
    }
    return spoilt[fault]


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
