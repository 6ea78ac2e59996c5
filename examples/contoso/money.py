"""What the answers about contracts, revenue, invoices and costs must be."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from examples.contoso.business import months
from examples.contoso.contracts import cents, contract_lines, period_of, services
from examples.contoso.invoices import price, used_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from examples.contoso.contracts import Service
    from examples.contoso.customers import Account
    from examples.contoso.invoices import Invoices
    from examples.contoso.scenario import Scenario
    from examples.contoso.tally import Tally
    from examples.contoso.truth import Table

NO_METRIC = "(no metric)"
MILLIONTH = Decimal("0.000001")
Row = tuple[object, ...]


@dataclass(frozen=True)
class Money:
    """The money side of one warehouse's truth."""

    scenario: Scenario
    tally: Tally
    invoices: Invoices
    regions: Sequence[str]
    billed_regions: Sequence[str]

    def tables(self) -> dict[str, Table]:
        """Make every table."""
        return {
            "recurring_revenue": {
                "columns": ["mrr_month", "account_id", "mrr", "previous_mrr", "movement"],
                "rows": [list(row) for row in self._recurring()],
            },
            "usage_vs_billing": {
                "columns": [
                    *("account_id", "metric", "period_from"),
                    *("metered", "contracted", "billed", "reason"),
                ],
                "rows": [list(row) for row in self._billing()],
            },
            "cost_allocation": {
                "columns": ["region", "bill_month", "tenant_id", "consumption_share"],
                "rows": [list(row) for row in self._costs()],
            },
        }

    def _recurring(self) -> Iterator[Row]:
        """Give each account's recurring revenue at the end of each month, and how it moved."""
        for account in self.scenario.accounts:
            if account.region not in self.billed_regions:
                continue
            lines = list(contract_lines(account))
            before = Decimal(0)
            ever = False
            for month in months(self.scenario)[:-1]:
                last = period_of("month", month)[1] - timedelta(days=1)
                mrr = cents(sum((x.monthly for x in lines if x.active(last)), Decimal(0)))
                if mrr or before:
                    yield month, account.account_id, mrr, before, _movement(mrr, before, ever=ever)
                before = mrr
                ever = ever or mrr > 0

    def _billing(self) -> Iterator[Row]:
        """Give, for each period that is over, what was used, is due and was billed."""
        faults = {
            (each.line.account.account_id, each.line.metric, each.line.begin): each.fault.kind
            for each in self.invoices.spoilt
            if each.fault.kind != "mended"
        }
        billed: Counter[tuple[str, str, date]] = Counter()
        for line in self.invoices.sent:
            billed[line.account.account_id, line.metric, line.begin] += line.net  # type: ignore[assignment]
        for account in self.scenario.accounts:
            if account.region not in self.regions:
                continue
            for (metric, begin), parts in self._periods(account).items():
                keys = [(account.account_id, metric, part.begin) for part in dict.fromkeys(parts)]
                due = sum((price(p, used_by(account, p, self.tally)) for p in parts), Decimal(0))
                sent = sum((Decimal(billed[key]) for key in set(keys)), Decimal(0))
                reason = next((faults[key] for key in keys if key in faults), "matches")
                used = self._metered(account, parts)
                yield account.account_id, metric or NO_METRIC, begin, used, due, sent, reason

    def _periods(self, account: Account) -> dict[tuple[str, date], list[Service]]:
        found: dict[tuple[str, date], list[Service]] = defaultdict(list)
        for line in contract_lines(account):
            for part in services(line, self.scenario.today):
                found[line.metric, part.period_begin].append(part)
        return found

    def _metered(self, account: Account, parts: list[Service]) -> int:
        """Tell what was used in a period: a sum of its parts, or a level's peak over all of it."""
        first = parts[0]
        if first.line.charge == "usage":
            return sum(used_by(account, part, self.tally) for part in parts)
        whole = replace(first, begin=first.period_begin, end=first.period_end)
        return used_by(account, whole, self.tally)

    def _costs(self) -> Iterator[Row]:
        """Give each tenant's share in what its region consumed in a month that is over."""
        regions = {tenant.tenant_id: tenant.region for _, tenant in self.scenario.tenants}
        used: Counter[tuple[str, date, str]] = Counter()
        total: Counter[tuple[str, date]] = Counter()
        this = self.scenario.today.replace(day=1)
        for (name, day), quantity in self.tally.consumed.items():
            region, month = regions[name], day.replace(day=1)
            if region in self.regions and month < this:
                used[region, month, name] += quantity
                total[region, month] += quantity
        for (region, month, name), quantity in used.items():
            share = Decimal(quantity) / total[region, month]
            yield region, month, name, share.quantize(MILLIONTH, ROUND_HALF_UP)


def _movement(mrr: Decimal, before: Decimal, *, ever: bool) -> str:
    if not before:
        return "reactivation" if ever else "new"
    if not mrr:
        return "churn"
    if mrr == before:
        return "none"
    return "expansion" if mrr > before else "contraction"
