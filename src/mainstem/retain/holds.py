"""Legal holds: blobs that stay whatever their age, while a hold in the platform file fits them.

A blob holds many tenants' records. Which ones, its index tells, and where it cannot tell, the blob
stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from mainstem import _core
from mainstem.errors import MainstemError
from mainstem.store import INDEX, Account, index_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mainstem.config.platform import Hold, Platform, Region


@dataclass(frozen=True)
class HeldCandidate:
    """A blob that would go; times of its records are UTC without a zone, None where not known.

    `container` and `name` are those in the region's own account.
    """

    container: str
    name: str
    first: datetime | None
    last: datetime | None


class Holds:
    """The holds of one region."""

    def __init__(self, platform: Platform, region: Region) -> None:
        self._holds: Sequence[Hold] = [
            hold for hold in platform.holds if not hold.regions or region.name in hold.regions
        ]
        self._account = region.store and Account.open(region.store, platform.directory)

    def on(self, blob: HeldCandidate) -> str | None:
        """Name the hold that keeps a blob, if one does."""
        return next((hold.name for hold in self._holds if self._fits(hold, blob)), None)

    def _fits(self, hold: Hold, blob: HeldCandidate) -> bool:
        if hold.blobs and blob.name not in hold.blobs:
            return False
        if hold.since and blob.last and blob.last < _plain(hold.since):
            return False
        if hold.until and blob.first and blob.first >= _plain(hold.until):
            return False
        return not hold.tenants or self._may_hold(blob, hold.tenants)

    def _may_hold(self, blob: HeldCandidate, tenants: Sequence[str]) -> bool:
        if not self._account:
            return True
        try:
            name = index_name(blob.container, blob.name)
            index = self._account.container(INDEX).read(name)
        except MainstemError:
            # Without an index, or an answer, there is no reason to let it go.
            return True
        return any(_core.index_may_hold(index, tenant=tenant) for tenant in tenants)


def _plain(at: datetime) -> datetime:
    """Give a time in UTC without a zone, as the ledger's are."""
    return at.astimezone(UTC).replace(tzinfo=None)
