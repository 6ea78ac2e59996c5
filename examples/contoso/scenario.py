"""What happens at Contoso's customers, day by day, decided by a seed.

Everything is a function of the seed and the day, so that the history, the business files and the
truth are made from the same decisions and none of them from another's output.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from examples.contoso.catalog import (
    ERROR_TYPES,
    FIRST_VERSION,
    INSTRUMENTED,
    OVER_LIMIT,
    RELEASES,
    TRANSFORMATION_KINDS,
)
from examples.contoso.customers import (
    CHURN_DECLINE,
    CONTRACT_TO_SPIKE,
    SPIKE_DAYS,
    SPIKE_FACTOR,
    Account,
    Customers,
    Story,
    Tenant,
    make_customers,
)
from examples.contoso.tally import billing_day

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 20_240_601
HISTORY_DAYS = 400
RECENT_DAYS = 30
"""Of so many days all is told: every use of a feature, traces and metrics."""
TENANTS, FEWEST_TENANTS = 200, 60
OUTAGE_REGION, OUTAGE_DAYS_AGO, OUTAGE_HOURS = "use", 45, range(6, 14)
"""When one region's service answered nobody, in hours of UTC."""
STALE_LIMIT_ACCOUNT = 22
"""By its number: its installation enforces the limit of the contract before."""


@dataclass(frozen=True)
class Transformation:
    """One run; `error_type` is None where it completed."""

    second: int
    transformation_id: str
    kind: str
    records: int
    duration_ms: int
    error_type: str | None


@dataclass(frozen=True)
class Session:
    """One person at work: start and end in seconds of the day."""

    session_id: str
    person: int
    start: int
    end: int


@dataclass(frozen=True)
class Use:
    """One use of a feature, in a session where sessions are reported."""

    second: int
    feature: str
    session: Session | None


@dataclass(frozen=True)
class Work:
    """What a tenant did on a day. `consumed` has second and records of what no run reports."""

    sessions: tuple[Session, ...] = ()
    uses: tuple[Use, ...] = ()
    runs: tuple[Transformation, ...] = ()
    consumed: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Scenario:
    """Contoso's customers and their days, from `first_day` to `today` in UTC."""

    today: date
    first_day: date
    seed: int = SEED
    count: int = TENANTS
    """Tenants, all in all."""

    @classmethod
    def ending(cls, now: datetime, *, seed: int = SEED, scale: float = 1.0) -> Scenario:
        """Make the history that ends at `now`: 400 days, and what their first month lacks.

        `scale` multiplies the 200 tenants; 60 are the fewest, so that all that is planted fits.
        """
        today = now.astimezone(UTC).date()
        first_day = (today - timedelta(days=HISTORY_DAYS)).replace(day=1)
        count = max(FEWEST_TENANTS, round(TENANTS * scale))
        return cls(today, first_day, seed, count)

    @property
    def dates(self) -> list[date]:
        """Every day, the first and today included."""
        days = (self.today - self.first_day).days
        return [self.first_day + timedelta(days=offset) for offset in range(days + 1)]

    @cached_property
    def customers(self) -> Customers:
        """Everyone at Contoso."""
        return make_customers(self.seed, self.today, self.first_day, self.count)

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Every customer that the business knows, in all regions."""
        return self.customers.accounts

    @cached_property
    def tenants(self) -> tuple[tuple[Account, Tenant], ...]:
        """Every tenant that sends telemetry, with its account."""
        everyone = (*self.customers.accounts, *self.customers.unmapped)
        return tuple((account, tenant) for account in everyone for tenant in account.tenants)

    def day(self, days: int) -> date:
        """Give the day that lies so many days after today."""
        return self.today + timedelta(days=days)

    def version(self, region: str, day: date) -> str:
        """Name the release that a region runs on a day."""
        ago = (self.today - day).days
        reached = [r.version for r in RELEASES if ago <= r.days_ago.get(region, -1)]
        return reached[-1] if reached else FIRST_VERSION

    def recent(self, day: date) -> bool:
        """Tell whether all is told of a day."""
        return (self.today - day).days <= RECENT_DAYS

    def instrumented(self, region: str, day: date) -> bool:
        """Tell whether a region's release reports transformations and sessions."""
        return (self.today - day).days <= INSTRUMENTED.days_ago[region]

    def dark(self, region: str, day: date, second: int) -> bool:
        """Tell whether a region's service was down."""
        return (
            region == OUTAGE_REGION
            and (self.today - day).days == OUTAGE_DAYS_AGO
            and second // 3600 in OUTAGE_HOURS
        )

    def active(self, account: Account, day: date) -> bool:
        """Tell whether an account runs the product on a day.

        From the day after its contract begins to the day before it ends, wherever days begin.
        """
        if account.story is Story.GONE and day >= self.day(account.event):
            return False
        around = day - timedelta(days=1), day, day + timedelta(days=1)
        return not account.phases or all(account.phase(each) for each in around)

    def used(self, account: Account, tenant: Tenant, at: datetime) -> int:
        """Give the master records that a tenant keeps, which sway a little from day to day."""
        days = (at - midnight(self.today)) / timedelta(days=1)
        sway = random.Random(f"{self.seed}/{tenant.tenant_id}/{int(days // 1)}").uniform(-1, 1)
        step = max(0.2 * account.growth, account.curve[-1][1] / 4000)
        return round((account.records(days) + sway * step) * tenant.share)

    def limit(self, account: Account, at: datetime) -> int | None:
        """Give the limit that an account's installations enforce: what was signed for that day."""
        phase = account.phase(billing_day(account.zone, at))
        if phase is None:
            return None
        signed = account.phases[0] if account.number == STALE_LIMIT_ACCOUNT else phase
        return signed.limit

    def vigour(self, account: Account, day: date) -> float:
        """Tell how much more or less than usual an account does because of its story."""
        since = (day - self.today).days - account.event
        if account.story is Story.SPIKE_AFTER_CONTRACT:
            since -= CONTRACT_TO_SPIKE
        if account.story in (Story.SPIKE, Story.SPIKE_AFTER_CONTRACT):
            return SPIKE_FACTOR if 0 <= since < SPIKE_DAYS else 1.0
        if account.story in (Story.CHURN, Story.RETURN) and -CHURN_DECLINE <= since < 0:
            return 0.15 + 0.85 * -since / CHURN_DECLINE
        return 1.0

    def volume(self, account: Account, tenant: Tenant, day: date, rng: random.Random) -> int:
        """Decide how many records a tenant's transformations take on a day."""
        grown = 1 + 0.3 * (day - self.first_day).days / HISTORY_DAYS
        season = 1 + 0.12 * math.sin(2 * math.pi * (day.timetuple().tm_yday - 30) / 365.25)
        week = 1.0 if day.weekday() < 5 else 0.35
        noise = rng.uniform(0.88, 1.12)
        usual = account.daily * tenant.share * grown * season * week * noise
        return max(1, round(usual * self.vigour(account, day)))

    def work(self, account: Account, tenant: Tenant, day: date) -> Work:
        """Decide what a tenant's people do on a day."""
        if account.story is Story.SHELVED or not self.active(account, day):
            return Work()
        rng = random.Random(f"{self.seed}/{tenant.tenant_id}/{(day - self.today).days}/work")
        volume = self.volume(account, tenant, day, rng)
        name = f"{tenant.tenant_id}-{day:%y%m%d}"
        sessions: tuple[Session, ...] = ()
        consumed: tuple[tuple[int, int], ...] = ()
        runs: tuple[Transformation, ...] = ()
        if self.instrumented(tenant.region, day):
            sessions = tuple(self._sessions(rng, account, tenant, day, name))
            runs = tuple(self._runs(rng, account, day, name, volume))
        else:
            consumed = ((rng.randrange(86_400), volume),)
        uses = tuple(self._uses(rng, account, tenant, day, sessions))
        return Work(
            tuple(s for s in sessions if not self.dark(tenant.region, day, s.start)),
            tuple(u for u in uses if not self.dark(tenant.region, day, u.second)),
            tuple(r for r in runs if not self.dark(tenant.region, day, r.second)),
            tuple(c for c in consumed if not self.dark(tenant.region, day, c[0])),
        )

    def _sessions(
        self, rng: random.Random, account: Account, tenant: Tenant, day: date, name: str
    ) -> Iterator[Session]:
        usual = 1.6 if self.recent(day) else 0.5
        usual *= self.vigour(account, day) * (1.0 if day.weekday() < 5 else 0.3)
        for number in range(_rounded(rng, usual)):
            start = rng.randint(5 * 3600, 20 * 3600)
            end = start + rng.randint(300, 5400)
            yield Session(f"{name}-{number:02d}", rng.randrange(tenant.seats), start, end)

    def _uses(
        self,
        rng: random.Random,
        account: Account,
        tenant: Tenant,
        day: date,
        sessions: tuple[Session, ...],
    ) -> Iterator[Use]:
        """Give the first use of a feature on the day it was taken up, then uses by chance."""
        taken_up = [feature for feature, since in tenant.features if since <= day]
        for feature, since in tenant.features:
            if since == day:
                yield Use(rng.randrange(86_400), feature, None)
        if not taken_up:
            return
        if not self.instrumented(tenant.region, day):
            usual = 0.9 * self.vigour(account, day) * (1.0 if day.weekday() < 5 else 0.3)
            for _ in range(_rounded(rng, usual)):
                yield Use(rng.randrange(86_400), rng.choice(taken_up), None)
        for session in sessions:
            for _ in range(rng.randint(2, 4) if self.recent(day) else rng.randint(1, 3)):
                second = rng.randint(session.start, session.end)
                yield Use(second, rng.choice(taken_up), session)

    def _runs(
        self,
        rng: random.Random,
        account: Account,
        day: date,
        name: str,
        volume: int,
    ) -> Iterator[Transformation]:
        count = 2 if self.recent(day) else 1
        sizes = [volume - volume // 2, volume // 2][:count] if count == 2 else [volume]
        errors: list[str | None] = [None] * count
        errors += [rng.choice(ERROR_TYPES)] * _rounded(rng, self._failures(account, day))
        if self.over_limit(account, day):
            errors += [OVER_LIMIT] * 3
        for number, error in enumerate(errors):
            yield Transformation(
                second=rng.randrange(600, 85_000),
                transformation_id=f"{name}-{number:02d}",
                kind=rng.choice(TRANSFORMATION_KINDS),
                records=sizes[number] if number < count else rng.randint(10, 400),
                duration_ms=rng.randint(400, 20_000),
                error_type=error,
            )

    def over_limit(self, account: Account, day: date) -> bool:
        """Tell whether an account's license is used up, so that transformations fail."""
        phase = account.phase(day)
        if account.story is not Story.CROSSING or phase is None:
            return False
        return account.records((day - self.today).days) >= phase.limit

    def _failures(self, account: Account, day: date) -> float:
        """Tell how many failed attempts a day has on average."""
        since = (day - self.today).days - account.event
        if account.story in (Story.CHURN, Story.RETURN) and -CHURN_DECLINE // 2 <= since < 0:
            return 0.6
        return 0.05


def midnight(day: date) -> datetime:
    """Give the start of a day in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _rounded(rng: random.Random, mean: float) -> int:
    """Round up or down by chance, so that the mean is kept."""
    return int(mean) + (rng.random() < mean % 1)
