"""The keys of `filter` and `transform`, whose conditions and statements the core reads."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag

from mainstem.config.collector.stateless import Stateless
from mainstem.config.collector.values import Component, Means, NotBuilt

ErrorMode = Literal["ignore", "silent", "propagate"]
_CONDITIONS = "use the conditions of this signal, which say the same"
_PROFILES = NotBuilt("profiles are not taken")


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


class OlderLogs(Component):
    """`filter.logs`."""

    resource: Annotated[tuple[str, ...], Means("Conditions on resources.")] = ()
    log_record: Annotated[tuple[str, ...], Means("Conditions on log records.")] = ()
    include: Annotated[Any, NotBuilt(_CONDITIONS)] = None
    exclude: Annotated[Any, NotBuilt(_CONDITIONS)] = None


class OlderMetrics(Component):
    """`filter.metrics`."""

    resource: Annotated[tuple[str, ...], Means("Conditions on resources.")] = ()
    metric: Annotated[tuple[str, ...], Means("Conditions on metrics.")] = ()
    datapoint: Annotated[tuple[str, ...], Means("Conditions on data points.")] = ()
    include: Annotated[Any, NotBuilt(_CONDITIONS)] = None
    exclude: Annotated[Any, NotBuilt(_CONDITIONS)] = None
    regexp: Annotated[Any, NotBuilt(_CONDITIONS)] = None


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
    spans: Annotated[Any, NotBuilt(_CONDITIONS)] = None
    profile_conditions: Annotated[Any, _PROFILES] = None
    profiles: Annotated[Any, _PROFILES] = None


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
