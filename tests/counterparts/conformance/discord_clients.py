"""discord.js from npm and hikari from PyPI, unchanged, against the counterpart of Discord.

Run by `make conformance`; needs Node 20 and npm. A user plays with a bot made with each; at the end nothing
may have broken the published description. hikari lives in an environment of its own.
"""

import asyncio
import base64
import hashlib
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

from counterparts.discord import Discord
from PIL import Image

HERE = Path(__file__).resolve().parent
DISCORDJS, HIKARI = HERE / "discordjs", HERE / "hikari"
WITHIN = 15.0


async def meets(name: str, command: list[str], *arguments: str, alt: str | None) -> None:
    """Start a bot and do all it can be asked for; `alt` is the alt text it sets, where its library can.

    `arguments` are those of the counterpart.
    """
    async with Discord.start(*arguments) as discord:
        if not discord.validating:
            told(name, "without the published description beside the project: its checks are off")
        guild = await discord.add_guild()
        channel = await discord.add_channel(guild.id, "alerts")
        order = {
            "token": discord.token,
            "url": f"http://127.0.0.1:{discord.port}/api",
            "channel": str(channel),
            "picture": base64.b64encode(picture()).decode(),
        }
        bot = await asyncio.create_subprocess_exec(*command, json.dumps(order))
        try:
            await check_alert(name, discord, channel, alt)
            await check_command(name, discord, channel, alt)
            await check_settings(name, discord, channel)
            await check_troubles(name, discord, channel)
            await discord.assert_clean()
        finally:
            if bot.returncode is None:
                bot.terminate()
                await asyncio.wait_for(bot.wait(), WITHIN)
        told(name, "everything held")


async def check_alert(name: str, discord: Discord, channel: int, alt: str | None) -> None:
    await discord.sessions(wait=WITHIN)
    [alert] = await discord.messages(channel, at_least=1, wait=WITHIN)
    assert alert.content == "alert"
    check_picture(alert.files, alt, embedded=False)
    await until_sent_twice(discord)
    assert len(await discord.messages(channel)) == 1
    assert {command["name"] for command in await discord.commands()} == {"heatmap", "settings"}
    told(name, "login, commands, a message with a picture, and again with its nonce: still one")


async def until_sent_twice(discord: Discord) -> None:
    async with asyncio.timeout(WITHIN):
        while [call.status for call in await discord.calls("POST", "/messages$")] != [200, 200]:  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.02)


async def check_command(name: str, discord: Discord, channel: int, alt: str | None) -> None:
    offered = await discord.autocomplete("heatmap", channel, "coin", "b")
    assert [choice["value"] for choice in offered.choices or []] == ["BTC"]
    answer = await discord.slash("heatmap", channel, coin="BTC", days=7)
    assert answer.callback == 5
    assert answer.message.embeds[0]["title"] == "BTC"
    assert answer.message.embeds[0]["fields"] == [{"name": "days", "value": "7", "inline": False}]
    check_picture(answer.message.files, alt, embedded=True)
    assert answer.message.labels == ["Refresh", "Site"]
    chosen = await discord.choose(answer.message, "window", ["7d"])
    assert (chosen.callback, chosen.message.content) == (7, "window 7d")
    pressed = await discord.press(answer.message, "Refresh")
    assert (pressed.callback, pressed.message.id, pressed.message.content) == (
        6,
        answer.message.id,
        "refreshed",
    )
    check_picture(pressed.message.files, alt, embedded=True)
    [private] = (await followed_up(discord, pressed.id)).followups
    assert private.ephemeral
    told(name, "autocomplete, a deferred answer with a picture, a menu, a button, a follow-up")


async def check_settings(name: str, discord: Discord, channel: int) -> None:
    answer = await discord.run("settings channel", channel, {"where": channel})
    assert answer.message.ephemeral
    assert answer.message.content == "to alerts"
    [more] = (await followed_up(discord, answer.id)).followups
    assert more.content == f"answered {answer.message.id}"
    told(name, "a subcommand with a channel, answered for its user alone")


async def followed_up(discord: Discord, interaction: int):
    async with asyncio.timeout(WITHIN):
        while not (answer := await discord.answer(interaction, until="now")).followups:  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.02)
    return answer


async def check_troubles(name: str, discord: Discord, channel: int) -> None:
    await discord.gateway_close(4000)
    waiting = await discord.slash("heatmap", channel, coin="ETH", days=1, until="now")
    answer = await discord.answer(waiting.id, wait=WITHIN)
    assert not answer.failed, "the command sent while the gateway was closed was not answered"
    assert await discord.identifies() == 1
    await discord.fault("PATCH", "@original", status=429, retry_after=0.2)
    answer = await discord.slash("heatmap", channel, coin="ETH", days=1)
    assert answer.message.embeds[0]["title"] == "ETH"
    told(name, "resumed after a closed gateway, and heeded a 429")


def check_picture(files: list[dict], alt: str | None, *, embedded: bool) -> None:
    [file] = files
    assert file["sha256"] == hashlib.sha256(picture()).hexdigest()
    assert (file.get("description"), file["embedded"]) == (alt, embedded)


def picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (640, 400), "navy").save(written, "PNG")
    return written.getvalue()


def told(name: str, what: str) -> None:
    print(f"{name}: {what}", flush=True)  # noqa: T201 - the report of this script


def install_discordjs() -> list[str]:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        sys.exit("make conformance needs Node 20 with npm")
    if _outdated(DISCORDJS / "node_modules/.package-lock.json", DISCORDJS / "package-lock.json"):
        subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--silent"], cwd=DISCORDJS, check=True)
    return [node, str(DISCORDJS / "bot.js")]


def install_hikari() -> list[str]:
    environment, wanted = HIKARI / ".venv", HIKARI / "requirements.txt"
    python, stamp = environment / "bin/python", environment / "installed"
    if _outdated(stamp, wanted):
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        install = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
            str(wanted),
        ]
        subprocess.run([str(python), *install], check=True)
        stamp.touch()
    return [str(python), str(HIKARI / "bot.py")]


def _outdated(made: Path, source: Path) -> bool:
    return not made.exists() or made.stat().st_mtime < source.stat().st_mtime


async def run() -> None:
    await meets("discord.js", install_discordjs(), alt="A heatmap of BTC")
    await meets("hikari", install_hikari(), "--take-binary", alt=None)  # its JSON comes in binary frames


if __name__ == "__main__":
    asyncio.run(run())
