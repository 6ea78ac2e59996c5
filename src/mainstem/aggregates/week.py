"""One week's counts as an object: `aggregates/<region>/2026-W47.json`, written once."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

AGGREGATES = "aggregates"
"""The container that the centre may read, and nothing else of the region."""

FORMAT = "mainstem.aggregates/1"
SETTLES = timedelta(days=7)
"""After its end, a week waits so long for what comes late."""

_NAME = re.compile(r"(?P<region>[a-z][a-z0-9]*)/(?P<year>\d{4})-W(?P<week>\d{2})\.json")


@dataclass(frozen=True)
class Cell:
    """One count of a kind, a multiple of the week's `round_to`; `cell` is None for all others."""

    kind: str
    cell: str | None
    amount: int


@dataclass(frozen=True)
class Week:
    """A region's counts of one ISO week, and the queries that made them, by kind."""

    region: str
    monday: date
    made_at: datetime
    k: int
    round_to: int
    cells: tuple[Cell, ...]
    queries: dict[str, str]

    @property
    def name(self) -> str:
        """Its object's name in the container."""
        return week_name(self.region, self.monday)

    def to_json(self) -> bytes:
        """Write it as its object's bytes."""
        document = {
            "format": FORMAT,
            "region": self.region,
            "monday": self.monday.isoformat(),
            "made_at": self.made_at.isoformat(),
            "k": self.k,
            "round_to": self.round_to,
            "cells": [asdict(cell) for cell in self.cells],
            "queries": self.queries,
        }
        return (json.dumps(document, indent=1) + "\n").encode()

    @classmethod
    def parse(cls, data: bytes) -> Week:
        """Read an object; ValueError, KeyError or TypeError where it is none, or a cell is twice.

        Its time comes out in UTC.
        """
        raw: dict[str, Any] = json.loads(data)
        if raw["format"] != FORMAT:
            raise ValueError(f"not of format {FORMAT}")
        week = cls(
            region=raw["region"],
            monday=date.fromisoformat(raw["monday"]),
            made_at=datetime.fromisoformat(raw["made_at"]).astimezone(UTC),
            k=int(raw["k"]),
            round_to=int(raw["round_to"]),
            cells=tuple(
                Cell(str(cell["kind"]), cell["cell"], int(cell["amount"])) for cell in raw["cells"]
            ),
            queries={str(kind): str(query) for kind, query in raw["queries"].items()},
        )
        if len({(cell.kind, cell.cell) for cell in week.cells}) != len(week.cells):
            raise ValueError("a cell stands in it twice")
        return week


def week_name(region: str, monday: date) -> str:
    """Name a week's object: its ISO year and week, in which a Monday's year is no doubt."""
    year, week, _ = monday.isocalendar()
    return f"{region}/{year}-W{week:02}.json"


def named_monday(name: str, region: str) -> date | None:
    """Tell the Monday of an object's name; None where it is not one of the region's weeks."""
    match = _NAME.fullmatch(name)
    if match is None or match["region"] != region:
        return None
    try:
        return date.fromisocalendar(int(match["year"]), int(match["week"]), 1)
    except ValueError:
        return None


def settled_mondays(first: date, now: datetime) -> list[date]:
    """List the weeks from that of `first` on whose end lies seven days back."""
    monday = first - timedelta(days=first.weekday())
    found = []
    while now >= datetime(monday.year, monday.month, monday.day, tzinfo=UTC) + (
        timedelta(days=7) + SETTLES
    ):
        found.append(monday)
        monday += timedelta(days=7)
    return found


def sha256_of(data: bytes) -> str:
    """Give the hash by which an object is known."""
    return hashlib.sha256(data).hexdigest()
