from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from mainstem.collect.health import Exports, Health, HealthServer, SpoolTrouble
from mainstem.config.collector.receivers import HealthCheck


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_exports_are_in_trouble_after_so_many_failures_within_the_interval() -> None:
    clock = Clock()
    exports = Exports(threshold=3, interval_s=60, clock=clock)
    for clock.now in (0, 50, 61):
        exports.failed("no answer")
    assert exports.trouble() is None, "the first failure is older than the interval"
    clock.now = 62
    exports.failed("no answer")
    assert exports.trouble() == "3 exports failed within 60 s; last: no answer"


def test_one_success_ends_the_trouble() -> None:
    exports = Exports(threshold=1, interval_s=60, clock=Clock())
    exports.failed("no answer")
    exports.succeeded()
    assert exports.trouble() is None


def test_nobody_who_did_not_ask_is_told_of_failures() -> None:
    exports = Exports(threshold=None, interval_s=0, clock=Clock())
    exports.failed("no answer")
    assert exports.trouble() is None


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.fixture
def exports() -> Exports:
    return Exports(threshold=1, interval_s=60)


def test_the_endpoint_follows_the_exports(exports: Exports) -> None:
    health = Health(exports)
    config = HealthCheck(endpoint="127.0.0.1:0", path="/health/status")
    server = HealthServer(config, health)
    server.start()
    url = f"http://{server.address}"
    try:
        assert get(f"{url}/health/status")[0] == 503
        assert get(f"{url}/live") == (200, '{"status": "live"}')
        health.state = "serving"
        status, body = get(f"{url}/health/status?x=1")
        assert (status, json.loads(body)["status"]) == (200, "Server available")
        exports.failed("az://euc: writing: no usable answer")
        status, body = get(f"{url}/health/status")
        assert status == 503
        assert json.loads(body) == {
            "status": "Server not available",
            "reason": "1 exports failed within 60 s; last: az://euc: writing: no usable answer",
        }
        exports.succeeded()
        assert get(f"{url}/health/status")[0] == 200
        assert get(f"{url}/other")[0] == 404
    finally:
        server.close()


def test_the_bodies_may_be_the_configuration_s_own(exports: Exports) -> None:
    config = HealthCheck.model_validate(
        {"endpoint": "127.0.0.1:0", "response_body": {"healthy": "good", "unhealthy": "bad"}}
    )
    health = Health(exports)
    server = HealthServer(config, health)
    server.start()
    try:
        assert get(f"http://{server.address}/") == (503, "bad")
        health.state = "serving"
        assert get(f"http://{server.address}/") == (200, "good")
    finally:
        server.close()


def stats(**spools: tuple[int, int]) -> str:
    """Give the data plane's figures: for each spool its reserve's bytes, its oldest entry's ms."""
    told = {
        region: {"reserve_bytes": reserve, "oldest_age_ms": age}
        for region, (reserve, age) in spools.items()
    }
    return json.dumps({"spool": told["spool"]} if "spool" in told else {"origins": told})


def test_a_full_disk_is_told_and_forgotten_once_there_is_room() -> None:
    figures = stats(spool=(0, 0))
    health = Health(SpoolTrouble(lambda: figures, max_age_s=60))
    health.state = "serving"
    status, answer = health.answer()
    assert (status, answer["reason"]) == (503, "the spool: its disk is full, nothing is taken")
    figures = stats(spool=(1 << 20, 0))
    assert health.answer()[0] == 200


def test_an_entry_that_waits_too_long_is_told() -> None:
    figures = stats(spool=(1 << 20, 61_000))
    trouble = SpoolTrouble(lambda: figures, max_age_s=60)
    assert trouble.trouble() == "the spool: its oldest entry has waited 61 s for the store"
    figures = stats(spool=(1 << 20, 60_000))
    assert trouble.trouble() is None


def test_the_centre_names_the_region_whose_spool_is_in_trouble() -> None:
    trouble = SpoolTrouble(lambda: stats(euc=(1, 0), use=(0, 0)), max_age_s=60)
    assert trouble.trouble() == "the spool of use: its disk is full, nothing is taken"
