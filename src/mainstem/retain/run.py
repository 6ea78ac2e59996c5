"""Removing: a step is recorded first, then its blobs go; the next run finishes one that died.

What is gone already counts as removed, so that two runs at once do no harm.
"""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mainstem.errors import MainstemError
from mainstem.store import (
    INDEX,
    READS,
    RETENTION,
    Cleared,
    ObjectMissing,
    index_name,
    write_removal,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mainstem.retain.plan import Going, Plan, StorePlan
    from mainstem.store import Removal

STEP_BLOBS = 500
REMOVERS = 8


@dataclass
class Retained:
    """What a run removed, in objects, by (region, store); what it left alone, and what failed."""

    blobs: dict[tuple[str, str], int] = field(default_factory=dict)
    ledger: dict[tuple[str, str], int] = field(default_factory=dict)
    reads: dict[tuple[str, str], int] = field(default_factory=dict)
    failed: dict[str, MainstemError] = field(default_factory=dict)


def retain(
    plan: Plan, *, insist: bool = False, progress: Callable[[str], None] = lambda _: None
) -> Retained:
    """Do what a plan says, except in stores about which it has doubts, unless `insist`.

    A store that cannot be written to does not hold up the others.
    """
    result = Retained()
    for store in plan.stores:
        if store.region in result.failed or (store.stops and not insist):
            continue
        try:
            _empty(store, result, progress)
        except MainstemError as error:
            result.failed[store.region] = error
    return result


def _empty(store: StorePlan, result: Retained, progress: Callable[[str], None]) -> None:
    key = store.region, store.store
    if not store.blobs and not store.ledger and not store.reads:
        return
    store.account.ensure_container(RETENTION)
    with ThreadPoolExecutor(REMOVERS) as removers:
        for start in range(0, len(store.blobs), STEP_BLOBS):
            step = store.blobs[start : start + STEP_BLOBS]
            _record(store, step)
            gone = removers.map(lambda going: _remove(store, going.removal), step)
            result.blobs[key] = result.blobs.get(key, 0) + sum(gone)
            progress(f"{store.region}: removed {start + len(step)} of {len(store.blobs)} blobs")
        if store.ledger or store.reads:
            _write(store, [], store.cleared)
        if store.ledger:
            ledger = store.account.container(store.ledger_container)
            result.ledger[key] = sum(removers.map(ledger.remove, store.ledger))
        if store.reads:
            reads = store.account.container(READS)
            result.reads[key] = sum(removers.map(reads.remove, store.reads))


def _remove(store: StorePlan, removal: Removal) -> bool:
    """Delete a blob, and before it what an index tells of its content."""
    if store.at_region:
        index = index_name(removal.container, removal.name)
        store.account.container(INDEX).remove(index)
    return store.account.container(removal.container).remove(removal.name)


def _record(store: StorePlan, step: Sequence[Going]) -> None:
    removals = [_hashed(store, going.removal) for going in step if not going.recorded]
    if there := [removal for removal in removals if removal.sha256]:
        _write(store, there, Cleared())


def _hashed(store: StorePlan, removal: Removal) -> Removal:
    """Complete a removal whose content nobody has told yet; without a hash if it is gone."""
    if removal.sha256:
        return removal
    try:
        data = store.account.container(removal.container).read(removal.name)
    except ObjectMissing:
        return removal
    return replace(removal, sha256=hashlib.sha256(data).hexdigest())


def _write(store: StorePlan, removals: Sequence[Removal], ledger: Cleared) -> None:
    write_removal(
        store.account.container(RETENTION),
        store.region,
        removals,
        ledger,
        at_unix_nano=time.time_ns(),
    )
