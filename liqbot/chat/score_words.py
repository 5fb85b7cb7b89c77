"""A scoreboard in words: how many were reached, beside what chance would have, and how sure that is."""

from collections.abc import Iterator

from liqbot.chat.record_words import moved
from liqbot.message import Fact, Table
from liqbot.service.scoreboards import (
    AFTER_MS,
    FEWEST,
    FEWEST_DAYS,
    GroupScore,
    Interval,
    Score,
    ScoreboardAnswer,
)
from liqbot.text import N_, _, ngettext
from liqbot.text.figures import duration, percent, share, usd

_BY = {
    "side": N_("Side"),
    "distance": N_("Distance from spot"),
    "size": N_("Size"),
    "cohort": N_("Who holds it"),
    "regime": N_("Regime then"),
    "layer": N_("Venue and basis"),
}
_NAMES = {"long": N_("longs, below spot"), "short": N_("shorts, above spot")}


def title(answer: ScoreboardAnswer) -> str:
    """Return what is scored, in a line."""
    return _("{coin}: what became of clusters, {window}", coin=answer.coin, window=answer.window)


def lines(answer: ScoreboardAnswer) -> Iterator[str]:
    """Yield which clusters count, and what the day's figures come to."""
    heavy = "" if not answer.least_usd else _(", of at least {usd}", usd=usd(answer.least_usd))
    yield ngettext(
        "{count} cluster stood within {within}{heavy}.",
        "{count} clusters stood within {within}{heavy}.",
        answer.cases,
        within=percent(answer.within_pct),
        heavy=heavy,
    )
    day = next((one for one in answer.horizons if one.horizon_ms == 24 * 3_600_000), None)
    if day is not None and day.count:
        yield verdict(day)


def verdict(found: Score) -> str:
    """Return whether price came to clusters more often than to empty levels, in a sentence."""
    over = found.over_empty or found.over_mirrored
    if over is None or not over.is_enough:
        return _("Too few to tell: {cases} cases on {days} days are needed.", cases=FEWEST, days=FEWEST_DAYS)
    if over.low > 0:
        return _("Price came to clusters more often than to levels without one.")
    if over.high < 0:
        return _("Price came to clusters less often than to levels without one.")
    return _("No pull is to be seen: price came to levels without a cluster about as often.")


def horizons(answer: ScoreboardAnswer) -> Table:
    """Return what was reached within each horizon, beside the rivals."""
    return Table(
        tuple(
            (
                duration(one.horizon_ms / 1000),
                _("{reached} of {count}", reached=one.reached, count=one.count),
                rate(one.rate),
                _("empty {share}", share=rate(one.empty)),
                _("mirrored {share}", share=rate(one.mirrored)),
                _("walk {share}", share=rate(one.walk)),
                _("over empty {difference}", difference=difference(one.over_empty)),
            )
            for one in answer.horizons
            if one.count
        ),
        _("Reached within, beside empty levels, the mirrored price and a random walk"),
    )


def afterwards(answer: ScoreboardAnswer) -> Iterator[Fact]:
    """Yield what came after a reach, of what was reached within a day."""
    found = next((one for one in answer.horizons if one.horizon_ms == 24 * 3_600_000 and one.reached), None)
    if found is None:
        return
    if found.overshoot_pct is not None:
        yield Fact(_("Beyond it within an hour"), _mean(found.overshoot_pct))
    for span_ms, after in zip(AFTER_MS, found.after_pct, strict=True):
        if after is not None:
            yield Fact(_("{span} after a reach", span=duration(span_ms / 1000)), _followed(after))
    if found.gone or found.ended:
        yield Fact(
            _("Closed or merged before"),
            _("{gone} of those reached, {ended} of the others", gone=found.gone, ended=found.ended),
        )
    if found.liquidated is not None:
        low, high = share(found.liquidated.low), share(found.liquidated.high)
        said = _("{share} ({low} to {high})", share=share(found.liquidated.value), low=low, high=high)
        yield Fact(_("Liquidated there, of what the map said"), said)
    elif not answer.tells_liquidations:
        yield Fact(_("Liquidated there"), _("this venue told of no liquidations"))


def groups(answer: ScoreboardAnswer) -> Iterator[Table]:
    """Yield what was reached within a day by group, beside empty levels."""
    for by in dict.fromkeys(one.by for one in answer.groups):
        rows = tuple(_group(one) for one in answer.groups if one.by == by)
        yield Table(rows, _("{by}: within a day", by=_(_BY[by])))


def notes(answer: ScoreboardAnswer) -> Iterator[str]:
    """Yield what must be known to read it."""
    yield _(
        "Each cluster counts once, from when it first stood there, whatever became of it. "
        "Intervals of 95%, by days."
    )
    if answer.unseen:
        yield ngettext(
            "{count} is left out of what happened within a day: the price has gaps in that day.",
            "{count} are left out of what happened within a day: the price has gaps in that day.",
            answer.unseen,
        )
    if answer.step_ms > 3_600_000:
        yield _(
            "Price is known every {span} only: what was touched in between is not seen, of clusters and of "
            "rivals alike.",
            span=duration(answer.step_ms / 1000),
        )


def rate(found: Interval | None) -> str:
    """Return a share; a dash where there is none."""
    return "—" if found is None else share(found.value)


def difference(found: Interval | None) -> str:
    """Return a difference of shares with its interval, in points: `+4 (−3…11)`, and whether it is enough."""
    if found is None:
        return "—"
    said = f"{'+' if found.value > 0 else ''}{_points(found.value)}"
    if found.has_telling_bounds:
        said += f" ({_points(found.low)}…{_points(found.high)})"
    return _hedged(said, found)


def _points(value: float) -> str:
    return f"{round(value * 100)}".replace("-", "−")


def _mean(found: Interval) -> str:
    return _hedged(moved(found), found)


def _hedged(said: str, found: Interval) -> str:
    return said if found.is_enough else _("{said}, too few to tell", said=said)


def _followed(after: Interval) -> str:
    if after.is_enough and after.low > 0:
        return _("{mean}: it followed through", mean=_mean(after))
    if after.is_enough and after.high < 0:
        return _("{mean}: it faded", mean=_mean(after))
    return _mean(after)


def _group(one: GroupScore) -> tuple[str, ...]:
    return (
        _(_NAMES.get(one.name, one.name)),
        _("{reached} of {count}", reached=one.score.reached, count=one.score.count),
        _("empty {share}", share=rate(one.score.empty)),
        difference(one.score.over_empty),
    )
