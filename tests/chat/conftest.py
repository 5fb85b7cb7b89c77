import pytest
from chat.stand_ins import Room


@pytest.fixture
async def room(store):
    return Room(store)
