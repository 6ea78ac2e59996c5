"""The store that a collector's blobs go to: the exporter's, or the region's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mainstem.config.collector import Destination
from mainstem.errors import UsageError
from mainstem.store.account import Account
from mainstem.store.azure import AzureAccount
from mainstem.store.entra import Identity, SignIn

if TYPE_CHECKING:
    from mainstem.collect.site import Site
    from mainstem.config.collector import CollectorConfig


def destination_of(config: CollectorConfig, site: Site) -> Destination:
    """Choose the exporter's own address, else the store of the region; UsageError without both."""
    if config.destination.address is not None:
        return config.destination
    if site.store is None and not any(one.exporter for one in config.pipelines.values()):
        # Nothing is stored here but the ledger of what was sent on.
        folder = site.spool.with_name(f"{site.spool.name}-ledger")
        return Destination(f"file:{folder}", f"file:{folder}")
    if site.store is None:
        raise UsageError(
            f"{config.file}: the blob exporter has no url, and no platform file names a store",
            hint="Give the exporter a url (file:./stores/euc), or --platform and --region.",
        )
    return Destination(site.store, f"the store of {site.region}")


def open_account(destination: Destination, site: Site) -> Account:
    """Open a destination; nothing is asked of the store yet."""
    address = destination.address or ""
    if destination.sign_in is not None:
        identity = Identity(SignIn(destination.sign_in), **destination.credentials)
        return Account.azure(AzureAccount.from_url(address, identity))
    return Account.open(address, site.base)


def elsewhere(destination: Destination, site: Site) -> str | None:
    """Warn where the exporter writes to another store than the one that the region is read from."""
    if site.store is None:
        return None
    written = open_account(destination, site).label
    read = Account.open(site.store, site.base).label
    if written == read:
        return None
    return (
        f"blobs go to {written}, and the platform file names {read} for {site.region}: "
        "replicate and load look there"
    )
