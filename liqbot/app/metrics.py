"""`/healthz` and `/metrics`: how the bot is, for machines that look after it."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from liqbot.app.bot import Bot
from liqbot.app.health_monitor import HealthMonitor
from liqbot.app.operator_chat import Operator
from liqbot.service.status import WELL
from liqbot.store.store import Store
from liqbot.web.app import make_monitor
from liqbot.web.questions import ServiceQuestions
from liqbot.web.server import served


@dataclass(frozen=True, slots=True)
class Stored:
    """The figures that are asked of the store."""

    oldest_due_ms: int | None
    deliveries: int
    subscriptions: int

    @staticmethod
    async def of(store: Store) -> "Stored":
        """Ask for them."""
        return Stored(
            await store.deliveries.oldest_due_ms(),
            await store.deliveries.owed(),
            await store.subscriptions.count(),
        )


class Metrics(Collector):
    """The figures of a bot, at one moment."""

    def __init__(self, bot: Bot, monitor: HealthMonitor, stored: Stored) -> None:
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
            {coin: (now_ms - view.time_ms) / 1000 for coin, view in bot.services.markets.views.items()},
        )
        due_ms = self._stored.oldest_due_ms
        yield GaugeMetricFamily(
            "liqbot_oldest_due_seconds",
            "For how long the oldest open delivery has been due",
            0 if due_ms is None else max(0.0, (now_ms - due_ms) / 1000),
        )
        yield GaugeMetricFamily("liqbot_deliveries_open", "Deliveries under way", self._stored.deliveries)
        yield GaugeMetricFamily("liqbot_subscriptions", "Subscriptions", self._stored.subscriptions)
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


def _gauge(name: str, text: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


async def figures(bot: Bot, monitor: HealthMonitor) -> bytes:
    """Return all figures as Prometheus reads them."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Metrics(bot, monitor, await Stored.of(bot.store)))
    return generate_latest(registry)


def questions_of(bot: Bot, monitor: HealthMonitor, operator: Operator) -> ServiceQuestions:
    """Return what the web asks, answered by a bot and by those who look after it."""
    return ServiceQuestions(
        bot.services, troubles=lambda: operator.troubles, metrics=lambda: figures(bot, monitor)
    )


@asynccontextmanager
async def metrics_server(
    bot: Bot, monitor: HealthMonitor, operator: Operator, *, host: str, port: int
) -> AsyncGenerator[int]:
    """Serve `/healthz` and `/metrics` meanwhile; give the port, a free one for 0. Raises `OSError`."""
    async with served(make_monitor(questions_of(bot, monitor, operator)), host, port) as (_, bound):
        yield bound
