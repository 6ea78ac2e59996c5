"""Copying a blob from one Azure account to another without its bytes passing through here.

https://learn.microsoft.com/rest/api/storageservices/copy-blob-from-url
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from mainstem.store.azure_rest import API_VERSION, call
from mainstem.store.errors import StoreRefused, StoreUnavailable

if TYPE_CHECKING:
    from mainstem.store.azure import AzureAccount

MOST_BYTES = 256 * 1024 * 1024
"""What the service copies in one answered call."""
_READABLE_FOR = timedelta(hours=1)


class ServerCopy(Enum):
    """What became of a copy between stores."""

    CREATED = "created"
    EXISTS = "exists"
    REFUSED = "refused"
    """These stores, or these credentials, do not do it: the bytes have to pass through here."""
    FAILED = "failed"
    """Not this time: there is no such source, or a store did not answer."""


def copy_blob(
    source: AzureAccount, container: str, name: str, target: AzureAccount, to_container: str
) -> ServerCopy:
    """Let an account fetch a blob from another one, unless it has one of that name already."""
    url = f"{source.endpoint}/{quote(f'{container}/{name}')}"
    headers = {"x-ms-requires-sync": "true", "If-None-Match": "*"}
    secret = source.credential()
    if secret.token is not None:
        headers["x-ms-copy-source-authorization"] = f"Bearer {secret.token}"
    else:
        signature = secret.sas or _readable(source, container, name, secret.account_key or "")
        url = f"{url}?{signature}"
    headers["x-ms-copy-source"] = url
    doing = f"copying {container}/{name} to {to_container}"
    try:
        answer = call(target, "PUT", f"{to_container}/{name}", headers=headers, doing=doing)
    except StoreRefused:
        return ServerCopy.REFUSED
    except StoreUnavailable:
        return ServerCopy.FAILED
    if answer.status in (201, 202):
        return ServerCopy.CREATED
    if answer.code in ("BlobAlreadyExists", "ConditionNotMet", "TargetConditionNotMet"):
        return ServerCopy.EXISTS
    if answer.status == 404:
        return ServerCopy.FAILED
    return ServerCopy.REFUSED


def _readable(account: AzureAccount, container: str, name: str, key: str) -> str:
    """Sign a permission to read one blob, for an hour.

    https://learn.microsoft.com/rest/api/storageservices/create-service-sas
    """
    until = (datetime.now(UTC) + _READABLE_FOR).strftime("%Y-%m-%dT%H:%M:%SZ")
    resource = f"/blob/{account.name}/{container}/{name}"
    # Permission, start, end, resource; identifier, address, protocol; version, kind, snapshot,
    # encryption scope; five response headers.
    fields = ["r", "", until, resource, "", "", "", API_VERSION, "b", "", "", *[""] * 5]
    digest = hmac.new(base64.b64decode(key), "\n".join(fields).encode(), hashlib.sha256)
    signature = base64.b64encode(digest.digest()).decode()
    return urlencode({"sv": API_VERSION, "sr": "b", "sp": "r", "se": until, "sig": signature})
