"""The keys of the `azureblob` exporter."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import SecretStr, model_validator

from mainstem.config.collector.exporters import BlobExporter
from mainstem.config.collector.values import Component, Means


class AzureAuth(Component):
    """`azureblob.auth`."""

    type: Annotated[
        Literal[
            "connection_string",
            "service_principal",
            "system_managed_identity",
            "user_managed_identity",
            "workload_identity",
        ],
        Means("How to sign in."),
    ] = "connection_string"
    connection_string: Annotated[
        SecretStr | None, Means("With an account key or a shared access signature; a secret.")
    ] = None
    tenant_id: Annotated[str | None, Means("For a service principal or a workload identity.")] = (
        None
    )
    client_id: Annotated[str | None, Means("For every identity but the system's own.")] = None
    client_secret: Annotated[SecretStr | None, Means("For a service principal; a secret.")] = None
    federated_token_file: Annotated[str | None, Means("For a workload identity.")] = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = {
            "connection_string": ("connection_string",),
            "service_principal": ("tenant_id", "client_id", "client_secret"),
            "system_managed_identity": (),
            "user_managed_identity": ("client_id",),
            "workload_identity": ("tenant_id", "client_id", "federated_token_file"),
        }[self.type]
        lacking = [key for key in needed if not _given(getattr(self, key))]
        if lacking:
            raise ValueError(f"type {self.type} needs {' and '.join(lacking)}")
        return self


def _given(value: str | SecretStr | None) -> bool:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    return bool(text)


class AppendBlob(Component):
    """`azureblob.append_blob`: segments at the end of one growing blob."""

    enabled: Annotated[
        bool, Means("For tools that want one growing blob; Azure never replicates it.")
    ] = False
    separator: Annotated[
        Literal["\n", "\r\n"], Means("What ends a line: loading reads no other.")
    ] = "\n"


class AzureBlob(BlobExporter):
    """The `azureblob` (`azure_blob`) exporter.

    https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/exporter/azureblobexporter
    """

    url: Annotated[
        SecretStr | None, Means("The account's blob endpoint; not needed with a connection string.")
    ] = None
    auth: AzureAuth
    append_blob: AppendBlob = AppendBlob()

    @model_validator(mode="after")
    def _addressed(self) -> Self:
        if self.auth.type != "connection_string" and self.url is None:
            raise ValueError(f"auth type {self.auth.type} needs url, the account's blob endpoint")
        if self.append_blob.separator != "\n" and self.compression != "none":
            raise ValueError("append_blob.separator has no place between compressed frames")
        if self.append_blob.enabled and self.format != "json":
            raise ValueError("format proto has no place in append_blob: its messages are not lines")
        return self
