"""Make the past: four hundred days of telemetry, as the requests that the service's SDK sent.

    python -m examples.contoso.history --to euc=http://127.0.0.1:4318 [--to use=...] [--scale 0.3]

sends it through the collectors' own receivers, so that the past takes the way that the present
takes. What it planted and counted stays in its `Tally`. It is as untidy as telemetry is: some
records come days late, some requests twice, and some clocks are wrong.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from examples.contoso.catalog import FEATURES, REGIONS
from examples.contoso.day import Day
from examples.contoso.measurements import EVERY, SECOND, measurements
from examples.contoso.otlp import Request, logs_request, traces_request
from examples.contoso.scenario import Scenario
from examples.contoso.sender import send
from examples.contoso.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from examples.contoso.customers import Account
    from examples.contoso.day import Timed

RECORDS_IN_REQUEST = 400
LATE_DAYS = 3
"""How long some records are on their way."""
DOUBLED_EVERY, DOUBLED_AFTER = 40, 25
"""Every so many requests, one is sent again, so many requests later and with the same bytes."""
WRONG_CLOCKS = (1, 86_400 * SECOND, 5_900_000_000 * SECOND)
"""Times that no record can have: the first day of 1970, the next, and one in 2156."""


@dataclass
class History:
    """The requests of the past, made day by day; `tally` is full once they have been drawn."""

    scenario: Scenario
    now: datetime
    regions: Sequence[str] = tuple(REGIONS)
    tally: Tally = field(default_factory=Tally)
    doubled: int = 0
    """Records that were sent a second time."""
    late: int = 0
    """Records that were sent days after they were made."""

    def requests(self, *, doubled: bool = True) -> Iterator[Request]:
        """Give every request, a region's day at a time, those that are sent twice among them."""
        if not doubled:
            yield from self._once()
            return
        again: list[tuple[int, Request]] = []
        for number, request in enumerate(self._once()):
            yield request
            if number % DOUBLED_EVERY == 0:
                again.append((number + DOUBLED_AFTER, request))
            while again and again[0][0] <= number:
                yield self._again(again.pop(0)[1])
        for _, request in again:
            yield self._again(request)

    def _again(self, request: Request) -> Request:
        self.doubled += request.records
        return request

    def _once(self) -> Iterator[Request]:
        coming: dict[tuple[str, date], list[Request]] = defaultdict(list)
        for day in self.scenario.dates:
            for region in self.regions:
                made = Day(self.scenario, self.now, region, day, self.tally)
                late: list[Timed] = []
                due = day + timedelta(days=LATE_DAYS)
                for account, tenant in self.scenario.tenants:
                    if tenant.region != region:
                        continue
                    records = made.take(account, tenant)
                    if _comes_late(account, day) and due <= self.scenario.today:
                        late += records
                    else:
                        made.logs += records
                if day == self.scenario.today:
                    made.logs += self._of_wrong_clocks(made)
                self.late += len(late)
                coming[region, due] += _logs(made, late)
                yield from coming.pop((region, day), ())
                yield from _packed(self.scenario, made, self.now)

    def _of_wrong_clocks(self, today: Day) -> list[Timed]:
        """Make events whose time cannot be; the time at which they are received stands in for it.

        They go out now, so that they count today.
        """
        made: list[Timed] = []
        region = today.region
        where = [
            tenant
            for account, tenant in self.scenario.tenants
            if tenant.region == region and self.scenario.active(account, today.day)
        ]
        for tenant, at in zip(where, WRONG_CLOCKS, strict=False):
            record = today.event(at, "feature.used", tenant, feature__name=FEATURES[0])
            record.observed_time_unix_nano = at
            made.append((today.start, record))
            self.tally.features[tenant.tenant_id, FEATURES[0], today.day] += 1
        return made


def _comes_late(account: Account, day: date) -> bool:
    return (account.number + day.toordinal()) % 37 == 0


def _packed(scenario: Scenario, made: Day, now: datetime) -> Iterator[Request]:
    """Pack a region's day as its service's SDK exports it, in the order of the records' times."""
    region, version = made.region, made.version
    yield from _logs(made, made.logs)
    spans = [span for _, span in sorted(made.spans, key=_time)]
    for first in range(0, len(spans), RECORDS_IN_REQUEST):
        yield traces_request(region, version, spans[first : first + RECORDS_IN_REQUEST])
    if scenario.recent(made.day):
        moments = [
            at
            for second in range(0, 86_400, EVERY)
            if not scenario.dark(region, made.day, second)
            and (at := made.at(second)) < now.timestamp() * SECOND
        ]
        yield from measurements(region, version, made.start, moments, made.random)


def _logs(made: Day, timed: list[Timed]) -> Iterator[Request]:
    records = [record for _, record in sorted(timed, key=_time)]
    for first in range(0, len(records), RECORDS_IN_REQUEST):
        packed = records[first : first + RECORDS_IN_REQUEST]
        yield logs_request(made.region, made.version, packed)


def _time(timed: tuple[int, object]) -> int:
    return timed[0]


def main() -> None:
    """Send the history to the collectors that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", action="append", required=True, metavar="REGION=URL")
    parser.add_argument("--scale", type=float, default=1.0, help="how many times 200 tenants")
    parser.add_argument("--seed", type=int, help="another set of customers")
    given = parser.parse_args()
    endpoints = dict(pair.split("=", 1) for pair in given.to)
    now = datetime.now(UTC)
    seed = {} if given.seed is None else {"seed": given.seed}
    history = History(Scenario.ending(now, scale=given.scale, **seed), now, tuple(endpoints))
    delivery = send(history.requests(), endpoints)
    for (region, signal), records in sorted(delivery.records.items()):
        print(f"{region} {signal}: {records:,} records")


if __name__ == "__main__":
    main()
