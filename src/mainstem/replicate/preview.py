"""What a replication would copy, told by the ledger and by listings; nothing is copied."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mainstem.errors import MainstemError
from mainstem.replicate.centre import Centre, travelling
from mainstem.replicate.ledger import read_state
from mainstem.replicate.plan import missing_past, new_foreign_blobs, routed, travels
from mainstem.store import LEDGER, Account, new_places, read_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mainstem.config.platform import Platform, Region
    from mainstem.config.routes import Replicator
    from mainstem.records import LedgerEntry, Signal


@dataclass(frozen=True)
class Travelling:
    """What would leave a region: `bytes` are those that cross its border, as a cloud bills them.

    `foreign` of the blobs were written by another exporter.
    """

    region: str
    signal: Signal
    blobs: int
    bytes: int
    foreign: int
    by: Replicator


@dataclass
class Preview:
    """What would travel, and the regions that could not be looked at."""

    travelling: list[Travelling] = field(default_factory=list)
    failed: dict[str, MainstemError] = field(default_factory=dict)


def preview_replication(
    platform: Platform, *, past: bool = False, progress: Callable[[str], None] = lambda _: None
) -> Preview:
    """Tell what a run would copy now, with `past` also what a route that was opened later left."""
    result = Preview()
    for region, source, centre in travelling(platform):
        progress(f"{region.name}: reading the ledger")
        try:
            result.travelling += _region(region, source, centre, past=past)
        except MainstemError as error:
            result.failed[region.name] = error
    return result


def _region(region: Region, source: Account, centre: Centre, *, past: bool) -> Iterator[Travelling]:
    state = read_state(centre.steps, region.name)
    ledger = source.container(LEDGER)
    new = read_entries(ledger, new_places(ledger, state.marks, state.beyond.keys())).entries
    going = {entry.segment: entry for entry in new if travels(region, entry)}
    if past:
        going |= {entry.segment: entry for entry in missing_past(region, source, centre)}
    for signal in routed(region):
        own = [entry for entry in going.values() if entry.signal is signal]
        sources = {signal.value} | state.containers.get(signal, set()) | set(_containers(own))
        foreign = new_foreign_blobs(
            region,
            signal,
            [source.container(name) for name in sorted(sources)],
            centre.blobs(signal),
            past=past,
        )
        size = sum(entry.blob.bytes for entry in own if entry.blob is not None)
        size += sum(blob.bytes for blob in foreign)
        if own or foreign:
            blobs, by = len(own) + len(foreign), region.routes[signal].by
            yield Travelling(region.name, signal, blobs, size, len(foreign), by)


def _containers(entries: list[LedgerEntry]) -> Iterator[str]:
    return (entry.blob.container for entry in entries if entry.blob is not None)
