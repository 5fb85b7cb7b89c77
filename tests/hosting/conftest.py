"""Plugins in a folder of the test's own, and workers that end with the test."""

import pytest

from liqbot.hosting.plugins import Wanted, load_plugins
from liqbot.hosting.worker import Limits, Worker
from liqbot.rules.plugin_discovery import find_in_folder

LIMITS = Limits(deadline_s=0.3, memory_mb=256, load_s=5)
HEAD = "from dataclasses import dataclass\nfrom liqbot.plugin import *\n"


@pytest.fixture
def write(tmp_path):
    """Return how to write plugins: `write(wall="…")`; each begins with the imports that all need."""

    def write(**plugins):
        folder = tmp_path / "plugins"
        folder.mkdir(exist_ok=True)
        for name, text in plugins.items():
            (folder / f"{name}.py").write_text(HEAD + text)
        return folder

    return write


@pytest.fixture
def write_package(write):
    """Return how to write a plugin of several files: `write_package("several", __init__="…", rules="…")`."""

    def write_package(name, **files):
        folder = write() / name
        folder.mkdir(exist_ok=True)
        for file, text in files.items():
            (folder / f"{file}.py").write_text(text)
        return folder.parent

    return write_package


@pytest.fixture
def worker_of(write):
    """Return how to make a worker that has loaded some plugins."""
    made = []

    def worker_of(*, limits=LIMITS, clock=None, **plugins):
        more = {} if clock is None else {"clock": clock}
        made.append(Worker(list(find_in_folder(write(**plugins))), limits, **more))
        return made[-1]

    yield worker_of
    for worker in made:
        worker.close()


@pytest.fixture
def plugins_of(write):
    """Return how to load plugins as the bot does."""
    made = []

    def plugins_of(house=(), *, plugins=None, **more):
        folder = write(**(plugins or {}))
        made.append(load_plugins(house, Wanted(folder=folder, limits=LIMITS, **more)))
        return made[-1]

    yield plugins_of
    for plugins in made:
        plugins.close()
