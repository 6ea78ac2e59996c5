"""The processors' keys."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, model_validator

from mainstem.config.collector.values import Component, Duration, Means, NoEffect, Present
from mainstem.config.redaction import RedactionRule

_SPOOL = NoEffect("the spool groups requests into blobs")


class Batch(Component):
    """The `batch` processor, whose work the spool does."""

    timeout: Annotated[Any, _SPOOL] = None
    send_batch_size: Annotated[Any, _SPOOL] = None
    send_batch_max_size: Annotated[Any, _SPOOL] = None
    metadata_keys: Annotated[Any, _SPOOL] = None
    metadata_cardinality_limit: Annotated[Any, _SPOOL] = None


class MemoryLimiter(Component):
    """The `memory_limiter` processor, whose work the receiver does: it refuses before it reads.

    Of several in use, the lowest bounds hold for the whole collector.
    """

    check_interval: Annotated[
        Duration, Field(gt=0), Means("How often the process's memory is looked at.")
    ] = 1.0
    limit_mib: Annotated[
        int, Field(ge=0), Means("The hard bound on resident memory; 0 for `limit_percentage`'s.")
    ] = 0
    spike_limit_mib: Annotated[
        int,
        Field(ge=0),
        Means("So far below it lies the soft bound, from which on requests get 503; 0 for 20 %."),
    ] = 0
    limit_percentage: Annotated[
        int, Field(ge=0, le=100), Means("The same as `limit_mib`, of the memory there is.")
    ] = 0
    spike_limit_percentage: Annotated[
        int, Field(ge=0, le=100), Means("The same as `spike_limit_mib`, of the memory there is.")
    ] = 0

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not self.limit_mib and not self.limit_percentage:
            raise ValueError("needs limit_mib or limit_percentage")
        if self.limit_mib and self.spike_limit_mib >= self.limit_mib:
            raise ValueError("spike_limit_mib must be below limit_mib")
        if self.limit_percentage and self.spike_limit_percentage >= self.limit_percentage:
            raise ValueError("spike_limit_percentage must be below limit_percentage")
        return self

    def bounds(self, total_bytes: int) -> tuple[int, int]:
        """Give the soft and the hard bound in bytes, of a memory of so many bytes."""
        if self.limit_mib:
            hard, spike = self.limit_mib << 20, self.spike_limit_mib << 20
        else:
            hard = total_bytes * self.limit_percentage // 100
            spike = total_bytes * self.spike_limit_percentage // 100
        return hard - (spike or hard // 5), hard


class UrlSanitizer(Component):
    """`redaction.url_sanitizer`."""

    enabled: Annotated[
        bool, Means("Whether identifiers in URL paths become `*`; in log bodies, in any string.")
    ] = False
    attributes: Annotated[tuple[str, ...], Means("The attributes that hold URLs.")] = ()
    sanitize_span_name: Annotated[bool, Means("Whether span names are sanitized too.")] = True


class DbSystemSanitizer(Component):
    """One system of `redaction.db_sanitizer`."""

    enabled: Annotated[
        bool, Means("Whether statements lose their values; in log bodies, any string may be one.")
    ] = False
    attributes: Annotated[tuple[str, ...], Means("The attributes that hold statements.")] = ()


class DbSanitizer(Component):
    """`redaction.db_sanitizer`."""

    sql: DbSystemSanitizer = DbSystemSanitizer()
    redis: DbSystemSanitizer = DbSystemSanitizer()
    valkey: DbSystemSanitizer = DbSystemSanitizer()
    memcached: DbSystemSanitizer = DbSystemSanitizer()
    mongo: DbSystemSanitizer = DbSystemSanitizer()
    opensearch: DbSystemSanitizer = DbSystemSanitizer()
    es: DbSystemSanitizer = DbSystemSanitizer()
    sanitize_span_name: Annotated[bool, Means("Whether span names are sanitized too.")] = True


class Redaction(Component):
    """The `redaction` processor; `coverage` is mainstem's own.

    https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/redactionprocessor
    """

    allow_all_keys: Annotated[
        bool, Means("Whether attributes pass that `allowed_keys` does not name.")
    ] = False
    allowed_keys: Annotated[
        tuple[str, ...],
        Means("The attributes that pass; with none and without `allow_all_keys`, all are removed."),
    ] = ()
    ignored_keys: Annotated[tuple[str, ...], Means("Attributes that pass untouched.")] = ()
    ignored_key_patterns: Annotated[tuple[str, ...], Means("The same, by RE2 patterns.")] = ()
    blocked_key_patterns: Annotated[
        tuple[str, ...], Means("Attributes whose whole value is masked.")
    ] = ()
    blocked_values: Annotated[
        tuple[str, ...], Means("RE2 patterns; each match is masked, in the order listed.")
    ] = ()
    allowed_values: Annotated[tuple[str, ...], Means("Values with a match are kept whole.")] = ()
    redact_all_types: Annotated[bool, Means("Whether numbers and booleans are tested too.")] = False
    hash_function: Annotated[
        Literal["none", "md5", "sha1", "sha3", "hmac-sha256", "hmac-sha512"],
        Means("What a match becomes in place of `****`."),
    ] = "none"
    hmac_key: Annotated[SecretStr | None, Means("The key of the two HMACs; a secret.")] = None
    masking_string: Annotated[str, Means("The mask; `****` where it is empty.")] = ""
    summary: Annotated[
        Literal["debug", "info", "silent"],
        Means("How much the summary attributes tell of what was redacted."),
    ] = "silent"
    url_sanitizer: Annotated[UrlSanitizer | None, Present] = None
    db_sanitizer: Annotated[DbSanitizer | None, Present] = None
    rules: Annotated[
        tuple[RedactionRule, ...],
        Means("mainstem's own: rules with actions (redaction.md)."),
    ] = ()
    coverage: Annotated[
        Literal["full", "attributes"],
        Means("mainstem's own; `attributes`: contrib's reach, and no built-in detectors."),
    ] = "full"
