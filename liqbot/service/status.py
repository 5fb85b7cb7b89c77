"""How the bot is doing: sources, rules that fail or are not loaded but subscribed to, deliveries, load."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from liqbot.logs import redacted
from liqbot.market.layer import Basis, Origin
from liqbot.market.view import MarketView
from liqbot.rules.plugin_loading import Rules
from liqbot.service.findings import WELL, state_of
from liqbot.service.markets import Markets
from liqbot.service.processes import ProcessAnswer, Processes
from liqbot.service.sources import SourceHealth
from liqbot.service.troubles import Troubles
from liqbot.store.scores import ModelScore, Range
from liqbot.store.store import Store
from liqbot.text import _
from liqbot.text.figures import duration, usd

__all__ = ["CoinStatus", "ModelScore", "Range", "Status", "StatusAnswer"]


@dataclass(frozen=True, slots=True)
class CoinStatus:
    """What is known of a coin."""

    coin: str
    spot: float
    label: str
    """Of the layer: venue and basis."""
    positions: int | None
    """How many are known; None where they are modelled."""
    age_s: float | None
    clusters: int


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """How the bot is doing. Nothing of the machine that it runs on."""

    troubles: tuple[str, ...]
    """What is wrong, a sentence each; empty where all is well."""
    sources: tuple[str, ...]
    """What each source does."""
    remarks: tuple[str, ...]
    """What sources have to say besides, and what they never have."""
    coins: tuple[CoinStatus, ...]
    rules: tuple[str, ...]
    subscriptions: int
    owed: int
    """How many deliveries are under way."""
    scores: tuple[ModelScore, ...] = ()
    """How the modelled map fared against the truth, by coin, at the last daily trial."""
    away: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many chats take nothing at present, by why."""
    processes: tuple[ProcessAnswer, ...] = ()
    """The processes that the bot is made of; none where it is one."""


class Status:
    """Asks everyone how they are."""

    def __init__(
        self,
        store: Store,
        rules: Rules,
        markets: Markets,
        *,
        sources: Sequence[SourceHealth],
        faults: Mapping[str, int],
        clock: Callable[[], int],
        troubles: Troubles,
        processes: Processes | None = None,
    ) -> None:
        """`troubles` is what is wrong; `processes` knows of others of the bot."""
        self.processes = Processes() if processes is None else processes
        """Who is there of a bot of several processes."""
        self._troubles = troubles
        self.sources = sources
        self.faults = faults
        """How often each rule failed."""
        self._store = store
        self._rules = rules
        self._markets = markets
        self._clock = clock

    async def status(self) -> StatusAnswer:
        """Return how the bot is doing."""
        now_ms = self._clock()
        house = await self.processes.all()
        others = [text for process in house.processes for text in process.sources]
        return StatusAnswer(
            troubles=tuple(trouble.public_line(now_ms) for trouble in self._troubles.all),
            sources=tuple(
                dict.fromkeys([*(_source(one) for one in self.sources if one.state in WELL), *others])
            ),
            remarks=tuple(map(redacted, self._remarks())),
            coins=tuple(_coin(view, now_ms) for view in self._markets.all()),
            rules=tuple(self._rules.by_name),
            subscriptions=await self._store.subscriptions.count(),
            owed=await self._store.deliveries.owed(),
            scores=tuple(await self._store.scores.newest()),
            away=await self._store.absences.reasons(),
            processes=house.processes,
        )

    def _remarks(self) -> Iterator[str]:
        for source in self.sources:
            yield from source.report().lines
            yield from self._compared(source)
        for source in self.sources:
            for what, why in source.limits.items():
                yield _("{source} without {what}: {why}", source=source.name, what=what, why=why)

    def _compared(self, source: SourceHealth) -> Iterator[str]:
        """Yield how the fuel of a source's views compares with what others say."""
        for other in source.report().elsewhere:
            view = self._markets.view(other.coin)
            if view is not None and view.layer == source.layer:
                yield _(
                    "{coin} within 5%: {up} above and {down} below here, "
                    "{other_up} and {other_down} at {who}, {age} ago",
                    coin=other.coin,
                    up=usd(view.up_usd),
                    down=usd(view.down_usd),
                    other_up=usd(other.up_usd),
                    other_down=usd(other.down_usd),
                    who=other.who,
                    age=duration(max(self._clock() - other.time_ms, 0) / 1000),
                )


def _source(source: SourceHealth) -> str:
    return f"{source.name} ({source.layer.label}): {state_of(source)}"


def _coin(view: MarketView, now_ms: int) -> CoinStatus:
    # A live market that falls silent goes on ageing; a made-up or recorded one has a time of its own.
    silent_s = (now_ms - view.time_ms) / 1000 if view.layer.origin is Origin.LIVE else 0
    known = view.accounts.long + view.accounts.short
    return CoinStatus(
        coin=view.coin,
        spot=view.spot,
        label=view.layer.label,
        positions=known if view.layer.basis is Basis.MEASURED else None,
        age_s=None if view.age_s is None else view.age_s + max(silent_s, 0),
        clusters=len(view.clusters),
    )
