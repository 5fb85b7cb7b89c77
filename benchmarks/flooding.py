"""Floods: what others wait for answers and alerts while a person, a group or a server asks without end.

The bot is the whole bot, `liqbot run --serve` in a process of its own, with its database on a disk; Telegram
and Discord are their counterparts of the tests, with their limits. Each flood meets a bot of its own; with
`--one-bot` all of them meet the same one, each on top of what is still owed to the chats that flooded before.
On the platform that is flooded and on the other one, others ask and are alerted meanwhile.
"""

import argparse
import asyncio
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.flood_crowds import OTHERS, Burst, Crowd, DiscordCrowd, TelegramCrowd
from benchmarks.measure import percentile
from docs.sections import replace_section

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
from counterparts.discord import Discord
from counterparts.telegram.control import Telegram
from counterparts.telegram.process import start

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "pages" / "performance.md"
KINDS = ("commands", "taps", "pictures", "subscriptions")
SECONDS = 8.0
"""How long each flood lasts; `SHORT_SECONDS` with `--short`."""
SHORT_SECONDS = 4.0
A_SECOND = 300
"""So many commands or taps of the flood come each second."""
STEP_S = 0.05
ASK_S = 0.15
"""On each platform one of the others asks so often."""
WAVE_S = 3
"""So often, s, all others are alerted."""
MOST_ANSWER_S, MOST_ALERT_S = 1.0, 5.0
Flood = tuple[str, str, str]
"""What is flooded with, on which platform, and by whom."""
SHORT: tuple[Flood, ...] = (
    ("commands", "Telegram", "a group"),
    ("taps", "Discord", "a server"),
    ("pictures", "Discord", "a group"),
    ("subscriptions", "Telegram", "a person"),
)
RULE = f'''
import time
from liqbot.plugin import Hit, MarketView, rule

@rule("wave")
def wave(view: MarketView):
    """An alert every {WAVE_S} s: the simulated market makes a minute of each."""
    yield Hit(f"wave-{{view.time_ms // {WAVE_S * 60_000}}}", f"wave-{{round(1000 * time.time())}}")
'''


@dataclass(frozen=True)
class Row:
    """What came of one flood."""

    kind: str
    platform: str
    who: str
    asked: int
    answers: list[float]
    """How long others waited for answers, s."""
    alerts: list[float]
    """How long after they arose alerts reached others, s."""
    waves: int
    refused: int
    """How often a platform found the bot too fast."""

    @property
    def holds(self) -> bool:
        """Whether others were served in time."""
        return percentile(self.answers, 99) <= MOST_ANSWER_S and percentile(self.alerts, 99) <= MOST_ALERT_S

    def cells(self) -> list[str]:
        """Return what is shown of it."""
        return [
            self.kind,
            self.platform,
            self.who,
            f"{self.asked:,}",
            f"{percentile(self.answers, 99):.2f} s of {len(self.answers)}",
            f"{percentile(self.alerts, 99):.2f} s of {len(self.alerts)}",
            str(self.refused),
        ]


HEAD = ("flood", "on", "by", "asked", "others' answers, p99", "others' alerts, p99", "429s")
WIDTHS = (15, 10, 11, 8, 22, 22, 6)


def main() -> int:
    """Print what others waited; return 1 where that was too long."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flooding", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a flood of each kind, within a minute")
    parser.add_argument("--only", default="", metavar="WORDS", help="floods of such a kind, as taps Telegram")
    parser.add_argument("--one-bot", action="store_true", help="all floods, one after the other, on one bot")
    parser.add_argument("--write", action="store_true", help="put the table into the documentation")
    parser.add_argument("--folder", type=Path, default=ROOT, help="on whose disk the database is")
    asked = parser.parse_args()
    floods = list(_floods(short=asked.short, only=asked.only))
    system = file_system(asked.folder)
    print(f"the database lies on {system}")
    print("".join(f"{name:<{width}}" for name, width in zip(HEAD, WIDTHS, strict=True)), flush=True)
    rows: list[Row] = []
    for some in [floods] if asked.one_bot else [[flood] for flood in floods]:
        with tempfile.TemporaryDirectory(prefix=".flooded-", dir=asked.folder) as folder:
            rows += asyncio.run(_measured(Path(folder), some, SHORT_SECONDS if asked.short else SECONDS))
    is_good = all(row.holds for row in rows)
    if asked.write:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(replace_section(page, "floods", table(rows, system)), encoding="utf-8")
    said = "held" if is_good else "missed"
    print(f"answers p99 ≤ {MOST_ANSWER_S:.0f} s and alerts p99 ≤ {MOST_ALERT_S:.0f} s: {said}")
    return 0 if is_good else 1


def table(rows: Sequence[Row], system: str) -> str:
    """Return the table of the documentation."""
    lines = [HEAD, ["---"] * len(HEAD), *(row.cells() for row in rows)]
    written = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{written}\n\nMeasured on {datetime.now(tz=UTC):%-d %B %Y} with the database on {system}."


def file_system(folder: Path) -> str:
    """Return the kind of the file system that a folder lies on."""
    told = subprocess.run(
        ["df", "--output=fstype", folder],  # noqa: S607 - wherever it is
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.split()[-1]


async def met(telegram: Telegram, discord: Discord) -> None:
    """Wait until the bot hears what is said on both platforms."""
    await telegram.polled(within=60)
    await discord.sessions(wait=60)
    while not await discord.commands():  # noqa: ASYNC110 - of another process
        await asyncio.sleep(0.1)


async def _measured(folder: Path, floods: Iterable[Flood], seconds: float) -> list[Row]:
    rows: list[Row] = []
    telegram_process = start()
    try:
        async with (
            Telegram(telegram_process) as telegram,
            Discord.start("--validate-every", "20") as discord,
            running(folder, telegram, discord),
        ):
            crowds = (TelegramCrowd(telegram), DiscordCrowd(discord))
            await met(telegram, discord)
            await crowds[1].ready()
            await asyncio.gather(*(crowd.gather() for crowd in crowds))
            for kind, platform, who in floods:
                [crowd] = (crowd for crowd in crowds if crowd.platform == platform)
                rows.append(await _flooded(crowds, crowd, kind, who, seconds))
                shown = zip(rows[-1].cells(), WIDTHS, strict=True)
                print("".join(f"{cell:<{width}}" for cell, width in shown), flush=True)
    finally:
        telegram_process.stop()
    return rows


def _floods(*, short: bool, only: str) -> Iterable[Flood]:
    for kind in KINDS:
        for crowd in (TelegramCrowd, DiscordCrowd):
            for who in crowd.who:
                flood = kind, crowd.platform, who
                if only in " ".join(flood) and (not short or flood in SHORT):
                    yield flood


@asynccontextmanager
async def running(
    folder: Path, telegram: Telegram, discord: Discord, *, rule: str = RULE
) -> AsyncIterator[None]:
    """Run a bot as a service, with a rule of ours, in `folder`."""
    (folder / "plugins").mkdir()
    (folder / "plugins" / "ours.py").write_text(rule)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIQBOT_")}
    environment = kept | {
        "LIQBOT_DATABASE": str(folder / "liqbot.db"),
        "LIQBOT_PLUGINS_PATH": str(folder / "plugins"),
        "LIQBOT_SOURCES": "simulator",
        "LIQBOT_SIMULATOR__BACKFILL_DAYS": "1",
        "LIQBOT_TELEGRAM__TOKEN": telegram.token,
        "LIQBOT_TELEGRAM__API_URL": telegram.api_url,
        "LIQBOT_DISCORD__TOKEN": discord.token,
        "LIQBOT_DISCORD__API_URL": discord.api_url,
        "LIQBOT_DISCORD__GATEWAY_URL": discord.gateway_url,
        "LIQBOT_WEB__ENABLED": "false",
    }
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "liqbot", "run", "--serve"),
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            yield
        except BaseException:
            sys.stderr.write((folder / "log").read_text()[-5_000:])
            raise
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                await process.wait()


async def _flooded(crowds: Sequence[Crowd], flooded: Crowd, kind: str, who: str, seconds: float) -> Row:
    burst = await flooded.flood(kind, who)
    for crowd in crowds:
        await crowd.begin()
    began, until = time.time(), time.monotonic() + seconds
    asked, *_ = await asyncio.gather(_flood(burst, until), *(_ask(crowd, until) for crowd in crowds))
    ended = time.time()
    await asyncio.gather(*(crowd.settle() for crowd in crowds))
    answers = [one for crowd in crowds for one in await crowd.answers()]
    alerts = await _alerts(crowds, 1000 * began, 1000 * ended)
    refused = sum([await crowd.refused() for crowd in crowds])
    waves = len({wave for crowd in alerts for wave in crowd})
    late = [one for crowd in alerts for times in crowd.values() for one in times]
    return Row(kind, flooded.platform, who, asked, answers, late, waves, refused)


async def _flood(burst: Burst, until: float) -> int:
    """Flood until then; return how much was asked for."""
    began, count = time.monotonic(), 0
    while (now := time.monotonic()) < until:
        due = math.ceil((now - began + STEP_S) * A_SECOND)
        await burst(range(count, due))
        count = due
        await asyncio.sleep(STEP_S)
    return count


async def _ask(crowd: Crowd, until: float) -> None:
    while time.monotonic() < until:
        await crowd.ask()
        await asyncio.sleep(ASK_S)


async def _alerts(crowds: Sequence[Crowd], began_ms: float, ended_ms: float) -> list[dict[int, list[float]]]:
    """Wait until all alerts of a time have arrived, or much too long; return how late they were.

    One that never came is infinitely late, and so are all where an alert was due and none arose.
    """
    until = time.monotonic() + 4 * MOST_ALERT_S
    while True:
        told = [await crowd.alerts() for crowd in crowds]
        waves = {wave for late in told for wave in late if began_ms <= wave < ended_ms}
        found = [{wave: late.get(wave, []) for wave in waves} for late in told]
        is_whole = all(len(times) >= OTHERS for late in found for times in late.values())
        if (waves and is_whole) or time.monotonic() > until:
            break
        await asyncio.sleep(0.2)
    due = max(1, math.floor((ended_ms - began_ms) / 1000 / WAVE_S) - 1)
    for late in found:
        for times in late.values():
            times.extend([math.inf] * (OTHERS - len(times)))
        if len(waves) < due:
            late[0] = [math.inf] * OTHERS
    return found


if __name__ == "__main__":
    sys.exit(main())
