"""Secrets of Azure Key Vault, for `${keyvault:vault/secret}` in a collector's configuration.

https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret
"""

from __future__ import annotations

import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mainstem.store.azure import environment_credentials
from mainstem.store.entra import storage_token
from mainstem.store.errors import StoreRefused, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "keyvault:"
API_VERSION = "7.4"
RESOURCE = "https://vault.azure.net"
ADDRESS = "MAINSTEM_KEYVAULT_URL"
NAME = re.compile(r"(?P<vault>[A-Za-z0-9-]{3,24})/(?P<secret>[A-Za-z0-9-]{1,127})")
_TIMEOUT_S = 10


class VaultEnvironment(Mapping[str, str]):
    """The environment's variables, and under `keyvault:vault/secret` the vaults' secrets.

    A secret is read once in the life of this object, with the identity that the process has.
    KeyError says why it cannot be had; nothing quotes it.
    """

    def __init__(self, variables: Mapping[str, str] = os.environ) -> None:
        self._variables = variables
        self._secrets: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if not name.startswith(PREFIX):
            return self._variables[name]
        if name not in self._secrets:
            self._secrets[name] = self._read(name.removeprefix(PREFIX))
        return self._secrets[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def _read(self, reference: str) -> str:
        named = NAME.fullmatch(reference)
        if named is None:
            raise KeyError("not named as vault/secret")
        other = self._variables.get(ADDRESS, "").rstrip("/")
        base = f"{other}/{named['vault']}" if other else f"https://{named['vault']}.vault.azure.net"
        url = f"{base}/secrets/{named['secret']}?api-version={API_VERSION}"
        try:
            token = storage_token(environment_credentials(), RESOURCE)
        except (StoreRefused, StoreUnavailable):
            raise KeyError("out of reach: Entra gives this process no token for it") from None
        headers = {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(url, headers=headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                return str(json.load(answer)["value"])
        except urllib.error.HTTPError as error:
            error.close()
            raise KeyError(f"not given to this process (HTTP {error.code})") from None
        except (OSError, ValueError, KeyError, TypeError):
            raise KeyError("out of reach: the vault gives no answer") from None
