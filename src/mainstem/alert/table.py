"""The table of alerts, beside the builds: `published/alerts.parquet`, replaced whole."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet

from mainstem.model.published import partial_file, publish_file

if TYPE_CHECKING:
    from pathlib import Path

    from mainstem.alert.episodes import Episode, Episodes

ALERTS = "alerts.parquet"
_TIME = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        ("episode", pa.int64()),
        ("rule", pa.string()),
        ("severity", pa.string()),
        ("title", pa.string()),
        ("why", pa.string()),
        ("since", pa.string()),
        ("region", pa.string()),
        ("tenant_id", pa.string()),
        ("account_id", pa.string()),
        ("account_name", pa.string()),
        ("owner", pa.string()),
        ("opened_at", _TIME),
        ("closed_at", _TIME),
        ("acknowledged_at", _TIME),
        ("acknowledged_by", pa.string()),
        ("note", pa.string()),
        ("messages_taken", pa.int64()),
        ("messages_owed", pa.int64()),
        ("page", pa.string()),
    ]
)


def publish_alerts(published: Path, episodes: Episodes) -> None:
    """Write every episode that is kept, the newest first; a reader sees the old file or this."""
    delivered = episodes.deliveries()
    rows = [_row(each, *delivered.get(each.id, (0, 0))) for each in episodes.all()]
    partial = partial_file(published, ALERTS)
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows, SCHEMA), partial)
    publish_file(partial, ALERTS)


def _row(episode: Episode, taken: int, owed: int) -> dict[str, Any]:
    finding = episode.finding
    of_finding = {
        name: getattr(finding, name)
        for name in (
            *("rule", "title", "why", "since", "region", "tenant_id"),
            *("account_id", "account_name", "owner", "page"),
        )
    }
    return {
        **of_finding,
        "rule": finding.rule.value,
        "episode": episode.id,
        "severity": episode.severity.value,
        "opened_at": _time(episode.opened_at),
        "closed_at": _time(episode.closed_at),
        "acknowledged_at": _time(episode.acknowledged_at),
        "acknowledged_by": episode.acknowledged_by,
        "note": episode.note,
        "messages_taken": taken,
        "messages_owed": owed,
    }


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
