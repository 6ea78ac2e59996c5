"""How containers and objects are named (docs/formats.md)."""

from __future__ import annotations

import re
from typing import NamedTuple

LEDGER = "ledger"
"""The container of a region's ledger in its own account."""

RETENTION = "retention"
"""The container of an account in which retention records what it removed there."""

INDEX = "index"
"""The container of an account that holds the index of each blob that its collectors wrote."""

READS = "reads"
"""The container of an account that holds who read there in place, when, and what was asked."""

_DAY = re.compile(r"\d{4}/\d{2}/\d{2}")
_SEGMENT_ID = re.compile(r"_[0-9a-f]{16}(\.[A-Za-z0-9]+)*")
_ENTRY = re.compile(r"(?P<day>\d{4}/\d{2}/\d{2})/(?P<instance>[0-9a-f]{16})/(?P<seq>\d{12})\.json")
_BESIDE = (".json", ".head", ".lines")


class EntryPlace(NamedTuple):
    """Where a ledger entry stands: its UTC day `YYYY/MM/DD`, instance and number."""

    day: str
    instance: str
    seq: int


def central_container(region: str, name: str) -> str:
    """Name the container of a region's signal, or of its `ledger`, in the central account."""
    return f"{region}-{name}"


def numbered_name(region: str, number: int) -> str:
    """Name a region's object in a container whose objects are numbered without a gap."""
    return f"{region}/{number:012d}.json"


def is_entry(name: str) -> bool:
    """Tell a ledger entry from whatever else stands in a ledger container."""
    return _ENTRY.fullmatch(name) is not None


def entry_place(name: str) -> EntryPlace:
    """Read an entry's name; ValueError where it is not one."""
    match = _ENTRY.fullmatch(name)
    if match is None:
        raise ValueError(f"not the name of a ledger entry: {name}")
    return EntryPlace(match["day"], match["instance"], int(match["seq"]))


def has_segment_id(blob_name: str) -> bool:
    """Tell our blobs, whose names end in a segment's id and extensions, from foreign ones."""
    stem = blob_name.rpartition("/")[2]
    return _SEGMENT_ID.fullmatch(stem[stem.rfind("_") :]) is not None if "_" in stem else False


def named_day(blob_name: str) -> str | None:
    """Give the day that a blob's name tells, `2026-11-24`, if it tells one."""
    match = _DAY.search(blob_name)
    return match[0].replace("/", "-") if match else None


def index_name(container: str, blob_name: str) -> str:
    """Name the index of a blob, within the container of indexes."""
    return f"{container}/{blob_name}.index"


def converted_name(blob_name: str) -> str:
    """Name what a segment was converted to: as unique, and not taken for the segment itself."""
    folder, slash, stem = blob_name.rpartition("/")
    at = stem.rfind("_")
    is_ours = at >= 0 and _SEGMENT_ID.fullmatch(stem[at:]) is not None
    return f"{folder}{slash}{stem[:at]}-{stem[at + 1 :]}" if is_ours else blob_name


def without_segment_id(blob_name: str) -> str:
    """Give the name that one of our blobs would have if it held more than one segment."""
    folder, slash, stem = blob_name.rpartition("/")
    at = stem.rfind("_")
    match = _SEGMENT_ID.fullmatch(stem[at:]) if at >= 0 else None
    if match is None:
        return blob_name
    return f"{folder}{slash}{stem[:at]}{stem[at + len('_') + 16 :]}"


def head_name(entry_name: str) -> str:
    """Name the signed head that stands beside a ledger entry."""
    return entry_name.removesuffix(".json") + ".head"


def is_head(name: str) -> bool:
    """Tell a signed head from whatever else stands in a ledger container."""
    return name.endswith(".head") and entry_beside(name) is not None


def head_place(name: str) -> EntryPlace:
    """Tell which entry a signed head stands beside; ValueError where it is none."""
    return entry_place(name.removesuffix(".head") + ".json")


def lines_name(entry_name: str) -> str:
    """Name the `.lines` object that stands beside a ledger entry."""
    return entry_name.removesuffix(".json") + ".lines"


def entry_beside(name: str) -> str | None:
    """Name the entry that a ledger's object is or stands beside; None where it is neither."""
    stem, dot, kind = name.rpartition(".")
    entry = f"{stem}.json"
    return entry if dot + kind in _BESIDE and is_entry(entry) else None
