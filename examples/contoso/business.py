"""Contoso's business tables as its CRM, billing, accounting and operations would export them."""

from __future__ import annotations

import csv
import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from examples.contoso.catalog import (
    ONBOARDING_PRODUCT,
    PLANS,
    RATES,
    REGIONS,
    RELEASES,
    SERVICE_NAME,
    SUPPORT_PRODUCT,
    USAGE_PRODUCT,
)
from examples.contoso.contracts import cents, contract_lines, contracts
from examples.contoso.customers import Story
from examples.contoso.scenario import OUTAGE_DAYS_AGO, OUTAGE_HOURS, OUTAGE_REGION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from examples.contoso.customers import Account
    from examples.contoso.invoices import InvoiceLine, Invoices
    from examples.contoso.scenario import Scenario

BASE = "EUR"
LINE_COLUMNS = (
    "contract_line_id contract_id account_id product_id plan metric charge amount included "
    "hard_limit unit_price currency billing_period billing_timezone valid_from valid_to"
)
INVOICE_COLUMNS = (
    "invoice_id line_no account_id metric quantity net currency service_from service_to kind "
    "invoiced_at"
)
TABLES = (
    *("map_tenant_account", "accounts", "opportunities", "contracts", "products"),
    *("contract_lines", "invoice_lines", "fx_rates", "releases", "incidents", "region_bills"),
)
"""The tables that are written, as mainstem names them."""
NO_TENANTS = (("A9001", "Kelso Partners"), ("A9002", "Ravenna Holding"), ("A9003", "Sundial Group"))
"""Accounts that the CRM knows and that no tenant belongs to."""


def write_business(
    folder: Path, scenario: Scenario, invoices: Invoices, regions: Sequence[str]
) -> None:
    """Write every table as a CSV file named after it, for the accounts of some regions."""
    accounts = [account for account in scenario.accounts if account.region in regions]
    sent = [line for line in invoices.sent if line.account.region in regions]
    for name, (columns, rows) in _tables(scenario, accounts, sent, regions).items():
        path = folder / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns.split())
            writer.writerows(rows)


def _tables(
    scenario: Scenario,
    accounts: list[Account],
    sent: list[InvoiceLine],
    regions: Sequence[str],
) -> dict[str, tuple[str, Iterable[Sequence[object]]]]:
    return {
        "map_tenant_account": (
            "tenant_id valid_from account_id debtor_no environment valid_to",
            _map(scenario, accounts),
        ),
        "accounts": (
            "account_id account_name industry segment tier owner region",
            _accounts(accounts),
        ),
        "opportunities": (
            "opportunity_id account_id stage amount currency close_date",
            _opportunities(scenario, accounts),
        ),
        "contracts": (
            "contract_id account_id valid_from valid_to status",
            _contracts(scenario, accounts),
        ),
        "products": ("product_id product_name family plan", _products()),
        "contract_lines": (
            LINE_COLUMNS,
            _lines(accounts),
        ),
        "invoice_lines": (
            INVOICE_COLUMNS,
            (
                (
                    *(line.invoice_id, line.line_no, line.account.account_id, line.metric),
                    *(line.quantity, line.net, line.currency, line.begin, line.end, line.kind),
                    datetime.combine(line.sent, time(4)),
                )
                for line in sent
            ),
        ),
        "fx_rates": ("currency base valid_from rate", _rates(scenario)),
        "releases": ("service version region released_at", _releases(scenario, regions)),
        "incidents": (
            "incident_id region service started_at ended_at severity",
            _incidents(scenario, regions),
        ),
        "region_bills": ("region bill_month currency amount", region_bills(scenario, regions)),
    }


def debtor_no(account: Account) -> str:
    """Give an account's number in accounting."""
    return str(20_000 + account.number)


def _map(scenario: Scenario, accounts: list[Account]) -> Iterator[Sequence[object]]:
    known = {account.account_id for account in accounts}
    for account in accounts:
        debtor = debtor_no(account) if account.phases else ""
        since = account.phases[0].start if account.phases else scenario.first_day
        for tenant in account.tenants:
            yield tenant.tenant_id, since, account.account_id, debtor, tenant.environment, ""
    for tenant_id, account_id in scenario.customers.silent:
        if account_id in known:
            yield tenant_id, scenario.first_day, account_id, "", "production", ""


def _accounts(accounts: list[Account]) -> Iterator[Sequence[object]]:
    for account in accounts:
        owner = f"csm-{account.region}-{account.number % 3 + 1}"
        who = account.account_id, account.name, account.industry, account.segment, account.tier
        yield *who, owner, account.region
    for account_id, name in NO_TENANTS:
        yield account_id, name, "retail", "smb", "", "csm-euc-1", "euc"


def _opportunities(scenario: Scenario, accounts: list[Account]) -> Iterator[Sequence[object]]:
    for account in accounts:
        for number, phase in enumerate(account.phases, start=1):
            won = phase.start - timedelta(days=20)
            name = f"O-{account.account_id}-{number}"
            year = cents(phase.price * 12)
            yield name, account.account_id, "closed_won", year, account.currency, won
        if account.story is Story.SOON:
            name, asked = f"O-{account.account_id}-9", cents(account.phases[-1].price * 6)
            closes = scenario.day(30)
            yield name, account.account_id, "negotiation", asked, account.currency, closes


def _contracts(scenario: Scenario, accounts: list[Account]) -> Iterator[Sequence[object]]:
    for account in accounts:
        for series, (begin, end) in enumerate(contracts(account), start=1):
            status = "active" if end is None or end > scenario.today else "ended"
            yield f"C-{account.account_id}-{series}", account.account_id, begin, end or "", status


def _products() -> Iterator[Sequence[object]]:
    for plan in PLANS.values():
        yield plan.product_id, f"Contoso Transform {plan.name}", "platform", plan.name
    yield USAGE_PRODUCT, "Transformed records", "usage", ""
    yield SUPPORT_PRODUCT, "Support by telephone", "services", ""
    yield ONBOARDING_PRODUCT, "Onboarding", "services", ""


def _lines(accounts: list[Account]) -> Iterator[Sequence[object]]:
    for account in accounts:
        for line in contract_lines(account):
            yield (
                *(line.line_id, line.contract_id, account.account_id, line.product_id, line.plan),
                *(line.metric, line.charge, line.amount, _cell(line.included)),
                *(_cell(line.hard_limit), _cell(line.unit_price), account.currency),
                *(line.period, account.zone, line.start, line.end or ""),
            )


def _rates(scenario: Scenario) -> Iterator[Sequence[object]]:
    for month in months(scenario):
        for currency in RATES:
            yield currency, BASE, month, rate(scenario, currency, month)
        yield BASE, BASE, month, 1


def rate(scenario: Scenario, currency: str, month: date) -> Decimal:
    """Say how many euros one unit is worth from the first of a month on."""
    months_ago = (scenario.today.year - month.year) * 12 + scenario.today.month - month.month
    sway = random.Random(f"{scenario.seed}/{currency}/{months_ago}").randint(-30, 30)
    return RATES[currency] + Decimal(sway) / 1000


def months(scenario: Scenario) -> list[date]:
    """Give the first day of every month from the first day to today."""
    return sorted({day.replace(day=1) for day in scenario.dates})


def _releases(scenario: Scenario, regions: Sequence[str]) -> Iterator[Sequence[object]]:
    for release in RELEASES:
        for region, ago in release.days_ago.items():
            if region in regions:
                at = datetime.combine(scenario.day(-ago), time(2))
                yield SERVICE_NAME, release.version, region, at


def _incidents(scenario: Scenario, regions: Sequence[str]) -> Iterator[Sequence[object]]:
    if OUTAGE_REGION not in regions:
        return
    day = scenario.day(-OUTAGE_DAYS_AGO)
    begin, end = time(OUTAGE_HOURS[0]), time(OUTAGE_HOURS[-1] + 1)
    when = datetime.combine(day, begin), datetime.combine(day, end)
    yield "INC-0731", OUTAGE_REGION, SERVICE_NAME, *when, "major"


def region_bills(
    scenario: Scenario, regions: Sequence[str]
) -> Iterator[tuple[str, date, str, Decimal]]:
    """Give what the cloud cost in each region and month that is over, in euros."""
    for month in months(scenario)[:-1]:
        for region in regions:
            place = tuple(REGIONS).index(region)
            yield region, month, BASE, Decimal(9_000 - 1_700 * place + 37 * month.month)


def _cell(value: object) -> object:
    return "" if value is None else value
