"""The receivers' and extensions' keys."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator

from mainstem.config.collector.security import Auth, Network, TlsServer
from mainstem.config.collector.values import (
    Component,
    Duration,
    Endpoint,
    Means,
    NoEffect,
    NotBuilt,
    Present,
)

_TUNING = NoEffect("the data plane sizes its own buffers and connections")


def _url_path(path: str) -> str:
    if not path.startswith("/") or any(c in path for c in "?# "):
        raise ValueError("must be a path that begins with /, such as /health/status")
    return path


def _utf8(encoding: str) -> str:
    if encoding.lower().replace("-", "") != "utf8":
        raise ValueError("must be utf8, as OTLP JSON is")
    return encoding


class ServerParameters(Component):
    """`keepalive.server_parameters`."""

    max_connection_idle: Annotated[
        Duration | None, Means("A connection without a call ends after so long.")
    ] = None
    max_connection_age: Annotated[
        Duration | None,
        Means("A connection is asked to end after so long, give or take a tenth."),
    ] = None
    max_connection_age_grace: Annotated[
        Duration | None, Means("And is cut off so much later; never if none.")
    ] = None
    time: Annotated[
        Duration, Field(gt=0), Means("A silent connection is asked this often if it lives.")
    ] = 60.0
    timeout: Annotated[Duration, Field(gt=0), Means("And has so long to answer.")] = 20.0


class Keepalive(Component):
    """`grpc.keepalive`."""

    server_parameters: Annotated[ServerParameters, Present] = ServerParameters()
    enforcement_policy: Annotated[Any, NoEffect("clients may ask as often as they like")] = None


class Listening(Component):
    """What both protocols take to guard a listener; those of one address have to be equal."""

    tls: Annotated[TlsServer | None, Means("TLS; without it what is sent is in clear.")] = None
    auth: Annotated[Auth | None, Means("Who may send.")] = None
    ip_allowlist: Annotated[
        tuple[Network, ...],
        Means("Mainstem's own: the networks (CIDR) that may send; empty for all."),
    ] = ()
    trusted_proxies: Annotated[
        tuple[Network, ...],
        Means("Mainstem's own: the proxies whose `X-Forwarded-For` is believed."),
    ] = ()


class Grpc(Listening):
    """`protocols.grpc`."""

    endpoint: Annotated[Endpoint, Means("Where OTLP/gRPC is taken; port 0 takes any free one.")] = (
        "127.0.0.1:4317"
    )
    transport: Annotated[Literal["tcp"], Means("The only one there is.")] = "tcp"
    max_recv_msg_size_mib: Annotated[
        Annotated[int, Field(ge=1, le=1024)] | None,
        Means("The largest request, inflated; the larger of this and HTTP's holds. Else 20."),
    ] = None
    max_concurrent_streams: Annotated[
        int, Field(ge=0, le=100_000), Means("Calls at once on a connection; 0 for 256.")
    ] = 0
    read_buffer_size: Annotated[Any, _TUNING] = None
    write_buffer_size: Annotated[Any, _TUNING] = None
    keepalive: Annotated[Keepalive, Present] = Keepalive()
    include_metadata: Annotated[Any, NoEffect("headers are read by nothing and kept nowhere")] = (
        None
    )


class Cors(Component):
    """`protocols.http.cors`."""

    allowed_origins: Annotated[
        tuple[str, ...], Means("Origins whose pages may send; `*` for any.")
    ] = ()
    allowed_headers: Annotated[Any, NoEffect("the headers that OTLP needs are allowed")] = None
    exposed_headers: Annotated[Any, NoEffect("answers have none to expose")] = None
    max_age: Annotated[Any, NoEffect("browsers ask again after their own time")] = None


class Http(Listening):
    """`protocols.http`."""

    endpoint: Annotated[
        Endpoint,
        Means("Where OTLP/HTTP is taken; the address of gRPC's makes one listener for both."),
    ] = "127.0.0.1:4318"
    max_request_body_size: Annotated[
        Annotated[int, Field(ge=1024, le=1 << 30)] | None,
        Means("The largest request, inflated, in bytes; see gRPC's."),
    ] = None
    cors: Cors = Cors()
    traces_url_path: Annotated[Literal["/v1/traces"], Means("Fixed.")] = "/v1/traces"
    metrics_url_path: Annotated[Literal["/v1/metrics"], Means("Fixed.")] = "/v1/metrics"
    logs_url_path: Annotated[Literal["/v1/logs"], Means("Fixed.")] = "/v1/logs"
    read_timeout: Annotated[Duration, Means("For a request's body; 0 for 30 s.")] = 0.0
    read_header_timeout: Annotated[Duration, Means("For a request's head; 0 for 1m.")] = 0.0
    write_timeout: Annotated[Any, NoEffect("answers are short")] = None
    idle_timeout: Annotated[
        Duration, Means("A connection without a request ends after so long; 0 for 1m.")
    ] = 0.0
    keep_alives_enabled: Annotated[
        bool, Means("Whether a connection may serve a second request.")
    ] = True
    compression_algorithms: Annotated[Any, NoEffect("gzip and zstd are always read")] = None
    include_metadata: Annotated[Any, NoEffect("headers are read by nothing and kept nowhere")] = (
        None
    )
    response_headers: Annotated[Any, NotBuilt("answers have OTLP's own headers alone")] = None


class Protocols(Component):
    """`protocols`: what stands here is served."""

    grpc: Annotated[Grpc | None, Present] = None
    http: Annotated[Http | None, Present] = None


class Otlp(Component):
    """The `otlp` receiver: OTLP over gRPC and HTTP, protobuf and JSON, gzip and zstd."""

    protocols: Protocols

    def endpoints(self) -> dict[str, str]:
        """Give the addresses by protocol; both may have the same."""
        given = {"grpc": self.protocols.grpc, "http": self.protocols.http}
        return {name: one.endpoint for name, one in given.items() if one is not None}

    @field_validator("protocols")
    @classmethod
    def _one_at_least(cls, protocols: Protocols) -> Protocols:
        if protocols.grpc is None and protocols.http is None:
            raise ValueError("must name grpc, http or both")
        return protocols


class ResponseBody(Component):
    """`health_check.response_body`."""

    healthy: Annotated[str | None, Means("The body of a 200, in place of the JSON.")] = None
    unhealthy: Annotated[str | None, Means("The body of a 503, in place of the JSON.")] = None


class CheckPipeline(Component):
    """`health_check.check_collector_pipeline`: unhealthy once exports fail too often."""

    enabled: Annotated[bool, Means("Whether failing exports make it unhealthy.")] = False
    interval: Annotated[Duration, Means("Seconds (`5m`) in which failures are counted.")] = 300.0
    exporter_failure_threshold: Annotated[
        int,
        Field(ge=1),
        Means("So many failures in it make it unhealthy; one success ends that."),
    ] = 5


class HealthCheck(Component):
    """The `health_check` extension."""

    endpoint: Annotated[Endpoint, Means("Where it answers.")] = "127.0.0.1:13133"
    path: Annotated[
        str,
        AfterValidator(_url_path),
        Means("The path that says 200 or 503; `/live` says whether the process runs."),
    ] = "/"
    response_body: ResponseBody = ResponseBody()
    check_collector_pipeline: CheckPipeline = CheckPipeline()
    tls: Annotated[TlsServer | None, Means("TLS, as a listener has it.")] = None
    max_spool_age: Annotated[
        Duration,
        Means("Mainstem's own: unhealthy once something has waited so long for its upload."),
    ] = 1800.0


class TextEncoding(Component):
    """The `text_encoding` extension: newline-separated OTLP JSON, for every signal."""

    encoding: Annotated[str, AfterValidator(_utf8), Means("The only one that OTLP JSON has.")] = (
        "utf8"
    )
    marshaling_separator: Annotated[Literal["\n"], Means("What ends a line of a blob.")] = "\n"
    unmarshaling_separator: Annotated[Any, NoEffect("no receiver here reads text")] = None
    body_only: Annotated[Any, NotBuilt("blobs hold whole OTLP requests")] = None
