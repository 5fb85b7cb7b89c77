"""What somebody has chosen so far on the way to a subscription, as it travels in buttons.

    ?                              which rule?
    ?near-cluster                  which coin?
    ?near-cluster BTC              these values? each can be changed
    ?near-cluster BTC 1=3% +       and these, which every rule has?
    ?near-cluster BTC 1=3% .2      which value for the second parameter?
    ?near-cluster BTC 1=3% !       done: `/subscribe near-cluster BTC within=3%`

Parameters go by their place: their names would not fit into a button.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

MARK = "?"
"""What a step of the guide begins with; a typed command never does."""
_DONE, _ASKING, _MORE = "!", ".", "+"


@dataclass(frozen=True, slots=True)
class Choice:
    """What has been chosen so far."""

    rule: str = ""
    coin: str = ""
    values: Mapping[int, str] = field(default_factory=dict[int, str])
    """What differs from the defaults, by the parameter's place, from 1."""
    asking: int = 0
    """The place of the parameter that is being chosen; 0 for none."""
    more: bool = False
    """Whether the parameters that every rule has are being shown."""
    done: bool = False

    @property
    def step(self) -> str:
        """The choice as a button carries it."""
        words = [self.rule, self.coin, *(f"{place}={text}" for place, text in sorted(self.values.items()))]
        return MARK + " ".join(word for word in (*words, self._end) if word)

    @property
    def _end(self) -> str:
        if self.asking:
            return f"{_ASKING}{self.asking}"
        return _DONE if self.done else _MORE if self.more else ""

    @staticmethod
    def of(step: str) -> "Choice":
        """Read what a button carries. Raises `ValueError` for what none of ours does."""
        words = step.removeprefix(MARK).split()
        rule, coin = [*words[:2], "", ""][:2]
        values: dict[int, str] = {}
        end = ""
        for word in words[2:]:
            place, equals, text = word.partition("=")
            if equals:
                values[int(place)] = text
            else:
                end = word
        asking = int(end[1:]) if end.startswith(_ASKING) else 0
        if not asking and end not in ("", _DONE, _MORE):
            raise ValueError(f"no step of the guide ends with {end!r}")
        return Choice(rule, coin, values, asking, more=end == _MORE, done=end == _DONE)
