"""An account by its address: where a region's or the central containers are."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from obstore.store import AzureStore, GCSStore, LocalStore, MemoryStore, S3Store

from mainstem.errors import UsageError
from mainstem.store.append import AppendBlobs
from mainstem.store.azure import AzureAccount
from mainstem.store.azure_copy import MOST_BYTES, ServerCopy, copy_blob
from mainstem.store.azure_traits import blob_traits, immutable, public_access, traits_of
from mainstem.store.container import Container
from mainstem.store.errors import ContainerMissing

if TYPE_CHECKING:
    from collections.abc import Callable

    from obstore.store import ClientConfig, ObjectStore, RetryConfig

    from mainstem.store.azure_traits import AzureTraits, BlobTraits

_RETRY: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
_CLIENT: ClientConfig = {"timeout": timedelta(seconds=60)}

_memory: dict[str, MemoryStore] = {}
"""The memory accounts of this process, so that one address is one place."""


class Account:
    """Containers at one address.

    =====================================  ====================================================
    address                                containers are
    =====================================  ====================================================
    `file:stores/euc`, `file:///srv/euc`   folders; a relative path is taken from the `base`
    `az://account`                         Azure containers, credentials from AZURE_* variables
    an Azure connection string             Azure (or Azurite) containers
    `https://a.blob.core.windows.net?...`  Azure containers, a shared access signature if given
    `s3://bucket/prefix`, `gs://...`       prefixes below the address
    `memory://name`                        places in this process's memory, for tests
    =====================================  ====================================================
    """

    def __init__(
        self,
        label: str,
        open_store: Callable[[str], ObjectStore],
        *,
        ensure: Callable[[str], bool] = lambda _: False,
        missing_hint: Callable[[str], str] = lambda _: "",
        folder: Path | None = None,
        azure: AzureAccount | None = None,
    ) -> None:
        self.label = label
        self._open_store = open_store
        self._ensure = ensure
        self._missing_hint = missing_hint
        self._folder = folder
        self._azure = azure
        self._containers: dict[str, Container] = {}

    @classmethod
    def open(cls, address: str, base: Path | None = None) -> Account:
        """Open an account by its address; UsageError where the address is not of a known form.

        Nothing is asked of the store yet. `base` is the folder that relative paths are taken from.
        """
        if AzureAccount.is_connection_string(address):
            return cls.azure(AzureAccount.from_connection_string(address))
        parts = urlsplit(address)
        match parts.scheme:
            case "file":
                return _open_folder(unquote(parts.netloc + parts.path), base or Path.cwd())
            case "az" | "azure":
                return cls.azure(AzureAccount.named(parts.netloc))
            case "https" | "http" if ".blob." in parts.netloc:
                return cls.azure(AzureAccount.from_url(address))
            case "s3" | "s3a" | "gs":
                return _open_bucket(parts.scheme, parts.netloc, parts.path.strip("/"))
            case "memory":
                return _open_memory(parts.netloc + parts.path)
        raise UsageError(
            f"a store's address begins with file:, az://, s3://, gs:// or memory://, or is an "
            f"Azure connection string; this one begins with {parts.scheme[:8] or 'none of them'!r}"
        )

    @classmethod
    def azure(cls, account: AzureAccount) -> Account:
        """Open an Azure account whose credentials are already chosen."""
        return cls(
            account.label,
            lambda name: AzureStore(
                name,
                config=account.store_config(),
                client_options={**_CLIENT, "allow_http": account.allow_http},
                retry_config=_RETRY,
                credential_provider=None if account.identity is None else account.bearer,
            ),
            ensure=account.create_container,
            missing_hint=account.creation_command,
            azure=account,
        )

    def container(self, name: str) -> Container:
        """Get a container, which need not exist yet."""
        found = self._containers.get(name)
        if found is None:
            found = Container(
                name,
                self.label,
                partial(self._open_store, name),
                missing_hint=self._missing_hint(name),
                folder=self._folder and self._folder / name,
            )
            self._containers[name] = found
        return found

    def copy_from(
        self, source: Account, container: str, name: str, size: int, to_container: str
    ) -> ServerCopy:
        """Let this store fetch an object of at most 256 MiB from another one, unless it has it.

        Azure's accounts do it for each other; all other stores answer REFUSED.
        """
        if self._azure is None or source._azure is None or size > MOST_BYTES:
            return ServerCopy.REFUSED
        return copy_blob(source._azure, container, name, self._azure, to_container)

    def append_blobs(self, container: str) -> AppendBlobs:
        """Get a container's append blobs; UsageError where the account is not one of Azure's."""
        if self._azure is None:
            raise UsageError(f"{self.label} has no append blobs: they are Azure's")
        return AppendBlobs(self._azure, container)

    def azure_traits(self) -> AzureTraits | None:
        """Ask an Azure account what it is; None for any other store."""
        return None if self._azure is None else traits_of(self._azure)

    def blob_traits(self, container: str, name: str) -> BlobTraits | None:
        """Ask what a blob of an Azure account is; None elsewhere, and where there is none."""
        return None if self._azure is None else blob_traits(self._azure, container, name)

    def public_access(self, container: str) -> str | None:
        """Tell what of an Azure container everybody may read, if anything; None elsewhere."""
        return None if self._azure is None else public_access(self._azure, container)

    def immutable(self, container: str) -> bool | None:
        """Tell whether an Azure container keeps what is in it; None where nobody tells."""
        return None if self._azure is None else immutable(self._azure, container)

    def ensure_container(self, name: str) -> bool:
        """Create a container unless it exists; True if it was created.

        Only Azure has containers to create; elsewhere they come into being with the first object.
        ContainerMissing, with the command that creates it, where there is none and the identity may
        not create it.
        """
        try:
            return self._ensure(name)
        except ContainerMissing:
            # Who may not create containers is refused for one that exists, too.
            if self.container(name).exists():
                return False
            raise


def _open_folder(path: str, base: Path) -> Account:
    if not path:
        raise UsageError("file: needs a path, e.g. file:./stores/euc")
    root = (base / path).resolve()

    def open_store(name: str) -> ObjectStore:
        return LocalStore(root / name, mkdir=True)

    return Account(f"file:{root}", open_store, folder=root)


def _open_bucket(scheme: str, bucket: str, prefix: str) -> Account:
    kind = GCSStore if scheme == "gs" else S3Store

    def open_store(name: str) -> ObjectStore:
        inside = f"{prefix}/{name}" if prefix else name
        return kind(bucket, prefix=inside, client_options=_CLIENT, retry_config=_RETRY)

    return Account(
        f"{scheme}://{bucket}",
        open_store,
        missing_hint=lambda _: f"Create the bucket {bucket} first.",
    )


def _open_memory(name: str) -> Account:
    def open_store(container: str) -> ObjectStore:
        return _memory.setdefault(f"{name}/{container}", MemoryStore())

    return Account(f"memory://{name}", open_store)
