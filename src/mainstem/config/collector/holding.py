"""The keys of the processors that hold records back (docs/holding.md)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from mainstem.config.collector.values import (
    Component,
    Duration,
    Likewise,
    Means,
    NoEffect,
    NotBuilt,
)

STATUS_CODES = {"UNSET": 0, "OK": 1, "ERROR": 2}
_CACHE = NoEffect("patterns are matched in linear time without one")
_KEY = Means("The attribute, of a resource or a span.")
_INVERT = Means("Whether traces are kept in which nothing matches.")
_TYPES = Means("The policy's kind; its options stand under a key of the same name.")


class Holding(Component):
    """A processor that holds records back; what it holds lies in the spool, redacted."""

    def options(self) -> dict[str, Any]:
        """Give the options as the core reads them."""
        raise NotImplementedError


class Latency(Component):
    """`latency`."""

    threshold_ms: Annotated[int, Means("Traces are kept that took longer than this.")] = 0
    upper_threshold_ms: Annotated[int, Means("And no longer than this; 0: any.")] = 0


class NumericAttribute(Component):
    """`numeric_attribute`."""

    key: Annotated[str, _KEY]
    min_value: Annotated[int, Means("The least value; 0: any.")] = 0
    max_value: Annotated[int, Means("The greatest value; 0: any.")] = 0
    invert_match: Annotated[bool, _INVERT] = False

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not self.min_value and not self.max_value:
            raise ValueError("needs min_value or max_value, which is not 0")
        return self


class StringAttribute(Component):
    """`string_attribute`."""

    key: Annotated[str, _KEY]
    values: Annotated[tuple[str, ...], Means("One of these values.")] = ()
    enabled_regex_matching: Annotated[bool, Means("Whether they are RE2 patterns.")] = False
    cache_max_size: Annotated[Any, _CACHE] = None
    invert_match: Annotated[bool, _INVERT] = False


class BooleanAttribute(Component):
    """`boolean_attribute`."""

    key: Annotated[str, _KEY]
    value: Annotated[bool, Means("The value.")] = False
    invert_match: Annotated[bool, _INVERT] = False


class Probabilistic(Component):
    """`probabilistic`."""

    sampling_percentage: Annotated[float, Means("The share of traces, in per cent.")] = 0.0
    hash_salt: Annotated[str, Means("Another salt keeps other traces.")] = ""


class StatusCode(Component):
    """`status_code`."""

    status_codes: Annotated[
        tuple[Literal["OK", "ERROR", "UNSET"], ...],
        Field(min_length=1),
        Means("One span has one of these: `OK`, `ERROR`, `UNSET`."),
    ]


class RateLimiting(Component):
    """`rate_limiting`."""

    spans_per_second: Annotated[int, Field(ge=0), Means("Spans that are kept in a second.")] = 0
    burst_capacity: Annotated[
        int, Field(ge=0), Means("Spans that may be kept at once; 0: twice as many.")
    ] = 0


class BytesLimiting(Component):
    """`bytes_limiting`."""

    bytes_per_second: Annotated[
        int, Field(gt=0), Means("Bytes of traces, as protobuf, that are kept in a second.")
    ]
    burst_capacity: Annotated[
        int,
        Field(ge=0),
        Means("Bytes that may be kept at once, and the largest trace; 0: twice as many."),
    ] = 0


class OttlCondition(Component):
    """`ottl_condition`."""

    error_mode: Annotated[
        Literal["ignore", "silent", "propagate"],
        Means(
            "What becomes of a condition that cannot be evaluated: `ignore` and `silent` pass it "
            "over; with `propagate` the policy keeps nothing of that trace."
        ),
    ] = "ignore"
    span: Annotated[tuple[str, ...], Means("Conditions on spans; one that holds is enough.")] = ()
    spanevent: Annotated[tuple[str, ...], Means("The same on spans' events.")] = ()

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.span and not self.spanevent:
            raise ValueError("needs a condition under span or spanevent")
        return self


class SpanCount(Component):
    """`span_count`."""

    min_spans: Annotated[int, Field(ge=0), Means("The least number of spans.")] = 0
    max_spans: Annotated[int, Field(ge=0), Means("The greatest; 0: any.")] = 0


class TraceState(Component):
    """`trace_state`."""

    key: Annotated[str, Means("A key of the trace state.")]
    values: Annotated[tuple[str, ...], Means("One of these values.")] = ()


class SimplePolicy(Component):
    """A policy that looks at the trace itself."""

    name: Annotated[str, Field(min_length=1), Means("What metrics call it.")]
    type: Annotated[
        Literal[
            "always_sample",
            "latency",
            "numeric_attribute",
            "string_attribute",
            "boolean_attribute",
            "probabilistic",
            "status_code",
            "rate_limiting",
            "bytes_limiting",
            "ottl_condition",
            "span_count",
            "trace_state",
            "trace_flags",
            "and",
            "not",
            "drop",
            "composite",
        ],
        _TYPES,
    ]
    latency: Latency | None = None
    numeric_attribute: NumericAttribute | None = None
    string_attribute: StringAttribute | None = None
    boolean_attribute: BooleanAttribute | None = None
    probabilistic: Probabilistic | None = None
    status_code: StatusCode | None = None
    rate_limiting: RateLimiting | None = None
    bytes_limiting: BytesLimiting | None = None
    ottl_condition: OttlCondition | None = None
    span_count: SpanCount | None = None
    trace_state: TraceState | None = None

    @model_validator(mode="after")
    def _has_its_options(self) -> Self:
        if self.type in ("always_sample", "trace_flags"):
            return self
        known = {field.alias or name: name for name, field in type(self).model_fields.items()}
        if self.type not in known:
            raise ValueError(f"{self.type} cannot stand within another policy")
        if getattr(self, known[self.type]) is None:
            raise ValueError(f"needs its options under {self.type}")
        return self

    def spec(self) -> dict[str, Any]:
        """Give the policy as the core reads it."""
        return {"name": self.name, "rule": self._rule()}

    def _rule(self) -> str | dict[str, Any]:
        if self.type in ("always_sample", "trace_flags"):
            return self.type
        options: Component = getattr(self, self.type)
        rule = options.model_dump(mode="json", exclude={"cache_max_size"})
        if "status_codes" in rule:
            rule["status_codes"] = [STATUS_CODES[code] for code in rule["status_codes"]]
        return {self.type: rule}


class NotOptions(Component):
    """`not`."""

    not_sub_policy: Annotated[SimplePolicy, Likewise("The policy that must not keep the trace.")]


class InnerPolicy(SimplePolicy):
    """A policy within `and` or `drop`."""

    not_: Annotated[NotOptions | None, Likewise("As above."), Field(alias="not")] = None

    def _rule(self) -> str | dict[str, Any]:
        if self.type == "not" and self.not_ is not None:
            return {"not": self.not_.not_sub_policy.spec()}
        return super()._rule()


class AndOptions(Component):
    """`and`."""

    and_sub_policy: Annotated[
        tuple[InnerPolicy, ...], Field(min_length=1), Likewise("All of them keep the trace.")
    ]


class DropOptions(Component):
    """`drop`."""

    drop_sub_policy: Annotated[
        tuple[InnerPolicy, ...],
        Field(min_length=1),
        Likewise("Where all of them would keep the trace, nothing can."),
    ]


class ComposedPolicy(SimplePolicy):
    """A policy within `composite`."""

    and_: Annotated[AndOptions | None, Likewise("As above."), Field(alias="and")] = None

    def _rule(self) -> str | dict[str, Any]:
        if self.type == "and" and self.and_ is not None:
            return {"and": [policy.spec() for policy in self.and_.and_sub_policy]}
        return super()._rule()


class RateAllocation(Component):
    """`composite.rate_allocation`."""

    policy: Annotated[str, Means("A policy's name.")]
    percent: Annotated[int, Field(ge=0), Means("Its share; 0 or not named: an equal one.")] = 0


class CompositeOptions(Component):
    """`composite`."""

    max_total_spans_per_second: Annotated[
        int, Field(ge=0), Means("What the shares are shares of, and what no policy goes beyond.")
    ] = 0
    policy_order: Annotated[
        Any, NoEffect("policies are asked in the order in which they stand, as the Collector does")
    ] = None
    composite_sub_policy: Annotated[
        tuple[ComposedPolicy, ...],
        Field(min_length=1),
        Likewise("The first that would keep the trace decides, by what it has left this second."),
    ]
    rate_allocation: tuple[RateAllocation, ...] = ()

    def spec(self) -> dict[str, Any]:
        """Give the policy as the core reads it, with each one's share in spans."""
        total = self.max_total_spans_per_second
        percents = {share.policy: share.percent for share in self.rate_allocation}
        equal = total / len(self.composite_sub_policy)
        shares = [
            percents[policy.name] / 100 * total if percents.get(policy.name) else equal
            for policy in self.composite_sub_policy
        ]
        return {
            "max_total_spans_per_second": total,
            "policies": [
                {"policy": policy.spec(), "spans_per_second": int(share)}
                for policy, share in zip(self.composite_sub_policy, shares, strict=True)
            ],
        }


class Policy(InnerPolicy):
    """One of `tail_sampling.policies`."""

    and_: Annotated[AndOptions | None, Field(alias="and")] = None
    not_: Annotated[NotOptions | None, Field(alias="not")] = None
    drop: DropOptions | None = None
    composite: CompositeOptions | None = None

    def _rule(self) -> str | dict[str, Any]:
        if self.type == "and" and self.and_ is not None:
            return {"and": [policy.spec() for policy in self.and_.and_sub_policy]}
        if self.type == "drop" and self.drop is not None:
            return {"drop": [policy.spec() for policy in self.drop.drop_sub_policy]}
        if self.type == "composite" and self.composite is not None:
            return {"composite": self.composite.spec()}
        return super()._rule()


class DecisionCache(Component):
    """`tail_sampling.decision_cache`."""

    sampled_cache_size: Annotated[
        int, Field(ge=0), Means("Kept traces that late spans follow; `num_traces` at least.")
    ] = 0
    non_sampled_cache_size: Annotated[
        int, Field(ge=0), Means("The same of traces that were not kept.")
    ] = 0


class TailSampling(Holding):
    """The `tail_sampling` processor: each trace is kept or not as a whole.

    https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/tailsamplingprocessor
    """

    decision_wait: Annotated[
        Duration, Means("Seconds (`30s`) from a trace's first span to its decision.")
    ] = 30.0
    num_traces: Annotated[
        int, Field(ge=1), Means("Traces that wait; for one more, the oldest is decided early.")
    ] = 50_000
    expected_new_traces_per_sec: Annotated[Any, NoEffect("memory is taken as traces come")] = None
    policies: Annotated[tuple[Policy, ...], Field(min_length=1)]
    decision_cache: DecisionCache = DecisionCache()
    sample_on_first_match: Annotated[
        bool, Means("Whether no further policy is asked once one keeps the trace.")
    ] = False
    sampling_strategy: Annotated[Literal["trace-complete"], Means("Traces are decided whole.")] = (
        "trace-complete"
    )
    drop_pending_traces_on_shutdown: Annotated[
        Any, NoEffect("what waits when the collector stops waits on after its next start")
    ] = None
    num_shards: Annotated[Any, NoEffect("one committer decides")] = None
    decision_wait_after_root_received: Annotated[
        Duration,
        Field(ge=0),
        Means("Seconds from a trace's root to its decision, if that is sooner; 0: no sooner."),
    ] = 0.0
    block_on_overflow: Annotated[
        bool,
        Means(
            "Whether requests are refused, for their senders to repeat, while `num_traces` wait; "
            "else the oldest is decided early."
        ),
    ] = False
    maximum_trace_size_bytes: Annotated[
        int,
        Field(ge=0),
        Means("A trace that is larger, as protobuf, is not kept; 0: any size."),
    ] = 0
    tail_storage: Annotated[Any, NotBuilt("what waits lies in the spool")] = None

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [policy.name for policy in self.policies]
        if len(set(names)) < len(names):
            raise ValueError("has two policies of one name")
        return self

    def options(self) -> dict[str, Any]:
        """Give the options as the core reads them."""
        return {
            "decision_wait_ms": round(self.decision_wait * 1000),
            "num_traces": self.num_traces,
            **self.decision_cache.model_dump(),
            "sample_on_first_match": self.sample_on_first_match,
            "root_wait_ms": round(self.decision_wait_after_root_received * 1000),
            "most_trace_bytes": self.maximum_trace_size_bytes,
            "refuse_more": self.block_on_overflow,
            "policies": [policy.spec() for policy in self.policies],
        }


class PassThrough(Component):
    """`interval.pass_through`."""

    gauge: Annotated[bool, Means("Whether gauges go on at once.")] = False
    summary: Annotated[bool, Means("Whether summaries go on at once.")] = False


class Interval(Holding):
    """The `interval` processor: metrics go on as one point a series and interval.

    https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/intervalprocessor
    """

    interval: Annotated[
        Duration, Field(gt=0), Means("Seconds (`60s`) from the first point that waits.")
    ] = 60.0
    pass_through: PassThrough = PassThrough()

    def options(self) -> dict[str, Any]:
        """Give the options as the core reads them."""
        return {
            "interval_ms": round(self.interval * 1000),
            "pass_gauges": self.pass_through.gauge,
            "pass_summaries": self.pass_through.summary,
        }
