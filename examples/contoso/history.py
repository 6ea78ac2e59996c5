"""Make thirty days of telemetry, as the requests that the service's SDK would have sent.

    python -m examples.contoso.history --to euc=http://127.0.0.1:4318 [--to use=...] [--scale 0.1]

sends it through the collectors' own receivers, so that the past takes the way that the present
takes. What it planted and counted stays in its `Tally`.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, SeverityNumber
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    Sum,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from examples.contoso import mistakes
from examples.contoso.catalog import (
    MASTER_RECORDS,
    REGIONS,
    TRANSFORMATION_KINDS,
    TRANSFORMED_RECORDS,
)
from examples.contoso.otlp import (
    Request,
    attribute,
    attributes,
    logs_request,
    metrics_request,
    traces_request,
)
from examples.contoso.scenario import Account, Scenario, Session, Tenant, Transformation, midnight
from examples.contoso.sender import send
from examples.contoso.truth import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opentelemetry.proto.common.v1.common_pb2 import KeyValue

RECORDS_IN_REQUEST = 400
SECOND = 1_000_000_000
METRIC_EVERY = 900
"""Seconds between two measurements."""
METRICS_IN_REQUEST = 4
"""Measurements in a request."""
BOUNDS = (10.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 5000.0)


@dataclass
class History:
    """The requests of the past, made day by day; `tally` is full once they have been drawn."""

    scenario: Scenario
    now: datetime
    regions: Sequence[str] = tuple(REGIONS)
    tally: Tally = field(default_factory=Tally)

    def requests(self) -> Iterator[Request]:
        """Give every request, a region's day at a time."""
        for day in self.scenario.dates:
            for region in self.regions:
                made = _Day(self.scenario, self.now, region, day, self.tally)
                yield from made.requests()


class _Day:
    """One region's day: what its tenants did, as records in the order of their time."""

    def __init__(
        self, scenario: Scenario, now: datetime, region: str, day: date, tally: Tally
    ) -> None:
        self.scenario = scenario
        self.region = region
        self.day = day
        self.tally = tally
        self.start = int(midnight(day).timestamp()) * SECOND
        self.until = int(now.timestamp()) * SECOND
        self.rng = random.Random(f"{scenario.seed}/{region}/{day.isoformat()}/telemetry")
        self.logs: list[tuple[int, LogRecord]] = []
        self.spans: list[tuple[int, Span]] = []

    def requests(self) -> Iterator[Request]:
        for account, tenant in self.scenario.tenants:
            if tenant.region != self.region:
                continue
            self._report_license(account, tenant)
            for session in self.scenario.sessions(account, tenant, self.day):
                self._work(tenant, session)
        logs = [record for _, record in sorted(self.logs, key=_time)]
        for first in range(0, len(logs), RECORDS_IN_REQUEST):
            yield logs_request(self.region, logs[first : first + RECORDS_IN_REQUEST])
        spans = [span for _, span in sorted(self.spans, key=_time)]
        for first in range(0, len(spans), RECORDS_IN_REQUEST):
            yield traces_request(self.region, spans[first : first + RECORDS_IN_REQUEST])
        yield from self._metrics()

    def _report_license(self, account: Account, tenant: Tenant) -> None:
        if not self.scenario.active(account, self.day):
            return
        for hour in range(0, 24, self.scenario.report_hours):
            at = self.start + (hour * 3600 + self.rng.randrange(60)) * SECOND
            if at >= self.until:
                return
            moment = datetime.fromtimestamp(at / SECOND, UTC)
            used = self.scenario.used(account, tenant, moment)
            self._event(
                at,
                "license.usage",
                tenant,
                b"",
                license__metric=MASTER_RECORDS,
                license__used=used,
                license__limit=tenant.license_limit,
                license__period="total",
            )
            self.tally.report(tenant.tenant_id, self.day, used)

    def _work(self, tenant: Tenant, session: Session) -> None:
        """Write down one session, as far as it lies in the past."""
        if self._at(session.end + 60) >= self.until:
            return
        person = f"u-{tenant.tenant_id}-{session.person:02d}"
        who: dict[str, str | int] = {
            "session__id": session.session_id,
            "enduser__pseudo__id": person,
        }
        self._event(self._at(session.start), "session.start", tenant, b"", **who)
        self._event(self._at(session.end), "session.end", tenant, b"", **who)
        for second, feature in session.features:
            at = self._at(second)
            self._event(at, "feature.used", tenant, b"", feature__name=feature, **who)
            self.tally.features[tenant.tenant_id, feature, self.day] += 1
            self._serve(at, tenant, feature)
        for run in session.transformations:
            self._transform(tenant, run)

    def _transform(self, tenant: Tenant, run: Transformation) -> None:
        began = self._at(run.second)
        ended = began + run.duration_ms * 1_000_000
        what: dict[str, str | int] = {
            "transformation__id": run.transformation_id,
            "transformation__kind": run.kind,
            "transformation__records": run.records,
        }
        trace = self.rng.randbytes(16)
        self._event(began, "transformation.started", tenant, trace, **what)
        if run.error_type is None:
            self._event(ended, "transformation.completed", tenant, trace, **what)
            self._event(
                ended,
                "resource.consumed",
                tenant,
                trace,
                resource__metric=TRANSFORMED_RECORDS,
                resource__quantity=run.records,
                resource__unit="{record}",
            )
            self.tally.completed[tenant.tenant_id] += 1
            self.tally.transformed[tenant.tenant_id, self.day.replace(day=1)] += run.records
        else:
            self._event(
                ended, "transformation.failed", tenant, trace, error__type=run.error_type, **what
            )
            self.tally.failed[tenant.tenant_id, run.error_type] += 1
        self._log(ended, tenant, run, trace)
        self._trace(began, ended, tenant, run, trace)

    def _event(
        self, at: int, name: str, tenant: Tenant, trace: bytes, /, **values: str | int
    ) -> None:
        record = LogRecord(
            time_unix_nano=at,
            observed_time_unix_nano=at + 1_000_000,
            severity_number=SeverityNumber.SEVERITY_NUMBER_INFO,
            event_name=name,
            trace_id=trace,
            attributes=[_tenant(tenant), *attributes(**values)],
        )
        self.logs.append((at, record))

    def _log(self, at: int, tenant: Tenant, run: Transformation, trace: bytes) -> None:
        """Write an ordinary log line; now and then a careless one."""
        body = f"transformation {run.transformation_id} ended after {run.duration_ms} ms"
        values = attributes(code__function__name="contoso.jobs.finish")
        careless = self.rng.randrange(30)
        if careless < (4 if self.region == "euc" else 3):
            body = mistakes.log_bodies()[careless]
            self.tally.planted[mistakes.LOG_BODY_KINDS[careless]] += 1
        elif 4 <= careless < 7:
            values.append(attribute("user.id", mistakes.USER_ID))
            self.tally.planted["user id"] += 1
        record = LogRecord(
            time_unix_nano=at + 2_000_000,
            observed_time_unix_nano=at + 3_000_000,
            severity_number=(
                SeverityNumber.SEVERITY_NUMBER_INFO
                if run.error_type is None
                else SeverityNumber.SEVERITY_NUMBER_ERROR
            ),
            severity_text="INFO" if run.error_type is None else "ERROR",
            body=AnyValue(string_value=body),
            trace_id=trace,
            attributes=[_tenant(tenant), *values],
        )
        self.logs.append((at, record))

    def _serve(self, at: int, tenant: Tenant, feature: str) -> None:
        """Write the span of the request behind one use of a feature."""
        name = f"POST /features/{feature}"
        values = attributes(
            http__request__method="POST",
            http__route="/features/{feature}",
            http__response__status_code=200,
            client__address=mistakes.CLIENT_ADDRESS,
        )
        self.tally.planted["client address"] += 1
        careless = self.rng.randrange(40)
        if careless == 0:
            name = mistakes.span_name()
            self.tally.planted["e-mail in a span name"] += 1
        elif careless == 1:
            values.append(
                attribute(
                    "http.request.header.authorization", (f"Bearer {mistakes.JWT_IN_ATTRIBUTE}",)
                )
            )
            self.tally.planted["JWT in an attribute"] += 1
        elif careless == 2:
            values.append(attribute("url.query", f"name={mistakes.QUERY_IN_URL}&page=2"))
            self.tally.planted["query of a URL"] += 1
        took = self.rng.randrange(4_000_000, 300_000_000)
        self._span(
            at,
            at + took,
            name,
            Span.SPAN_KIND_SERVER,
            values,
            tenant=tenant,
            trace=self.rng.randbytes(16),
        )

    def _trace(
        self, began: int, ended: int, tenant: Tenant, run: Transformation, trace: bytes
    ) -> None:
        """Write a transformation's three spans: request, job and query."""
        failed = run.error_type is not None
        request = self._span(
            began,
            ended,
            "POST /transformations",
            Span.SPAN_KIND_SERVER,
            attributes(
                http__request__method="POST",
                http__route="/transformations",
                http__response__status_code=500 if failed else 200,
            ),
            tenant=tenant,
            trace=trace,
        )
        job = self._span(
            began + 1_000_000,
            ended - 1_000_000,
            f"transform {run.kind}",
            Span.SPAN_KIND_INTERNAL,
            attributes(
                transformation__id=run.transformation_id, transformation__records=run.records
            ),
            tenant=tenant,
            trace=trace,
            parent=request,
            failed=failed,
        )
        self._span(
            began + 2_000_000,
            began + 60_000_000,
            "SELECT master_records",
            Span.SPAN_KIND_CLIENT,
            attributes(
                db__system__name="postgresql",
                db__namespace="contoso",
                db__query__text=mistakes.sql_text(),
            ),
            tenant=tenant,
            trace=trace,
            parent=job,
        )
        self.tally.planted["name in SQL text"] += 1
        self.tally.planted["city in SQL text"] += 1

    def _span(
        self,
        began: int,
        ended: int,
        name: str,
        kind: Span.SpanKind.ValueType,
        values: list[KeyValue],
        *,
        tenant: Tenant,
        trace: bytes,
        parent: bytes = b"",
        failed: bool = False,
    ) -> bytes:
        span_id = self.rng.randbytes(8)
        span = Span(
            trace_id=trace,
            span_id=span_id,
            parent_span_id=parent,
            name=name,
            kind=kind,
            start_time_unix_nano=began,
            end_time_unix_nano=ended,
            attributes=[_tenant(tenant), *values],
        )
        if failed:
            span.status.CopyFrom(
                Status(code=Status.STATUS_CODE_ERROR, message=mistakes.exception_message())
            )
            span.events.append(
                Span.Event(
                    time_unix_nano=ended,
                    name="exception",
                    attributes=attributes(
                        exception__type="PartnerError",
                        exception__message=mistakes.exception_message(),
                        exception__stacktrace=mistakes.stack_trace(),
                    ),
                )
            )
            self.tally.planted["token in an exception"] += 3
        self.spans.append((began, span))
        return span_id

    def _metrics(self) -> Iterator[Request]:
        """Export what the service measured, some measurements a request."""
        moments = [
            at
            for second in range(0, 86_400, METRIC_EVERY * self.scenario.report_hours)
            if (at := self._at(second)) < self.until
        ]
        for first in range(0, len(moments), METRICS_IN_REQUEST):
            made = [
                part
                for at in moments[first : first + METRICS_IN_REQUEST]
                for part in self._measure(at)
            ]
            metrics = [metric for metric, _ in made]
            yield metrics_request(self.region, metrics, sum(points for _, points in made))

    def _measure(self, at: int) -> list[tuple[Metric, int]]:
        counts = [self.rng.randrange(40) for _ in range(len(BOUNDS) + 1)]
        since = at - METRIC_EVERY * SECOND
        latency = HistogramDataPoint(
            start_time_unix_nano=since,
            time_unix_nano=at,
            count=sum(counts),
            sum=float(sum(counts) * 80),
            bucket_counts=counts,
            explicit_bounds=BOUNDS,
            attributes=attributes(http__request__method="POST"),
        )
        done = [
            NumberDataPoint(
                start_time_unix_nano=self.start,
                time_unix_nano=at,
                as_int=(at - self.start) // (100 * SECOND) + place,
                attributes=attributes(transformation__kind=kind),
            )
            for place, kind in enumerate(TRANSFORMATION_KINDS)
        ]
        queue = NumberDataPoint(time_unix_nano=at, as_double=self.rng.random() * 10)
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
                    sum=Sum(
                        data_points=done, aggregation_temporality=cumulative, is_monotonic=True
                    ),
                ),
                len(done),
            ),
            (Metric(name="contoso.queue.depth", gauge=Gauge(data_points=[queue])), 1),
        ]

    def _at(self, second: int) -> int:
        return self.start + second * SECOND


def _tenant(tenant: Tenant) -> KeyValue:
    """Name the tenant; Canada's release is older and says `customer.id`."""
    key = "customer.id" if tenant.region == "cac" else "tenant.id"
    return attribute(key, tenant.tenant_id)


def _time(timed: tuple[int, object]) -> int:
    return timed[0]


def main() -> None:
    """Send the history to the collectors that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", action="append", required=True, metavar="REGION=URL")
    parser.add_argument("--scale", type=float, default=1.0, help="how busy customers are")
    given = parser.parse_args()
    endpoints = dict(pair.split("=", 1) for pair in given.to)
    now = datetime.now(UTC)
    history = History(Scenario.ending(now, scale=given.scale), now, tuple(endpoints))
    delivery = send(history.requests(), endpoints)
    for (region, signal), records in sorted(delivery.records.items()):
        print(f"{region} {signal}: {records:,} records")


if __name__ == "__main__":
    main()
