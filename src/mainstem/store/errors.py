"""What a store can answer that is not data.

::

    Terminal
    ├── StoreRefused        the credentials do not allow it, or there are none
    ├── ContainerMissing    the container has to be made first
    ├── ObjectMissing       no object of that name
    └── DataError
        └── ContentConflict another content stands under a name that is written once
    Transient
    └── StoreUnavailable    no answer, or one that says to come again

A message is made of the account's label, the container and the object's name. What the client
library said is left out on purpose: it quotes addresses with their query string, and a shared
access signature stands there.
"""

from __future__ import annotations

from mainstem.errors import DataError, Terminal, Transient


class StoreRefused(Terminal):
    """The store refused the call: no credentials, wrong ones, or too narrow a role."""


class ContainerMissing(Terminal):
    """A container does not exist and could not be created."""


class ObjectMissing(Terminal):
    """There is no object of that name."""


class StoreUnavailable(Transient):
    """The store did not answer, or answered that it cannot serve now."""


class ContentConflict(DataError):
    """A name that is written once holds another content; nothing was overwritten."""
