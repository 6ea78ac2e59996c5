"""What lies in a spool's folder, whether a collector holds it or not: nothing is changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from mainstem import _core
from mainstem.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Place(StrEnum):
    """How far a segment or an entry has come."""

    OPEN = "open"
    """Takes commits, or was left open."""

    WAITING = "waiting"
    """In the outbox, for the store's confirmation."""

    CONFIRMED = "confirmed"
    """In the store, and still needed here."""

    OWED = "owed"
    """In the store as far as it goes there, and not sent on by every exporter."""

    HELD = "held"
    """A log with records that wait for a decision, or that tells of those in other logs."""


@dataclass(frozen=True)
class Held:
    """A segment, a log or another entry.

    `bytes` and `lines` are its blob's, of a log its file's and none; `seq` comes with sealing.
    """

    place: Place
    seq: int | None
    kind: str
    segment: str | None
    signal_class: str | None
    lines: int
    bytes: int
    at_unix_nano: int
    """When the segment was opened or the entry written."""

    def age_s(self, now_ns: int) -> float:
        """Tell how long ago that was; never less than 0."""
        return max(0, now_ns - self.at_unix_nano) / 1e9


@dataclass(frozen=True)
class Fault:
    """Something that no crash explains; `file` is relative to the spool."""

    file: str
    reason: str


@dataclass(frozen=True)
class Verified:
    """What was looked at, and what is wrong with it.

    `unfinished_bytes` stand behind the last commit of open segments: writes under way or cut off,
    of which nobody was told that they are stored.
    """

    entries: int
    segments: int
    bytes: int
    logs: int
    """Logs of classes that hold records back."""
    unfinished_bytes: int
    faults: tuple[Fault, ...]


def list_spool(folder: Path) -> list[Held]:
    """List a spool in the order of the chain, then open segments, then what is held.

    UsageError where the folder is no spool or cannot be read.
    """
    return [
        Held(
            place=Place(held["state"]),
            seq=held["seq"],
            kind=held["kind"],
            segment=held["segment"],
            signal_class=held["class"],
            lines=held["lines"],
            bytes=held["bytes"],
            at_unix_nano=held["at_unix_nano"],
        )
        for held in json.loads(_ask(folder, _core.list_spool))
    ]


def verify_spool(folder: Path) -> Verified:
    """Check sums, hashes and the chain of a spool, as far as they lie here.

    UsageError where the folder is no spool or cannot be read.
    """
    found = json.loads(_ask(folder, _core.verify_spool))
    faults = tuple(Fault(**fault) for fault in found.pop("faults"))
    return Verified(**found, faults=faults)


def _ask(folder: Path, question: Callable[[str], str]) -> str:
    if not (folder / "instance.json").exists():
        raise UsageError(
            f"{folder} is not a spool", hint="It is one from a collector's first start on."
        )
    try:
        return question(str(folder))
    except _core.SpoolError as error:
        raise UsageError(f"the spool {folder} cannot be read: {error}") from None
