"""Settings: `liqbot.toml` and `LIQBOT_*` variables, checked at the start and refused by name."""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "LIQBOT_"
CONFIG = f"{PREFIX}CONFIG"
"""The variable that names the settings file; without it `liqbot.toml` in the working folder."""


class SettingsError(Exception):
    """A setting is wrong. The text names it, and says what it takes."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SimulatorSettings(_Section):
    """The simulated market."""

    seed: int = Field(default=7, description="the same seed is the same market")
    scenario: Literal["calm", "grind", "squeeze", "cascade", "mixed"] = Field(
        default="mixed", description="what the market is up to"
    )
    speed: float = Field(default=60, ge=0, description="simulated seconds a second; 0 is as fast as possible")
    backfill_days: float = Field(
        default=7, ge=0, le=366, description="days of history made up before the start"
    )


class ReplaySettings(_Section):
    """Recordings."""

    speed: float = Field(default=0, ge=0, description="recorded seconds a second; 0 is as fast as possible")


class Settings(BaseSettings):
    """Everything that can be set. A variable is the name in capitals after `LIQBOT_`, nested with `__`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    database: Path = Field(Path("liqbot.db"), description="the database file; it is made where there is none")
    coins: Annotated[tuple[str, ...], NoDecode] = Field(
        ("BTC", "ETH", "SOL"), min_length=1, description="the coins to watch"
    )
    sources: Annotated[tuple[str, ...], NoDecode] = Field(
        ("simulator",), min_length=1, description="where data comes from: simulator, replay:FILE"
    )
    plugins_path: Path = Field(
        Path("plugins"), description="the folder whose *.py files are loaded as plugins"
    )
    pictures_path: Path = Field(Path("pictures"), description="where the console chat puts its pictures")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="how much is logged, to standard error"
    )
    simulator: SimulatorSettings = SimulatorSettings()
    replay: ReplaySettings = ReplaySettings()

    @field_validator("coins", "sources", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        """Take `BTC,ETH` for `["BTC", "ETH"]`."""
        if not isinstance(value, str):
            return value
        return tuple(item.strip(" \"'") for item in value.strip("[] ").split(",") if item.strip(" \"'"))

    @field_validator("sources")
    @classmethod
    def _known_source(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for source in value:
            kind, _, rest = source.partition(":")
            if (kind == "simulator" and not rest) or (kind == "replay" and rest):
                continue
            raise ValueError(f"{source!r} is no source; there is simulator, and replay:FILE")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables win over the file, which arrives as the initial values."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read `liqbot.toml` and the `LIQBOT_*` variables. Raises `SettingsError` that names what is wrong."""
    environment = os.environ if environment is None else environment
    file = Path(environment.get(CONFIG, "liqbot.toml"))
    if CONFIG in environment and not file.is_file():
        raise SettingsError(f"{CONFIG}: there is no file {file}")
    _refuse_unknown_variables(environment)
    try:
        return Settings(**(_from_file(file) if file.is_file() else {}))
    except ValidationError as error:
        raise SettingsError("\n".join(_complaints(error, environment, file))) from None


def described() -> Iterator[tuple[str, str, str]]:
    """Yield of every setting its variable, its default and what it is for."""
    yield CONFIG, "liqbot.toml", "the settings file"
    yield from _described(Settings, PREFIX)


def effective(settings: Settings) -> dict[str, str]:
    """Return the value of every setting by its variable."""
    return {CONFIG: os.environ.get(CONFIG, "liqbot.toml"), **_values(settings, PREFIX)}


def _values(model: BaseModel, prefix: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            values |= _values(value, f"{prefix}{name.upper()}__")
        else:
            values[f"{prefix}{name.upper()}"] = _shown(value)
    return values


def _shown(value: object) -> str:
    return ",".join(map(str, cast("tuple[object, ...]", value))) if isinstance(value, tuple) else str(value)


def _described(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in model.model_fields.items():
        default = field.default
        if isinstance(default, BaseModel):
            yield from _described(type(default), f"{prefix}{name.upper()}__")
            continue
        yield f"{prefix}{name.upper()}", _shown(default), field.description or ""


def _from_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file}: cannot be read: {error}") from None


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    known = {variable for variable, _, _ in described()}
    for variable in environment:
        if variable.startswith(PREFIX) and variable.upper() not in known:
            close = difflib.get_close_matches(variable, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise SettingsError(f"{variable}: there is no such setting{hint}")


def _complaints(error: ValidationError, environment: Mapping[str, str], file: Path) -> Iterator[str]:
    for detail in error.errors():
        path = [str(part) for part in detail["loc"] if isinstance(part, str)]
        variable = PREFIX + "__".join(path).upper()
        where = variable if variable in environment else f"{file}: {'.'.join(path)}"
        if detail["type"] == "extra_forbidden":
            yield f"{where}: there is no such setting"
        else:
            yield f"{where}: {detail['msg'].removeprefix('Value error, ')} (it is {detail['input']!r})"
