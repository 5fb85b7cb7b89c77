"""What the web needs of the rest of the house: questions with typed answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from liqbot.market.grid import Grid
from liqbot.market.view import MarketView
from liqbot.message import Picture
from liqbot.service.account_answer import AccountAnswer
from liqbot.service.books import BookAnswer
from liqbot.service.brief import BriefAnswer
from liqbot.service.cascades import CascadeAnswer
from liqbot.service.comparisons import ComparisonAnswer
from liqbot.service.exports import Exports
from liqbot.service.liquidations import LiquidationsAnswer
from liqbot.service.past_readings import PastAnswer
from liqbot.service.scoreboards import ScoreboardAnswer
from liqbot.service.screener import ScreenerAnswer
from liqbot.service.status import ModelScore
from liqbot.service.stops import StopsAnswer


@dataclass(frozen=True, slots=True)
class Shown:
    """A view with what is said beside it."""

    view: MarketView
    provenance: str
    venues: Mapping[str, str]
    """What `venue=` takes, each with a word on what it is."""
    tiers: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened, in one line and in figures."""

    id: int
    time_ms: int
    kind: str
    """`born`, `grew`, `swept`, `closed`, `merged`, `liquidation`, `liquidations`, `regime`."""
    side: str | None
    price: float | None
    usd: float | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReading:
    """A reading of the past."""

    time_ms: int
    spot: float
    ratio: float | None
    regime: str
    up_usd: float
    down_usd: float
    funding: float | None
    open_interest_usd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSeen:
    """An alert as it went out, without who got it."""

    id: int
    coin: str
    rule: str
    time_ms: int
    title: str
    text: str
    side: str | None


@runtime_checkable
class WebQuestions(Protocol):
    """The questions that the page and the API ask. Each raises `LookupError` or `ValueError` in words."""

    def coins(self) -> Mapping[str, Sequence[MarketView]]:
        """Return the newest view of each layer by coin, the one that people see first."""
        ...

    def revision(self, coin: str) -> int:
        """Return a number that is another one once anything that is shown of a coin may be another."""
        ...

    @property
    def windows(self) -> Sequence[str]:
        """The windows of a heatmap, the shortest first."""
        ...

    async def shown(self, coin: str, part: Mapping[str, str]) -> Shown:
        """Return the view of a coin; `part` may hold `venue`, `tier` and `opened`."""
        ...

    async def grid(self, coin: str, window: str, part: Mapping[str, str]) -> tuple[MarketView, Grid]:
        """Return a view and the past maps of a window up to it."""
        ...

    async def happenings(
        self, coin: str, window: str, part: Mapping[str, str], limit: int
    ) -> Sequence[Happening]:
        """Return what happened within a window, the oldest first, at most the newest `limit`."""
        ...

    async def liquidations(self, coin: str, window_s: float, venue: str | None) -> LiquidationsAnswer:
        """Return what was liquidated in the last `window_s` seconds, of all venues or of one."""
        ...

    async def past(self, coin: str, window: str, part: Mapping[str, str]) -> PastAnswer:
        """Return the readings of a window, and what price did after each regime began."""
        ...

    async def book(self, coin: str, venue: str | None) -> BookAnswer:
        """Return the order book of a coin at one venue, or at the first that has one."""
        ...

    async def stops(self, coin: str, venue: str | None) -> StopsAnswer:
        """Return the stop orders of a coin at one venue, or at the first that tells of them."""
        ...

    async def cascade(self, coin: str, push_pct: float, venue: str | None) -> CascadeAnswer:
        """Return what pushing the price by `push_pct` percent would set off."""
        ...

    async def screener(self, sort: str, page: int) -> ScreenerAnswer:
        """Return one page of all coins in an order."""
        ...

    async def brief(self, coin: str) -> BriefAnswer:
        """Return what to check of a coin before a trade."""
        ...

    async def comparison(self, coin: str, settings: Mapping[str, str]) -> ComparisonAnswer:
        """Return maps side by side in figures; `settings` may hold `by` and `venue`."""
        ...

    async def account(self, address: str) -> AccountAnswer:
        """Return what an account holds."""
        ...

    async def model_scores(self) -> Sequence[ModelScore]:
        """Return how the modelled maps fared against the truth at the last daily trial, by coin and layer."""
        ...

    async def scoreboard(self, coin: str, window: str, settings: Mapping[str, str]) -> ScoreboardAnswer:
        """Return what became of clusters; `settings` may hold `within`, `least` and `venue`."""
        ...

    @property
    def exports(self) -> Exports:
        """What is kept, as files."""
        ...

    async def readings(self, coin: str, days: int, part: Mapping[str, str]) -> Sequence[DayReading]:
        """Return one reading a day, the oldest first; `part` may hold `venue`."""
        ...

    async def alerts(self, coin: str | None, limit: int) -> Sequence[AlertSeen]:
        """Return the newest alerts, the newest first, without samples."""
        ...

    async def picture(self, coin: str, kind: str, window: str, settings: Mapping[str, str]) -> Picture:
        """Return a `heatmap`, a `map`, a `map3d` or a `compare` as PNG; `settings` as commands take them."""
        ...

    def window_ms(self, window: str) -> int:
        """Return how long a window is."""
        ...

    def now_ms(self) -> int:
        """Return the clock's time, ms since 1970 UTC."""
        ...

    def hindrances(self) -> Mapping[str, str]:
        """Return what keeps this process from serving now, by name."""
        ...

    def troubles(self) -> Mapping[str, str]:
        """Return what is wrong now, by name."""
        ...

    async def metrics(self) -> bytes:
        """Return the figures for Prometheus."""
        ...
