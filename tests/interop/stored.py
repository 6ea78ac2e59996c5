"""What a collector has stored, as plain values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def lines(folder: Path, signal: str) -> list[Any]:
    """Give the requests in a signal's blobs, of the store that `running.stand` names."""
    blobs = sorted((folder / "store" / signal).rglob("*.json"))
    return [json.loads(line) for blob in blobs for line in blob.read_text().splitlines()]


def scopes(stored: list[Any], service: str, resources: str, inner: str) -> Iterator[Any]:
    """Give the scopes of a service's resources; there are no others."""
    for line in stored:
        for resource in line[resources]:
            assert attributes(resource["resource"])["service.name"] == {"stringValue": service}
            yield from resource[inner]


def attributes(holder: Any) -> dict[str, Any]:
    """Give a message's attributes by key."""
    return {one["key"]: one["value"] for one in holder.get("attributes", [])}
