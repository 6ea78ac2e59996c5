"""What is remembered between runs: episodes, and messages that are still to be delivered.

One SQLite file. A change of an episode and the messages that tell of it are one transaction, so
that a run which dies tells everything later and forgets nothing. A message goes out at least once;
its number stays the same over repetitions, for receivers that care. No address stands here: a
message names its channel, and a customer's its account.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from mainstem.alert.finding import Finding, Severity
from mainstem.config.alerts import Rule
from mainstem.errors import DataError, Transient

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

CUSTOMER = "customer"
"""Stands in the place of a channel where a message is for the customer itself."""
KEPT_DAYS = 400
"""Days that an episode is kept after its end."""
BUSY_MS = 10_000
_FORMAT = 1
_SCHEMA = """
CREATE TABLE episodes (
    id INTEGER PRIMARY KEY,
    rule TEXT NOT NULL,
    subject TEXT NOT NULL,
    severity TEXT NOT NULL,
    finding TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    closed_at TEXT,
    told TEXT,
    acknowledged_at TEXT,
    acknowledged_by TEXT,
    note TEXT
);
CREATE UNIQUE INDEX open_episodes ON episodes (rule, subject) WHERE closed_at IS NULL;
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    episode INTEGER NOT NULL REFERENCES episodes (id) ON DELETE CASCADE,
    news TEXT NOT NULL,
    channel TEXT NOT NULL,
    queued_at TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    delivered_at TEXT,
    problem TEXT
);
"""


class News(StrEnum):
    """What a message tells of an episode."""

    OPENED = "opened"
    WORSE = "worse"
    RECOVERED = "recovered"


@dataclass(frozen=True)
class Episode:
    """One thing that held for a time. Times are RFC 3339, UTC."""

    id: int
    finding: Finding
    severity: Severity
    opened_at: str
    closed_at: str | None
    told: Severity | None
    """The severity that was told; None: it is muted, or has no channel."""
    acknowledged_at: str | None
    acknowledged_by: str | None
    note: str | None


@dataclass(frozen=True)
class Delivery:
    """A message that is on its way; `channel` is a name of the platform file, or CUSTOMER."""

    id: int
    episode: Episode
    news: News
    channel: str
    attempts: int
    problem: str | None


class Episodes:
    """The open file."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def open_ones(self) -> list[Episode]:
        """Give the episodes that have not ended, the oldest first."""
        return self._episodes("WHERE closed_at IS NULL ORDER BY id")

    def all(self) -> list[Episode]:
        """Give every episode that is kept, the newest first."""
        return self._episodes("ORDER BY id DESC")

    @contextmanager
    def change(self) -> Iterator[None]:
        """Make changes as one: all of them, or none where the process ends in between."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def begin(self, finding: Finding, at: datetime) -> Episode:
        """Remember that something holds now."""
        self._database.execute(
            "INSERT INTO episodes (rule, subject, severity, finding, opened_at) "
            "VALUES (?, ?, ?, ?, ?)",
            (finding.rule, finding.subject, finding.severity, _written(finding), _time(at)),
        )
        return self._episodes("WHERE id = last_insert_rowid()")[0]

    def go_on(self, episode: Episode, finding: Finding) -> None:
        """Take over the newest numbers."""
        self._database.execute(
            "UPDATE episodes SET severity = ?, finding = ? WHERE id = ?",
            (finding.severity, _written(finding), episode.id),
        )

    def end(self, episode: Episode, at: datetime) -> None:
        """Remember that it holds no more."""
        self._database.execute(
            "UPDATE episodes SET closed_at = ? WHERE id = ?", (_time(at), episode.id)
        )

    def queue(self, episode: Episode, news: News, channels: Collection[str], at: datetime) -> None:
        """Owe a message to each channel, and remember which severity was told."""
        self._database.executemany(
            "INSERT INTO deliveries (episode, news, channel, queued_at) VALUES (?, ?, ?, ?)",
            [(episode.id, news, channel, _time(at)) for channel in channels],
        )
        self._database.execute("UPDATE episodes SET told = severity WHERE id = ?", (episode.id,))

    def acknowledge(self, number: int, by: str, note: str | None, at: datetime) -> bool:
        """Write down who looks after an open episode; False where there is none of the number."""
        changed = self._database.execute(
            "UPDATE episodes SET acknowledged_at = ?, acknowledged_by = ?, note = ? "
            "WHERE id = ? AND closed_at IS NULL",
            (_time(at), by, note, number),
        )
        return changed.rowcount == 1

    def owed(self) -> list[Delivery]:
        """Give the messages that no receiver has taken yet, the oldest first."""
        rows = self._database.execute(
            "SELECT id, episode, news, channel, attempts, problem FROM deliveries "
            "WHERE delivered_at IS NULL ORDER BY id"
        ).fetchall()
        of_these = "WHERE id IN (SELECT episode FROM deliveries WHERE delivered_at IS NULL)"
        episodes = {each.id: each for each in self._episodes(of_these)}
        return [
            Delivery(number, episodes[episode], News(news), channel, attempts, problem)
            for number, episode, news, channel, attempts, problem in rows
        ]

    def channels_of(self, episode: Episode) -> list[str]:
        """Give the channels that were told of an episode's beginning."""
        rows = self._database.execute(
            "SELECT DISTINCT channel FROM deliveries WHERE episode = ? ORDER BY channel",
            (episode.id,),
        )
        return [row[0] for row in rows]

    def delivered(self, delivery: Delivery, at: datetime) -> None:
        """Remember that the receiver has taken it."""
        self._database.execute(
            "UPDATE deliveries SET delivered_at = ?, attempts = attempts + 1, problem = NULL "
            "WHERE id = ?",
            (_time(at), delivery.id),
        )

    def refused(self, delivery: Delivery, problem: str) -> None:
        """Remember why it was not taken; it stays owed."""
        self._database.execute(
            "UPDATE deliveries SET attempts = attempts + 1, problem = ? WHERE id = ?",
            (problem, delivery.id),
        )

    def forget(self, before: datetime) -> None:
        """Drop the episodes that ended before a time and are owed to nobody."""
        self._database.execute(
            "DELETE FROM episodes WHERE closed_at < ? AND id NOT IN "
            "(SELECT episode FROM deliveries WHERE delivered_at IS NULL)",
            (_time(before),),
        )

    def deliveries(self) -> dict[int, tuple[int, int]]:
        """Give, by episode, how many messages were taken and how many are owed."""
        rows: Iterable[Sequence[Any]] = self._database.execute(
            "SELECT episode, count(delivered_at), count(*) - count(delivered_at) "
            "FROM deliveries GROUP BY episode"
        )
        return {episode: (taken, owed) for episode, taken, owed in rows}

    def _episodes(self, where: str) -> list[Episode]:
        rows = self._database.execute(
            "SELECT id, finding, severity, opened_at, closed_at, told, acknowledged_at, "  # noqa: S608
            f"acknowledged_by, note FROM episodes {where}"
        )
        return [
            Episode(number, _read(finding), Severity(severity), opened, closed, _told(told), *more)
            for number, finding, severity, opened, closed, told, *more in rows
        ]


@contextmanager
def open_episodes(file: Path) -> Iterator[Episodes]:
    """Open the file, and make it where there is none.

    Transient where another run holds it for long, DataError where it is none of ours.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        database = sqlite3.connect(file, isolation_level=None, timeout=BUSY_MS / 1000)
    except sqlite3.Error as error:
        raise _mended(error, file) from None
    try:
        database.execute("PRAGMA foreign_keys = ON")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("BEGIN IMMEDIATE")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in _SCHEMA.split(";"):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {_FORMAT}")
        database.execute("COMMIT")
        if version not in (0, _FORMAT):
            raise DataError(
                f"{file} was made by a newer mainstem", hint="Use that one, or set alerts.state."
            )
        yield Episodes(database)
    except sqlite3.Error as error:
        raise _mended(error, file) from None
    finally:
        database.close()


def _mended(error: sqlite3.Error, file: Path) -> Exception:
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return Transient(f"another run holds {file}", hint="Wait until it ends, and run again.")
    return DataError(
        f"{file} cannot be read or written as the file of episodes ({type(error).__name__})",
        hint="Move it away: what still holds is then told again.",
    )


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _told(told: str | None) -> Severity | None:
    return None if told is None else Severity(told)


def _written(finding: Finding) -> str:
    return json.dumps(vars(finding), default=dict)


def _read(text: str) -> Finding:
    raw: dict[str, Any] = json.loads(text)
    raw |= {"rule": Rule(raw["rule"]), "severity": Severity(raw["severity"])}
    return Finding(**raw)
