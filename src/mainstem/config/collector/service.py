"""The keys of `service`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from mainstem.config.collector.values import Component, Endpoint, Means, NoEffect, NotBuilt, Present

_CONSOLE = NoEffect("logs go to standard error")


class Pipeline(Component):
    """One of `service.pipelines`."""

    receivers: Annotated[
        tuple[str, ...], Means("The one `otlp` receiver, which pipelines share.")
    ] = ()
    processors: Annotated[tuple[str, ...], Means("In the order in which they run.")] = ()
    exporters: Annotated[
        tuple[str, ...], Means("All of them get what the pipeline leaves; one at least stores it.")
    ] = ()


class Logs(Component):
    """`service.telemetry.logs`: the collector's own, which hold no payload."""

    level: Annotated[
        Literal["debug", "info", "warn", "error"], Means("The least that is logged.")
    ] = "info"
    encoding: Annotated[Literal["console", "json"], Means("`json`: one document a line.")] = (
        "console"
    )
    development: Annotated[Any, _CONSOLE] = None
    output_paths: Annotated[Any, _CONSOLE] = None
    error_output_paths: Annotated[Any, _CONSOLE] = None
    disable_caller: Annotated[Any, _CONSOLE] = None
    disable_stacktrace: Annotated[Any, _CONSOLE] = None
    sampling: Annotated[Any, _CONSOLE] = None
    initial_fields: Annotated[Any, _CONSOLE] = None
    processors: Annotated[Any, NotBuilt("its own logs go to standard error alone")] = None

    @field_validator("level", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value


class Prometheus(Component):
    """`pull.exporter.prometheus` of a reader."""

    host: Annotated[str, Means("Where the metrics are served.")] = "localhost"
    port: Annotated[int, Field(ge=0, le=65535), Means("The same.")] = 8888
    without_scope_info: Annotated[Any, NoEffect("there is no scope info")] = None
    without_type_suffix: Annotated[Any, NoEffect("names are those that dashboards know")] = None
    without_units: Annotated[Any, NoEffect("names are those that dashboards know")] = None
    with_resource_constant_labels: Annotated[Any, NoEffect("there is no resource")] = None


class PullExporter(Component):
    """`pull.exporter` of a reader."""

    prometheus: Annotated[Prometheus, Present]


class Pull(Component):
    """`pull` of a reader."""

    exporter: PullExporter


class Reader(Component):
    """One of `metrics.readers`."""

    pull: Pull | None = None
    periodic: Annotated[Any, NotBuilt("its own metrics are pulled by Prometheus")] = None


class Metrics(Component):
    """`service.telemetry.metrics`: the collector's own, in Prometheus's format."""

    level: Annotated[
        Literal["none", "basic", "normal", "detailed"],
        Means("`none` serves no metrics; the others are alike."),
    ] = "normal"
    address: Annotated[
        Endpoint | None, Means("Where the metrics are served, as older configurations say it.")
    ] = None
    readers: tuple[Reader, ...] = ()

    @property
    def endpoint(self) -> str | None:
        """Where the metrics are served, if anywhere."""
        if self.level == "none":
            return None
        if self.address is not None:
            return self.address
        for reader in self.readers:
            if reader.pull is not None:
                prometheus = reader.pull.exporter.prometheus
                host = "127.0.0.1" if prometheus.host == "localhost" else prometheus.host
                return f"{host}:{prometheus.port}"
        return "127.0.0.1:8888"


class Telemetry(Component):
    """`service.telemetry`."""

    logs: Annotated[Logs, Present] = Logs()
    metrics: Annotated[Metrics, Present] = Metrics()
    traces: Annotated[Any, NoEffect("the collector makes no traces of itself")] = None
    resource: Annotated[Any, NoEffect("its own metrics carry no resource")] = None


class Service(Component):
    """`service`: what runs of all that is configured."""

    extensions: Annotated[tuple[str, ...], Means("The extensions that start.")] = ()
    pipelines: Annotated[dict[str, Annotated[Pipeline, Present]], Field(min_length=1)]
    telemetry: Annotated[Telemetry, Present] = Telemetry()
