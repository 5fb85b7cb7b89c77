"""`/healthz`, `/readyz` and `/metrics`: how the bot is, for machines that look after it."""

from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from liqbot import __version__
from liqbot.app.bot import Bot
from liqbot.app.health_monitor import HealthMonitor
from liqbot.app.operator_chat import Operator
from liqbot.app.other_processes import answered
from liqbot.app.process_report import lags_of
from liqbot.service.findings import WELL
from liqbot.store.errors import StoreError
from liqbot.store.leases import HeldLease, Leases
from liqbot.store.store import Store
from liqbot.web.app import make_monitor
from liqbot.web.questions import ServiceQuestions
from liqbot.web.server import served

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Stored:
    """The figures that are asked of the store."""

    due_ms: Mapping[str, int]
    """By platform, since when a delivery is due there."""
    deliveries: int
    subscriptions: int
    watches: int
    chats: Mapping[str, int]
    """How many can be reached, by platform."""
    database_bytes: int
    leases: Sequence[HeldLease] = ()
    """Who holds what; nothing where the bot is one process."""

    @staticmethod
    async def of(store: Store, leases: Leases | None = None) -> "Stored":
        """Ask for them. Raises `StoreError`."""
        return Stored(
            await answered(store.deliveries.oldest_due()),  # one that says nothing is not asked the rest
            await store.deliveries.owed(),
            await store.subscriptions.count(),
            await store.access.watches(),
            Counter(one.chat.platform for one in await store.access.chats() if one.inactive is None),
            await store.size(),
            () if leases is None else await leases.held(),
        )


class Metrics(Collector):
    """The figures of a bot, at one moment."""

    def __init__(self, bot: Bot, monitor: HealthMonitor, stored: Stored | None) -> None:
        """`stored` is None where the database does not answer."""
        self._bot = bot
        self._monitor = monitor
        self._stored = stored

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        bot, now_ms = self._bot, self._bot.services.clock()
        yield GaugeMetricFamily(
            "liqbot_loop_lag_seconds", "Longest wait of the event loop, lately", self._monitor.lag_s
        )
        yield _gauge(
            "liqbot_view_age_seconds",
            "Age of the newest view",
            "coin",
            {  # time in a simulated market may run faster
                coin: max(0.0, (now_ms - view.time_ms) / 1000)
                for coin, view in bot.services.markets.views.items()
            },
        )
        sends = CounterMetricFamily(
            "liqbot_sends", "Tries to deliver, by what they came to", labels=["platform", "outcome"]
        )
        for sending in bot.dispatcher.platforms:
            for outcome, count in sending.outcomes.items():
                sends.add_metric([sending.name, outcome], count)
        yield sends
        rejected = CounterMetricFamily("liqbot_source_errors", "Updates without sense", labels=["source"])
        for health in bot.services.status.sources:
            rejected.add_metric([health.name], health.rejected.total())
        yield rejected
        yield _gauge(
            "liqbot_source_up",
            "Whether a source works",
            "source",
            {health.name: float(health.state in WELL) for health in bot.services.status.sources},
        )
        faults = CounterMetricFamily("liqbot_rule_faults", "Failures of rules", labels=["rule"])
        for rule, count in bot.services.status.faults.items():
            faults.add_metric([rule], count)
        yield faults
        yield from self._operating()
        yield GaugeMetricFamily(
            "liqbot_database_up", "Whether the database answers", float(self._stored is not None)
        )
        if self._stored is not None:
            yield from self._of_store(self._stored, now_ms)
            yield from self._sharing(self._stored)

    def _of_store(self, stored: Stored, now_ms: int) -> Iterator[Metric]:
        """Yield what lies in the store."""
        due_ms = min(stored.due_ms.values(), default=now_ms)
        yield GaugeMetricFamily(
            "liqbot_oldest_due_seconds",
            "For how long the oldest open delivery has been due",
            max(0.0, (now_ms - due_ms) / 1000),
        )
        yield GaugeMetricFamily("liqbot_deliveries_open", "Deliveries under way", stored.deliveries)
        yield GaugeMetricFamily("liqbot_subscriptions", "Subscriptions", stored.subscriptions)
        yield GaugeMetricFamily("liqbot_watches", "Distinct watches", stored.watches)
        yield GaugeMetricFamily("liqbot_database_bytes", "Size of the database", stored.database_bytes)
        yield _gauge("liqbot_chats", "Chats that can be reached", "platform", stored.chats)

    def _sharing(self, stored: Stored) -> Iterator[Metric]:
        """Yield what this process does of what only one may do, and how far it is behind."""
        shared = self._bot.backend.shared
        if shared is None:
            return
        held = {one.name: float(one.holder == shared.name) for one in stored.leases if one.left_s > 0}
        yield _gauge("liqbot_lease_held", "Whether this process holds a lease", "lease", held)
        unled = {one.name: max(0.0, -one.left_s) for one in stored.leases}
        yield _gauge("liqbot_lease_unheld_seconds", "For how long nobody has held a lease", "lease", unled)
        lags = dict(lags_of(self._bot, self._bot.services.clock(), stored.due_ms))
        yield _gauge("liqbot_role_lag_seconds", "How far this process is behind", "role", lags)

    def _operating(self) -> Iterator[Metric]:
        """Yield the figures for whoever operates the bot."""
        services = self._bot.services
        yield _gauge("liqbot_build_info", "The version", "version", {__version__: 1.0})
        yield GaugeMetricFamily("liqbot_troubles", "Troubles at present", len(services.troubles.all))
        coverage = GaugeMetricFamily(
            "liqbot_coverage_ratio", "Share of open interest that is known", labels=["coin", "side"]
        )
        ages = GaugeMetricFamily("liqbot_positions_age_seconds", "Age of the positions", labels=["coin"])
        for coin, view in services.markets.views.items():
            sides = view.side_coverage
            if sides is not None:
                coverage.add_metric([coin, "long"], sides.long)
                coverage.add_metric([coin, "short"], sides.short)
            if view.age_s is not None:
                ages.add_metric([coin], view.age_s)
        yield coverage
        yield ages
        refusals = CounterMetricFamily(
            "liqbot_refusals", "Requests that were turned away, by why or by quota", labels=["reason"]
        )
        for reason, count in {**services.access.refused, **services.quotas.refused}.items():
            refusals.add_metric([reason], count)
        yield refusals


def _gauge(name: str, text: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


async def figures(bot: Bot, monitor: HealthMonitor) -> bytes:
    """Return all figures as Prometheus reads them."""
    registry = CollectorRegistry(auto_describe=False)
    try:
        stored = await Stored.of(bot.store, bot.backend.leases)
    except StoreError:  # whoever watches the bot is told the rest, troubles above all
        stored = None
    registry.register(Metrics(bot, monitor, stored))
    return generate_latest(registry)


def questions_of(bot: Bot, monitor: HealthMonitor) -> ServiceQuestions:
    """Return what the web asks: anybody may ask it, so that it is told what chats are told of troubles."""
    troubles = bot.services.troubles
    return ServiceQuestions(
        bot.services,
        troubles=lambda: {name: one.finding.text for name, one in troubles.by_name.items()},
        metrics=lambda: figures(bot, monitor),
        hindrances=lambda: {finding.name: finding.text for finding in monitor.hindrances()},
    )


@asynccontextmanager
async def metrics_beside(bot: Bot, monitor: HealthMonitor, operator: Operator) -> AsyncGenerator[None]:
    """Serve `/healthz`, `/readyz` and `/metrics` meanwhile, as soon as their port is free."""
    host, port = bot.settings.metrics_host, bot.settings.metrics_port

    def opened(_host: str, bound: int) -> None:
        _log.info("metrics_served", host=host, port=bound)

    async with bot.ports.serving(
        "metrics",
        f"{host}:{port}",
        lambda: metrics_server(bot, monitor, operator, host=host, port=port),
        opened,
    ):
        yield


@asynccontextmanager
async def metrics_server(
    bot: Bot, monitor: HealthMonitor, operator: Operator, *, host: str, port: int
) -> AsyncGenerator[tuple[str, int]]:
    """Serve them meanwhile; give where, a free port for 0. Raises `OSError`."""
    questions = ServiceQuestions(  # the operator's own port: paths, and what to do
        bot.services,
        troubles=lambda: operator.troubles,
        metrics=lambda: figures(bot, monitor),
        hindrances=lambda: {finding.name: finding.whole for finding in monitor.hindrances()},
    )
    async with served(make_monitor(questions), host, port) as where:
        yield where
