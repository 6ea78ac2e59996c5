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
from examples.contoso.catalog import LAUNCH_ADOPTION, LAUNCHED
from examples.contoso.customers import Story, can_adopt
from examples.contoso.history import WRONG_CLOCKS, History
from examples.contoso.scenario import OUTAGE_DAYS_AGO, OUTAGE_HOURS, OUTAGE_REGION, Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.proto.common.v1.common_pb2 import KeyValue
    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

    from examples.contoso.otlp import Request

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def history() -> History:
    return History(Scenario.ending(NOW, scale=0.3), NOW)


@pytest.fixture(scope="module")
def requests(history: History) -> list[Request]:
    return list(history.requests(doubled=False))


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


def test_the_same_seed_and_moment_give_the_same_bytes_and_some_of_them_twice(
    requests: list[Request],
) -> None:
    history = History(Scenario.ending(NOW, scale=0.3), NOW)
    again = [request.body for request in history.requests()]

    assert list(dict.fromkeys(again)) == [request.body for request in requests]
    assert len(again) > len(requests)
    assert history.doubled > 0


def test_another_seed_is_another_world() -> None:
    one, other = (Scenario.ending(NOW, seed=seed, scale=0.3) for seed in (1, 2))

    assert [a.daily for a in one.accounts] != [a.daily for a in other.accounts]
    assert [a.story for a in one.accounts] == [a.story for a in other.accounts]


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
    consumed: Counter[tuple[str, date]] = Counter()
    for record in log_records(requests):
        said = values(iter(record.attributes))
        tenant = str(said.get("tenant.id", said.get("customer.id")))
        day = datetime.fromtimestamp(record.time_unix_nano / 1e9, UTC).date()
        if record.time_unix_nano in WRONG_CLOCKS:
            day = NOW.date()
        if record.event_name == "feature.used":
            uses[tenant, str(said["feature.name"]), day] += 1
        elif record.event_name == "resource.consumed":
            consumed[tenant, day] += int(said["resource.quantity"])

    assert uses == history.tally.features
    assert consumed == history.tally.consumed


def test_nothing_lies_in_the_future_or_before_the_first_day_but_by_wrong_clocks(
    history: History, requests: list[Request]
) -> None:
    times = [record.time_unix_nano for record in log_records(requests)]
    right = [time / 1e9 for time in times if time not in WRONG_CLOCKS]

    assert max(right) <= NOW.timestamp()
    assert datetime.fromtimestamp(min(right), UTC).date() == history.scenario.first_day
    assert {time for time in times if time in WRONG_CLOCKS} == set(WRONG_CLOCKS)


def test_a_region_is_silent_while_it_is_down(history: History, requests: list[Request]) -> None:
    day = history.scenario.day(-OUTAGE_DAYS_AGO)
    begin, end = (
        datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp() * 1e9
        for hour in (OUTAGE_HOURS[0], OUTAGE_HOURS[-1] + 1)
    )
    there = [
        record
        for record in log_records([r for r in requests if r.region == OUTAGE_REGION])
        if begin <= record.time_unix_nano < end and record.event_name != "session.end"
    ]

    assert there == []
    assert history.late > 0


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
def test_four_hundred_days_and_no_part_of_a_month_at_their_beginning(now: datetime) -> None:
    scenario = Scenario.ending(now)

    assert 400 <= len(scenario.dates) - 1 <= 431
    assert scenario.first_day.day == 1
    assert scenario.dates[-1] == now.date()


@pytest.mark.parametrize(("scale", "times"), [(0.3, 1), (1, 1), (5, 5)])
def test_a_larger_scale_plants_more_of_the_same(scale: float, times: int) -> None:
    scenario = Scenario.ending(NOW, scale=scale)
    stories = Counter(account.story for account in scenario.accounts)

    assert len(scenario.tenants) == max(60, 200 * scale)
    assert stories[Story.CROSSING] >= 4 * times
    assert stories[Story.SPIKE_AFTER_CONTRACT] >= 6 * times
    assert stories[Story.SPIKE] >= 4 * times


def test_the_launched_feature_is_taken_up_by_the_share_of_each_segment() -> None:
    scenario = Scenario.ending(NOW)
    for segment, share in LAUNCH_ADOPTION.items():
        could = [
            tenant
            for account, tenant in scenario.tenants
            if account.segment == segment and tenant.production and can_adopt(account)
        ]
        took = [t for t in could if LAUNCHED in {feature for feature, _ in t.features}]

        assert len(took) == round(share * len(could))
