"""grammY from npm, unchanged, against the counterpart of Telegram: what we wrote serves what we did not.

Run by `make conformance`; needs Node 20 and npm. A person plays with a bot of grammY's; at the end nothing
may have broken the published description.
"""

import asyncio
import base64
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

from counterparts.telegram import Telegram, start
from PIL import Image

FOLDER = Path(__file__).parent / "grammy"
WITHIN = 15


async def talk(telegram):
    """Play a person's side: every assertion is about what the bot of grammY did."""
    ann = await telegram.person("Ann", language="de")
    await telegram.limits(on=False)  # a bot of ten lines does not pace itself
    await telegram.polled(within=WITHIN)
    await check_keyboard(ann, telegram)
    await check_photos(ann, telegram)
    await check_refusals(ann, telegram)
    await check_rooms(ann, telegram)
    await telegram.settled(within=WITHIN)
    assert [command["description"] for command in await ann.menu("de")] == ["Beginnen"]
    assert not await telegram.violations(), await telegram.violations()


async def check_keyboard(ann, telegram):
    await ann.starts("heatmap_BTC")
    hello = await ann.hears(within=WITHIN)
    assert hello.text == "Hello Ann & heatmap_BTC"
    assert hello.entities == [{"offset": 0, "length": 5, "type": "bold"}]
    assert hello.buttons == ["Refresh", "Mute", "Site"]
    answer = await ann.taps(hello, "Refresh", within=WITHIN)
    assert answer is not None
    assert (answer.text, answer.alert) == ("fresh BTC", True)
    fresh = await telegram.edited(hello, within=WITHIN)
    assert (fresh.id, fresh.text, fresh.buttons) == (hello.id, "Refreshed", hello.buttons)
    told("long polling, a command, an inline keyboard, a tap, an edit")


async def check_photos(ann, telegram):
    await ann.says("/photo")
    first, again = await ann.hears(within=WITHIN), await ann.hears(within=WITHIN)
    assert (first.text, first.entities) == ("BTC 1.5", [{"offset": 0, "length": 3, "type": "bold"}])
    assert first.file_id == again.file_id
    assert await telegram.picture(again.file_id) == picture()
    edited = await telegram.edited(again, times=0 if again.before else 1, within=WITHIN)
    assert (edited.text, edited.before[0]["caption"]) == ("edited", "again")
    await ann.says("/swap")
    swapped = await ann.hears(within=WITHIN)
    swapped = await telegram.edited(swapped, times=0 if swapped.before else 1, within=WITHIN)
    assert (swapped.text, swapped.before[0]["caption"]) == ("after", "before")
    photos = [call.parameters["photo"] for call in await telegram.calls("sendPhoto")]
    assert photos == [{"file": "map.png", "bytes": len(picture())}, first.file_id, first.file_id]
    told("a photo with its caption, its file_id again, an edited caption, an edited photo")


async def check_refusals(ann, telegram):
    await ann.says("/same")
    assert (await ann.hears(within=WITHIN)).text == "same"
    assert "message is not modified" in (await ann.hears(within=WITHIN)).text
    await telegram.fail("too_many", "editMessageText", seconds=1)
    await ann.says("/same")
    assert (await ann.hears(within=WITHIN)).text == "same"
    assert (await ann.hears(within=WITHIN)).text.startswith('refused 429 {"retry_after":1}')
    await telegram.fail("bad_gateway", "sendMessage")
    await ann.says("/topic")
    assert (await ann.hears(within=WITHIN)).text == "the connection failed"
    told("refusals: not modified, 429, 502")


async def check_rooms(ann, telegram):
    forum = await telegram.supergroup("Desk", ann, forum=True)
    topic = await forum.opens_topic("alerts")
    await ann.says(f"/topic@{telegram.username}", to=forum, topic=topic)
    answer = await forum.hears(within=WITHIN)
    assert (answer.text, answer.topic) == ("in the topic", topic)
    await forum.promotes_bot()
    assert (await forum.hears(within=WITHIN)).text == "admins: administrator, creator"
    told("a topic, a command by the bot's name, administrators")


def picture():
    written = io.BytesIO()
    Image.new("RGB", (640, 400), "teal").save(written, "PNG")
    return written.getvalue()


def told(what):
    print(f"grammY: {what}")  # noqa: T201  the report of this script


async def run():
    running = start("--username", "conformance_bot")
    order = {"url": running.url, "token": running.token, "picture": base64.b64encode(picture()).decode()}
    bot = subprocess.Popen([shutil.which("node"), "bot.js", json.dumps(order)], cwd=FOLDER)  # noqa: ASYNC220
    try:
        async with Telegram(running) as telegram:
            if not telegram.validates:
                told("without the published description beside the project: its checks are off")
            await talk(telegram)
        bot.terminate()
        assert bot.wait(timeout=WITHIN) == 0, f"the bot ended with {bot.returncode}"
    finally:
        bot.kill()
        bot.wait()
        running.stop()
    told("everything held")


def main():
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        sys.exit("make conformance needs Node 20 with npm")
    locked, installed = FOLDER / "package-lock.json", FOLDER / "node_modules/.package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < locked.stat().st_mtime:
        subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--silent"], cwd=FOLDER, check=True)
    asyncio.run(run())


if __name__ == "__main__":
    main()
