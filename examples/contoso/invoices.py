"""What Contoso invoiced: right in general, and wrong where a person or a program went wrong.

`FAULTS` says what went wrong, and is what "do usage and billing agree?" must find. Two wrong
invoices were noticed and mended by credit notes, so that they agree again.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from examples.contoso.catalog import MASTER_RECORDS, REGIONS, TRANSFORMED_RECORDS
from examples.contoso.contracts import Service, cents, contract_lines, period_of, services
from examples.contoso.customers import Story

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from examples.contoso.customers import Account
    from examples.contoso.scenario import Scenario
    from examples.contoso.tally import Tally


@dataclass(frozen=True)
class Fault:
    """Something wrong with one line, in a region, so many months before the one that is open."""

    kind: str
    region: str
    metric: str
    months_ago: int


FAULTS = (
    Fault("missing_invoice", "euc", TRANSFORMED_RECORDS, 1),
    Fault("missing_invoice", "use", MASTER_RECORDS, 2),
    Fault("missing_invoice", "aus", MASTER_RECORDS, 1),
    Fault("over_billed", "euc", MASTER_RECORDS, 1),
    Fault("over_billed", "use", TRANSFORMED_RECORDS, 3),
    Fault("over_billed", "cac", MASTER_RECORDS, 6),
    Fault("under_billed", "euc", TRANSFORMED_RECORDS, 2),
    Fault("under_billed", "aus", TRANSFORMED_RECORDS, 4),
    Fault("duplicate_invoice", "use", MASTER_RECORDS, 1),
    Fault("duplicate_invoice", "cac", TRANSFORMED_RECORDS, 2),
    Fault("currency_differs", "cac", MASTER_RECORDS, 1),
    Fault("currency_differs", "euc", MASTER_RECORDS, 5),
)
MENDED = (Fault("mended", "use", MASTER_RECORDS, 4), Fault("mended", "euc", MASTER_RECORDS, 3))
_ORDINARY = (Story.STEADY, Story.LATER, Story.SOON, Story.FULL, Story.SPIKE)
FOREIGN = "CHF"
"""The currency of an invoice in the wrong one."""


@dataclass(frozen=True)
class InvoiceLine:
    """A line of an invoice or, where `kind` says so, of a credit note."""

    invoice_id: str
    line_no: int
    account: Account
    metric: str
    quantity: int
    net: Decimal
    currency: str
    begin: date
    end: date
    kind: str
    sent: date


@dataclass(frozen=True)
class Spoilt:
    """A line that was meant, and the fault that it was sent with."""

    fault: Fault
    line: InvoiceLine


@dataclass(frozen=True)
class Invoices:
    """All that was sent, and what is wrong with it."""

    sent: tuple[InvoiceLine, ...]
    spoilt: tuple[Spoilt, ...]


def make_invoices(
    scenario: Scenario, tally: Tally, regions: Sequence[str] = tuple(REGIONS)
) -> Invoices:
    """Invoice every period that is over, in the regions that were tallied; some goes wrong."""
    meant = [
        line
        for account in scenario.accounts
        if account.region in regions
        for line in _numbered(account, _services(scenario, account), tally)
    ]
    faults = [fault for fault in (*FAULTS, *MENDED) if fault.region in regions]
    spoilt = tuple(_choose(scenario, faults, meant))
    wrong = {id(each.line): each.fault for each in spoilt}
    sent = [line for right in meant for line in _spoil(right, wrong.get(id(right)), scenario.today)]
    return Invoices(tuple(sent), spoilt)


def _services(scenario: Scenario, account: Account) -> list[Service]:
    until = scenario.today.replace(day=1)
    return [part for line in contract_lines(account) for part in services(line, until)]


def _numbered(account: Account, parts: list[Service], tally: Tally) -> Iterator[InvoiceLine]:
    """Put what ends in a month onto one invoice, sent on the first of the next month."""
    lines = 0
    last: date | None = None
    for part in sorted(parts, key=lambda part: (_sent(part), part.line.line_id)):
        sent = _sent(part)
        lines = lines + 1 if sent == last else 1
        last = sent
        used = used_by(account, part, tally)
        yield InvoiceLine(
            invoice_id=f"I-{sent:%Y%m}-{account.account_id}",
            line_no=lines,
            account=account,
            metric=part.line.metric,
            quantity=used if part.line.metric else 1,
            net=price(part, used),
            currency=account.currency,
            begin=part.begin,
            end=part.end,
            kind="invoice",
            sent=sent,
        )


def _sent(part: Service) -> date:
    """Say when a part is invoiced: on the first of the month after its last day."""
    return period_of("month", part.end - timedelta(days=1))[1]


def used_by(account: Account, part: Service, tally: Tally) -> int:
    """Tell what an account's production tenants used in a part: a sum, or the peak of a level."""
    metric = part.line.metric
    days = [part.begin + timedelta(days=n) for n in range((part.end - part.begin).days)]
    tenants = [tenant.tenant_id for tenant in account.tenants if tenant.production]
    if metric == TRANSFORMED_RECORDS:
        return sum(tally.billed[tenant, day] for tenant in tenants for day in days)
    if metric == MASTER_RECORDS:
        return sum(
            max((tally.levels[t, day].peak for day in days if (t, day) in tally.levels), default=0)
            for t in tenants
        )
    return 0


def price(part: Service, used: int) -> Decimal:
    """Say what a part costs: its share of the amount, and the units above what is included."""
    line = part.line
    if line.charge == "one_off":
        return cents(line.amount)
    beyond = max(Decimal(0), used - (line.included or 0) * part.part)
    return cents(line.amount * part.part + beyond * (line.unit_price or Decimal(0)))


def _choose(scenario: Scenario, faults: list[Fault], meant: list[InvoiceLine]) -> Iterator[Spoilt]:
    """Find a line for each fault: of who signed nothing since, with an amount that matters."""
    taken: set[str] = set()
    for number, fault in enumerate(faults):
        month = scenario.today.replace(day=1)
        for _ in range(fault.months_ago - 1):
            month = (month - timedelta(days=1)).replace(day=1)
        could = [
            line
            for line in meant
            if line.account.region == fault.region
            and line.metric == fault.metric
            and line.sent == month
            and line.net > 5
            and line.account.account_id not in taken
            and line.account.story in _ORDINARY
        ]
        chosen = random.Random(f"{scenario.seed}/fault/{number}").choice(could)
        taken.add(chosen.account.account_id)
        yield Spoilt(fault, chosen)


def _spoil(line: InvoiceLine, fault: Fault | None, today: date) -> list[InvoiceLine]:
    """Make a correct line into the lines that were sent."""
    kind = fault.kind if fault else None
    more = replace(line, net=cents(line.net * 9 / 8 + 5), quantity=line.quantity * 9 // 8 + 1)
    if kind == "mended":
        mending = replace(
            line,
            invoice_id=f"K-{line.invoice_id[2:]}",
            line_no=1,
            net=line.net - more.net,
            quantity=line.quantity - more.quantity,
            kind="credit_note",
            sent=min(today, line.sent + timedelta(days=11)),
        )
        return [more, mending]
    spoilt: dict[str | None, list[InvoiceLine]] = {
        None: [line],
        "missing_invoice": [],
        "over_billed": [more],
        "under_billed": [
            replace(line, net=cents(line.net * 5 / 6), quantity=line.quantity * 5 // 6)
        ],
        "duplicate_invoice": [line, replace(line, invoice_id=f"{line.invoice_id}-2", line_no=1)],
        "currency_differs": [replace(line, currency=FOREIGN)],
    }
    return spoilt[kind]
