"""`liqbot setup`: asks for what a bot needs, checks it, and writes the settings and a service."""

import asyncio
import getpass
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import typer
from pydantic import ValidationError

import liqbot
from liqbot.chat import registry as platforms
from liqbot.chat.adapter import AdapterError
from liqbot.logs import hide, set_up_logs
from liqbot.sections import Section
from liqbot.settings import Settings, SettingsError, load_settings, settings_file
from liqbot.sources import registry as sources

NONE = "none"
USER_OF_IMAGE = 1000
"""The number of the user that the bot runs as in its image."""
_UNIT = "liqbot.service"
_OF_THE_UNIT = (
    "#",
    "ExecStart=",
    "Environment=",
    "LoadCredential=",
    "DynamicUser=",
    "StateDirectory",
    "WorkingDirectory=",
    "ProtectHome=",
)
"""Lines of the shipped unit that are about where it is installed."""


def setup() -> None:
    """Ask for what a bot needs, check it, and write liqbot.toml for you alone; offer a service."""
    set_up_logs("error")
    file = settings_file()
    if file.exists() and not typer.confirm(f"{file} is there already. Write it anew?", default=False):
        raise typer.Exit(1)
    values: dict[str, object] = {}
    platform, token, link = _platform()
    chosen = _chosen("Where data comes from", "hyperliquid", sources.is_spelt, ", ".join(sources.spellings()))
    values["sources"] = chosen
    values["coins"] = [coin.upper() for coin in _list(typer.prompt("Coins", default="BTC,ETH,SOL"))]
    sections: dict[str, Mapping[str, object]] = {}
    if platform != NONE:
        sections[platform] = {"token": token}
        own = typer.prompt("Your own id there, to own the bot with /admin (empty for nobody)", default="")
        if own.strip():
            sections["access"] = {"owners": [f"{platform}:{own.strip()}"]}
            values["operator_chat"] = f"{platform}:{own.strip()}" if platform == "telegram" else ""
    _require_good({**values, **sections})
    write_for_owner(file, "\n".join(_toml(values, sections)))
    typer.echo(f"Written: {file}, for you alone")
    _service(file)
    typer.echo(
        "Start it: liqbot run" if platform == NONE else f"Start it: liqbot run --serve. The bot: {link}"
    )


def write_for_owner(file: Path, text: str) -> None:
    """Write a file that nobody else may read, whole or not at all. Raises `SettingsError`."""
    new = file.with_name(f"{file.name}.new")
    try:
        with os.fdopen(
            os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="utf-8"
        ) as out:
            out.write(text)
        new.replace(file)
    except OSError as error:
        raise SettingsError(f"{file}: cannot be written: {error.strerror}") from None


def _platform() -> tuple[str, str, str]:
    """Return which platform is served, with which token, and the bot's link there."""
    known = platforms.platforms()
    names = (*known, NONE)
    platform = _chosen(f"Where people talk to it ({', '.join(names)})", "telegram", names.__contains__, "")[0]
    if platform == NONE:
        return NONE, "", ""
    while True:
        token = _secret(f"Token of the bot on {platform}")
        try:
            section = _section(known[platform].settings, token)
            hide(platforms.secrets(section))
            return platform, token, str(asyncio.run(_checked(platform, section)))
        except ValidationError as error:
            typer.echo(f"✗ The token {error.errors()[0]['msg'].removeprefix('Value error, ')}")
        except AdapterError as error:
            typer.echo(f"✗ {error}")
            if typer.confirm("Write it all the same?", default=False):
                return platform, token, "liqbot doctor tells its link"


def _secret(question: str) -> str:
    """Ask for what nobody else should see."""
    if sys.stdin.isatty():
        return str(typer.prompt(question, hide_input=True)).strip()
    typer.echo(f"{question}: ")
    answer = sys.stdin.readline()
    if not answer:
        raise typer.Abort
    return answer.strip()


async def _checked(platform: str, section: Section) -> object:
    return await platforms.platforms()[platform].check(section)


def _section(kind: type[Section], token: str) -> Section:
    """Return a platform's section with a token, and else as variables say. Raises `ValidationError`."""
    own = {name: value for name, value in os.environ.items() if name != "LIQBOT_CONFIG"}
    given = load_settings({**own, "LIQBOT_CONFIG": os.devnull}).section(kind)
    values = {name: getattr(given, name) for name in given.model_fields_set}
    return kind(**{**values, "token": token})


def _chosen(question: str, default: str, is_one: Callable[[str], bool], names: str) -> Sequence[str]:
    """Ask until every word of the answer is one."""
    while True:
        words = [
            word.lower() if ":" not in word else word
            for word in _list(typer.prompt(question, default=default))
        ]
        wrong = [word for word in words if not is_one(word)]
        if words and not wrong:
            return words
        typer.echo(f"✗ There is no {', '.join(wrong) or 'such'}." + (f" There is {names}." if names else ""))


def _list(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _require_good(values: Mapping[str, object]) -> None:
    """Raise `SettingsError` where the settings would be refused at the start."""
    try:
        Settings.model_validate({name: value for name, value in values.items() if value != ""})
    except ValidationError as error:
        said = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise SettingsError("\n".join(said)) from None


def _toml(values: Mapping[str, object], sections: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    yield "# Settings of liqbot; `liqbot config` lists all. There may be a token: keep it to yourself."
    yield from (f"{name} = {json.dumps(value)}" for name, value in values.items() if value != "")
    for name, section in sections.items():
        yield f"\n[{name}]"
        yield from (f"{key} = {json.dumps(value)}" for key, value in section.items())
    yield ""


def _service(file: Path) -> None:
    """Offer what keeps it running."""
    offered = ("systemd", *(["compose"] if Path("Dockerfile").exists() else []), NONE)
    choice = _chosen(f"What keeps it running ({', '.join(offered)})", NONE, offered.__contains__, "")[0]
    if choice == "systemd":
        Path(_UNIT).write_text(unit(file.absolute()), encoding="utf-8")
        typer.echo(
            f"Written: {_UNIT}. Install it: sudo cp {_UNIT} /etc/systemd/system/ && "
            "sudo systemctl enable --now liqbot"
        )
    elif choice == "compose":
        # Nobody else may read the file: where it is not the image's user's, the container could not either.
        first = "" if os.getuid() == USER_OF_IMAGE else f"sudo chown {USER_OF_IMAGE} {file} && "
        typer.echo(f"compose.yaml mounts liqbot.toml: {first}docker compose up --detach")


def unit(file: Path) -> str:
    """Return a hardened unit of systemd that runs this liqbot with the settings of a file, in its folder."""
    folder, program = file.parent, Path(sys.argv[0]).absolute()
    start = _started(str(program)) if program.name == "liqbot" else _started(sys.executable, "-m liqbot")
    own = [
        f"ExecStart={start} run --serve",
        f"Environment={_quoted(f'LIQBOT_CONFIG={file}')}",
        f"User={getpass.getuser()}",
        f"WorkingDirectory={str(folder).replace('%', '%%')}",  # a path alone, whatever is in it
        f"ReadWritePaths={_quoted(folder)}",
        "ProtectHome=no",
    ]
    lines: list[str] = []
    for line in shipped(_UNIT).read_text(encoding="utf-8").splitlines():
        if line.startswith(_OF_THE_UNIT):
            continue
        lines += [line, *(own if line == "[Service]" else [])]
    return "\n".join(lines) + "\n"


def _started(program: str, *words: str) -> str:
    """Return how a program is named in ExecStart=, where the first word has no quotation marks in it."""
    through = ("/usr/bin/env", _quoted(program).replace("$", "$$"))
    return " ".join([*(through if re.search(r"[\"'\\]", program) else (_quoted(program),)), *words])


def _quoted(path: object) -> str:
    """Return a word as systemd reads it in a list, after systemd.syntax(7) and systemd.unit(5)."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{text}"' if re.search(r"[\s\"'\\]", text) else text


def shipped(name: str) -> Path:
    """Return a file of `deploy/`: inside the package in a wheel, beside it in a checkout."""
    package = Path(liqbot.__file__).parent
    inside = package / "examples" / "deploy" / name
    return inside if inside.exists() else package.parent / "deploy" / name
