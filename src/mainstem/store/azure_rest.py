"""The few calls of Azure's blob service that obstore lacks, each one signed HTTP request.

They are made with the standard library rather than with a second client.
https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import urllib.error
import urllib.request
from email.utils import formatdate
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from mainstem.store.errors import StoreRefused, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message

    from mainstem.store.azure import AzureAccount

API_VERSION = "2022-11-02"
"""The first version whose append blocks hold up to 100 MiB."""

_TIMEOUT_S = 60
_CONTENT_TYPE = "application/octet-stream"


class Answer(NamedTuple):
    """What the service answered; `code` is its own word for an error (`ContainerNotFound`).

    The headers' names are in lower case.
    """

    status: int
    code: str
    headers: Mapping[str, str]
    body: bytes


def call(
    account: AzureAccount,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    doing: str,
) -> Answer:
    """Call the service and give its answer, whatever it is below 500.

    `path` is a container or a blob in one. StoreRefused for 401 and 403, and StoreUnavailable where
    there is no answer or one that says to come again; `doing` is what their text says was tried.
    """
    url = f"{account.endpoint}/{quote(path)}"
    parameters = dict(query or {})
    sent = {
        "x-ms-version": API_VERSION,
        "x-ms-date": formatdate(usegmt=True),
        "Content-Type": _CONTENT_TYPE,
        **(headers or {}),
    }
    secret = account.credential()
    if secret.account_key is not None:
        length = str(len(body)) if body else ""
        signed = {**sent, "Content-Length": length}
        text = f"{method}\n{_rest_to_sign(account.name, url, parameters, signed)}"
        digest = hmac.new(base64.b64decode(secret.account_key), text.encode(), hashlib.sha256)
        signature = base64.b64encode(digest.digest()).decode()
        sent["Authorization"] = f"SharedKey {account.name}:{signature}"
    elif secret.token is not None:
        sent["Authorization"] = f"Bearer {secret.token}"
    address = "?".join(filter(None, (url, _joined(urlencode(parameters), secret.sas or ""))))
    data = body if method == "PUT" else None
    request = urllib.request.Request(address, data=data, method=method, headers=sent)  # noqa: S310
    answer = _answer(request, f"{account.label}: {doing}")
    if answer.status in (401, 403):
        raise StoreRefused(
            f"{account.label}: {doing}: refused (HTTP {answer.status})",
            hint="The identity needs the role Storage Blob Data Contributor on the account.",
        )
    return answer


def _answer(request: urllib.request.Request, what: str) -> Answer:
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as got:  # noqa: S310
            return Answer(got.status, "", _lower(got.headers), got.read())
    except urllib.error.HTTPError as error:
        with error:
            code = error.headers.get("x-ms-error-code") or ""
            if error.code not in (408, 429) and error.code < 500:
                return Answer(error.code, code, _lower(error.headers), b"")
        raise StoreUnavailable(f"{what}: HTTP {error.code}", hint="A retry may help.") from None
    except (OSError, http.client.HTTPException) as error:
        raise StoreUnavailable(
            f"{what}: no answer ({type(error).__name__})", hint="A retry may help."
        ) from None


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _joined(*queries: str) -> str:
    return "&".join(filter(None, queries))


def _rest_to_sign(name: str, url: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """Put together what an account's key signs, behind the method.

    https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
    """
    standard = (
        *("Content-Encoding", "Content-Language", "Content-Length", "Content-MD5", "Content-Type"),
        *("Date", "If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range"),
    )
    lines = [headers.get(header, "") for header in standard]
    own = sorted(header for header in headers if header.startswith("x-ms-"))
    lines += [f"{header}:{headers[header]}" for header in own]
    lines.append(f"/{name}{urlsplit(url).path}")
    lines += [f"{key}:{query[key]}" for key in sorted(query)]
    return "\n".join(lines)
