"""What is planted as a secret, or written in a chat, can be read nowhere that it does not belong."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from counterparts.discord.fixture import discord_counterpart, discord_process
from counterparts.telegram.fixtures import telegram, telegram_process

from liqbot.cli.setup import unit
from liqbot.logs import HIDDEN, redacted
from liqbot.settings import SettingsError, load_settings
from liqbot.settings_secrets import secrets_of

__all__ = ["discord_counterpart", "discord_process", "telegram", "telegram_process"]

ROOT = Path(__file__).parents[2]
NODE_KEY = "n0deK3yPlantedPlanted77"
PROVIDER_PASSWORD, PROVIDER_KEY = "pr0viderPlantedPassword", "pr0viderPlantedQueryKey"
HOOK = "T0PlantedHook/B0PlantedHook/xPlantedHookSecretOfSlack0"
DATABASE_PASSWORD = "d4tabasePlantedPassword"  # noqa: S105 - it opens nothing
WRITTEN = "plantedwordsofsomebody"
ADDRESS = "0xb1a47ed0b1a47ed0b1a47ed0b1a47ed0b1a47ed0"
PEOPLE = "Plantina"
WITHIN_S = 60


def free_port():
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return own.getsockname()[1]


def told_by(url):
    """Return what is answered at an address, its headers included; nothing where nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - of our own
            return f"{answer.headers}{answer.read().decode(errors='replace')}"
    except urllib.error.HTTPError as error:
        return f"{error.headers}{error.read().decode(errors='replace')}"
    except OSError:
        return ""


@pytest.fixture
def environment(tmp_path, telegram, discord_counterpart):
    """An operator's variables, with something secret in each place where there may be."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIQBOT_")}
    options = {"slack": {"url": f"slack://{HOOK}"}}
    toml = tmp_path / "liqbot.toml"
    toml.write_text(f"[plugins.options.slack]\nurl = {json.dumps(options['slack']['url'])}\n")
    return kept | {
        "LIQBOT_CONFIG": str(toml),
        "LIQBOT_DATABASE": str(tmp_path / "liqbot.db"),
        "LIQBOT_SOURCES": "simulator,hyperliquid",
        "LIQBOT_SIMULATOR__BACKFILL_DAYS": "0.1",
        "LIQBOT_HYPERLIQUID__API_URL": f"http://127.0.0.1:1/{NODE_KEY}",
        "LIQBOT_HYPERLIQUID__WS_URL": f"ws://127.0.0.1:1/{NODE_KEY}/ws",
        "LIQBOT_HYPERLIQUID__LEADERBOARD_URL": f"http://127.0.0.1:1/{NODE_KEY}/leaderboard",
        "LIQBOT_HYPERLIQUID__LIQUIDATIONS_URL": (
            f"ws://user:{PROVIDER_PASSWORD}@127.0.0.1:1/feed?apikey={PROVIDER_KEY}"
        ),
        "LIQBOT_TELEGRAM__TOKEN": telegram.token,
        "LIQBOT_TELEGRAM__API_URL": telegram.api_url,
        "LIQBOT_DISCORD__TOKEN": discord_counterpart.token,
        "LIQBOT_DISCORD__API_URL": discord_counterpart.api_url,
        "LIQBOT_DISCORD__GATEWAY_URL": discord_counterpart.gateway_url,
        "LIQBOT_WEB__PORT": str(free_port()),
        "LIQBOT_METRICS_PORT": str(free_port()),
        "LIQBOT_BACKUPS__FOLDER": str(tmp_path / "backups"),
        "LIQBOT_LOG_LEVEL": "debug",
    }


@contextlib.asynccontextmanager
async def running(folder, environment, told):
    """Run the bot as a service; what it has said by the end is in `told`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "liqbot", "run", "--serve"),
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    reading = asyncio.create_task(process.stdout.read())
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(WITHIN_S):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        told.append((await reading).decode())


def secrets_in(telegram, discord_counterpart):
    return {
        "Telegram's token": telegram.token.partition(":")[2],
        "Discord's token": discord_counterpart.token,
        "the key of a node": NODE_KEY,
        "the password of a provider": PROVIDER_PASSWORD,
        "the key of a provider": PROVIDER_KEY,
        "a webhook": HOOK.rpartition("/")[2],
    }


@pytest.mark.long
@pytest.mark.parametrize("log_format", ["text", "json"])
async def test_neither_secrets_nor_what_people_write_get_out(
    tmp_path, telegram, discord_counterpart, environment, log_format
):
    environment |= {"LIQBOT_LOG_FORMAT": log_format}
    secrets = secrets_in(telegram, discord_counterpart)
    guild = await discord_counterpart.add_guild()
    channel = await discord_counterpart.add_channel(guild.id)
    ann = await telegram.person(PEOPLE)
    environment["LIQBOT_OPERATOR_CHAT"] = f"telegram:{ann.id}"
    told, answers, public = [], [], []
    async with running(tmp_path, environment, told):
        await ann.starts()
        answers.append((await ann.hears(within=WITHIN_S)).text)
        for kind in ("bad_gateway", "server_error", "reset"):
            await telegram.fail(kind, "sendMessage", seconds=1)
            await telegram.fail(kind, "getUpdates", seconds=1)
            await ann.says(f"/{WRITTEN} {ADDRESS}")
        await telegram.heal()
        await telegram.garble({"message": {"text": WRITTEN, "date": PEOPLE, "chat": ADDRESS}})
        await ann.says(f"/watch {ADDRESS} name={WRITTEN}")
        await ann.says(f"what about {WRITTEN}?")
        await ann.says("/status")
        async with asyncio.timeout(WITHIN_S):
            while "Status" not in answers[-1]:
                answers.append((await ann.hears(within=WITHIN_S)).text)
        answer = await discord_counterpart.slash("account", channel, address=f"{WRITTEN} {ADDRESS}")
        answers.append(str(answer))
        web = f"http://127.0.0.1:{environment['LIQBOT_WEB__PORT']}"
        metrics = f"http://127.0.0.1:{environment['LIQBOT_METRICS_PORT']}"
        pages = (
            *(f"{metrics}{path}" for path in ("/healthz", "/metrics")),
            *(f"{web}{path}" for path in ("/", "/api/v1/coins", "/api/v1/coins/NONE", "/api/v1/nothing")),
            f"{web}/api/v1/coins/BTC/grid?window=wrong",
        )
        public += [await asyncio.to_thread(told_by, page) for page in pages]
    assert all(public), "every page has answered"
    for command in ("doctor", "config"):
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "liqbot", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        public.append(done.stdout + done.stderr)
    public += [unit(tmp_path / "liqbot.toml"), *(file.name for file in (tmp_path / "backups").iterdir())]
    [log] = told
    assert "hyperliquid" in log
    assert "update_not_readable" in log
    assert f"http://127.0.0.1:1/{HIDDEN}" in "".join(public), "`config` shows the rest of an address"
    for what, secret in secrets.items():
        for name, text in (("log", log), ("answers", "".join(answers)), ("public", "".join(public))):
            assert secret not in text, f"{what} is in the {name}"
    for written in (WRITTEN, ADDRESS, PEOPLE):
        for name, text in (("log", log), ("public", "".join(public))):
            assert written not in text, f"{written} is in the {name}"
    await telegram.reset()  # what could not be read was against the description on purpose


def run_python(code, **options):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT, **options
    )


def test_what_a_bot_crashes_with_is_told_without_secrets():
    code = f"""
import os, sys
os.environ["LIQBOT_HYPERLIQUID__API_URL"] = "http://node.example/{NODE_KEY}"
import liqbot.cli as cli
from liqbot.settings import load_settings
def breaks():
    load_settings()
    raise RuntimeError("no answer at http://node.example/{NODE_KEY}")
cli._loaded = lambda _words: breaks
cli.main()
"""
    done = run_python(code)
    assert "RuntimeError: no answer at http://node.example/[hidden]" in done.stderr
    assert NODE_KEY not in done.stderr


@pytest.mark.long
def test_the_password_of_a_database_that_cannot_be_reached_is_told_nowhere(tmp_path):
    url = f"postgresql://liqbot:{DATABASE_PASSWORD}@127.0.0.1:1/liqbot"
    environment = {**os.environ, "LIQBOT_DATABASE": url}
    for command in ("run", "doctor", "config"):
        done = subprocess.run(
            [sys.executable, "-m", "liqbot", command, *(["--serve"] if command == "run" else [])],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert DATABASE_PASSWORD not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


ALLOWED = "import resource as r; r.setrlimit(r.RLIMIT_CORE, (r.getrlimit(r.RLIMIT_CORE)[1],) * 2)"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a limit alone holds")
def test_a_process_that_is_aborted_leaves_no_core_dump(tmp_path):
    def aborted(first):
        process = subprocess.Popen(
            [sys.executable, "-c", f"{ALLOWED}; {first}; import os; os.abort()"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.DEVNULL,
        )
        _, status = os.waitpid(process.pid, 0)
        process.returncode = status
        assert os.WIFSIGNALED(status)
        return os.WCOREDUMP(status)

    assert not aborted("from liqbot.core_dumps import write_none; write_none()")
    assert not list(tmp_path.glob("core*"))
    told = run_python(
        "import liqbot.cli as cli, resource\n"
        "cli._loaded = lambda _: lambda: print(resource.getrlimit(resource.RLIMIT_CORE))\n"
        "cli.main()"
    )
    assert told.stdout.strip() == "(0, 0)", "the program does so at its start"


PLANTED = (
    *(".env", ".env.local", "sub/.env", "prod.env", "deploy/prod.env"),
    *("liqbot.toml", "deploy/liqbot.toml", "liqbot.toml.new", "liqbot.toml.bak"),
    *("liqbot.db", "liqbot.db-wal", "data/liqbot.db-shm", "liqbot.history", "data/liqbot.history"),
    "backups/liqbot-20261127.db",
)


def ignored(path, patterns):
    """Return whether a build leaves a file out, as Docker reads it: a folder takes all below it."""
    for pattern in patterns:
        regex = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        if re.fullmatch(f"{regex}(?:/.*)?", path):
            return True
    return False


def test_no_token_and_no_database_gets_into_an_image_or_a_repository():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith(("#", "!"))]
    assert not ignored("liqbot/cli/setup.py", patterns)
    assert not ignored("requirements.txt", patterns)
    assert [path for path in PLANTED if not ignored(path, patterns)] == []
    git = ["git", "check-ignore", "--no-index", *PLANTED]
    told = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False)
    if told.returncode not in (0, 1):
        pytest.skip("this is no checkout")
    assert sorted(told.stdout.split()) == sorted(PLANTED)


def test_an_address_that_is_refused_is_told_without_its_key():
    with pytest.raises(SettingsError) as refused:
        load_settings({"LIQBOT_HYPERLIQUID__API_URL": f"ftp://node.example/{NODE_KEY}"})
    assert "ftp://node.example/[hidden]" in str(refused.value)


def test_what_is_secret_in_the_settings_is_known_by_its_place(tmp_path):
    toml = tmp_path / "liqbot.toml"
    toml.write_text(
        f"[plugins.options.mine]\napi_key = '{PROVIDER_KEY}'\nroom = 'lounge-of-everybody'\n"
        f"url = 'https://hooks.example/services/{HOOK}'\n"
        f"[hyperliquid]\napi_url = 'https://node.example/v1/{NODE_KEY}'\n"
        f"ws_url = 'wss://user:{PROVIDER_PASSWORD}@node.example/ws'\n"
    )
    settings = load_settings({"LIQBOT_CONFIG": str(toml)})
    found = {secret.get_secret_value() for secret in secrets_of(settings)}
    assert {PROVIDER_KEY, PROVIDER_PASSWORD, NODE_KEY} <= found
    assert any(HOOK in one for one in found)
    assert not any("lounge" in one for one in found), "what is no secret stays readable"
    assert not any(one.startswith("https://api.hyperliquid") for one in found)
    assert (
        redacted(f"GET https://node.example/v1/{NODE_KEY}/info")
        == "GET https://node.example/v1/[hidden]/info"
    )
    assert redacted("https://api.hyperliquid.xyz/info") == "https://api.hyperliquid.xyz/info"
