"""Builder-deployed dexes: markets of their own, held by every fifth of the accounts."""

from .book import Book, CoinState, Held

SHARE = 5
MARK, LEVERAGE, OPEN_INTEREST = 250.0, 10.0, 1e7


class Builder:
    """One dex with one market, whose coin reads `xyz:TSLA`."""

    def __init__(self, name: str, names: tuple[str, ...]):
        self.name = name
        self._numbers = {holder: number for number, holder in enumerate(names) if number % SHARE == 0}

    def coins(self) -> list[CoinState]:
        return [CoinState(f"{self.name}:TSLA", MARK, OPEN_INTEREST, 1e-5, ((0.0, LEVERAGE),))]

    def book(self, user: str) -> Book:
        number = self._numbers.get(user)
        if number is None:
            return Book()
        sign = 1 if number % 2 else -1
        held = Held(
            coin=f"{self.name}:TSLA",
            size=sign * (10.0 + number % 90),
            entry=MARK,
            mark=MARK,
            level=MARK * (1 - sign * 0.08),
            leverage=LEVERAGE,
            isolated=True,
            raw_usd=0.0,
            margin_used=1.0,
            max_leverage=LEVERAGE,
        )
        return Book(positions=(held,))
