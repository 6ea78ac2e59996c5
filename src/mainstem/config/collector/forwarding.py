"""The keys of the exporters that send on: `otlp` (`otlp_grpc`) and `otlphttp` (`otlp_http`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from mainstem.config.collector.values import Component, Duration, Means, NoEffect, NotBuilt

_TUNING = NoEffect("connections are sized here")
_QUEUE = NoEffect("the spool is the queue, on disk and without a limit but the disk's")
_PEM = NotBuilt("name a file: ${file:...} would put a key into the configuration")
_AUTH = NotBuilt("put what the receiver asks for into headers, from ${env:...} or ${file:...}")


def _target(endpoint: str) -> str:
    """Check `host:port`, with a scheme or without."""
    parts = _split(endpoint if "://" in endpoint else f"//{endpoint}")
    if parts.port is None or parts.path not in ("", "/"):
        raise ValueError("must be a host and a port, such as central.example:4317")
    return endpoint


def _url(url: str) -> str:
    if _split(url).scheme not in ("http", "https"):
        raise ValueError("must be a URL, such as https://central.example:4318")
    return url


def _split(url: str) -> Any:
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        has_host = False
    if not has_host or parts.username or parts.query or parts.fragment:
        raise ValueError("must be an address without a user, a query or a fragment")
    if parts.scheme not in ("", "http", "https"):
        raise ValueError("must begin with http:// or https://, if with a scheme")
    return parts


Target = Annotated[str, AfterValidator(_target)]
Url = Annotated[str, AfterValidator(_url)]


class ClientTls(Component):
    """`tls`: how the receiver is known, and how this collector proves who it is."""

    insecure: Annotated[bool, Means("No TLS, where the endpoint has no scheme that tells.")] = False
    insecure_skip_verify: Annotated[bool, Means("Take any certificate of the receiver.")] = False
    ca_file: Annotated[
        str | None, Means("Authorities in PEM; the system's where there is none.")
    ] = None
    cert_file: Annotated[str | None, Means("This collector's certificate, in PEM.")] = None
    key_file: Annotated[str | None, Means("Its key, in PEM.")] = None
    server_name_override: Annotated[
        str | None, Means("The name that the receiver's certificate has, if not the endpoint's.")
    ] = None
    min_version: Annotated[Any, NoEffect("TLS 1.2 and 1.3")] = None
    max_version: Annotated[Any, NoEffect("TLS 1.2 and 1.3")] = None
    reload_interval: Annotated[Any, NoEffect("files are looked at every ten seconds")] = None
    include_system_ca_certs_pool: Annotated[
        Any, NotBuilt("either the system's authorities or those of ca_file")
    ] = None
    ca_pem: Annotated[Any, _PEM] = None
    cert_pem: Annotated[Any, _PEM] = None
    key_pem: Annotated[Any, _PEM] = None
    cipher_suites: Annotated[Any, NotBuilt("the suites that rustls takes are all sound")] = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file go together")
        return self


class RetryOnFailure(Component):
    """`retry_on_failure`: the pauses between two tries, which go on for ever unless told."""

    enabled: Annotated[
        bool, Means("`false` gives a request up after its first try, and counts it as abandoned.")
    ] = True
    initial_interval: Annotated[Duration, Means("The first pause.")] = 5.0
    max_interval: Annotated[Duration, Means("The longest pause.")] = 30.0
    multiplier: Annotated[
        float, Field(ge=1.0), Means("How much longer each pause is than the one before.")
    ] = 1.5
    randomization_factor: Annotated[
        float, Field(ge=0.0, le=1.0), Means("How far a pause is off, as a share of it.")
    ] = 0.5
    max_elapsed_time: Annotated[
        Duration,
        Means("After this time a request is given up and counted as abandoned; 0: never."),
    ] = 0.0


class SendingQueue(Component):
    """`sending_queue`."""

    num_consumers: Annotated[
        int, Field(ge=1, le=256), Means("Requests under way to the receiver at once.")
    ] = 10
    enabled: Annotated[Any, _QUEUE] = None
    queue_size: Annotated[Any, _QUEUE] = None
    sizer: Annotated[Any, _QUEUE] = None
    storage: Annotated[Any, _QUEUE] = None
    block_on_overflow: Annotated[Any, _QUEUE] = None
    wait_for_result: Annotated[Any, _QUEUE] = None
    batch: Annotated[Any, NoEffect("a request keeps its identity, so none are joined")] = None


class Forwarding(Component):
    """What every exporter that sends on takes."""

    tls: ClientTls = ClientTls()
    headers: Annotated[
        dict[str, SecretStr],
        Field(default_factory=dict),
        Means("Sent with every request; their values are secrets."),
    ]
    compression: Annotated[Literal["gzip", "zstd", "none"], Means("Of every request.")] = "gzip"
    retry_on_failure: RetryOnFailure = RetryOnFailure()
    sending_queue: SendingQueue = SendingQueue()
    auth: Annotated[Any, _AUTH] = None
    read_buffer_size: Annotated[Any, _TUNING] = None
    write_buffer_size: Annotated[Any, _TUNING] = None

    @field_validator("compression", mode="before")
    @classmethod
    def _unset(cls, value: Any) -> Any:
        return "none" if value == "" else value


class OtlpGrpc(Forwarding):
    """The `otlp` (`otlp_grpc`) exporter: sends segments on over OTLP/gRPC.

    https://github.com/open-telemetry/opentelemetry-collector/tree/main/exporter/otlpexporter
    """

    endpoint: Annotated[
        Target, Means("`host:port`; TLS unless it begins with `http://` or `tls.insecure` is set.")
    ]
    timeout: Annotated[Duration, Means("For one request and its answer.")] = 5.0
    keepalive: Annotated[Any, _TUNING] = None
    wait_for_ready: Annotated[Any, _TUNING] = None
    balancer_name: Annotated[Any, _TUNING] = None
    authority: Annotated[Any, NotBuilt("the endpoint's own is sent")] = None


class OtlpHttp(Forwarding):
    """The `otlphttp` (`otlp_http`) exporter: sends segments on over OTLP/HTTP.

    https://github.com/open-telemetry/opentelemetry-collector/tree/main/exporter/otlphttpexporter
    """

    endpoint: Annotated[
        Url | None, Means("The URL before `/v1/traces`, `/v1/metrics` and `/v1/logs`.")
    ] = None
    traces_endpoint: Annotated[Url | None, Means("The whole URL for traces, if another.")] = None
    metrics_endpoint: Annotated[Url | None, Means("The whole URL for metrics, if another.")] = None
    logs_endpoint: Annotated[Url | None, Means("The whole URL for logs, if another.")] = None
    encoding: Annotated[Literal["proto", "json"], Means("How requests are written.")] = "proto"
    timeout: Annotated[Duration, Means("For one request and its answer.")] = 30.0
    max_idle_conns: Annotated[Any, _TUNING] = None
    max_idle_conns_per_host: Annotated[Any, _TUNING] = None
    max_conns_per_host: Annotated[Any, _TUNING] = None
    idle_conn_timeout: Annotated[Any, _TUNING] = None
    disable_keep_alives: Annotated[Any, _TUNING] = None
    http2_read_idle_timeout: Annotated[Any, _TUNING] = None
    http2_ping_timeout: Annotated[Any, _TUNING] = None
    force_attempt_http2: Annotated[Any, _TUNING] = None
    proxy_url: Annotated[Any, NotBuilt("the receiver is reached directly")] = None
    cookies: Annotated[Any, NotBuilt("none are kept")] = None

    @model_validator(mode="after")
    def _addressed(self) -> Self:
        each = (self.traces_endpoint, self.metrics_endpoint, self.logs_endpoint)
        if self.endpoint is None and not all(each):
            raise ValueError("needs endpoint, or one for each signal")
        return self
