"""The rules on the platform itself: its books, what scans found, and how old the answers are."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mainstem.alert.finding import Finding, Severity
from mainstem.alert.tables import need
from mainstem.config.alerts import Rule
from mainstem.config.dashboard import Page, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mainstem.config.alerts import BooksRule, Freshness, Privacy
    from mainstem.present.published import Published

ALL_REGIONS = "all"


def books(published: Published, _settings: BooksRule, _now: datetime) -> Iterator[Finding]:
    """Find regions whose books do not balance, or whose verification found something."""
    need(published, "operations.problems", "region", "kind", "problem")
    need(published, "operations.verifications", "region", "found")
    rows = published.rows(
        "SELECT region, count(*) AS problems, min(problem) AS first FROM operations.problems "
        "WHERE kind = 'problem' GROUP BY region ORDER BY region"
    )
    for row in rows:
        yield Finding(
            rule=Rule.BOOKS,
            subject=f"balance/{row['region'] or ALL_REGIONS}",
            severity=Severity.CRITICAL,
            title="the books do not balance",
            why=f"{_count(row['problems'], 'problem')}; the first: {row['first']}. "
            "`mainstem books` tells all.",
            page=place(Page.OPERATIONS, region=row["region"]),
            region=row["region"],
            numbers={"problems": row["problems"]},
        )
    rows = published.rows(
        "SELECT region, verified_at, verdict, found FROM operations.verifications "
        "WHERE found > 0 ORDER BY region"
    )
    for row in rows:
        yield Finding(
            rule=Rule.BOOKS,
            subject=f"verification/{row['region']}",
            severity=Severity.CRITICAL,
            title="a verification found what was changed",
            why=f"{_count(row['found'], 'finding')} of {row['verified_at']:%Y-%m-%d %H:%M} UTC: "
            f"{row['verdict']}. `mainstem books --verify` names each.",
            since=_time(row["verified_at"]),
            page=place(Page.PRIVACY, region=row["region"]),
            region=row["region"],
            numbers={"found": row["found"]},
        )


def privacy(published: Published, _settings: Privacy, _now: datetime) -> Iterator[Finding]:
    """Find stores in which the newest scan found something, and records that passed no policy."""
    need(published, "operations.scan_finds", "region", "store", "detector", "found")
    rows = published.rows(
        """
        SELECT region, store, scanned_at, sum(finds.found)::BIGINT AS found,
            string_agg(detector || ' ' || finds.found, ', ' ORDER BY finds.found DESC, detector)
                AS detectors
        FROM operations.scan_finds AS finds JOIN operations.scans USING (region, store)
        GROUP BY ALL ORDER BY ALL
        """
    )
    for row in rows:
        yield Finding(
            rule=Rule.PRIVACY,
            subject=f"scan/{row['region']}/{row['store']}",
            severity=Severity.CRITICAL,
            title=f"a scan found what looks like personal data or secrets in its {row['store']}",
            why=f"{_count(row['found'], 'find')} by independent detectors on "
            f"{row['scanned_at']:%Y-%m-%d %H:%M} UTC: {row['detectors']}. `mainstem scan --region "
            f"{row['region']} --store {row['store']}` tells the places, never the values.",
            since=_time(row["scanned_at"]),
            page=place(Page.PRIVACY, region=row["region"]),
            region=row["region"],
            numbers={"found": row["found"]},
        )
    rows = published.rows(
        "SELECT region, count(*) AS days, min(problem) AS first FROM operations.problems "
        "WHERE kind = 'policy' GROUP BY region ORDER BY region"
    )
    for row in rows:
        yield Finding(
            rule=Rule.PRIVACY,
            subject=f"policy/{row['region']}",
            severity=Severity.CRITICAL,
            title="records are stored that passed no policy that is known",
            why=f"On {_count(row['days'], 'day')}; the first: {row['first']}. "
            "`mainstem books --evidence` tells all.",
            page=place(Page.PRIVACY, region=row["region"]),
            region=row["region"],
            numbers={"days": row["days"]},
        )


def freshness(published: Published, settings: Freshness, now: datetime) -> Iterator[Finding]:
    """Find answers whose newest load is too old."""
    build = published.build
    loaded_at = build.newest_load_at
    if loaded_at is None:
        return
    at = datetime.fromisoformat(loaded_at)
    hours = (now - at.replace(tzinfo=None)).total_seconds() / 3600
    if hours <= settings.hours:
        return
    yield Finding(
        rule=Rule.FRESHNESS,
        subject=ALL_REGIONS,
        severity=Severity.WARNING,
        title=f"the answers are older than {settings.hours} h",
        why=f"The newest load that they hold ended at {at:%Y-%m-%d %H:%M} UTC, {hours:,.0f} hours "
        f"ago; their data goes up to {build.data_date}. `mainstem status` tells what waits.",
        since=_time(at),
        page=place(Page.OPERATIONS),
        numbers={"hours": round(hours, 1)},
    )


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
