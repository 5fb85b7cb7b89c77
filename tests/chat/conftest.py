import pytest
from chat.stand_ins import Room

from liqbot.store.sqlite.store import SqliteStore


@pytest.fixture
async def room(tmp_path):
    store = SqliteStore(tmp_path / "liqbot.db")
    yield Room(store)
    await store.close()
