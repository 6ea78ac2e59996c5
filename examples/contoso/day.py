"""One region's day: what its tenants did, as log records and spans of the service's SDK."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, SeverityNumber
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from examples.contoso import mistakes
from examples.contoso.catalog import MASTER_RECORDS, TRANSFORMED_RECORDS
from examples.contoso.measurements import SECOND
from examples.contoso.otlp import attribute, attributes
from examples.contoso.scenario import Account, Scenario, Session, Tenant, Transformation, midnight

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import KeyValue

    from examples.contoso.tally import Tally

Timed = tuple[int, LogRecord]


class Day:
    """One region's day; `logs` and `spans` fill as tenants work, each with its time."""

    def __init__(
        self, scenario: Scenario, now: datetime, region: str, day: date, tally: Tally
    ) -> None:
        self.scenario = scenario
        self.region = region
        self.day = day
        self.version = scenario.version(region, day)
        self.start = int(midnight(day).timestamp()) * SECOND
        self.tally = tally
        self.logs: list[Timed] = []
        self.spans: list[tuple[int, Span]] = []
        self._until = int(now.timestamp()) * SECOND
        self._traced = scenario.recent(day)
        self.random = random.Random(
            f"{scenario.seed}/{region}/{(day - scenario.today).days}/records"
        )

    def take(self, account: Account, tenant: Tenant) -> list[Timed]:
        """Write a tenant's day down, as far as it lies in the past; gives its log records."""
        before = len(self.logs)
        self._report_license(account, tenant)
        work = self.scenario.work(account, tenant, self.day)
        whole = [s for s in work.sessions if self._past(s.end)]
        for session in whole:
            self._session(tenant, session)
        for use in work.uses:
            if self._past(use.second) and (use.session is None or use.session in whole):
                self._use(tenant, use.second, use.feature, use.session)
        for second, quantity in work.consumed:
            if self._past(second):
                self._consume(account, tenant, self.at(second), quantity, b"")
        for run in work.runs:
            if self._past(run.second):
                self._transform(account, tenant, run)
        taken = self.logs[before:]
        del self.logs[before:]
        return taken

    def at(self, second: int) -> int:
        """Give a second of the day as nanoseconds."""
        return self.start + second * SECOND

    def _past(self, second: int) -> bool:
        return self.at(second + 60) < self._until

    def _report_license(self, account: Account, tenant: Tenant) -> None:
        if not self.scenario.active(account, self.day):
            return
        for hour in (4, 16) if self._traced else (16,):
            second = hour * 3600 + self.random.randrange(3000)
            if not self._past(second) or self.scenario.dark(self.region, self.day, second):
                continue
            at = self.at(second)
            moment = datetime.fromtimestamp(at / SECOND, UTC)
            used = self.scenario.used(account, tenant, moment)
            limit = self.scenario.limit(account, moment)
            values: dict[str, str | int] = {
                "license__metric": MASTER_RECORDS,
                "license__used": used,
                "license__period": "total",
            }
            if limit is not None:
                values["license__limit"] = limit
            self._event(at, "license.usage", tenant, b"", **values)
            self.tally.report(tenant.tenant_id, account.zone, moment, used, limit)

    def _session(self, tenant: Tenant, session: Session) -> None:
        for second, name in ((session.start, "session.start"), (session.end, "session.end")):
            self._event(self.at(second), name, tenant, b"", **_who(tenant, session))
        self.tally.sessions[tenant.tenant_id, self.day] += 1

    def _use(self, tenant: Tenant, second: int, feature: str, session: Session | None) -> None:
        who = {} if session is None else _who(tenant, session)
        self._event(self.at(second), "feature.used", tenant, b"", feature__name=feature, **who)
        self.tally.features[tenant.tenant_id, feature, self.day] += 1
        if self._traced:
            self._serve(self.at(second), tenant, feature)

    def _consume(
        self, account: Account, tenant: Tenant, at: int, quantity: int, trace: bytes
    ) -> None:
        self._event(
            at,
            "resource.consumed",
            tenant,
            trace,
            resource__metric=TRANSFORMED_RECORDS,
            resource__quantity=quantity,
            resource__unit="{record}",
        )
        moment = datetime.fromtimestamp(at / SECOND, UTC)
        self.tally.consume(tenant.tenant_id, account.zone, moment, quantity)

    def _transform(self, account: Account, tenant: Tenant, run: Transformation) -> None:
        began = self.at(run.second)
        ended = began + run.duration_ms * 1_000_000
        what: dict[str, str | int] = {
            "transformation__id": run.transformation_id,
            "transformation__kind": run.kind,
            "transformation__records": run.records,
        }
        trace = self.random.randbytes(16) if self._traced else b""
        self._event(began, "transformation.started", tenant, trace, **what)
        if run.error_type is None:
            self._event(ended, "transformation.completed", tenant, trace, **what)
            self._consume(account, tenant, ended, run.records, trace)
            self.tally.completed[tenant.tenant_id, self.day] += 1
        else:
            failed = {"error__type": run.error_type, **what}
            self._event(ended, "transformation.failed", tenant, trace, **failed)
            self.tally.failed[tenant.tenant_id, run.error_type, self.day] += 1
        if self._traced:
            self._log(ended, tenant, run, trace)
            self._trace(began, ended, tenant, run, trace)

    def _event(
        self, at: int, name: str, tenant: Tenant, trace: bytes, /, **values: str | int
    ) -> None:
        self.logs.append((at, self.event(at, name, tenant, trace, **values)))

    def event(
        self, at: int, name: str, tenant: Tenant, trace: bytes = b"", /, **values: str | int
    ) -> LogRecord:
        """Make an event of the vocabulary; `__` stands for a dot in a key."""
        return LogRecord(
            time_unix_nano=at,
            observed_time_unix_nano=at + 1_000_000,
            severity_number=SeverityNumber.SEVERITY_NUMBER_INFO,
            event_name=name,
            trace_id=trace,
            attributes=[_tenant(tenant), *attributes(**values)],
        )

    def _log(self, at: int, tenant: Tenant, run: Transformation, trace: bytes) -> None:
        """Write an ordinary log line; now and then a careless one."""
        body = f"transformation {run.transformation_id} ended after {run.duration_ms} ms"
        values = attributes(code__function__name="contoso.jobs.finish")
        failed = run.error_type is not None
        careless = self.random.randrange(30)
        if careless < (4 if self.region == "euc" else 3):
            body = mistakes.log_bodies()[careless]
            self.tally.planted[mistakes.LOG_BODY_KINDS[careless]] += 1
        elif 4 <= careless < 7:
            values.append(attribute("user.id", mistakes.USER_ID))
            self.tally.planted["user id"] += 1
        if failed:
            values.append(attribute("exception.type", "PartnerError"))
        info, error = SeverityNumber.SEVERITY_NUMBER_INFO, SeverityNumber.SEVERITY_NUMBER_ERROR
        record = LogRecord(
            time_unix_nano=at + 2_000_000,
            observed_time_unix_nano=at + 3_000_000,
            severity_number=error if failed else info,
            severity_text="ERROR" if failed else "INFO",
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
        careless = self.random.randrange(40)
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
        took = self.random.randrange(4_000_000, 300_000_000)
        self._span(
            at,
            at + took,
            name,
            Span.SPAN_KIND_SERVER,
            values,
            tenant=tenant,
            trace=self.random.randbytes(16),
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
        span_id = self.random.randbytes(8)
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


def _who(tenant: Tenant, session: Session) -> dict[str, str | int]:
    return {
        "session__id": session.session_id,
        "enduser__pseudo__id": f"u-{tenant.tenant_id}-{session.person:02d}",
    }


def _tenant(tenant: Tenant) -> KeyValue:
    """Name the tenant; Canada's release is older and says `customer.id`."""
    key = "customer.id" if tenant.region == "cac" else "tenant.id"
    return attribute(key, tenant.tenant_id)
