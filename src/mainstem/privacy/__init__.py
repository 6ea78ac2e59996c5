"""What is redacted and under which key: policies, their defaults and overlays, and key files."""

from mainstem.privacy.keys import (
    KeyFile,
    ensure_key,
    load_key,
    new_key,
    pseudonyms,
    retired_keys,
    rotate_key,
)
from mainstem.privacy.policy import (
    ALWAYS_ON,
    BASE,
    BY_CHOICE,
    OVERLAY,
    PolicySpec,
    ProcessorSpec,
    build_policy_spec,
    build_policy_specs,
    policy_warnings,
)

__all__ = [
    "ALWAYS_ON",
    "BASE",
    "BY_CHOICE",
    "OVERLAY",
    "KeyFile",
    "PolicySpec",
    "ProcessorSpec",
    "build_policy_spec",
    "build_policy_specs",
    "ensure_key",
    "load_key",
    "new_key",
    "policy_warnings",
    "pseudonyms",
    "retired_keys",
    "rotate_key",
]
