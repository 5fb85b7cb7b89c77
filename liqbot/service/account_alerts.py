"""What goes with alerts of accounts: their pictures, how the account stands now, and test alerts."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from liqbot.alerts.account_hits import change_hit, near_hit
from liqbot.alerts.account_message import called
from liqbot.alerts.account_rule import WATCH_ACCOUNT
from liqbot.charts.request import NamedLevel
from liqbot.market.accounts import AccountState, Change, HeldPosition, PositionChange
from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.market.wire import WireError
from liqbot.message import Picture
from liqbot.rules.hit import Hit
from liqbot.rules.parameters import ParameterError
from liqbot.service.accounts import Accounts
from liqbot.service.markets import Markets
from liqbot.service.picture_query import DEFAULT_STYLE, PictureStyle
from liqbot.service.pictures import Pictures
from liqbot.store.alerts import Alert
from liqbot.store.chats import ChatKey
from liqbot.store.observations import COARSE_STEP_MS, MINUTE_MS
from liqbot.store.store import Store
from liqbot.store.subscriptions import ACCOUNT_RULE, Watch
from liqbot.text import N_, _
from liqbot.text.figures import price, usd

_log = structlog.get_logger()

LATE_MS = 5 * MINUTE_MS
"""A view that is this much older or newer than an alert does not show what the alert saw."""
LOOKED_THROUGH = 200
"""Among so many of a chat's newest alerts the newest of an account is looked for."""
NOTHING_HELD = N_("Nothing to tell right now: it holds no position. A real alert says here what it saw.")
_SIDES = {Side.LONG: N_("long"), Side.SHORT: N_("short")}


class AccountAlerts:
    """Illustrates alerts of accounts, and makes test alerts of what was told, or of what an account holds."""

    def __init__(
        self,
        store: Store,
        accounts: Accounts,
        markets: Markets,
        pictures: Pictures,
        clock: Callable[[], int],
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._markets = markets
        self._pictures = pictures
        self._clock = clock

    async def picture(
        self, alert: Alert, state: AccountState, style: PictureStyle = DEFAULT_STYLE
    ) -> Picture | None:
        """Draw the market of the position that an alert is about, as it was then, its level marked and named.

        None where the position has no level, or where nothing is known of the market: its coin may be one
        that is not followed.
        """
        level = named_level(alert, state)
        view = None if level is None else await self._view(alert.market, alert.layer, alert.time_ms)
        return None if view is None else await self._pictures.of_alert(view, alert.hit, style, level)

    async def picture_now(
        self, alert: Alert, state: AccountState | None, style: PictureStyle
    ) -> Picture | None:
        """Draw the same market as it is now, with the level that the position has now; None as above."""
        held = None if state is None else state.position(alert.market)
        view = self._markets.in_layer(alert.market, alert.layer)
        if held is None or view is None:
            return None
        level = _of_position(called(alert.coin, alert.parameters), held)
        return None if level is None else await self._pictures.of_alert(view, alert.hit, style, level)

    async def sample(self, chat: ChatKey, account: str) -> None:
        """Send a chat a test alert of an account: what the chat heard of it last, else an example.

        The example is made of what it holds now. Raises `UserError`.
        """
        place = self._accounts.place_of(account)
        mine = [item.watch for item in await self._store.subscriptions.of(chat) if item.watch.is_of_account]
        form = WATCH_ACCOUNT.form
        unwatched = Watch(0, ACCOUNT_RULE, account, form.canonical(form.defaults()))
        watch = next((one for one in mine if one.coin == account), unwatched)
        told = await self._told_last(chat, account)
        if told is None:
            state = await self._accounts.state(account, chat)
            hit, state = example(state, _near_pct(watch))
        else:
            hit, state = told
        now_ms, layer = self._clock(), place.layer.key
        await self._store.alerts.sample(chat, watch, hit, state, now_ms, layer=layer)

    async def _told_last(self, chat: ChatKey, account: str) -> tuple[Hit, AccountState] | None:
        alerts = await self._store.alerts.newest_of(chat, LOOKED_THROUGH)
        real = (one for one in alerts if one.is_of_account and one.coin == account and not one.sample)
        for newest in real:
            try:
                return newest.hit, await self._store.alerts.account_of(newest)
            except WireError as error:
                _log.error("alert_without_account", alert=newest.id, reason=str(error))
        return None

    async def _view(self, coin: str, layer: str, time_ms: int) -> MarketView | None:
        """Return the market as it was at a time, in the layer of that key; None where that is not known."""
        view = self._markets.in_layer(coin, layer)
        if view is not None and abs(view.time_ms - time_ms) <= LATE_MS:
            return view
        places = [place.layer for place in self._accounts.places if place.layer.key == layer]
        for known in places[:1]:
            async for one in self._store.observations.since(known, coin, time_ms - MINUTE_MS):
                return one.view if one.view.time_ms - time_ms <= COARSE_STEP_MS else None
        return None


def named_level(alert: Alert, state: AccountState) -> NamedLevel | None:
    """Return the price that an alert is about, named; None for none: no price liquidates the position."""
    level, who = alert.hit.level, called(alert.coin, alert.parameters)
    kind, held = alert.hit.key.partition(":")[0], state.position(alert.market)
    if level is None or not level > 0:
        return None
    if kind == Change.LIQUIDATED:
        side = "" if alert.hit.side is None else _(_SIDES[alert.hit.side])
        words = {"who": who, "side": side, "usd": usd(alert.hit.value or 0.0), "price": price(level)}
        names = (
            _("{who}: {side} {usd} liquidated at {price}", **words),
            _("{side} {usd} liquidated at {price}", **words),
            _("liquidated at {price}", **words),
        )
        return NamedLevel(level, names, alert.hit.side)
    if held is None:
        words = {"who": who, "price": price(level)}
        names = (
            _("{who}: liquidation was {price}", **words),
            _("liquidation was {price}", **words),
        )
        return NamedLevel(level, names, alert.hit.side)
    return _of_position(who, held)


def example(state: AccountState, near_pct: float) -> tuple[Hit, AccountState]:
    """Return an alert as it could come of an account, and the account as it would be then.

    Of the position that is nearest to its liquidation it is told that it is near, at a price where it would
    be; where no price liquidates any, that the largest was opened.
    """
    nearest = next(iter(state.nearest_first()), None)
    if nearest is None:
        return Hit("sample", _(NOTHING_HELD)), state
    distance = nearest.distance()
    if nearest.liquidation is None or distance is None:
        change = PositionChange(Change.OPENED, state.account, nearest.coin, state.time_ms, None, nearest)
        hit = change_hit(change, None, gap_ms=0)
        return replace(hit, caveat=_("An example, made of what it holds now.")), state
    if 100 * distance <= near_pct:
        return near_hit(nearest, None, state.time_ms, gap_ms=0), state
    away = near_pct / 100
    mark = nearest.liquidation / (1 - away if nearest.side is Side.LONG else 1 + away)
    then = replace(nearest, mark=mark)
    hit = near_hit(then, None, state.time_ms, gap_ms=0)
    caveat = _(
        "An example: {coin} is at {now}, and this comes once it is at {then}.",
        coin=nearest.coin,
        now=price(nearest.mark),
        then=price(mark),
    )
    return replace(hit, caveat=caveat), replace(
        state, positions=_with(state.positions, then), equity_usd=None
    )


def _with(positions: Sequence[HeldPosition], then: HeldPosition) -> tuple[HeldPosition, ...]:
    return tuple(then if one.coin == then.coin else one for one in positions)


def _of_position(who: str, held: HeldPosition) -> NamedLevel | None:
    """Return the price that liquidates a position, named; None where none does."""
    level = held.liquidation
    if level is None or not level > 0:
        return None
    words = {"who": who, "side": _(_SIDES[held.side]), "usd": usd(held.usd), "price": price(level)}
    names = (
        _("{who}: {side} {usd}, liquidation {price}", **words),
        _("{side} {usd}, liquidation {price}", **words),
        _("liquidation {price}", **words),
    )
    return NamedLevel(level, names, held.side)


def _near_pct(watch: Watch) -> float:
    form = WATCH_ACCOUNT.form
    try:
        return float(form.restore(watch.parameters)["near"])
    except ParameterError:
        return float(form.defaults()["near"])
