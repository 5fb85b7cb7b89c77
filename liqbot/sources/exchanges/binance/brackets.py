"""Binance's margin tiers, which it shows only to those who sign in: a table with a date, and how to renew it.

A table is a text of our own. Its first lines name date and source; each other line is one set of tiers, and
the contracts that have it: `floor:leverage:rate …`, a tab, `BTC ETH …`. Floors are USD of notional; rates are
maintenance margin over notional. Deductions follow: `cum_n = floor_n (m_n - m_{n-1}) + cum_{n-1}`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import msgspec

from liqbot.market.margin import MarginTiers
from liqbot.sections import SettingsError
from liqbot.sources.exchanges.rows import Tier, margin_tiers

SHIPPED = "brackets.txt"
QUOTE = "USDT"
AS_OF, SOURCE = "# as of: ", "# source: "


class _Bracket(msgspec.Struct, rename="camel"):
    initial_leverage: float
    notional_floor: float
    maint_margin_ratio: float


class _Symbol(msgspec.Struct):
    symbol: str
    brackets: list[_Bracket]


@dataclass(frozen=True)
class Brackets:
    """The margin tiers of many contracts, as they were on a day."""

    as_of: str
    source: str
    tables: Mapping[str, tuple[Tier, ...]]
    """Tiers by the contract's name without its quote: `1000PEPE`."""

    @staticmethod
    @cache
    def shipped() -> "Brackets":
        """Return the table that liqbot carries."""
        text = (
            resources.files("liqbot.sources.exchanges.binance").joinpath(SHIPPED).read_text(encoding="utf-8")
        )
        return Brackets.from_text(text)

    @staticmethod
    def from_file(path: Path) -> "Brackets":
        """Return a table that was renewed. Raises `SettingsError` where it cannot be read."""
        try:
            return Brackets.from_text(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise SettingsError(f"{path}: not a table of margin tiers: {error}") from None

    @staticmethod
    def from_text(text: str) -> "Brackets":
        """Return the table that `text` is. Raises `ValueError`."""
        as_of = source = ""
        tables: dict[str, tuple[Tier, ...]] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if line.startswith(AS_OF):
                as_of = line.removeprefix(AS_OF)
            elif line.startswith(SOURCE):
                source = line.removeprefix(SOURCE)
            elif line.strip() and not line.startswith("#"):
                try:
                    tiers, names = line.split("\t")
                    rows = tuple(Tier(*map(float, tier.split(":"))) for tier in tiers.split())
                except (TypeError, ValueError):
                    raise ValueError(f"line {number} is not `floor:leverage:rate …`, tab, names") from None
                if margin_tiers(rows) is None:
                    raise ValueError(f"line {number} has no tier that makes sense")
                tables |= dict.fromkeys(names.split(), rows)
        if not (as_of and tables):
            raise ValueError("it has no date or no tiers")
        return Brackets(as_of, source, tables)

    @staticmethod
    def from_answer(answer: bytes, as_of: str) -> "Brackets":
        """Return the table in an answer of `/fapi/v1/leverageBracket`. Raises `ValueError`.

        A contract that cannot be read is left out, and so is one that is not settled in USDT.
        """
        tables: dict[str, tuple[Tier, ...]] = {}
        try:
            raws = msgspec.json.decode(answer, type=list[msgspec.Raw])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"not the answer of leverageBracket: {error}") from None
        for raw in raws:
            try:
                one = msgspec.json.decode(raw, type=_Symbol, strict=False)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            rows = tuple(
                Tier(row.notional_floor, row.initial_leverage, row.maint_margin_ratio)
                for row in sorted(one.brackets, key=lambda row: row.notional_floor)
            )
            if one.symbol.endswith(QUOTE) and margin_tiers(rows) is not None:
                tables[one.symbol.removesuffix(QUOTE)] = rows
        if not tables:
            raise ValueError("not the answer of leverageBracket: no contract has tiers that make sense")
        return Brackets(as_of, "Binance USD-M futures, /fapi/v1/leverageBracket", tables)

    def to_text(self) -> str:
        """Return the table as text, contracts with the same tiers on one line."""
        names: dict[tuple[Tier, ...], list[str]] = {}
        for name in sorted(self.tables):
            names.setdefault(self.tables[name], []).append(name)
        head = [f"{AS_OF}{self.as_of}", f"{SOURCE}{self.source}"]
        return "\n".join([*head, *(f"{_written(rows)}\t{' '.join(of)}" for rows, of in names.items()), ""])

    def of(self, symbol: str) -> tuple[MarginTiers, bool]:
        """Return the tiers of a contract, and whether they are known; else those that most contracts have."""
        rows = self.tables.get(symbol.removesuffix(QUOTE))
        tiers = margin_tiers(self._most_common() if rows is None else rows)
        if tiers is None:
            raise AssertionError("tables hold tiers that make sense")
        return tiers, rows is not None

    def _most_common(self) -> Sequence[Tier]:
        return Counter(self.tables.values()).most_common(1)[0][0]


def changes(before: Brackets, after: Brackets) -> Iterator[str]:
    """Yield what is different in `after`, a line each: contracts that came, went, or have other tiers."""
    yield from _named("new", after.tables.keys() - before.tables.keys())
    yield from _named("gone", before.tables.keys() - after.tables.keys())
    both = before.tables.keys() & after.tables.keys()
    yield from _named("changed", {name for name in both if before.tables[name] != after.tables[name]})


def _named(what: str, names: Iterable[str]) -> Iterator[str]:
    found = sorted(names)
    if found:
        yield f"{what}: {len(found)} ({', '.join(found[:10])}{', …' if len(found) > 10 else ''})"


def _written(rows: Iterable[Tier]) -> str:
    return " ".join(f"{row.floor_usd:.10g}:{row.leverage:.10g}:{row.rate:.10g}" for row in rows)
