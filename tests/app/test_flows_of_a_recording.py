"""Liquidations, depth and cascades on recorded positions: what there is and what is not is told."""

import pytest
from app.stand_ins import ME
from chat.stand_ins import as_text
from platforms import Paper
from shared import shared_file

from liqbot.app.bot import Bot
from liqbot.chat.command import CommandContext
from liqbot.service import previews
from liqbot.sources.replay import Replay

pytestmark = pytest.mark.long


SAID = {
    "/liquidations BTC 7d": (
        "no liquidation was told of in 7 d",
        "Silence is no proof that nothing was liquidated there.",
    ),
    "/stops BTC": ("no stop orders known", "That is not the same as none."),
    "/book BTC": ("no depth", "That is not an empty book.", "Whales: 35 accounts, $197M long, $247M short"),
    "/cascade BTC -5%": (
        "$20.2M would be force-sold on the way",
        "No depth: where it would stop cannot be said.",
    ),
    "/cascade BTC 5%": ("$6.4M would be force-bought on the way", "1 cluster on the way"),
    "/brief BTC": (
        "Fuel within 5%: $6.4M shorts above, $20.2M longs below, ratio 0.31",
        "Funding: not known",
        "Open interest: not known",
        "Liquidated in 24 h: none was told of",
        "Book within 1%: no depth",
        "If pushed: −3% forces $9.4M, stop not known; +3% forces $5.5M, stop not known",
    ),
    "/regime BTC": ("long-liquidation setup", "Ratio: 0.31"),
}
"""What a recording of positions has is answered in figures; it has neither liquidations nor books."""
SILENT = (
    "It would not have fired in the last 7 days (38 views).\n"
    "No liquidation was told of in that time: there was none, or the venue does not tell."
)
RULES = {
    "big-liquidation": SILENT,
    "liquidation-burst": SILENT,
    "cascade": SILENT,
    "fragile": "cannot be told: the order book was not known in any of 38 views",
}


@pytest.fixture
async def bot(settings, undrawn):
    assert undrawn is None
    file = shared_file("recordings/hyperliquid-positions-2026-02.csv.gz")
    bot = Bot(settings.model_copy(update={"coins": ("BTC",)}), [Replay(file)], {"here": Paper()})
    async with bot:
        await bot.until(lambda: bot.ended)
        yield bot


async def test_every_command_answers_with_what_there_is_and_names_what_there_is_not(bot, monkeypatch):
    monkeypatch.setattr(previews, "PATIENCE_S", 60.0)
    for line, parts in SAID.items():
        text = as_text(await bot.answering.answer(line, CommandContext(ME, bot.services)))
        for part in parts:
            assert part in text, line
    # Each rule has its preview, which counts what was really looked at, and says what could not be.
    for rule, said in RULES.items():
        answer = await bot.answering.answer(f"/subscribe {rule} BTC", CommandContext(ME, bot.services))
        assert answer.title.startswith(f"Subscribed to {rule} BTC as #")
        assert said in as_text(answer)
