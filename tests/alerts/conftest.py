import pytest
from alerts.stand_ins import Clock, House
from databases import KINDS, address_of

from liqbot.store.opening import open_store


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=KINDS)
def address(request, tmp_path):
    return address_of(request, tmp_path)


@pytest.fixture
async def house(address):
    store = open_store(address)
    yield House(store)
    await store.close()
