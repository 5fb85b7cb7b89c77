"""The head of a recording: whose market it is, on what basis, where it came from, and its columns by name.

A head is some lines before the columns, `# name: value`, of which the first is `# liqbot recording: 2`. A
file without one is older: Hyperliquid's positions, measured, live.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from liqbot.market.layer import Basis, Layer, Origin

VERSION = 2
OLD_LAYER = Layer("Hyperliquid", Basis.MEASURED)
"""What a recording without a head is of."""
NEEDED = ("time_ms", "account", "coin", "szi", "entry_px", "leverage", "position_value", "liquidation_px")
"""Columns without which there is no recording, in any order."""
CONTEXT = ("mark_px", "open_interest", "funding")
"""Columns of a coin's context. A row of it has a time and a coin, and no account: mark price in USD, open
interest in coins, one-sided, funding as a fraction per hour."""
COLUMNS = (*NEEDED[:7], "unrealized_pnl", NEEDED[7])
"""The columns of a recording without a head, in their order."""
_VERSION = "liqbot recording"


@dataclass(frozen=True, slots=True)
class Header:
    """What a recording says of itself."""

    layer: Layer
    """Of what was recorded, as it was: `Sandbox, measured, simulated`."""
    columns: tuple[str, ...]

    @property
    def played_layer(self) -> Layer:
        """What it is when it is played: `Sandbox, measured, simulated, recorded`."""
        is_simulated = self.layer.origin in (Origin.SIMULATED, Origin.SIMULATED_RECORDED)
        origin = Origin.SIMULATED_RECORDED if is_simulated else Origin.RECORDED
        return Layer(self.layer.venue, self.layer.basis, origin)


def header_lines(layer: Layer) -> list[str]:
    """Return the head of a recording of `layer`, its columns last."""
    columns = ",".join((*COLUMNS, *CONTEXT))
    told = {_VERSION: VERSION, "venue": layer.venue, "basis": layer.basis, "origin": layer.origin}
    return [*(f"# {name}: {value}" for name, value in told.items()), columns]


def read_header(lines: Sequence[bytes]) -> Header:
    """Return what the first `lines` say, the columns last. Raises `ValueError` that says what is wrong."""
    *head, columns = [line.decode(errors="replace").removeprefix("\ufeff") for line in lines]
    named = dict(line.removeprefix("#").strip().split(": ", 1) for line in head if ": " in line)
    return Header(_layer(named), _columns(columns))


def _layer(named: dict[str, str]) -> Layer:
    version = named.get(_VERSION)
    if version is None:
        return OLD_LAYER
    if not version.isdecimal() or int(version) > VERSION:
        raise ValueError(f"it is of version {version}, which a newer liqbot reads; this one reads {VERSION}")
    try:
        return Layer(named["venue"], Basis(named["basis"]), Origin(named["origin"]))
    except KeyError as error:
        raise ValueError(f"its head does not name its {error.args[0]}") from None
    except ValueError as error:
        raise ValueError(f"its head is wrong: {error}") from None


def _columns(line: str) -> tuple[str, ...]:
    names = tuple(name.strip(' "\r\n') for name in line.split(","))
    missing = [name for name in NEEDED if name not in names]
    twice = [name for name in NEEDED if names.count(name) > 1]
    if missing or twice:
        text = ", ".join(names)
        found = repr(text if len(text) <= 300 else f"{text[:300]}…") if any(names) else "none"
        wrong = f"there is no {missing[0]}" if missing else f"{twice[0]} is there twice"
        raise ValueError(f"the columns must be {', '.join(COLUMNS)}; they are {found}: {wrong}")
    return names
