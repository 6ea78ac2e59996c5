"""The stores that a collector's blobs and its ledger go to: an exporter's, or the region's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mainstem.config.collector import Destination
from mainstem.errors import UsageError
from mainstem.store.account import Account
from mainstem.store.azure import AzureAccount
from mainstem.store.entra import Identity, SignIn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mainstem.collect.classes import SegmentClass
    from mainstem.collect.site import Site


def resolved(destination: Destination | None, site: Site) -> Destination:
    """Give an exporter's own address, else the store of the region; UsageError without both."""
    if destination is not None and destination.address is not None:
        return destination
    if site.store is None:
        raise UsageError(
            "the blob exporter has no url, and no platform file names a store",
            hint="Give the exporter a url (file:./stores/euc), or --platform and --region.",
        )
    return Destination(site.store, f"the store of {site.region}")


def ledger_destination(classes: Sequence[SegmentClass], site: Site) -> Destination:
    """Choose the one store of the ledger: the region's where anything goes there, else the first.

    Where nothing is stored but the ledger of what was sent on, that is the region's store, or a
    folder beside the spool.
    """
    stores = [made.destination for made in classes if made.destination is not None]
    if site.store is not None:
        regions = resolved(None, site)
        if not stores or label_of(regions, site) in {label_of(store, site) for store in stores}:
            return regions
    if stores:
        main = [made.destination for made in classes if made.destination and made.is_main]
        return (main or stores)[0]
    folder = site.spool.with_name(f"{site.spool.name}-ledger")
    return Destination(f"file:{folder}", f"file:{folder}")


def open_account(destination: Destination, site: Site) -> Account:
    """Open a destination; nothing is asked of the store yet."""
    address = destination.address or ""
    if destination.sign_in is not None:
        identity = Identity(SignIn(destination.sign_in), **destination.credentials)
        return Account.azure(AzureAccount.from_url(address, identity))
    return Account.open(address, site.base)


def label_of(destination: Destination, site: Site) -> str:
    """Tell which store a destination is: equal for equal stores, whoever signs in."""
    return open_account(destination, site).label


def elsewhere(classes: Sequence[SegmentClass], site: Site) -> list[str]:
    """Warn of what is read from the region's store and goes to another one."""
    if site.store is None:
        return []
    read = label_of(resolved(None, site), site)
    written = {
        label_of(made.destination, site)
        for made in classes
        if made.is_main and made.destination is not None
    }
    return [
        f"blobs go to {label}, and the platform file names {read} for {site.region}: "
        "replicate and load look there"
        for label in sorted(written - {read})
    ]
