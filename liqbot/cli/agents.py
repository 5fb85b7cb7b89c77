"""`liqbot mcp`: the market for agents."""

from typing import Annotated

import typer

from liqbot.settings import load_settings


def mcp(
    address: Annotated[
        str | None,
        typer.Option("--address", help="Where a running bot's page is; default: here.", show_default=False),
    ] = None,
) -> None:
    """Answer agents by the Model Context Protocol, on standard input and output, out of a running bot.

    It is read-only: what `/api/v1` answers, as tools. It needs the extra: pip install "liqbot[mcp]".
    """
    try:
        from liqbot.web.agents import make_server  # noqa: PLC0415 - an extra, and slow to load
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("mcp", "mcp_types"):
            raise
        raise typer.BadParameter('install the extra first: pip install "liqbot[mcp]"') from None
    make_server(address or f"http://127.0.0.1:{load_settings().web.port}").run("stdio")
