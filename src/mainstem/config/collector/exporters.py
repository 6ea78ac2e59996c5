"""The exporters' keys."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from mainstem.config.collector.gotime import strftime_of
from mainstem.config.collector.values import Component, Means, NoEffect, NotBuilt

# https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers
CONTAINER_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")

_RETRIES = NoEffect("the spool keeps segments and retries until the store has them")
_SERIAL = NoEffect("the segment's id makes a blob's name unique")
_TEMPLATED = NotBuilt("a blob holds many requests, so its name comes from no record")


def _layout(text: str) -> str:
    strftime_of(text)
    return text


def _container(name: str) -> str:
    if not CONTAINER_NAME.fullmatch(name):
        raise ValueError("must be 3 to 63 lower-case letters, digits and single hyphens")
    return name


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError("must be a time zone's IANA name, such as Europe/Berlin") from None
    return name


GoLayout = Annotated[str, AfterValidator(_layout)]
ContainerName = Annotated[str, AfterValidator(_container)]


class Containers(Component):
    """`container`: where each signal's blobs go."""

    logs: Annotated[ContainerName, Means("The container of logs.")] = "logs"
    metrics: Annotated[ContainerName, Means("The container of metrics.")] = "metrics"
    traces: Annotated[ContainerName, Means("The container of traces.")] = "traces"


class BlobNameFormat(Component):
    """`blob_name_format`: names in Go's time layout, of the time that a segment opened."""

    logs_format: Annotated[
        GoLayout,
        Means("Names in Go's time layout; a segment's id goes before the extension."),
    ] = "2006/01/02/logs_15_04_05.json"
    metrics_format: Annotated[GoLayout, Means("The same for metrics.")] = (
        "2006/01/02/metrics_15_04_05.json"
    )
    traces_format: Annotated[GoLayout, Means("The same for traces.")] = (
        "2006/01/02/traces_15_04_05.json"
    )
    timezone: Annotated[
        str, AfterValidator(_timezone), Means("The IANA zone of the times in names.")
    ] = "UTC"
    serial_num_enabled: Annotated[Any, _SERIAL] = None
    serial_num_range: Annotated[Any, _SERIAL] = None
    serial_num_before_extension: Annotated[Any, _SERIAL] = None
    template_enabled: Annotated[Any, _TEMPLATED] = None
    time_parser_enabled: Annotated[Any, _TEMPLATED] = None
    time_parser_ranges: Annotated[Any, _TEMPLATED] = None


class Encodings(Component):
    """`encodings`: the `text_encoding` extension by its id, or nothing."""

    logs: Annotated[
        str | None, Means("The id of a `text_encoding`; JSON Lines are written with or without it.")
    ] = None
    metrics: Annotated[str | None, Means("The same for metrics.")] = None
    traces: Annotated[str | None, Means("The same for traces.")] = None


class BlobExporter(Component):
    """What every exporter that writes blobs takes."""

    container: Containers = Containers()
    blob_name_format: BlobNameFormat = BlobNameFormat()
    compression: Annotated[
        Literal["none", "gzip", "zstd"], Means("`gzip` adds `.gz` to names, `zstd` adds `.zst`.")
    ] = "none"
    format: Annotated[Literal["json"], Means("OTLP JSON.")] = "json"
    encodings: Encodings = Encodings()
    retry_on_failure: Annotated[Any, _RETRIES] = None
    sending_queue: Annotated[Any, _RETRIES] = None
    timeout: Annotated[Any, _RETRIES] = None

    @field_validator("compression", mode="before")
    @classmethod
    def _unset(cls, value: Any) -> Any:
        return "none" if value in (None, "") else value


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
    """`azureblob.append_blob`: accepted while it is off."""

    enabled: Annotated[
        bool, Means("Refused while it is true: Azure never replicates append blobs.")
    ] = False
    separator: Annotated[Any, NoEffect("lines are separated by a newline")] = None

    @field_validator("enabled")
    @classmethod
    def _off(cls, enabled: bool) -> bool:
        if enabled:
            raise ValueError(
                "append blobs are not written here: Azure never replicates them, and a segment "
                "is one block blob"
            )
        return enabled


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
        return self


class Blob(BlobExporter):
    """The `blob` exporter, mainstem's own: any store by its address.

    Without `url` it writes to the store that the platform file names for the region.
    """

    url: Annotated[
        SecretStr | None,
        Means(
            "`file:./folder`, `az://`, `s3://`, `gs://`, a connection string; else the region's."
        ),
    ] = None


class File(BlobExporter):
    """The `file` exporter; `path` is the folder in which the containers' folders lie."""

    path: Annotated[
        str,
        Field(min_length=1),
        Means("The folder in which the containers' folders are made."),
    ]
    rotation: Annotated[Any, NoEffect("a segment seals by size and age")] = None
    flush_interval: Annotated[Any, NoEffect("each request is synced before its OK")] = None
    append: Annotated[Any, NoEffect("a blob is written once")] = None
    create_directory: Annotated[Any, NoEffect("folders are created")] = None
    directory_permissions: Annotated[Any, NoEffect("the process's umask decides")] = None
    group_by: Annotated[Any, _TEMPLATED] = None
    encoding: Annotated[str | None, Means("The id of a `text_encoding`.")] = None
