"""Checks of what a region's collector needs on this machine: key, spool, disk, configuration."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mainstem.collect.check import check
from mainstem.collect.site import collector_of, site_of
from mainstem.collect.spool import Place, list_spool
from mainstem.config.platform import Durability
from mainstem.doctor.finding import Finding
from mainstem.errors import ConfigError, MainstemError, UsageError
from mainstem.privacy import load_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mainstem.collect.site import Site
    from mainstem.doctor.finding import Patient

KEY_AGE = timedelta(days=400)
ROOM_BYTES = 256 << 20
"""Eight segments: less is used up by a store that is away for some minutes."""
WAITS_S = 3600.0


def configurations(patient: Patient) -> Iterator[Finding]:
    """Collector configurations that would not start, or with something to be said of them."""
    for region, site in _sites(patient):
        try:
            report = check(collector_of(None, patient.platform, region), site)
        except ConfigError as error:
            for problem in error.problems:
                yield Finding(region, str(problem), "Mend it; `mainstem config check` says when.")
        except MainstemError as error:
            yield Finding(region, error.message, error.hint or "")
        else:
            for warning in report.warnings:
                yield Finding(region, warning, "docs/collector.md says what each means.")


def keys(patient: Patient) -> Iterator[Finding]:
    """Keys that are damaged, open to others, or old."""
    for region, site in _sites(patient):
        if not site.key.exists():
            if (site.spool / "instance.json").exists():
                yield Finding(
                    region,
                    f"its spool has been used and its key {site.key} is gone",
                    "Bring the key back from where it is kept; its collector does not start.",
                )
            continue
        try:
            key = load_key(site.key)
        except MainstemError as error:
            yield Finding(region, error.message, error.hint or "")
            continue
        made = datetime.fromtimestamp(site.key.stat().st_mtime, UTC)
        age = datetime.now(UTC) - made
        if age > KEY_AGE:
            yield Finding(
                region,
                f"key {key.id} in {site.key} is {age.days} days old",
                "Rotate it: a key that is stolen tells nothing of what came before or after it.",
            )


def spools(patient: Patient) -> Iterator[Finding]:
    """Spools with little room, or with segments that have waited for long."""
    for region, site in _sites(patient):
        if not (site.spool / "instance.json").exists():
            continue
        room = shutil.disk_usage(site.spool).free
        if room < ROOM_BYTES:
            yield Finding(
                region,
                f"{room >> 20:,} MiB are left on the disk of {site.spool}",
                "Make room: a full disk refuses senders.",
            )
        try:
            waiting = [held for held in list_spool(site.spool) if held.place is Place.WAITING]
        except UsageError as error:
            yield Finding(region, error.message, error.hint or "")
            continue
        now_ns = int(datetime.now(UTC).timestamp() * 1e9)
        oldest = max((held.age_s(now_ns) for held in waiting), default=0.0)
        if oldest > WAITS_S:
            yield Finding(
                region,
                f"{len(waiting):,} entries wait in {site.spool}, the oldest for "
                f"{oldest / 3600:.1f} hours",
                "Start its collector, or `mainstem spool drain` without one; if one runs, its log "
                "says why the store refuses.",
            )


def durability(patient: Patient) -> Iterator[Finding]:
    """Regions that may lose what they acknowledged."""
    for region, site in _sites(patient):
        if site.durability is Durability.MEMORY and patient.platform.environment == "prod":
            yield Finding(
                region,
                "durability is `memory`: a crash of the machine loses what was acknowledged",
                "Take `disk`, or `store` where the disk does not last.",
            )


def _sites(patient: Patient) -> Iterator[tuple[str, Site]]:
    for name in patient.platform.regions:
        if name not in patient.evidence.isolated:
            yield name, site_of(patient.platform, name)
