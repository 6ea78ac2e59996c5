"""Sign the heads of the chains as their entries go up, and hand them to a witness.

The witness is another administrator's store. It holds up nothing: what it does not take waits in
memory, and of each chain the newest head alone, which vouches for all before it.
"""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from mainstem.collect.watch import Watch
from mainstem.errors import MainstemError, Transient, UsageError
from mainstem.privacy import SigningKey, enlist, load_signing_key, make_signing_key
from mainstem.store.account import Account
from mainstem.store.errors import ContainerMissing, ContentConflict
from mainstem.store.heads import HEADS, SignedHead, is_signed
from mainstem.store.keyvault import PREFIX, VaultEnvironment

if TYPE_CHECKING:
    from mainstem.collect.site import Site
    from mainstem.records import LedgerEntry
    from mainstem.store.container import Container

log = structlog.get_logger("heads")

LOOK_S = 2.0
LONGEST_PAUSE_S = 300.0
CLOSE_S = 5.0


def ready_signing_key(site: Site) -> SigningKey | None:
    """Get the region's signing key: its file, made on the first start, or a vault's secret.

    Where there is none and none can be made (a folder that nobody may write to), heads stay
    unsigned, with a warning: telemetry is not refused for that. A key that is there and wrong is an
    error, as the key of pseudonyms is.
    """
    if site.signing_key.startswith(PREFIX):
        key = _from_vault(site)
    else:
        file = Path(site.signing_key)
        try:
            key = load_signing_key(file) if file.exists() else make_signing_key(file)
        except Transient as error:
            log.warning(
                "there is no signing key and none can be made: heads are not signed",
                reason=error.message,
                hint="Make one with `mainstem key new --signing PATH`, and name it in signing_key.",
            )
            return None
    try:
        enlist(key, site.public_keys)
    except Transient as error:
        log.warning(
            "the public key cannot be put on the list: hand it over by another way",
            reason=error.message,
            public_key=key.public.hex(),
        )
    return key


def _from_vault(site: Site) -> SigningKey:
    try:
        text = VaultEnvironment()[site.signing_key]
    except KeyError as error:
        raise UsageError(
            f"the signing key {site.signing_key} is {error.args[0]}",
            hint="The secret is the line of a key file: `mainstem key new --signing PATH` makes "
            "one. The identity needs to read secrets of that vault.",
        ) from None
    return SigningKey.parse(text, site.signing_key)


class HeadSigner:
    """Writes the heads of those entries that have one, beside them, and tells the witness."""

    def __init__(self, key: SigningKey | None, witness: WitnessWatch | None = None) -> None:
        self._key = key
        self._witness = witness

    def use(self, key: SigningKey | None) -> None:
        """Sign with this key from now on; with none, not at all."""
        self._key = key

    def sign(self, entry: LedgerEntry, ledger: Container) -> None:
        """Write the head of an entry that has just gone up; what `Container.create` raises."""
        if self._key is None or not is_signed(entry):
            return
        signed = SignedHead.of(entry, self._key)
        signed.create(ledger, signed.name)
        if self._witness is not None:
            self._witness.take(signed)


class WitnessWatch(Watch):
    """One thread that writes the newest head of each chain to the witness."""

    def __init__(self, account: Account) -> None:
        super().__init__("witness")
        self._account = account
        self._waiting: dict[str, SignedHead] = {}
        self._lock = threading.Lock()
        self._pause_s = LOOK_S
        self._silent = False

    def take(self, signed: SignedHead) -> None:
        """Take a chain's newest head, in the place of the one that still waits."""
        with self._lock:
            self._waiting[signed.head.instance] = signed

    def every_s(self) -> float:
        """Wait a little, and longer while the witness takes nothing."""
        return self._pause_s

    def close(self) -> None:
        """End after a last look; a witness that does not answer is not waited for."""
        self._stop.set()
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        super()._run()
        self.look()

    def look(self) -> None:
        """Write what waits; what the witness does not take stays."""
        with self._lock:
            waiting = list(self._waiting.values())
        for signed in waiting:
            try:
                self._write(signed)
            except ContentConflict as conflict:
                log.critical("the witness holds another head", reason=conflict.message)
                self._drop(signed)
            except (MainstemError, OSError) as error:
                self._failed(error)
                return
            else:
                self._drop(signed)
        if waiting:
            if self._silent:
                log.info("the witness takes heads again", store=self._account.label)
            self._silent, self._pause_s = False, LOOK_S

    def _write(self, signed: SignedHead) -> None:
        container = self._account.container(HEADS)
        try:
            signed.create(container, signed.witness_name)
        except ContainerMissing:
            # Its administrator makes it; where the identity may, this does.
            self._account.ensure_container(HEADS)
            signed.create(container, signed.witness_name)

    def _drop(self, signed: SignedHead) -> None:
        with self._lock:
            if self._waiting.get(signed.head.instance) is signed:
                del self._waiting[signed.head.instance]

    def _failed(self, error: MainstemError | OSError) -> None:
        self._pause_s = random.uniform(LOOK_S, min(2 * self._pause_s + LOOK_S, LONGEST_PAUSE_S))  # noqa: S311
        if not self._silent:
            log.warning(
                "the witness takes no heads; the newest waits, and all else goes on",
                store=self._account.label,
                reason=error.message if isinstance(error, MainstemError) else str(error),
                hint=getattr(error, "hint", None),
            )
        self._silent = True


def open_witness(site: Site) -> WitnessWatch | None:
    """Open the platform's witness, if it has one; nothing is asked of it yet."""
    return None if site.witness is None else WitnessWatch(Account.open(site.witness, site.base))
