"""Exporters that send segments on, as the data plane's plan has them, and where they may stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mainstem.config.collector import OtlpGrpc
from mainstem.config.routes import Route
from mainstem.errors import UsageError
from mainstem.records import Signal

if TYPE_CHECKING:
    from pathlib import Path

    from mainstem.collect.site import Site
    from mainstem.config.collector import CollectorConfig, OtlpHttp

MILLISECONDS = 1000


def check_forwarding(config: CollectorConfig, site: Site) -> None:
    """UsageError where an isolated region would send records out, or a route has no exporter."""
    if site.origins and any(one.forward for one in config.pipelines.values()):
        raise UsageError(
            f"{config.file}: what regions forward to the centre is not sent on again",
            hint="Take the exporters that send on out of its pipelines.",
        )
    forwarding = {id_: one.forward for id_, one in config.pipelines.items() if one.forward}
    if site.isolated and forwarding:
        id_, exporters = next(iter(forwarding.items()))
        raise UsageError(
            f"{config.file}: the pipeline {id_} would send records to {exporters[0]}, and "
            f"{site.region} is isolated: nothing leaves it",
            hint="Take the exporter out of the pipeline.",
        )
    for signal in Signal:
        of_signal = [one for one in config.pipelines.values() if one.signal is signal]
        if (
            site.route(signal).route is Route.FORWARD
            and of_signal
            and not any(one.forward for one in of_signal)
        ):
            raise UsageError(
                f"{config.file}: {site.region} forwards {signal}, and no pipeline of it has an "
                "exporter that sends on",
                hint="Add otlp or otlphttp to its exporters, or change the region's route.",
            )


def exporter_plans(config: CollectorConfig, site: Site) -> dict[str, Any]:
    """Plan every exporter that a pipeline names; headers stand in it in clear."""
    return {id_: _plan(config.forwarding[id_], site.base) for id_ in _used(config)}


def exporter_files(config: CollectorConfig, site: Site) -> list[Path]:
    """List the certificates and keys that exporters read."""
    tls = [config.forwarding[id_].tls for id_ in _used(config)]
    given = [name for one in tls for name in (one.ca_file, one.cert_file, one.key_file)]
    return [site.base / name for name in given if name]


def _used(config: CollectorConfig) -> list[str]:
    return sorted({id_ for pipeline in config.pipelines.values() for id_ in pipeline.forward})


def forwarding_warnings(config: CollectorConfig) -> list[str]:
    """Say what of the exporters may lose records, or send them past a wrong receiver."""
    warnings = []
    for id_ in _used(config):
        exporter = config.forwarding[id_]
        retry = exporter.retry_on_failure
        if not retry.enabled or retry.max_elapsed_time:
            after = f"after {retry.max_elapsed_time:g} s" if retry.enabled else "after one try"
            warnings.append(f"{id_}: a request that does not get through is given up {after}")
        if exporter.tls.insecure_skip_verify:
            warnings.append(f"{id_}: any receiver is taken, whatever its certificate")
        if exporter.headers and not _is_secure(exporter):
            warnings.append(f"{id_}: headers are sent in clear, since there is no TLS")
    return warnings


def _plan(exporter: OtlpGrpc | OtlpHttp, base: Path) -> dict[str, Any]:
    retry, tls = exporter.retry_on_failure, exporter.tls
    elapsed = retry.max_elapsed_time if retry.enabled else 0.0
    never = retry.enabled and not retry.max_elapsed_time
    return {
        "target": _target(exporter),
        "tls": {
            "ca_file": _file(tls.ca_file, base),
            "cert_file": _file(tls.cert_file, base),
            "key_file": _file(tls.key_file, base),
            "insecure_skip_verify": tls.insecure_skip_verify,
            "server_name": tls.server_name_override,
        },
        "headers": {name: value.get_secret_value() for name, value in exporter.headers.items()},
        "compression": exporter.compression,
        "timeout_ms": _ms(exporter.timeout),
        "retry": {
            "initial_ms": _ms(retry.initial_interval),
            "max_ms": _ms(retry.max_interval),
            "multiplier": retry.multiplier,
            "randomization": retry.randomization_factor,
            "give_up_after_ms": None if never else _ms(elapsed),
        },
        "in_flight": exporter.sending_queue.num_consumers,
    }


def _file(name: str | None, base: Path) -> str | None:
    """Find a file as listeners do: from the platform file's folder."""
    return str(base / name) if name else None


def _target(exporter: OtlpGrpc | OtlpHttp) -> dict[str, Any]:
    if isinstance(exporter, OtlpGrpc):
        scheme = "https" if _is_secure(exporter) else "http"
        address = exporter.endpoint.rpartition("://")[2].rstrip("/")
        return {"grpc": {"url": f"{scheme}://{address}"}}
    base = (exporter.endpoint or "").rstrip("/")
    urls = {
        signal.value: getattr(exporter, f"{signal}_endpoint") or f"{base}/v1/{signal}"
        for signal in Signal
    }
    encoding = {"proto": "protobuf", "json": "json"}[exporter.encoding]
    return {"http": {"urls": urls, "encoding": encoding}}


def _is_secure(exporter: OtlpGrpc | OtlpHttp) -> bool:
    if isinstance(exporter, OtlpGrpc):
        scheme, found, _ = exporter.endpoint.rpartition("://")
        return scheme == "https" if found else not exporter.tls.insecure
    urls = _target(exporter)["http"]["urls"].values()
    return all(url.startswith("https://") for url in urls)


def _ms(seconds: float) -> int:
    return round(seconds * MILLISECONDS)
