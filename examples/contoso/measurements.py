"""What a region's service measured in a day, as its SDK exports it: metrics of three kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    Sum,
)

from examples.contoso.catalog import TRANSFORMATION_KINDS
from examples.contoso.otlp import Request, attributes, metrics_request

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

SECOND = 1_000_000_000
EVERY = 3_600
"""Seconds between two measurements."""
IN_REQUEST = 12
"""Measurements in a request."""
BOUNDS = (10.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 5000.0)


def measurements(
    region: str, version: str, start: int, moments: Sequence[int], rng: random.Random
) -> Iterator[Request]:
    """Export what was measured at `moments` of the day that began at `start`, in nanoseconds."""
    for first in range(0, len(moments), IN_REQUEST):
        made = [
            part for at in moments[first : first + IN_REQUEST] for part in _measure(at, start, rng)
        ]
        metrics = [metric for metric, _ in made]
        yield metrics_request(region, version, metrics, sum(points for _, points in made))


def _measure(at: int, start: int, rng: random.Random) -> list[tuple[Metric, int]]:
    counts = [rng.randrange(40) for _ in range(len(BOUNDS) + 1)]
    latency = HistogramDataPoint(
        start_time_unix_nano=at - EVERY * SECOND,
        time_unix_nano=at,
        count=sum(counts),
        sum=float(sum(counts) * 80),
        bucket_counts=counts,
        explicit_bounds=BOUNDS,
        attributes=attributes(http__request__method="POST"),
    )
    done = [
        NumberDataPoint(
            start_time_unix_nano=start,
            time_unix_nano=at,
            as_int=(at - start) // (100 * SECOND) + place,
            attributes=attributes(transformation__kind=kind),
        )
        for place, kind in enumerate(TRANSFORMATION_KINDS)
    ]
    queue = NumberDataPoint(time_unix_nano=at, as_double=rng.random() * 10)
    delta = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
    cumulative = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    return [
        (
            Metric(
                name="http.server.request.duration",
                unit="ms",
                histogram=Histogram(data_points=[latency], aggregation_temporality=delta),
            ),
            1,
        ),
        (
            Metric(
                name="contoso.transformations",
                unit="{transformation}",
                sum=Sum(data_points=done, aggregation_temporality=cumulative, is_monotonic=True),
            ),
            len(done),
        ),
        (Metric(name="contoso.queue.depth", gauge=Gauge(data_points=[queue])), 1),
    ]
