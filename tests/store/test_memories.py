"""Memories: what the engine wants to know again after a restart."""

from markets import LAYER

from liqbot.market.layer import Basis, Layer
from liqbot.store.opening import open_store

OTHER_LAYER = Layer("Otherex", Basis.MODELLED)


async def test_nothing_is_remembered_at_first(store):
    assert await store.memories.load(LAYER) == []


async def test_the_newest_memory_of_each_coin_is_kept(store):
    await store.memories.save(LAYER, {"BTC": b"old", "ETH": b"ether"})
    await store.memories.save(LAYER, {"BTC": b"new"})
    assert sorted(await store.memories.load(LAYER)) == [b"ether", b"new"]


async def test_layers_remember_for_themselves(store):
    await store.memories.save(LAYER, {"BTC": b"mine"})
    await store.memories.save(OTHER_LAYER, {"BTC": b"theirs"})
    await store.memories.forget(LAYER)
    assert await store.memories.load(LAYER) == []
    assert await store.memories.load(OTHER_LAYER) == [b"theirs"]


async def test_memories_outlast_a_restart(store, address):
    await store.memories.save(LAYER, {"BTC": b"kept"})
    await store.close()
    reopened = open_store(address)
    assert await reopened.memories.load(LAYER) == [b"kept"]
    await reopened.close()
