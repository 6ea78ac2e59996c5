from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from examples.contoso import mistakes
from examples.contoso.history import History
from examples.contoso.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.proto.common.v1.common_pb2 import KeyValue
    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

    from examples.contoso.otlp import Request

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def history() -> History:
    return History(Scenario.ending(NOW, scale=0.1), NOW)


@pytest.fixture(scope="module")
def requests(history: History) -> list[Request]:
    return list(history.requests())


def log_records(requests: list[Request]) -> Iterator[LogRecord]:
    for request in requests:
        if request.signal == "logs":
            message = ExportLogsServiceRequest.FromString(request.body)
            for resource in message.resource_logs:
                for scope in resource.scope_logs:
                    yield from scope.log_records


def values(attributes: Iterator[KeyValue]) -> dict[str, str | int]:
    return {
        pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "string_value")
        for pair in attributes
    }


def test_the_same_seed_and_moment_give_the_same_bytes(requests: list[Request]) -> None:
    again = list(History(Scenario.ending(NOW, scale=0.1), NOW).requests())

    assert [request.body for request in again] == [request.body for request in requests]


def test_each_request_counts_the_records_in_it(requests: list[Request]) -> None:
    for request in requests:
        if request.signal == "traces":
            spans = ExportTraceServiceRequest.FromString(request.body)
            count = sum(len(s.spans) for r in spans.resource_spans for s in r.scope_spans)
        elif request.signal == "metrics":
            metrics = ExportMetricsServiceRequest.FromString(request.body)
            count = sum(
                len(getattr(m, m.WhichOneof("data") or "gauge").data_points)
                for r in metrics.resource_metrics
                for s in r.scope_metrics
                for m in s.metrics
            )
        else:
            logs = ExportLogsServiceRequest.FromString(request.body)
            count = sum(len(s.log_records) for r in logs.resource_logs for s in r.scope_logs)
        assert request.records == count


def test_the_tally_counts_what_the_events_say(history: History, requests: list[Request]) -> None:
    uses: Counter[tuple[str, str, date]] = Counter()
    transformed: Counter[tuple[str, date]] = Counter()
    for record in log_records(requests):
        said = values(iter(record.attributes))
        tenant = str(said.get("tenant.id", said.get("customer.id")))
        day = datetime.fromtimestamp(record.time_unix_nano / 1e9, UTC).date()
        if record.event_name == "feature.used":
            uses[tenant, str(said["feature.name"]), day] += 1
        elif record.event_name == "resource.consumed":
            transformed[tenant, day.replace(day=1)] += int(said["resource.quantity"])

    assert uses == history.tally.features
    assert transformed == history.tally.transformed


def test_nothing_lies_in_the_future_or_before_the_first_day(
    history: History, requests: list[Request]
) -> None:
    times = [record.time_unix_nano / 1e9 for record in log_records(requests)]

    assert max(times) <= NOW.timestamp()
    assert datetime.fromtimestamp(min(times), UTC).date() == history.scenario.first_day


def test_every_secret_of_the_history_is_really_planted(
    history: History, requests: list[Request]
) -> None:
    whole = b"".join(request.body for request in requests)

    planted = {kind for kind, count in history.tally.planted.items() if count}
    assert planted == set(mistakes.MARKERS)
    for kind, marker in mistakes.MARKERS.items():
        assert marker.encode() in whole, kind


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 10, 31, 12, tzinfo=UTC),
        datetime(2026, 3, 1, 0, 30, tzinfo=UTC),
        datetime(2026, 12, 1, 23, 30, tzinfo=UTC),
        datetime(2028, 2, 29, 6, tzinfo=UTC),
    ],
)
def test_the_history_always_holds_days_of_a_month_that_is_over(now: datetime) -> None:
    scenario = Scenario.ending(now)

    billed = [day for day in scenario.dates if day < now.date().replace(day=1)]
    assert len(billed) >= 10
    assert len(scenario.dates) > 30


def test_the_whole_month_has_some_three_hundred_thousand_records() -> None:
    records = sum(request.records for request in History(Scenario.ending(NOW), NOW).requests())

    assert 250_000 < records < 400_000
