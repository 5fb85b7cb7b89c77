import pytest
from alerts.stand_ins import Clock, House

from liqbot.store.sqlite.store import SqliteStore


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def house(tmp_path):
    store = SqliteStore(tmp_path / "liqbot.db")
    yield House(store)
    await store.close()
