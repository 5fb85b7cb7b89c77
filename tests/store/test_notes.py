"""Notes and communities, as they are found again after a restart."""

import pytest

from liqbot.store.chats import ChatKey, ChatSettings
from liqbot.store.store import Store

HERE, THERE, PERSON = ChatKey("discord", "1"), ChatKey("discord", "1", "2"), ChatKey("discord", "@3")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "liqbot.db"


@pytest.fixture
def store(path):
    store = Store(path)
    yield store
    store.close()


def known(store, *chats):
    for chat in chats:
        store.chats.save(chat, ChatSettings(), 1)


def test_a_note_is_there_after_a_restart_as_it_was_last_written(path):
    store = Store(path)
    assert store.notes.get("commands") is None
    store.notes.set("commands", "old")
    store.notes.set("commands", "new")
    store.close()
    again = Store(path)
    assert again.notes.get("commands") == "new"
    assert again.notes.get("other") is None
    again.close()


def test_the_chats_of_a_community_are_found_by_its_name(store):
    known(store, HERE, THERE, PERSON)
    store.communities.place(HERE, "traders")
    store.communities.place(THERE, "traders")
    assert store.communities.chats("discord", "traders") == [HERE, THERE]
    assert store.communities.chats("telegram", "traders") == []
    assert store.communities.of("discord") == ["traders"]


def test_a_chat_belongs_to_one_community_the_newest(store):
    known(store, HERE)
    store.communities.place(HERE, "traders")
    store.communities.place(HERE, "others")
    assert store.communities.of("discord") == ["others"]


def test_a_chat_of_which_nothing_is_known_is_not_noted(store):
    store.communities.place(HERE, "traders")
    assert store.communities.of("discord") == []


def test_a_forgotten_chat_leaves_its_community(store):
    known(store, HERE)
    store.communities.place(HERE, "traders")
    store.chats.forget(HERE)
    assert store.communities.of("discord") == []
