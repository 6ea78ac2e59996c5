"""Look for planted secrets in every file below a folder, however the file is stored.

Plain bytes are searched as they are; gzip and zstd are inflated, all members and frames of them,
wherever in the file they begin; DuckDB and Parquet files, which compress their columns, are read
through DuckDB, column by column.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import duckdb
import zstandard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

GZIP_MAGIC = b"\x1f\x8b\x08"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
CHUNK = 1 << 16


class _Reader(Protocol):
    """What zlib's and zstandard's decompressing objects have in common."""

    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, /) -> bytes: ...


@dataclass(frozen=True)
class Found:
    """One planted secret in one file; `where` is the file or its column."""

    path: Path
    kind: str
    where: str


@dataclass
class Search:
    """What was searched and what was found."""

    markers: Mapping[str, str]
    files: int = 0
    size: int = 0
    """Bytes, decoded ones included."""
    columns: int = 0
    found: list[Found] = field(default_factory=list)

    def folder(self, root: Path) -> None:
        """Search every file below a folder."""
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            self.file(path)

    def file(self, path: Path) -> None:
        """Search one file: its name, its bytes, and what they hold when decoded."""
        self.files += 1
        data = path.read_bytes()
        self._text(path, str(path).encode(), "name")
        self._text(path, data, "bytes")
        for inflated in _inflated(data):
            self._text(path, inflated, "decompressed")
        if path.suffix in (".duckdb", ".parquet"):
            self._columns(path)

    def _text(self, path: Path, data: bytes, where: str) -> None:
        self.size += len(data)
        for kind, marker in self.markers.items():
            if marker.encode() in data:
                self.found.append(Found(path, kind, where))

    def _columns(self, path: Path) -> None:
        with duckdb.connect() as database:
            if path.suffix == ".duckdb":
                database.execute(f"ATTACH {_literal(str(path))} AS searched (READ_ONLY)")
                tables = database.execute(
                    "SELECT schema_name || '.' || table_name, "
                    "'searched.\"' || schema_name || '\".\"' || table_name || '\"' "
                    "FROM duckdb_tables() WHERE database_name = 'searched'"
                ).fetchall()
            else:
                tables = [("", f"read_parquet({_literal(str(path))})")]
            for name, source in tables:
                self._table(database, path, name, source)

    def _table(
        self, database: duckdb.DuckDBPyConnection, path: Path, name: str, source: str
    ) -> None:
        columns = [
            row[0] for row in database.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        ]
        self.columns += len(columns)
        any_marker = _literal("|".join(re.escape(marker) for marker in self.markers.values()))
        held = database.execute(
            "SELECT "
            + ", ".join(
                f'count(*) FILTER (regexp_matches(CAST("{column}" AS VARCHAR), {any_marker}))'
                for column in columns
            )
            + f" FROM {source}"
        ).fetchone()
        for column, count in zip(columns, held or (), strict=True):
            if count:
                self.found.append(Found(path, "a marker", f"{name}.{column}"))


def _inflated(data: bytes) -> Iterator[bytes]:
    """Give what gzip members and zstd frames within the data hold."""
    zstd = zstandard.ZstdDecompressor()
    readers: tuple[tuple[bytes, Callable[[], _Reader]], ...] = (
        (GZIP_MAGIC, lambda: zlib.decompressobj(wbits=31)),
        (ZSTD_MAGIC, zstd.decompressobj),
    )
    for magic, new_reader in readers:
        at = data.find(magic)
        while at >= 0:
            yield _read_one(data, at, new_reader())
            at = data.find(magic, at + 1)


def _read_one(data: bytes, at: int, reader: _Reader) -> bytes:
    """Inflate the member or frame at a place, as far as it is one."""
    parts: list[bytes] = []
    try:
        while not reader.eof and at < len(data):
            parts.append(reader.decompress(data[at : at + CHUNK]))
            at += CHUNK
    except (zlib.error, zstandard.ZstdError):
        pass  # the magic's bytes were there by chance, or the file is cut off: search what came out
    return b"".join(parts)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
