"""TLS on both protocols, with real clients."""

from __future__ import annotations

import datetime
import json
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from exports import spans
from grpc_client import METHODS
from guards import Authority, authority, both, senders, tls
from planes import plan

from mainstem import _core

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from planes import Collector, Start

PROTOBUF = {"content-type": "application/x-protobuf"}


@pytest.fixture
def pki(tmp_path: Path) -> Authority:
    return authority(tmp_path / "pki")


def context(pki: Authority, client: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(pki.file))
    if client is not None:
        made.load_cert_chain(*client)
    return made


def post(
    collector: Collector, tls_context: ssl.SSLContext, *, http2: bool = False
) -> httpx.Response:
    url = f"https://localhost:{collector.ports['http']}/v1/traces"
    with httpx.Client(verify=tls_context, http2=http2, timeout=10) as client:
        return client.post(url, content=spans().SerializeToString(), headers=PROTOBUF)


def export(collector: Collector, pki: Authority, client: tuple[Path, Path] | None = None) -> None:
    certificate, key = (path.read_bytes() for path in client) if client else (None, None)
    credentials = grpc.ssl_channel_credentials(pki.file.read_bytes(), key, certificate)
    with grpc.secure_channel(
        f"localhost:{collector.ports['grpc']}", credentials, [("grpc.enable_retries", 0)]
    ) as channel:
        channel.unary_unary(METHODS["traces"])(spans().SerializeToString(), timeout=10)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def failures(collector: Collector) -> dict[str, int]:
    return {each["reason"]: each["connections"] for each in collector.stats()["handshakes_failed"]}


def test_both_protocols_speak_tls(start: Start, pki: Authority) -> None:
    collector = start(listeners=both(tls=tls(pki.issue("server", "localhost"))))
    assert post(collector, context(pki)).status_code == 200
    export(collector, pki)
    assert collector.counts("traces", "http")["accepted"] == 1
    assert collector.counts("traces", "grpc")["accepted"] == 1
    expires = collector.stats()["certificate_expires_unix"]
    assert expires > time.time()


@pytest.mark.parametrize(("offered", "agreed"), [(["h2", "http/1.1"], "h2"), (["http/1.1"], None)])
def test_the_protocol_is_agreed_on_in_the_handshake(
    start: Start, pki: Authority, offered: list[str], agreed: str | None
) -> None:
    collector = start(listeners=both(tls=tls(pki.issue("server", "localhost"))))
    asking = context(pki)
    asking.set_alpn_protocols(offered)
    with (
        socket.create_connection(("127.0.0.1", collector.ports["http"]), timeout=10) as plain,
        asking.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        assert secure.selected_alpn_protocol() == (agreed or "http/1.1")
        assert secure.version() == "TLSv1.3"


def test_only_the_versions_of_the_configuration_are_spoken(start: Start, pki: Authority) -> None:
    server = pki.issue("server", "localhost")
    collector = start(listeners=both(tls=tls(server, min_version="1.3")))
    old = context(pki)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(httpx.ConnectError):
        post(collector, old)
    wait_for(lambda: failures(collector) == {"incompatible": 1})


def test_a_suite_of_the_configuration_is_the_one_spoken(start: Start, pki: Authority) -> None:
    suite = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305"
    server = tls(pki.issue("server", "localhost"), max_version="1.2", cipher_suites=[suite])
    collector = start(listeners=both(tls=server))
    with (
        socket.create_connection(("127.0.0.1", collector.ports["http"]), timeout=10) as plain,
        context(pki).wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        name, version, _ = secure.cipher() or ("", "", 0)
        assert (name, version) == ("ECDHE-ECDSA-CHACHA20-POLY1305", "TLSv1.2")


def test_without_a_client_s_certificate_nobody_comes_in(start: Start, pki: Authority) -> None:
    collector = start(listeners=both(tls=tls(pki.issue("server", "localhost"), pki.file)))
    with pytest.raises(httpx.TransportError):
        post(collector, context(pki))
    wait_for(lambda: failures(collector) == {"no_certificate": 1})
    stranger = authority(pki.folder / "stranger").issue("client", "client.example")
    with pytest.raises(httpx.TransportError):
        post(collector, context(pki, stranger))
    wait_for(lambda: failures(collector).get("unknown_authority") == 1)
    assert collector.stats()["signals"][0]["http"]["requests"] == 0
    client = pki.issue("client", "client.example")
    assert post(collector, context(pki, client)).status_code == 200
    export(collector, pki, client)


def test_plain_http_on_a_tls_port_is_cut_off(start: Start, pki: Authority) -> None:
    collector = start(listeners=both(tls=tls(pki.issue("server", "localhost"))))
    with pytest.raises(httpx.TransportError):
        httpx.post(f"{collector.http}/v1/traces", content=b"", headers=PROTOBUF)
    wait_for(lambda: failures(collector) == {"not_tls": 1})


@pytest.mark.parametrize("named", ["san", "uri", "common name"])
def test_a_certificate_s_name_is_bound_to_region_and_tenant(
    start: Start, pki: Authority, named: str
) -> None:
    names: dict[str, tuple[Any, ...]] = {
        "san": ("client.example", ("client.example",), None),
        "uri": ("spiffe://contoso/checkout", ("other.example",), None),
        "common name": ("checkout", ("other.example",), "checkout"),
    }
    name, issued_for, common_name = names[named]
    if named == "uri":
        client = uri_certificate(pki, name)
    else:
        client = pki.issue("client", *issued_for, common_name=common_name)
    bound = {"name": "checkout", "region": "test", "tenant": "acme"}
    collector = start(
        listeners=both(
            tls=tls(pki.issue("server", "localhost"), pki.file),
            senders=senders(certificates={name: bound}),
        ),
        tenant_keys=["tenant.id"],
    )
    assert post(collector, context(pki, client)).status_code == 200
    [line] = collector.seal()["traces"]
    assert line["resourceSpans"][0]["resource"]["attributes"] == [
        {"key": "region", "value": {"stringValue": "test"}},
        {"key": "tenant.id", "value": {"stringValue": "acme"}},
    ]
    stranger = pki.issue("stranger", "stranger.example")
    assert post(collector, context(pki, stranger)).status_code == 401


def uri_certificate(pki: Authority, uri: str) -> tuple[Path, Path]:
    """A client's certificate whose only name is a URI, as SPIFFE has them."""
    key = ec.generate_private_key(ec.SECP256R1())
    authority_key = serialization.load_pem_private_key(pki.ca.private_key_pem.bytes(), None)
    issuer = x509.load_pem_x509_certificate(pki.ca.cert_pem.bytes())
    now = datetime.datetime.now(datetime.UTC)
    assert isinstance(authority_key, ec.EllipticCurvePrivateKey)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), critical=True
        )
        .sign(authority_key, hashes.SHA256())
    )
    certificate_file, key_file = pki.folder / "uri.pem", pki.folder / "uri.key"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


def test_files_that_do_not_fit_are_named(tmp_path: Path, pki: Authority) -> None:
    server, other = pki.issue("server", "localhost"), pki.issue("other", "localhost")
    empty = tmp_path / "empty.pem"
    empty.touch()
    cases = [
        ({"certificate": {"file": "gone.pem"}}, "cert_file: there is no such file"),
        ({"certificate": {"file": str(empty)}}, "cert_file: holds no certificate in PEM"),
        ({"key": {"file": str(empty)}}, "key_file: holds no private key in PEM"),
        ({"key": {"file": str(other[1])}}, "key_file: is not the key of the certificate"),
        ({"client_authority": {"text": "?"}}, "client_ca_file: holds no certificate in PEM"),
        ({"min_version": "1.3", "max_version": "1.2"}, "max_version: is below min_version"),
        ({"cipher_suites": ["TLS_RSA_WITH_RC4_128_SHA"]}, "cipher_suites: names no suite"),
        ({"curve_preferences": ["P521"]}, "curve_preferences: names a curve"),
    ]
    for wrong, said in cases:
        settings = {"grpc": {"tls": {**tls(server), **wrong}}}
        with pytest.raises(_core.PlanError) as caught:
            _core.DataPlane(json.dumps(plan(tmp_path, listeners=settings)))
        assert f"receivers.otlp.grpc.tls.{said}" in str(caught.value)
