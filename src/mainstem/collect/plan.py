"""From a Collector's configuration and a site to the one plan that the data plane is made from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mainstem.collect.classes import check_blocks, segment_classes, with_local
from mainstem.collect.destination import elsewhere, ledger_destination
from mainstem.collect.forwarding import (
    check_forwarding,
    exporter_files,
    exporter_plans,
    forwarding_warnings,
)
from mainstem.collect.listeners import listeners
from mainstem.collect.policy import redacts
from mainstem.collect.steps import pipeline_steps
from mainstem.config.platform import Durability
from mainstem.privacy import policy_warnings
from mainstem.records import Signal
from mainstem.store.names import central_container
from mainstem.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mainstem.collect.classes import SegmentClass
    from mainstem.collect.site import Site
    from mainstem.collect.steps import PipelineSteps
    from mainstem.config.collector import CollectorConfig, Destination
    from mainstem.config.collector.receivers import Otlp

MEBIBYTE = 1 << 20
MAX_BODY_BYTES = 20 * MEBIBYTE
IN_FLIGHT_BYTES = 32 * MEBIBYTE
MAX_APPENDED_BODY_BYTES = 24 * MEBIBYTE
"""Up to four times as long in JSON, it fits into a block of an append blob."""
SEGMENT_BYTES = 32 * MEBIBYTE
SEGMENT_AGE_MS = 30_000
SEGMENT_AGE_MS_STORE = 1_000
DIGEST_WINDOW_MS = 600_000
DIGEST_WINDOW_MS_CENTRE = 86_400_000
"""A region sends again what it has no answer to, however long the centre was away."""


@dataclass(frozen=True)
class Plan:
    """What runs: the data plane's own plan, and what is around it.

    `classes` are the kinds of segment, those of what stays included; `ledger` is the store of the
    ledger. `counted` names the signals whose records are to be
    counted in the log. `watched` are the certificates, keys, tokens and passwords that are read
    again as they change; they are looked at every `look_every_s` seconds.
    """

    core: dict[str, Any]
    classes: tuple[SegmentClass, ...]
    ledger: Destination
    counted: frozenset[Signal]
    watched: tuple[Path, ...]
    look_every_s: float
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    def core_json(self) -> str:
        """Write the data plane's plan as it reads it; this may hold an HMAC key, and headers."""
        return json.dumps(self.core)


def make_plan(config: CollectorConfig, site: Site) -> Plan:
    """Join configuration and site; ConfigError or UsageError where they do not fit together."""
    body = max(map(_max_body_bytes, config.receivers.values()))
    doors = listeners(config, site)
    steps = pipeline_steps(config, site)
    check_forwarding(config, site)
    classes = segment_classes(config, site)
    check_blocks(classes, site, body, MAX_APPENDED_BODY_BYTES)
    pipelines = [
        {
            "name": made.pipeline.id,
            "signal": made.signal.value,
            "receivers": list(made.pipeline.receivers),
            "steps": list(steps[made.pipeline.id].plan),
            "hold": steps[made.pipeline.id].hold,
            "after": list(steps[made.pipeline.id].after),
            "class": made.name,
            "routing": _routing(made, site),
        }
        for made in classes
    ]
    everything = tuple(with_local(classes))
    core = {
        "region": site.region,
        "environment": site.environment,
        "receivers": {
            id_: _receiver(receiver, doors.core[id_]) for id_, receiver in config.receivers.items()
        },
        # A request that inflates to its limit must fit in beside what is under way.
        "in_flight_bytes": max(IN_FLIGHT_BYTES, 2 * body if body > MAX_BODY_BYTES else 0),
        "spool": {
            "path": str(site.spool),
            "durability": site.durability.value,
            "segment_bytes": SEGMENT_BYTES,
            "segment_age_ms": (
                SEGMENT_AGE_MS_STORE if site.durability is Durability.STORE else SEGMENT_AGE_MS
            ),
            "digest_window_ms": DIGEST_WINDOW_MS_CENTRE if site.origins else DIGEST_WINDOW_MS,
        },
        "key_path": str(site.key),
        "tenant_keys": load_vocabulary().promoted("tenant.id"),
        "pipelines": pipelines,
        "classes": {made.name: made.to_core() for made in everything},
        "exporters": exporter_plans(config, site),
        "origins": {
            region: {
                "spool": str(site.spool / region),
                "container_prefix": central_container(region, ""),
            }
            for region in site.origins
        },
    }
    warnings = [
        *doors.warnings,
        *_warnings(site, steps),
        *_conversion_warnings(classes),
        *forwarding_warnings(config),
        *elsewhere(everything, site),
    ]
    return Plan(
        core=core,
        classes=everything,
        ledger=ledger_destination(everything, site),
        counted=frozenset(one.signal for one in config.pipelines.values() if one.counted),
        watched=(*doors.files, *exporter_files(config, site)),
        look_every_s=doors.look_every_s,
        notes=tuple(map(str, config.notes)),
        warnings=tuple(warnings),
    )


def _conversion_warnings(classes: Sequence[SegmentClass]) -> list[str]:
    appended = [
        f"{made.pipeline.id}: append blobs, which Azure never replicates to another account and "
        "the ledger's hashes do not cover: leave append_blob off unless a tool wants them"
        for made in classes
        if made.separator is not None
    ]
    return appended + [
        f"{made.pipeline.id}: protobuf blobs, which the ledger's hashes do not cover: take format "
        "json unless a tool wants them"
        for made in classes
        if made.protobuf
    ]


def _routing(made: SegmentClass, site: Site) -> dict[str, Any] | None:
    """Give the rules on the records of the class that travels."""
    route = site.route(made.signal)
    if not made.is_main or not route.decides:
        return None
    local = made.local.name if made.local is not None else None
    return {"local_class": local, "records": route.to_core()}


def _receiver(receiver: Otlp, doors: dict[str, Any]) -> dict[str, Any]:
    http = receiver.protocols.http
    endpoints = receiver.endpoints()
    return {
        "grpc": endpoints.get("grpc"),
        "http": endpoints.get("http"),
        "listeners": doors,
        "max_body_bytes": _max_body_bytes(receiver),
        "cors": list(http.cors.allowed_origins) if http else [],
    }


def _max_body_bytes(receiver: Otlp) -> int:
    protocols = receiver.protocols
    given = [
        protocols.grpc.max_recv_msg_size_mib * MEBIBYTE
        if protocols.grpc and protocols.grpc.max_recv_msg_size_mib
        else None,
        protocols.http.max_request_body_size if protocols.http else None,
    ]
    return max([size for size in given if size] or [MAX_BODY_BYTES])


def _warnings(
    site: Site,
    steps: Mapping[str, PipelineSteps],
) -> list[str]:
    warnings = [
        f"{id_}: stored as received, nothing is redacted (`unredacted: allow`)"
        for id_, of_pipeline in steps.items()
        if not redacts(of_pipeline.policies) and not site.origins
    ]
    weak = [
        warning
        for of_pipeline in steps.values()
        for spec in of_pipeline.policies
        for warning in policy_warnings(spec)
    ]
    warnings += dict.fromkeys(weak)
    taken = {of_pipeline.pipeline.signal for of_pipeline in steps.values()}
    missing = [signal.value for signal in Signal if signal not in taken]
    if missing:
        warnings.append(
            f"{', '.join(missing)}: no pipeline, so senders are told that it is not taken"
        )
    if site.durability is Durability.MEMORY:
        warnings.append("durability memory: a crash of the machine loses what was acknowledged")
    return warnings
