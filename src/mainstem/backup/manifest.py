"""What a backup consists of. The manifest is written last: without one there is no backup."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mainstem.errors import DataError, UsageError

if TYPE_CHECKING:
    from mainstem.store import Account, Container

FORMAT = "mainstem.backup/1"
CONTAINER = "backup"
_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Part:
    """One Parquet file of a table; `name` is below the backup's own folder."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class TableParts:
    """One table, as in `bronze.otel_logs`."""

    table: str
    rows: int
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Manifest:
    """A backup: its name is the UTC time of its beginning, `20261124T053000Z`.

    `load_id` is that of the newest load in it, 0 where there is none.
    """

    name: str
    environment: str
    version: str
    load_id: int
    tables: tuple[TableParts, ...]

    @property
    def bytes(self) -> int:
        """The size of all its files."""
        return sum(part.bytes for table in self.tables for part in table.parts)

    def write(self, container: Container) -> None:
        """Write it into the container; from then on the backup is there."""
        document = {"format": FORMAT, **asdict(self)}
        container.create(f"{self.name}/{_MANIFEST}", json.dumps(document, indent=1).encode())

    @classmethod
    def read(cls, container: Container, name: str) -> Manifest:
        """Read a backup's manifest; DataError where it is none."""
        data = container.read(f"{name}/{_MANIFEST}")
        try:
            raw: dict[str, Any] = json.loads(data)
            known = raw.pop("format") == FORMAT
            tables = tuple(
                TableParts(
                    table["table"], table["rows"], tuple(Part(**part) for part in table["parts"])
                )
                for table in raw.pop("tables")
            )
            manifest = cls(tables=tables, **raw)
        except (ValueError, KeyError, TypeError, AttributeError):
            known = False
        if not known:
            raise DataError(
                f"{container.label}: {container.name}/{name}/{_MANIFEST} is not the manifest of a "
                f"backup that this version reads, of format {FORMAT}"
            )
        return manifest


def list_backups(account: Account) -> list[str]:
    """List the backups in a store by name, the oldest first; one that never ended is none."""
    container = account.container(CONTAINER)
    return [folder for folder in container.folders("") if container.head(f"{folder}/{_MANIFEST}")]


def chosen(account: Account, name: str | None) -> str:
    """Take the backup of a name, or the newest; UsageError names those that there are."""
    there = list_backups(account)
    if name is None and there:
        return there[-1]
    if name in there:
        return name
    raise UsageError(
        f"{account.label}: there is no backup" + (f" {name}" if name else ""),
        hint=f"There are: {', '.join(there)}." if there else "Make one with `mainstem backup`.",
    )
