"""Parameters: a function's keyword-only arguments as a form that every chat can fill in.

An annotation says what a parameter is (`Percent`, `Usd`, `Duration`, `Ratio`, or a `Literal` of choices) and
may add its bounds and a line of help:

    within: Annotated[Percent, Between(0.1, 50), Help("how near to spot")] = 2.0

From it come validation, help, completion, and the options that a chat offers.
"""

import difflib
import inspect
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin, get_type_hints

from liqbot.market import figures

Value: TypeAlias = float | str


class Unit(StrEnum):
    """What a number counts."""

    PERCENT = "percent"
    USD = "dollars"
    SECONDS = "duration"
    RATIO = "ratio"


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
"""Seconds, written with a unit: `90s`, `10m`, `4h`, `1d`."""
Ratio = Annotated[float, Unit.RATIO]
"""A plain number."""
SideChoice = Literal["either", "long", "short"]
"""Which side of the market a rule looks at."""

_BOUNDS = {
    Unit.PERCENT: Between(0, 100),
    Unit.USD: Between(0, 1e12),
    Unit.SECONDS: Between(0, 366 * 86_400),
    Unit.RATIO: Between(0, 1e6),
}
_SCALES = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9}
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class ParameterError(ValueError):
    """A value that a parameter does not take. The text names the parameter and says what it takes."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One field of a form: a number with a unit and bounds, or one of some choices."""

    name: str
    default: Value
    help: str
    unit: Unit | None = None
    bounds: Between | None = None
    choices: tuple[str, ...] = ()

    def parse(self, text: str) -> Value:
        """Return the value that a person wrote. Raises `ParameterError` that says what would be right."""
        text = text.strip()
        if self.choices:
            return self._choice(text)
        number = self._number(text)
        if self.bounds and not self.bounds.low <= number <= self.bounds.high:
            raise ParameterError(f"{self.name} must be {self.takes}, not {self.show(number)}")
        return number

    def check(self, value: object) -> Value:
        """Return `value`, as it stands in code or in the database, if the parameter takes it."""
        return self.parse(value if isinstance(value, str) else self._written(value))

    def show(self, value: Value) -> str:
        """Return the value as people write it: `2%`, `$5M`, `10 min`, `either`."""
        if isinstance(value, str):
            return value
        if self.unit is Unit.PERCENT:
            return f"{value:g}%"
        if self.unit is Unit.USD:
            return figures.usd(value)
        return figures.duration(value) if self.unit is Unit.SECONDS else f"{value:g}"

    @property
    def takes(self) -> str:
        """What may be written, in words: `from 0.1% to 50%`."""
        if self.choices:
            return " or ".join([", ".join(self.choices[:-1]), self.choices[-1]])
        if self.bounds is None:
            return "a number"
        return f"from {self.show(self.bounds.low)} to {self.show(self.bounds.high)}"

    def _choice(self, text: str) -> str:
        wanted = text.lower().removesuffix("s")
        for choice in self.choices:
            if choice.lower().removesuffix("s") == wanted:
                return choice
        raise ParameterError(f"{self.name} must be {self.takes}, not {text!r}")

    def _number(self, text: str) -> float:
        pattern = {
            Unit.PERCENT: r"([-+.\d,e]+)()%?",
            Unit.USD: r"\$?([-+.\d,]+(?:e\d+)?)\s*([kmb]?)\$?",
            Unit.SECONDS: r"([-+.\d]+)\s*([a-z]*)",
        }.get(self.unit or Unit.RATIO, r"([-+.\d,e]+)()x?")
        match = re.fullmatch(pattern, text.lower())
        scales: Mapping[str, float] = _SECONDS if self.unit is Unit.SECONDS else _SCALES
        try:
            number = float(match[1].replace(",", "")) if match else math.nan
        except ValueError:
            number = math.nan
        scale = scales.get(match[2]) if match else None
        if scale is None and number == 0:
            scale = 1.0
        if scale is None or not math.isfinite(number):
            raise ParameterError(f"{self.name} must be {self._example}, not {text!r}")
        return number * scale

    @property
    def _example(self) -> str:
        examples = {
            Unit.PERCENT: "a percentage such as 2 or 2.5%",
            Unit.USD: "dollars such as 5M or 750k",
            Unit.SECONDS: "a span of time such as 90s, 10m, 4h or 1d",
        }
        return examples.get(self.unit or Unit.RATIO, "a number such as 0.2")

    def _written(self, value: object) -> str:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return f"{float(value)!r}{'s' if self.unit is Unit.SECONDS else ''}"
        raise ParameterError(f"{self.name} must be {self._example}, not {value!r}")


class Form:
    """The parameters of one function, in their order."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self.parameters = tuple(parameters)
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

    def parse(self, written: Mapping[str, str]) -> dict[str, Value]:
        """Return a value for every parameter: what was written, else the default. Raises `ParameterError`."""
        values = self.defaults()
        for name, text in written.items():
            parameter = self._by_name.get(name.lower().replace("-", "_"))
            if parameter is None:
                raise ParameterError(self._unknown(name))
            values[parameter.name] = parameter.parse(text)
        return values

    def defaults(self) -> dict[str, Value]:
        """Return every parameter's default."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    def canonical(self, values: Mapping[str, Value]) -> str:
        """Return the values as one text that is equal for equal wishes."""
        return json.dumps({name: values[name] for name in sorted(values)}, separators=(",", ":"))

    def restore(self, canonical: str) -> dict[str, Value]:
        """Return the values of a canonical text; what a newer version added has its default.

        Raises `ParameterError` where a value is no longer allowed.
        """
        stored: dict[str, object] = json.loads(canonical)
        return {
            parameter.name: parameter.check(stored[parameter.name])
            if parameter.name in stored
            else parameter.default
            for parameter in self.parameters
        }

    def show(self, values: Mapping[str, Value]) -> str:
        """Return the values as people read them: `within=2% at_least=$5M side=either`."""
        return " ".join(
            f"{parameter.name}={parameter.show(values[parameter.name]).replace(' ', '')}"
            for parameter in self.parameters
        )

    def _unknown(self, name: str) -> str:
        names = [parameter.name for parameter in self.parameters]
        close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else f"it takes {', '.join(names) or 'none'}"
        return f"there is no parameter {name!r}; {hint}"


def _parameter(name: str, hint: Any, default: Any) -> Parameter:  # noqa: ANN401 - an annotation may be anything
    if default is inspect.Parameter.empty:
        raise TypeError(f"parameter {name} needs a default: a rule works as soon as it is named")
    extras: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *rest = get_args(hint)
        extras = tuple(rest)
    text = next((extra.text for extra in extras if isinstance(extra, Help)), "")
    if get_origin(hint) is Literal:
        parameter = Parameter(name, default, text, choices=tuple(map(str, get_args(hint))))
    elif hint in (float, int):
        unit = next((extra for extra in extras if isinstance(extra, Unit)), Unit.RATIO)
        bounds = next((extra for extra in extras if isinstance(extra, Between)), _BOUNDS[unit])
        parameter = Parameter(name, float(default), text, unit=unit, bounds=bounds)
    else:
        raise TypeError(
            f"parameter {name} has the type {hint!r}; it must be Percent, Usd, Duration, Ratio or a Literal"
        )
    try:
        parameter.check(parameter.default)
    except ParameterError as error:
        raise TypeError(f"its own default is not allowed: {error}") from None
    return parameter
