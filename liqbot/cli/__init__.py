"""The operator's commands."""

import errno
import gc
import importlib
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from types import MappingProxyType, TracebackType
from typing import Annotated, NoReturn

import typer

from liqbot import __version__
from liqbot.core_dumps import write_none
from liqbot.errors import OperatorError
from liqbot.logs import redacted

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "run": "running",
        "demo": "running",
        "replay": "replaying",
        "view": "looking",
        "heatmap": "looking",
        "liquidations": "flows",
        "history": "records",
        "book": "flows",
        "stops": "flows",
        "cascade": "flows",
        "brief": "flows",
        "screener": "flows",
        "scoreboard": "records",
        "account": "accounts",
        "export": "exporting",
        "scan": "scanning",
        "record": "scanning",
        "brackets": "brackets",
        "validate": "validating",
        "measure": "measuring",
        "mcp": "agents",
        "config": "house",
        "doctor": "house",
        "setup": "setup",
    }
)
"""Which module of this package has which command, as a function of its name."""
GROUPS: Mapping[str, str] = MappingProxyType({"db": "database", "plugins": "plugins"})
"""Which module has which group of commands, as its `app`."""
_TAKES_MINUS: Mapping[str, bool] = MappingProxyType({"ignore_unknown_options": True})
"""Of a command that takes a move of the price: `-3%` is no option."""
OF_THE_PLACE = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT),
    *(errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG),
)
"""Errors of files and folders that an operator can mend."""
_COMPLETING = "_LIQBOT_COMPLETE"
_ALL = (*COMMANDS, *GROUPS)


def command_line(names: Sequence[str] = _ALL) -> typer.Typer:
    """Return the command line with the commands and groups of these names.

    Only their modules are loaded: the whole bot takes a second that `liqbot --version` has no use for.
    """
    app = typer.Typer(
        name="liqbot",
        help="Liquidation heatmaps and alerts for Discord, Telegram and the terminal.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for name in names:
        module = importlib.import_module(f"{__name__}.{GROUPS.get(name) or COMMANDS[name]}")
        if name in GROUPS:
            app.add_typer(module.app, name=name)
        else:
            app.command(context_settings=dict(_TAKES_MINUS) if name == "cascade" else None)(
                getattr(module, name)
            )
    return app


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the option's value
    if wanted:
        typer.echo(f"liqbot {__version__}")
        raise typer.Exit


def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Liquidation heatmaps and alerts for Discord, Telegram and the terminal."""
    del version


def main() -> None:
    """Run the command line; what an operator can mend is said on standard error, and the status is 1."""
    write_none()
    _open_what_is_closed()
    sys.excepthook = _tell
    _write_what_can_be_written()
    try:
        _loaded(sys.argv[1:])()
    except OperatorError as error:
        _give_up(f"{error.about}{error}")
    except OSError as error:
        if error.errno not in OF_THE_PLACE or error.filename is None:
            raise
        _give_up(f"{error.filename}: {error.strerror}")


def _loaded(words: Sequence[str]) -> typer.Typer:
    """Return the command line for `words`; what is loaded stays, so that garbage is neither sought nor found.

    Looking for it while modules are loaded takes as long again as a fifth of the loading.
    """
    gc.disable()
    try:
        return command_line(_wanted(words))
    finally:
        gc.freeze()
        gc.enable()


def _wanted(words: Sequence[str]) -> Sequence[str]:
    """Return the names of the commands that a line needs: all for help, for completion and for a slip."""
    if _COMPLETING in os.environ or not words:
        return _ALL
    if words[0] == "--version":
        return ()
    return (words[0],) if words[0] in _ALL else _ALL


def _open_what_is_closed() -> None:
    """Put nothing in the place of a stream that was closed before the start, as some services have it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115 - as long as the process
            setattr(sys, name, stream)


def _write_what_can_be_written() -> None:
    """Have a terminal that does not know a character show another one in its place: no error comes of it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Write a traceback as Python does, without what is secret: it may be in what an error says."""
    sys.stderr.write(redacted("".join(traceback.format_exception(kind, error, trace))))


def _give_up(reason: str) -> NoReturn:
    for line in redacted(reason).splitlines():
        print(f"liqbot: {line}", file=sys.stderr)  # noqa: T201 - this is the command line
    sys.exit(1)
