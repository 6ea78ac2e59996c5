"""The keys of `filter` and `transform`, whose conditions and statements the core reads."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag, field_validator

from mainstem.config.collector.stateless import Match, Matched, Stateless
from mainstem.config.collector.values import Component, Means, NoEffect, NotBuilt

ErrorMode = Literal["ignore", "silent", "propagate"]
_CONDITIONS = "use the conditions of this signal, which say the same"
_PROFILES = NotBuilt("profiles are not taken")


LOG_SEVERITIES = {str(number): number for number in range(1, 25)} | {
    f"{name}{step if step > 1 else ''}": first + step - 1
    for name, first in zip(
        ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"), range(1, 25, 4), strict=True
    )
    for step in range(1, 5)
}
"""Severity numbers by what a configuration may call them."""


def _kind(value: Any) -> str:
    return "[group]" if isinstance(value, dict | Component) else "[text]"


class ConditionGroup(Component):
    """Conditions with settings of their own."""

    context: Annotated[
        str, Means("What they are about, as `span`; not given: what their paths say.")
    ] = ""
    error_mode: Annotated[ErrorMode | None, Means("For these alone.")] = None
    conditions: Annotated[tuple[str, ...], Means("What one of these holds for goes.")]


class StatementGroup(Component):
    """Statements with settings of their own."""

    context: Annotated[
        str, Means("What they are about, as `span`; not given: what their paths say.")
    ] = ""
    error_mode: Annotated[ErrorMode | None, Means("For these alone.")] = None
    conditions: Annotated[
        tuple[str, ...], Means("The statements run where one of these holds.")
    ] = ()
    statements: Annotated[tuple[str, ...], Means("Run one after the other.")]
    shared_cache: Annotated[Any, NotBuilt("there is no cache")] = None


Conditions = Annotated[
    Annotated[str, Tag("[text]")] | Annotated[ConditionGroup, Tag("[group]")], Discriminator(_kind)
]
"""A condition, or a group of them."""

Statements = Annotated[
    Annotated[str, Tag("[text]")] | Annotated[StatementGroup, Tag("[group]")], Discriminator(_kind)
]
"""A statement, or a group of them."""


class OlderTraces(Component):
    """`filter.traces`."""

    resource: Annotated[tuple[str, ...], Means("Conditions on resources.")] = ()
    span: Annotated[tuple[str, ...], Means("Conditions on spans.")] = ()
    spanevent: Annotated[tuple[str, ...], Means("Conditions on spans' events.")] = ()


class SpanSelection(Component):
    """`filter.spans`: what is not included, or is excluded, goes."""

    include: Match | None = None
    exclude: Match | None = None

    def selection(self) -> dict[str, Any]:
        """Give both as the core reads them."""
        return self.model_dump(mode="json", exclude_defaults=True)


class LogSeverity(Component):
    """`severity_number`."""

    min: Annotated[str, Means("The least severity that matches, as `WARN` or `13`.")] = ""
    match_undefined: Annotated[bool, Means("Whether records without one match.")] = False

    @field_validator("min")
    @classmethod
    def _known(cls, name: str) -> str:
        if name and name.upper() not in LOG_SEVERITIES:
            raise ValueError("must be a severity, as WARN, ERROR2 or 13")
        return name


class LogMatch(Component):
    """`include` and `exclude` of `filter.logs`: all that is named has to match."""

    match_type: Annotated[
        Literal["strict", "regexp"], Means("How texts are compared; `regexp` is RE2.")
    ]
    resource_attributes: tuple[Matched, ...] = ()
    record_attributes: tuple[Matched, ...] = ()
    severity_texts: Annotated[tuple[str, ...], Means("One of these severity texts.")] = ()
    severity_number: LogSeverity | None = None
    bodies: Annotated[tuple[str, ...], Means("One of these bodies.")] = ()

    def properties(self) -> dict[str, Any]:
        """Give it as the core reads it."""
        severity = self.severity_number
        return {
            "match_type": self.match_type,
            "resources": [one.model_dump(mode="json") for one in self.resource_attributes],
            "attributes": [one.model_dump(mode="json") for one in self.record_attributes],
            "log_severity_texts": list(self.severity_texts),
            "log_bodies": list(self.bodies),
            "log_severity_number": severity
            and {
                "min": LOG_SEVERITIES.get(severity.min.upper(), 0),
                "match_undefined": severity.match_undefined,
            },
        }


class MetricMatch(Component):
    """`include` and `exclude` of `filter.metrics`."""

    match_type: Annotated[
        Literal["strict", "regexp"], Means("How texts are compared; `regexp` is RE2.")
    ]
    regexp: Annotated[Any, NoEffect("patterns are matched in linear time without a cache")] = None
    metric_names: Annotated[tuple[str, ...], Means("One of these names.")] = ()
    resource_attributes: tuple[Matched, ...] = ()
    expressions: Annotated[Any, NotBuilt(_CONDITIONS)] = None

    def properties(self) -> dict[str, Any]:
        """Give it as the core reads it."""
        return {
            "match_type": self.match_type,
            "metric_names": list(self.metric_names),
            "resources": [one.model_dump(mode="json") for one in self.resource_attributes],
        }


def _selected(include: Any, exclude: Any) -> dict[str, Any]:
    given = {"include": include, "exclude": exclude}
    return {name: one.properties() for name, one in given.items() if one is not None}


class OlderLogs(Component):
    """`filter.logs`."""

    resource: Annotated[tuple[str, ...], Means("Conditions on resources.")] = ()
    log_record: Annotated[tuple[str, ...], Means("Conditions on log records.")] = ()
    include: LogMatch | None = None
    exclude: LogMatch | None = None


class OlderMetrics(Component):
    """`filter.metrics`."""

    resource: Annotated[tuple[str, ...], Means("Conditions on resources.")] = ()
    metric: Annotated[tuple[str, ...], Means("Conditions on metrics.")] = ()
    datapoint: Annotated[tuple[str, ...], Means("Conditions on data points.")] = ()
    include: MetricMatch | None = None
    exclude: MetricMatch | None = None
    regexp: Annotated[Any, NoEffect("the Collector reads it and does nothing with it")] = None


class Filter(Stateless):
    """The `filter` processor: removes what a condition holds for.

    https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/filterprocessor
    """

    error_mode: Annotated[
        ErrorMode,
        Means(
            "What becomes of a condition that cannot be evaluated: `ignore` and `silent` pass it "
            "over, `propagate` rejects the request."
        ),
    ] = "ignore"
    trace_conditions: Annotated[
        tuple[Conditions, ...], Means("Conditions on traces, or groups of them.")
    ] = ()
    log_conditions: Annotated[
        tuple[Conditions, ...], Means("Conditions on logs, or groups of them.")
    ] = ()
    metric_conditions: Annotated[
        tuple[Conditions, ...], Means("Conditions on metrics, or groups of them.")
    ] = ()
    traces: OlderTraces = OlderTraces()
    logs: OlderLogs = OlderLogs()
    metrics: OlderMetrics = OlderMetrics()
    spans: SpanSelection = SpanSelection()
    profile_conditions: Annotated[Any, _PROFILES] = None
    profiles: Annotated[Any, _PROFILES] = None

    def options(self) -> dict[str, Any]:
        """Give the options as the core reads them."""
        without: dict[str, Any] = {
            "spans": True,
            "logs": {"include", "exclude"},
            "metrics": {"include", "exclude", "regexp"},
        }
        given = self.model_dump(mode="json", exclude_defaults=True, exclude=without)
        select = {
            "spans": self.spans.selection(),
            "logs": _selected(self.logs.include, self.logs.exclude),
            "metrics": _selected(self.metrics.include, self.metrics.exclude),
        }
        select = {name: one for name, one in select.items() if one}
        return given | ({"select": select} if select else {})


class Transform(Stateless):
    """The `transform` processor: statements that change telemetry.

    https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/transformprocessor
    """

    error_mode: Annotated[
        ErrorMode,
        Means(
            "What becomes of a statement that cannot be evaluated: `ignore` and `silent` pass it "
            "over, `propagate` rejects the request."
        ),
    ] = "ignore"
    trace_statements: Annotated[
        tuple[Statements, ...], Means("Statements on traces, or groups of them.")
    ] = ()
    log_statements: Annotated[
        tuple[Statements, ...], Means("Statements on logs, or groups of them.")
    ] = ()
    metric_statements: Annotated[
        tuple[Statements, ...], Means("Statements on metrics, or groups of them.")
    ] = ()
    profile_statements: Annotated[Any, _PROFILES] = None
