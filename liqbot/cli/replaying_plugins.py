"""`liqbot plugins replay`: when a rule would have fired on the history in the bot's database."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from liqbot.alerts.preview import Firing
from liqbot.app.plugin_setup import HOUSE, wanted
from liqbot.charts.studio import Studio
from liqbot.cli.terminal import utc
from liqbot.hosting.plugins import Plugins, Wanted, load_plugins
from liqbot.logs import set_up_logs
from liqbot.operations.plugin_replay import Found, NoSuchLayerError, firing_heatmap, replayed
from liqbot.rules.parameters import ParameterError, Value
from liqbot.rules.plugin_discovery import find_at
from liqbot.rules.rule import Need, Rule
from liqbot.rules.units import Unit, read_amount
from liqbot.rules.wording import counted
from liqbot.settings import Settings, load_settings
from liqbot.sources.source import SourceError

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
        asyncio.run(_replay(chosen, settings, _Asked(coin, venue, since, seconds, pictures)))
    finally:
        plugins.close()


class _Asked(NamedTuple):
    """What of the history is read: of one coin or of all, which map, how far back; and where pictures go."""

    coin: str | None
    venue: str
    since: str
    seconds: float
    pictures: Path | None


async def _replay(
    rules: Sequence[tuple[Rule, Mapping[str, Value]]], settings: Settings, asked: _Asked
) -> None:
    found = replayed(rules, settings.database, asked.seconds, coin=asked.coin, venue=asked.venue)
    try:
        async for one in found:
            _tell(one, asked.since)
            if asked.pictures is not None:
                await _draw(one.preview.firings, settings, asked.pictures)
    except NoSuchLayerError as error:
        raise typer.BadParameter(str(error), param_hint="--venue") from None


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


def _values(rule: Rule, written: Sequence[str]) -> Mapping[str, Value]:
    pairs = {name: value for name, _, value in (text.partition("=") for text in written)}
    try:
        return rule.form.parse(pairs)
    except ParameterError as error:
        raise typer.BadParameter(f"{rule.name}: {error}", param_hint="--set") from None


def _tell(found: Found, since: str) -> None:
    told = found.preview
    often, views = counted(len(told.firings), "time"), counted(told.views, "view")
    typer.echo(f"{found.rule.name} on {found.coin}: would have fired {often} in {since} ({views})")
    for need, views_without in told.without.items():
        if need is not Need.LIQUIDATIONS:
            typer.echo(f"  {need}: not known in {views_without} of them, where it could not have fired")
        elif views_without == told.views:
            typer.echo(
                "  no liquidation was told of in that time: there was none, or the venue does not tell"
            )
    for firing in told.firings:
        typer.echo(f"  {utc(firing.view.time_ms)}  {firing.hit.text}")


async def _draw(firings: Sequence[Firing], settings: Settings, folder: Path) -> None:
    with Studio() as studio:
        for firing in firings:
            picture = await studio.heatmap(await firing_heatmap(settings.database, firing, WINDOW))
            file = folder / f"{firing.view.coin}-{firing.view.time_ms}.png"
            file.write_bytes(picture.png)
            typer.echo(f"  {file}")
