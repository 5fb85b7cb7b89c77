"""Notes and communities, as they are found again after a restart."""

import asyncio
from pathlib import Path

from liqbot.store.chats import ChatKey, ChatSettings
from liqbot.store.opening import open_store

HERE, THERE, PERSON = ChatKey("discord", "1"), ChatKey("discord", "1", "2"), ChatKey("discord", "@3")


async def known(store, *chats):
    for chat in chats:
        await store.chats.save(chat, ChatSettings(), 1)


async def test_a_note_is_there_after_a_restart_as_it_was_last_written(address):
    store = open_store(address)
    assert await store.notes.get("commands") is None
    await store.notes.set("commands", "old")
    await store.notes.set("commands", "new")
    await store.close()
    again = open_store(address)
    assert await again.notes.get("commands") == "new"
    assert await again.notes.get("other") is None
    await again.close()


async def test_of_changes_to_a_note_at_the_same_time_none_is_lost(address):
    """As where two processes write of what each of them knows a part."""
    stores = [open_store(address)] if isinstance(address, Path) else [open_store(address) for _ in range(3)]

    def more(text):
        return f"{text or ''}x"

    await asyncio.gather(*(stores[one % len(stores)].notes.change("many", more) for one in range(12)))
    assert await stores[0].notes.get("many") == 12 * "x"
    assert await stores[0].notes.change("one", lambda text: "none" if text is None else text) == "none"
    for store in stores:
        await store.close()


async def test_the_chats_of_a_community_are_found_by_its_name(store):
    await known(store, HERE, THERE, PERSON)
    await store.communities.place(HERE, "traders")
    await store.communities.place(THERE, "traders")
    assert await store.communities.chats("discord", "traders") == [HERE, THERE]
    assert await store.communities.chats("telegram", "traders") == []
    assert await store.communities.of("discord") == ["traders"]


async def test_a_chat_belongs_to_one_community_the_newest(store):
    await known(store, HERE)
    await store.communities.place(HERE, "traders")
    await store.communities.place(HERE, "others")
    assert await store.communities.of("discord") == ["others"]


async def test_a_chat_of_which_nothing_is_known_is_not_noted(store):
    await store.communities.place(HERE, "traders")
    assert await store.communities.of("discord") == []


async def test_a_forgotten_chat_leaves_its_community(store):
    await known(store, HERE)
    await store.communities.place(HERE, "traders")
    await store.chats.forget(HERE)
    assert await store.communities.of("discord") == []
