"""The collector's own metrics, in Prometheus's format and under the Collector's known names.

No label is taken from what a sender wrote: signals, transports, rules and reasons are all named in
the configuration or in the code.
https://opentelemetry.io/docs/collector/internal-telemetry/
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from mainstem.records import Signal
from mainstem.store.names import LEDGER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mainstem.collect.upload import Uploaded, Uploader

RECORDS = {Signal.TRACES: "spans", Signal.LOGS: "log_records", Signal.METRICS: "metric_points"}
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def counter(name: str, help_text: str, samples: Iterable[tuple[dict[str, str], float]]) -> Metric:
    """Make a counter under exactly this name: dashboards know it without the `_total`."""
    metric = Metric(name, help_text, "unknown")
    for labels, value in samples:
        metric.add_sample(name, labels, value)
    return metric


def gauge(name: str, help_text: str, samples: Iterable[tuple[dict[str, str], float]]) -> Metric:
    """Make a gauge."""
    metric = Metric(name, help_text, "gauge")
    for labels, value in samples:
        metric.add_sample(name, labels, value)
    return metric


def _of(region: str | None) -> dict[str, str]:
    """Label what is one region's at the centre."""
    return {} if region is None else {"region": region}


def _spools(stats: dict[str, Any]) -> list[tuple[dict[str, str], dict[str, Any]]]:
    """Give the spools with their labels: the collector's own, or at the centre each region's."""
    origins = stats["origins"]
    return [(_of(name), spool) for name, spool in origins.items()] or [({}, stats["spool"])]


class CollectorMetrics(Collector):
    """Reads the data plane's and the uploader's counts at each scrape."""

    def __init__(
        self, stats: Callable[[], str], uploaders: Sequence[Uploader], exporters: Sequence[str]
    ) -> None:
        self._stats = stats
        self._uploaded = [(_of(uploader.region), uploader.uploaded) for uploader in uploaders]
        self._exporters = tuple(exporters) or (LEDGER,)
        self._begun = time.monotonic()

    def collect(self) -> Iterable[Metric]:
        """Give the metrics as they stand."""
        stats = json.loads(self._stats())
        yield from self._received(stats)
        yield from self._exported(stats)
        yield from self._spool(stats)
        yield from self._sampled(stats)
        yield from self._process()

    def _received(self, stats: dict[str, Any]) -> Iterable[Metric]:
        for report in stats["signals"]:
            records = RECORDS[Signal(report["signal"])]
            by_transport = [
                ({"receiver": "otlp", "transport": transport}, report[transport])
                for transport in ("grpc", "http")
            ]
            for outcome, help_text in (
                ("accepted", "Records acknowledged."),
                ("refused", "Records of requests that were refused whole."),
                ("rejected", "Records removed from requests that were acknowledged."),
                ("duplicate", "Records of requests that had been acknowledged before."),
            ):
                yield counter(
                    f"otelcol_receiver_{outcome}_{records}",
                    help_text,
                    [(labels, counts[outcome]) for labels, counts in by_transport],
                )
        for outcome, help_text in (
            ("dropped", "Records left out by filters and rules."),
            ("sampled", "Records left out by samplers."),
        ):
            yield counter(
                f"mainstem_{outcome}_records",
                help_text,
                [({"signal": report["signal"]}, report[outcome]) for report in stats["signals"]],
            )
        yield counter(
            "mainstem_redactions",
            "Values redacted, by rule.",
            [
                ({"signal": report["signal"], "rule": rule["rule"]}, rule["count"])
                for report in stats["signals"]
                for rule in report["redactions"]
            ],
        )
        yield counter(
            "mainstem_refused_requests",
            "Requests refused whole, by reason.",
            [
                (
                    {"transport": refusal["transport"], "reason": refusal["reason"]},
                    refusal["requests"],
                )
                for refusal in stats["refusals"]
            ],
        )
        yield counter(
            "mainstem_tls_handshake_failures",
            "Connections that did not come through TLS's handshake, by reason.",
            [
                ({"reason": failed["reason"]}, failed["connections"])
                for failed in stats["handshakes_failed"]
            ],
        )
        if (expires := stats["certificate_expires_unix"]) is not None:
            yield GaugeMetricFamily(
                "mainstem_certificate_expires_seconds",
                "Unix time until which the listeners' certificates hold, the first to expire.",
                value=expires,
            )
        ack = stats["ack_seconds"]
        yield _histogram(
            "mainstem_acknowledgement_seconds",
            "From a request's head to its OK.",
            ack["bounds"],
            ack["counts"],
            ack["sum"],
        )
        for name, help_text in (
            ("in_flight_bytes", "Memory reserved for requests under way."),
            ("open_connections", "Connections of senders."),
        ):
            yield GaugeMetricFamily(f"mainstem_{name}", help_text, value=stats[name])

    def _stored(self) -> list[tuple[dict[str, str], Uploaded]]:
        """Give each exporter that stores its labels, and what was uploaded for it."""
        return [
            ({"exporter": exporter} | of, uploaded)
            for of, uploaded in self._uploaded
            for exporter in self._exporters
        ]

    def _exported(self, stats: dict[str, Any]) -> Iterable[Metric]:
        for signal, records in RECORDS.items():
            yield counter(
                f"otelcol_exporter_sent_{records}",
                "Records whose blob and ledger entry the store has confirmed.",
                [
                    *(
                        (of_exporter, uploaded.records[of_exporter["exporter"], signal])
                        for of_exporter, uploaded in self._stored()
                    ),
                    *_sent(stats, signal, "sent"),
                ],
            )
            yield counter(
                f"otelcol_exporter_send_failed_{records}",
                "Records in uploads that failed, counted at each try; none of them is lost.",
                [
                    *(
                        (of_exporter, uploaded.failed_records[of_exporter["exporter"], signal])
                        for of_exporter, uploaded in self._stored()
                    ),
                    *_sent(stats, signal, "send_failed"),
                ],
            )
            for fate, help_text in (
                ("rejected", "Records that a receiver rejected out of requests that it took."),
                ("refused", "Records of requests that a receiver refused for good."),
                ("abandoned", "Records of requests that were given up as configured."),
            ):
                yield counter(
                    f"mainstem_exporter_{fate}_{records}", help_text, _sent(stats, signal, fate)
                )
        first = {"exporter": self._exporters[0]}
        waiting = [(first | of, spool["outbox_entries"]) for of, spool in _spools(stats)]
        yield gauge(
            "otelcol_exporter_queue_size",
            "Ledger entries that wait for the store; segments that wait to be sent on.",
            [
                *waiting,
                *(
                    ({"exporter": owed["exporter"]}, owed["segments"])
                    for owed in stats["spool"]["owed"]
                ),
            ],
        )
        for name, help_text, attribute in (
            (
                "upload_conflicts",
                "Segments under whose name the store holds another content.",
                "conflicts",
            ),
            ("uploaded_blobs", "Blobs confirmed.", "blobs"),
            ("uploaded_bytes", "Their bytes.", "bytes"),
        ):
            yield counter(
                f"mainstem_{name}",
                help_text,
                [(of, getattr(uploaded, attribute)) for of, uploaded in self._uploaded],
            )

    def _spool(self, stats: dict[str, Any]) -> Iterable[Metric]:
        spools = _spools(stats)
        for name, key, help_text, scale in (
            ("bytes", "outbox_bytes", "Bytes of segments that wait for their upload.", 1),
            ("reserve_bytes", "reserve_bytes", "Bytes kept for sealing; 0 on a full disk.", 1),
            ("oldest_seconds", "oldest_age_ms", "Age of what has waited longest.", 1000),
        ):
            samples = [(of, spool[key] / scale) for of, spool in spools]
            yield gauge(f"mainstem_spool_{name}", help_text, samples)
        yield gauge(
            "mainstem_spool_open_bytes",
            "Bytes of the open segment.",
            [
                ({"class": segment["class"]} | of, segment["open_bytes"])
                for of, spool in spools
                for segment in spool["classes"]
            ],
        )
        for name, key, help_text in (
            ("records", "held_records", "Records that wait for a decision or an interval's end."),
            ("bytes", "held_bytes", "Bytes of memory that they take."),
            ("logs", "held_logs", "Files that the spool keeps for them."),
        ):
            yield gauge(
                f"mainstem_held_{name}",
                help_text,
                [
                    ({"class": segment["class"]} | of, segment[key])
                    for of, spool in spools
                    for segment in spool["classes"]
                ],
            )

    def _sampled(self, stats: dict[str, Any]) -> Iterable[Metric]:
        """Tell of tail sampling under the Collector's names."""
        prefix = "otelcol_processor_tail_sampling"
        samplers: dict[str, Any] = stats["samplers"]
        if not samplers:
            return
        decisions = (("sampled", "true"), ("not_sampled", "false"), ("dropped", "false"))
        yield counter(
            f"{prefix}_count_traces_sampled",
            "Traces by what a policy said of them.",
            [
                (
                    {
                        "pipeline": pipeline,
                        "policy": policy["policy"],
                        "sampled": sampled,
                        "decision": decision,
                    },
                    policy[decision],
                )
                for pipeline, sampler in samplers.items()
                for policy in sampler["policies"]
                for decision, sampled in decisions
            ],
        )
        yield counter(
            f"{prefix}_global_count_traces_sampled",
            "Traces by their decision.",
            [
                (
                    {"pipeline": pipeline, "sampled": sampled, "decision": decision},
                    sampler[decision],
                )
                for pipeline, sampler in samplers.items()
                for decision, sampled in decisions
            ],
        )
        yield counter(
            f"{prefix}_early_releases_from_cache_decision",
            "Spans that came after their trace's decision and followed it.",
            [
                ({"pipeline": pipeline, "sampled": sampled}, sampler[key])
                for pipeline, sampler in samplers.items()
                for key, sampled in (
                    ("late_spans_sampled", "true"),
                    ("late_spans_not_sampled", "false"),
                )
            ],
        )
        for name, key, help_text in (
            ("new_trace_id_received", "new_traces", "Traces that began to wait."),
            (
                "sampling_trace_dropped_too_early",
                "decided_early",
                "Traces decided before their time to make room; here none is dropped for it.",
            ),
            (
                "traces_dropped_too_large",
                "too_large",
                "Traces of more than maximum_trace_size_bytes, which were not kept.",
            ),
        ):
            yield counter(
                f"{prefix}_{name}",
                help_text,
                [({"pipeline": id_}, sampler[key]) for id_, sampler in samplers.items()],
            )
        yield gauge(
            f"{prefix}_sampling_traces_on_memory",
            "Traces that wait.",
            [({"pipeline": id_}, sampler["waiting"]) for id_, sampler in samplers.items()],
        )

    def _process(self) -> Iterable[Metric]:
        resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        used = os.times()
        yield counter("otelcol_process_uptime", "Seconds.", [({}, time.monotonic() - self._begun)])
        yield counter("otelcol_process_cpu_seconds", "Seconds.", [({}, used.user + used.system)])
        yield GaugeMetricFamily("otelcol_process_memory_rss", "Bytes.", value=resident * PAGE_BYTES)


def _sent(stats: dict[str, Any], signal: Signal, fate: str) -> list[tuple[dict[str, str], float]]:
    """Give what became of a signal's records at each exporter that sends on."""
    return [
        ({"exporter": report["exporter"]}, report[signal.value][fate])
        for report in stats["exporters"]
    ]


def _histogram(
    name: str, help_text: str, bounds: list[float], counts: list[int], total: float
) -> Metric:
    below = 0
    buckets: list[tuple[str, float]] = []
    for bound, count in zip([*map(str, bounds), "+Inf"], counts, strict=True):
        below += count
        buckets.append((bound, below))
    return HistogramMetricFamily(name, help_text, buckets=buckets, sum_value=total)


class MetricsServer:
    """Prometheus's endpoint."""

    def __init__(self, endpoint: str, metrics: CollectorMetrics) -> None:
        host, _, port = endpoint.rpartition(":")
        registry = CollectorRegistry(auto_describe=False)
        registry.register(metrics)
        self._server, self._thread = start_http_server(
            int(port), addr=host.strip("[]"), registry=registry
        )

    @property
    def address(self) -> str:
        """The address and port that were bound."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
