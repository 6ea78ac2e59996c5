"""What was found as one OTLP/JSON request, which every OpenTelemetry tool takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mainstem import _core
from mainstem.records import Signal
from mainstem.store import ObjectMissing

if TYPE_CHECKING:
    import pyarrow as pa

    from mainstem.store import Account

_FIELDS = {
    Signal.TRACES: "resourceSpans",
    Signal.LOGS: "resourceLogs",
    Signal.METRICS: "resourceMetrics",
}


def as_request(account: Account, signal: Signal, records: pa.Table) -> dict[str, Any]:
    """Read the records' blobs once more and give the records as they stand in them.

    What retention removed meanwhile is left out.
    """
    wanted: dict[tuple[str, str], dict[int, set[int]]] = {}
    for row in records.select(["container", "blob", "line", "ordinal"]).to_pylist():
        lines = wanted.setdefault((row["container"], row["blob"]), {})
        lines.setdefault(row["line"], set()).add(row["ordinal"])
    field = _FIELDS[signal]
    resources: list[Any] = []
    for (container, blob), lines in wanted.items():
        try:
            data = account.container(container).read(blob)
        except ObjectMissing:
            continue
        for request in _core.select_records(data, signal.value, lines):
            resources += json.loads(request)[field]
    return {field: resources}
