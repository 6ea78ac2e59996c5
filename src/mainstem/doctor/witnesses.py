"""Checks of what another administrator holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mainstem.doctor.finding import Finding
from mainstem.errors import MainstemError
from mainstem.store import HEADS, Account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mainstem.doctor.finding import Patient

BEHIND = timedelta(hours=3)
"""A collector signs a head at least once an hour."""


def heads(patient: Patient) -> Iterator[Finding]:
    """Witnesses that hold nothing of a region, or nothing new, or that anybody may empty."""
    if patient.platform.witness is None:
        return
    witness = Account.open(patient.platform.witness.store, patient.platform.directory)
    newest: dict[str, datetime] = dict(
        patient.evidence.warehouse.query('SELECT region, max("at") FROM entries GROUP BY region')
    )
    cure = (
        "Look at the collector's log (`the witness takes no heads`). Where it cannot reach the "
        "witness, let `mainstem witness` run hourly from where it can."
    )
    try:
        for region, last in sorted(newest.items()):
            written = [info.modified_at_unix for info in witness.container(HEADS).list(region)]
            at = datetime.fromtimestamp(max(written), UTC).replace(tzinfo=None) if written else None
            if at is None:
                yield Finding(region, f"{witness.label} holds no heads of its chains", cure)
            elif last - at > BEHIND:
                yield Finding(
                    region,
                    f"{witness.label} has had no heads since {at:%Y-%m-%d %H:%M} UTC, and its "
                    f"newest entry is of {last:%Y-%m-%d %H:%M}",
                    cure,
                )
        if newest and witness.immutable(HEADS) is False:
            yield Finding(
                witness.label,
                f"its container {HEADS} has no policy of immutability: who may delete there, may "
                "delete heads",
                "Let its administrator set a time-based one and lock it: az storage container "
                f"immutability-policy create --container-name {HEADS} --period 400",
            )
    except MainstemError as error:
        yield Finding(witness.label, error.message, error.hint or "")
