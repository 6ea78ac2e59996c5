"""Secrets of a key vault, from a server that speaks its API."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from mainstem.collect.heads import ready_signing_key
from mainstem.collect.site import site_of
from mainstem.config.collector import parse_collector
from mainstem.config.platform import load_platform
from mainstem.errors import ConfigError, DataError, UsageError
from mainstem.privacy import SigningKey, read_public_keys
from mainstem.store.keyvault import VaultEnvironment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIGNING = SigningKey.generate()
SECRET = "AccountName=a;AccountKey=Y2FuYXJ5LXNlY3JldA=="
CONFIG = """\
receivers: {otlp: {protocols: {http: }}}
exporters: {azureblob: {auth: {connection_string: "${keyvault:contoso/NAME}"}}}
service: {pipelines: {logs: {receivers: [otlp], exporters: [azureblob]}}}
"""


class Vault(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/token":
            assert parse_qs(parts.query)["resource"] == ["https://vault.azure.net"]
            self.answer(200, {"access_token": "the token", "expires_in": "3600"})
        elif self.headers["Authorization"] != "Bearer the token":
            self.answer(401, {})
        elif parts.path == "/contoso/secrets/signing":
            self.answer(200, {"value": SIGNING.line})
        elif parts.path == "/contoso/secrets/storage" and "api-version=" in parts.query:
            self.answer(200, {"value": SECRET})
        else:
            self.answer(404, {"error": {"code": "SecretNotFound"}})

    def answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vault)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{address}/token")
    monkeypatch.setenv("MAINSTEM_KEYVAULT_URL", address)
    yield address
    server.shutdown()
    server.server_close()
    thread.join()


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
