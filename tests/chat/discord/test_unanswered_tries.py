"""The library tries again by itself and tells only the last answer: what an earlier try sent may be there."""

import pytest
from chat.discord.stand_ins import bring

from liqbot.alerts.platform import ChatAway, NotSent
from liqbot.message import Message

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
