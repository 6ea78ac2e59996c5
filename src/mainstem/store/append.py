"""Append blobs: an end that only grows, and blocks that go to a place known beforehand.

Azure takes at most 50,000 blocks a blob and never replicates one to another account.
https://learn.microsoft.com/rest/api/storageservices/append-block
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mainstem.store.azure_rest import Answer, call
from mainstem.store.errors import ContainerMissing, StoreRefused, StoreUnavailable

if TYPE_CHECKING:
    from mainstem.store.azure import AzureAccount

MOST_BLOCKS = 50_000
MOST_BLOCK_BYTES = 100 << 20


class End(NamedTuple):
    """Where an append blob ends: its length in bytes, and its blocks."""

    bytes: int
    blocks: int


class AppendBlobs:
    """The append blobs of one container."""

    def __init__(self, account: AzureAccount, container: str) -> None:
        self._account = account
        self._container = container

    def end(self, name: str) -> End | None:
        """Tell where a blob ends; None where there is none. StoreRefused for a block blob."""
        answer = self._call("HEAD", name, doing=f"looking up {self._container}/{name}")
        if answer.status == 404:
            return None
        if answer.headers.get("x-ms-blob-type") != "AppendBlob":
            raise StoreRefused(
                f"{self._account.label}: {self._container}/{name} is there and is no append blob",
                hint="Give append blobs names or a container of their own.",
            )
        blocks = int(answer.headers.get("x-ms-blob-committed-block-count") or 0)
        return End(int(answer.headers["content-length"]), blocks)

    def make(self, name: str) -> None:
        """Make an empty blob unless one is there. ContainerMissing where there is no container."""
        headers = {"x-ms-blob-type": "AppendBlob", "If-None-Match": "*"}
        answer = self._call("PUT", name, headers=headers, doing=f"making {self._container}/{name}")
        if answer.status == 404:
            raise ContainerMissing(
                f"{self._account.label}: the container {self._container} does not exist",
                hint=self._account.creation_command(self._container),
            )
        if answer.status not in (201, 409, 412):
            raise self._unexpected(f"making {self._container}/{name}", answer)

    def append(self, name: str, block: bytes, at: int) -> bool:
        """Append a block if the blob ends at `at`; False where it does not, and nothing is written.

        True means that the block is durable. At most 100 MiB.
        """
        doing = f"appending to {self._container}/{name}"
        headers = {"x-ms-blob-condition-appendpos": str(at)}
        answer = self._call(
            "PUT", name, query={"comp": "appendblock"}, headers=headers, body=block, doing=doing
        )
        if answer.status == 412:
            return False
        if answer.status != 201:
            raise self._unexpected(doing, answer)
        return True

    def _call(
        self,
        method: str,
        name: str,
        *,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        doing: str,
    ) -> Answer:
        path = f"{self._container}/{name}"
        return call(
            self._account, method, path, query=query, headers=headers, body=body, doing=doing
        )

    def _unexpected(self, doing: str, answer: Answer) -> StoreUnavailable:
        return StoreUnavailable(
            f"{self._account.label}: {doing}: HTTP {answer.status} {answer.code}".rstrip(),
            hint="A retry may help.",
        )
