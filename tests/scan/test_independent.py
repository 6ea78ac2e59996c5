"""What a collector let through, other libraries find nothing in; what it was sent, they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from running import collector, log_request, post, stand

from mainstem.config.platform import load_platform
from mainstem.scan import Scope, scan
from mainstem.store import Account

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = (
    "mail to grace.hopper@navy.mil about it",
    "AKIAIOSFODNN7EXAMPLE",
    "card 4111 1111 1111 1111 charged",
    "to DE89370400440532013000 by transfer",
    "client 8.8.8.8 gone",
    "postgres://app:hunter2@db.example.com/orders",
    "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9Pl",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
)


def test_what_a_collector_stores_is_clean_to_others(tmp_path: Path) -> None:
    with collector(stand(tmp_path)) as running:
        for secret in SECRETS:
            assert post(f"{running.otlp}/v1/logs", log_request(secret)) == 200
        assert running.stop() == 0
    platform = load_platform(tmp_path / "mainstem.yaml")
    searched = Scope(stores=["region"])
    assert scan(platform, searched, processes=1).found == {}
    raw = Account.open(f"file:{tmp_path}/store").container("logs")
    for number, secret in enumerate(SECRETS):
        raw.create(f"raw-{number}.json", log_request(secret) + b"\n")
    dirty = scan(platform, searched, processes=1)
    assert {find.blob for find in dirty.regions["euc"].finds} == {
        f"raw-{number}.json" for number in range(len(SECRETS))
    }
