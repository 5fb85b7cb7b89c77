"""`liqbot plugins replay`: when a rule would have fired on the history in the bot's database."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from liqbot.alerts.layer_choice import fits, rank
from liqbot.alerts.preview import Firing, Preview, preview
from liqbot.app.plugin_setup import HOUSE, wanted
from liqbot.charts.studio import Studio
from liqbot.cli.terminal import spelled, utc
from liqbot.hosting.plugins import Plugins, Wanted, load_plugins
from liqbot.logs import set_up_logs
from liqbot.market.view import MarketView
from liqbot.rules.hit import RuleFault
from liqbot.rules.parameters import ParameterError, Value
from liqbot.rules.plugin_discovery import find_at
from liqbot.rules.rule import Rule
from liqbot.rules.units import Unit, read_amount
from liqbot.rules.wording import counted
from liqbot.service.windows import WINDOWS
from liqbot.settings import Settings, load_settings
from liqbot.sources.source import SourceError
from liqbot.store.history import History
from liqbot.store.observations import step_at
from liqbot.store.sqlite.store import reading
from liqbot.store.store import Store

WINDOW = "24h"
"""How far back the picture of an alert looks."""


def replay(  # noqa: PLR0917 - a command's options
    plugin: Annotated[Path, typer.Argument(help="The plugin: its file, or the folder of its package.")],
    since: Annotated[str, typer.Option(help="How far back, as 7d or 12h.")] = "7d",
    coin: Annotated[str | None, typer.Option(help="One coin.", show_default="every coin")] = None,
    venue: Annotated[
        str,
        typer.Option(
            help="The map to read: a venue, measured or modelled.", show_default="the best there is"
        ),
    ] = "",
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="A parameter, as within=3%.", show_default=False)
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="A folder for a picture of each alert.", show_default="none")
    ] = None,
) -> None:
    """Tell when a plugin's rules would have fired on stored history: when, what, and a picture of each."""
    set_up_logs("error")
    seconds = read_amount(since, Unit.SECONDS)
    if not seconds or seconds < 0:
        raise typer.BadParameter(f"{since!r} is no span of time; write it as 7d or 12h", param_hint="--since")
    settings = load_settings()
    plugins = _loaded(plugin, settings)
    try:
        mine = [rule for rule in plugins.rules.by_name.values() if rule not in HOUSE]
        if plugins.errors or not mine:
            raise SourceError("\n".join(map(str, plugins.errors)) or f"{plugin} brings no rule")
        chosen = [(rule, _values(rule, setting or [])) for rule in mine]
        if pictures is not None:
            pictures.mkdir(parents=True, exist_ok=True)
        asyncio.run(_replayed(chosen, settings.database, _Asked(coin, venue, since), pictures))
    finally:
        plugins.close()


class _Asked(NamedTuple):
    """What of the history is read: of one coin or of all, which map, and how far back."""

    coin: str | None
    venue: str
    since: str


async def _replayed(
    rules: Sequence[tuple[Rule, Mapping[str, Value]]],
    database: Path,
    asked: _Asked,
    pictures: Path | None,
) -> None:
    since = asked.since
    async with reading(database) as store:
        for name in _coins(await store.history.coins(), asked.coin, database):
            newest = await _newest(store, name, asked.venue)
            if newest is None:
                continue
            since_ms = newest.time_ms - round(1000 * (read_amount(since, Unit.SECONDS) or 0))
            for rule, values in rules:
                found = await previewed(rule, values, store, newest, since_ms)
                _tell(rule, name, found, since)
                if pictures is not None:
                    await _draw(found.firings, store.history, pictures)


def _loaded(plugin: Path, settings: Settings) -> Plugins:
    """Return the plugin alone, held as the settings ask for."""
    own = wanted(settings)
    [candidate] = find_at(plugin)[:1] or [None]
    if candidate is None:
        raise typer.BadParameter(f"there is no plugin in {plugin}")
    trusted = tuple(name for name in own.trusted if name == candidate.name)
    return load_plugins(
        HOUSE, Wanted(only=candidate, trusted=trusted, limits=own.limits, hidden=own.hidden, show_output=True)
    )


def _coins(known: Sequence[str], coin: str | None, database: Path) -> Sequence[str]:
    if not known:
        raise SourceError(f"{database} has no history yet; `liqbot run` gathers it")
    if coin is None:
        return known
    name = spelled(coin, known)
    if name is None:
        raise SourceError(f"{database} has no {coin}; it has {', '.join(known)}")
    return [name]


async def _newest(store: Store, coin: str, venue: str) -> MarketView | None:
    """Return the newest view of the best layer of `coin` that a subscription with this `venue` may read."""
    layers = rank(await store.observations.layers(coin))
    fitting = [layer for layer in layers if fits(layer, venue)]
    if layers and not fitting:
        known = ", ".join(layer.label for layer in layers)
        raise typer.BadParameter(f"{venue!r} has no {coin}; there is {known}", param_hint="--venue")
    newest = await store.observations.newest(fitting[0], coin) if fitting else None
    return None if newest is None else newest.view


def _values(rule: Rule, written: Sequence[str]) -> Mapping[str, Value]:
    pairs = {name: value for name, _, value in (text.partition("=") for text in written)}
    try:
        return rule.form.parse(pairs)
    except ParameterError as error:
        raise typer.BadParameter(f"{rule.name}: {error}", param_hint="--set") from None


async def previewed(
    rule: Rule, values: Mapping[str, Value], store: Store, newest: MarketView, since_ms: int
) -> Preview:
    """Return when a rule would have fired up to `newest`. Raises `SourceError` where it fails."""
    seen = store.observations.since(newest.layer, newest.coin, since_ms)
    try:
        return await preview(rule, values, seen, step_of=lambda view: step_at(newest.time_ms - view.time_ms))
    except RuleFault as fault:
        raise SourceError(str(fault)) from None


def _tell(rule: Rule, coin: str, found: Preview, since: str) -> None:
    often = counted(len(found.firings), "time")
    typer.echo(f"{rule.name} on {coin}: would have fired {often} in {since} ({counted(found.views, 'view')})")
    for firing in found.firings:
        typer.echo(f"  {utc(firing.view.time_ms)}  {firing.hit.text}")


async def _draw(firings: Sequence[Firing], history: History, folder: Path) -> None:
    with Studio() as studio:
        for firing in firings:
            view = firing.view
            grid = await history.grid(view, WINDOWS[WINDOW])
            picture = await studio.heatmap(view.with_grid(grid), WINDOW)
            file = folder / f"{view.coin}-{view.time_ms}.png"
            file.write_bytes(picture.png)
            typer.echo(f"  {file}")
