"""Finding accounts: the leaderboard, vaults, recent trades, and a file of the operator's."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import structlog

from liqbot.sections import SettingsError
from liqbot.sources.hyperliquid.client import InfoClient, RequestFailed
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.payloads import Trade
from liqbot.sources.hyperliquid.roster import Roster
from liqbot.sources.hyperliquid.settings import HyperliquidSettings
from liqbot.sources.hyperliquid.size_estimates import SizeEstimates

_log = structlog.get_logger()

ADDRESS = re.compile(r"0x[0-9a-f]{40}")
DAY_S = 86_400.0
RETRY_S = 300.0
"""A list that could not be had is asked for again after so long."""
AT_ONCE = 1000
OWN_USD = 1_000_000.0
"""An account that the operator names, or a vault, counts as worth this until it is asked."""


def address_of(text: str) -> str | None:
    """Return `text` as an address, None where it is none."""
    lower = text.strip().lower()
    return lower if ADDRESS.fullmatch(lower) else None


def read_accounts(file: Path) -> list[str]:
    """Return the addresses of a file, one a line, `#` begins a comment. Raises `SettingsError`."""
    name = "LIQBOT_HYPERLIQUID__ACCOUNTS_FILE"
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}: {file} cannot be read: {error}") from None
    found: list[str] = []
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        address = address_of(text)
        if text and address is None:
            raise SettingsError(
                f"{name}: {file}, line {number}: {text[:80]!r} is no address (0x and 40 digits)"
            )
        found += [address] if address else []
    return found


class Discovery:
    """Fills the roster."""

    def __init__(
        self, settings: HyperliquidSettings, client: InfoClient, roster: Roster, clock: Clock
    ) -> None:
        self._settings = settings
        self._client = client
        self._roster = roster
        self._clock = clock
        self.sizes = SizeEstimates(roster)
        """What those on the leaderboard may hold."""
        self.looked = False
        """Whether it has looked everywhere once, with or without success."""

    def from_file(self) -> None:
        """Take up the operator's own accounts. Raises `SettingsError`."""
        if self._settings.accounts_file:
            self._find(read_accounts(Path(self._settings.accounts_file)), OWN_USD)

    def from_trades(self, trades: Iterable[Trade]) -> None:
        """Take up who made some trades."""
        now_ms = self._clock.now_ms()
        for trade in trades:
            usd = trade.px * trade.sz
            for user in trade.users:
                address = address_of(user)
                if address and 0 < usd < 1e12:
                    self._roster.find(address, now_ms, guess_usd=usd, traded_usd=usd)

    async def run(self, coins: Iterable[str]) -> None:
        """Look everywhere every day; where something could not be had, again soon."""
        wanted = tuple(coins)
        while True:
            complete = await self.once(wanted)
            await self._clock.sleep(DAY_S if complete else RETRY_S)

    async def once(self, coins: Iterable[str]) -> bool:
        """Look everywhere: the leaderboard, recent trades of `coins`, vaults; return whether all was had."""
        looks = [
            self._leaderboard,
            *(partial(self._recent_trades, coin) for coin in coins),
            *(partial(self._vault, vault) for vault in self._settings.vaults),
        ]
        found = [await self._try(look) for look in looks]
        self.looked = True
        return all(found)

    async def _recent_trades(self, coin: str) -> None:
        self.from_trades(await self._client.recent_trades(coin))

    async def _vault(self, address: str) -> None:
        vault = await self._client.vault(address)
        self._find([address, *vault.children], OWN_USD)
        self._find([follower.user for follower in vault.followers] + [vault.leader or ""], 0.0)

    async def _leaderboard(self) -> None:
        if not self._settings.leaderboard_url:
            return
        board = await self._client.leaderboard(self._settings.leaderboard_url)
        now_ms = self._clock.now_ms()
        told: dict[int, tuple[float, ...]] = {}
        for place, row in enumerate(board):
            if place % AT_ONCE == 0:
                await asyncio.sleep(0)  # there are tens of thousands, and others wait
            address = address_of(row.address)
            if address:
                usd = row.account_value if 0 < row.account_value < 1e12 else 0.0
                self._roster.find(address, now_ms, guess_usd=usd)
                told[self._roster.number(address, now_ms)] = (usd, *row.performances)
        self.sizes.take(list(told), list(told.values()))

    def _find(self, names: Iterable[str], usd: float) -> None:
        now_ms = self._clock.now_ms()
        for address in _addresses(names):
            self._roster.find(address, now_ms, guess_usd=usd)

    async def _try(self, look: Callable[[], Awaitable[None]]) -> bool:
        try:
            await look()
        except RequestFailed as error:
            _log.warning("account_discovery_failed", reason=str(error))
            return False
        return True


def _addresses(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        address = address_of(name)
        if address:
            yield address
