"""What updates tell: who typed what where, and what is meant for others."""

import pytest
from telegram import Update

from liqbot.chat.telegram.incoming import Came, Moved, Tapped, Typed, Went, read, to_line
from liqbot.store.chats import ChatKey

ANN = {"id": 5, "is_bot": False, "first_name": "Ann", "language_code": "pt-br"}
BOT = {"id": 9, "is_bot": True, "first_name": "liqbot", "username": "our_bot"}
GROUP = {"id": -100, "type": "supergroup", "title": "Traders"}
PRIVATE = {"id": 5, "type": "private", "first_name": "Ann"}


def message(chat=PRIVATE, **fields):
    return {"message_id": 3, "date": 1, "chat": chat, "from": ANN, **fields}


def told(**update):
    return read(Update.de_json({"update_id": 1, **update}, None), "our_bot", "telegram")


def place(status, chat=PRIVATE, **rights):
    member = {"user": BOT, "status": status, **({"until_date": 0} if status == "kicked" else {}), **rights}
    before = {"user": BOT, "status": "left"}
    return {"chat": chat, "from": ANN, "date": 1, "old_chat_member": before, "new_chat_member": member}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("/heatmap BTC 7d", "/heatmap BTC 7d"),
        ("  /heatmap   BTC ", "/heatmap   BTC"),
        ("/heatmap@our_bot BTC", "/heatmap BTC"),
        ("/heatmap@OUR_BOT", "/heatmap"),
        ("/heatmap\nBTC", "/heatmap BTC"),
        ("/heatmap@another_bot BTC", None),
        ("/", "/"),
    ],
)
def test_a_command_is_for_us_unless_it_names_another_bot(text, line):
    assert to_line(text, "our_bot", "private") == line
    assert to_line(text, "our_bot", "group") == line


def test_talk_is_for_us_only_where_nobody_else_is():
    assert to_line("heatmap BTC", "our_bot", "private") == "heatmap BTC"
    assert to_line("heatmap BTC", "our_bot", "group") is None
    assert to_line("   ", "our_bot", "private") is None


def test_who_typed_what_where_in_which_language():
    assert told(message=message(text="/help")) == Typed(
        ChatKey("telegram", "5"),
        "/help",
        "private",
        "5",
        speaks_for_chat=False,
        language="pt-br",
        message_id=3,
        time_s=1.0,
    )


def test_a_topic_is_a_chat_of_its_own_and_a_chain_of_replies_is_not():
    in_topic = message(GROUP, text="/help", message_thread_id=7, is_topic_message=True)
    assert told(message=in_topic).chat == ChatKey("telegram", "-100", "7")
    assert told(message=message(GROUP, text="/help", message_thread_id=7)).chat == ChatKey("telegram", "-100")


def test_an_anonymous_admin_speaks_for_the_chat_and_somebodys_channel_does_not():
    anonymous = told(message=message(GROUP, text="/help", sender_chat=GROUP))
    assert (anonymous.person, anonymous.speaks_for_chat) == ("", True)
    other = {"id": -200, "type": "channel", "title": "Mine"}
    foreign = told(message=message(GROUP, text="/help", sender_chat=other))
    assert (foreign.person, foreign.speaks_for_chat) == ("", False)


def test_a_post_speaks_for_its_channel():
    channel = {"id": -300, "type": "channel", "title": "Levels"}
    post = {"message_id": 3, "date": 1, "chat": channel, "sender_chat": channel, "text": "/regime BTC"}
    assert told(channel_post=post).speaks_for_chat


def test_what_is_no_text_or_is_edited_is_not_for_us():
    assert told(message=message(sticker=None, caption="/help")) is None
    assert told(edited_message=message(text="/help")) is None
    assert told(channel_post=message(new_chat_title="x")) is None


def test_a_tap_tells_the_message_it_was_on():
    query = {"id": "77", "from": ANN, "chat_instance": "1", "data": "~/map BTC"}
    on = told(callback_query=query | {"message": message(GROUP, message_thread_id=7, is_topic_message=True)})
    assert isinstance(on, Tapped)
    assert (on.chat, on.data, on.person, on.message_id) == (
        ChatKey("telegram", "-100", "7"),
        "~/map BTC",
        "5",
        3,
    )
    old = told(callback_query=query | {"message": {"chat": GROUP, "message_id": 3, "date": 0}})
    assert (old.chat, old.message) == (ChatKey("telegram", "-100"), None)


def test_a_tap_on_what_we_never_send_is_nothing():
    assert (
        told(
            callback_query={
                "id": "7",
                "from": ANN,
                "chat_instance": "1",
                "inline_message_id": "x",
                "data": "a",
            }
        )
        is None
    )


def test_a_group_that_moves_says_where():
    moved = told(message=message(GROUP | {"type": "group"}, migrate_to_chat_id=-1001))
    assert moved == Moved(ChatKey("telegram", "-100"), "-1001")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (place("kicked"), "bot was blocked by the user"),
        (place("kicked", GROUP), "bot was removed from the chat"),
        (place("left", GROUP), "bot has left the chat"),
    ],
)
def test_a_chat_that_is_lost_says_why(change, reason):
    assert told(my_chat_member=change) == Went(ChatKey("telegram", str(change["chat"]["id"])), reason)


def test_a_chat_comes_with_the_bots_membership():
    assert told(my_chat_member=place("member")) == Came(ChatKey("telegram", "5"))
    assert told(my_chat_member=place("member", GROUP)) == Came(ChatKey("telegram", "-100"))


def test_what_was_not_written_here_is_not_for_us():
    channel = {"id": -300, "type": "channel", "title": "Levels"}
    origin = {"type": "channel", "chat": channel, "message_id": 4, "date": 1}
    post = {"text": "/subscribe near-cluster BTC", "sender_chat": channel, "forward_origin": origin}
    assert told(message=message(GROUP, is_automatic_forward=True, **post)) is None
    assert told(message=message(GROUP, **post)) is None
    assert told(message=message(PRIVATE, **post)) is not None, "who forwards to the bot means it"


def test_general_is_the_chat_itself():
    general = message(GROUP, text="/help", message_thread_id=1, is_topic_message=True)
    assert told(message=general).chat == ChatKey("telegram", "-100")


def test_a_tap_on_an_old_message_of_a_forum_is_of_no_topic_that_anybody_knows():
    query = {"id": "77", "from": ANN, "chat_instance": "1", "data": "+/unsubscribe 1"}
    gone = {"message_id": 3, "date": 0}
    assert told(callback_query=query | {"message": gone | {"chat": GROUP | {"is_forum": True}}}).is_lost
    assert not told(callback_query=query | {"message": gone | {"chat": GROUP}}).is_lost


def test_a_group_that_has_moved_says_where_from():
    moved = told(message=message(GROUP | {"id": -1001}, migrate_from_chat_id=-100))
    assert moved == Moved(ChatKey("telegram", "-100"), "-1001")
