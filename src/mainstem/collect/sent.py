"""Watch the exporters that send on: their failures for the health check, and what they say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import structlog

from mainstem.collect.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mainstem.collect.health import Exports

log = structlog.get_logger("forward")


class SentWatch(Watch):
    """One thread that reads the exporters' reports, and tells what is new in them.

    `exports` has one for each exporter by its id, since one receiver that answers says nothing of
    another.
    """

    def __init__(self, stats: Callable[[], str], exports: Mapping[str, Exports]) -> None:
        super().__init__("sent")
        self._stats = stats
        self._exports = exports
        self._seen: dict[str, dict[str, Any]] = {}

    def close(self) -> None:
        """End, after a last look."""
        super().close()
        self.look()

    def look(self) -> None:
        """Tell what the reports say that the last ones did not."""
        for report in json.loads(self._stats())["exporters"]:
            before = self._seen.get(report["exporter"], {})
            self._tell(report, before)
            self._seen[report["exporter"]] = report

    def _tell(self, report: dict[str, Any], before: dict[str, Any]) -> None:
        exporter, exports = report["exporter"], self._exports[report["exporter"]]
        reason = report["fault"] or before.get("fault") or "failed for a moment"
        for _ in range(report["tries_failed"] - before.get("tries_failed", 0)):
            exports.failed(f"{exporter}: {reason}")
        settled = report["requests_settled"] > before.get("requests_settled", 0)
        if settled and report["fault"] is None:
            exports.succeeded()
        if report["fault"] and report["fault"] != before.get("fault"):
            log.warning(
                "a receiver does not take what is sent on; it waits in the spool",
                exporter=exporter,
                reason=report["fault"],
            )
        if before.get("fault") and not report["fault"]:
            log.info("a receiver takes what is sent on again", exporter=exporter)
        if report["spool_error"] and report["spool_error"] != before.get("spool_error"):
            log.critical(
                "a segment cannot be sent on, it is tried again",
                exporter=exporter,
                reason=report["spool_error"],
            )
        told = before.get("untaken", [])
        last = told[-1]["number"] if told else 0
        for line in report["untaken"]:
            if line["number"] > last:
                log.error(
                    "a receiver did not take a request, or not all of it",
                    exporter=exporter,
                    segment=line["segment"],
                    line=line["line"],
                    records=line["records"],
                    reason=line["reason"],
                )
