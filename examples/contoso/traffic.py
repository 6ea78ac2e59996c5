"""Live traffic: people at work in every region, for some seconds.

    python -m examples.contoso.traffic --to euc=http://127.0.0.1:8000 [--to use=...] [--seconds 20]

Who does what is decided by the seed; how much of it fits into the time depends on the machine, so
the tally counts what the services answered.
"""

from __future__ import annotations

import argparse
import random
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import httpx

from examples.contoso.catalog import ERROR_TYPES, TRANSFORMATION_KINDS
from examples.contoso.customers import Account, Story, Tenant
from examples.contoso.mistakes import QUERY_IN_URL
from examples.contoso.scenario import Scenario
from examples.contoso.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PAUSE = 0.12
"""Seconds between two steps of one region's people."""


@dataclass
class Traffic:
    """Live traffic against the services of some regions; one thread a region."""

    scenario: Scenario
    services: Mapping[str, str]
    seconds: float
    on_answer: Callable[[str], None] = lambda _: None
    tally: Tally = field(default_factory=Tally)

    def run(self, stop: threading.Event) -> None:
        """Work until the time is over or `stop` is set; raises what a service answered wrongly."""
        people = [
            _People(self.scenario, region, url, self.on_answer)
            for region, url in self.services.items()
        ]
        until = time.monotonic() + self.seconds
        threads = [
            threading.Thread(target=person.work, args=(until, stop), daemon=True)
            for person in people
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for person in people:
            if person.error is not None:
                raise person.error
            self.tally.add(person.tally)


class _People:
    """The people of one region, one step after another."""

    def __init__(
        self, scenario: Scenario, region: str, url: str, on_answer: Callable[[str], None]
    ) -> None:
        self.region = region
        self.client = httpx.Client(base_url=url, timeout=20)
        self.on_answer = on_answer
        self.rng = random.Random(f"{scenario.seed}/{region}/live")
        self.scenario = scenario
        self.tenants = [
            (account, tenant)
            for account, tenant in scenario.tenants
            if tenant.region == region
            and tenant.features
            and scenario.active(account, scenario.today)
            and account.story is not Story.SHELVED
        ]
        self.tally = Tally()
        self.error: httpx.HTTPError | None = None

    def work(self, until: float, stop: threading.Event) -> None:
        number = 0
        try:
            while time.monotonic() < until and not stop.is_set():
                account, tenant = self.rng.choice(self.tenants)
                self._session(account, tenant, f"live-{self.region}-{number:04d}", stop)
                number += 1
        except httpx.HTTPError as error:
            self.error = error
        finally:
            self.client.close()

    def _session(
        self, account: Account, tenant: Tenant, session_id: str, stop: threading.Event
    ) -> None:
        name = tenant.tenant_id
        planted = self.tally.planted
        self._call("POST", f"/sessions/{session_id}", name)
        planted["e-mail in a log body"] += 1
        planted["user id"] += 1
        for _ in range(self.rng.randint(2, 4)):
            feature = self.rng.choice(
                [name for name, since in tenant.features if since <= self.scenario.today]
            )
            self._call("POST", f"/features/{feature}?name={QUERY_IN_URL}", name)
            self.tally.features[name, feature, _today()] += 1
            for kind in ("query of a URL", "name in SQL text", "city in SQL text"):
                planted[kind] += 1
            stop.wait(PAUSE)
        self._call("GET", "/users/me/preferences", name)
        for kind in ("e-mail in a span name", "JWT in an attribute", "client address"):
            planted[kind] += 1
        self._transform(account, name, session_id)
        self.tally.sessions[name, _today()] += 1
        self._call("DELETE", f"/sessions/{session_id}", name)
        stop.wait(PAUSE)

    def _transform(self, account: Account, name: str, session_id: str) -> None:
        records = self.rng.randint(20, 400)
        fails = self.rng.choice(ERROR_TYPES) if self.rng.random() < 0.15 else None
        answer = self._call(
            "POST",
            "/transformations",
            name,
            {
                "transformation_id": f"{session_id}-0",
                "kind": self.rng.choice(TRANSFORMATION_KINDS),
                "records": records,
                "fails": fails,
            },
        )
        now = datetime.now(UTC)
        if fails is not None:
            self.tally.failed[name, fails, now.date()] += 1
            self.tally.planted["token in an exception"] += 3
            return
        self.tally.completed[name, now.date()] += 1
        self.tally.consume(name, account.zone, now, records)
        limit = self.scenario.limit(account, now)
        self.tally.report(name, account.zone, now, int(answer["license_used"]), limit)

    def _call(
        self, method: str, path: str, tenant: str, body: Mapping[str, object] | None = None
    ) -> dict[str, str]:
        response = self.client.request(method, path, headers={"X-Tenant": tenant}, json=body)
        response.raise_for_status()
        self.on_answer(self.region)
        answer: dict[str, str] = response.json()
        return answer


def _today() -> date:
    return datetime.now(UTC).date()


def main() -> None:
    """Send traffic to the services that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", action="append", required=True, metavar="REGION=URL")
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    services = dict(pair.split("=", 1) for pair in given.to)
    traffic = Traffic(Scenario.ending(datetime.now(UTC)), services, given.seconds)
    traffic.run(threading.Event())
    done = traffic.tally
    print(f"{done.features.total():,} uses of features, {done.completed.total():,} transformations")


if __name__ == "__main__":
    main()
