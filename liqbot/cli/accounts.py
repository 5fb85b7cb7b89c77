"""`liqbot account`: what one account holds, and how far that is from liquidation."""

import asyncio
import contextlib
from typing import Annotated

import typer

from liqbot.app.bot import clock_ms
from liqbot.app.plugin_setup import plugins_of
from liqbot.app.sources import make_source
from liqbot.chat.account_commands import told_account
from liqbot.cli.flows import Json, print_answer
from liqbot.logs import set_up_logs
from liqbot.operations.account_look import looked
from liqbot.service.errors import UserError
from liqbot.settings import load_settings
from liqbot.sources.source import NoDataError, SourceError


def account(
    address: Annotated[str, typer.Argument(help="Its address, 0x and 40 digits, or a link with it.")],
    *,
    as_json: Json = False,
) -> None:
    """Print what one account holds, by a look at it: the first of LIQBOT_SOURCES is asked."""
    set_up_logs("error")
    settings = load_settings()
    with contextlib.closing(plugins_of(settings)) as plugins:
        source = make_source(settings.sources[0], settings, clock_ms(), plugins.sources)
        try:
            answer = asyncio.run(looked(source, address))
        except UserError as error:
            raise typer.BadParameter(str(error)) from None
        except NoDataError as error:
            raise SourceError(str(error)) from None
    print_answer(answer, told_account(answer, clock_ms()), as_json=as_json)
