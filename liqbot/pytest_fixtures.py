"""The pytest fixtures that come with liqbot: `bot`."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from liqbot.testing.bot import PluginBot


@pytest.fixture
def bot(request: pytest.FixtureRequest, tmp_path: Path) -> "Iterator[PluginBot]":
    """Give a bot that has the plugins beside the test: of its folder, or the package that it lies in."""
    from liqbot.testing.bot import PluginBot  # noqa: PLC0415 - every pytest loads this file, few need a bot

    made = PluginBot(tmp_path)
    made.load(request.path.parent)
    yield made
    made.close()
