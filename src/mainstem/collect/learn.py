"""What detectors would find in blobs that exist already: by key, and never a value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mainstem import _core
from mainstem.errors import UsageError
from mainstem.store import Account

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOBS = (".json", ".jsonl", ".pb", ".proto", ".bin")


@dataclass(frozen=True)
class LearnedKey:
    """What was seen under a key, in values.

    `by_name` is what the defaults make of all of them by the key's name alone; `finds` counts those
    in which each detector, by itself, finds something.
    """

    key: str
    values: int
    by_name: str | None
    finds: dict[str, int]


@dataclass(frozen=True)
class Learned:
    """The keys in which something was found, most finds first, out of `keys_seen`.

    `unread` counts lines that are no OTLP requests.
    """

    blobs: int
    records: int
    unread: int
    keys_seen: int
    keys: tuple[LearnedKey, ...]


def learn(path: str, container: str | None) -> Learned:
    """Look through the blobs of a file, of a folder, or of a store's container.

    UsageError where there is no such file or folder, or a store's address has no container.
    """
    survey = _core.Survey()
    blobs = records = unread = 0
    for data in _store(path, container) if container is not None else _files(path):
        held, bad = survey.look(data)
        blobs += 1
        records += held
        unread += bad
    seen = [LearnedKey(*one) for one in survey.seen()]
    telling = [key for key in seen if key.finds or key.by_name is not None]
    telling.sort(key=lambda key: (-sum(key.finds.values()), key.key))
    return Learned(blobs, records, unread, len(seen), tuple(telling))


def _files(path: str) -> Iterator[bytes]:
    root = Path(path)
    if root.is_file():
        yield root.read_bytes()
    elif root.is_dir():
        files = (file for file in sorted(root.rglob("*")) if _is_blob(file.name))
        yield from (file.read_bytes() for file in files if file.is_file())
    else:
        raise UsageError(
            f"{path} is no file and no folder",
            hint="for a store's address say which --container",
        )


def _store(address: str, container: str) -> Iterator[bytes]:
    held = Account.open(address).container(container)
    yield from (held.read(found.name) for found in held.list() if _is_blob(found.name))


def _is_blob(name: str) -> bool:
    """Tell by a name with or without a compression, or with the Collector's number behind it."""
    last = name.rpartition("/")[2]
    return not last.endswith(".lines") and any(kind in last for kind in BLOBS)
