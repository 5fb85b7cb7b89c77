"""Parameters: a function's keyword-only arguments as a form that every chat can fill in.

An annotation says what a parameter is (`Percent`, `Usd`, `Duration`, `Ratio`, `Whole`, `Coin`, `Word`,
`YesNo`, or a `Literal` of choices) and may add its bounds and a line of help:

    within: Annotated[Percent, Between(0.1, 50), Help("how near to spot")] = 2.0

From it come validation, help, completion, and the options that a chat offers.
"""

import inspect
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, TypeAlias, cast, get_args, get_origin, get_type_hints

from liqbot.rules.units import EXAMPLES, Unit, read_amount, show_amount
from liqbot.rules.wording import listed, nearest, quoted

Value: TypeAlias = float | str


@dataclass(frozen=True, slots=True)
class Between:
    """The least and the greatest value of a parameter, both allowed."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Help:
    """One line that says what a parameter is for."""

    text: str


Percent = Annotated[float, Unit.PERCENT]
"""A percentage: `2` or `2%`."""
Usd = Annotated[float, Unit.USD]
"""US dollars: `5000000`, `5M`, `$750k`."""
Duration = Annotated[float, Unit.SECONDS]
"""Seconds, written with a unit: `90s`, `10m`, `1h30m`, `1d`."""
Ratio = Annotated[float, Unit.RATIO]
"""A plain number."""
Whole = Annotated[int, Unit.WHOLE]
"""A whole number: `3`. The function gets an `int`."""
YesNo = Literal["yes", "no"]
"""Yes or no, which people also write as on and off, true and false. The function gets `yes` or `no`."""
SideChoice = Literal["either", "long", "short"]
"""Which side of the market a rule looks at."""
Window = Literal["12h", "24h", "3d", "7d", "30d"]
"""How far back: one of the windows of a heatmap."""


@dataclass(frozen=True, slots=True)
class _Name:
    """Marks a text that names a coin."""


Coin = Annotated[str, _Name()]
"""A coin, as `ETH`; without one as its default, the rule chooses."""


@dataclass(frozen=True, slots=True)
class _Word:
    """Marks a text that people choose freely."""


Word = Annotated[str, _Word()]
"""A word of the people's own: letters, digits and hyphens; an empty text is none."""

_BOUNDS = {
    Unit.PERCENT: Between(0, 100),
    Unit.USD: Between(0, 1e12),
    Unit.SECONDS: Between(0, 366 * 86_400),
    Unit.RATIO: Between(0, 1e6),
    Unit.WHOLE: Between(0, 1e9),
}
_TYPES = "Percent, Usd, Duration, Ratio, Whole, Coin, Word, YesNo or a Literal of texts"
_YES_OR_NO = {
    **dict.fromkeys(("true", "on", "1", "y"), "yes"),
    **dict.fromkeys(("false", "off", "0", "n"), "no"),
}
"""What people write for yes and no."""
_COIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{0,31}")
ANY_COIN = "any"
"""How people write that a coin is left open."""
NO_NAME = "none"
"""How people write that something has no name."""
LONGEST_NAME = 24
_NAME = re.compile(r"\w[\w.-]{0,23}")


class ParameterError(ValueError):
    """A value that a parameter does not take. The text names the parameter and says what it takes."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One field of a form: a number with a unit and bounds, one of some choices, a coin, or a name."""

    name: str
    default: Value
    help: str = ""
    unit: Unit = Unit.RATIO
    bounds: Between | None = None
    choices: tuple[str, ...] = ()
    """What there is to choose from; empty for a number and for a coin."""
    standing: bool = False
    """Whether every rule has it; it is the host's business, and mentioned only where it is not as usual."""
    is_coin: bool = False
    """Whether it names a coin; an empty text leaves that open."""
    is_name: bool = False
    """Whether it is a name that people give; an empty text is none."""

    def parse(self, text: str) -> Value:
        """Return the value that a person wrote. Raises `ParameterError` that says what would be right."""
        if self.choices:
            return self._choice(text)
        if self.is_coin:
            return self._coin(text)
        if self.is_name:
            return self._name(text)
        number = read_amount(text, self.unit)
        if number is None:
            raise ParameterError(f"{self.name} must be {EXAMPLES[self.unit]}, not {quoted(text)}")
        return self._allowed(number)

    def check(self, value: object) -> Value:
        """Return `value`, as it stands in code or in the database, if the parameter takes it."""
        if self.choices:
            return self._choice(str(value))
        if self.is_coin:
            return self._coin(str(value))
        if self.is_name:
            return self._name(str(value))
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < sys.float_info.max:
            return self._allowed(value)
        raise ParameterError(f"{self.name} must be {EXAMPLES[self.unit]}, not {value!r:.40}")

    def show(self, value: Value) -> str:
        """Return the value as people write it: `2%`, `$5M`, `10 min`, `either`. Nothing is rounded."""
        if isinstance(value, str):
            return value or (NO_NAME if self.is_name else ANY_COIN)
        return show_amount(value, self.unit)

    @property
    def takes(self) -> str:
        """What may be written, in words: `from 0.1% to 50%`, `either, long or short`."""
        if self.choices:
            *others, last = self.choices
            return f"{', '.join(others)} or {last}" if others else last
        if self.is_coin:
            return f"a coin such as ETH, or {ANY_COIN}"
        if self.is_name:
            return f"a name of at most {LONGEST_NAME} letters, digits and hyphens, or {NO_NAME}"
        if self.bounds is None:
            return EXAMPLES[self.unit]
        return f"from {self.show(self.bounds.low)} to {self.show(self.bounds.high)}"

    def _choice(self, text: str) -> str:
        if set(self.choices) == {"yes", "no"}:
            text = _YES_OR_NO.get(text.strip().lower(), text)
        for choice in self.choices:
            if _bare(choice) == _bare(text):
                return choice
        raise ParameterError(f"{self.name} must be {self.takes}, not {quoted(text)}")

    def _coin(self, text: str) -> str:
        name = text.strip().lstrip("$#")
        if not name or name.lower() == ANY_COIN:
            return ""
        if _COIN.fullmatch(name):
            return name.upper() if name.islower() else name
        raise ParameterError(f"{self.name} must be {self.takes}, not {quoted(text)}")

    def _name(self, text: str) -> str:
        name = re.sub(r"\s+", "-", text.strip())
        if name.lower() in ("", NO_NAME):
            return ""
        if _NAME.fullmatch(name) and not name.lower().startswith("0x") and not name.isdecimal():
            return name
        raise ParameterError(f"{self.name} must be {self.takes}, not {quoted(text)}")

    def _allowed(self, number: float) -> float:
        if self.unit is Unit.WHOLE and not float(number).is_integer():
            raise ParameterError(f"{self.name} must be {EXAMPLES[self.unit]}, not {self.show(number):.24}")
        if self.bounds and not self.bounds.low <= number <= self.bounds.high:
            raise ParameterError(f"{self.name} must be {self.takes}, not {self.show(number):.24}")
        return float(number)


class Form:
    """The parameters of one function, in their order."""

    def __init__(
        self,
        parameters: Sequence[Parameter],
        *,
        renamed: Mapping[str, str] | None = None,
        refused: Mapping[str, str] | None = None,
    ) -> None:
        """Take `parameters`; some once had the `renamed` names, and `refused` are those of other rules."""
        self.parameters = tuple(parameters)
        self.renamed = dict(renamed or {})
        self.refused = dict(refused or {})
        self._by_name = {parameter.name: parameter for parameter in parameters}

    @staticmethod
    def of(function: Callable[..., Any]) -> "Form":
        """Read the keyword-only arguments of `function`. Raises `TypeError` that names what is wrong."""
        hints = get_type_hints(function, include_extras=True)
        return Form(
            [
                _parameter(argument.name, hints.get(argument.name), argument.default)
                for argument in inspect.signature(function).parameters.values()
                if argument.kind is inspect.Parameter.KEYWORD_ONLY
            ]
        )

    def joined(
        self,
        more: Sequence[Parameter],
        *,
        renamed: Mapping[str, str] | None = None,
        refused: Mapping[str, str] | None = None,
    ) -> "Form":
        """Return the form with more parameters. Raises `TypeError` where it has one of their names."""
        for parameter in more:
            if parameter.name in self._by_name:
                raise TypeError(f"parameter {parameter.name} is one that every rule has anyway")
        return Form([*self.parameters, *more], renamed=renamed, refused=refused)

    def own(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Return those of the values that are the function's own."""
        standing = {parameter.name for parameter in self.parameters if parameter.standing}
        return {name: self._passed(name, value) for name, value in values.items() if name not in standing}

    def _passed(self, name: str, value: Value) -> Value:
        """Return a value as the function gets it: on its way to the worker a whole number loses its type."""
        parameter = self._by_name.get(name)
        is_whole = parameter is not None and parameter.unit is Unit.WHOLE
        return int(value) if is_whole and isinstance(value, float) else value

    def parse(self, written: Mapping[str, str]) -> dict[str, Value]:
        """Return a value for every parameter: what was written, else the default. Raises `ParameterError`."""
        values: dict[str, Value] = {}
        for name, text in written.items():
            plain = name.lower().replace("-", "_")
            parameter = self._by_name.get(self.renamed.get(plain, plain))
            if parameter is None:
                raise ParameterError(self._unknown(name))
            if parameter.name in values:
                raise ParameterError(f"{parameter.name} is given twice")
            values[parameter.name] = parameter.parse(text)
        return self.defaults() | values

    def defaults(self) -> dict[str, Value]:
        """Return every parameter's default."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    def canonical(self, values: Mapping[str, Value]) -> str:
        """Return the values as one text that is equal for equal wishes."""
        told = {parameter.name: values[parameter.name] for parameter in self._worth_telling(values)}
        return json.dumps(told, separators=(",", ":"), sort_keys=True)

    def restore(self, canonical: str) -> dict[str, Value]:
        """Return the values of a canonical text; what a newer version added has its default.

        Raises `ParameterError` where a value is no longer allowed.
        """
        try:
            stored: object = json.loads(canonical)
        except ValueError:
            stored = None
        if not isinstance(stored, dict):
            raise ParameterError(f"the parameters {quoted(canonical)} cannot be read")
        known = cast("dict[str, object]", stored)
        for old, new in self.renamed.items():
            if old in known:
                known.setdefault(new, known[old])
        return {
            parameter.name: parameter.check(known.get(parameter.name, parameter.default))
            for parameter in self.parameters
        }

    def show(self, values: Mapping[str, Value]) -> str:
        """Return the values as people type them: `within=2% at_least=$5M side=either`."""
        return " ".join(
            f"{parameter.name}={parameter.show(values[parameter.name]).replace(' ', '')}"
            for parameter in self._worth_telling(values)
        )

    def show_changed(self, values: Mapping[str, Value]) -> str:
        """Return those of the values that are not the default, as people type them."""
        return " ".join(
            f"{parameter.name}={parameter.show(values[parameter.name]).replace(' ', '')}"
            for parameter in self.parameters
            if values[parameter.name] != parameter.default
        )

    def plain(self, name: str) -> str:
        """Return the name of the parameter that was meant, as `within` by `Within`."""
        plain = name.lower().replace("-", "_")
        return self.renamed.get(plain, plain)

    def fill_in(self, text: str, values: Mapping[str, Value]) -> str:
        """Return `text` with each parameter's value in place of its name in backticks."""

        def shown(name: re.Match[str]) -> str:
            parameter = self._by_name.get(name[1])
            return name[1] if parameter is None else parameter.show(values[parameter.name])

        return re.sub(r"`([^`]+)`", shown, text)

    def _worth_telling(self, values: Mapping[str, Value]) -> list[Parameter]:
        """Return the parameters of the function, and the standing ones that are not as usual."""
        return [
            parameter
            for parameter in self.parameters
            if not parameter.standing or values[parameter.name] != parameter.default
        ]

    def _unknown(self, name: str) -> str:
        reason = self.refused.get(name.lower())
        if reason is not None:
            return f"there is no {name.lower()} here: {reason}"
        close = nearest(name, self._by_name)
        hint = f"did you mean {close}?" if close else f"it takes {listed(self._by_name) or 'none'}"
        return f"there is no parameter {quoted(name)}; {hint}"


def _bare(choice: str) -> str:
    """Return a choice without what people add or leave out: `Longs` is `long`, `5` is `5%`."""
    return choice.strip().lower().removesuffix("s").removesuffix("%").rstrip()


def _parameter(name: str, hint: Any, default: Any) -> Parameter:  # noqa: ANN401 - an annotation may be anything
    if default is inspect.Parameter.empty:
        raise TypeError(f"parameter {name} needs a default: a rule works as soon as it is named")
    kind, *extras = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    text = next((extra.text for extra in extras if isinstance(extra, Help)), "")
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    if choices and all(isinstance(choice, str) for choice in choices):
        parameter = Parameter(name, "", text, choices=choices)
    elif kind in (float, int):
        usual = Unit.RATIO if kind is float else Unit.WHOLE
        unit = next((extra for extra in extras if isinstance(extra, Unit)), usual)
        bounds = next((extra for extra in extras if isinstance(extra, Between)), _BOUNDS[unit])
        parameter = Parameter(name, 0.0, text, unit=unit, bounds=bounds)
    elif kind is str and any(isinstance(extra, _Name) for extra in extras):
        parameter = Parameter(name, "", text, is_coin=True)
    elif kind is str and any(isinstance(extra, _Word) for extra in extras):
        parameter = Parameter(name, "", text, is_name=True)
    else:
        has = "no type" if hint is None else f"the type {kind.__name__ if isinstance(kind, type) else kind}"
        raise TypeError(f"parameter {name} has {has}; it must be {_TYPES}")
    try:
        return replace(parameter, default=parameter.check(default))
    except ParameterError as error:
        raise TypeError(f"its own default is not allowed: {error}") from None
