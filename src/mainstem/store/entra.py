"""A token of Microsoft Entra for Azure Storage, for the call that creates a container.

obstore gets its own tokens and does not hand them out. The same three ways are asked here in the
same order: a client secret, a workload identity, a managed identity.
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from mainstem.store.errors import StoreRefused, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

_RESOURCE = "https://storage.azure.com"
_IMDS = "http://169.254.169.254/metadata/identity/oauth2/token"
_AUTHORITY = "https://login.microsoftonline.com"
_TIMEOUT_S = 10


def storage_token(setting: Mapping[str, str]) -> str:
    """Get a bearer token; `setting` has credentials under obstore's names."""
    if token := setting.get("token"):
        return token
    if "client_secret" in setting and "tenant_id" in setting:
        return _granted(setting, {"client_secret": setting["client_secret"]})
    if "federated_token_file" in setting and "tenant_id" in setting:
        assertion = Path(setting["federated_token_file"]).read_text(encoding="ascii").strip()
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        return _granted(setting, {"client_assertion_type": kind, "client_assertion": assertion})
    return _managed(setting)


def _granted(setting: Mapping[str, str], proof: Mapping[str, str]) -> str:
    authority = setting.get("authority_host", _AUTHORITY).rstrip("/")
    form = {
        "grant_type": "client_credentials",
        "client_id": setting.get("client_id", ""),
        "scope": f"{_RESOURCE}/.default",
        **proof,
    }
    url = f"{authority}/{setting['tenant_id']}/oauth2/v2.0/token"
    return _ask(urllib.request.Request(url, data=urlencode(form).encode()))  # noqa: S310


def _managed(setting: Mapping[str, str]) -> str:
    query = {"resource": _RESOURCE}
    for ours, theirs in (
        ("client_id", "client_id"),
        ("object_id", "object_id"),
        ("msi_resource_id", "msi_res_id"),
    ):
        if ours in setting:
            query[theirs] = setting[ours]
    endpoint = os.environ.get("IDENTITY_ENDPOINT")
    if endpoint:  # App Service, Container Apps and their jobs
        headers = {"X-IDENTITY-HEADER": os.environ.get("IDENTITY_HEADER", "")}
        query["api-version"] = "2019-08-01"
    else:
        headers = {"Metadata": "true"}
        query["api-version"] = "2018-02-01"
    url = f"{endpoint or _IMDS}?{urlencode(query)}"
    return _ask(urllib.request.Request(url, headers=headers))  # noqa: S310


def _ask(request: urllib.request.Request) -> str:
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            token = json.load(answer)["access_token"]
    except urllib.error.HTTPError as error:
        error.close()
        raise StoreRefused(
            f"no token for Azure Storage was given to this identity (HTTP {error.code})"
        ) from None
    except (OSError, ValueError, KeyError) as error:
        raise StoreUnavailable(
            f"no token for Azure Storage: the identity service gave no answer "
            f"({type(error).__name__})",
            hint="Outside Azure, set AZURE_STORAGE_ACCOUNT_KEY or AZURE_CLIENT_ID, "
            "AZURE_TENANT_ID and AZURE_CLIENT_SECRET, or use a connection string.",
        ) from None
    return str(token)
