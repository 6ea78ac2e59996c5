"""What happens at Contoso's customers, decided by a seed.

Who they are, how their use of the license grows and what they do.
Everything is a function of the seed and the day, so that the history, the business files and the
truth are made from the same decisions and none of them from another's output.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from examples.contoso.catalog import (
    ERROR_TYPES,
    FEATURES,
    INDUSTRIES,
    PLAN_FEATURES,
    PLANS,
    TENANTS_IN_REGION,
    TRANSFORMATION_KINDS,
    Plan,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 20_240_601
HISTORY_DAYS = 30
GONE_DAYS = 12
BILLED_DAYS = 10
"""The history holds at least so many days of the month before, so that there is a billed month."""


class Story(StrEnum):
    """How an account's use of its license goes."""

    OVER = "over"
    SOON = "soon"
    LATER = "later"
    FULL = "full"
    """Nine tenths in use and no growth."""
    STEADY = "steady"
    SHELVED = "shelved"
    """Pays and reports its license, and uses nothing."""
    GONE = "gone"
    """Stopped altogether `GONE_DAYS` ago."""


@dataclass(frozen=True)
class Tenant:
    """One installation of a customer in one region."""

    tenant_id: str
    account_id: str
    region: str
    share: float
    """Its part of the account's master records."""
    license_limit: int
    """Its part of the plan's limit, which its installation enforces."""
    seats: int
    features: tuple[str, ...]
    """The features that it has adopted."""


@dataclass(frozen=True)
class Account:
    """One customer with its plan and how its use of the license goes.

    At the start of the last day it uses `used_today` master records, and `growth` more each day.
    """

    account_id: str
    name: str
    industry: str
    plan: Plan
    region: str
    story: Story
    used_today: int
    growth: float
    tenants: tuple[Tenant, ...]


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
    """One person at work: start and end in seconds of the day, and what they did."""

    session_id: str
    person: int
    start: int
    end: int
    features: tuple[tuple[int, str], ...]
    """Second of the day and feature."""
    transformations: tuple[Transformation, ...]


@dataclass(frozen=True)
class Scenario:
    """Contoso's customers and their days, from `first_day` to `today` in UTC.

    `scale` multiplies what they do (1.0 gives some 300,000 telemetry records in a month); below 1
    the service also reports less often.
    """

    today: date
    seed: int = SEED
    days: int = HISTORY_DAYS
    scale: float = 1.0

    @classmethod
    def ending(cls, now: datetime, *, seed: int = SEED, scale: float = 1.0) -> Scenario:
        """Make the history that ends at `now`: 30 days, and 10 of the month before at least."""
        today = now.astimezone(UTC).date()
        since_month_began = today.day - 1
        days = max(HISTORY_DAYS, since_month_began + BILLED_DAYS)
        return cls(today=today, seed=seed, days=days, scale=scale)

    @property
    def first_day(self) -> date:
        """The day on which Contoso Transform went live."""
        return self.today - timedelta(days=self.days)

    @property
    def dates(self) -> list[date]:
        """Every day, the first and today included."""
        return [self.first_day + timedelta(days=offset) for offset in range(self.days + 1)]

    @cached_property
    def accounts(self) -> tuple[Account, ...]:
        """Every customer, in all regions."""
        accounts: list[Account] = []
        for region, count in TENANTS_IN_REGION.items():
            accounts.extend(self._accounts_of(region, count, first=len(accounts)))
        return tuple(accounts)

    @property
    def tenants(self) -> Iterator[tuple[Account, Tenant]]:
        """Every tenant with its account."""
        return ((account, tenant) for account in self.accounts for tenant in account.tenants)

    @property
    def report_hours(self) -> int:
        """Hours between two reports of a license, and between two requests with metrics."""
        return 1 if self.scale >= 1 else 6

    def used(self, account: Account, tenant: Tenant, at: datetime) -> int:
        """Master records that a tenant keeps: a straight line, and a little up or down each day."""
        days = (at - midnight(self.today)) / timedelta(days=1)
        sway = random.Random(f"{self.seed}/{tenant.tenant_id}/{int(days // 1)}").uniform(-1, 1)
        step = max(0.2 * account.growth, account.plan.master_records / 4000)
        return round((account.used_today + account.growth * days + sway * step) * tenant.share)

    def reached_at(self, account: Account) -> datetime | None:
        """Tell when the line reaches the plan's limit; None where it does not grow."""
        if account.growth == 0:
            return None
        days = (account.plan.master_records - account.used_today) / account.growth
        return midnight(self.today) + timedelta(days=days)

    def active(self, account: Account, day: date) -> bool:
        """Tell whether an account still runs the product on a day."""
        return account.story is not Story.GONE or (self.today - day).days >= GONE_DAYS

    def sessions(self, account: Account, tenant: Tenant, day: date) -> tuple[Session, ...]:
        """Decide what a tenant's people do on a day."""
        if account.story is Story.SHELVED or not self.active(account, day):
            return ()
        days = (day - self.today).days
        rng = random.Random(f"{self.seed}/{tenant.tenant_id}/{days}/work")
        busy = 1.0 if day.weekday() < 5 else 0.3
        count = round(self.scale * busy * tenant.seats * rng.uniform(0.7, 1.3))
        return tuple(
            _session(rng, account, tenant, f"{tenant.tenant_id}-{day:%m%d}-{number:03d}")
            for number in range(count)
        )

    def _accounts_of(self, region: str, tenants: int, first: int) -> Iterator[Account]:
        rng = random.Random(f"{self.seed}/{region}")
        made = 0
        number = first
        while made < tenants:
            twins = min(2 if number % 6 == 5 else 1, tenants - made)
            yield _account(rng, region, number, range(made, made + twins))
            made += twins
            number += 1


def midnight(day: date) -> datetime:
    """Give the start of a day in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


_STORIES = {
    0: Story.SOON,
    2: Story.LATER,
    4: Story.OVER,
    5: Story.SOON,
    6: Story.FULL,
    9: Story.OVER,
    11: Story.SOON,
    12: Story.LATER,
    14: Story.OVER,
    16: Story.SOON,
    17: Story.SHELVED,
    19: Story.OVER,
    21: Story.SOON,
    23: Story.LATER,
    24: Story.GONE,
    26: Story.SOON,
    28: Story.LATER,
    31: Story.SOON,
    33: Story.LATER,
    35: Story.OVER,
}
"""By an account's place in the list; the others are steady."""
_NAMES = (
    "Adatum",
    "Alpine",
    "Bellows",
    "Coho",
    "Fabrikam",
    "Fourth",
    "Graphic",
    "Humongous",
    "Lamna",
    "Litware",
    "Lucerne",
    "Margie",
    "Munson",
    "Northwind",
    "Parnell",
    "Proseware",
    "Relecloud",
    "Southridge",
    "Tailspin",
    "Tailwind",
    "Trey",
    "VanArsdel",
    "Wide",
    "Wingtip",
    "Woodgrove",
    "Boulder",
    "Consolidated",
    "Firstup",
    "Liberty",
    "Nod",
    "Olympia",
    "Rosewood",
    "Treyline",
    "Wexford",
    "Yonder",
    "Zephyr",
)
_SEATS = {"starter": (3, 5), "business": (4, 8), "enterprise": (7, 12)}
_SIZES = {"starter": 200, "business": 600, "enterprise": 1500}
"""Records in a large transformation."""
_TRADES = {"manufacturing": "Works", "retail": "Stores", "healthcare": "Clinics"}


def _account(rng: random.Random, region: str, number: int, places: range) -> Account:
    plan = tuple(PLANS.values())[(number // 3 + number) % 3]
    industry = INDUSTRIES[number % 3]
    story = _STORIES.get(number, Story.STEADY)
    used, growth = _license(rng, plan, story)
    account_id = f"A{1001 + number}"
    shares = (1.0,) if len(places) == 1 else (0.7, 0.3)
    tenants = tuple(
        Tenant(
            tenant_id=f"contoso-{region}-{place + 1:03d}",
            account_id=account_id,
            region=region,
            share=share,
            license_limit=round(plan.master_records * share),
            seats=rng.randint(*_SEATS[plan.name]),
            features=_adopted(rng, industry, plan),
        )
        for place, share in zip(places, shares, strict=True)
    )
    name = f"{_NAMES[number]} {_TRADES[industry]}"
    return Account(account_id, name, industry, plan, region, story, used, growth, tenants)


def _license(rng: random.Random, plan: Plan, story: Story) -> tuple[int, float]:
    """Give what an account uses today and how much more each day."""
    limit = plan.master_records
    if story in (Story.STEADY, Story.SHELVED, Story.GONE):
        return round(limit * rng.uniform(0.3, 0.6)), 0.0
    if story is Story.FULL:
        return round(limit * 0.93), 0.0
    if story is Story.OVER:
        growth = limit * rng.uniform(0.004, 0.008)
        return round(limit + growth * rng.uniform(2, 7)), growth
    days_left = rng.uniform(4, 26) if story is Story.SOON else rng.uniform(50, 75)
    growth = limit * rng.uniform(0.004, 0.008)
    return round(limit - growth * days_left), growth


def _adopted(rng: random.Random, industry: str, plan: Plan) -> tuple[str, ...]:
    """Give the features that a tenant has taken up: its industry's liking of each decides."""
    offered = FEATURES[: PLAN_FEATURES[plan.name]]
    liking = INDUSTRIES.index(industry)
    return tuple(
        feature
        for place, feature in enumerate(offered)
        if place == 0 or rng.random() < (0.85 if place % 3 == liking else 0.5)
    )


def _session(rng: random.Random, account: Account, tenant: Tenant, session_id: str) -> Session:
    start = rng.randint(6 * 3600, 18 * 3600)
    end = start + rng.randint(300, 5400)
    features = tuple(
        sorted(
            (rng.randint(start, end), rng.choice(tenant.features))
            for _ in range(rng.randint(4, 12))
        )
    )
    size = _SIZES[account.plan.name]
    transformations = tuple(
        Transformation(
            second=rng.randint(start, end),
            transformation_id=f"{session_id}-{number}",
            kind=rng.choice(TRANSFORMATION_KINDS),
            records=rng.randint(size // 4, size),
            duration_ms=rng.randint(400, 20_000),
            error_type=rng.choice(ERROR_TYPES) if rng.random() < 0.06 else None,
        )
        for number in range(rng.randint(1, 3))
    )
    return Session(session_id, rng.randrange(tenant.seats), start, end, features, transformations)
