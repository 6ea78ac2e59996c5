"""The same retention as lifecycle rules, for stores that have rules of their own.

A rule counts from when an object was written and knows nothing of loads: it has no grace, writes
no record, and a central copy stays longer by what it took to travel. It runs best effort, about
daily. It is a second pair of hands behind `mainstem retain`, or its substitute where nobody may run
anything. An account has one policy, so that all its regions stand in one document.

Azure: https://learn.microsoft.com/azure/storage/blobs/lifecycle-management-policy-structure
S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
Google: https://cloud.google.com/storage/docs/lifecycle
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from mainstem.records import Signal
from mainstem.retain.plan import LEDGER_DAYS
from mainstem.store import INDEX, LEDGER, READS, Account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mainstem.config.platform import Platform

VERSION_DAYS = 1
"""Overwritten and deleted versions go soon after, or they would stay for ever."""


class Kept(NamedTuple):
    """One prefix of an account, and the days that what is below it is kept."""

    name: str
    prefix: str
    days: int


@dataclass
class Lifecycle:
    """One account's document and the command that sets it; both None where it has no rules."""

    account: str
    document: dict[str, Any] | None = None
    command: str | None = None
    kept: list[Kept] = field(default_factory=list, repr=False)


def lifecycle_rules(platform: Platform) -> list[Lifecycle]:
    """Write the rules of every account that the platform file knows; nothing is asked of a store.

    A region's containers are those of the signals' own names; what its exporter names otherwise
    has to be added.
    """
    found: dict[str, Lifecycle] = {}
    for address, kept in _prefixes(platform):
        label = Account.open(address, platform.directory).label
        found.setdefault(label, Lifecycle(label)).kept.append(kept)
    for lifecycle in found.values():
        _write(lifecycle)
    return list(found.values())


def _prefixes(platform: Platform) -> Iterator[tuple[str, Kept]]:
    """Give each place with its address; a bucket's prefix is part of the place."""
    for region in platform.regions.values():
        if region.store is None:
            continue
        days = {signal.value: region.retention.days_of(signal) for signal in Signal}
        own = {
            **days,
            INDEX: max(days.values()),
            LEDGER: LEDGER_DAYS,
            READS: region.retention.reads_days,
        }
        places = [(region.store, name, name) for name in own]
        for signal in (*Signal, None):
            place = platform.loaded_from(region.name, signal) if signal else None
            place = platform.ledger_from(region.name) if signal is None else place
            if place is not None and platform.home != region.name:
                places.append((place[0], signal.value if signal else LEDGER, place[1]))
        for address, name, container in places:
            inside = urlsplit(address).path.strip("/") if _is_bucket(address) else ""
            kept = Kept(
                f"{region.name}-{name}",
                f"{inside}/{container}/" if inside else f"{container}/",
                own[name],
            )
            yield address, kept


def _is_bucket(address: str) -> bool:
    return address.startswith(("s3://", "gs://"))


def _write(lifecycle: Lifecycle) -> None:
    scheme, _, name = lifecycle.account.partition("://")
    match scheme:
        case "az":
            lifecycle.document = {"rules": [_azure_rule(kept) for kept in lifecycle.kept]}
            lifecycle.command = (
                f"az storage account management-policy create --account-name {name} "
                "--resource-group <its group> --policy @rule.json"
            )
        case "s3":
            rules = [rule for kept in lifecycle.kept for rule in _s3_rules(kept)]
            lifecycle.document = {"Rules": rules}
            lifecycle.command = (
                f"aws s3api put-bucket-lifecycle-configuration --bucket {name} "
                "--lifecycle-configuration file://rule.json"
            )
        case "gs":
            rules = [rule for kept in lifecycle.kept for rule in _google_rules(kept)]
            lifecycle.document = {"rule": rules}
            lifecycle.command = (
                f"gcloud storage buckets update gs://{name} --lifecycle-file=rule.json"
            )


def _azure_rule(kept: Kept) -> dict[str, Any]:
    return {
        "enabled": True,
        "name": f"mainstem-{kept.name}",
        "type": "Lifecycle",
        "definition": {
            "filters": {
                "blobTypes": ["blockBlob", "appendBlob"],
                "prefixMatch": [kept.prefix],
            },
            "actions": {
                "baseBlob": {"delete": {"daysAfterCreationGreaterThan": kept.days}},
                "snapshot": {"delete": {"daysAfterCreationGreaterThan": VERSION_DAYS}},
                "version": {"delete": {"daysAfterCreationGreaterThan": VERSION_DAYS}},
            },
        },
    }


def _s3_rules(kept: Kept) -> list[dict[str, Any]]:
    common = {"Status": "Enabled", "Filter": {"Prefix": kept.prefix}}
    return [
        {
            "ID": f"mainstem-{kept.name}",
            **common,
            "Expiration": {"Days": kept.days},
            "NoncurrentVersionExpiration": {"NoncurrentDays": VERSION_DAYS},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": VERSION_DAYS},
        },
        # S3 takes it in a rule without `Days` only.
        {
            "ID": f"mainstem-{kept.name}-markers",
            **common,
            "Expiration": {"ExpiredObjectDeleteMarker": True},
        },
    ]


def _google_rules(kept: Kept) -> list[dict[str, Any]]:
    return [
        {
            "action": {"type": "Delete"},
            "condition": {"age": kept.days, "matchesPrefix": [kept.prefix]},
        },
        {
            "action": {"type": "Delete"},
            "condition": {
                "daysSinceNoncurrentTime": VERSION_DAYS,
                "matchesPrefix": [kept.prefix],
            },
        },
    ]
