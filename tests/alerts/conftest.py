import pytest
from alerts.stand_ins import Clock, House

from liqbot.store.store import Store


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def house(tmp_path):
    store = Store(tmp_path / "liqbot.db")
    yield House(store)
    store.close()
