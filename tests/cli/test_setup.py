"""`liqbot setup`: what it asks, checks and writes."""

import asyncio
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from counterparts.telegram.fixtures import telegram, telegram_process
from typer.testing import CliRunner

from liqbot.cli import command_line
from liqbot.cli.setup import USER_OF_IMAGE, unit
from liqbot.settings import load_settings

__all__ = ["telegram", "telegram_process"]


def set_up(*answers, **variables):
    said = "\n".join([*answers, ""])
    return CliRunner(env=variables).invoke(command_line(["setup"]), ["setup"], input=said)


def test_a_bot_without_a_platform_is_set_up_with_three_answers(folder):
    ran = set_up("none", "simulator", "btc,doge", "none")
    assert ran.exit_code == 0, ran.output
    settings = load_settings({})
    assert (settings.sources, settings.coins) == (("simulator",), ("BTC", "DOGE"))
    assert "Start it: liqbot run" in ran.output
    assert stat.S_IMODE((folder / "liqbot.toml").stat().st_mode) == 0o600


async def test_a_token_is_checked_and_the_end_is_the_bots_link(folder, telegram):
    def run():
        return set_up(
            *("telegram", "nonsense", telegram.token, "hyperliquid,binance", "", "42", "systemd"),
            LIQBOT_TELEGRAM__API_URL=telegram.api_url,
        )

    ran = await asyncio.to_thread(run)
    assert ran.exit_code == 0, ran.output
    assert "has not the form of a bot's token" in ran.output
    assert "https://t.me/liqbot_test_bot" in ran.output
    assert telegram.token not in ran.output
    settings = load_settings({})
    assert settings.access.owners == ("telegram:42",)
    assert settings.operator_chat == "telegram:42"
    assert settings.section(type(settings.telegram)).token.get_secret_value() == telegram.token
    unit = (folder / "liqbot.service").read_text()
    assert f"Environment=LIQBOT_CONFIG={folder / 'liqbot.toml'}" in unit
    assert "NoNewPrivileges=yes" in unit
    assert telegram.token not in unit


def test_what_is_there_is_not_overwritten_without_a_word(folder):
    (folder / "liqbot.toml").write_text("coins = ['XRP']")
    assert set_up("n").exit_code == 1
    assert (folder / "liqbot.toml").read_text() == "coins = ['XRP']"


@pytest.mark.usefixtures("folder")
def test_a_source_that_is_none_is_asked_for_again():
    ran = set_up("none", "simulater", "simulator", "BTC", "none")
    assert "There is no simulater." in ran.output
    assert load_settings({}).sources == ("simulator",)


@pytest.mark.parametrize("name", ["liqbot", "my bot", "100% ours", "it's $HOME", 'a "bot"', "küche"])
def test_the_unit_is_understood_wherever_the_bot_lives(tmp_path, monkeypatch, name):
    """`systemd-analyze verify` says what systemd would ignore."""
    folder = tmp_path / name
    folder.mkdir()
    program = folder / "liqbot"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program)])
    text = unit(folder / "liqbot.toml")
    assert "WorkingDirectory=" + str(folder).replace("%", "%%") in text
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not here")
    (tmp_path / "liqbot.service").write_text(text)
    ran = subprocess.run(
        [analyze, "verify", str(tmp_path / "liqbot.service")], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("number", [1000, 0, 501])
def test_a_container_can_read_the_settings_whoever_wrote_them(folder, monkeypatch, number):
    (folder / "Dockerfile").write_text("FROM scratch")
    monkeypatch.setattr(os, "getuid", lambda: number)
    said = set_up("none", "simulator", "BTC", "compose").output
    assert ("sudo chown 1000 liqbot.toml && docker compose up" in said) == (number != USER_OF_IMAGE)
    image = (Path(__file__).parents[2] / "Dockerfile").read_text()
    assert f"--uid {USER_OF_IMAGE} " in image
