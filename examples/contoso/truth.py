"""What the answers must be, from the scenario's decisions and the tally.

The pipeline reads none of it.

A truth is one part for the central warehouse and one for the partner's. Each part has tables, as
`{"columns": [...], "rows": [[...]]}`; a table is named after the comparison of `questions` that
reads it.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from examples.contoso.catalog import (
    CENTRAL_REGIONS,
    INSTRUMENTED,
    LAUNCHED,
    MASTER_RECORDS,
    OVER_LIMIT,
    PARTNER_REGION,
    REGIONS,
    SERVICE_NAME,
    TRANSFORMED_RECORDS,
)
from examples.contoso.customers import (
    BLOCK,
    CONTRACT_TO_SPIKE,
    SPIKE_CAUSES,
    Account,
    Story,
    Tenant,
)
from examples.contoso.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path

    from examples.contoso.invoices import Invoices
    from examples.contoso.scenario import Scenario
    from examples.contoso.tally import Tally

Table = dict[str, list[object]]
STALE_DAYS, HORIZON_DAYS, NEAR_SHARE = 7, 90, 0.9
"""When a license is stale, how far projections go, and what is near: docs/answers.md."""


@dataclass(frozen=True)
class Part:
    """What one warehouse must say: of the telemetry of some regions."""

    scenario: Scenario
    tally: Tally
    invoices: Invoices
    regions: Sequence[str]
    billed_regions: Sequence[str]
    """The regions of its business files."""

    @cached_property
    def tenants(self) -> dict[str, tuple[Account, Tenant]]:
        """Everyone whose telemetry is here."""
        return {
            tenant.tenant_id: (account, tenant)
            for account, tenant in self.scenario.tenants
            if tenant.region in self.regions
        }

    def tables(self) -> dict[str, Table]:
        """Make every table."""
        money = Money(self.scenario, self.tally, self.invoices, self.regions, self.billed_regions)
        return {
            "feature_usage": self._feature_usage(),
            "sessions": self._sessions(),
            "transformation_runs": self._runs(),
            "resource_consumption": self._consumption(),
            "license_usage": self._license_usage(),
            "license_headroom": self._headroom(),
            "license_projections": self._projections(),
            "limit_crossings": self._crossings(),
            "failures_before_limit": self._failures(),
            "usage_spikes": self._spikes(),
            "launch_adoption": self._launch(),
            "releases": self._releases(),
            **money.tables(),
        }

    def _feature_usage(self) -> Table:
        return _table(
            "event_date region tenant_id feature_name uses",
            (
                (day, self._region(tenant), tenant, feature, uses)
                for (tenant, feature, day), uses in self.tally.features.items()
                if tenant in self.tenants
            ),
        )

    def _sessions(self) -> Table:
        return _table(
            "event_date region tenant_id sessions",
            (
                (day, self._region(tenant), tenant, sessions)
                for (tenant, day), sessions in self.tally.sessions.items()
                if tenant in self.tenants
            ),
        )

    def _runs(self) -> Table:
        completed = (
            (day, self._region(tenant), tenant, "completed", "", runs)
            for (tenant, day), runs in self.tally.completed.items()
            if tenant in self.tenants
        )
        failed = (
            (day, self._region(tenant), tenant, "failed", error, runs)
            for (tenant, error, day), runs in self.tally.failed.items()
            if tenant in self.tenants
        )
        columns = "event_date region tenant_id outcome error_type runs"
        return _table(columns, (*completed, *failed))

    def _consumption(self) -> Table:
        return _table(
            "event_date region tenant_id resource_metric quantity",
            (
                (day, self._region(tenant), tenant, TRANSFORMED_RECORDS, quantity)
                for (tenant, day), quantity in self.tally.consumed.items()
                if tenant in self.tenants
            ),
        )

    def _license_usage(self) -> Table:
        rows: list[tuple[object, ...]] = []
        for (name, day), level in self.tally.levels.items():
            if name not in self.tenants:
                continue
            account, tenant = self.tenants[name]
            phase = account.phase(day)
            if phase is None:
                reason = "no_limit"
            else:
                reason = "contract" if level.limit == phase.limit else "limit_mismatch"
            limit = phase.limit if phase else None
            where = day, tenant.region, name, MASTER_RECORDS
            rows.append((*where, level.last, level.peak, limit, reason))
        columns = (
            "billing_date region tenant_id license_metric used used_max license_limit limit_reason"
        )
        return _table(columns, rows)

    def _headroom(self) -> Table:
        rows = []
        for key, account, used, at in self._customers():
            phase = account.phase(at)
            limit = phase.limit if phase else None
            rows.append((key, MASTER_RECORDS, used, limit, self._status(account, used, at)))
        return _table("customer_key license_metric used license_limit limit_status", rows)

    def _projections(self) -> Table:
        rows = [
            (key, MASTER_RECORDS, self._reaches(account))
            for key, account, used, at in self._customers()
            if self._status(account, used, at) == "nearing"
        ]
        return _table("customer_key license_metric reaches_on", rows)

    def _customers(self) -> Iterable[tuple[str, Account, int, date]]:
        """Give each customer, what it uses by its last reports, and the last one's billing day.

        A tenant whose account is in no file here stands for itself, Contoso's own with the partner.
        """
        known: dict[str, list[tuple[str, Account]]] = {}
        for name, (account, tenant) in self.tenants.items():
            if not account.account_id or account.region not in self.billed_regions:
                known[f"tenant:{name}"] = [(name, account)]
            elif tenant.production:
                known.setdefault(account.account_id, []).append((name, account))
        last: dict[str, date] = {}
        for name, day in self.tally.levels:
            last[name] = max(day, last.get(name, day))
        for key, members in known.items():
            reported = [(name, last[name]) for name, _ in members if name in last]
            if reported:
                used = sum(self.tally.levels[name, day].last for name, day in reported)
                yield key, members[0][1], used, max(day for _, day in reported)

    def _status(self, account: Account, used: int, at: date) -> str:
        phase = account.phase(at)
        if (self.scenario.today - at).days > STALE_DAYS:
            return "stale"
        if phase is None:
            return "no_limit"
        if used >= phase.limit:
            return "reached"
        near = self._reaches(account) is not None or used >= NEAR_SHARE * phase.limit
        return "nearing" if near else "clear"

    def _reaches(self, account: Account) -> date | None:
        """Tell on which day the curve reaches today's limit; None where that is far or never."""
        phase = account.phase(self.scenario.today)
        if phase is None or account.growth <= 0:
            return None
        days = (phase.limit - account.records(0)) / account.growth
        return self.scenario.day(int(days)) if 0 < days <= HORIZON_DAYS else None

    def _crossings(self) -> Table:
        """Give, for each planted crossing, the first billing day on which the limit was reached."""
        rows = []
        for name, (account, _) in self.tenants.items():
            if account.story is not Story.CROSSING:
                continue
            reached = [
                day
                for (tenant, day), level in self.tally.levels.items()
                if tenant == name and level.peak >= account.phases[0].limit
            ]
            rows.append((account.account_id, name, min(reached)))
        return _table("account_id tenant_id reached_on", rows)

    def _failures(self) -> Table:
        return _table(
            "event_date tenant_id failures",
            (
                (day, tenant, count)
                for (tenant, error, day), count in self.tally.failed.items()
                if error == OVER_LIMIT and tenant in self.tenants
            ),
        )

    def _spikes(self) -> Table:
        """Give where use jumped, when, and what came before it."""
        rows = []
        for name, (account, tenant) in self.tenants.items():
            if not tenant.production:
                continue
            if account.story is Story.SPIKE_AFTER_CONTRACT:
                day = self.scenario.day(account.event + CONTRACT_TO_SPIKE)
                rows.append((name, day, "contract"))
            elif account.story is Story.SPIKE:
                cause = SPIKE_CAUSES.get(account.number % BLOCK, "nothing")
                rows.append((name, self.scenario.day(account.event), cause))
        return _table("tenant_id began_on preceded_by", rows)

    def _launch(self) -> Table:
        """Count who took the launched feature up, by segment."""
        took = {
            tenant
            for tenant, feature, _ in self.tally.features
            if feature == LAUNCHED and tenant in self.tenants
        }
        known = [self.tenants[name] for name in took]
        counts = Counter(account.segment for account, tenant in known if tenant.production)
        return _table("segment adopted_tenants", counts.items())

    def _releases(self) -> Table:
        scenario = self.scenario
        first: dict[tuple[str, str], date] = {}
        for region in self.regions:
            for day in scenario.dates:
                first.setdefault((region, scenario.version(region, day)), day)
        return _table(
            "region service_name service_version first_seen_on",
            ((region, SERVICE_NAME, version, day) for (region, version), day in first.items()),
        )

    def _region(self, tenant: str) -> str:
        return self.tenants[tenant][1].region


def write_truth(path: Path, scenario: Scenario, tally: Tally, invoices: Invoices) -> None:
    """Write what the central warehouse and the partner's own must answer."""
    central, partner = tuple(CENTRAL_REGIONS), (PARTNER_REGION,)
    parts = {
        "central": Part(scenario, tally, invoices, central, tuple(REGIONS)),
        "partner": Part(scenario, tally, invoices, partner, partner),
    }
    document = {
        "data_date": scenario.today,
        "first_day": scenario.first_day,
        "instrumented_days": INSTRUMENTED.days_ago,
        **{name: part.tables() for name, part in parts.items()},
        "planted": dict(sorted(tally.planted.items())),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, default=str) + "\n", encoding="utf-8")


def _table(columns: str, rows: Iterable[Sequence[object]]) -> Table:
    return {"columns": list(columns.split()), "rows": [list(row) for row in rows]}
