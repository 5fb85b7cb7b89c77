"""Settings: `liqbot.toml` and `LIQBOT_*` variables, checked at the start and refused by name."""

import difflib
import os
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar, cast

from pydantic import (
    BaseModel,
    Field,
    SecretStr,
    ValidationError,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticUndefined
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from liqbot.chat import registry as chats
from liqbot.logs import hide
from liqbot.market.coins import ALL, DEFAULT_COINS, canonical
from liqbot.people_settings import AccessSettings, QuotaSettings
from liqbot.platform_names import kind_of
from liqbot.sections import BackupSettings, KeepSettings, PluginSettings, SettingsError, WebSettings, listed
from liqbot.settings_named import named_keys, named_section, with_a_star
from liqbot.settings_secrets import secrets_of, without_keys
from liqbot.sources import registry
from liqbot.store.address import DatabaseAddress, local_folder, parse_address

PREFIX = "LIQBOT_"
CONFIG = f"{PREFIX}CONFIG"
"""The variable that names the settings file; without it `liqbot.toml` in the working folder."""
_FREE = "plugins.options."
"""Below this every plugin has settings of its own, of which we know nothing."""


CHAT_PLATFORMS = tuple(chats.platforms())
"""The platforms on which the operator's chat can be."""


Kind = TypeVar("Kind", bound=BaseModel)

if TYPE_CHECKING:
    _Declared = BaseSettings
else:  # what sources and platforms declare: a section by the name of each
    _declared = registry.sections() | chats.sections()
    _Declared = create_model(
        "_Declared",
        __base__=BaseSettings,
        **{name: (section, section()) for name, section in _declared.items()},
    )


class Settings(_Declared):
    """Everything that can be set. A variable is the name in capitals after `LIQBOT_`, nested with `__`.

    Made directly, it is made of its arguments alone; `load_settings` reads the file and the variables.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    database: DatabaseAddress = Field(
        Path("liqbot.db"),
        description="the database: a file, made where there is none, or postgresql://user:password@host/name",
    )
    coins: Annotated[tuple[str, ...], NoDecode] = Field(
        DEFAULT_COINS, description="the coins to watch; `all` for every coin of Hyperliquid"
    )
    sources: Annotated[tuple[str, ...], NoDecode] = Field(
        ("simulator",),
        description=f"where data comes from: {', '.join(registry.spellings())}",
    )
    plugins_path: Path = Field(
        Path("plugins"), description="the folder whose *.py files and packages are loaded as plugins"
    )
    pictures_path: Path = Field(Path("pictures"), description="where the console chat puts its pictures")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="how much is logged, to standard error"
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="how it is logged: lines of text, or one JSON object a line"
    )
    operator_chat: str = Field(
        "", description="the chat that hears of troubles: telegram:ID or discord:ID; empty for none"
    )
    metrics_port: int = Field(
        0, ge=0, le=65_535, description="the port of /healthz, /readyz and /metrics; 0 for none"
    )
    metrics_host: str = Field("127.0.0.1", description="the address that they are served on")
    keep: KeepSettings = KeepSettings()
    web: WebSettings = WebSettings()
    plugins: PluginSettings = PluginSettings()
    access: AccessSettings = AccessSettings()
    quotas: QuotaSettings = QuotaSettings()
    backups: BackupSettings = BackupSettings()

    @property
    def serves_people(self) -> bool:
        """Whether there is a token for some platform."""
        return any(chats.accounts(self.section))

    @property
    def is_shared(self) -> bool:
        """Whether several processes can work on the database at the same time."""
        return not isinstance(self.database, Path)

    @property
    def own_folder(self) -> Path:
        """The folder on this machine in which the bot keeps what else it keeps."""
        return local_folder(self.database)

    def beside_database(self, suffix: str) -> Path:
        """Return a file of the bot's own on this machine, named as the database is where that is a file."""
        database = self.database if isinstance(self.database, Path) else self.own_folder / "liqbot.db"
        return database.with_suffix(suffix)

    def section(self, kind: type[Kind]) -> Kind:
        """Return the section that is a `kind`: `settings.section(BinanceSettings)`."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return next(value for value in values if isinstance(value, kind))

    def options_of(self, source: str) -> dict[str, object]:
        """Return what is set for a source, one of liqbot's own or a plugin's."""
        if source in registry.sections():
            return cast("BaseModel", getattr(self, source)).model_dump()
        return self.plugins.options.get(source, {})

    @field_validator("coins", "sources", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return listed(value)

    @field_validator("coins")
    @classmethod
    def _canonical(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(coin.strip().lower() == ALL for coin in value):
            if len(value) > 1:
                raise ValueError(f"`{ALL}` stands alone")
            return (ALL,)
        return tuple(map(canonical, value))

    @field_validator("coins", "sources")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("name at least one")
        for place, item in enumerate(value):
            if not item.strip():
                raise ValueError("a name is empty")
            if item in value[:place]:
                raise ValueError(f"{item} is named twice")
        return value

    @field_validator("sources")
    @classmethod
    def _known_source(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for source in value:
            if not registry.is_spelt(source):
                raise ValueError(f"{source!r} is no source; there is {', '.join(registry.spellings())}")
        if sum(source.startswith("replay:") for source in value) > 1:
            raise ValueError("two recordings would be mixed into one market; name one")
        return value

    @field_validator("database", mode="before")
    @classmethod
    def _an_address(cls, value: object) -> object:
        address = parse_address(value) if isinstance(value, str) else value
        if isinstance(address, Path) and not address.name:
            raise ValueError("must name a file, as liqbot.db")
        return address

    @field_validator("operator_chat")
    @classmethod
    def _known_chat(cls, value: str) -> str:
        platform, colon, rest = value.partition(":")
        if value and not (colon and rest and kind_of(platform) in CHAT_PLATFORMS):
            raise ValueError(
                f"{value!r} is no chat; it is " + " or ".join(f"{one}:ID" for one in CHAT_PLATFORMS)
            )
        return value

    @model_validator(mode="after")
    def _operators_bot(self) -> Self:
        """Refuse an operator's chat of a bot that has no name in the settings."""
        platform = self.operator_chat.partition(":")[0]
        named = {one.name for one in chats.accounts(self.section)}
        if platform not in {"", *CHAT_PLATFORMS, *named}:
            raise ValueError(
                f"operator_chat: there is no bot {platform!r}; there is {', '.join(sorted(named))}"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the arguments alone, so that no variable reaches into settings made in a test."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read `liqbot.toml` and the `LIQBOT_*` variables, which win.

    Raises `SettingsError` that names everything that is wrong, a line each.
    """
    environment = os.environ if environment is None else environment
    file = Path(environment.get(CONFIG, "liqbot.toml"))
    values = _from_file(file, is_named=CONFIG in environment)
    unknown = [*_unknown_variables(environment), *_unknown_keys(values, file)]
    if unknown:
        raise SettingsError("\n".join(unknown))
    try:
        settings = Settings(**_merged(values, _from_variables(environment)))
    except ValidationError as error:
        raise SettingsError("\n".join(_complaints(error, environment, file))) from None
    hide(secrets_of(settings))
    return settings


def settings_file(environment: Mapping[str, str] | None = None) -> Path:
    """Return the settings file that is read, whether there is one or not."""
    return Path((os.environ if environment is None else environment).get(CONFIG, "liqbot.toml"))


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
        elif named_section(type(model), name):
            values[f"{prefix}{name.upper()}"] = ",".join(value)
        elif not isinstance(value, dict):  # what plugins are told may hold what nobody should read
            values[f"{prefix}{name.upper()}"] = _shown(value)
    return values


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, cast("tuple[object, ...]", value))) if isinstance(value, tuple) else str(value)


def _described(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    fields = sorted(model.model_fields.items(), key=lambda item: isinstance(item[1].default, BaseModel))
    for name, field in fields:
        default = field.default
        if isinstance(default, BaseModel):
            yield from _described(type(default), f"{prefix}{name.upper()}__")
            continue
        if named_section(model, name):
            yield f"{prefix}{name.upper()}", "", field.description or ""
        elif default is not PydanticUndefined:
            yield f"{prefix}{name.upper()}", _shown(default), field.description or ""


def _from_file(file: Path, *, is_named: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))  # as editors on Windows write it
    except FileNotFoundError:
        if is_named:
            raise SettingsError(f"{CONFIG}: there is no file {file}") from None
        return {}
    except PermissionError as error:
        whose = f"it must belong to the user of the bot, whose number is {os.geteuid()}"
        raise SettingsError(f"{file}: cannot be read: {error.strerror}; {whose}") from None
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file}: cannot be read: {error}") from None


def _from_variables(environment: Mapping[str, str]) -> dict[str, Any]:
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): value for name, value in environment.items() if name != CONFIG}
    return source()


def _merged(values: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` with those of `over` in their place, section by section."""
    merged = dict(values)
    for name, value in over.items():
        section = merged.get(name)
        is_section = isinstance(section, dict)
        merged[name] = _merged(cast("dict[str, Any]", section), value) if is_section else value
    return merged


def _unknown_variables(environment: Mapping[str, str]) -> Iterator[str]:
    known = {variable for variable, _, _ in described()}
    named = set(named_keys(Settings))
    for variable in environment:
        is_ours = variable.upper().startswith(PREFIX)
        if is_ours and variable not in known and with_a_star(_key(variable)) not in named:
            yield _no_such(variable, variable.upper(), known)


def _unknown_keys(values: Mapping[str, Any], file: Path) -> Iterator[str]:
    known = {_key(variable) for variable, _, _ in described() if variable != CONFIG}
    known |= set(named_keys(Settings))
    for key in _keys(values):
        if not key.startswith(_FREE) and not {key, with_a_star(key)} & known:
            yield f"{file}: {_no_such(key, key, known)}"


def _keys(values: Mapping[str, Any], section: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from _keys(cast("dict[str, Any]", value), f"{section}{name}.")
        else:
            yield f"{section}{name}"


def _key(variable: str) -> str:
    """Return what a variable is called in the file: `simulator.seed`."""
    return variable.removeprefix(PREFIX).lower().replace("__", ".")


def _no_such(name: str, meant: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(meant, known, n=1)
    return f"{name}: there is no such setting" + (f"; did you mean {close[0]}?" if close else "")


def _complaints(error: ValidationError, environment: Mapping[str, str], file: Path) -> Iterator[str]:
    for detail in sorted(error.errors(), key=lambda detail: len(detail["loc"]) > 1):
        variable = PREFIX + "__".join(str(part) for part in detail["loc"] if isinstance(part, str)).upper()
        key = f": {_key(variable)}" if detail["loc"] else ""
        where = variable if variable in environment else f"{file}{key}"
        # With a password, whatever form somebody gave it.
        is_of_server = detail["loc"][:1] == ("database",) and not {*":=@"}.isdisjoint(str(detail["input"]))
        is_secret = _is_secret(detail["loc"]) or is_of_server
        given = "" if is_secret else f" (it is {without_keys(repr(detail['input']))})"
        yield f"{where}: {detail['msg'].removeprefix('Value error, ')}{given}"


def _is_secret(path: tuple[int | str, ...]) -> bool:
    """Return whether a setting is one whose value is never shown, nor that of a section with one in it."""
    kind: object = Settings
    parts = iter(path)
    for part in parts:
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)) or part not in kind.model_fields:
            break
        named = named_section(kind, str(part))
        kind = kind.model_fields[str(part)].annotation
        if named is not None:
            kind = named
            next(parts, None)  # its name
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return any(_is_secret((*path, name)) for name in kind.model_fields)
    return kind is SecretStr
