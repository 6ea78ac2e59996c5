"""The centre: requests of several regions' collectors, each region with a spool of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import exports
import grpc
import pytest
from grpc_client import METHODS
from guards import both, senders
from planes import Collector, Start, plan, wait_for
from test_forward import exporter, grpc_target, http_target, in_order, sending

if TYPE_CHECKING:
    from pathlib import Path

REGIONS = ("euc", "use")


def identity(region: str) -> dict[str, Any]:
    return {"name": f"collector-{region}", "region": region, "may_forward_for": [region]}


def central(folder: Path) -> dict[str, Any]:
    """Changes to a plan that make it the centre of two regions, which show a token each."""
    tokens = {f"token-{region}": identity(region) for region in REGIONS}
    gateway = {"name": "gateway", "may_forward_for": ["use"]}
    return {
        "region": "central",
        "listeners": both(senders=senders(tokens=tokens | {"token-gateway": gateway})),
        "origins": {
            region: {"spool": str(folder / region), "container_prefix": f"{region}-"}
            for region in REGIONS
        },
    }


def bearer(region: str) -> dict[str, str]:
    return {"authorization": f"Bearer token-{region}"}


def taken(centre: Collector, region: str) -> tuple[list[dict[str, Any]], list[Any]]:
    """A region's segments with their entries, and the lines of their blobs."""
    centre.plane.seal()
    entries, lines = [], []
    while (item := centre.plane.next_outbox(0.2, region=region)) is not None:
        entry = json.loads(item.entry)
        assert entry["region"] == region
        if entry["kind"] == "segment":
            entries.append(entry)
            lines += map(json.loads, item.payload().decode().splitlines())
        centre.plane.confirm(item.seq, region=region)
    return entries, lines


def send(centre: Collector, message: bytes, headers: dict[str, str], signal: str = "logs") -> None:
    with grpc.insecure_channel(centre.grpc) as channel:
        call = channel.unary_unary(METHODS[signal])
        call(message, timeout=10, metadata=list(headers.items()))


@pytest.mark.parametrize("protocol", ["grpc", "json"])
def test_each_region_s_requests_come_into_its_own_containers(
    start: Start, tmp_path: Path, protocol: str
) -> None:
    centre = start(tmp_path / "centre", **central(tmp_path / "spools"))
    target = (
        grpc_target(centre.ports["grpc"])
        if protocol == "grpc"
        else http_target(centre.ports["http"], protocol)
    )
    for region in REGIONS:
        forwarding = sending(exporter(target, headers=bearer(region))) | {"region": region}
        collector = start(tmp_path / region, **forwarding)
        for _ in range(3):
            send(collector, exports.logs(2).SerializeToString(), {})
        collector.plane.seal()
        wait_for(lambda collector=collector: not collector.stats()["spool"]["owed"])
        [told] = collector.stats()["exporters"]
        assert (told["logs"]["sent"], told["tries_failed"]) == (6, 0)
        sent = collector.take()["logs"]
        [entry], lines = taken(centre, region)
        assert entry["blob"]["container"] == f"{region}-logs"
        assert entry["counts"]["stored"] == 6
        stamps = [
            attribute["value"]["stringValue"]
            for line in lines
            for resource in line["resourceLogs"]
            for attribute in resource.pop("resource")["attributes"]
        ]
        assert stamps == [region] * 3
        assert in_order(lines) == in_order(sent)


def test_a_line_that_comes_twice_is_taken_once(start: Start, tmp_path: Path) -> None:
    """By what its origin knows it by, though the bodies differ."""
    centre = start(tmp_path / "centre", **central(tmp_path / "spools"))
    origin = {"mainstem-origin-region": "euc", "mainstem-digest": "ab" * 16} | bearer("euc")
    send(centre, exports.logs(2).SerializeToString(), origin)
    centre.plane.close()
    again = start(tmp_path / "centre", **central(tmp_path / "spools"))
    send(again, exports.logs(2).SerializeToString(), origin)
    send(again, exports.logs(3).SerializeToString(), origin | {"mainstem-digest": "cd" * 16})
    entries, _ = taken(again, "euc")
    assert sum(entry["counts"]["duplicate"] for entry in entries) == 2
    assert sum(entry["counts"]["stored"] for entry in entries) == 5


def test_a_digest_is_believed_from_who_may_forward_for_the_region(
    start: Start, tmp_path: Path
) -> None:
    centre = start(tmp_path / "centre", **central(tmp_path / "spools"))
    claimed = {"mainstem-origin-region": "use", "mainstem-digest": "ab" * 16}
    # The region's own collector speaks of another region: it is not believed.
    for _ in range(2):
        send(centre, exports.logs(1).SerializeToString(), claimed | bearer("euc"))
    [entry], _ = taken(centre, "euc")
    assert (entry["counts"]["stored"], entry["counts"]["duplicate"]) == (2, 0)
    # A gateway may forward for one region, and says that it does.
    for _ in range(2):
        send(centre, exports.logs(1).SerializeToString(), claimed | bearer("gateway"))
    [entry], _ = taken(centre, "use")
    assert (entry["counts"]["stored"], entry["counts"]["duplicate"]) == (1, 1)


@pytest.mark.parametrize(
    "headers", [bearer("gateway"), bearer("gateway") | {"mainstem-origin-region": "euc"}]
)
def test_a_request_of_no_known_region_is_turned_away(
    start: Start, tmp_path: Path, headers: dict[str, str]
) -> None:
    centre = start(tmp_path / "centre", **central(tmp_path / "spools"))
    with pytest.raises(grpc.RpcError) as refused:
        send(centre, exports.logs(1).SerializeToString(), headers)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


def test_the_centre_takes_another_plan_and_tells_of_each_region(
    start: Start, tmp_path: Path
) -> None:
    folder = tmp_path / "centre"
    changes = central(tmp_path / "spools")
    centre = start(folder, **changes)
    send(centre, exports.logs(1).SerializeToString(), bearer("euc"))
    assert sorted(centre.stats()["origins"]) == ["euc", "use"]
    centre.plane.reload(json.dumps(plan(folder, **changes, max_body_bytes=512 * 1024)))
    send(centre, exports.logs(1).SerializeToString(), bearer("use"))
    for region in REGIONS:
        [entry], _ = taken(centre, region)
        assert entry["counts"]["stored"] == 1
    elsewhere = central(tmp_path / "others")
    with pytest.raises(ValueError, match="origins: cannot change"):
        centre.plane.reload(json.dumps(plan(folder, **elsewhere)))
    with pytest.raises(ValueError, match="no spool"):
        centre.plane.next_outbox(0, region="aus")
