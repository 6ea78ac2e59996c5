"""How each component differs from the OpenTelemetry Collector's, for the reference page."""

from __future__ import annotations

DIFFERENCES: dict[str, str] = {
    "otlp receiver": "An OK waits for the disk; the same body within 10 minutes is stored once.",
    "batch": "Delays nothing and groups nothing: a segment of the spool is the batch.",
    "memory_limiter": (
        "Its bounds are on resident memory, and it refuses before a body is read; bytes in flight "
        "are bounded without it too."
    ),
    "redaction": (
        "Reaches every text of OTLP, with detectors and personal keys, unless `coverage` is "
        "`attributes`: [all differences](contrib-differences.md)."
    ),
    "attributes": "Actions are the Collector's: [processors](processors.md).",
    "resource": "Actions are the Collector's: [processors](processors.md).",
    "filter": "A part of OTTL; what is left out is counted: [processors](processors.md).",
    "transform": "A part of OTTL: [processors](processors.md).",
    "probabilistic_sampler": "The same traces stay; what is left out is counted in the books.",
    "tail_sampling": "What is held is redacted and durable, so that an OK survives a restart.",
    "interval": "What is held is redacted and durable, so that an OK survives a restart.",
    "azureblob": (
        "One blob a segment in place of one an export, under a name that no other blob has; tried "
        "again for ever, where the Collector drops the data after `max_elapsed_time`."
    ),
    "azure_blob": "As `azureblob`.",
    "blob": "mainstem's own: any store by its address.",
    "file": "One file a segment in place of one that grows, synced and never written again.",
    "otlp": "Sends from the spool, from where it was: [forwarding](forwarding.md).",
    "otlp_grpc": "As `otlp`.",
    "otlphttp": "Sends from the spool, from where it was: [forwarding](forwarding.md).",
    "otlp_http": "As `otlphttp`.",
    "debug": "Shows counts, and records only when told to.",
    "health_check": (
        "`check_collector_pipeline` works, and a full disk or an old spool is unhealthy too; "
        "`/live` never depends on exports."
    ),
    "bearertokenauth": "Its scheme may be in any case: [security](security.md).",
    "basicauth": "Hashes of htpasswd but bcrypt and SHA-1 are refused: [security](security.md).",
    "senders": "mainstem's own: binds senders to region and tenant: [security](security.md).",
    "text_encoding": "OTLP JSON Lines for every signal; the Collector writes bare log bodies.",
}
"""By component, or by component and kind where a receiver and an exporter share a name."""


def difference(section: str, name: str) -> str | None:
    """Tell how a component of a section of the configuration differs, if it is said."""
    return DIFFERENCES.get(f"{name} {section.removesuffix('s')}", DIFFERENCES.get(name))
