"""What an Azure account tells of itself over its data plane, for whoever checks a deployment.

Soft delete and lifecycle rules belong to the resource manager, and are not told here; versioning
does too, and shows in the blobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mainstem.store.azure_rest import call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainstem.store.azure import AzureAccount


class AzureTraits(NamedTuple):
    """An account's kind (`StorageV2`), and whether its names are folders (None: not told)."""

    kind: str
    hierarchical: bool | None


class BlobTraits(NamedTuple):
    """A blob's kind (`BlockBlob`, `AppendBlob`), and whether its account gave it a version."""

    kind: str
    versioned: bool


def traits_of(account: AzureAccount) -> AzureTraits:
    """Ask for the account's traits.

    https://learn.microsoft.com/rest/api/storageservices/get-account-information
    """
    query = {"restype": "account", "comp": "properties"}
    answer = call(account, "GET", "", query=query, doing="asking what account it is")
    told = answer.headers.get("x-ms-is-hns-enabled")
    return AzureTraits(
        answer.headers.get("x-ms-account-kind", ""), None if told is None else told == "true"
    )


def blob_traits(account: AzureAccount, container: str, name: str) -> BlobTraits | None:
    """Ask for a blob's traits; None where there is no such blob.

    https://learn.microsoft.com/rest/api/storageservices/get-blob-properties
    """
    answer = call(account, "HEAD", f"{container}/{name}", doing=f"looking up {container}/{name}")
    if answer.status != 200:
        return None
    return BlobTraits(answer.headers.get("x-ms-blob-type", ""), "x-ms-version-id" in answer.headers)


def public_access(account: AzureAccount, container: str) -> str | None:
    """Tell what of a container everybody may read: `blob`, `container`, or None for nothing."""
    doing = f"asking who may read {container}"
    return _container_properties(account, container, doing).get("x-ms-blob-public-access")


def immutable(account: AzureAccount, container: str) -> bool | None:
    """Tell whether a container's blobs are under a policy of immutability; None: not told."""
    doing = f"asking how long {container} keeps what is in it"
    told = _container_properties(account, container, doing)
    policies = {"x-ms-has-immutability-policy", "x-ms-immutable-storage-with-versioning-enabled"}
    given = [told[name] == "true" for name in policies if name in told]
    return any(given) if given else None


def _container_properties(account: AzureAccount, container: str, doing: str) -> Mapping[str, str]:
    """Ask for a container's properties.

    https://learn.microsoft.com/rest/api/storageservices/get-container-properties
    """
    query = {"restype": "container"}
    return call(account, "GET", container, query=query, doing=doing).headers
