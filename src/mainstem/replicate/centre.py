"""A region's containers at the centre, whose signals may be in several central stores."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mainstem.records import Signal
from mainstem.replicate.ledger import CONTAINER
from mainstem.store import LEDGER, Account, central_container

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mainstem.config.platform import Platform, Region
    from mainstem.store import Container


@dataclass
class Centre:
    """The central containers of one region; each is made before the first object goes in."""

    region: Region
    account: Account
    """Where its ledger is, and what replication remembers."""
    by_signal: Mapping[Signal, Account]
    _made: set[str] = field(default_factory=set)

    @property
    def steps(self) -> Container:
        """Where replication writes down what it did."""
        return self.account.container(CONTAINER)

    @property
    def ledger(self) -> Container:
        """The region's ledger at the centre."""
        return self.account.container(central_container(self.region.name, LEDGER))

    def blobs(self, signal: Signal) -> Container:
        """Get the container of a signal's blobs at the centre."""
        return self.by_signal[signal].container(central_container(self.region.name, signal.value))

    def make_steps(self) -> None:
        """Make sure that there is a container for what replication remembers."""
        self._make(self.account, CONTAINER)

    def make_ledger(self) -> None:
        """Make sure that there is a container for the ledger."""
        self._make(self.account, self.ledger.name)

    def make_blobs(self, signal: Signal) -> None:
        """Make sure that there is a container for a signal."""
        self._make(self.by_signal[signal], self.blobs(signal).name)

    def _make(self, account: Account, name: str) -> None:
        if name not in self._made:
            account.ensure_container(name)
            self._made.add(name)


def travelling(platform: Platform) -> Iterator[tuple[Region, Account, Centre]]:
    """Give each region that has copies in the centre, with its account and its place there."""
    accounts: dict[str, Account] = {}

    def opened(address: str) -> Account:
        if address not in accounts:
            accounts[address] = Account.open(address, platform.directory)
        return accounts[address]

    for region in platform.regions.values():
        ledger = platform.centre_of(region.name)
        if region.store is None or ledger is None:
            continue
        by_signal = {
            signal: opened(platform.centre_of(region.name, signal) or ledger) for signal in Signal
        }
        yield region, opened(region.store), Centre(region, opened(ledger), by_signal)
