"""`/screener`: all coins beside each other, by what is nearest, heaviest, most one-sided or most trapped."""

from collections.abc import Mapping
from types import MappingProxyType

import structlog

from liqbot.charts.studio import DrawingError
from liqbot.chat.command import CommandContext, Settings, command
from liqbot.market.side import Side
from liqbot.message import Button, Message, Table
from liqbot.service.errors import UserError
from liqbot.service.picture_query import PictureStyle
from liqbot.service.screener import (
    PAGE,
    SORT,
    Order,
    ScreenerAnswer,
    ScreenerRow,
    read_order,
    read_page,
)
from liqbot.service.screener_picture import screener_input
from liqbot.text import N_, _, ngettext
from liqbot.text.figures import percent, share, usd

_log = structlog.get_logger()
_PLAIN: Mapping[str, str] = MappingProxyType({})
_TITLES = {
    Order.NEAREST: N_("Coins by their nearest cluster"),
    Order.FUEL: N_("Coins by fuel within 2% of spot"),
    Order.IMBALANCE: N_("Coins by how one-sided their fuel is"),
    Order.TRAPPED: N_("Coins by their trapped share"),
}
_BUTTONS = {
    Order.NEAREST: N_("Nearest"),
    Order.FUEL: N_("Fuel"),
    Order.IMBALANCE: N_("Imbalance"),
    Order.TRAPPED: N_("Trapped"),
}


@command(public=True, draws=True, takes=(SORT, PAGE))
async def screener(context: CommandContext, settings: Settings = _PLAIN) -> Message:
    """All coins beside each other, as a picture and as text.

    sort=nearest puts the coin first whose nearest cluster that matters is the nearest, sort=fuel the one with
    the most to be liquidated within 2% of spot, sort=imbalance the one whose fuel lies the most on one side,
    sort=trapped the one with the largest share of a side underwater. page=2 goes on.
    """
    unknown = next((name for name in settings if name not in (SORT, PAGE)), None)
    if unknown is not None:
        raise UserError("/screener takes sort= and page=, not {name}=.", name=unknown)
    order = read_order(settings.get(SORT, Order.NEAREST.value))
    page = read_page(settings.get(PAGE, "1"))
    answer = await context.services.screener.screener(order, page)
    if not answer.rows:
        raise UserError("No coin is known yet: the market is still being read. See /status")
    message = told_screener(answer)
    chat = await context.services.chats.settings(context.chat)
    asked = screener_input(answer, message.title, PictureStyle.kept(chat.look).look)
    try:
        picture = await context.services.pictures.studio.screener(asked)
    except DrawingError as error:
        _log.warning("screener_not_drawn", reason=str(error))
        return message
    return Message(
        title=message.title,
        tables=message.tables,
        notes=message.notes,
        picture=picture,
        actions=message.actions,
        time_ms=message.time_ms,
        provenance=message.provenance,
    )


def told_screener(answer: ScreenerAnswer) -> Message:
    """Return one page of coins in words."""
    title = _(_TITLES[answer.sort])
    if answer.pages > 1:
        title = _("{title}, page {page} of {pages}", title=title, page=answer.page, pages=answer.pages)
    labels = list(dict.fromkeys(row.label for row in answer.rows))
    return Message(
        title=title,
        tables=(Table(tuple(_cells(row, answer.sort) for row in answer.rows)),),
        notes=(ngettext("{count} coin", "{count} coins", answer.coins),),
        actions=tuple(_buttons(answer)),
        time_ms=answer.time_ms,
        provenance=" · ".join(labels[:3]),
    )


def _cells(row: ScreenerRow, order: Order) -> tuple[str, ...]:
    """Return what a phone has room for: the coin, and what it stands in its place for."""
    if order is Order.FUEL:
        return (row.coin, f"▼ {usd(row.down_2pct_usd)}", f"▲ {usd(row.up_2pct_usd)}")
    if order is Order.IMBALANCE:
        lean = "–" if row.lean is None else f"{row.lean:+.2f}".replace("-", "−")
        return (row.coin, lean, usd(row.fuel_usd))
    if order is Order.TRAPPED:
        shares = ((_("longs"), row.trapped_long), (_("shorts"), row.trapped_short))
        return (row.coin, *(f"{name} {'–' if one is None else share(one)}" for name, one in shares))
    if row.nearest_pct is None or row.nearest_usd is None:
        return (row.coin, "–", "")
    mark = "▲" if row.nearest_side is Side.SHORT else "▼"
    return (row.coin, f"{mark} {percent(row.nearest_pct, signed=True)}", usd(row.nearest_usd))


def _buttons(answer: ScreenerAnswer) -> list[Button]:
    here = f"/screener {SORT}={answer.sort.value}"
    turned = [
        Button(label, f"{here} {PAGE}={page}", renews=True)
        for label, page in ((_("Back"), answer.page - 1), (_("Next"), answer.page + 1))
        if 1 <= page <= answer.pages
    ]
    others = [
        Button(_(_BUTTONS[order]), f"/screener {SORT}={order.value}", renews=True)
        for order in Order
        if order is not answer.sort
    ]
    return [Button(_("Refresh"), f"{here} {PAGE}={answer.page}", renews=True), *turned, *others]


COMMANDS = (screener,)
