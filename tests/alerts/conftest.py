import pytest
from alerts.stand_ins import Clock, House


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def house(store):
    return House(store)
