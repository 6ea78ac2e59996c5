"""Who may send: tokens, passwords, addresses; and what a known sender may claim."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest
from exports import logs, points, spans
from grpc_client import METHODS
from guards import both, senders

if TYPE_CHECKING:
    from pathlib import Path

    from exports import Export
    from planes import Collector, Start

PROTOBUF = {"content-type": "application/x-protobuf"}
ACME = {"name": "checkout", "tenant": "acme"}


def post(
    collector: Collector, request: Export | None = None, signal: str = "traces", **headers: str
) -> httpx.Response:
    body = (request or spans()).SerializeToString()
    sent = {**PROTOBUF, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return httpx.post(f"{collector.http}/v1/{signal}", content=body, headers=sent, timeout=30)


def call(collector: Collector, **metadata: str) -> grpc.StatusCode:
    with grpc.insecure_channel(collector.grpc, [("grpc.enable_retries", 0)]) as channel:
        method = channel.unary_unary(METHODS["traces"])
        try:
            method(
                spans().SerializeToString(),
                timeout=10,
                metadata=[(name.replace("_", "-"), value) for name, value in metadata.items()],
            )
        except grpc.RpcError as error:
            code: grpc.StatusCode = error.code()
            return code
        return grpc.StatusCode.OK


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_a_token_lets_in_over_both_protocols(start: Start) -> None:
    collector = start(listeners=both(senders=senders(tokens={"long-and-random": ACME})))
    assert post(collector, authorization="Bearer long-and-random").status_code == 200
    assert call(collector, authorization="Bearer long-and-random") is grpc.StatusCode.OK
    for wrong in ("Bearer long-and-rando", "long-and-random", "Basic x"):
        refused = post(collector, authorization=wrong)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")
        assert wrong.encode() not in refused.content
        assert call(collector, authorization=wrong) is grpc.StatusCode.UNAUTHENTICATED
    assert post(collector).status_code == 401
    assert collector.refusals() == {("grpc", "unauthenticated"): 3, ("http", "unauthenticated"): 4}


def test_a_token_may_stand_in_another_header_without_a_scheme(start: Start) -> None:
    settings = senders(tokens={"token": ACME}, header="x-api-key", scheme="")
    collector = start(listeners=both(senders=settings))
    assert post(collector, x_api_key="token").status_code == 200
    assert call(collector, x_api_key="token") is grpc.StatusCode.OK
    assert post(collector, authorization="token").status_code == 401


def test_a_password_lets_in_over_both_protocols(start: Start) -> None:
    # One of crypt_blowfish's own test vectors.
    bcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
    plain = hashlib.sha256(b"plain").hexdigest()
    users = [
        {"identity": {"name": "a"}, "hash": {"bcrypt": bcrypt}},
        {"identity": {"name": "b"}, "hash": {"sha256": plain}},
    ]
    collector = start(listeners=both(senders=senders(users=users)))
    for _ in range(2):
        assert post(collector, authorization=basic("a", "U*U")).status_code == 200
    assert post(collector, authorization=basic("b", "plain")).status_code == 200
    assert call(collector, authorization=basic("b", "plain")) is grpc.StatusCode.OK
    for wrong in (basic("b", "plain "), basic("c", "plain"), "Basic !", "Bearer plain"):
        refused = post(collector, authorization=wrong)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Basic")
        assert call(collector, authorization=wrong) is grpc.StatusCode.UNAUTHENTICATED


def test_only_listed_networks_may_send(start: Start, tmp_path: Path) -> None:
    collector = start(listeners=both(ip_allowlist=["192.0.2.0/24", "2001:db8::/32"]))
    assert post(collector).status_code == 403
    assert call(collector) is grpc.StatusCode.PERMISSION_DENIED
    assert post(collector, x_forwarded_for="192.0.2.1").status_code == 403
    assert collector.refusals()["http", "address_not_allowed"] == 2
    (tmp_path / "second").mkdir()
    local = start(tmp_path / "second", listeners=both(ip_allowlist=["127.0.0.0/8"]))
    assert post(local).status_code == 200
    assert call(local) is grpc.StatusCode.OK


def test_a_trusted_proxy_says_who_sends(start: Start) -> None:
    settings = {"ip_allowlist": ["192.0.2.0/24"], "trusted_proxies": ["127.0.0.1"]}
    collector = start(listeners=both(**settings))
    assert post(collector, x_forwarded_for="192.0.2.1").status_code == 200
    assert post(collector, x_forwarded_for="192.0.2.1, 198.51.100.7").status_code == 403
    assert post(collector).status_code == 403
    assert call(collector, x_forwarded_for="192.0.2.1") is grpc.StatusCode.OK


def test_a_sender_of_another_region_is_turned_away(start: Start) -> None:
    tokens = {
        "stray": {"name": "stray", "region": "use"},
        "forwarder": {"name": "use", "region": "use", "may_forward_for": ["use"]},
    }
    collector = start(listeners=both(senders=senders(tokens=tokens)))
    assert post(collector, authorization="Bearer stray").status_code == 403
    assert call(collector, authorization="Bearer stray") is grpc.StatusCode.PERMISSION_DENIED
    assert post(collector, authorization="Bearer forwarder").status_code == 200
    [line] = collector.seal()["traces"]
    assert attributes(line["resourceSpans"][0]["resource"]) == {"region": "use"}


def attributes(holder: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: each["value"]["stringValue"] for each in holder["attributes"]}


@pytest.mark.parametrize(
    ("signal", "request_of"), [("traces", spans), ("logs", logs), ("metrics", points)]
)
def test_a_claim_to_another_tenant_is_rejected_and_counted(
    start: Start, signal: str, request_of: Any
) -> None:
    request = request_of(3)
    groups = getattr(request, f"resource_{'spans' if signal == 'traces' else signal}")
    resource = groups[0].resource
    resource.attributes.add(key="service.name").value.string_value = "shop"
    scope = getattr(groups[0], f"scope_{'spans' if signal == 'traces' else signal}")[0]
    records = {
        "traces": lambda: scope.spans,
        "logs": lambda: scope.log_records,
        "metrics": lambda: scope.metrics[0].gauge.data_points,
    }[signal]()
    records[0].attributes.add(key="customer.id").value.string_value = "umbrella"
    records[1].attributes.add(key="customer.id").value.string_value = "acme"
    collector = start(
        listeners=both(senders=senders(tokens={"token": ACME})),
        tenant_keys=["tenant.id", "customer.id"],
    )
    answer = post(collector, request, signal, authorization="Bearer token")
    assert answer.status_code == 200
    assert b"records that claim another tenant than their sender's" in answer.content
    counts = collector.counts(signal, "http")
    assert (counts["accepted"], counts["rejected"]) == (2, 1)
    [line] = collector.seal()[signal]
    [kept] = line.popitem()[1]
    assert attributes(kept["resource"]) == {"service.name": "shop", "tenant.id": "acme"}
    assert "umbrella" not in str(kept)
