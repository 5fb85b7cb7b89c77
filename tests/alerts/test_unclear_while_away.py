"""What may have arrived in a chat that then takes nothing: it never becomes part of a digest.

Within one it would be another message, which no platform takes for the one that it may have.
"""

import pytest
from alerts.stand_ins import ANN
from alerts.test_dispatcher import Office
from platforms import Paper

from liqbot.alerts.absence import announced
from liqbot.alerts.platform import ChatAway, Unclear
from liqbot.store.alerts import EXPIRES_MS

CLOSED = "TOPIC_CLOSED"
MISSED = ("ann", "1 alert while this chat could not be reached")


@pytest.fixture
def office(house, clock):
    return Office(house, clock)


def names(office):
    """Return the names under which messages went out."""
    return [parcel.key for parcel in office.paper.parcels]


async def test_it_is_sent_again_under_its_own_name_and_what_came_later_follows_as_a_digest(office):
    await office.subscribe(ANN)
    office.connect(Paper({"ann": [Unclear("no answer"), ChatAway(CLOSED)]}))
    async with office.at_work():
        await office.alert()
        await office.later()
        await office.later(2)
        await office.alert()
        await office.later(10)
        assert office.paper.tries == 2
        await office.later(90)
        await office.later()
    assert office.paper.got == [("ann", "BTC: BTC one"), MISSED]
    assert names(office) == ["liqbot-1", "liqbot-2x"]


async def test_where_the_platform_says_that_the_chat_takes_nothing_it_waits_by_itself(office):
    await office.subscribe(ANN)
    office.connect(Paper({"ann": [Unclear("no answer")]}))
    async with office.at_work():
        await office.alert()
        await office.later()
        await office.store.absences.begin(ANN, announced("blocked", office.clock()))
        await office.alert()
        await office.later(3_600)
        assert office.paper.tries == 1
        await office.store.absences.end(ANN, office.clock())
        await office.later()
        await office.later()
    assert office.paper.got == [("ann", "BTC: BTC one"), MISSED]
    assert names(office)[0] == "liqbot-1"


async def test_a_kill_amid_a_message_to_a_chat_that_is_away_changes_no_name(office):
    await office.subscribe(ANN)
    await office.alert()
    [head] = await office.store.deliveries.queue_heads("paper", 10, office.clock(), but_not=())
    await office.store.deliveries.claim([head])  # and the bot is killed
    await office.store.absences.begin(ANN, announced("blocked", office.clock()))
    office.connect(Paper({}))
    async with office.at_work():
        await office.later(3_600)
        assert office.paper.tries == 0
        await office.later(86_400)
    assert office.paper.got == [("ann", "BTC: BTC one")]
    assert names(office) == [head.key]


async def test_what_may_have_arrived_makes_nothing_that_waits_behind_it_too_old(office):
    await office.subscribe(ANN)
    office.connect(Paper({"ann": [Unclear("no answer"), *[ChatAway(CLOSED)] * 5]}))
    async with office.at_work():
        await office.alert()
        await office.later()
        await office.later(2)
        for _ in range(5):
            await office.later(EXPIRES_MS / 1000 / 2)
            await office.alert()
        await office.later(86_400 * 2)
        await office.later()
    assert "expired" not in office.status()
    assert office.paper.got[0] == ("ann", "BTC: BTC one")
    assert office.paper.got[1:] == [("ann", "5 alerts while this chat could not be reached")]
