"""Every way of signing in to Azure, against a server that speaks the token endpoints.

The server is Entra, the instance metadata service and a blob service in one: it gives tokens for
the right proof and takes blobs from who shows one.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from mainstem.errors import MainstemError
from mainstem.store import Account, StoreRefused
from mainstem.store.azure import AzureAccount
from mainstem.store.entra import Identity, SignIn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "s3cret/of+the principal"
ASSERTION = "header.payload.signature"


@dataclass
class Cloud:
    """What the server was asked, and what it holds."""

    address: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    life_s: int = 3600
    given: int = 0

    @property
    def blob_endpoint(self) -> str:
        return f"{self.address}/contoso"


def handler(cloud: Cloud) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            form = dict(parse_qsl(self.rfile.read(length).decode()))
            cloud.asked.append({"path": self.path, **form})
            proven = (
                form.get("client_secret") == SECRET or form.get("client_assertion") == ASSERTION
            )
            if self.path != "/tenant/oauth2/v2.0/token" or not proven:
                self._answer(401, {"error": "invalid_client"})
                return
            cloud.given += 1
            self._answer(200, {"access_token": f"token-{cloud.given}", "expires_in": cloud.life_s})

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query))
            if parts.path == "/metadata/identity/oauth2/token":
                assert self.headers["Metadata"] == "true"
            elif parts.path == "/msi/token":
                assert self.headers["X-IDENTITY-HEADER"] == "header of the container app"
            else:
                self._blob()
                return
            cloud.asked.append({"path": parts.path, **query})
            cloud.given += 1
            ends = "4102444800"  # a text, as the metadata service has it: 2100-01-01
            self._answer(200, {"access_token": f"token-{cloud.given}", "expires_on": ends})

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not self._trusted():
                return
            path = urlsplit(self.path).path
            if path in cloud.blobs:
                self._answer(409, {}, {"x-ms-error-code": "BlobAlreadyExists"})
                return
            cloud.blobs[path] = body
            self._answer(201, {})

        def _blob(self) -> None:
            if not self._trusted():
                return
            found = cloud.blobs.get(urlsplit(self.path).path)
            if found is None:
                self._answer(404, {}, {"x-ms-error-code": "BlobNotFound"})
            else:
                self._send(200, found, {})

        def _trusted(self) -> bool:
            trusted = self.headers.get("Authorization") == f"Bearer token-{cloud.given}"
            if not trusted:
                self._answer(401, {}, {"x-ms-error-code": "InvalidAuthenticationInfo"})
            return trusted

        def _answer(
            self, status: int, document: Any, headers: dict[str, str] | None = None
        ) -> None:
            self._send(status, json.dumps(document).encode(), headers or {})

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Last-Modified", "Tue, 24 Nov 2026 08:00:00 GMT")
            self.send_header("ETag", '"0x1"')
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    return Handler


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    found = Cloud()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(found))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    found.address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", found.address)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", found.address)
    monkeypatch.delenv("IDENTITY_ENDPOINT", raising=False)
    # Whatever an environment holds, a way that is named is the way that is taken.
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "d3Jvbmc=")
    monkeypatch.setenv("AZURE_CLIENT_ID", "another")
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def walk(cloud: Cloud, identity: Identity) -> dict[str, str]:
    """Make a container and write and read a blob; gives what was asked for the first token."""
    account = Account.azure(AzureAccount.from_url(cloud.blob_endpoint, identity))
    assert account.ensure_container("logs") is True
    logs = account.container("logs")
    assert logs.create("2026/11/24/a.json", b"{}") is True
    assert logs.read("2026/11/24/a.json") == b"{}"
    return cloud.asked[0]


def test_a_service_principal_shows_its_secret(cloud: Cloud) -> None:
    asked = walk(
        cloud,
        Identity(SignIn.SERVICE_PRINCIPAL, "tenant", "client", client_secret=SECRET),
    )
    assert asked == {
        "path": "/tenant/oauth2/v2.0/token",
        "grant_type": "client_credentials",
        "client_id": "client",
        "client_secret": SECRET,
        "scope": "https://storage.azure.com/.default",
    }
    assert cloud.given == 1, "one token serves all calls"


def test_a_workload_identity_shows_its_federated_token(cloud: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{ASSERTION}\n", encoding="ascii")
    identity = Identity(SignIn.WORKLOAD, "tenant", "client", federated_token_file=str(file))
    asked = walk(cloud, identity)
    assert asked["client_id"] == "client"
    assert asked["client_assertion"] == ASSERTION
    assert asked["client_assertion_type"].endswith("jwt-bearer")


def test_the_federated_token_is_read_anew_for_each_token(cloud: Cloud, tmp_path: Path) -> None:
    cloud.life_s = 60
    file = tmp_path / "token"
    file.write_text("stale", encoding="ascii")
    identity = Identity(SignIn.WORKLOAD, "tenant", "client", federated_token_file=str(file))
    with pytest.raises(StoreRefused, match="HTTP 401"):
        identity.token()
    file.write_text(ASSERTION, encoding="ascii")
    assert identity.token().text == "token-1"
    assert identity.token().text == "token-2", "one that ends in a minute is not used again"


def test_the_system_s_identity_is_asked_for_by_no_name(cloud: Cloud) -> None:
    asked = walk(cloud, Identity(SignIn.SYSTEM_MANAGED))
    assert asked == {
        "path": "/metadata/identity/oauth2/token",
        "resource": "https://storage.azure.com",
        "api-version": "2018-02-01",
    }


def test_a_user_s_managed_identity_is_asked_for_by_its_client_id(cloud: Cloud) -> None:
    asked = walk(cloud, Identity(SignIn.USER_MANAGED, client_id="client"))
    assert asked["client_id"] == "client"


def test_container_apps_name_their_own_endpoint(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{cloud.address}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "header of the container app")
    asked = walk(cloud, Identity(SignIn.USER_MANAGED, client_id="client"))
    assert asked["path"] == "/msi/token"
    assert asked["api-version"] == "2019-08-01"


def test_a_wrong_secret_is_refused_and_stands_in_no_message(cloud: Cloud) -> None:
    identity = Identity(SignIn.SERVICE_PRINCIPAL, "tenant", "client", client_secret="wrong-secret")
    account = Account.azure(AzureAccount.from_url(cloud.blob_endpoint, identity))
    with pytest.raises(MainstemError) as making:
        account.ensure_container("logs")
    with pytest.raises(MainstemError) as writing:
        account.container("logs").create("a.json", b"{}")
    for raised in (making, writing):
        assert "wrong-secret" not in f"{raised.value} {raised.value.hint} {identity!r}"
    assert cloud.blobs == {}
