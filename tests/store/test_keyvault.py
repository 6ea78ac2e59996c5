"""Secrets of a key vault, from a server that speaks its API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from vault import key_vault

from mainstem.collect.heads import ready_signing_key
from mainstem.collect.site import site_of
from mainstem.collect.vault_key import with_key_at_hand
from mainstem.config.collector import parse_collector
from mainstem.config.platform import load_platform
from mainstem.errors import ConfigError, DataError, UsageError
from mainstem.privacy import SigningKey, load_key, read_public_keys
from mainstem.privacy.keys import key_id
from mainstem.store.keyvault import VaultEnvironment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mainstem.collect.site import Site

SIGNING = SigningKey.generate()
PSEUDONYMS = f"mainstem.key/1 {key_id(bytes(32))} {bytes(32).hex()}"
SECRET = "AccountName=a;AccountKey=Y2FuYXJ5LXNlY3JldA=="
CONFIG = """\
receivers: {otlp: {protocols: {http: }}}
exporters: {azureblob: {auth: {connection_string: "${keyvault:contoso/NAME}"}}}
service: {pipelines: {logs: {receivers: [otlp], exporters: [azureblob]}}}
"""


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    secrets = {
        "contoso/storage": SECRET,
        "contoso/signing": SIGNING.line,
        "contoso/pseudonyms": PSEUDONYMS,
    }
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"):
        monkeypatch.delenv(name, raising=False)
    with key_vault(secrets) as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield variables["MAINSTEM_KEYVAULT_URL"]


def test_a_secret_comes_from_its_vault(vault: str, tmp_path: Path) -> None:
    text = CONFIG.replace("NAME", "storage")
    config = parse_collector(text, "c.yaml", tmp_path, VaultEnvironment())
    assert "Y2FuYXJ5" not in repr(config)
    assert SECRET in str(config.document.value)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("other", "not given to this process (HTTP 404)"), ("a/b", "not named as vault/secret")],
)
def test_a_secret_that_cannot_be_had_is_named(
    vault: str, tmp_path: Path, name: str, reason: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_collector(CONFIG.replace("NAME", name), "c.yaml", tmp_path, VaultEnvironment())
    assert f"the secret contoso/{name} of a key vault is {reason}" in str(caught.value)
    assert "c.yaml:2:" in str(caught.value)


def test_without_an_identity_it_says_so(
    monkeypatch: pytest.MonkeyPatch, vault: str, tmp_path: Path
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:9/token")
    with pytest.raises(ConfigError, match="no token for it"):
        parse_collector(CONFIG.replace("NAME", "storage"), "c.yaml", tmp_path, VaultEnvironment())


PLATFORM = """
environment: play
regions:
  euc: {store: "file:./stores/euc", signing_key: "keyvault:contoso/NAME"}
central: {store: "file:./stores/central"}
"""


@pytest.mark.usefixtures("vault")
def test_a_signing_key_in_a_vault(tmp_path: Path) -> None:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM.replace("NAME", "signing"))
    site = site_of(load_platform(tmp_path / "mainstem.yaml"), "euc")
    assert ready_signing_key(site) == SIGNING
    assert [key.id for key in read_public_keys(site.public_keys)] == [SIGNING.id]
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["euc.public.json"]


@pytest.mark.usefixtures("vault")
def test_a_signing_key_that_the_vault_does_not_give(tmp_path: Path) -> None:
    for name, error, told in (
        ("gone", UsageError, "HTTP 404"),
        ("storage", DataError, "is not one line"),
    ):
        (tmp_path / "mainstem.yaml").write_text(PLATFORM.replace("NAME", name))
        with pytest.raises(error, match=told) as refused:
            ready_signing_key(site_of(load_platform(tmp_path / "mainstem.yaml"), "euc"))
        assert SECRET not in str(refused.value)
    (tmp_path / "mainstem.yaml").write_text(PLATFORM.replace("contoso/NAME", "contoso"))
    with pytest.raises(ConfigError, match="keyvault:vault/secret"):
        load_platform(tmp_path / "mainstem.yaml")


def test_a_region_key_in_a_vault_is_never_on_a_disk(vault: str, tmp_path: Path) -> None:
    site = with_key_at_hand(_site_with_key(tmp_path, "pseudonyms"))
    assert load_key(site.key).id == key_id(bytes(32))
    assert str(site.key).startswith("/proc/")
    assert not list(tmp_path.rglob("*.key"))
    assert with_key_at_hand(_site_with_key(tmp_path, "pseudonyms")).key == site.key


def test_a_region_key_that_the_vault_does_not_give(vault: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="keyvault:contoso/gone is not given to this process"):
        with_key_at_hand(_site_with_key(tmp_path, "gone"))


def _site_with_key(folder: Path, secret: str) -> Site:
    file = folder / "mainstem.yaml"
    file.write_text(PLATFORM.replace("signing_key", "pseudonym_key").replace("NAME", secret))
    return site_of(load_platform(file), "euc")
