"""What happened, counted where it was made to happen; the pipeline never reads this."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True)
class Level:
    """What a tenant reported of its license on a billing day."""

    at: datetime
    last: int
    peak: int
    limit: int | None


@dataclass
class Tally:
    """Counts of what the product did, by tenant; days are UTC but where it says billing day."""

    features: Counter[tuple[str, str, date]] = field(default_factory=Counter)
    """By tenant, feature and day: how often it was used."""
    sessions: Counter[tuple[str, date]] = field(default_factory=Counter)
    completed: Counter[tuple[str, date]] = field(default_factory=Counter)
    failed: Counter[tuple[str, str, date]] = field(default_factory=Counter)
    """By tenant, error type and day."""
    consumed: Counter[tuple[str, date]] = field(default_factory=Counter)
    """By tenant and day: records that transformations took."""
    billed: Counter[tuple[str, date]] = field(default_factory=Counter)
    """The same by billing day, which begins where the contract says."""
    levels: dict[tuple[str, date], Level] = field(default_factory=dict)
    """By tenant and billing day: master records."""
    planted: Counter[str] = field(default_factory=Counter)
    """By kind of secret: how many were planted."""

    def report(self, tenant: str, zone: str, at: datetime, used: int, limit: int | None) -> None:
        """Take a report of a license."""
        key = tenant, billing_day(zone, at)
        self._level(key, Level(at, used, used, limit))

    def consume(self, tenant: str, zone: str, at: datetime, records: int) -> None:
        """Take what a transformation worked through."""
        self.consumed[tenant, at.date()] += records
        self.billed[tenant, billing_day(zone, at)] += records

    def add(self, other: Tally) -> None:
        """Add what another part of the traffic did."""
        self.features += other.features
        self.sessions += other.sessions
        self.completed += other.completed
        self.failed += other.failed
        self.consumed += other.consumed
        self.billed += other.billed
        for key, level in other.levels.items():
            self._level(key, level)
        self.planted += other.planted

    def _level(self, key: tuple[str, date], level: Level) -> None:
        known = self.levels.get(key)
        if known is None:
            self.levels[key] = level
            return
        last = max(known, level, key=lambda each: each.at)
        self.levels[key] = Level(last.at, last.last, max(known.peak, level.peak), last.limit)


def billing_day(zone: str, at: datetime) -> date:
    """Give the day that a moment lies in where a contract's days begin."""
    return at.astimezone(_zone(zone)).date()


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
