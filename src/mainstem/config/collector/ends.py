"""Where pipelines end: exporters that write blobs, each with its store, and what only counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mainstem.config.collector.azureblob import AzureBlob
from mainstem.config.collector.exporters import Blob, BlobExporter, Debug, File
from mainstem.config.collector.model import BlobEnd, Destination

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mainstem.config.collector.values import Component


def blob_ends(
    ids: Sequence[str], found: Mapping[tuple[str, str], Component]
) -> tuple[BlobEnd, ...]:
    """Give those of a pipeline's exporters that write blobs, in their order."""
    return tuple(
        BlobEnd(id_, exporter, destination(exporter))
        for id_ in ids
        if isinstance(exporter := found.get(("exporters", id_)), BlobExporter)
    )


def counts_only(ids: Sequence[str], found: Mapping[tuple[str, str], Component]) -> bool:
    """Tell whether a pipeline's records are to be counted in the log."""
    return any(isinstance(found.get(("exporters", id_)), Debug) for id_ in ids)


def destination(exporter: BlobExporter) -> Destination:
    """Tell the store that an exporter writes to."""
    match exporter:
        case File(path=path):
            return Destination(f"file:{path}", f"file:{path}")
        case Blob(url=url):
            if url is None:
                return Destination(None, "the region's store")
            address = url.get_secret_value()
            return Destination(address, address.partition("?")[0])
        case AzureBlob(auth=auth, url=url):
            if auth.type == "connection_string" and auth.connection_string is not None:
                return Destination(auth.connection_string.get_secret_value(), "azureblob")
            address = url.get_secret_value() if url is not None else ""
            given = {
                "tenant_id": auth.tenant_id,
                "client_id": auth.client_id,
                "client_secret": auth.client_secret and auth.client_secret.get_secret_value(),
                "federated_token_file": auth.federated_token_file,
            }
            credentials = {key: value for key, value in given.items() if value}
            return Destination(address, address.partition("?")[0], auth.type, credentials)
    raise TypeError(f"no destination for {type(exporter).__name__}")
