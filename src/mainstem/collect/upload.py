"""From the outbox to the store, in the chain's order: lines, blob, entry, and only then confirmed.

The entry is the commit point, so it comes last. Every write is a conditional create under a name
that the segment's identity determines: a crash between any two steps repeats the same bytes under
the same names.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from mainstem._core import SpoolError, protobuf_blob
from mainstem.collect.blob_memory import BlobMemory
from mainstem.collect.stores import container_of
from mainstem.errors import MainstemError
from mainstem.records import LedgerEntry, Signal
from mainstem.store.errors import ContainerMissing, ContentConflict
from mainstem.store.names import (
    LEDGER,
    converted_name,
    lines_name,
    without_segment_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstem._core import DataPlane, OutboxItem
    from mainstem.collect.heads import HeadSigner
    from mainstem.collect.health import Exports
    from mainstem.collect.stores import Stores, Target

log = structlog.get_logger("upload")

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
WAIT_S = 0.2


@dataclass
class Uploaded:
    """What went to the stores, and what did not go well; records by exporter and signal."""

    records: Counter[tuple[str, Signal]] = field(default_factory=Counter)
    failed_records: Counter[tuple[str, Signal]] = field(default_factory=Counter)
    blobs: int = 0
    bytes: int = 0
    entries: int = 0
    conflicts: int = 0


class Uploader:
    """One thread that empties the outbox; one segment's bytes are in memory at a time.

    An entry that cannot go up for a reason that time does not mend is held: an alarm, and what
    follows it goes up meanwhile. Entries are confirmed in their order all the same, so that the
    spool keeps the held one and all behind it.

    An error that nobody thought of ends the thread and calls `on_death` from it.
    """

    def __init__(
        self,
        outbox: DataPlane,
        stores: Stores,
        exports: Exports,
        on_death: Callable[[], None] | None = None,
        region: str | None = None,
        *,
        signer: HeadSigner | None = None,
    ) -> None:
        """Empty the outbox of a data plane; at the centre, that of one region.

        Without a signer no head is written, as nothing did before heads were signed.
        """
        self.uploaded = Uploaded()
        self.region = region
        self._outbox = outbox
        self._stores = stores
        self._exports = exports
        self._signer = signer
        self._on_death = on_death
        self._stop = threading.Event()
        self._idle = threading.Event()
        self._died = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upload", daemon=True)
        self._memory = BlobMemory()
        self._held: int | None = None
        self._ahead = 0
        self._held_until = 0.0

    def use(self, stores: Stores) -> None:
        """Write to the same stores with these credentials from now on."""
        self._stores = stores

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def dead(self) -> bool:
        """Whether an unexpected error has ended it."""
        return self._died.is_set()

    def drained(self, timeout: float) -> bool:
        """Wait until nothing is left that can go up; False where that does not come in time."""
        deadline = time.monotonic() + timeout
        # The first answer may be that of a question from before the call.
        for _ in range(2):
            self._idle.clear()
            if self.dead or not self._idle.wait(max(0.0, deadline - time.monotonic())):
                return False
        return True

    def stop(self, timeout: float) -> bool:
        """End after the write that is under way; False where it does not end in time."""
        self._stop.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._empty()
        finally:
            if not self._stop.is_set():
                self._died.set()
                if self._on_death is not None:
                    self._on_death()

    def _empty(self) -> None:
        pause = FIRST_PAUSE_S
        while not self._stop.is_set():
            try:
                item = self._next()
                done = item is None or self._try(item)
            except SpoolError as error:
                log.critical("the spool cannot be read or written", reason=str(error))
                self._stop.wait(LONGEST_PAUSE_S)
                continue
            if item is None:
                self._memory.rest()
                self._idle.set()
            elif done:
                pause = FIRST_PAUSE_S
            else:
                # Full jitter: collectors of one region that failed together do not return together.
                self._stop.wait(random.uniform(0, pause))  # noqa: S311
                pause = min(2 * pause, LONGEST_PAUSE_S)

    def _next(self) -> OutboxItem | None:
        if self._held is None or time.monotonic() >= self._held_until:
            return self._outbox.next_outbox(WAIT_S, region=self.region)
        return self._outbox.next_outbox(WAIT_S, after=self._ahead, region=self.region)

    def _try(self, item: OutboxItem) -> bool:
        """Upload an entry with its blob; False where it is to be tried again after a pause."""
        begun = time.monotonic()
        try:
            self._put(item)
        except (ContentConflict, SpoolError) as error:
            self._hold(item, error)
            return True
        except (MainstemError, OSError) as error:
            self._failed(item, error)
            return False
        self._exports.succeeded()
        seconds = round(time.monotonic() - begun, 3)
        log.debug("uploaded", kind=item.kind, seq=item.seq, blob=item.blob_name, seconds=seconds)
        if self._held is not None and item.seq > self._held:
            self._ahead = item.seq
            return True
        self._outbox.confirm(item.seq, region=self.region)
        self._stores.forget(item.seq)
        self._count(LedgerEntry.parse(item.entry))
        self._held = None
        return True

    def _put(self, item: OutboxItem) -> None:
        ledger = self._stores.ledger.container(container_of(LEDGER, self.region))
        entry = LedgerEntry.parse(item.entry)
        target = self._stores.of(entry.container_class)
        try:
            if item.lines is not None:
                ledger.create(lines_name(item.entry_name), item.lines)
            if item.container is not None and item.blob_name is not None:
                self._put_blob(item, entry, target)
            ledger.create(item.entry_name, item.entry)
            if self._signer is not None:
                self._signer.sign(entry, ledger)
        except ContainerMissing:
            # Deleted under our hands: made again, and the item's next turn finds it.
            self._stores.ledger.ensure_container(container_of(LEDGER, self.region))
            if item.container is not None:
                target.account.ensure_container(item.container)
            raise

    def _put_blob(self, item: OutboxItem, entry: LedgerEntry, target: Target) -> None:
        container, name = str(item.container), str(item.blob_name)
        if target.appender is not None:
            target.appender.put(item.seq, container, without_segment_id(name), item.pieces())
            return
        if target.protobuf is not None and entry.signal is not None:
            message = protobuf_blob(item.pieces(), entry.signal.value, target.protobuf)
            target.account.container(container).create(converted_name(name), message)
            return
        with self._memory.holding(item) as blob:
            target.account.container(container).create(name, [blob], item.sha256)

    def _hold(self, item: OutboxItem, error: ContentConflict | SpoolError) -> None:
        first = self._held is None or item.seq > self._held
        if self._held is None:
            self._held = item.seq
        self._ahead = max(self._ahead, item.seq)
        self._held_until = time.monotonic() + LONGEST_PAUSE_S
        if first:
            self.uploaded.conflicts += 1
            log.critical(
                "an entry cannot go up and is kept here; what follows it goes up meanwhile",
                seq=item.seq,
                kind=item.kind,
                reason=error.message if isinstance(error, ContentConflict) else str(error),
                hint=error.hint if isinstance(error, ContentConflict) else None,
            )

    def _failed(self, item: OutboxItem, error: MainstemError | OSError) -> None:
        reason = error.message if isinstance(error, MainstemError) else str(error)
        self._exports.failed(reason)
        entry = LedgerEntry.parse(item.entry)
        if entry.signal is not None:
            exporter = self._stores.of(entry.container_class).exporter
            self.uploaded.failed_records[exporter, entry.signal] += entry.counts.stored
        log.warning(
            "upload failed, it will be tried again",
            seq=item.seq,
            kind=item.kind,
            reason=reason,
            hint=getattr(error, "hint", None),
        )

    def _count(self, entry: LedgerEntry) -> None:
        self.uploaded.entries += 1
        if entry.signal is not None:
            exporter = self._stores.of(entry.container_class).exporter
            self.uploaded.records[exporter, entry.signal] += entry.counts.stored
        if entry.blob is not None:
            self.uploaded.blobs += 1
            self.uploaded.bytes += entry.blob.bytes
