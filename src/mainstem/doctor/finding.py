"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from mainstem.books.evidence import Evidence
    from mainstem.config.platform import Platform


@dataclass(frozen=True)
class Finding:
    """Something that goes wrong, or will: where, how it shows, and how to mend it.

    `subject` is a region, a file or a store.
    """

    subject: str
    evidence: str
    cure: str


@dataclass(frozen=True)
class Patient:
    """What is examined; `now` is UTC without a zone, as the warehouse has its times."""

    platform: Platform
    evidence: Evidence
    now: datetime
