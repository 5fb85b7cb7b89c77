"""Memories: what the engine wants to know again after a restart."""

from markets import LAYER

from liqbot.market.layer import Basis, Layer
from liqbot.store.store import Store

OTHER_LAYER = Layer("Otherex", Basis.MODELLED)


def test_nothing_is_remembered_at_first(store):
    assert store.memories.load(LAYER) == []


def test_the_newest_memory_of_each_coin_is_kept(store):
    store.memories.save(LAYER, {"BTC": b"old", "ETH": b"ether"})
    store.memories.save(LAYER, {"BTC": b"new"})
    assert sorted(store.memories.load(LAYER)) == [b"ether", b"new"]


def test_layers_remember_for_themselves(store):
    store.memories.save(LAYER, {"BTC": b"mine"})
    store.memories.save(OTHER_LAYER, {"BTC": b"theirs"})
    store.memories.forget(LAYER)
    assert store.memories.load(LAYER) == []
    assert store.memories.load(OTHER_LAYER) == [b"theirs"]


def test_memories_outlast_a_restart(store, path):
    store.memories.save(LAYER, {"BTC": b"kept"})
    store.close()
    reopened = Store(path)
    assert reopened.memories.load(LAYER) == [b"kept"]
    reopened.close()
