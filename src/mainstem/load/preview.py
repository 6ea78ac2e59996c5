"""What a load would take, told by the ledger and by listings; nothing is read or written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mainstem.errors import MainstemError
from mainstem.load.choice import ALL_NEW
from mainstem.load.ledger import take_ledger
from mainstem.load.plan import changed_blobs, origins, own_blobs
from mainstem.load.sources import changed_sources
from mainstem.warehouse import copy_books

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstem.config.platform import Platform
    from mainstem.load.choice import Choice
    from mainstem.load.plan import Origin
    from mainstem.warehouse import Warehouse

_DECIDE = ("ledger", "load_blobs", "removed", "quarantine_decisions", "source_files")
"""The tables that decide what is new."""


@dataclass(frozen=True)
class Waiting:
    """What a load would take of one region's signal.

    `records` are those of our blobs, as their entries say; foreign blobs tell theirs only when they
    are read. `awaited` blobs have an entry and are not there (yet).
    """

    region: str
    signal: str
    blobs: int
    bytes: int
    records: int
    foreign: int
    awaited: int


@dataclass
class Preview:
    """What a load would take, and the regions that could not be looked at."""

    waiting: list[Waiting] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    """The business tables whose extracts are not known to be the loaded ones."""
    problems: list[str] = field(default_factory=list)
    failed: dict[str, MainstemError] = field(default_factory=dict)


def preview_load(
    platform: Platform,
    progress: Callable[[str], None] = lambda _: None,
    choice: Choice = ALL_NEW,
) -> Preview:
    """Tell what a load would take now; the warehouse is only read, and not for long."""
    result = Preview()
    with copy_books(platform, _DECIDE) as warehouse:
        for extract in changed_sources(warehouse, platform.sources):
            result.sources.append(f"sources.{extract.table.name}")
        for region in () if choice.business else platform.regions:
            progress(f"{region}: reading the ledger")
            try:
                take_ledger(warehouse, platform, region, 0, result.problems)
            except MainstemError as error:
                result.failed[region] = error
        for origin in () if choice.business else origins(platform):
            name = origin.region.name
            if name in result.failed:
                continue
            progress(f"{name} {origin.signal}: listing")
            try:
                waiting = _waiting(warehouse, origin, choice)
            except MainstemError as error:
                result.failed[name] = error
            else:
                if waiting.blobs or waiting.foreign or waiting.awaited:
                    result.waiting.append(waiting)
    return result


def _waiting(warehouse: Warehouse, origin: Origin, choice: Choice) -> Waiting:
    own = own_blobs(warehouse, origin, choice)
    foreign = changed_blobs(warehouse, origin, choice).foreign
    containers = {blob.container for blob in own} | {blob.container for blob in foreign}
    sizes = {
        (name, info.name): info.bytes for name in containers for info in origin.holding(name).list()
    }
    there = [blob for blob in own if (blob.container, blob.name) in sizes]
    names = [(blob.container, blob.name) for blob in there]
    names += [(blob.container, blob.name) for blob in foreign]
    return Waiting(
        origin.region.name,
        origin.signal.value,
        blobs=len(there) + len(foreign),
        bytes=sum(sizes.get(name, 0) for name in names),
        records=sum(blob.stored for blob in there),
        foreign=len(foreign),
        awaited=len(own) - len(there),
    )
