"""The processors' keys."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from mainstem.config.collector.values import Component, NoEffect, Present

_SPOOL = NoEffect("the spool groups requests into blobs")
_MEMORY = NoEffect("bytes in flight are bounded before a body is read")


class Batch(Component):
    """The `batch` processor, whose work the spool does."""

    timeout: Annotated[Any, _SPOOL] = None
    send_batch_size: Annotated[Any, _SPOOL] = None
    send_batch_max_size: Annotated[Any, _SPOOL] = None
    metadata_keys: Annotated[Any, _SPOOL] = None
    metadata_cardinality_limit: Annotated[Any, _SPOOL] = None


class MemoryLimiter(Component):
    """The `memory_limiter` processor, whose work the receiver does."""

    check_interval: Annotated[Any, _MEMORY] = None
    limit_mib: Annotated[Any, _MEMORY] = None
    limit_percentage: Annotated[Any, _MEMORY] = None
    spike_limit_mib: Annotated[Any, _MEMORY] = None
    spike_limit_percentage: Annotated[Any, _MEMORY] = None


class UrlSanitizer(Component):
    """`redaction.url_sanitizer`."""

    enabled: bool = False
    attributes: tuple[str, ...] = ()
    sanitize_span_name: bool = True


class DbSystemSanitizer(Component):
    """One system of `redaction.db_sanitizer`."""

    enabled: bool = False
    attributes: tuple[str, ...] = ()


class DbSanitizer(Component):
    """`redaction.db_sanitizer`."""

    sql: DbSystemSanitizer = DbSystemSanitizer()
    redis: DbSystemSanitizer = DbSystemSanitizer()
    valkey: DbSystemSanitizer = DbSystemSanitizer()
    memcached: DbSystemSanitizer = DbSystemSanitizer()
    mongo: DbSystemSanitizer = DbSystemSanitizer()
    opensearch: DbSystemSanitizer = DbSystemSanitizer()
    es: DbSystemSanitizer = DbSystemSanitizer()
    sanitize_span_name: bool = True


class Redaction(Component):
    """The `redaction` processor; `coverage` is mainstem's own.

    https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/redactionprocessor
    """

    allow_all_keys: bool = False
    allowed_keys: tuple[str, ...] = ()
    ignored_keys: tuple[str, ...] = ()
    ignored_key_patterns: tuple[str, ...] = ()
    blocked_key_patterns: tuple[str, ...] = ()
    blocked_values: tuple[str, ...] = ()
    allowed_values: tuple[str, ...] = ()
    redact_all_types: bool = False
    hash_function: Literal["none", "md5", "sha1", "sha3", "hmac-sha256", "hmac-sha512"] = "none"
    hmac_key: SecretStr | None = None
    summary: Literal["debug", "info", "silent"] = "silent"
    url_sanitizer: Annotated[UrlSanitizer | None, Present] = None
    db_sanitizer: Annotated[DbSanitizer | None, Present] = None
    coverage: Annotated[
        Literal["full", "attributes"],
        Field(description="`attributes`: contrib's own reach, and no built-in detectors."),
    ] = "full"
