"""What another administrator holds of the chains: their heads, written down as time goes by.

Whoever may write to a region's store could cut its chains at the end, or drop an instance as a
whole, before anybody has loaded them. A head that is written to a store which that person may not
change says later what was there: `heads/<region>/<UTC time>.json`, never changed, each with the
number and hash of the newest entry of every instance. An immutable container holds them best.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mainstem.books.evidence import gather
from mainstem.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstem.config.platform import Platform
    from mainstem.store import Account

CONTAINER = "heads"
FORMAT = "mainstem.heads/1"


@dataclass(frozen=True)
class Head:
    """The newest entry of an instance at a time: its number, and the SHA-256 of its object."""

    instance: str
    seq: int
    sha256: str


@dataclass
class Witnessed:
    """The heads written for each region, and the regions that could not be read, and why."""

    heads: dict[str, list[Head]]
    unread: dict[str, str]
    isolated: list[str]


def write_heads(
    platform: Platform, witness: Account, progress: Callable[[str], None] = lambda _: None
) -> Witnessed:
    """Write down the heads of all chains that the platform file can reach."""
    with gather(platform, progress) as evidence:
        rows = evidence.warehouse.query(
            "SELECT region, instance, max(seq), arg_max(entry_sha256, seq) FROM entries "
            "GROUP BY region, instance ORDER BY region, instance"
        )
        unread, isolated = dict(evidence.unread), list(evidence.isolated)
    heads: dict[str, list[Head]] = {}
    for region, *head in rows:
        if region not in unread:
            heads.setdefault(region, []).append(Head(*head))
    witness.ensure_container(CONTAINER)
    at = datetime.now(UTC)
    for region, of_region in heads.items():
        document = {
            "format": FORMAT,
            "region": region,
            "at": at.isoformat(),
            "heads": [vars(head) for head in of_region],
        }
        name = f"{region}/{at:%Y%m%dT%H%M%S%f}Z.json"
        witness.container(CONTAINER).create(name, json.dumps(document).encode())
    return Witnessed(heads, unread, isolated)


def read_heads(witness: Account, region: str) -> tuple[list[Head], str | None]:
    """Read all heads that were written down for a region, and the time of the last writing.

    DataError where an object there is not what this writes.
    """
    container = witness.container(CONTAINER)
    heads: dict[tuple[str, int], Head] = {}
    last = None
    for info in container.list(region):
        try:
            raw: dict[str, Any] = json.loads(container.read(info.name))
            known = raw["format"] == FORMAT and raw["region"] == region
            found = [Head(**head) for head in raw["heads"]]
            last = str(raw["at"])
        except (ValueError, KeyError, TypeError):
            known, found = False, []
        if not known:
            raise DataError(
                f"{witness.label}: {CONTAINER}/{info.name} does not hold heads of format {FORMAT}"
            )
        heads.update({(head.instance, head.seq): head for head in found})
    return list(heads.values()), last
