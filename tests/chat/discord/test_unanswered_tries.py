"""The library tries again by itself and tells only the last answer: what an earlier try sent may be there."""

import pytest
from chat.discord.stand_ins import bring
from chat.exercised import Exercise

from liqbot.alerts.alert_message import MAY_REPEAT
from liqbot.alerts.platform import ChatAway, NotSent
from liqbot.message import Message
from liqbot.store.chats import ChatKey

SEND = "/channels/.*/messages"
ALERT = Message("BTC: one")


@pytest.mark.parametrize("then", [{"status": 403}, {"status": 404}])
async def test_a_message_that_a_gateway_lost_the_answer_to_may_have_arrived_whatever_follows(house, then):
    async with house.open() as adapter:
        await house.discord.fault("POST", SEND, status=502, after=True)
        await house.discord.fault("POST", SEND, **then)
        with pytest.raises(NotSent) as caught:
            await bring(adapter, house.chat, ALERT)
        assert caught.value.may_have_arrived
        await bring(adapter, house.chat, ALERT)
    assert len(await house.messages()) == 1


async def test_so_it_is_where_the_channel_takes_nothing_meanwhile(house):
    async with house.open() as adapter:
        await house.discord.fault("POST", SEND, status=502, after=True)
        await house.discord.fault("POST", SEND, status=403, code=50001)
        with pytest.raises(ChatAway) as caught:
            await bring(adapter, house.chat, ALERT)
    assert caught.value.may_have_arrived


async def test_what_was_refused_at_once_has_not_arrived(house):
    async with house.open() as adapter:
        await house.discord.fault("POST", SEND, status=403, code=50001)
        with pytest.raises(ChatAway) as caught:
            await bring(adapter, house.chat, ALERT)
    assert not caught.value.may_have_arrived


@pytest.mark.parametrize(("outage_s", "copies"), [(30, 1), (600, 2)])
async def test_after_an_outage_that_outlasts_discords_memory_the_second_copy_says_that_it_may_be_one(
    house, outage_s, copies
):
    async with house.open(synced=False) as adapter:
        exercise = Exercise(house.store, adapter, "discord")
        await house.discord.fault("POST", SEND, status=503, after=True)
        await exercise.alert(ChatKey("discord", str(house.channel)), "first")
        await exercise.deliver()
        await house.discord.advance(outage_s)
        exercise.clock.now_ms += outage_s * 1000
        await exercise.deliver()
    first, *others = [str(message.embeds) for message in await house.messages()]
    assert len(others) == copies - 1
    assert MAY_REPEAT not in first
    assert all(MAY_REPEAT in other for other in others)
