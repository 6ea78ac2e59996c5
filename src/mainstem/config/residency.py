"""How much of a region's data the law lets out, and what its weekly counts look like."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from mainstem.config.values import FrozenModel, StoreAddress


class Residency(StrEnum):
    """How much of a region's data the law lets out."""

    CENTRAL = "central"
    ISOLATED = "isolated"
    AGGREGATES = "aggregates"

    @property
    def is_closed(self) -> bool:
        """Whether no record leaves, so that the region is loaded at home by its own file."""
        return self is not Residency.CENTRAL


class Aggregates(FrozenModel):
    """Where a region's weekly counts are published, and how coarse they are."""

    store: Annotated[
        StoreAddress | None,
        Field(
            description="The account of the container `aggregates`; the region's own if none.",
            repr=False,
        ),
    ] = None
    k: Annotated[int, Field(ge=3, le=1000, description="Tenants that a cell has at least.")] = 5
    round_to: Annotated[
        int, Field(ge=1, le=1_000_000, description="Counts are multiples of this.")
    ] = 10
