"""Tokens of Microsoft Entra for Azure Storage.

A configuration that names how to sign in gets that way and no other, whatever the environment says:
an `Identity` asks for its tokens here, for obstore as well as for the calls that obstore lacks.
Where nothing is named, obstore looks for credentials itself and does not hand its tokens out, so
`storage_token` goes the same ways in the same order for those calls.

Addresses are overridden as Azure's own SDKs have it: `AZURE_AUTHORITY_HOST` for Entra,
`AZURE_POD_IDENTITY_AUTHORITY_HOST` for the instance metadata service, and `IDENTITY_ENDPOINT` with
`IDENTITY_HEADER`, which App Service and Container Apps set.
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
https://learn.microsoft.com/azure/aks/workload-identity-overview
"""

from __future__ import annotations

import json
import os
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from mainstem.store.errors import StoreRefused, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

_RESOURCE = "https://storage.azure.com"
_IMDS = "http://169.254.169.254"
_IMDS_PATH = "/metadata/identity/oauth2/token"
_AUTHORITY = "https://login.microsoftonline.com"
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_TIMEOUT_S = 10
_RENEW_BEFORE = timedelta(minutes=5)
_LIFE_IF_UNSAID_S = 3600


class Token(NamedTuple):
    """A bearer token, and when it ends."""

    text: str
    expires_at: datetime


class SignIn(StrEnum):
    """How an identity proves who it is; the names are those of the Collector's exporter."""

    SERVICE_PRINCIPAL = "service_principal"
    SYSTEM_MANAGED = "system_managed_identity"
    USER_MANAGED = "user_managed_identity"
    WORKLOAD = "workload_identity"


@dataclass
class Identity:
    """An identity of Entra, and the token that it has just now; safe to use from several threads.

    `token` raises StoreRefused where the identity is not given one, StoreUnavailable where nobody
    answers.
    """

    sign_in: SignIn
    tenant_id: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    federated_token_file: str = ""
    _token: Token | None = field(default=None, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def token(self) -> Token:
        """Give a token that lasts for five minutes at least, a new one where it must be."""
        with self._lock:
            if self._token is None or self._token.expires_at - datetime.now(UTC) < _RENEW_BEFORE:
                self._token = self._ask()
            return self._token

    def _ask(self) -> Token:
        match self.sign_in:
            case SignIn.SERVICE_PRINCIPAL:
                proof = {"client_secret": self.client_secret}
                return _granted(self.tenant_id, self.client_id, proof)
            case SignIn.WORKLOAD:
                proof = _assertion(self.federated_token_file)
                return _granted(self.tenant_id, self.client_id, proof)
            case SignIn.USER_MANAGED:
                return _managed({"client_id": self.client_id})
            case SignIn.SYSTEM_MANAGED:
                return _managed({})


def storage_token(setting: Mapping[str, str], resource: str = _RESOURCE) -> str:
    """Get a bearer token; `setting` has credentials under obstore's names, if any.

    `resource` is whom it is for: another service of Azure's is asked in the same ways.
    """
    if token := setting.get("token"):
        return token
    authority = setting.get("authority_host")
    client = setting.get("client_id", "")
    if "client_secret" in setting and "tenant_id" in setting:
        proof = {"client_secret": setting["client_secret"]}
        return _granted(setting["tenant_id"], client, proof, authority, resource).text
    if "federated_token_file" in setting and "tenant_id" in setting:
        proof = _assertion(setting["federated_token_file"])
        return _granted(setting["tenant_id"], client, proof, authority, resource).text
    names = {"client_id": "client_id", "object_id": "object_id", "msi_resource_id": "msi_res_id"}
    return _managed(
        {theirs: setting[ours] for ours, theirs in names.items() if ours in setting}, resource
    ).text


def _assertion(token_file: str) -> dict[str, str]:
    """Read the federated token anew each time: the platform replaces it before it ends."""
    try:
        assertion = Path(token_file).read_text(encoding="ascii").strip()
    except OSError as error:
        raise StoreRefused(
            f"the federated token file {token_file} cannot be read ({error.strerror})"
        ) from None
    return {"client_assertion_type": _JWT_BEARER, "client_assertion": assertion}


def _granted(
    tenant: str,
    client: str,
    proof: Mapping[str, str],
    authority: str | None = None,
    resource: str = _RESOURCE,
) -> Token:
    host = authority or os.environ.get("AZURE_AUTHORITY_HOST") or _AUTHORITY
    host = host if "://" in host else f"https://{host}"
    form = {
        "grant_type": "client_credentials",
        "client_id": client,
        "scope": f"{resource}/.default",
        **proof,
    }
    url = f"{host.rstrip('/')}/{tenant}/oauth2/v2.0/token"
    return _ask(urllib.request.Request(url, data=urlencode(form).encode()))  # noqa: S310


def _managed(identity: Mapping[str, str], resource: str = _RESOURCE) -> Token:
    query = {"resource": resource, **identity}
    endpoint = os.environ.get("IDENTITY_ENDPOINT")
    if endpoint:  # App Service, Container Apps and their jobs
        headers = {"X-IDENTITY-HEADER": os.environ.get("IDENTITY_HEADER", "")}
        query["api-version"] = "2019-08-01"
    else:
        host = os.environ.get("AZURE_POD_IDENTITY_AUTHORITY_HOST") or _IMDS
        endpoint = f"{host.rstrip('/')}{_IMDS_PATH}"
        headers = {"Metadata": "true"}
        query["api-version"] = "2018-02-01"
    url = f"{endpoint}?{urlencode(query)}"
    return _ask(urllib.request.Request(url, headers=headers))  # noqa: S310


def _ask(request: urllib.request.Request) -> Token:
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            return _read(json.load(answer))
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (408, 410, 429) or error.code >= 500:
            raise StoreUnavailable(
                f"no token for Azure Storage yet: the identity service answered HTTP {error.code}",
                hint="A retry may help.",
            ) from None
        raise StoreRefused(
            f"no token for Azure Storage was given to this identity (HTTP {error.code})"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreUnavailable(
            f"no token for Azure Storage: the identity service gave no answer "
            f"({type(error).__name__})",
            hint="Outside Azure, set AZURE_STORAGE_ACCOUNT_KEY or AZURE_CLIENT_ID, "
            "AZURE_TENANT_ID and AZURE_CLIENT_SECRET, or use a connection string.",
        ) from None


def _read(answer: Mapping[str, str | int]) -> Token:
    """Read an answer; numbers come as numbers from Entra and as texts from the metadata service."""
    if "expires_on" in answer:
        ends = datetime.fromtimestamp(int(answer["expires_on"]), UTC)
    else:
        life = timedelta(seconds=int(answer.get("expires_in", _LIFE_IF_UNSAID_S)))
        ends = datetime.now(UTC) + life
    return Token(str(answer["access_token"]), ends)
