"""Recording what was verified and searched, where the region's ledger is read from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mainstem.errors import MainstemError
from mainstem.store import PROOFS, Account, Proof, ProofKind, read_proofs, write_proof

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainstem.books.breach import Verification
    from mainstem.config.platform import Platform


KEPT_FINDINGS = 1000
"""Findings that are recorded one by one; all are counted."""
READ = ("entries", "blobs", "bytes", "rows", "heads")


def _account(platform: Platform, region: str) -> Account | None:
    place = platform.ledger_from(region)
    return None if place is None else Account.open(place[0], platform.directory)


def record_proof(
    platform: Platform, region: str, kind: ProofKind, body: Mapping[str, Any], *, at_unix_nano: int
) -> tuple[int | None, str | None]:
    """Record a proof; gives its number, or why it is not recorded: who reads may not write."""
    account = _account(platform, region)
    if account is None:
        return None, f"{region} is isolated: what is proved there is recorded there"
    try:
        account.ensure_container(PROOFS)
        container = account.container(PROOFS)
        return write_proof(container, region, kind, body, at_unix_nano=at_unix_nano).number, None
    except MainstemError as error:
        return None, error.message


def record_verification(
    platform: Platform, verified: Verification, *, at_unix_nano: int
) -> dict[str, str]:
    """Record a verification for each region that was looked at; gives why one is not recorded."""
    refused = {}
    for region in platform.regions:
        if region in verified.isolated or region in verified.unread:
            continue
        findings = [each for each in verified.findings if each.region == region]
        body = {
            "verdict": verified.verdict,
            "found": len(findings),
            "findings": [
                {
                    "breach": each.breach.value,
                    "store": each.store,
                    "place": each.place,
                    "detail": each.detail,
                }
                for each in findings[:KEPT_FINDINGS]
            ],
            "witnessed": verified.witnessed.get(region),
            "unchecked": verified.unchecked.get(region),
            **{each: getattr(verified, each) for each in READ},
        }
        _, reason = record_proof(
            platform, region, ProofKind.VERIFICATION, body, at_unix_nano=at_unix_nano
        )
        if reason is not None:
            refused[region] = reason
    return refused


def proofs_of(platform: Platform, region: str) -> list[Proof]:
    """Read all that was recorded of a region, the oldest first; DataError where that is changed."""
    account = _account(platform, region)
    return [] if account is None else list(read_proofs(account.container(PROOFS), region))


def last_proofs(platform: Platform, region: str) -> dict[ProofKind, Proof]:
    """Give the last proof of each kind."""
    return {proof.kind: proof for proof in proofs_of(platform, region)}
