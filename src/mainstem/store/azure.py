"""Azure accounts: addresses and credentials, and the containers that obstore does not create."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from mainstem.errors import UsageError
from mainstem.store.azure_rest import call
from mainstem.store.entra import Identity, storage_token
from mainstem.store.errors import ContainerMissing, StoreRefused, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from obstore.store import AzureBearerToken, AzureConfig

# Published with the emulator; not a secret.
# https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
_EMULATOR = {
    "AccountName": "devstoreaccount1",
    "AccountKey": "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/"
    "K1SZFPTOtr/KBHBeksoGMGw==",
    "BlobEndpoint": "http://127.0.0.1:10000/devstoreaccount1",
}


class Credential(NamedTuple):
    """What signs a request: one of the three."""

    account_key: str | None = None
    sas: str | None = None
    token: str | None = None


@dataclass(frozen=True)
class AzureAccount:
    """An account's name, endpoint and credentials.

    With an `identity`, that one signs in and nothing else is tried. Else `config` holds credentials
    under obstore's own names (`account_key`, `sas_key`, `client_id`, ...); what it does not hold is
    looked for in the AZURE_* environment variables, and last a managed identity is tried.
    """

    name: str
    endpoint: str
    config: Mapping[str, str] = field(default_factory=dict, repr=False)
    identity: Identity | None = None

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
    def from_url(cls, url: str, identity: Identity | None = None) -> AzureAccount:
        """Read a blob endpoint; its query string is a shared access signature."""
        parts = urlsplit(url)
        endpoint = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        sas = {"sas_key": parts.query} if parts.query and identity is None else {}
        return cls(_account_of(endpoint), endpoint, sas, identity)

    def store_config(self) -> AzureConfig:
        """Give obstore what it needs to reach a container of this account."""
        config: AzureConfig = {"account_name": self.name, "endpoint": self.endpoint}
        config.update(self.config)  # type: ignore[typeddict-item]
        return config

    def bearer(self) -> AzureBearerToken:
        """Give obstore the identity's token; it asks again before that ends."""
        if self.identity is None:
            raise TypeError("this account has no identity of its own")
        token = self.identity.token()
        return {"token": token.text, "expires_at": token.expires_at}

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
        doing = f"creating the container {container}"
        try:
            answer = call(self, "PUT", container, query={"restype": "container"}, doing=doing)
        except StoreRefused as refused:
            raise ContainerMissing(refused.message, hint=self.creation_command(container)) from None
        if answer.status == 201:
            return True
        if answer.status == 409 and answer.code in ("ContainerAlreadyExists", ""):
            return False
        if answer.status == 404:
            raise ContainerMissing(
                f"{self.label}: {doing}: there is no such account",
                hint=self.creation_command(container),
            )
        raise StoreUnavailable(
            f"{self.label}: {doing}: HTTP {answer.status}", hint="A retry may help."
        )

    def credential(self) -> Credential:
        """Give what a request of our own is signed with."""
        if self.identity is not None:
            return Credential(token=self.identity.token().text)
        setting = {**environment_credentials(), **self.config}
        if key := setting.get("account_key"):
            return Credential(account_key=key)
        if sas := setting.get("sas_key"):
            return Credential(sas=sas.removeprefix("?"))
        return Credential(token=storage_token(setting))


def _account_of(endpoint: str) -> str:
    """`https://name.blob...` names the account in its host, an emulator in its path."""
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    return host.partition(".")[0] if ".blob." in host else parts.path.strip("/").partition("/")[0]


def environment_credentials() -> dict[str, str]:
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
