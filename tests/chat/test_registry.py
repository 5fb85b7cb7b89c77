"""A platform is one folder: settings, adapter and check are found by it, and nothing else knows of it."""

import subprocess
import sys
from textwrap import dedent

import pytest

from liqbot.chat import registry
from liqbot.settings import described

PAGER = '''
"""A pager."""

from pydantic import Field, SecretStr

from liqbot.chat.registry import PlatformKind
from liqbot.sections import Section


class PagerSettings(Section):
    """A pager."""

    token: SecretStr = Field(default=SecretStr(""), description="the pager's token")

    @property
    def is_set(self) -> bool:
        return bool(self.token.get_secret_value())


async def check(settings):
    return "it beeps"


PLATFORM = PlatformKind("pager", PagerSettings, lambda settings, reception: ("an adapter", reception), check)
'''
START = """
import sys
import liqbot.chat
liqbot.chat.__path__.append(sys.argv[1])
"""
SERVED = """
from types import SimpleNamespace
from liqbot.app.adapters import make_adapters
from liqbot.app.roles import whole
from liqbot.settings import load_settings
class Bot:
    duties = whole()
    backend = SimpleNamespace(leases=None)
    def reception(self, platform):
        return "reception"
print(list(make_adapters(load_settings(), Bot())))
"""
CHECKED = """
from liqbot.cli import command_line
command_line(["doctor"])(["doctor"], standalone_mode=False)
"""
CONFIGURED = """
from liqbot.settings import CHAT_PLATFORMS, described
print(CHAT_PLATFORMS, *[what for name, _, what in described() if name == "LIQBOT_PAGER__TOKEN"])
"""


@pytest.fixture
def with_pager(tmp_path):
    """Return what a program prints in a bot beside whose platforms there is the folder of another one."""
    folder = tmp_path / "platforms" / "pager"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text('"""A pager."""\n')
    (folder / "platform.py").write_text(PAGER)

    def with_pager(code, *, is_set=False):
        return subprocess.run(
            [sys.executable, "-c", dedent(START + code), str(folder.parent)],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
            env={"PYTHONIOENCODING": "utf-8", **({"LIQBOT_PAGER__TOKEN": "t"} if is_set else {})},
        ).stdout

    return with_pager


def test_discord_and_telegram_come_through_the_door_and_their_settings_are_known():
    assert list(registry.platforms()) == ["discord", "telegram"]
    known = {variable for variable, _, _ in described()}
    assert {"LIQBOT_DISCORD__TOKEN", "LIQBOT_TELEGRAM__TOKEN"} <= known


@pytest.mark.long
def test_another_one_is_a_folder_and_it_is_set_and_served_like_the_others(with_pager):
    assert with_pager(CONFIGURED).strip() == "('discord', 'pager', 'telegram') the pager's token"
    assert with_pager(SERVED).strip() == "[]"
    assert with_pager(SERVED, is_set=True).strip() == "[('pager', ('an adapter', 'reception'))]"


@pytest.mark.long
def test_the_doctor_checks_it_where_it_is_set(with_pager):
    assert "✓ pager: it beeps" in with_pager(CHECKED, is_set=True)


def test_its_secrets_are_what_nobody_may_read():
    section = registry.platforms()["telegram"].settings.model_validate({"token": "123456789:abc"})
    assert registry.is_set(section)
    assert [secret.get_secret_value() for secret in registry.secrets(section)] == ["123456789:abc"]


def test_no_platforms_library_is_loaded_to_know_of_it():
    libraries = {"discord", "telegram", "liqbot.service"}
    code = f"import sys, liqbot.settings; print(sorted({libraries} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
