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
from mainstem.privacy.signing import (
    PublicKey,
    SigningKey,
    enlist,
    ensure_signing_key,
    load_signing_key,
    new_signing_key,
    read_public_keys,
    rotate_signing_key,
)

__all__ = [
    "ALWAYS_ON",
    "BASE",
    "BY_CHOICE",
    "OVERLAY",
    "KeyFile",
    "PolicySpec",
    "ProcessorSpec",
    "PublicKey",
    "SigningKey",
    "build_policy_spec",
    "build_policy_specs",
    "enlist",
    "ensure_key",
    "ensure_signing_key",
    "load_key",
    "load_signing_key",
    "new_key",
    "new_signing_key",
    "policy_warnings",
    "pseudonyms",
    "read_public_keys",
    "retired_keys",
    "rotate_key",
    "rotate_signing_key",
]
