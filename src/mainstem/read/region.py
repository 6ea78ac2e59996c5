"""One region's telemetry, as a person reads it: asked once, or followed as it comes in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mainstem.collect.attempt import attempt
from mainstem.collect.site import collector_of, site_of
from mainstem.errors import UsageError
from mainstem.read.journal import note_read
from mainstem.read.places import Places, Position, places
from mainstem.read.scan import Scan, Scanner
from mainstem.store import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mainstem.config.platform import Platform
    from mainstem.read.filters import Filter

MOST_AT_ONCE = 1000
"""Records of one round that `follow` gives; of a flood the latest, and `Scan.more` says so."""

AHEAD = timedelta(hours=1)
"""How far in the future a record that is followed may lie: the clocks of senders run ahead."""


@dataclass(frozen=True)
class Found:
    """What was found, and among which blobs."""

    scan: Scan
    places: Places


class RegionReader:
    """Reads a region's own store, and writes down there who does; one thread at a time."""

    def __init__(self, platform: Platform, name: str) -> None:
        """Open a region's store; UsageError where the platform file knows none."""
        self._site = site_of(platform, name)
        if self._site.store is None:
            raise UsageError(f"the platform file names no store for {name}")
        self._platform = platform
        self.account = Account.open(self._site.store, platform.directory)

    def find(
        self, wanted: Filter, limit: int, progress: Callable[[str], None] = lambda _: None
    ) -> Found:
        """Find the latest records that a filter wants; the read is written down first."""
        self._note(wanted)
        progress("reading the ledger")
        among = places(self.account, wanted)
        return Found(self._scan(wanted, among, limit, progress), among)

    def follow(self, wanted: Filter, wait: Callable[[], bool]) -> Iterator[Found]:
        """Find what is there, and what has come up since after each `wait`, until that says no.

        What is given is the records of blobs that were not read before; the end of the time wanted
        moves on with the clock.
        """
        self._note(wanted)
        seen: set[tuple[str, str]] = set()
        position = Position()
        going = True
        while going:
            now_wanted = replace(wanted, until=datetime.now(UTC) + AHEAD)
            among = places(self.account, now_wanted, position)
            among.blobs = [
                place for place in among.blobs if (place.container, place.name) not in seen
            ]
            seen |= {(place.container, place.name) for place in among.blobs}
            yield Found(self._scan(now_wanted, among, MOST_AT_ONCE), among)
            going = wait()

    def _scan(
        self,
        wanted: Filter,
        among: Places,
        limit: int,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Scan:
        scanner = Scanner(self.account, self._site.region, self._site.environment, wanted)
        return scanner.scan(among.blobs, limit, progress)

    def _note(self, wanted: Filter) -> None:
        asked = wanted.described()
        if wanted.text is not None:
            # Somebody's address may be what is looked for, and this is written to a store.
            config = collector_of(None, self._platform, self._site.region)
            asked["text"] = attempt(wanted.text, config, self._site).stored.rstrip("\n")
        note_read(self.account, self._site.region, asked, wanted)
