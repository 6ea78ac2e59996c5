"""What a verification may find, and what it says in the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Breach(StrEnum):
    """What was done to what a collector wrote, or a load put into bronze."""

    BLOB_REMOVED = "blob removed"
    BLOB_ADDED = "blob added"
    BLOB_ALTERED = "blob altered"
    BLOB_TRUNCATED = "blob truncated"
    LINES_ALTERED = "lines altered"
    ENTRY_REWRITTEN = "entry rewritten"
    ENTRY_REMOVED = "entry removed"
    CHAIN_CUT = "chain cut at its end"
    INSTANCE_REMOVED = "instance removed"
    SIGNATURE_WRONG = "signature does not fit"
    SIGNATURE_MISSING = "signature missing"
    SIGNING_KEY_UNKNOWN = "signing key unknown"
    PROOF_REWRITTEN = "record of proofs rewritten"
    ROW_DELETED = "row deleted"
    ROW_DOUBLED = "row doubled"
    ROW_ALTERED = "row altered"


@dataclass(frozen=True)
class Finding:
    """One breach; `store` is `region`, `centre` or `warehouse`, `place` an object or instance."""

    breach: Breach
    region: str
    store: str
    place: str
    detail: str


@dataclass
class Verification:
    """What was read, and what was found; `unread` regions could not be looked at, and why.

    `witnessed` has, by region, the time of the last heads that a witness holds, None for none.
    `unchecked` are the regions whose signatures nobody could check, and why. `store` of a finding
    may also be `witness`.
    """

    findings: list[Finding] = field(default_factory=list)
    entries: int = 0
    blobs: int = 0
    bytes: int = 0
    rows: int = 0
    heads: int = 0
    unread: dict[str, str] = field(default_factory=dict)
    unchecked: dict[str, str] = field(default_factory=dict)
    isolated: list[str] = field(default_factory=list)
    witnessed: dict[str, str | None] = field(default_factory=dict)

    @property
    def consistent(self) -> bool:
        """Whether all that was read fits together."""
        return not self.findings

    @property
    def verdict(self) -> str:
        """What may be said, and no more: without a witness nobody can say "complete".

        With one, of what is up to the heads that it holds, as far as nobody can change those.
        """
        if self.findings:
            return f"{len(self.findings):,} findings"
        if self.witnessed and not self.unread and all(self.witnessed.values()):
            return "consistent, and complete up to the heads that the witness holds"
        return "consistent"
