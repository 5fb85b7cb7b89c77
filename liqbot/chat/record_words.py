"""The past in words: readings as rows, what followed, and how sure that is."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo

from liqbot.alerts.hold_policy import told_zone
from liqbot.chat.market_words import ratio_words, regime_name
from liqbot.market.regime import Regime
from liqbot.message import Fact, Table
from liqbot.service.market_answer import RatioBasis
from liqbot.service.past_readings import Interval, PastAnswer, PastReading, RegimeOutcome, thinned
from liqbot.text import N_, _, ngettext
from liqbot.text.figures import duration, listed, percent, price, ratio, share, usd

ROWS = 14
"""So many readings are shown as rows; the picture shows all."""
DAY_MS = 86_400_000
_MARKS = {
    Regime.SHORT_SQUEEZE: "▲",
    Regime.LONG_LIQUIDATION: "▼",
    Regime.BALANCED: "=",
    Regime.NO_READING: "?",
}
_WAYS = {Regime.SHORT_SQUEEZE: N_("up"), Regime.LONG_LIQUIDATION: N_("down")}


def regime_facts(answer: PastAnswer) -> Iterator[Fact]:
    """Yield how much of the time each regime held, and what price did after it began."""
    newest = answer.readings[-1]
    yield Fact(
        _("Now"),
        _(
            "{ratio}, {regime}",
            ratio=ratio_words(newest.ratio, newest.ratio_basis),
            regime=regime_name(newest.regime),
        )
        if newest.ratio is not None
        else _("{fuel}, {regime}", fuel=_one_sided(newest), regime=regime_name(newest.regime)),
    )
    for one in answer.shares:
        yield Fact(regime_name(one.regime).capitalize(), _("{share} of the time", share=share(one.share)))
    for one in answer.after:
        if one.move_pct is not None:
            yield Fact(_after(one), followed(one, one.move_pct))
    open_yet = [_after(one) for one in answer.after if one.move_pct is None]
    if open_yet:
        yield Fact(_("None yet that is over, with price known throughout"), listed(open_yet))


def _after(one: RegimeOutcome) -> str:
    return _(
        "{span} after {regime} began", span=duration(one.horizon_ms / 1000), regime=regime_name(one.regime)
    )


def followed(one: RegimeOutcome, move_pct: Interval) -> str:
    """Return what price did within a horizon after a regime began."""
    said = [moved(move_pct)]
    if one.its_way is not None and one.at_any_time is not None:
        said.append(
            _(
                "{way} {times} of {count}; at any time {share}",
                way=_(_WAYS[one.regime]),
                times=round(one.its_way.value * one.its_way.count),
                count=one.its_way.count,
                share=share(one.at_any_time.value),
            )
        )
    else:
        said.append(ngettext("{count} time", "{count} times", move_pct.count))
    if not move_pct.is_enough:
        said.append(_("too few to tell"))
    return "; ".join(said)


def moved(found: Interval) -> str:
    """Return a mean move in percent with its interval, where that says anything: `+1.2% (−0.5…2.9)`."""
    if not found.has_telling_bounds:
        return percent(found.value, signed=True)
    low, high = (percent(value).removesuffix("%") for value in (found.low, found.high))
    return f"{percent(found.value, signed=True)} ({low}…{high})"


def readings(answer: PastAnswer, zone: tzinfo) -> Table:
    """Return the readings as rows, the newest first: date, ratio, fuel above and below, then the rest."""
    shown = thinned(answer.readings, ROWS)
    return Table(
        tuple((_when(one, shown, zone), *_cells(one)) for one in reversed(shown)),
        _(
            "Date ({zone}), {ratio}, fuel above ↑ and below ↓; spot, open interest, funding an hour",
            zone=told_zone(str(zone)),
            ratio=_("scaled ratio")
            if any(one.ratio_basis is RatioBasis.SCALED for one in shown)
            else _("ratio"),
        ),
    )


def history_notes(answer: PastAnswer) -> Iterator[str]:
    """Yield what must be known to read the rows."""
    yield _("▲ short-squeeze setup, ▼ long-liquidation setup, = balanced, ? no reading.")
    if any(one.its_way is not None for one in answer.after):
        yield _("Intervals of 95%, by days. What followed is not what will follow.")


def _when(one: PastReading, shown: Sequence[PastReading], zone: tzinfo) -> str:
    """Return when a reading was, as short as tells rows apart: `Fri 14:05`, `27 Nov 14:05`, `27 Nov`."""
    then = datetime.fromtimestamp(one.time_ms / 1000, UTC).astimezone(zone)
    if shown[-1].time_ms - shown[0].time_ms <= 3 * DAY_MS:
        return f"{then:%a %H:%M}"
    days = {datetime.fromtimestamp(other.time_ms / 1000, UTC).astimezone(zone).date() for other in shown}
    return f"{then.day} {then:%b}" if len(days) == len(shown) else f"{then.day} {then:%b %H:%M}"


def _cells(one: PastReading) -> tuple[str, ...]:
    interest = "" if one.open_interest_usd is None else usd(one.open_interest_usd)
    funding = "" if one.funding is None else f"{one.funding * 100:+.4f}%".replace("-", "−")
    return (
        f"{ratio(one.ratio)} {_MARKS[one.regime]}",
        f"{_fuel(one.up_usd)} ↑",
        f"{_fuel(one.down_usd)} ↓",
        price(one.spot),
        interest,
        funding,
    )


def _fuel(value: float) -> str:
    return usd(value) if value else "0"


def _one_sided(one: PastReading) -> str:
    """Return the fuel as published tables show one-sided cases: `0 ↑ · $0.65B ↓`."""
    return f"{_fuel(one.up_usd)} ↑ · {_fuel(one.down_usd)} ↓"
