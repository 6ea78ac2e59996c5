"""How long the warehouse keeps what of a region: detail, then hours, then days (docs/decay.md)."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from mainstem.config.values import FrozenModel

_DAYS_OF_MONTH = 31


class Decay(FrozenModel):
    """The rule of one region. Ages count in whole days, from the record's own UTC day."""

    detail_days: Annotated[
        int, Field(ge=2, le=3650, description="Days that records and product events are kept.")
    ] = 90
    hours_days: Annotated[
        int, Field(ge=2, le=3650, description="Days that hourly sums are kept; daily ones stay.")
    ] = 400
    presence_days: Annotated[
        int,
        Field(ge=2, le=3650, description="Days that is known who used what on which day."),
    ] = 400
    presence_months: Annotated[
        int, Field(ge=1, le=120, description="Months that is known who used what in which month.")
    ] = 25

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for name in ("hours_days", "presence_days"):
            if getattr(self, name) < self.detail_days:
                raise ValueError(f"{name} must not be less than detail_days")
        if self.presence_months * _DAYS_OF_MONTH < self.presence_days:
            raise ValueError("presence_months must not end before presence_days")
        return self
