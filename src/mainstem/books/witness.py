"""What another administrator holds of the chains: their heads, written down as time goes by.

Whoever may write to a region's store could cut its chains at the end, or drop an instance as a
whole, before anybody has loaded them; whoever has the region's key could sign other ones in their
place. A head in a store which that person may not change says later what was there.

A collector writes its signed heads to `heads/<region>/YYYY/MM/DD/<instance>/<seq>.head` as they are
made. Where none does, `write_heads` copies them, and writes what can be read now of every chain,
signed or not, to `heads/<region>/<UTC time>.json`. An immutable container holds them best.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mainstem.books.evidence import gather
from mainstem.books.signatures import Wrong, read_signed_heads
from mainstem.errors import DataError
from mainstem.store import HEADS, LEDGER, Account, SignedHead, is_head

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstem.books.signatures import PublicKeys
    from mainstem.config.platform import Platform, Region
    from mainstem.store import Container

FORMAT = "mainstem.heads/1"


@dataclass(frozen=True)
class Newest:
    """The newest entry of an instance at a time: its number, and the SHA-256 of its object."""

    instance: str
    seq: int
    sha256: str


@dataclass
class Witnessed:
    """The heads written for each region, and the regions that could not be read, and why.

    `signed` counts the signed heads that the witness did not have yet.
    """

    heads: dict[str, list[Newest]]
    unread: dict[str, str]
    isolated: list[str]
    signed: int = 0


@dataclass
class Held:
    """What a witness holds of a region: hashes by instance and number, and what is no head.

    `last` is the time of the newest one, RFC 3339; None where it holds nothing.
    """

    heads: dict[tuple[str, int], str] = field(default_factory=dict)
    wrong: list[Wrong] = field(default_factory=list)
    last: str | None = None


def open_witness(platform: Platform, address: str | None) -> Account | None:
    """Open the witness at an address, else the platform file's; None where it has none."""
    if address is None and platform.witness is not None:
        address = platform.witness.store
    return None if address is None else Account.open(address, platform.directory)


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
    done = Witnessed({}, unread, isolated)
    for region, *head in rows:
        if region not in unread:
            done.heads.setdefault(region, []).append(Newest(*head))
    witness.ensure_container(HEADS)
    container = witness.container(HEADS)
    at = datetime.now(UTC)
    for region, of_region in done.heads.items():
        document = {
            "format": FORMAT,
            "region": region,
            "at": at.isoformat(),
            "heads": [vars(head) for head in of_region],
        }
        container.create(f"{region}/{at:%Y%m%dT%H%M%S%f}Z.json", json.dumps(document).encode())
        done.signed += _copy_signed(platform, platform.region(region), container)
    return done


def _copy_signed(platform: Platform, region: Region, container: Container) -> int:
    """Copy the newest signed head of each of a region's instances that the witness lacks."""
    if region.store is None:
        return 0
    ledger = Account.open(region.store, platform.directory).container(LEDGER)
    newest: dict[str, str] = {}
    for info in ledger.list():
        if is_head(info.name):
            # In the order of names an instance's later heads come later.
            newest[info.name.rpartition("/")[0].rpartition("/")[2]] = info.name
    held = {info.name for info in container.list(region.name)}
    copied = 0
    for name in newest.values():
        if f"{region.name}/{name}" not in held:
            signed = SignedHead.parse(ledger.read(name))
            signed.create(container, f"{region.name}/{name}")
            copied += 1
    return copied


def read_heads(witness: Account, region: str, keys: PublicKeys) -> Held:
    """Read all heads that were written down for a region; signed ones that are wrong do not count.

    DataError where an object there is not what anything here writes.
    """
    container = witness.container(HEADS)
    names = [info.name for info in container.list(region)]
    signed = [name for name in names if is_head(name.removeprefix(f"{region}/"))]
    checked = read_signed_heads(container, signed, region, keys, under=f"{region}/")
    held = Held(wrong=checked.wrong)
    times = []
    for head in checked.heads:
        held.heads[head.instance, head.seq] = head.sha256
        times.append(datetime.fromtimestamp(head.at_unix_nano // 1_000_000_000, UTC))
    for name in sorted(set(names) - set(signed)):
        at, found = _read_unsigned(container, name, region)
        held.heads |= {(head.instance, head.seq): head.sha256 for head in found}
        times.append(at)
    held.last = max(times).isoformat(timespec="seconds") if times else None
    return held


def _read_unsigned(container: Container, name: str, region: str) -> tuple[datetime, list[Newest]]:
    try:
        raw: dict[str, Any] = json.loads(container.read(name))
        if raw["format"] == FORMAT and raw["region"] == region:
            return datetime.fromisoformat(raw["at"]), [Newest(**head) for head in raw["heads"]]
    except (ValueError, KeyError, TypeError):
        pass
    raise DataError(
        f"{container.label}: {container.name}/{name} does not hold heads of format {FORMAT}"
    )
