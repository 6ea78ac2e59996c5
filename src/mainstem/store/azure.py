"""Azure accounts: addresses, credentials, and the one call that obstore lacks.

obstore reads and writes blobs and creates no containers. Creating one is a single signed PUT
(https://learn.microsoft.com/rest/api/storageservices/create-container), made here with the standard
library rather than with a second client.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mainstem.errors import UsageError
from mainstem.store.entra import storage_token
from mainstem.store.errors import ContainerMissing, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from obstore.store import AzureConfig

API_VERSION = "2021-12-02"
_TIMEOUT_S = 30

# Published with the emulator; not a secret.
# https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
_EMULATOR = {
    "AccountName": "devstoreaccount1",
    "AccountKey": "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/"
    "K1SZFPTOtr/KBHBeksoGMGw==",
    "BlobEndpoint": "http://127.0.0.1:10000/devstoreaccount1",
}


@dataclass(frozen=True)
class AzureAccount:
    """An account's name, endpoint and credentials.

    `config` holds credentials under obstore's own names (`account_key`, `sas_key`, `client_id`,
    `client_secret`, `tenant_id`, `federated_token_file`, `object_id`, `msi_resource_id`, ...); what
    it does not hold is looked for in the AZURE_* environment variables, and last a managed identity
    is tried.
    """

    name: str
    endpoint: str
    config: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def label(self) -> str:
        """What messages call this account."""
        return f"az://{self.name}"

    @property
    def allow_http(self) -> bool:
        """Whether the endpoint is plain HTTP, which only emulators use."""
        return self.endpoint.startswith("http://")

    @staticmethod
    def is_connection_string(text: str) -> bool:
        """Tell a connection string from a URL."""
        keys = {part.partition("=")[0].strip() for part in text.split(";")}
        return bool(keys & {"AccountName", "BlobEndpoint", "UseDevelopmentStorage"})

    @classmethod
    def from_connection_string(cls, text: str) -> AzureAccount:
        """Read `AccountName=...;AccountKey=...` and its variants; UsageError names what lacks."""
        parts = (part.partition("=") for part in text.split(";") if part.strip())
        given = {key.strip(): value.strip() for key, _, value in parts}
        if given.get("UseDevelopmentStorage") == "true":
            given = {**_EMULATOR, **given}
        endpoint = given.get("BlobEndpoint", "").rstrip("/")
        name = given.get("AccountName") or _account_of(endpoint)
        if not name:
            raise UsageError("the connection string has neither AccountName nor BlobEndpoint")
        config = {}
        if "AccountKey" in given:
            config["account_key"] = given["AccountKey"]
        elif "SharedAccessSignature" in given:
            config["sas_key"] = given["SharedAccessSignature"].removeprefix("?")
        else:
            raise UsageError(
                f"the connection string for {name} has neither AccountKey nor SharedAccessSignature"
            )
        if not endpoint:
            protocol = given.get("DefaultEndpointsProtocol", "https")
            suffix = given.get("EndpointSuffix", "core.windows.net")
            endpoint = f"{protocol}://{name}.blob.{suffix}"
        return cls(name, endpoint, config)

    @classmethod
    def named(cls, name: str, config: Mapping[str, str] | None = None) -> AzureAccount:
        """Name an account of the public cloud, or of AZURE_STORAGE_ENDPOINT where that is set."""
        if not name:
            raise UsageError("az:// needs an account's name, e.g. az://contosoeuc")
        endpoint = os.environ.get("AZURE_STORAGE_ENDPOINT", "").rstrip("/")
        return cls(name, endpoint or f"https://{name}.blob.core.windows.net", config or {})

    @classmethod
    def from_url(cls, url: str, config: Mapping[str, str] | None = None) -> AzureAccount:
        """Read a blob endpoint; its query string is a shared access signature."""
        parts = urlsplit(url)
        endpoint = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        sas = {"sas_key": parts.query} if parts.query else {}
        return cls(_account_of(endpoint), endpoint, {**(config or {}), **sas})

    def store_config(self) -> AzureConfig:
        """Give obstore what it needs to reach a container of this account."""
        config: AzureConfig = {"account_name": self.name, "endpoint": self.endpoint}
        config.update(self.config)  # type: ignore[typeddict-item]
        return config

    def creation_command(self, container: str) -> str:
        """Say how a person who may do so creates a container."""
        return (
            f"Create it with: az storage container create --name {container} "
            f"--account-name {self.name} --auth-mode login"
        )

    def create_container(self, container: str) -> bool:
        """Create a container; True if it was created, False if it was there.

        ContainerMissing, with the command that creates it, where this identity may not.
        """
        url = f"{self.endpoint}/{container}?restype=container"
        headers = {"x-ms-version": API_VERSION, "x-ms-date": formatdate(usegmt=True)}
        setting = {**_environment(), **self.config}
        if key := setting.get("account_key"):
            headers["Authorization"] = self._shared_key(key, container, headers)
        elif sas := setting.get("sas_key"):
            url = f"{url}&{sas.removeprefix('?')}"
        else:
            headers["Authorization"] = f"Bearer {storage_token(setting)}"
        request = urllib.request.Request(url, data=b"", method="PUT", headers=headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S):  # noqa: S310
                return True
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 409 and error.headers.get("x-ms-error-code") in (
                "ContainerAlreadyExists",
                None,
            ):
                return False
            if error.code in (401, 403, 404):
                raise ContainerMissing(
                    f"{self.label}: the container {container} cannot be created with these "
                    f"credentials (HTTP {error.code})",
                    hint=self.creation_command(container),
                ) from None
            raise StoreUnavailable(
                f"{self.label}: creating the container {container}: HTTP {error.code}",
                hint="A retry may help.",
            ) from None
        except OSError as error:
            raise StoreUnavailable(
                f"{self.label}: creating the container {container}: no answer "
                f"({type(error).__name__})",
                hint="A retry may help.",
            ) from None

    def _shared_key(self, key: str, container: str, headers: Mapping[str, str]) -> str:
        """Sign a container's creation.

        https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
        """
        resource = f"/{self.name}{urlsplit(self.endpoint).path}/{container}\nrestype:container"
        dated = "".join(f"{name}:{headers[name]}\n" for name in ("x-ms-date", "x-ms-version"))
        # Method, eleven standard headers (all empty but Content-Type, which urllib sets), ours.
        content_type = "application/x-www-form-urlencoded"
        text = "PUT\n\n\n\n\n" + content_type + "\n\n\n\n\n\n\n" + dated + resource
        digest = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
        return f"SharedKey {self.name}:{base64.b64encode(digest).decode()}"


def _account_of(endpoint: str) -> str:
    """`https://name.blob...` names the account in its host, an emulator in its path."""
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    return host.partition(".")[0] if ".blob." in host else parts.path.strip("/").partition("/")[0]


def _environment() -> dict[str, str]:
    """Collect the credentials that obstore, too, takes from the environment."""
    names = {
        "account_key": ("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY"),
        "sas_key": ("AZURE_STORAGE_SAS_KEY", "AZURE_STORAGE_SAS_TOKEN"),
        "client_id": ("AZURE_STORAGE_CLIENT_ID", "AZURE_CLIENT_ID"),
        "client_secret": ("AZURE_STORAGE_CLIENT_SECRET", "AZURE_CLIENT_SECRET"),
        "tenant_id": ("AZURE_STORAGE_TENANT_ID", "AZURE_TENANT_ID"),
        "authority_host": ("AZURE_STORAGE_AUTHORITY_HOST", "AZURE_AUTHORITY_HOST"),
        "federated_token_file": ("AZURE_FEDERATED_TOKEN_FILE",),
        "object_id": ("AZURE_OBJECT_ID",),
        "msi_resource_id": ("AZURE_MSI_RESOURCE_ID",),
        "token": ("AZURE_STORAGE_TOKEN",),
    }
    found = {
        setting: next((os.environ[name] for name in variables if os.environ.get(name)), None)
        for setting, variables in names.items()
    }
    return {setting: value for setting, value in found.items() if value is not None}
