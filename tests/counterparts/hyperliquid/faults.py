"""Bad days: how many of the answers go wrong, and in which way."""

import random

import msgspec

HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
STATUS = {
    "429": (429, b"Too Many Requests"),
    "502": (502, HTML),
    "text": (500, b"Internal error, try again later"),
}
OUT_OF_RANGE = ("nan", "1e400", "-3.0", "0.0", "inf", "9e18")
FIELDS = ("szi", "positionValue", "entryPx")


class Faults:
    """Shares (0 to 1) of the answers about accounts that go wrong, by fault; all others are right."""

    def __init__(self, seed: int):
        self.shares: dict[str, float] = {}
        self.silent = False
        """Sockets stay open and say nothing, not even pong."""
        self.dexes_down: list[str] = []
        """Builder-deployed dexes that do not answer."""
        self.batches = "unknown"
        """How batches are answered: `unknown`, `null`, `short`, `shuffled`, `partly` or `served`."""
        self.answers: dict[str, object] = {}
        """What is answered instead of the truth, by request."""
        self._random = random.Random(seed)  # noqa: S311 - faults, not secrets
        self.made: dict[str, int] = {}

    def strike(self) -> str | None:
        """Return which fault befalls the next answer, None for none."""
        draw = self._random.random()
        for fault, share in self.shares.items():
            draw -= share
            if draw < 0:
                self.made[fault] = self.made.get(fault, 0) + 1
                return fault
        return None

    def spoil(self, fault: str, answer: dict) -> tuple[int, bytes]:
        """Return the status and the body that go out instead of `answer`."""
        if fault in STATUS:
            return STATUS[fault]
        if fault == "malformed":
            body = msgspec.json.encode(answer)
            return 200, body[: self._random.randrange(len(body))]
        return 200, msgspec.json.encode(self._altered(fault, answer))

    def _altered(self, fault: str, answer: dict) -> dict:
        if fault == "missing":
            gone = self._random.choice(("assetPositions", "marginSummary"))
            return {name: value for name, value in answer.items() if name != gone}
        if fault == "empty":
            return {**answer, "assetPositions": []}
        if fault == "future":
            return {**answer, "time": 4_000_000_000_000}
        return self._out_of_range(answer)

    def _out_of_range(self, answer: dict) -> dict:
        positions = answer.get("assetPositions")
        if positions:
            position = self._random.choice(positions)["position"]
            position[self._random.choice(FIELDS)] = self._random.choice(OUT_OF_RANGE)
        else:
            answer["marginSummary"] = {**answer["marginSummary"], "totalNtlPos": "nan"}
        return answer
