"""A key vault and the service that gives tokens for it, on this machine."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@contextmanager
def key_vault(secrets: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Serve secrets by `vault/name`; gives the variables by which a process finds it."""

    class Vault(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            _, vault, *rest = parts.path.split("/")
            if vault == "token":
                assert parse_qs(parts.query)["resource"] == ["https://vault.azure.net"]
                self.answer(200, {"access_token": "the token", "expires_in": "3600"})
            elif self.headers["Authorization"] != "Bearer the token":
                self.answer(401, {})
            elif rest[:1] == ["secrets"] and (name := f"{vault}/{rest[1]}") in secrets:
                assert "api-version=" in parts.query
                self.answer(200, {"value": secrets[name]})
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

    server = ThreadingHTTPServer(("127.0.0.1", 0), Vault)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield {"IDENTITY_ENDPOINT": f"{address}/token", "MAINSTEM_KEYVAULT_URL": address}
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
