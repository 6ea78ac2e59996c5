"""Contoso Transform in one region: a FastAPI service, instrumented as its makers thought best.

    CONTOSO_REGION=euc OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317 \
        uvicorn examples.contoso.service:app --port 8000

It emits the vocabulary's events, and makes the mistakes of `mistakes` where a real product makes
them: in its telemetry alone, so replies are plain.
"""

from __future__ import annotations

import os
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Header, HTTPException, Request
from opentelemetry import trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from pydantic import BaseModel

from examples.contoso import mistakes
from examples.contoso.catalog import MASTER_RECORDS, TRANSFORMED_RECORDS
from examples.contoso.scenario import Account, Scenario, Tenant
from examples.contoso.telemetry import SCOPE, start_telemetry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

REGION = os.environ.get("CONTOSO_REGION", "euc")

started = datetime.now(UTC)
scenario = Scenario.ending(started, scale=float(os.environ.get("CONTOSO_SCALE", "1")))
tenants = {
    tenant.tenant_id: (account, tenant)
    for account, tenant in scenario.tenants
    if tenant.region == REGION
}
telemetry = start_telemetry(REGION, scenario.version(REGION, scenario.today))
tracer = telemetry.traces.get_tracer(SCOPE)
meter = telemetry.metrics.get_meter(SCOPE)
transformations = meter.create_counter("contoso.transformations", unit="{transformation}")
transformed = meter.create_histogram("contoso.transformation.records", unit="{record}")

TenantHeader = Annotated[str, Header(alias="X-Tenant")]


class PartnerError(Exception):
    """A partner's system refused a call."""


class Run(BaseModel):
    """A transformation to run; `fails` names the error that it will meet."""

    transformation_id: str
    kind: str
    records: int
    fails: str | None = None


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    telemetry.shutdown()


app = FastAPI(title="Contoso Transform", lifespan=_lifespan)


@app.get("/health")
def health() -> dict[str, str]:
    """Tell that the service is there."""
    return {"region": REGION}


@app.post("/sessions/{session_id}")
def start_session(session_id: str, tenant: TenantHeader) -> dict[str, str]:
    """Begin a person's session; its log line has their address in it."""
    _known(tenant)
    telemetry.event("session.start", tenant, session__id=session_id)
    telemetry.log(mistakes.log_bodies()[0], tenant, user__id=mistakes.USER_ID)
    return {"session": session_id}


@app.delete("/sessions/{session_id}")
def end_session(session_id: str, tenant: TenantHeader) -> dict[str, str]:
    """End a session."""
    _known(tenant)
    telemetry.event("session.end", tenant, session__id=session_id)
    return {"session": session_id}


@app.post("/features/{feature}")
def use_feature(feature: str, tenant: TenantHeader) -> dict[str, str]:
    """Use a feature once; the query behind it is traced with its values."""
    _known(tenant)
    with tracer.start_as_current_span("SELECT master_records") as span:
        span.set_attribute("db.system.name", "postgresql")
        span.set_attribute("db.query.text", mistakes.sql_text())
    telemetry.event("feature.used", tenant, feature__name=feature)
    return {"feature": feature}


@app.get("/users/me/preferences")
def preferences(request: Request, tenant: TenantHeader) -> dict[str, str]:
    """Read a person's preferences; someone named the span after them."""
    _known(tenant)
    span = trace.get_current_span()
    span.update_name(mistakes.span_name())
    span.set_attribute("http.request.header.authorization", [f"Bearer {mistakes.JWT_IN_ATTRIBUTE}"])
    span.set_attribute("client.address", mistakes.CLIENT_ADDRESS)
    return {"path": request.url.path}


@app.post("/transformations")
def transform(run: Run, tenant: TenantHeader) -> dict[str, str | int]:
    """Run a transformation of master records."""
    account, installation = _known(tenant)
    what: dict[str, str | int] = {
        "transformation__id": run.transformation_id,
        "transformation__kind": run.kind,
        "transformation__records": run.records,
    }
    telemetry.event("transformation.started", tenant, **what)
    transformations.add(1, {"transformation.kind": run.kind})
    if run.fails is not None:
        telemetry.event("transformation.failed", tenant, error__type=run.fails, **what)
        _call_partner()
        return {"failed": run.fails}
    transformed.record(run.records)
    telemetry.event("transformation.completed", tenant, **what)
    telemetry.event(
        "resource.consumed",
        tenant,
        resource__metric=TRANSFORMED_RECORDS,
        resource__quantity=run.records,
        resource__unit="{record}",
    )
    used = scenario.used(account, installation, started)
    limit = scenario.limit(account, started)
    enforced: dict[str, str | int] = {} if limit is None else {"license__limit": limit}
    telemetry.event(
        "license.usage",
        tenant,
        license__metric=MASTER_RECORDS,
        license__used=used,
        license__period="total",
        **enforced,
    )
    return {"license_used": used}


def _known(tenant: str) -> tuple[Account, Tenant]:
    if tenant not in tenants:
        raise HTTPException(404, "no such tenant here")
    return tenants[tenant]


def _call_partner() -> None:
    """Call a partner, which refuses: the SDK records the error, and the error quotes the token."""
    with (
        suppress(PartnerError),
        tracer.start_as_current_span("POST partner"),
    ):
        raise PartnerError(mistakes.exception_message())


FastAPIInstrumentor.instrument_app(
    app,
    tracer_provider=telemetry.traces,
    meter_provider=telemetry.metrics,
    excluded_urls="health",
    exclude_spans=["receive", "send"],
)
