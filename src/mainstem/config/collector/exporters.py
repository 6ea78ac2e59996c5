"""The exporters' keys."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from mainstem.config.collector.names import BlobNameFormat
from mainstem.config.collector.values import Component, Means, NoEffect

# https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers
CONTAINER_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")

_RETRIES = NoEffect("the spool keeps segments and retries until the store has them")


def _container(name: str) -> str:
    if not CONTAINER_NAME.fullmatch(name):
        raise ValueError("must be 3 to 63 lower-case letters, digits and single hyphens")
    return name


ContainerName = Annotated[str, AfterValidator(_container)]


class Containers(Component):
    """`container`: where each signal's blobs go."""

    logs: Annotated[ContainerName, Means("The container of logs.")] = "logs"
    metrics: Annotated[ContainerName, Means("The container of metrics.")] = "metrics"
    traces: Annotated[ContainerName, Means("The container of traces.")] = "traces"


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
    format: Annotated[
        Literal["json", "proto"],
        Means("OTLP JSON, a line a request; or one protobuf message a blob, for tools that ask."),
    ] = "json"
    encodings: Encodings = Encodings()
    retry_on_failure: Annotated[Any, _RETRIES] = None
    sending_queue: Annotated[Any, _RETRIES] = None
    timeout: Annotated[Any, _RETRIES] = None

    @field_validator("compression", mode="before")
    @classmethod
    def _unset(cls, value: Any) -> Any:
        return "none" if value in (None, "") else value


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


class GroupBy(Component):
    """`file.group_by`: accepted while it is off."""

    enabled: Annotated[
        bool, Means("Refused while it is true: a blob holds many requests, and is no resource's.")
    ] = False
    resource_attribute: Annotated[Any, NoEffect("nothing is grouped")] = None
    max_open_files: Annotated[Any, NoEffect("nothing is grouped")] = None

    @field_validator("enabled")
    @classmethod
    def _off(cls, enabled: bool) -> bool:
        if enabled:
            raise ValueError("must be false: a blob holds many requests, and is no resource's")
        return enabled


class File(BlobExporter):
    """The `file` exporter; `path` is the folder in which the containers' folders lie.

    https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/exporter/fileexporter
    """

    path: Annotated[
        str,
        Field(min_length=1),
        Means("The folder in which the containers' folders are made; a file's name is one's, too."),
    ]
    rotation: Annotated[
        Any, NoEffect("a segment seals by size and age, and `retain` removes by age")
    ] = None
    flush_interval: Annotated[Any, NoEffect("each request is synced before its OK")] = None
    append: Annotated[Any, NoEffect("a blob is written once")] = None
    create_directory: Annotated[Any, NoEffect("folders are created")] = None
    directory_permissions: Annotated[Any, NoEffect("the process's umask decides")] = None
    compression_params: Annotated[Any, NoEffect("zstd's level is 1")] = None
    group_by: GroupBy = GroupBy()
    encoding: Annotated[str | None, Means("The id of a `text_encoding`, for every signal.")] = None

    @model_validator(mode="after")
    def _one_encoding(self) -> File:
        given = {self.encodings.logs, self.encodings.metrics, self.encodings.traces} - {None}
        if self.encoding is not None and given:
            raise ValueError("takes encoding or encodings, not both")
        return self


class Debug(Component):
    """The `debug` exporter: how many records were taken, in the collector's own log.

    https://github.com/open-telemetry/opentelemetry-collector/tree/main/exporter/debugexporter
    """

    verbosity: Annotated[
        Literal["basic", "normal", "detailed"],
        Means("All three log counts once a second while records come: no record is shown."),
    ] = "basic"
    sampling_initial: Annotated[Any, NoEffect("a line a second is not sampled")] = None
    sampling_thereafter: Annotated[Any, NoEffect("a line a second is not sampled")] = None
    use_internal_logger: Annotated[Any, NoEffect("the collector's own log is used")] = None
    output_paths: Annotated[Any, NoEffect("the collector's own log is used")] = None
    sending_queue: Annotated[Any, NoEffect("counts wait for nobody")] = None
