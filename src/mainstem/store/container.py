"""One container of an account: list, read, and create under a name that is written once."""

from __future__ import annotations

import hashlib
import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)

from mainstem.errors import tells_full_disk
from mainstem.store.errors import (
    ContainerMissing,
    ContentConflict,
    ObjectMissing,
    StoreRefused,
    StoreUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from obstore import GetOptions, ObjectMeta
    from obstore.store import ObjectStore

_LIST_CHUNK = 1000
_READERS = 8
_PART_BYTES, _PARTS_UNDER_WAY = 8 * 1024 * 1024, 2
_REFUSED = re.compile(r"status code: (401|403) ")
_STATUS = re.compile(r"status code: (\d{3}) ")


class ObjectInfo(NamedTuple):
    """What a listing tells of an object; `modified_at_unix` is in seconds, by the store's clock."""

    name: str
    bytes: int
    modified_at_unix: float
    etag: str | None


class Container:
    """A named place for objects in an account: a container, or a prefix or folder that acts as one.

    Safe to use from several threads. `label` is what messages say, without secrets.
    """

    def __init__(
        self,
        name: str,
        label: str,
        open_store: Callable[[], ObjectStore],
        *,
        missing_hint: str,
        folder: Path | None = None,
    ) -> None:
        self.name = name
        self.label = label
        self.folder = folder
        self._open_store = open_store
        self._missing_hint = missing_hint

    @cached_property
    def store(self) -> ObjectStore:
        """The client's store; for a folder on disk, opening it makes the folder."""
        return self._open_store()

    @property
    def _unmade(self) -> bool:
        """Whether this is a folder that nobody has written to, which reading must not make."""
        return self.folder is not None and not self.folder.is_dir()

    def list(self, prefix: str = "", *, after: str | None = None) -> Iterator[ObjectInfo]:
        """List objects under a prefix of whole path segments, those after the name `after`.

        A store lists in the order of names, except a folder on disk, which is sorted here. A
        container that does not exist yet lists as empty, on every kind of store alike.
        """
        if self._unmade:
            return iter(())
        found = self._list_pages(prefix, after)
        return self._or_empty(found) if self.folder is None else iter(sorted(found))

    def last(self, prefix: str) -> str | None:
        """Give the last name under a prefix; None where there is none."""
        name = None
        for info in self.list(prefix):
            name = info.name
        return name

    def _or_empty(self, found: Iterator[ObjectInfo]) -> Iterator[ObjectInfo]:
        try:
            yield from found
        except ContainerMissing:
            return

    def _list_pages(self, prefix: str, after: str | None) -> Iterator[ObjectInfo]:
        with self._speaking_of(f"listing {self.name}"):
            pages = obstore.list(self.store, prefix or None, offset=after, chunk_size=_LIST_CHUNK)
            for page in pages:
                yield from map(_info, page)

    def exists(self) -> bool:
        """Tell whether a listing shows that the container is there; False where it may not list."""
        if self.folder is not None:
            return self.folder.is_dir()
        try:
            next(self._list_pages("", None), None)
        except (ContainerMissing, StoreRefused):
            return False
        return True

    def folders(self, prefix: str) -> tuple[str, ...]:
        """List the names one segment below a prefix that have objects below them, in order."""
        if self._unmade:
            return ()
        try:
            with self._speaking_of(f"listing {self.name}"):
                found = obstore.list_with_delimiter(self.store, prefix or None)
        except ContainerMissing:
            return ()
        return tuple(sorted(found["common_prefixes"]))

    def read(self, name: str) -> bytes:
        """Read an object whole; ObjectMissing where there is none."""
        return self.fetch(name)[1]

    def fetch(self, name: str) -> tuple[ObjectInfo, bytes]:
        """Read an object whole, with what a listing would tell of it."""
        info, data = self.fetch_within(name, None)
        assert data is not None
        return info, data

    def fetch_within(self, name: str, most: int | None) -> tuple[ObjectInfo, bytes | None]:
        """Read an object as `fetch` does; None in place of one that has more bytes than `most`."""
        with self._speaking_of(f"reading {self.name}/{name}"):
            if self._unmade:
                raise FileNotFoundError
            got = obstore.get(self.store, name)
            info = _info(got.meta)
            if most is not None and info.bytes > most:
                return info, None
            return info, got.bytes().to_bytes()

    def read_each(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Read small objects, several at a time; gives each with its name, in order."""
        with ThreadPoolExecutor(_READERS) as readers:
            yield from zip(names, readers.map(self.read, names), strict=True)

    def pieces(self, name: str, size: int) -> Iterator[bytes]:
        """Read an object in pieces of at most `size` bytes, all of one version of it.

        StoreUnavailable where it was written to in between; ObjectMissing where there is none.
        """
        info = self.head(name)
        if info is None:
            raise self._missing(f"reading {self.name}/{name}")
        for start in range(0, info.bytes, size):
            end = min(start + size, info.bytes)
            with self._speaking_of(f"reading {self.name}/{name}"):
                try:
                    options: GetOptions = {"range": (start, end), "if_match": info.etag}
                    piece = obstore.get(self.store, name, options=options).bytes().to_bytes()
                except PreconditionError:
                    raise StoreUnavailable(
                        f"{self.label}: {self.name}/{name} was written to while it was read",
                        hint="Run again.",
                    ) from None
            yield piece

    def read_range(self, name: str, start: int, length: int) -> bytes:
        """Read `length` bytes of an object from `start` on; both must lie within it."""
        with self._speaking_of(f"reading {self.name}/{name}"):
            return obstore.get_range(self.store, name, start=start, length=length).to_bytes()

    def head(self, name: str) -> ObjectInfo | None:
        """Ask for an object's size and time; None where there is none."""
        try:
            with self._speaking_of(f"looking up {self.name}/{name}"):
                if self._unmade:
                    return None
                meta = obstore.head(self.store, name)
        except ObjectMissing:
            return None
        return _info(meta)

    def create(
        self, name: str, data: bytes | Sequence[bytes | memoryview], sha256: str | None = None
    ) -> bool:
        """Write an object unless it is there; True if written, False if it was there already.

        The data, whole or in pieces, is durable when this returns. ContentConflict where the name
        holds another content than `data`, whose SHA-256 a caller that knows it may pass in hex.
        """
        pieces = [data] if isinstance(data, bytes) else data
        try:
            with self._speaking_of(f"writing {self.name}/{name}"):
                # Not in parts: a conditional create is one request, or it is none.
                obstore.put(self.store, name, iter(pieces), mode="create", use_multipart=False)
        except (AlreadyExistsError, PreconditionError):
            self._expect_same(name, sha256 or _sha256(pieces))
            written = False
        else:
            written = True
        if self.folder is not None:
            # Also when it was there: the writer before may have died between create and sync.
            _sync_to_disk(self.folder, name)
        return written

    def replace(self, name: str, data: bytes) -> None:
        """Write an object whatever was there: for copies of what foreign writers may change."""
        with self._speaking_of(f"writing {self.name}/{name}"):
            obstore.put(self.store, name, data, use_multipart=False)
        if self.folder is not None:
            _sync_to_disk(self.folder, name)

    def replace_by_pieces(self, name: str, pieces: Iterator[bytes]) -> None:
        """Write an object whatever was there, without holding it whole; it appears at the end."""
        with self._speaking_of(f"writing {self.name}/{name}"):
            # Left open when a piece fails, so that what is half written never appears.
            writer = obstore.open_writer(
                self.store, name, buffer_size=_PART_BYTES, max_concurrency=_PARTS_UNDER_WAY
            )
            for piece in pieces:
                writer.write(piece)
            writer.close()
        if self.folder is not None:
            _sync_to_disk(self.folder, name)

    def remove(self, name: str) -> bool:
        """Delete an object; False where there was none (any more)."""
        try:
            with self._speaking_of(f"looking up {self.name}/{name} to remove it"):
                if self._unmade:
                    return False
                obstore.delete(self.store, name)
        except ObjectMissing:
            return False
        return True

    def _expect_same(self, name: str, sha256: str) -> None:
        found = hashlib.sha256(self.read(name)).hexdigest()
        if found != sha256:
            raise ContentConflict(
                f"{self.label}: {self.name}/{name} holds another content "
                f"(SHA-256 {found[:16]}… in place of {sha256[:16]}…); nothing was overwritten",
                hint="An object of this name is written once. Find out who wrote it, move it away, "
                "and run again: what is waiting is kept.",
            )

    @contextmanager
    def _speaking_of(self, action: str) -> Iterator[None]:
        """Turn the client's errors into ours, whose text holds no address.

        AlreadyExists and Precondition pass: they are answers, not failures.
        """
        try:
            yield
        except (AlreadyExistsError, PreconditionError):
            raise
        except (FileNotFoundError, NotFoundError):
            raise self._missing(action) from None
        except (PermissionDeniedError, UnauthenticatedError, PermissionError):
            raise self._refused(action) from None
        except (BaseError, OSError) as error:
            # What goes wrong in a listing has no class of its own.
            if "ContainerNotFound" in str(error):
                raise self._missing(action) from None
            if _REFUSED.search(str(error)):
                raise self._refused(action) from None
            raise StoreUnavailable(
                f"{self.label}: {action}: {_fault(error)}",
                hint="A retry may help; what is waiting is kept.",
            ) from None

    def _refused(self, action: str) -> StoreRefused:
        return StoreRefused(
            f"{self.label}: {action}: refused",
            hint="The identity needs a data role on the account (Azure: Storage Blob Data "
            "Contributor to write, Reader to read).",
        )

    def _missing(self, action: str) -> ObjectMissing | ContainerMissing:
        """Say what a 404 means: a read lacks its object, a listing or a write its container."""
        if action.startswith(("reading", "looking")):
            return ObjectMissing(f"{self.label}: {action}: there is no such object")
        return ContainerMissing(
            f"{self.label}: the container {self.name} does not exist", hint=self._missing_hint
        )


def _fault(error: BaseError | OSError) -> str:
    """Say in words of our own what a call came to: the client's text quotes addresses."""
    text = str(error)
    if status := _STATUS.search(text):
        return f"it answers HTTP {status[1]}"
    if "Timeout" in text:
        return "no answer in time"
    if tells_full_disk(text):
        return "the disk is full, make room"
    return f"no usable answer ({type(error).__name__})"


def _info(meta: ObjectMeta) -> ObjectInfo:
    return ObjectInfo(meta["path"], meta["size"], meta["last_modified"].timestamp(), meta["e_tag"])


def _sha256(pieces: Iterable[bytes | memoryview]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _sync_to_disk(root: Path, name: str) -> None:
    """Make a written file last: the file, then each directory on its way up to the root."""
    path = root / name
    _fsync(path)
    for directory in path.parents:
        _fsync(directory)
        if directory == root:
            break


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
