"""TLS of the health endpoint, whose files may be renewed while it answers."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from mainstem.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from mainstem.config.collector.security import TlsServer

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def health_context(given: TlsServer, base: Path) -> ssl.SSLContext:
    """Make the endpoint's TLS; UsageError where its files cannot be used."""
    if given.cert_file is None or given.key_file is None:
        raise UsageError("health_check: tls takes cert_file and key_file, not PEM text")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = VERSIONS[given.min_version or "1.2"]
    context.maximum_version = VERSIONS[given.max_version or "1.3"]
    load_certificate(context, given, base)
    return context


def load_certificate(context: ssl.SSLContext, given: TlsServer, base: Path) -> None:
    """Read the files, for handshakes from now on; UsageError where they cannot be used."""
    try:
        context.load_cert_chain(base / (given.cert_file or ""), base / (given.key_file or ""))
        if given.client_ca_file is not None:
            context.load_verify_locations(base / given.client_ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"health_check: its tls files cannot be used ({type(error).__name__})"
        ) from None
