"""How a region's signals travel, and which of their records: the keys of `routes`.

`logs: replicate` is short for `logs: {route: replicate}`.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from mainstem.config.values import FrozenModel, ShortForm
from mainstem.records import Signal

if TYPE_CHECKING:
    from collections.abc import Iterator

SEVERITIES = {"debug": 5, "info": 9, "warn": 13, "error": 17, "fatal": 21}
"""The least severity number of each range.

https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
"""

NAMES = {
    Signal.LOGS: "event_name",
    Signal.TRACES: "span_name",
    Signal.METRICS: "metric_name",
}
OF_LOGS = ("event", "severity_below")

Texts = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]


class Route(StrEnum):
    """How a region's signal travels; one way only, or it would be loaded twice."""

    REPLICATE = "replicate"
    FORWARD = "forward"
    NONE = "none"


class Replicator(StrEnum):
    """Who copies: mainstem, or Azure's object replication, which mainstem then verifies."""

    MAINSTEM = "mainstem"
    AZURE = "azure"


class RecordRule(FrozenModel):
    """Conditions on a record, all of which have to hold; values are compared as they are stored."""

    event: Annotated[bool | None, Field(description="Logs: whether the record is an event.")] = None
    event_name: Annotated[
        Texts | None, Field(description="Logs: names of events; one may end in `*`.")
    ] = None
    span_name: Annotated[Texts | None, Field(description="Traces: names of spans.")] = None
    metric_name: Annotated[Texts | None, Field(description="Metrics: names of metrics.")] = None
    severity_below: Annotated[
        Literal["debug", "info", "warn", "error", "fatal"] | None,
        Field(description="Logs: a severity, and a lower one than this."),
    ] = None
    tenant: Annotated[Texts | None, Field(description="Ids of tenants.")] = None
    service: Annotated[Texts | None, Field(description="Values of `service.name`.")] = None
    attributes: Annotated[
        dict[str, Texts] | None,
        Field(min_length=1, description="Values by attribute, of the record or its resource."),
    ] = None

    @model_validator(mode="after")
    def _not_everything(self) -> RecordRule:
        if not self.model_fields_set or not self.conditions:
            raise ValueError("needs a condition at least: this one would hold for every record")
        return self

    @property
    def conditions(self) -> tuple[str, ...]:
        """The keys that are given."""
        return tuple(name for name in type(self).model_fields if getattr(self, name) is not None)

    def to_core(self) -> dict[str, Any]:
        """Give the conditions as the data plane has them."""
        name = next(filter(None, (getattr(self, key) for key in NAMES.values())), ())
        severity = SEVERITIES[self.severity_below] if self.severity_below else None
        return {
            "event": self.event,
            "name": list(name),
            "severity_below": severity,
            "tenant": list(self.tenant or ()),
            "service": list(self.service or ()),
            "attributes": {key: list(values) for key, values in (self.attributes or {}).items()},
        }


class SignalRoute(FrozenModel):
    """How one signal travels, and what of it."""

    route: Annotated[Route, Field(description="How it travels.")] = Route.NONE
    to: Annotated[
        str | None,
        Field(description="Which of several central stores it goes to; the region's if none."),
    ] = None
    since: Annotated[
        date | None,
        Field(description="The first UTC day of what travels; what is older stays."),
    ] = None
    by: Annotated[
        Replicator, Field(description="Who copies it: `mainstem`, or `azure` by itself.")
    ] = Replicator.MAINSTEM
    local: Annotated[
        tuple[RecordRule, ...],
        Field(description="A record for which one of these holds stays in the region."),
    ] = ()
    travels: Annotated[
        tuple[RecordRule, ...],
        Field(description="If given, a record for which none of these holds stays, too."),
    ] = ()
    regional_keys: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...],
        Field(description="Attributes that what travels loses; one may end in `*`."),
    ] = ()

    @field_validator("regional_keys")
    @classmethod
    def _some_stay(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        if "*" in keys:
            raise ValueError("must not be `*` alone: nothing would be left")
        return keys

    @property
    def divides(self) -> bool:
        """Whether a record may stay although its signal travels."""
        return bool(self.local or self.travels)

    @property
    def decides(self) -> bool:
        """Whether there is anything to decide or to remove, record by record."""
        return self.divides or bool(self.regional_keys)

    def to_core(self) -> dict[str, Any]:
        """Give the rules as the data plane has them."""
        return {
            "local": [rule.to_core() for rule in self.local],
            "travels": [rule.to_core() for rule in self.travels],
            "regional_keys": list(self.regional_keys),
        }

    def mismatches(self, signal: Signal) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Say at which keys a rule asks for what the signal's records do not have."""
        others = [name for of, name in NAMES.items() if of is not signal]
        foreign = others if signal is Signal.LOGS else [*others, *OF_LOGS]
        for key in ("local", "travels"):
            for index, rule in enumerate(getattr(self, key)):
                for condition in rule.conditions:
                    if condition in foreign:
                        yield (key, index, condition), f"is no condition on {signal}"


RouteOf = Annotated[
    SignalRoute,
    ShortForm("route", {"enum": [route.value for route in Route], "type": "string"}),
]
"""A signal's route, in its short form or whole."""
