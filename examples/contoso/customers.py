"""Contoso's customers, decided by a seed: who they are, what they signed and what befalls them.

Days are counted from today: -45 is 45 days ago. What is planted stands in `STORIES`, by an
account's number; accounts beyond the table live quietly, grow, or come late. Every 160 accounts the
table begins again, so that a larger scale plants more of the same.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from examples.contoso.catalog import (
    CURRENCIES,
    FEATURES,
    INDUSTRIES,
    LAUNCH,
    LAUNCH_ADOPTION,
    LAUNCHED,
    PLAN_FEATURES,
    PLANS,
    REGIONS,
    SEGMENTS,
    ZONES,
    Plan,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 160
REGION_OF = ("euc",) * 7 + ("use",) * 6 + ("cac",) * 4 + ("aus",) * 3
"""By an account's number."""
SPIKE_DAYS, SPIKE_FACTOR = 14, 3.0
CHURN_DECLINE = 60
"""Days over which a customer that will leave uses less and less."""
ABSENT_DAYS = 75
"""How long the customer that came back had been away."""


class Story(StrEnum):
    """What happens at an account; the number in `STORIES` says when."""

    STEADY = "steady"
    SOON = "soon"
    """Reaches its limit within weeks."""
    LATER = "later"
    FULL = "full"
    """Nine tenths in use and no growth."""
    SHELVED = "shelved"
    """Pays and reports its license, and uses nothing."""
    GONE = "gone"
    """Its telemetry stopped; its contract goes on."""
    SPIKE = "spike"
    SPIKE_AFTER_CONTRACT = "spike after a contract change"
    """It bought more, and four days later uses three times as much."""
    CROSSING = "crossing"
    """Reaches its limit, and transformations fail until it buys more, if it has."""
    CHURN = "churn"
    """Used less for two months, met more failures, and left."""
    RETURN = "return"
    """Left as these do and came back."""
    SHRINK = "shrink"
    """Went to half its limit at half the price."""
    DEARER = "dearer"
    """Pays more for the same since a day."""


STORIES: dict[int, tuple[Story, int]] = {
    0: (Story.SPIKE_AFTER_CONTRACT, -61),
    1: (Story.FULL, 0),
    3: (Story.SPIKE_AFTER_CONTRACT, -143),
    4: (Story.CROSSING, -108),
    5: (Story.SOON, 0),
    6: (Story.CHURN, -96),
    7: (Story.LATER, 0),
    8: (Story.SPIKE_AFTER_CONTRACT, -99),
    9: (Story.SOON, 0),
    10: (Story.SPIKE, -170),
    11: (Story.CROSSING, -70),
    12: (Story.CHURN, -38),
    13: (Story.SOON, 0),
    14: (Story.SPIKE_AFTER_CONTRACT, -210),
    15: (Story.LATER, 0),
    16: (Story.CHURN, -160),
    17: (Story.SPIKE, -122),
    18: (Story.SHELVED, 0),
    19: (Story.SOON, 0),
    20: (Story.LATER, 0),
    21: (Story.SHRINK, -117),
    22: (Story.SPIKE_AFTER_CONTRACT, -290),
    23: (Story.GONE, -12),
    24: (Story.CROSSING, -6),
    25: (Story.SPIKE, -78),
    26: (Story.CHURN, -220),
    27: (Story.FULL, 0),
    28: (Story.SPIKE, -44),
    29: (Story.SHELVED, 0),
    30: (Story.RETURN, -250),
    31: (Story.SOON, 0),
    32: (Story.DEARER, -128),
    33: (Story.GONE, -19),
    34: (Story.CROSSING, -3),
    35: (Story.SOON, 0),
    36: (Story.LATER, 0),
    37: (Story.SPIKE_AFTER_CONTRACT, -75),
    38: (Story.LATER, 0),
    39: (Story.CHURN, -65),
}
SPIKE_CAUSES = {25: "release", 28: "incident"}
"""What came right before a spike without a contract change, by an account's number."""
CROSSING_ANSWERED_AFTER = 9
"""Days from a crossing to the contract with a higher limit, where it lies far enough back."""
CONTRACT_TO_SPIKE = 4


@dataclass(frozen=True)
class Phase:
    """What an account has signed from a day on, until the day `end` (not included) if it ended."""

    start: date
    end: date | None
    plan: Plan
    limit: int
    price: Decimal
    """For a month."""


@dataclass(frozen=True)
class Tenant:
    """One installation of a customer in one region."""

    tenant_id: str
    region: str
    environment: str
    """`production`, `test` or `internal`; empty for one that is mapped to no account."""
    share: float
    """Its part of what the account uses."""
    seats: int
    features: tuple[tuple[str, date], ...]
    """What it has taken up, and since when."""

    @property
    def production(self) -> bool:
        """Whether its use counts in revenue, adoption and billing."""
        return self.environment == "production"


@dataclass(frozen=True)
class Account:
    """One customer. `curve` gives its master records at days from today, linear between them."""

    number: int
    account_id: str
    name: str
    industry: str
    segment: str
    tier: str
    region: str
    billing_period: str
    story: Story
    event: int
    """The day of its story, from today."""
    phases: tuple[Phase, ...]
    curve: tuple[tuple[float, float], ...]
    daily: float
    """Records that its transformations take on an ordinary day."""
    tenants: tuple[Tenant, ...]

    @property
    def currency(self) -> str:
        """What it pays in."""
        return CURRENCIES[self.region]

    @property
    def zone(self) -> str:
        """Where its billing days begin: without a contract, in UTC."""
        return ZONES[self.region] if self.phases else "UTC"

    def phase(self, day: date) -> Phase | None:
        """Give what is in force on a day."""
        for phase in self.phases:
            if phase.start <= day and (phase.end is None or day < phase.end):
                return phase
        return None

    def records(self, days: float) -> float:
        """Give the master records at a moment, in days from today; the last slope goes on."""
        for (begin, low), (end, high) in zip(self.curve, self.curve[1:], strict=False):
            if days <= end or end == self.curve[-1][0]:
                return max(0.0, low + (high - low) * (days - begin) / (end - begin))
        return self.curve[0][1]

    @property
    def growth(self) -> float:
        """Give the master records that are added each day of late."""
        (begin, low), (end, high) = self.curve[-2:]
        return (high - low) / (end - begin)


@dataclass(frozen=True)
class Customers:
    """Everyone at Contoso, as of a day."""

    accounts: tuple[Account, ...]
    unmapped: tuple[Account, ...]
    """Those behind tenants that no account is known for; their `account_id` is empty."""
    silent: tuple[tuple[str, str], ...]
    """Tenants that the business knows and that never sent anything, with their accounts."""


def make_customers(seed: int, today: date, first_day: date, tenants: int) -> Customers:
    """Make accounts until they have `tenants` tenants, Contoso's own and the unmapped included."""
    accounts = [_own(first_day)]
    unmapped = tuple(_nobody(region, first_day) for region in ("euc", "use", "aus"))
    made = len(accounts[0].tenants) + len(unmapped)
    number = 0
    while made < tenants:
        account = _account(seed, today, first_day, number, room=tenants - made)
        accounts.append(account)
        made += len(account.tenants)
        number += 1
    adopted = _launch(seed, today, accounts)
    silent = tuple(
        (f"contoso-{account.region}-quiet-{place:02d}", account.account_id)
        for place, account in enumerate(accounts[1:4])
    )
    return Customers(tuple(adopted), unmapped, silent)


_NAMES = (
    *("Adatum", "Alpine", "Bellows", "Coho", "Fabrikam", "Fourth", "Graphic", "Humongous"),
    *("Lamna", "Litware", "Lucerne", "Margie", "Munson", "Northwind", "Parnell", "Proseware"),
    *("Relecloud", "Southridge", "Tailspin", "Tailwind", "Trey", "VanArsdel", "Wide", "Wingtip"),
    *("Woodgrove", "Boulder", "Consolidated", "Firstup", "Liberty", "Nod", "Olympia", "Rosewood"),
    *("Treyline", "Wexford", "Yonder", "Zephyr", "Best", "Blue", "City", "Relay"),
)
_TRADES = {"manufacturing": "Works", "retail": "Stores", "healthcare": "Clinics"}
_ADDITIONS = ("", "North", "South", "East", "West")
_SEATS = {"starter": (3, 5), "business": (4, 8), "enterprise": (7, 12)}
_PERIODS = {9: "quarter", 15: "quarter", 29: "year", 33: "quarter"}
"""By an account's number in 40; the others pay by the month."""


def _own(first_day: date) -> Account:
    """Make Contoso's own account: it uses its product and pays nothing."""
    tenants = tuple(
        Tenant(f"contoso-{region}-dogfood", region, "internal", 0.25, 6, _all_features(first_day))
        for region in REGIONS
    )
    return _unpaid("A1000", "Contoso", "euc", tenants)


def _nobody(region: str, first_day: date) -> Account:
    features = _all_features(first_day)
    return _unpaid("", "", region, (Tenant(f"trial-{region}-01", region, "", 1.0, 3, features),))


def _unpaid(account_id: str, name: str, region: str, tenants: tuple[Tenant, ...]) -> Account:
    plan = PLANS["starter"]
    return Account(
        number=-1,
        account_id=account_id,
        name=name,
        industry=INDUSTRIES[0],
        segment="enterprise",
        tier="",
        region=region,
        billing_period="month",
        story=Story.STEADY,
        event=0,
        phases=(),
        curve=((-500, plan.master_records * 0.3), (0, plan.master_records * 0.4)),
        daily=plan.transformed_records / 25,
        tenants=tenants,
    )


def _account(seed: int, today: date, first_day: date, number: int, room: int) -> Account:
    rng = random.Random(f"{seed}/account/{number}")
    region = REGION_OF[number % len(REGION_OF)]
    story, event = _story(number)
    segment = SEGMENTS[(number // 3 + number) % 3]
    plan = _plan(segment, number)
    phases = _phases(story, today, event, _start(number, first_day), plan)
    curve = _curve(rng, story, event, phases)
    places = _places(number, region, story)[:room]
    industry = INDUSTRIES[number % 3]
    return Account(
        number=number,
        account_id=f"A{1001 + number}",
        name=_name(number, industry),
        industry=industry,
        segment=segment,
        tier={"enterprise": "gold", "mid-market": "silver"}.get(segment, "")
        if number % 5
        else "gold",
        region=region,
        billing_period=_PERIODS.get(number % 40, "month"),
        story=story,
        event=event,
        phases=phases,
        curve=curve,
        daily=plan.transformed_records / 25 * rng.uniform(1.1, 1.7),
        tenants=tuple(
            Tenant(
                tenant_id=f"contoso-{where}-{number + 1:03d}{letter}",
                region=where,
                environment=environment,
                share=share,
                seats=rng.randint(*_SEATS[plan.name]),
                features=_adopted(rng, industry, plan, phases[0].start),
            )
            for letter, where, environment, share in places
        ),
    )


def _name(number: int, industry: str) -> str:
    words = [_NAMES[number % len(_NAMES)], _ADDITIONS[number // len(_NAMES) % len(_ADDITIONS)]]
    series = number // (len(_NAMES) * len(_ADDITIONS))
    words += [_TRADES[industry], str(series + 1) if series else ""]
    return " ".join(word for word in words if word)


def _story(number: int) -> tuple[Story, int]:
    place = number % BLOCK
    if place in STORIES:
        return STORIES[place]
    if place % 8 == 5:
        return Story.SOON, 0
    if place % 8 == 2:
        return Story.LATER, 0
    return (Story.DEARER, -128) if place % 10 == 6 and place >= 40 else (Story.STEADY, 0)


def _plan(segment: str, number: int) -> Plan:
    names = tuple(PLANS)
    usual = SEGMENTS.index(segment)
    return PLANS[names[max(0, usual - 1) if number % 7 == 3 else usual]]


def _start(number: int, first_day: date) -> date:
    """Most were there on the first day; every fourth of the quiet ones came later, on a first."""
    if number % BLOCK < 40 or number % 4 != 3:
        return first_day
    months = 1 + number // 4 % 11
    year, month = divmod(first_day.year * 12 + first_day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _phases(story: Story, today: date, days: int, start: date, plan: Plan) -> tuple[Phase, ...]:
    """Decide what an account has signed, one after the other."""
    event = today + timedelta(days=days)
    first = Phase(start, None, plan, plan.master_records, plan.price)
    more = replace(first, limit=first.limit * 2, price=first.price * 3 / 2)
    changes: dict[Story, tuple[date, Phase]] = {
        Story.SPIKE_AFTER_CONTRACT: (event, more),
        Story.SHRINK: (event, replace(first, limit=first.limit // 2, price=first.price / 2)),
        Story.DEARER: (event, replace(first, price=first.price * Decimal("1.06"))),
    }
    if story in changes:
        day, after = changes[story]
        return replace(first, end=day), replace(after, start=day)
    if story is Story.CROSSING:
        answered = event + timedelta(days=CROSSING_ANSWERED_AFTER)
        if answered > today:
            return (first,)
        return replace(first, end=answered), replace(more, start=answered)
    if story is Story.CHURN:
        return (replace(first, end=event),)
    if story is Story.RETURN:
        return replace(first, end=event), replace(first, start=event + timedelta(days=ABSENT_DAYS))
    return (first,)


def _curve(
    rng: random.Random, story: Story, event: int, phases: tuple[Phase, ...]
) -> tuple[tuple[float, float], ...]:
    """Decide how many master records an account keeps, by days from today."""
    limit = float(phases[-1].limit)
    if story is Story.CROSSING:
        first = float(phases[0].limit)
        slope = first * rng.uniform(0.004, 0.006)
        rise = ((-500, first * 0.5), (event - 60, first - 60 * slope))
        if len(phases) == 1:
            return (*rise, (0, first - event * slope))
        days = CROSSING_ANSWERED_AFTER
        return (*rise, (event + days, first + days * slope), (0, first * 1.15))
    if story in (Story.SOON, Story.LATER):
        slope = limit * rng.uniform(0.004, 0.008)
        left = rng.uniform(4, 26) if story is Story.SOON else rng.uniform(50, 75)
        used = limit - slope * left
        return ((-500, used * 0.5), (-60, used - 60 * slope), (0.0, used))
    if story is Story.FULL:
        return ((-500, limit * 0.6), (-100, limit * 0.93), (-99, limit * 0.93), (0, limit * 0.93))
    level = min(phase.limit for phase in phases) * rng.uniform(0.3, 0.55)
    return ((-500, level * 0.7), (-60, level), (0, level))


def _places(number: int, region: str, story: Story) -> tuple[tuple[str, str, str, float], ...]:
    """Say where an account runs: letter, region, environment and share of its use."""
    if story is Story.CROSSING:
        return (("", region, "production", 1.0),)
    if number % 12 == 11 and region != "aus":
        return (
            ("", region, "production", 0.7),
            ("b", "use" if region == "euc" else "euc", "production", 0.3),
        )
    if number % 6 == 5:
        return ("", region, "production", 0.7), ("b", region, "production", 0.3)
    if number % 10 == 2:
        return ("", region, "production", 1.0), ("t", region, "test", 0.05)
    return (("", region, "production", 1.0),)


def _all_features(since: date) -> tuple[tuple[str, date], ...]:
    return tuple((feature, since) for feature in FEATURES if feature != LAUNCHED)


def _adopted(
    rng: random.Random, industry: str, plan: Plan, start: date
) -> tuple[tuple[str, date], ...]:
    """Give the features that a tenant has taken up: its industry's liking of each decides."""
    liking = INDUSTRIES.index(industry)
    return tuple(
        (feature, start + timedelta(days=0 if place == 0 else rng.randint(0, 45)))
        for place, feature in enumerate(FEATURES[: PLAN_FEATURES[plan.name]])
        if place == 0 or rng.random() < (0.85 if place % 3 == liking else 0.5)
    )


def _launch(seed: int, today: date, accounts: list[Account]) -> Iterator[Account]:
    """Let an exact share of each segment's tenants take the launched feature up."""
    takers: set[str] = set()
    for segment, share in LAUNCH_ADOPTION.items():
        could = [
            tenant.tenant_id
            for account in accounts
            for tenant in account.tenants
            if account.segment == segment and tenant.production and can_adopt(account)
        ]
        random.Random(f"{seed}/launch/{segment}").shuffle(could)
        takers.update(could[: round(share * len(could))])
    for account in accounts:
        yield replace(
            account,
            tenants=tuple(
                replace(tenant, features=(*tenant.features, _taken(seed, today, account, tenant)))
                if tenant.tenant_id in takers
                else tenant
                for tenant in account.tenants
            ),
        )


def can_adopt(account: Account) -> bool:
    """Tell who is there all the time since the launch and uses anything."""
    away = (Story.CHURN, Story.RETURN, Story.SHELVED, Story.GONE)
    return bool(account.phases) and account.story not in away


def _taken(seed: int, today: date, account: Account, tenant: Tenant) -> tuple[str, date]:
    rng = random.Random(f"{seed}/{tenant.tenant_id}/launch")
    launched = today - timedelta(days=LAUNCH.days_ago[tenant.region])
    return LAUNCHED, max(launched + timedelta(days=rng.randint(1, 60)), account.phases[0].start)
