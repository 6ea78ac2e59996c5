"""Account for every record at every stage, from counts that were taken in different places.

`evidence` gathers what ledger, stores and warehouse say, `equations` compares it, `chain` looks for
what is missing from the ledger itself. `verify` takes none of that for granted and reads every
entry, blob and row again, and `witness` is what another administrator holds for it.
"""

from mainstem.books.attestation import (
    Attestation,
    Attestations,
    PolicyUse,
    Scanned,
    Verified,
    attest,
    proved,
)
from mainstem.books.breach import Breach, Finding, Verification
from mainstem.books.bundle import Bundle, export_bundle
from mainstem.books.equations import Books, Line, keep_books
from mainstem.books.proofs import last_proofs, proofs_of, record_proof, record_verification
from mainstem.books.status import RegionStatus, Status, Waiting, take_status
from mainstem.books.verify import verify
from mainstem.books.witness import Witnessed, open_witness, write_heads

__all__ = [
    "Attestation",
    "Attestations",
    "Books",
    "Breach",
    "Bundle",
    "Finding",
    "Line",
    "PolicyUse",
    "RegionStatus",
    "Scanned",
    "Status",
    "Verification",
    "Verified",
    "Waiting",
    "Witnessed",
    "attest",
    "export_bundle",
    "keep_books",
    "last_proofs",
    "open_witness",
    "proofs_of",
    "proved",
    "record_proof",
    "record_verification",
    "take_status",
    "verify",
    "write_heads",
]
