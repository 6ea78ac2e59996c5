"""The keys of the processors that look at one request at a time (docs/processors.md)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from mainstem.config.collector.values import Component, Means, NoEffect, NotBuilt

_CACHE = NoEffect("patterns are matched in linear time without one")


class Stateless(Component):
    """A processor that is a step of its own; the core reads and checks its options."""

    def options(self) -> dict[str, Any]:
        """Give the options as the core reads them: what is set, without what has no effect."""
        return self.model_dump(mode="json", exclude_defaults=True)


class Action(Component):
    """One of `attributes.actions` and `resource.attributes`."""

    key: Annotated[str, Means("The attribute.")] = ""
    action: Annotated[
        str,
        Means(
            "`insert`, `update`, `upsert`, `delete`, `hash` (SHA-256), `extract` (a pattern's "
            "named groups become attributes) or `convert`."
        ),
    ]
    value: Annotated[Any, Means("What `insert`, `update` and `upsert` set.")] = None
    from_attribute: Annotated[str, Means("Or the attribute that it comes from.")] = ""
    default_value: Annotated[Any, Means("What is set where the other two give nothing.")] = None
    pattern: Annotated[
        str,
        Means("RE2; further keys for `delete` and `hash`, the value's groups for `extract`."),
    ] = ""
    converted_type: Annotated[str, Means("What `convert` makes: `string`, `int` or `double`.")] = ""
    from_context: Annotated[
        str, NotBuilt("a sender's headers and credentials go no further than the receiver")
    ] = ""


class Matched(Component):
    """An attribute in `include` and `exclude`."""

    key: Annotated[str, Means("An attribute that has to be there.")]
    value: Annotated[Any, Means("Its value; not given: any.")] = None


class Library(Component):
    """A scope in `include` and `exclude`."""

    name: Annotated[str, Means("The scope's name.")]
    version: Annotated[str | None, Means("Its version; not given: any.")] = None


class SeverityNumber(Component):
    """`log_severity_number`."""

    min: Annotated[int, Means("The least severity number that matches.")] = 0
    match_undefined: Annotated[bool, Means("Whether records without one match.")] = False


class Match(Component):
    """`include` or `exclude`: all that is named has to match."""

    match_type: Annotated[
        Literal["strict", "regexp"], Means("How texts are compared; `regexp` is RE2.")
    ]
    regexp: Annotated[Any, _CACHE, Field(exclude=True)] = None
    services: Annotated[tuple[str, ...], Means("Traces: one of these services.")] = ()
    span_names: Annotated[tuple[str, ...], Means("Traces: one of these span names.")] = ()
    span_kinds: Annotated[
        tuple[str, ...], Means("Traces: one of these kinds, as `SPAN_KIND_SERVER`.")
    ] = ()
    log_bodies: Annotated[tuple[str, ...], Means("Logs: one of these bodies.")] = ()
    log_severity_texts: Annotated[tuple[str, ...], Means("Logs: one of these severity texts.")] = ()
    log_severity_number: SeverityNumber | None = None
    metric_names: Annotated[tuple[str, ...], Means("Metrics: one of these names.")] = ()
    attributes: tuple[Matched, ...] = ()
    resources: tuple[Matched, ...] = ()
    libraries: tuple[Library, ...] = ()


class Attributes(Stateless):
    """The `attributes` processor, for spans, log records and data points.

    https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/attributesprocessor
    """

    include: Match | None = None
    exclude: Match | None = None
    actions: Annotated[tuple[Action, ...], Field(min_length=1)]


class Resource(Stateless):
    """The `resource` processor: the same actions on resources.

    https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/resourceprocessor
    """

    attributes: Annotated[tuple[Action, ...], Field(min_length=1)]


class ProbabilisticSampler(Stateless):
    """The `probabilistic_sampler` processor, for traces and logs.

    https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/probabilisticsamplerprocessor
    """

    sampling_percentage: Annotated[float, Means("The share that is kept, in per cent.")] = 0.0
    hash_seed: Annotated[
        int, Field(ge=0, lt=2**32), Means("`hash_seed` mode: another seed keeps other traces.")
    ] = 0
    mode: Annotated[
        Literal["hash_seed", "equalizing", "proportional"] | None,
        Means(
            "`hash_seed` (the default); by the trace id's own randomness: `equalizing` up to the "
            "percentage, `proportional` to what came in."
        ),
    ] = None
    fail_closed: Annotated[bool, Means("Whether what has no readable randomness is removed.")] = (
        True
    )
    sampling_precision: Annotated[
        int, Means("Hex digits of the threshold that is written, 1 to 14.")
    ] = 4
    attribute_source: Annotated[
        Literal["traceID", "record"],
        Means("Logs: whether the trace id or `from_attribute` comes first."),
    ] = "traceID"
    from_attribute: Annotated[str, Means("Logs: the attribute that is hashed.")] = ""
    sampling_priority: Annotated[
        str, Means("Logs: the attribute that holds a record's own percentage.")
    ] = ""
