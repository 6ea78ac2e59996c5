"""A plan that takes another's place while requests come in."""

from __future__ import annotations

import json
import ssl
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography import x509
from exports import logs, spans
from guards import authority, both, senders, tls
from planes import key_line, plan

from mainstem import _core
from mainstem.privacy import rotate_key

if TYPE_CHECKING:
    from planes import Collector, Start

PROTOBUF = {"content-type": "application/x-protobuf"}
MASKS_IPV4 = {"redaction": {"coverage": "full", "detectors": ["ipv4"]}}


def with_ipv4(folder: Path) -> dict[str, Any]:
    """The usual plan, its logs under another policy."""
    changed = plan(folder)
    changed["pipelines"][1]["steps"] = [MASKS_IPV4]
    return changed


def send(client: httpx.Client, body: str = "a@example.com at 10.1.2.3", **headers: str) -> int:
    content = logs(body=body).SerializeToString()
    return client.post("/v1/logs", content=content, headers={**PROTOBUF, **headers}).status_code


def segments(collector: Collector) -> list[dict[str, Any]]:
    """Seal, and give the entries of the segments."""
    collector.plane.seal()
    entries = []
    while (item := collector.plane.next_outbox(0.5)) is not None:
        if item.kind == "segment":
            entry = json.loads(item.entry)
            lines = item.payload().decode().splitlines()
            entry["bodies"] = [
                record["body"]["stringValue"].rpartition(" ")[0]
                for line in lines
                for record in json.loads(line)["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
            ]
            entries.append(entry)
        collector.plane.confirm(item.seq)
    return entries


def test_another_policy_seals_its_own_segment_and_no_connection_ends(
    collector: Collector, tmp_path: Path
) -> None:
    with httpx.Client(base_url=collector.http) as client:
        assert send(client) == 200
        collector.plane.reload(json.dumps(with_ipv4(tmp_path)))
        assert send(client) == 200
    assert collector.stats()["connections"] == 1
    first, second = segments(collector)
    assert first["policy"] != second["policy"]
    assert first["bodies"] == ["**** at 10.1.2.3"]
    assert second["bodies"] == ["a@example.com at ****"]


def test_what_stays_as_it_was_keeps_its_segment(collector: Collector, tmp_path: Path) -> None:
    with httpx.Client(base_url=collector.http) as client:
        for _ in range(3):
            assert send(client) == 200
            collector.plane.reload(json.dumps(plan(tmp_path)))
    [segment] = segments(collector)
    assert segment["blob"]["lines"] == 3


def test_a_retry_over_a_reload_is_known(collector: Collector, tmp_path: Path) -> None:
    body = logs().SerializeToString()
    with httpx.Client(base_url=collector.http) as client:
        assert client.post("/v1/logs", content=body, headers=PROTOBUF).status_code == 200
        collector.plane.reload(json.dumps(with_ipv4(tmp_path)))
        assert client.post("/v1/logs", content=body, headers=PROTOBUF).status_code == 200
    assert collector.counts("logs", "http")["duplicate"] == 1


def test_every_request_is_answered_while_plans_change(collector: Collector, tmp_path: Path) -> None:
    stop = threading.Event()
    answers: list[int] = []

    def work() -> None:
        with httpx.Client(base_url=collector.http) as client:
            while not stop.is_set():
                answers.append(send(client))

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for number in range(20):
        changed = with_ipv4(tmp_path) if number % 2 else plan(tmp_path)
        collector.plane.reload(json.dumps(changed))
        enough = len(answers) + 3
        while len(answers) < enough and all(worker.is_alive() for worker in workers):
            time.sleep(0.001)
    stop.set()
    for worker in workers:
        worker.join()
    assert set(answers) == {200}
    assert collector.stats()["connections"] == 3
    stored = [body for segment in segments(collector) for body in segment["bodies"]]
    assert len(stored) == len(answers)
    assert set(stored) <= {"**** at 10.1.2.3", "a@example.com at ****"}


def test_a_token_that_is_withdrawn_lets_in_no_longer(start: Start, tmp_path: Path) -> None:
    def listeners(token: str) -> Any:
        return both(senders=senders(tokens={token: {"name": token}}))

    collector = start(listeners=listeners("old"))
    with httpx.Client(base_url=collector.http) as client:
        assert send(client, authorization="Bearer old") == 200
        collector.plane.reload(json.dumps(plan(tmp_path, listeners=listeners("new"))))
        assert send(client, authorization="Bearer old") == 401
        assert send(client, authorization="Bearer new") == 200
    assert collector.stats()["connections"] == 1


def serial(collector: Collector, ca: Path) -> int:
    """The serial number of the certificate that a new connection sees."""
    address = ("localhost", collector.ports["http"])
    pem = ssl.get_server_certificate(address, ca_certs=str(ca))
    return x509.load_pem_x509_certificate(pem.encode()).serial_number


def test_a_renewed_certificate_is_shown_to_new_connections(start: Start, tmp_path: Path) -> None:
    pki = authority(tmp_path / "pki")
    settings = both(tls=tls(pki.issue("server", "localhost")))
    collector = start(listeners=settings)
    ca = pki.file
    trusted = ssl.create_default_context(cafile=str(ca))
    before = serial(collector, ca)
    base_url = f"https://localhost:{collector.ports['http']}"
    with httpx.Client(base_url=base_url, verify=trusted) as client:
        assert send(client) == 200
        opened = collector.stats()["connections"]
        pki.issue("server", "localhost")
        collector.plane.reload(json.dumps(plan(tmp_path, listeners=settings)))
        assert send(client) == 200
        assert collector.stats()["connections"] == opened
    assert serial(collector, ca) != before


def test_a_plan_that_is_wrong_changes_nothing(start: Start, tmp_path: Path) -> None:
    pki = authority(tmp_path / "pki")
    settings = both(tls=tls(pki.issue("server", "localhost")))
    collector = start(listeners=settings)
    ca = pki.file
    before = serial(collector, ca)
    Path(settings["http"]["tls"]["key"]["file"]).write_text("half a key")
    for wrong in (plan(tmp_path, listeners=settings), {**with_ipv4(tmp_path), "classes": {}}):
        with pytest.raises(_core.PlanError):
            collector.plane.reload(json.dumps(wrong))
    assert serial(collector, ca) == before


def test_what_cannot_change_is_named(collector: Collector, tmp_path: Path) -> None:
    spool = {**plan(tmp_path)["spool"], "path": str(tmp_path / "elsewhere")}
    for change in (
        {"region": "use"},
        {"environment": "prod"},
        {"http": "127.0.0.1:1"},
        {"spool": spool},
        {"key_path": str(tmp_path / "region.key") + "2"},
    ):
        [name] = {"receivers"} if "http" in change else change
        with pytest.raises(_core.PlanError, match=f"^{name}: cannot change while"):
            collector.plane.reload(json.dumps(plan(tmp_path, **change)))
    with httpx.Client(base_url=collector.http) as client:
        assert send(client) == 200


def test_another_key_under_the_same_path_gives_other_fingerprints(
    collector: Collector, tmp_path: Path
) -> None:
    with httpx.Client(base_url=collector.http) as client:
        assert send(client) == 200
        (tmp_path / "region.key").write_text(key_line())
        collector.plane.reload(json.dumps(plan(tmp_path)))
        assert send(client) == 200
    first, second = segments(collector)
    assert first["policy"] != second["policy"]


def test_a_retry_over_a_rotation_of_the_key_is_known(collector: Collector, tmp_path: Path) -> None:
    body = logs().SerializeToString()
    with httpx.Client(base_url=collector.http) as client:
        assert client.post("/v1/logs", content=body, headers=PROTOBUF).status_code == 200
        rotate_key(tmp_path / "region.key")
        collector.plane.reload(json.dumps(plan(tmp_path)))
        assert client.post("/v1/logs", content=body, headers=PROTOBUF).status_code == 200
    assert collector.counts("logs", "http")["duplicate"] == 1


@pytest.mark.parametrize("level", ["soft", "hard"])
def test_above_the_memory_s_bound_nothing_is_taken(collector: Collector, level: str) -> None:
    body = spans().SerializeToString()
    collector.plane.set_pressure(level)
    with httpx.Client(base_url=collector.http) as client:
        refused = client.post("/v1/traces", content=body, headers=PROTOBUF)
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        collector.plane.set_pressure("none")
        assert client.post("/v1/traces", content=body, headers=PROTOBUF).status_code == 200
    assert collector.refusals() == {("http", "memory_limit"): 1}
    with pytest.raises(ValueError, match="level"):
        collector.plane.set_pressure("some")
