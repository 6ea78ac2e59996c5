"""What was proved of a region's data, and when: verifications and scans, one immutable object each.

`proofs/<region>/<number>.json` in the account that the region's ledger is read from. Numbers are
dense, and each object holds the hash of the one before, so that none that found something can be
taken out from among the others.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from mainstem.errors import DataError
from mainstem.store.errors import ContentConflict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mainstem.store.container import Container

PROOFS = "proofs"
"""The container."""
FORMAT = "mainstem.proof/1"
NO_PREVIOUS = "0" * 64


class ProofKind(StrEnum):
    """What was done."""

    VERIFICATION = "verification"
    """Entries, blobs and rows were held against each other."""
    SCAN = "scan"
    """Blobs or rows were searched for personal data and secrets."""


@dataclass(frozen=True)
class Proof:
    """One object; `sha256` is that of its own bytes, which the next names as `previous`.

    `body` is what was done and found, by kind (docs/formats.md).
    """

    kind: ProofKind
    region: str
    number: int
    previous: str
    sha256: str
    at_unix_nano: int
    body: Mapping[str, Any]

    @classmethod
    def parse(cls, data: bytes) -> Proof:
        """Read an object's bytes; ValueError, KeyError or TypeError if it is none."""
        raw: dict[str, Any] = json.loads(data)
        if raw["format"] != FORMAT:
            raise ValueError(f"not of format {FORMAT}")
        return cls(
            kind=ProofKind(raw["kind"]),
            region=raw["region"],
            number=raw["number"],
            previous=raw["previous"],
            sha256=hashlib.sha256(data).hexdigest(),
            at_unix_nano=int(raw["at_unix_nano"]),
            body=raw["body"],
        )


def read_proofs(proofs: Container, region: str) -> Iterator[Proof]:
    """Read all that was recorded of a region, in order; DataError where one is missing or changed.

    The first that is still there may be any number: the store's own rules may remove old ones.
    """
    before: Proof | None = None
    for info in proofs.list(region):
        try:
            proof = Proof.parse(proofs.read(info.name))
        except (ValueError, KeyError, TypeError):
            proof = None
        follows = proof is not None and (
            before is None or (proof.number, proof.previous) == (before.number + 1, before.sha256)
        )
        if proof is None or not follows or info.name != _name(region, proof.number):
            raise DataError(
                f"{proofs.label}: {proofs.name}/{info.name} does not follow from the one before it",
                hint="A record of a verification or a scan is missing or was changed. Find out who "
                "did it, and verify and scan again.",
            )
        yield proof
        before = proof


def write_proof(
    proofs: Container, region: str, kind: ProofKind, body: Mapping[str, Any], *, at_unix_nano: int
) -> Proof:
    """Record what was done; where another run took the next number meanwhile, the one after it."""
    while True:
        newest = None
        for info in proofs.list(region):
            newest = info.name
        before = Proof.parse(proofs.read(newest)) if newest else None
        number = before.number + 1 if before else 1
        document = {
            "format": FORMAT,
            "kind": kind.value,
            "region": region,
            "number": number,
            "previous": before.sha256 if before else NO_PREVIOUS,
            "at_unix_nano": str(at_unix_nano),
            "body": body,
        }
        data = json.dumps(document, separators=(",", ":")).encode()
        try:
            proofs.create(_name(region, number), data)
        except ContentConflict:
            continue
        return Proof.parse(data)


def _name(region: str, number: int) -> str:
    return f"{region}/{number:012d}.json"
