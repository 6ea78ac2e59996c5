"""How much of a region's data the law lets out."""

from __future__ import annotations

from enum import StrEnum


class Residency(StrEnum):
    """How much of a region's data the law lets out."""

    CENTRAL = "central"
    ISOLATED = "isolated"
    AGGREGATES = "aggregates"

    @property
    def is_closed(self) -> bool:
        """Whether no record leaves, so that the region is loaded at home by its own file."""
        return self is not Residency.CENTRAL
