"""What of all that could be loaded one load is to take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from mainstem.load.plan import ListedBlob, OwnBlob


@dataclass(frozen=True)
class Choice:
    """Which blobs a load takes; what it leaves, the next one finds. Without any bound, all new.

    Times are of receipt: of our blobs, when their segment was sealed; of foreign ones, when the
    store says that they were last written.
    """

    since: datetime | None = None
    """Not those received before; with a time zone."""
    blobs: frozenset[str] = frozenset()
    """Only those of these names, if any is given."""
    regions: frozenset[str] = frozenset()
    """Only those of these regions, if any is given."""
    replay: date | None = None
    """Those received on this UTC day, also if they were loaded, in place of what they gave."""
    business: bool = False
    """No blobs at all, and business extracts alone."""
    as_of: datetime | None = None
    """The moment of the business extracts that changed, with a time zone; their own if none."""

    def takes(self, blob: OwnBlob | ListedBlob) -> bool:
        """Tell whether a blob is one of those to take."""
        at = blob.received_at.replace(tzinfo=UTC)
        if self.since is not None and at < self.since:
            return False
        if self.regions and blob.origin.region.name not in self.regions:
            return False
        if self.blobs and blob.name not in self.blobs:
            return False
        return self.replay is None or at.date() == self.replay

    @property
    def extracts_as_of(self) -> datetime | None:
        """The moment of business extracts in UTC without a zone, as the warehouse has it."""
        return self.as_of and self.as_of.astimezone(UTC).replace(tzinfo=None)

    @property
    def replayed(self) -> tuple[datetime, datetime] | None:
        """The day to replay from its begin to the next one's, in UTC without a zone."""
        if self.replay is None:
            return None
        begin = datetime(self.replay.year, self.replay.month, self.replay.day)
        return begin, begin + timedelta(days=1)

    def unknown(self, seen: Iterable[str]) -> list[str]:
        """Name the wanted blobs that nothing was seen of."""
        return sorted(self.blobs - set(seen))


ALL_NEW = Choice()
