"""What a replication would copy, told by the ledger and by listings; nothing is copied."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mainstem.errors import MainstemError
from mainstem.replicate.ledger import CONTAINER, read_state
from mainstem.replicate.plan import missing_past, new_foreign_blobs, routed, travelling, travels
from mainstem.store import LEDGER, Account, central_container, new_places, read_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mainstem.config.platform import Platform, Region
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


def _region(
    region: Region, source: Account, centre: Account, *, past: bool
) -> Iterator[Travelling]:
    state = read_state(centre.container(CONTAINER), region.name)
    ledger = source.container(LEDGER)
    new = read_entries(ledger, new_places(ledger, state.marks, state.beyond.keys())).entries
    going = {entry.segment: entry for entry in new if travels(region, entry)}
    if past:
        going |= {entry.segment: entry for entry in missing_past(region, source, centre)}
    for signal in routed(region):
        own = [entry for entry in going.values() if entry.signal is signal]
        sources = {signal.value} | state.containers.get(signal, set()) | set(_containers(own))
        target = centre.container(central_container(region.name, signal.value))
        sizes = {
            (name, info.name): info.bytes
            for name in sorted(sources)
            for info in source.container(name).list()
        }
        foreign = new_foreign_blobs(
            signal, [source.container(name) for name in sorted(sources)], target
        )
        size = sum(entry.blob.bytes for entry in own if entry.blob is not None)
        size += sum(sizes.get((blob.container, blob.name), 0) for blob in foreign)
        if own or foreign:
            yield Travelling(region.name, signal, len(own) + len(foreign), size, len(foreign))


def _containers(entries: list[LedgerEntry]) -> Iterator[str]:
    return (entry.blob.container for entry in entries if entry.blob is not None)
