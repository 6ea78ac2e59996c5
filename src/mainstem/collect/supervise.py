"""Start the data plane, keep it company, and let it go in an orderly way."""

from __future__ import annotations

import contextlib
import json
import signal
import time
from enum import Enum, auto
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import structlog

from mainstem import _core
from mainstem.collect.debug import Counting
from mainstem.collect.heads import HeadSigner, open_witness, ready_signing_key
from mainstem.collect.health import Exports, Health, HealthServer, SpoolTrouble
from mainstem.collect.health_tls import health_context, load_certificate
from mainstem.collect.logs import log_dead_threads, set_up_logs
from mainstem.collect.memory import MemoryWatch
from mainstem.collect.metrics import CollectorMetrics, MetricsServer
from mainstem.collect.plan import make_plan
from mainstem.collect.reload import Reloader
from mainstem.collect.sent import SentWatch
from mainstem.collect.spool import Place, list_spool
from mainstem.collect.stores import needed_containers, open_stores
from mainstem.collect.upload import Uploader
from mainstem.config.collector.receivers import HealthCheck
from mainstem.errors import Transient, UsageError
from mainstem.privacy import ensure_key
from mainstem.store.errors import ContainerMissing, StoreRefused

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Sequence

    from mainstem.collect.plan import Plan
    from mainstem.collect.site import Site
    from mainstem.collect.stores import Stores
    from mainstem.collect.watch import Watch
    from mainstem.config.collector import CollectorConfig
    from mainstem.store.account import Account

log = structlog.get_logger("collect")

DRAIN_S = 20.0
"""How long a stop may take; orchestrators kill after 30 s."""

LOOK_UP_S = 0.5
SEND_ON_LOOK_S = 0.05
SEND_ON_TRY_S = 2.0
"""How long a receiver that did not answer has, at a stop, to answer after all."""


class Wake(Enum):
    """Why the supervisor looks up."""

    STOP = auto()
    RELOAD = auto()


def collect(
    config: CollectorConfig,
    site: Site,
    *,
    reread: Callable[[], tuple[CollectorConfig, Site]],
    json_logs: bool = False,
) -> None:
    """Run a collector until SIGTERM or SIGINT; SIGHUP reads the configuration anew by `reread`.

    What is acknowledged by then is in the store, or stays in the spool for the next start: then
    this raises Transient, as it does at once where the uploader dies of an unexpected error.
    """
    telemetry = config.telemetry
    set_up_logs(telemetry.logs.level, "json" if json_logs else telemetry.logs.encoding)
    log_dead_threads()
    plan = make_plan(config, site)
    _tell(plan)
    # A queue and no event: a signal's handler that sets an event while its thread is about to wait
    # for it never returns.
    wakes: SimpleQueue[Wake] = SimpleQueue()
    with contextlib.ExitStack() as stack:
        stack.enter_context(_woken_by_signals(wakes))
        check = config.health.check_collector_pipeline if config.health else None
        threshold = check.exporter_failure_threshold if check and check.enabled else None
        interval_s = check.interval if check else 0.0
        exports = Exports(threshold, interval_s)
        sent = {id_: Exports(threshold, interval_s) for id_ in plan.core["exporters"]}
        health = Health(exports, *sent.values())
        addresses: dict[str, str] = {}
        endpoint_tls = None
        if config.health is not None:
            addresses["health"], endpoint_tls = _answer_health(config.health, health, site, stack)
        stores = open_stores(plan, site)
        _make_containers(stores, plan)
        plane = _open(plan, site)
        stack.callback(plane.close)
        signer = _sign_heads(stack, site)
        uploaders = [
            Uploader(
                plane,
                stores,
                exports,
                on_death=lambda: wakes.put(Wake.STOP),
                region=region,
                signer=signer,
            )
            for region in site.origins or (None,)
        ]
        health.watch(SpoolTrouble(plane.stats, (config.health or HealthCheck()).max_spool_age))
        memory = MemoryWatch(config.memory_limiters, plane.set_pressure)
        _watch(stack, memory)
        if (endpoint := telemetry.metrics.endpoint) is not None:
            metrics = CollectorMetrics(plane.stats, uploaders, stores.exporters)
            addresses["metrics"] = _serve_metrics(endpoint, metrics, stack)
        receivers = plan.core["receivers"]
        with _binding("otlp", _places(receivers)):
            ports = plane.start()
        for uploader in uploaders:
            uploader.start()
        _follow(stack, plane, plan, sent)
        addresses |= _bound(receivers, ports)
        health.state = "serving"
        log.info("ready", region=site.region, store=stores.ledger.label, **addresses)

        def apply(config: CollectorConfig, stores: Stores) -> None:
            for uploader in uploaders:
                uploader.use(stores)
            memory.use(config.memory_limiters)

        def prepare(stores: Stores, plan: Plan) -> None:
            _make_containers(stores, plan)
            signer.use(ready_signing_key(site))
            if endpoint_tls is not None and config.health is not None and config.health.tls:
                load_certificate(endpoint_tls, config.health.tls, site.base)

        _serve(
            wakes,
            Reloader(plane, config, site, plan, reread=reread, prepare=prepare, apply=apply),
        )
        health.state = "draining"
        _drain(plane, uploaders, site)


def _places(receivers: dict[str, dict[str, Any]]) -> str:
    """Name the addresses that receivers ask for."""
    asked = [one[name] for one in receivers.values() for name in ("grpc", "http") if one[name]]
    return " and ".join(asked)


def _bound(
    receivers: dict[str, dict[str, Any]], ports: dict[str, dict[str, int]]
) -> dict[str, str]:
    """Give the addresses that were bound: of the first receiver by protocol, of others by both."""
    first = next(iter(receivers))
    return {
        name if id_ == first else f"{id_} {name}": (
            f"{str(receivers[id_][name]).rpartition(':')[0]}:{port}"
        )
        for id_ in receivers
        for name, port in ports[id_].items()
    }


def _tell(plan: Plan) -> None:
    for note in plan.notes:
        log.info("configuration", note=note)
    for warning in plan.warnings:
        log.warning("configuration", warning=warning)


def _follow(
    stack: contextlib.ExitStack, plane: _core.DataPlane, plan: Plan, sent: dict[str, Exports]
) -> None:
    """Follow the counts, where somebody wants to know: of what is sent on, of what is taken."""
    if sent:
        _watch(stack, SentWatch(plane.stats, sent))
    if plan.counted:
        _watch(stack, Counting(plane.stats, plan.counted))


def _sign_heads(stack: contextlib.ExitStack, site: Site) -> HeadSigner:
    """Make ready to sign the heads of the chains, and to hand them to the platform's witness."""
    key, witness = ready_signing_key(site), open_witness(site)
    if key is not None:
        log.info("signing key", id=key.id, public_keys=str(site.public_keys))
    if witness is not None:
        _watch(stack, witness)
    return HeadSigner(key, witness)


def _watch(stack: contextlib.ExitStack, watch: Watch) -> None:
    watch.start()
    stack.callback(watch.close)


def _answer_health(
    config: HealthCheck, health: Health, site: Site, stack: contextlib.ExitStack
) -> tuple[str, ssl.SSLContext | None]:
    """Serve the endpoint until the stack unwinds; gives its address and its TLS."""
    tls = None if config.tls is None else health_context(config.tls, site.base)
    with _binding("health_check", config.endpoint):
        server = HealthServer(config, health, tls)
    server.start()
    stack.callback(server.close)
    scheme = "http" if tls is None else "https"
    return f"{scheme}://{server.address}{config.path}", tls


def _serve_metrics(endpoint: str, metrics: CollectorMetrics, stack: contextlib.ExitStack) -> str:
    with _binding("service.telemetry.metrics", endpoint):
        scraped = MetricsServer(endpoint, metrics)
    stack.callback(scraped.close)
    return f"http://{scraped.address}/metrics"


def _serve(wakes: SimpleQueue[Wake], reloader: Reloader) -> None:
    """Wait for the stop, and reload meanwhile.

    No wait is for good: a signal that comes on the brink of one does not end it.
    """
    while True:
        with contextlib.suppress(Empty):
            if wakes.get(timeout=LOOK_UP_S) is Wake.STOP:
                return
            reloader.reload()
        reloader.look()


def _make_containers(stores: Stores, plan: Plan) -> None:
    """Create what is missing; a store that does not answer yet is no reason not to spool."""
    away: set[str] = set()
    for account, name in dict.fromkeys(needed_containers(plan, stores)):
        if account.label not in away and not _is_made(account, name):
            away.add(account.label)


def _is_made(account: Account, name: str) -> bool:
    """Create a container unless it is there; False where its store does not answer."""
    try:
        if account.ensure_container(name):
            log.info("container created", container=name, store=account.label)
    except Transient as error:
        log.warning("store not reached at start, spooling", reason=error.message)
        return False
    except ContainerMissing as error:
        # The identity may not create containers. It need not, where the container is there.
        try:
            next(iter(account.container(name).list()), None)
        except StoreRefused:
            log.warning("container cannot be looked at", container=name)
        except ContainerMissing:
            raise error from None
        except Transient as unreached:
            log.warning("store not reached at start, spooling", reason=unreached.message)
            return False
    return True


def _open(plan: Plan, site: Site) -> _core.DataPlane:
    _ready_key(site)
    site.spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        plane = _core.DataPlane(plan.core_json())
    except _core.PlanError as error:
        raise UsageError(str(error)) from None
    except _core.SpoolError as error:
        raise UsageError(f"the spool {site.spool} does not open: {error}") from None
    stats = json.loads(plane.stats())
    spool = stats["spool"]
    if spool["fleeting"] and plan.core["spool"]["durability"] == "disk":
        log.warning(
            "the spool's file system may not last; use a lasting volume, or durability: store",
            path=str(site.spool),
            file_system=spool["fleeting"],
        )
    for region, of_region in (stats["origins"] or {site.region: spool}).items():
        instance, recovered = of_region["instance"], of_region["recovered"]
        log.info("spool opened", region=region, instance=instance, **recovered)
    for owed in spool["owed"]:
        if owed["exporter"] not in plan.core["exporters"]:
            log.warning(
                "segments are owed to an exporter that the configuration does not have: they stay",
                exporter=owed["exporter"],
                segments=owed["segments"],
            )
    return plane


def _ready_key(site: Site) -> None:
    """Make the region's key on the first start, and never again."""
    if not site.key.exists() and (site.spool / "instance.json").exists():
        raise UsageError(
            f"the key {site.key} is gone, and its spool has been used",
            hint="Bring it back from where it is kept. Without it, start with a new spool: the "
            "region's pseudonyms begin anew.",
        )
    first = not site.key.exists()
    key = ensure_key(site.key)
    log.info("pseudonym key made" if first else "pseudonym key", path=str(site.key), id=key.id)


def _drain(plane: _core.DataPlane, uploaders: Sequence[Uploader], site: Site) -> None:
    """Take no more, seal, and upload what there is, all within DRAIN_S; Transient where some stays.

    A collector without its uploader would go on as if all were well until its disk is full, so
    that it stops, and whatever watches over it starts it anew.
    """
    deadline = time.monotonic() + DRAIN_S
    log.info("draining")
    try:
        if not plane.drain(DRAIN_S / 2):
            log.warning("requests were still under way when the time was over; their senders retry")
    except _core.SpoolError as error:
        # A full disk, for one: what was sealed before goes up, and makes space.
        log.warning("not all segments could be sealed", reason=str(error))
    for uploader in uploaders:
        uploader.drained(max(0.0, deadline - time.monotonic()))
    _send_on(plane, deadline)
    for uploader in uploaders:
        # What was sent on has left entries.
        uploader.drained(max(0.0, deadline - time.monotonic()))
        uploader.stop(max(1.0, deadline - time.monotonic()))
    folders = [site.spool / region for region in site.origins] or [site.spool]
    left = [
        held
        for folder in folders
        for held in list_spool(folder)
        if held.place is not Place.CONFIRMED
    ]
    segments = sum(held.segment is not None for held in left)
    what = f"{segments} segments and {len(left) - segments} other entries"
    hint = f"The next start uploads them; `mainstem spool ls {site.spool}` shows them."
    if any(uploader.dead for uploader in uploaders):
        log.critical("stopped, the uploader died", left_in_spool=len(left), segments=segments)
        raise Transient(
            f"the uploader died; {what} are left in the spool",
            hint=hint,
        )
    if left:
        log.warning(
            "stopped; the next start uploads what is left",
            left_in_spool=len(left),
            segments=segments,
        )
        raise Transient(
            f"{what} are left in the spool",
            hint=hint,
        )
    log.info("stopped", left_in_spool=0)


def _send_on(plane: _core.DataPlane, deadline: float) -> None:
    """Let exporters whose receiver answers send on what they are owed; what is left waits.

    All try once more at a drain, since a receiver may have come back within their pauses.
    """
    tried = time.monotonic() + SEND_ON_TRY_S
    while (now := time.monotonic()) < deadline:
        stats = json.loads(plane.stats())
        owed = {one["exporter"] for one in stats["spool"]["owed"]}
        answered = {one["exporter"] for one in stats["exporters"] if one["fault"] is None}
        if not owed or (now > tried and not owed & answered):
            return
        time.sleep(SEND_ON_LOOK_S)


@contextlib.contextmanager
def _binding(what: str, address: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"{what}: {address} cannot be listened on: {error.strerror or 'the system refuses'}",
            hint="Another process may have the port.",
        ) from None


@contextlib.contextmanager
def _woken_by_signals(wakes: SimpleQueue[Wake]) -> Iterator[None]:
    """SIGTERM and SIGINT ask for a stop, a second one takes the system's way; SIGHUP reloads."""
    stops = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in (*stops, signal.SIGHUP)}

    def on_stop(number: int, _frame: object) -> None:
        wakes.put(Wake.STOP)
        signal.signal(number, signal.SIG_DFL)

    def on_reload(_number: int, _frame: object) -> None:
        wakes.put(Wake.RELOAD)

    for number in stops:
        signal.signal(number, on_stop)
    signal.signal(signal.SIGHUP, on_reload)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
