"""Certificates, listeners' settings and senders for tests of who is let in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import trustme

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Authority:
    """A certificate authority whose certificates lie in a folder."""

    ca: trustme.CA
    folder: Path

    @property
    def file(self) -> Path:
        path = self.folder / "ca.pem"
        self.ca.cert_pem.write_to_path(path)
        return path

    def issue(self, file: str, *names: str, common_name: str | None = None) -> tuple[Path, Path]:
        """Issue a certificate with its key; gives their files."""
        issued = self.ca.issue_cert(*names, common_name=common_name)
        certificate, key = self.folder / f"{file}.pem", self.folder / f"{file}.key"
        for index, blob in enumerate(issued.cert_chain_pems):
            blob.write_to_path(certificate, append=index > 0)
        issued.private_key_pem.write_to_path(key)
        return certificate, key


def authority(folder: Path) -> Authority:
    folder.mkdir(parents=True, exist_ok=True)
    return Authority(trustme.CA(), folder)


def tls(certificate: tuple[Path, Path], client_ca: Path | None = None, **more: Any) -> Any:
    """A listener's `tls` as a plan has it."""
    return {
        "certificate": {"file": str(certificate[0])},
        "key": {"file": str(certificate[1])},
        "client_authority": {"file": str(client_ca)} if client_ca else None,
        "min_version": "1.2",
        "max_version": "1.3",
        "cipher_suites": [],
        "curve_preferences": [],
        **more,
    }


def senders(
    *,
    tokens: dict[str, Any] | None = None,
    users: list[Any] | None = None,
    certificates: dict[str, Any] | None = None,
    **more: Any,
) -> Any:
    """A listener's senders: identities by token, by user, and by a certificate's name."""
    return {
        "header": "authorization",
        "scheme": "Bearer",
        "tokens": [
            {"sha256": hashlib.sha256(token.encode()).hexdigest(), "identity": identity}
            for token, identity in (tokens or {}).items()
        ],
        "users": users or [],
        "certificates": [
            {"name": name, "identity": identity} for name, identity in (certificates or {}).items()
        ],
        **more,
    }


def both(**settings: Any) -> Any:
    """The same settings for gRPC and HTTP."""
    return {"grpc": settings, "http": settings}
