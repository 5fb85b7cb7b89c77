"""Settings: from variables and from a file, checked at the start and refused by name."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr
from recordings import ordinary_user

from liqbot.chat import registry
from liqbot.chat.discord.settings import DiscordSettings
from liqbot.chat.telegram.settings import TelegramSettings
from liqbot.settings import (
    CONFIG,
    Settings,
    SettingsError,
    described,
    effective,
    load_settings,
)
from liqbot.store.address import parse_address

SECRET = "MTIz.Abc.xyz-_9"  # noqa: S105 - nobody's
TELEGRAM_SECRET = "123456789:AAbb-cc_dd"  # noqa: S105 - nobody's
EXAMPLES = {
    # variable: (its text, the same in TOML, the value)
    "LIQBOT_DATABASE": ("/data/bot.db", '"/data/bot.db"', Path("/data/bot.db")),
    "LIQBOT_COINS": ("BTC,HYPE", '["BTC", "HYPE"]', ("BTC", "HYPE")),
    "LIQBOT_SOURCES": (
        "hyperliquid,bybit,replay:a.csv.gz,plugin:mine:x",
        '["hyperliquid", "bybit", "replay:a.csv.gz", "plugin:mine:x"]',
        ("hyperliquid", "bybit", "replay:a.csv.gz", "plugin:mine:x"),
    ),
    "LIQBOT_OPERATOR_CHAT": ("telegram:12", '"telegram:12"', "telegram:12"),
    "LIQBOT_METRICS_PORT": ("9100", "9100", 9100),
    "LIQBOT_METRICS_HOST": ("0.0.0.0", '"0.0.0.0"', "0.0.0.0"),  # noqa: S104 - the operator may want just that
    "LIQBOT_PLUGINS_PATH": ("rules", '"rules"', Path("rules")),
    "LIQBOT_PICTURES_PATH": ("out", '"out"', Path("out")),
    "LIQBOT_LOG_FORMAT": ("json", '"json"', "json"),
    "LIQBOT_LOG_LEVEL": ("debug", '"debug"', "debug"),
    "LIQBOT_SIMULATOR__SEED": ("3", "3", 3),
    "LIQBOT_SIMULATOR__SCENARIO": ("cascade", '"cascade"', "cascade"),
    "LIQBOT_SIMULATOR__SPEED": ("0.5", "0.5", 0.5),
    "LIQBOT_SIMULATOR__BACKFILL_DAYS": ("1.5", "1.5", 1.5),
    "LIQBOT_REPLAY__SPEED": ("60", "60", 60),
    "LIQBOT_HYPERLIQUID__API_URL": ("http://node:3001", '"http://node:3001"', "http://node:3001"),
    "LIQBOT_HYPERLIQUID__NODE_DATA": ("/data/hl", '"/data/hl"', "/data/hl"),
    "LIQBOT_HYPERLIQUID__NODE_PATH": ("/home/hl/data", '"/home/hl/data"', "/home/hl/data"),
    "LIQBOT_HYPERLIQUID__STOP_ORDERS_S": ("62.5", "62.5", 62.5),
    "LIQBOT_HYPERLIQUID__PUBLIC_URL": ("http://other", '"http://other"', "http://other"),
    "LIQBOT_HYPERLIQUID__COINS_ON_REQUEST": ("5", "5", 5),
    "LIQBOT_HYPERLIQUID__PUSHED_ACCOUNTS": ("5", "5", 5),
    "LIQBOT_HYPERLIQUID__LIQUIDATIONS_URL": ("wss://x?key=1", '"wss://x?key=1"', SecretStr("wss://x?key=1")),
    "LIQBOT_HYPERLIQUID__WS_URL": ("ws://node:3001/ws", '"ws://node:3001/ws"', "ws://node:3001/ws"),
    "LIQBOT_HYPERLIQUID__WEIGHT_PER_MINUTE": ("0", "0", 0),
    "LIQBOT_HYPERLIQUID__LEADERBOARD_URL": ("", '""', ""),
    "LIQBOT_HYPERLIQUID__VAULTS": ("0xa,0xb", '["0xa", "0xb"]', ("0xa", "0xb")),
    "LIQBOT_HYPERLIQUID__DEXES": ("xyz,flx", '["xyz", "flx"]', ("xyz", "flx")),
    "LIQBOT_HYPERLIQUID__ACCOUNTS_FILE": ("mine.txt", '"mine.txt"', "mine.txt"),
    "LIQBOT_HYPERLIQUID__HYPERPERPS": ("true", "true", True),
    "LIQBOT_HYPERLIQUID__HYPERPERPS_URL": ("http://other", '"http://other"', "http://other"),
    "LIQBOT_BINANCE__API_URL": ("http://b", '"http://b"', "http://b"),
    "LIQBOT_BINANCE__WS_URL": ("ws://b:1/ws", '"ws://b:1/ws"', "ws://b:1/ws"),
    "LIQBOT_BINANCE__BACKFILL_DAYS": ("2.5", "2.5", 2.5),
    "LIQBOT_BYBIT__API_URL": ("http://y", '"http://y"', "http://y"),
    "LIQBOT_BYBIT__WS_URL": ("wss://y", '"wss://y"', "wss://y"),
    "LIQBOT_BYBIT__BACKFILL_DAYS": ("0.5", "0.5", 0.5),
    "LIQBOT_OKX__API_URL": ("http://o", '"http://o"', "http://o"),
    "LIQBOT_OKX__WS_URL": ("ws://o", '"ws://o"', "ws://o"),
    "LIQBOT_OKX__BACKFILL_DAYS": ("0.1", "0.1", 0.1),
    "LIQBOT_BITGET__API_URL": ("http://t", '"http://t"', "http://t"),
    "LIQBOT_BITGET__BACKFILL_DAYS": ("2.5", "2.5", 2.5),
    "LIQBOT_GATE__API_URL": ("http://g/x", '"http://g/x"', "http://g/x"),
    "LIQBOT_GATE__BACKFILL_DAYS": ("29.5", "29.5", 29.5),
    "LIQBOT_BINANCE__DEPTH_EVERY_S": ("45.5", "45.5", 45.5),
    "LIQBOT_BYBIT__DEPTH_EVERY_S": ("45.5", "45.5", 45.5),
    "LIQBOT_OKX__DEPTH_EVERY_S": ("45.5", "45.5", 45.5),
    "LIQBOT_BITGET__DEPTH_EVERY_S": ("45.5", "45.5", 45.5),
    "LIQBOT_GATE__DEPTH_EVERY_S": ("45.5", "45.5", 45.5),
    "LIQBOT_BITGET__WS_URL": ("ws://t", '"ws://t"', "ws://t"),
    "LIQBOT_GATE__WS_URL": ("ws://g", '"ws://g"', "ws://g"),
    "LIQBOT_BINANCE__BRACKETS_FILE": ("b.txt", '"b.txt"', "b.txt"),
    "LIQBOT_DISCORD__TOKEN": (SECRET, f'"{SECRET}"', SecretStr(SECRET)),
    "LIQBOT_DISCORD__API_URL": (
        "http://127.0.0.1:9/api/v10",
        '"http://127.0.0.1:9/api/v10"',
        "http://127.0.0.1:9/api/v10",
    ),
    "LIQBOT_DISCORD__GATEWAY_URL": ("ws://127.0.0.1:9/gw", '"ws://127.0.0.1:9/gw"', "ws://127.0.0.1:9/gw"),
    "LIQBOT_TELEGRAM__TOKEN": (TELEGRAM_SECRET, f'"{TELEGRAM_SECRET}"', SecretStr(TELEGRAM_SECRET)),
    "LIQBOT_TELEGRAM__API_URL": ("http://127.0.0.1:9", '"http://127.0.0.1:9"', "http://127.0.0.1:9"),
    "LIQBOT_TELEGRAM__WEBHOOK_URL": ("https://a.org/bot", '"https://a.org/bot"', "https://a.org/bot"),
    "LIQBOT_TELEGRAM__WEBHOOK_HOST": ("0.0.0.0", '"0.0.0.0"', "0.0.0.0"),  # noqa: S104 - only an example
    "LIQBOT_TELEGRAM__WEBHOOK_PORT": ("8080", "8080", 8080),
    "LIQBOT_PLUGINS__ENABLED": ("false", "false", False),
    "LIQBOT_PLUGINS__BUBBLEWRAP": ("false", "false", False),
    "LIQBOT_PLUGINS__TRUSTED": ("wall,webhook", '["wall", "webhook"]', ("wall", "webhook")),
    "LIQBOT_PLUGINS__DENIED": ("wall<2,other", '["wall<2", "other"]', ("wall<2", "other")),
    "LIQBOT_PLUGINS__OVERLAYS": ("key-levels", '["key-levels"]', ("key-levels",)),
    "LIQBOT_PLUGINS__DEADLINE_S": ("0.5", "0.5", 0.5),
    "LIQBOT_PLUGINS__MEMORY_MB": ("100", "100", 100),
    "LIQBOT_WEB__ENABLED": ("false", "false", False),
    "LIQBOT_WEB__PORT": ("0", "0", 0),
    "LIQBOT_WEB__HOST": ("0.0.0.0", '"0.0.0.0"', "0.0.0.0"),  # noqa: S104 - only an example
    "LIQBOT_WEB__PUBLIC_URL": (
        "https://liq.example.org",
        '"https://liq.example.org"',
        "https://liq.example.org",
    ),
    "LIQBOT_WEB__ALLOWED_HOSTS": ("a.org,b.org", '["a.org", "b.org"]', ("a.org", "b.org")),
    "LIQBOT_WEB__TRUSTED_PROXIES": (
        "10.0.0.1,fd00::/8",
        '["10.0.0.1", "fd00::/8"]',
        ("10.0.0.1", "fd00::/8"),
    ),
    "LIQBOT_WEB__RATE_PER_S": ("0.5", "0.5", 0.5),
    "LIQBOT_WEB__BURST": ("7", "7", 7),
    "LIQBOT_WEB__STREAMS": ("0", "0", 0),
    "LIQBOT_ACCESS__MODE": ("invite", '"invite"', "invite"),
    "LIQBOT_ACCESS__OPEN_ON": ("discord", '["discord"]', ("discord",)),
    "LIQBOT_ACCESS__ALLOWED": (
        "telegram:-5,discord:7",
        '["telegram:-5", "discord:7"]',
        ("telegram:-5", "discord:7"),
    ),
    "LIQBOT_ACCESS__OWNERS": ("telegram:12", '["telegram:12"]', ("telegram:12",)),
    "LIQBOT_KEEP__HISTORY_DAYS": ("400", "400", 400),
    "LIQBOT_KEEP__VIEWS_DAYS": ("9", "9", 9),
    "LIQBOT_KEEP__EVENTS_DAYS": ("400", "400", 400),
    "LIQBOT_BACKUPS__FOLDER": ("/backups", '"/backups"', "/backups"),
    "LIQBOT_BACKUPS__EVERY_H": ("12", "12", 12.0),
    "LIQBOT_BACKUPS__KEEP": ("3", "3", 3),
    "LIQBOT_QUOTAS__COMMANDS": ("31", "31", 31),
    "LIQBOT_QUOTAS__COMMANDS_PERSON": ("21", "21", 21),
    "LIQBOT_QUOTAS__COMMANDS_SERVER": ("77", "77", 77),
    "LIQBOT_QUOTAS__PICTURES": ("11", "11", 11),
    "LIQBOT_QUOTAS__PICTURES_PERSON": ("7", "7", 7),
    "LIQBOT_QUOTAS__PICTURES_AT_ONCE": ("3", "3", 3),
    "LIQBOT_QUOTAS__PREVIEWS": ("11", "11", 11),
    "LIQBOT_QUOTAS__SUBSCRIPTIONS": ("51", "51", 51),
    "LIQBOT_QUOTAS__SUBSCRIPTIONS_PERSON": ("101", "101", 101),
    "LIQBOT_QUOTAS__LOOKS": ("11", "11", 11),
    "LIQBOT_QUOTAS__ACCOUNTS": ("11", "11", 11),
    "LIQBOT_QUOTAS__ACCOUNTS_IN_ALL": ("201", "201", 201),
    "LIQBOT_QUOTAS__WATCHES": ("31", "31", 31),
    "LIQBOT_QUOTAS__WATCHES_IN_ALL": ("5001", "5001", 5001),
}
SECRETS = {"LIQBOT_DISCORD__TOKEN", "LIQBOT_TELEGRAM__TOKEN", "LIQBOT_HYPERLIQUID__LIQUIDATIONS_URL"}
"""Settings whose values are never shown."""
WRONG = {
    "LIQBOT_DATABASE": ["", ".", "/"],
    "LIQBOT_COINS": ["", "[]", "BTC,ETH,BTC", '["BTC"', "[1]", '[""]'],
    "LIQBOT_SOURCES": [
        "",
        "simulater",
        "replay",
        "replay:",
        "simulator:7",
        "hyperliquid:x",
        "plugin",
        "plugin:",
        "simulator,simulator",
        "binance,binance",
        "binance:x",
    ],
    "LIQBOT_LOG_FORMAT": ["xml", ""],
    "LIQBOT_LOG_LEVEL": ["loud", "INFO", ""],
    "LIQBOT_BINANCE__API_URL": ["", "fapi.binance.com", "wss://x", "http://"],
    "LIQBOT_OKX__WS_URL": ["", "https://x", "ws:/x"],
    "LIQBOT_GATE__BACKFILL_DAYS": ["-1", "31", "x"],
    "LIQBOT_SIMULATOR__SEED": ["x", "1.5", ""],
    "LIQBOT_SIMULATOR__SCENARIO": ["boom"],
    "LIQBOT_SIMULATOR__SPEED": ["-1", "nan", "fast"],
    "LIQBOT_SIMULATOR__BACKFILL_DAYS": ["-1", "367", "nan", "inf"],
    "LIQBOT_REPLAY__SPEED": ["-0.1", "x"],
    "LIQBOT_HYPERLIQUID__API_URL": ["", "api.hyperliquid.xyz", "ws://x"],
    "LIQBOT_HYPERLIQUID__PUBLIC_URL": ["", "ws://x"],
    "LIQBOT_HYPERLIQUID__COINS_ON_REQUEST": ["-1", "many"],
    "LIQBOT_HYPERLIQUID__PUSHED_ACCOUNTS": ["-1", "16", "many"],
    "LIQBOT_HYPERLIQUID__LIQUIDATIONS_URL": ["https://x"],
    "LIQBOT_HYPERLIQUID__WS_URL": ["", "https://x"],
    "LIQBOT_HYPERLIQUID__WEIGHT_PER_MINUTE": ["-1", "1.5", "x"],
    "LIQBOT_HYPERLIQUID__LEADERBOARD_URL": ["stats"],
    "LIQBOT_HYPERLIQUID__VAULTS": ["["],
    "LIQBOT_HYPERLIQUID__DEXES": ["[1]"],
    "LIQBOT_HYPERLIQUID__HYPERPERPS": ["maybe"],
    "LIQBOT_HYPERLIQUID__HYPERPERPS_URL": [""],
    "LIQBOT_DISCORD__TOKEN": ["two words", "ünïcode"],
    "LIQBOT_DISCORD__API_URL": [
        "",
        "discord.com",
        "ftp://discord.com",
        "https://user@discord.com",
        "http://a b",
    ],
    "LIQBOT_DISCORD__GATEWAY_URL": ["gateway.discord.gg", "https://gateway.discord.gg", "ws://"],
    "LIQBOT_TELEGRAM__TOKEN": ["two words", "AAbb-cc_dd", "123:ünïcode", "123:"],
    "LIQBOT_TELEGRAM__API_URL": ["", "api.telegram.org", "ftp://a.org", "https://user@a.org", "http://a b"],
    "LIQBOT_TELEGRAM__WEBHOOK_URL": ["a.org", "https://", "https://a.org/?x=1"],
    "LIQBOT_TELEGRAM__WEBHOOK_PORT": ["0", "65536", "x", "1.5"],
    "LIQBOT_PLUGINS__ENABLED": ["perhaps", ""],
    "LIQBOT_PLUGINS__BUBBLEWRAP": ["perhaps", ""],
    "LIQBOT_PLUGINS__TRUSTED": ['["wall"', "[1]"],
    "LIQBOT_PLUGINS__DENIED": ["two words", "wall=1", "["],
    "LIQBOT_PLUGINS__OVERLAYS": ["[7]"],
    "LIQBOT_PLUGINS__DEADLINE_S": ["0", "61", "soon"],
    "LIQBOT_PLUGINS__MEMORY_MB": ["63", "1.5"],
    "LIQBOT_WEB__ENABLED": ["perhaps", ""],
    "LIQBOT_WEB__PORT": ["-1", "65536", "x"],
    "LIQBOT_WEB__PUBLIC_URL": [
        "liq.example.org",
        "ftp://a.org",
        "https://u@a.org",
        "https://a.org/?x=1",
        "https://a.org/liq",
    ],
    "LIQBOT_WEB__ALLOWED_HOSTS": ["[1]"],
    "LIQBOT_WEB__TRUSTED_PROXIES": ["proxy", "10.0.0.0/33"],
    "LIQBOT_WEB__RATE_PER_S": ["-1", "x"],
    "LIQBOT_WEB__BURST": ["0", "1.5"],
    "LIQBOT_WEB__STREAMS": ["-1", "x"],
    "LIQBOT_ACCESS__MODE": ["closed", ""],
    "LIQBOT_ACCESS__OPEN_ON": ["icq", "[1]"],
    "LIQBOT_ACCESS__ALLOWED": ["12", "telegram:", "icq:12"],
    "LIQBOT_ACCESS__OWNERS": ["ann", ":12", "telegramm:12"],
    "LIQBOT_KEEP__HISTORY_DAYS": ["7", "x"],
    "LIQBOT_KEEP__VIEWS_DAYS": ["0"],
    "LIQBOT_KEEP__EVENTS_DAYS": ["1.5"],
    "LIQBOT_BACKUPS__EVERY_H": ["0", "x"],
    "LIQBOT_BACKUPS__KEEP": ["0", "1.5"],
    "LIQBOT_QUOTAS__COMMANDS": ["-1", "x"],
    "LIQBOT_QUOTAS__COMMANDS_PERSON": ["-1", "x"],
    "LIQBOT_QUOTAS__COMMANDS_SERVER": ["-1", "x"],
    "LIQBOT_QUOTAS__PICTURES": ["-1", "x"],
    "LIQBOT_QUOTAS__PICTURES_PERSON": ["-1", "x"],
    "LIQBOT_QUOTAS__PICTURES_AT_ONCE": ["-1", "x"],
    "LIQBOT_QUOTAS__PREVIEWS": ["-1", "x"],
    "LIQBOT_QUOTAS__SUBSCRIPTIONS": ["-1", "x"],
    "LIQBOT_QUOTAS__SUBSCRIPTIONS_PERSON": ["-1", "x"],
    "LIQBOT_QUOTAS__WATCHES": ["-1", "x"],
    "LIQBOT_QUOTAS__LOOKS": ["-1", "x"],
    "LIQBOT_QUOTAS__ACCOUNTS": ["-1", "x"],
    "LIQBOT_QUOTAS__ACCOUNTS_IN_ALL": ["-1", "x"],
    "LIQBOT_QUOTAS__WATCHES_IN_ALL": ["-1", "x"],
}
EACH_WRONG = [(variable, text) for variable, texts in WRONG.items() for text in texts]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(folder):
    return lambda text: (folder / "liqbot.toml").write_text(text, encoding="utf-8")


def read(settings, variable):
    value = settings
    for name in variable.removeprefix("LIQBOT_").lower().split("__"):
        value = getattr(value, name)
    return value


def in_toml(variable, value):
    *section, name = variable.removeprefix("LIQBOT_").lower().split("__")
    return "".join(f"[{each}]\n" for each in section) + f"{name} = {value}\n"


def refused(environment=None):
    with pytest.raises(SettingsError) as error:
        load_settings(environment or {})
    return str(error.value)


# Read


def test_there_is_an_example_of_every_setting():
    named = {"LIQBOT_DISCORD__ACCOUNTS", "LIQBOT_TELEGRAM__ACCOUNTS"}
    assert {variable for variable, _, _ in described()} == {*EXAMPLES, CONFIG, *named}


def bots(settings):
    """Return by name the token of each bot that is set up."""
    found = registry.accounts(settings.section)
    return {account.name: account.section.token.get_secret_value() for account in found}


def test_further_bots_have_a_name_and_else_what_their_platform_says(write):
    write(
        '[telegram]\ntoken = "1:a"\napi_url = "http://own:1"\nwebhook_url = "https://one.example"\n'
        '[telegram.accounts.alerts]\ntoken = "2:b"\n'
        '[discord.accounts.eu-1]\ntoken = "x.y.z"\n'
    )
    settings = load_settings({"LIQBOT_TELEGRAM__ACCOUNTS__DESK__TOKEN": "3:c"})
    assert bots(settings) == {
        "discord.eu-1": "x.y.z",
        "telegram": "1:a",
        "telegram.alerts": "2:b",
        "telegram.desk": "3:c",
    }
    own = {account.name: account.section for account in registry.accounts(settings.section)}
    assert own["telegram.alerts"].api_url == "http://own:1"
    assert own["telegram.alerts"].webhook_url == "", "an address that brings updates is one bot's"
    assert effective(settings)["LIQBOT_TELEGRAM__ACCOUNTS"] == "alerts,desk"


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        (
            '[telegram]\ntoken = "1:a"\n[telegram.accounts.x]\ntoken = "1:b"',
            "token and accounts.x have the same",
        ),
        ("[telegram.accounts.x]\nwebhook_port = 1", "accounts.x has no token"),
        ('[telegram.accounts."A b"]\ntoken = "1:a"', "'A b' is no name of a bot"),
        ('[telegram.accounts.x]\ntoken = "secret"', "telegram.accounts.x.token: has not the form"),
        ('[telegram.accounts.x]\ntokn = "secret"', "telegram.accounts.x.tokn: there is no such setting"),
        ('[telegram.accounts]\nx = "secret"', "telegram.accounts.x: there is no such setting"),
        ('telegram.accounts = "secret"', "telegram.accounts: Input should be"),
        ('[discord.accounts.x]\ntoken = "not secret"', "discord.accounts.x.token: has not the form"),
        (
            'operator_chat = "telegram.x:5"\n[telegram.accounts.y]\ntoken = "1:a"',
            "there is no bot 'telegram.x'; there is telegram.y",
        ),
        (
            """
            [telegram.accounts]
            x = {token = "1:a", webhook_url = "https://a.example"}
            y = {token = "2:b", webhook_url = "https://b.example"}
            """,
            "accounts.x and accounts.y have the same webhook_port",
        ),
    ],
)
def test_a_further_bot_that_cannot_be_is_refused_by_name_and_its_token_is_not_told(write, toml, told):
    write(toml)
    found = refused()
    assert told in found
    assert "secret" not in found


@pytest.mark.usefixtures("folder")
def test_without_file_and_variables_everything_has_its_default():
    assert load_settings({}) == Settings()
    assert Settings().sources == ("simulator",)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("variable", EXAMPLES)
def test_every_setting_can_be_set_by_its_variable(variable):
    text, _, value = EXAMPLES[variable]
    settings = load_settings({variable: text})
    assert read(settings, variable) == value != read(Settings(), variable)


@pytest.mark.parametrize("variable", EXAMPLES)
def test_every_setting_can_be_set_in_the_file(write, variable):
    _, toml, value = EXAMPLES[variable]
    write(in_toml(variable, toml))
    assert read(load_settings({}), variable) == value


@pytest.mark.parametrize("variable", EXAMPLES)
def test_a_variable_wins_over_the_file_and_leaves_the_rest_of_it(write, variable):
    _, toml, value = EXAMPLES[variable]
    write(in_toml(variable, toml))
    others = {name: text for name, (text, _, _) in EXAMPLES.items() if name != variable}
    settings = load_settings(others)
    assert read(settings, variable) == value
    assert all(read(settings, name) == EXAMPLES[name][2] for name in others)
    default = str(effective(Settings())[variable])
    assert read(load_settings({variable: default}), variable) == read(Settings(), variable)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("text", "coins"),
    [
        ("BTC", ("BTC",)),
        ("BTC,ETH", ("BTC", "ETH")),
        (" BTC , ETH, ", ("BTC", "ETH")),
        ('["BTC", "ETH"]', ("BTC", "ETH")),
        (' ["BTC"] ', ("BTC",)),
    ],
)
def test_a_list_is_written_with_commas_or_as_json(text, coins):
    assert load_settings({"LIQBOT_COINS": text}).coins == coins


@pytest.mark.usefixtures("folder")
def test_a_name_with_brackets_quotes_or_commas_can_be_written():
    assert load_settings({"LIQBOT_SOURCES": "replay:[old] 'x'.csv"}).sources == ("replay:[old] 'x'.csv",)
    assert load_settings({"LIQBOT_SOURCES": '["replay:a,b.csv"]'}).sources == ("replay:a,b.csv",)


def test_a_list_in_the_file_may_be_written_with_commas_too(write):
    write('coins = "BTC,ETH"')
    assert load_settings({}).coins == ("BTC", "ETH")


def test_the_process_own_variables_are_read_where_none_are_given(folder, monkeypatch):
    assert folder
    monkeypatch.setenv("LIQBOT_COINS", "SOL")
    assert load_settings().coins == ("SOL",)


def test_settings_made_directly_are_made_of_their_arguments_alone(monkeypatch):
    monkeypatch.setenv("LIQBOT_DATABASE", "/the/operators/own.db")
    assert Settings().database == Path("liqbot.db")
    assert Settings(database=Path("mine.db")).database == Path("mine.db")


def test_the_settings_file_may_lie_elsewhere(folder):
    (folder / "mine.toml").write_text('coins = ["SOL"]', encoding="utf-8")
    (folder / "liqbot.toml").write_text('coins = ["ETH"]', encoding="utf-8")
    assert load_settings({CONFIG: str(folder / "mine.toml")}).coins == ("SOL",)


def test_variables_of_others_are_none_of_our_business(folder):
    assert folder
    assert load_settings({"LIQ": "1", "MY_LIQBOT_COINS": "x", "PATH": "/bin"}) == Settings()


# Refused


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("variable", "text"), EACH_WRONG)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(variable, text):
    told = refused({variable: text})
    assert told.startswith(f"{variable}: ")
    assert ("(it is " in told) is (variable not in SECRETS)
    assert "\n" not in told


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        (
            "[simulator]\nspeed = -1",
            "liqbot.toml: simulator.speed: Input should be greater than or equal to 0",
        ),
        ("[simulator]\nseed = 1.5", "liqbot.toml: simulator.seed: "),
        ("coins = []", "liqbot.toml: coins: "),
        (
            'sources = ["replay:"]',
            "liqbot.toml: sources: 'replay:' is no source; there is hyperliquid, simulator, binance,",
        ),
        ("coins = 3", "liqbot.toml: coins: "),
    ],
)
def test_a_wrong_value_in_the_file_is_refused_by_file_and_key(write, toml, told):
    write(toml)
    assert refused().startswith(told)


@pytest.mark.usefixtures("folder")
def test_two_recordings_are_refused_for_they_would_be_one_market():
    assert "LIQBOT_SOURCES: two recordings" in refused({"LIQBOT_SOURCES": "replay:a,replay:b"})


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("LIQBOT_COIN", "LIQBOT_COINS"),
        ("LIQBOT_SIMULATOR_SEED", "LIQBOT_SIMULATOR__SEED"),
        ("LIQBOT_SIMULATOR__SPED", "LIQBOT_SIMULATOR__SPEED"),
        ("LIQBOT_DATABASE__PATH", "LIQBOT_DATABASE"),
        ("LIQBOT_coins", "LIQBOT_COINS"),
        ("liqbot_coins", "LIQBOT_COINS"),
    ],
)
def test_an_unknown_variable_is_refused_with_the_nearest_one(variable, hint):
    assert refused({variable: "1"}) == f"{variable}: there is no such setting; did you mean {hint}?"


@pytest.mark.usefixtures("folder")
def test_an_unknown_variable_like_no_other_is_refused_without_a_guess():
    assert refused({"LIQBOT_QQQQQQQQQQQQQQQQQQQ": "1"}).endswith("there is no such setting")


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ('coin = ["BTC"]', "coin: there is no such setting; did you mean coins?"),
        ("[simulater]\nseed = 1", "simulater.seed: there is no such setting; did you mean simulator.seed?"),
        (
            "[simulator]\nbackfil_days = 1",
            "simulator.backfil_days: there is no such setting; did you mean simulator.backfill_days?",
        ),
        ("[simulater]", "simulater: there is no such setting; did you mean simulator.seed?"),
        ("simulator = 3", "simulator: there is no such setting; did you mean simulator.seed?"),
        ("_env_file = 'x'", "_env_file: there is no such setting"),
        ("COINS = ['BTC']", "COINS: there is no such setting"),
    ],
)
def test_an_unknown_key_or_section_is_refused_with_the_nearest_one(write, toml, told):
    write(toml)
    assert refused().startswith(f"liqbot.toml: {told}")


def test_everything_that_is_wrong_is_named_at_once(write):
    write("[simulator]\nseed = 'x'\n")
    told = refused({"LIQBOT_LOG_LEVEL": "loud", "LIQBOT_REPLAY__SPEED": "-1"}).splitlines()
    assert [line.split(": ")[0] for line in told] == [
        "LIQBOT_LOG_LEVEL",
        "LIQBOT_REPLAY__SPEED",
        "liqbot.toml",
    ]


def test_a_settings_file_that_is_named_but_not_there_is_refused(folder):
    assert (
        refused({CONFIG: str(folder / "gone.toml")}) == f"{CONFIG}: there is no file {folder / 'gone.toml'}"
    )
    assert refused({CONFIG: str(folder)}) == f"{folder}: cannot be read: Is a directory"


def test_a_settings_file_that_may_not_be_read_is_refused():
    with ordinary_user() as folder:
        file = folder / "liqbot.toml"
        file.touch(mode=0)
        said = refused({CONFIG: str(file)})
        assert said.startswith(
            f"{file}: cannot be read: Permission denied; it must belong to the user of the bot"
        )
        assert said.endswith(str(os.geteuid()))


@pytest.mark.parametrize("text", [b"coins = [", b"\xff\xfe", b"coins = 1\ncoins = 2"])
def test_a_settings_file_that_is_no_toml_is_refused_by_name(folder, text):
    (folder / "liqbot.toml").write_bytes(text)
    assert refused().startswith("liqbot.toml: cannot be read: ")


# Shown


def test_every_setting_is_described_with_its_default():
    rows = {variable: (default, what) for variable, default, what in described()}
    assert all(what for _, what in rows.values())
    assert rows["LIQBOT_COINS"][0] == "BTC,ETH,SOL"
    assert rows["LIQBOT_SIMULATOR__SCENARIO"][0] == "natural"
    assert {variable: default for variable, (default, _) in rows.items()} == effective(Settings())


@pytest.mark.usefixtures("folder")
def test_what_is_in_effect_is_shown_of_every_setting():
    environment = {variable: text for variable, (text, _, _) in EXAMPLES.items()}
    shown = effective(load_settings(environment))
    assert shown.keys() == {variable for variable, _, _ in described()}
    hidden = dict.fromkeys(SECRETS, "**********")
    assert {variable: shown[variable] for variable in environment} == environment | hidden | {
        "LIQBOT_REPLAY__SPEED": "60.0",
        "LIQBOT_BACKUPS__EVERY_H": "12.0",
    }


@pytest.mark.usefixtures("folder")
def test_what_is_shown_can_be_set_again():
    settings = load_settings({v: text for v, (text, _, _) in EXAMPLES.items() if v not in SECRETS})
    again = {name: value for name, value in effective(settings).items() if name != CONFIG}
    assert load_settings(again) == settings


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("wrong", ["sec ret", "sécret"])
def test_a_wrong_token_is_refused_without_being_repeated(wrong):
    told = refused({"LIQBOT_DISCORD__TOKEN": wrong})
    assert "LIQBOT_DISCORD__TOKEN: has not the form of a bot's token" in told
    assert wrong not in told


def test_a_token_of_the_wrong_type_is_refused_without_being_repeated(write):
    write("[discord]\ntoken = 1234567890")
    assert "1234567890" not in refused()
    write("discord = 'my-secret-token'")
    assert "my-secret-token" not in refused()


@pytest.mark.parametrize("given", ["Bot MTIz.Abc", "  MTIz.Abc\n", "MTIz.Abc"])
def test_a_token_is_taken_as_it_is_copied(given):
    settings = DiscordSettings(token=given)
    assert settings.token.get_secret_value() == "MTIz.Abc"
    assert settings.is_set
    assert "MTIz" not in repr(settings)


def test_an_empty_token_is_none():
    assert not DiscordSettings(token=" ").is_set  # noqa: S106 - it is none
    assert not DiscordSettings().is_set


def test_a_wrong_telegram_token_is_refused_without_being_repeated():
    told = refused({"LIQBOT_TELEGRAM__TOKEN": "12345678AAbbcc"})
    assert told == "LIQBOT_TELEGRAM__TOKEN: has not the form of a bot's token, 123456789:letters"


def test_a_telegram_token_of_the_wrong_type_is_refused_without_being_repeated(write):
    write("[telegram]\ntoken = 1234567890")
    assert "1234567890" not in refused()
    write("telegram = '1234567890:my-secret'")
    assert "my-secret" not in refused()


def test_a_telegram_token_is_taken_as_it_is_copied_and_never_shown():
    settings = Settings(telegram=TelegramSettings(token=f" {TELEGRAM_SECRET}\n"))
    assert settings.telegram.token.get_secret_value() == TELEGRAM_SECRET
    assert settings.telegram.is_set
    assert "AAbb" not in repr(settings)


@pytest.mark.parametrize("written", ["http://a:81", "http://a:81/", "http://a:81/bot", "http://a:81/bot/"])
def test_an_api_server_is_named_by_what_stands_before_bot_and_token(written):
    assert TelegramSettings(api_url=written).api_url == "http://a:81"


def test_what_a_plugin_is_told_stands_in_a_section_of_its_own_and_is_never_shown(write):
    write('[plugins.options.webhook]\nurl = "json://secret"\ndeep = {port = 7}\n')
    settings = load_settings({})
    assert settings.plugins.options == {"webhook": {"url": "json://secret", "deep": {"port": 7}}}
    assert "secret" not in str(effective(settings))


@pytest.mark.parametrize("text", ["btc,eth", "BTC,ETH", "BINANCE:BTCUSDT,ETH-USDT-SWAP"])
@pytest.mark.usefixtures("folder")
def test_coins_are_taken_in_the_spellings_that_people_use(text):
    assert load_settings({"LIQBOT_COINS": text}).coins == ("BTC", "ETH")
    assert load_settings({"LIQBOT_COINS": "PEPE"}).coins == ("kPEPE",)


@pytest.mark.usefixtures("folder")
def test_two_spellings_of_one_coin_are_it_twice():
    assert "kPEPE is named twice" in refused({"LIQBOT_COINS": "PEPE,1000PEPE"})


# A database on a server

URL = "postgresql://bot:pass%40word@db.example:5433/liqbot?sslmode=require"


@pytest.mark.usefixtures("folder")
def test_a_database_on_a_server_is_named_by_its_url_and_shown_without_its_password():
    settings = load_settings({"LIQBOT_DATABASE": URL})
    shown = "postgresql://bot@db.example:5433/liqbot?sslmode=require"
    assert str(settings.database) == effective(settings)["LIQBOT_DATABASE"] == shown
    assert "word" not in repr(settings)
    assert settings.database.url == URL


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "text",
    [
        "postgresql://bot:password@db.example",
        "postgres://bot:password@db.example:many/liqbot",
        "postgresql://bot:password@[db/liqbot",
        "mysql://bot:password@db.example/liqbot",
        "postgresql://bot:pa/password@db.example/liqbot",
        "postgresql://bot:pa@/password@db.example/liqbot",
        "postgresql://bot:pa/ss?word/password@db.example/liqbot",
        "postgresql://bot:pa#password@db.example/liqbot",
        "postgresql:/bot:password@db.example/liqbot",
        "Postgres:bot:password@db.example/liqbot",
        "host=db.example user=bot password='password@db' dbname=liqbot",
        "dbname=liqbot password=password@db",
        "mysql+driver://bot:password@db.example/liqbot",
        "://bot:password@db.example/liqbot",
    ],
)
def test_a_url_that_is_none_is_refused_without_repeating_it(text):
    told = refused({"LIQBOT_DATABASE": text})
    assert told.startswith("LIQBOT_DATABASE: ")
    assert "password@db" not in told.replace("liqbot:password@host", "")


def test_a_password_with_a_sign_that_a_url_reads_otherwise_is_told_how_to_be_written():
    told = refused({"LIQBOT_DATABASE": "postgresql://bot:pa/word@db.example/liqbot"})
    assert "in a password write %40 for @, %2F for /" in told
    address = parse_address("postgresql://bot:pa%2Fword%40x@db.example/liqbot")
    assert str(address) == "postgresql://bot@db.example/liqbot"
    assert "pa/word@x" in address.secrets


def test_every_way_to_write_a_password_is_kept_to_itself():
    for url in (
        "postgresql://bot:secret99@h/db",
        "postgresql:///db?host=/run/pg&password=secret99",
        "postgresql://bot:secret99@h1:1,h2:2/db",
        "POSTGRES://:secret99@h/db",
    ):
        address = parse_address(url)
        assert "secret99" not in f"{address} {address!r}"
        assert "secret99" in address.secrets
        assert "secret99" in address.with_database("other").url
    assert str(parse_address("postgresql:///db?host=/run/pg")) == "postgresql:///db?host=/run/pg"


def test_what_is_no_url_is_a_file():
    for file in ("data/liqbot.db", "postgres/my bot.db", "C:/liqbot.db", "data/a=b.db"):
        assert parse_address(file) == Path(file)
