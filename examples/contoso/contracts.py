"""What Contoso's customers signed, line by line, and the periods that are billed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from examples.contoso.catalog import (
    MASTER_RECORDS,
    ONBOARDING_PRICE,
    ONBOARDING_PRODUCT,
    SUPPORT_PRICE,
    SUPPORT_PRODUCT,
    TRANSFORMED_RECORDS,
    USAGE_PRODUCT,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.contoso.customers import Account

CENT = Decimal("0.01")
MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Line:
    """One line of a contract, from `start` until the day `end`, which is not in it."""

    line_id: str
    contract_id: str
    account: Account
    product_id: str
    plan: str
    metric: str
    charge: str
    amount: Decimal
    """Net: for a billing period, or in all where it is `one_off`."""
    included: int | None
    hard_limit: int | None
    unit_price: Decimal | None
    period: str
    start: date
    end: date | None

    @property
    def monthly(self) -> Decimal:
        """What a recurring line brings in a month."""
        if self.charge != "recurring":
            return Decimal(0)
        return self.amount / MONTHS_IN[self.period]

    def active(self, day: date) -> bool:
        """Tell whether it holds on a day."""
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True)
class Service:
    """A part of a billing period in which one line held."""

    line: Line
    begin: date
    end: date
    period_begin: date
    period_end: date

    @property
    def part(self) -> Decimal:
        """Its share of the whole period's days."""
        return Decimal((self.end - self.begin).days) / (self.period_end - self.period_begin).days


def contract_lines(account: Account) -> Iterator[Line]:
    """Give all that an account signed; a change closes a line and opens the next."""
    for series, (begin, end) in enumerate(contracts(account), start=1):
        contract_id = f"C-{account.account_id}-{series}"
        phases = [p for p in account.phases if p.start >= begin and (end is None or p.start < end)]
        months = MONTHS_IN[account.billing_period]
        plan = phases[0].plan
        for number, phase in enumerate(phases, start=1):
            yield Line(
                line_id=f"{contract_id}-P{number}",
                contract_id=contract_id,
                account=account,
                product_id=plan.product_id,
                plan=plan.name,
                metric=MASTER_RECORDS,
                charge="recurring",
                amount=(phase.price * months).quantize(CENT),
                included=phase.limit,
                hard_limit=phase.limit,
                unit_price=None,
                period=account.billing_period,
                start=phase.start,
                end=phase.end,
            )
        usage = Line(
            line_id=f"{contract_id}-U",
            contract_id=contract_id,
            account=account,
            product_id=USAGE_PRODUCT,
            plan=plan.name,
            metric=TRANSFORMED_RECORDS,
            charge="usage",
            amount=Decimal(0),
            included=plan.transformed_records,
            hard_limit=None,
            unit_price=plan.unit_price,
            period="month",
            start=begin,
            end=end,
        )
        yield usage
        other = replace(usage, metric="", included=None, unit_price=None)
        if account.number % 4 == 1:
            yield replace(
                other,
                line_id=f"{contract_id}-S",
                product_id=SUPPORT_PRODUCT,
                charge="recurring",
                amount=SUPPORT_PRICE,
            )
        if account.number % 5 == 2:
            yield replace(
                other,
                line_id=f"{contract_id}-O",
                product_id=ONBOARDING_PRODUCT,
                charge="one_off",
                amount=ONBOARDING_PRICE,
                end=begin + timedelta(days=1),
            )


def contracts(account: Account) -> list[tuple[date, date | None]]:
    """Give an account's contracts: phases that follow one another without a gap are one."""
    made: list[tuple[date, date | None]] = []
    for phase in account.phases:
        if made and made[-1][1] == phase.start:
            made[-1] = made[-1][0], phase.end
        else:
            made.append((phase.start, phase.end))
    return made


def services(line: Line, until: date) -> Iterator[Service]:
    """Cut a line into the parts of its billing periods that are over by `until`."""
    begin, end = period_of(line.period, line.start)
    while end <= until and (line.end is None or begin < line.end):
        first = max(begin, line.start)
        last = end if line.end is None else min(end, line.end)
        yield Service(line, first, last, begin, end)
        begin, end = period_of(line.period, end)


def period_of(period: str, day: date) -> tuple[date, date]:
    """Give the first day of the month, quarter or year that a day lies in, and of the next."""
    months = MONTHS_IN[period]
    begin = day.year * 12 + (day.month - 1) // months * months
    return _first(begin), _first(begin + months)


def _first(month: int) -> date:
    """Give the first day of a month, counted since the year 0."""
    year, place = divmod(month, 12)
    return date(year, place + 1, 1)


def cents(amount: Decimal) -> Decimal:
    """Round money half away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)
