import pytest
from chat.stand_ins import Room

from liqbot.store.store import Store


@pytest.fixture
def room(tmp_path):
    store = Store(tmp_path / "liqbot.db")
    yield Room(store)
    store.close()
