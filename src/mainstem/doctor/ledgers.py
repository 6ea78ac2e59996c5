"""Checks of what the collectors say of themselves, and of what nobody answers for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mainstem.books.chain import unclosed_hours
from mainstem.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mainstem.doctor.finding import Patient

SILENT = timedelta(minutes=20)
"""A collector writes an entry every 5 minutes; an upload may wait for a store meanwhile."""
SKEW = timedelta(minutes=2)
WAITS = timedelta(hours=24)
LOADS = timedelta(hours=48)


def silent_collectors(patient: Patient) -> Iterator[Finding]:
    """Regions of which nothing was heard lately, or ever."""
    heard: dict[str, datetime] = dict(
        patient.evidence.warehouse.query('SELECT region, max("at") FROM entries GROUP BY region')
    )
    for region in patient.platform.regions:
        if region in patient.evidence.isolated or region in patient.evidence.unread:
            continue
        last = heard.get(region)
        if last is None:
            yield Finding(
                region,
                "its ledger has no entry: no collector has written there",
                f"Start one: mainstem collect --region {region}. If one runs, compare the store in "
                "its configuration with the one in the platform file.",
            )
        elif patient.now - last > SILENT:
            yield Finding(
                region,
                f"its newest entry is of {last:%Y-%m-%d %H:%M} UTC, and one comes every 5 minutes",
                "Look at the collector: it is stopped, cannot reach the store, or its disk is full "
                "(`mainstem spool ls`, and /health/status on its machine).",
            )


def clocks(patient: Patient) -> Iterator[Finding]:
    """Collectors whose clock is not the store's, or not this machine's."""
    rows = patient.evidence.warehouse.query(
        """
        SELECT entry.region, entry.instance, min(blobs.modified - entry."at"), max(entry."at")
        FROM entries AS entry
        JOIN blobs ON blobs.region = entry.region AND blobs.store = 'region'
            AND blobs.container = entry.container AND blobs.name = entry.blob
        GROUP BY ALL ORDER BY ALL
        """
    )
    cure = "Let the collector's machine take its time from the network (chrony, w32tm)."
    for region, instance, earliest, newest in rows:
        # A blob goes up after its segment was sealed, and seldom a minute after.
        if earliest < -SKEW:
            ahead = round(-earliest.total_seconds())
            yield Finding(
                region,
                f"instance {instance} sealed a segment {ahead} s after the store had its blob: its "
                "clock is ahead of the store's",
                cure,
            )
        elif newest - patient.now > SKEW:
            ahead = round((newest - patient.now).total_seconds())
            yield Finding(
                region, f"instance {instance} is {ahead} s ahead of this machine's clock", cure
            )


def open_hours(patient: Patient) -> Iterator[Finding]:
    """Instances that went away and left an hour open."""
    # The hour behind this one may still be on its way.
    for unclosed in unclosed_hours(patient.evidence.warehouse, patient.now - timedelta(hours=2)):
        region, instance, hour, _ = unclosed
        yield Finding(
            region,
            f"instance {instance} has not closed the hour {hour}",
            "Start its collector on its spool again, or bring what it left to the store with "
            "`mainstem spool drain`. A spool that is lost leaves the hour open for good.",
        )


def without_entry(patient: Patient) -> Iterator[Finding]:
    """Blobs of ours that no entry commits to, a day after they were written."""
    found: dict[tuple[str, str], list[str]] = {}
    for region, container, name in patient.evidence.without_entry(orphans=True):
        found.setdefault((region, container), []).append(name)
    for (region, container), names in found.items():
        count, first = len(names), min(names)
        yield Finding(
            region,
            f"{count:,} blobs in {container} have no ledger entry and are never loaded, the first "
            f"is {first}",
            "The collector's spool was lost between blob and entry, or somebody put them there. "
            "What they hold may be read with `mainstem logs` or `traces` no more; move them away.",
        )


def nobody_loads(patient: Patient) -> Iterator[Finding]:
    """Blobs of other exporters in containers that no route loads."""
    rows = patient.evidence.warehouse.query(
        """
        SELECT blobs.region, container, count(*) FROM blobs
        JOIN routes ON routes.region = blobs.region AND routes.signal = blobs.container
        WHERE NOT ours AND store = 'region' AND NOT loaded
        GROUP BY ALL ORDER BY ALL
        """
    )
    for region, container, count in rows:
        yield Finding(
            region,
            f"{count:,} blobs of another exporter in {container} are loaded by nobody: the route "
            f"of {container} is `none`",
            f"Set regions.{region}.routes.{container} to `replicate`, or let it be if they are to "
            "stay there.",
        )


def late_copies(patient: Patient) -> Iterator[Finding]:
    """Blobs that have to travel and have not, for a day."""
    rows = patient.evidence.warehouse.query(
        """
        SELECT entry.region, entry.signal, count(*), min(entry."at") FROM entries AS entry
        JOIN routes ON routes.region = entry.region AND routes.signal = entry.signal
        JOIN blobs AS here ON here.region = entry.region AND here.store = 'region'
            AND here.name = entry.blob
        WHERE entry.kind = 'segment' AND routes.loaded AND NOT routes.at_home
            AND entry.class = entry.signal AND entry."at" < $1
            AND NOT EXISTS (
                FROM stays WHERE stays.region = entry.region AND stays.name = entry.blob
            )
            AND NOT EXISTS (
                FROM blobs AS there WHERE there.region = entry.region
                    AND there.store = 'centre' AND there.name = entry.blob
            )
            AND entry.segment NOT IN (
                SELECT segment FROM bronze.load_blobs
                WHERE region = entry.region AND segment IS NOT NULL
            )
        GROUP BY ALL ORDER BY ALL
        """,
        (patient.now - WAITS,),
    )
    for region, signal, count, oldest in rows:
        yield Finding(
            region,
            f"{count:,} blobs of {signal} have not travelled, the oldest since "
            f"{oldest:%Y-%m-%d %H:%M} UTC",
            "Run `mainstem replicate`, and let a scheduler call `mainstem run` daily.",
        )


def gone_before_load(patient: Patient) -> Iterator[Finding]:
    """Blobs of what is loaded that are gone, and that no load has taken."""
    rows = patient.evidence.warehouse.query(
        """
        SELECT entry.region, entry.signal, count(*), sum(entry.stored)::BIGINT, max(entry."at")
        FROM entries AS entry
        JOIN routes ON routes.region = entry.region AND routes.signal = entry.signal
        WHERE entry.kind = 'segment' AND routes.loaded AND entry.class = entry.signal
            AND entry.blob IS NOT NULL AND entry.forward_to IS NULL
            -- What went long ago was told then.
            AND entry."at" > $1::TIMESTAMP - to_days(routes.days + routes.grace_days + 7)
            AND NOT EXISTS (
                FROM stays WHERE stays.region = entry.region AND stays.name = entry.blob
            )
            AND NOT EXISTS (
                FROM blobs WHERE blobs.region = entry.region AND blobs.name = entry.blob
            )
            AND entry.segment NOT IN (
                SELECT segment FROM bronze.load_blobs
                WHERE region = entry.region AND segment IS NOT NULL
            )
        GROUP BY ALL ORDER BY ALL
        """,
        (patient.now,),
    )
    for region, signal, count, records, newest in rows:
        if region not in patient.evidence.unread:
            yield Finding(
                region,
                f"{count:,} blobs of {signal} ({records:,} records) are gone, the newest of "
                f"{newest:%Y-%m-%d}, and no load has taken them",
                "Load daily, and keep blobs longer than the longest time without a load; "
                "`mainstem doctor --lifecycle` holds an account's own rules against it.",
            )


def late_loads(patient: Patient) -> Iterator[Finding]:
    """Tell whether nothing was loaded for two days."""
    last = patient.evidence.warehouse.value("SELECT max(finished_at) FROM bronze.loads")
    if last is None or patient.now - last > LOADS:
        when = "never" if last is None else f"last at {last:%Y-%m-%d %H:%M} UTC"
        yield Finding(
            "warehouse",
            f"a load came to its end {when}",
            "Let a scheduler call `mainstem run` daily: what retention removes before a load is "
            "lost to the warehouse.",
        )
