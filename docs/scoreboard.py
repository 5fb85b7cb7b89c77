"""Write what became of clusters in a recording into scoreboard.md.

`python -m docs.scoreboard RECORDING` plays the recording as `liqbot replay` does, keeps what the bot would
keep, and asks the same scoreboard as the chats do. It takes a few minutes.
"""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from docs.sections import replace_section
from liqbot.chat.score_words import difference, rate, verdict
from liqbot.engine.cases import CaseFinder
from liqbot.market.view import MarketView
from liqbot.operations.recordings import played
from liqbot.service.scoreboards import Score, ScoreboardAnswer, read_scoreboard
from liqbot.store.sqlite.store import SqliteStore
from liqbot.text.figures import duration

PAGE = Path(__file__).with_name("scoreboard.md")
COINS = ("BTC", "ETH", "SOL", "HYPE")
COLUMNS = (
    *("coin", "within", "reached", "share", "empty levels", "mirrored price", "random walk"),
    *("over empty, points (95%)", "over mirrored", "days"),
)


def main() -> None:
    """Write the tables anew."""
    answers = asyncio.run(scored(Path(sys.argv[1])))
    page = replace_section(PAGE.read_text(encoding="utf-8"), "horizons", horizons(answers))
    PAGE.write_text(replace_section(page, "groups", groups(answers)), encoding="utf-8")


async def scored(recording: Path) -> list[ScoreboardAnswer]:
    """Return the scoreboard of each coin over all of a recording."""
    with TemporaryDirectory(prefix="liqbot-") as folder, SqliteStore(Path(folder) / "liqbot.db") as store:
        newest: dict[str, MarketView] = {}
        finder = CaseFinder()
        for board in played(recording):
            observations = [board.observe(coin) for coin in COINS if coin in board.coins]
            await store.events.record([event for one in observations for event in one.events])
            for one in observations:
                newest[one.coin] = one.view
                await store.history.record([one.view])
                await store.cases.record(one.layer, one.coin, finder.see(one.view))
        return [await read_scoreboard(store, view, "30d") for view in newest.values()]


def horizons(answers: Sequence[ScoreboardAnswer]) -> str:
    """Return the table of all coins by horizon, and what follows of it."""
    rows = [
        _row(answer.coin, duration(one.horizon_ms / 1000), one)
        for answer in answers
        for one in answer.horizons
    ]
    said = [
        f"- **{answer.coin}**, within a day: {verdict(one)}" for answer in answers for one in _day(answer)
    ]
    step = max((answer.step_ms for answer in answers), default=0)
    known = (
        f"Price is known every {duration(step / 1000)}; "
        "horizons of fewer than three such steps are not scored."
    )
    return "\n\n".join([known, _table(COLUMNS, rows), "\n".join(said)])


def groups(answers: Sequence[ScoreboardAnswer]) -> str:
    """Return the table of all coins by group, within a day."""
    rows = [
        _row(answer.coin, f"{one.by}: {one.name}", one.score) for answer in answers for one in answer.groups
    ]
    return _table((COLUMNS[0], "group", *COLUMNS[2:]), rows)


def _day(answer: ScoreboardAnswer) -> Iterator[Score]:
    yield from (one for one in answer.horizons if one.horizon_ms == 86_400_000)


def _row(coin: str, name: str, one: Score) -> tuple[str, ...]:
    days = "0" if one.rate is None else str(one.rate.days)
    shares = [rate(found) for found in (one.rate, one.empty, one.mirrored, one.walk)]
    over = [difference(found) for found in (one.over_empty, one.over_mirrored)]
    return (coin, name, f"{one.reached} of {one.count}", *shares, *over, days)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


if __name__ == "__main__":
    main()
