"""Policies as data: the team's redaction processors, a region's overlay, and what is always on.

The core compiles what is built here (`mainstem._core.check_policy` says whether it can), and
docs/redaction.md says what each part does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, SecretStr, field_serializer

from mainstem.config.redaction import RedactionRule, Rotation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mainstem.config.redaction import RedactionOverlay

ALWAYS_ON = (
    "private_key",
    "jwt",
    "bearer_token",
    "connection_string",
    "cloud_key",
    "url_credentials",
    "secret",
    "email",
    "iban",
    "payment_card",
    "ipv6",
    "ipv4",
    "mac",
)
OVERLAY = "overlay"
"""The id of the processor that a region's overlay becomes, and the owner of its rules."""

BASE = "base"
"""The same of what all regions have."""

BY_CHOICE = (
    "phone",
    "us_ssn",
    "ca_sin",
    "au_tfn",
    "de_tax_id",
    "guid",
    "query_string",
    "sql_literal",
    "database_name",
)

_UNKEYED = ("md5", "sha1", "sha3")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ProcessorSpec(_Model):
    """One `redaction` processor under its id in the configuration, with contrib's options."""

    name: str
    allow_all_keys: bool = False
    allowed_keys: tuple[str, ...] = ()
    ignored_keys: tuple[str, ...] = ()
    ignored_key_patterns: tuple[str, ...] = ()
    blocked_key_patterns: tuple[str, ...] = ()
    blocked_values: tuple[str, ...] = ()
    allowed_values: tuple[str, ...] = ()
    redact_all_types: bool = False
    hash_function: Literal["none", "md5", "sha1", "sha3", "hmac-sha256", "hmac-sha512"] = "none"
    hmac_key: SecretStr = SecretStr("")
    summary: Literal["debug", "info", "silent"] = "silent"
    masking_string: str = ""
    url_sanitizer: dict[str, Any] | None = None
    db_sanitizer: dict[str, Any] | None = None

    @field_serializer("hmac_key", when_used="json")
    def _reveal(self, key: SecretStr) -> str:
        return key.get_secret_value()


class PolicySpec(_Model):
    """All the rules for one region and signal.

    `vocabulary` names the attributes whose values the detectors spare while they look like
    identifiers.
    """

    coverage: Literal["full", "attributes"] = "full"
    vocabulary: tuple[str, ...] = ()
    processors: tuple[ProcessorSpec, ...] = ()
    detectors: tuple[str, ...] = ALWAYS_ON
    personal_keys: bool = True
    rules: tuple[RedactionRule, ...] = ()
    rotate: Rotation = "never"

    def to_json(self) -> str:
        """Give the policy as the core reads it; it holds a processor's `hmac_key` in clear."""
        return self.model_dump_json()


def build_policy_spec(
    redaction_processors: Sequence[Mapping[str, Any]],
    overlay: RedactionOverlay | None = None,
    vocabulary: Iterable[str] = (),
) -> PolicySpec:
    """Build a pipeline's policy from its redaction processors, in order, and a region's overlay.

    A processor is its configuration with `name`, its id. `coverage: attributes` gives contrib's own
    reach and turns detectors and personal keys off, if every processor says so: of two coverages
    the wider one holds. The overlay adds patterns and rules behind the team's own, and detectors.
    A rule is known by its owner (the processor, `base` or `overlay`) and its name.
    """
    coverages = {processor.get("coverage", "full") for processor in redaction_processors}
    narrow = coverages == {"attributes"}
    processors = [_processor(processor) for processor in redaction_processors]
    detectors = [] if narrow else list(ALWAYS_ON)
    rules = [rule for processor in redaction_processors for rule in _rules(processor)]
    rotate: Rotation = "never"
    for name, layer in (overlay.layers if overlay is not None else {}).items():
        if layer.blocked_values:
            values = layer.blocked_values
            processors.append(ProcessorSpec(name=name, allow_all_keys=True, blocked_values=values))
        detectors += [detector for detector in layer.detectors if detector not in detectors]
        # The first rule that fits counts: what is laid over comes before what lies below.
        rules = [*_named(name, layer.rules), *rules]
        rotate = layer.rotate or rotate
    return PolicySpec(
        coverage="attributes" if narrow else "full",
        vocabulary=tuple(vocabulary),
        processors=tuple(processors),
        detectors=tuple(detectors),
        personal_keys=not narrow,
        rules=tuple(rules),
        rotate=rotate,
    )


def build_policy_specs(
    steps: Sequence[Sequence[Mapping[str, Any]]],
    overlay: RedactionOverlay | None = None,
    vocabulary: Iterable[str] = (),
) -> tuple[PolicySpec, ...]:
    """Build the policies of a pipeline whose redaction processors stand in several steps.

    Each step has its own processors; coverage is one for all of them. The overlay, the detectors
    and the personal keys belong to the last step, which sees what is stored.
    """
    whole = build_policy_spec(
        [processor for step in steps for processor in step], overlay, vocabulary
    )
    own = [[rule for processor in step for rule in _rules(processor)] for step in steps]
    layers = whole.rules[: len(whole.rules) - sum(map(len, own))]
    specs = []
    rest = whole.processors
    for step, rules in zip(steps[:-1], own[:-1], strict=True):
        now, rest = rest[: len(step)], rest[len(step) :]
        earlier = {"processors": now, "rules": tuple(rules), "detectors": ()}
        specs.append(whole.model_copy(update={**earlier, "personal_keys": False}))
    last = {"processors": rest, "rules": (*layers, *(own[-1] if own else ()))}
    return (*specs, whole.model_copy(update=last))


def _rules(processor: Mapping[str, Any]) -> list[RedactionRule]:
    rules = [RedactionRule.model_validate(rule) for rule in processor.get("rules") or ()]
    return _named(processor["name"], rules)


def _named(owner: str, rules: Iterable[RedactionRule]) -> list[RedactionRule]:
    return [rule.model_copy(update={"name": f"{owner}.{rule.name}"}) for rule in rules]


def _processor(configuration: Mapping[str, Any]) -> ProcessorSpec:
    own = {"coverage", "rules"}
    options = {key: value for key, value in configuration.items() if key not in own}
    return ProcessorSpec(**{key: value for key, value in options.items() if value is not None})


def policy_warnings(spec: PolicySpec) -> list[str]:
    """Say what in a policy is allowed and yet weak, one sentence each."""
    hashes = [(one.name, one.hash_function) for one in spec.processors]
    hashes += [(one.name, one.hash_function) for one in spec.rules]
    warnings = [
        f"{name}: hash_function {function} has no key, so that a list of "
        "e-mail addresses or ids undoes it; hmac-sha256 with an hmac_key is safe from that"
        for name, function in hashes
        if function in _UNKEYED
    ]
    if spec.coverage == "attributes":
        warnings.append(
            "coverage: attributes leaves span names, status messages, events, links, exemplars, "
            "nested values and attribute keys as they come, and the built-in detectors are off"
        )
    return warnings
