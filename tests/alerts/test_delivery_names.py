"""Under which name a message goes to a platform, which takes the same name for the same message."""

from dataclasses import replace

import pytest
from alerts.stand_ins import ANN, saying
from alerts.test_dispatcher import Office
from alerts.test_evaluator import at
from platforms import Paper

from liqbot.alerts.alert_message import MAY_REPEAT
from liqbot.alerts.evaluator import Evaluator
from liqbot.alerts.platform import Limits, NotSent, Unclear


@pytest.fixture
async def head(house):
    house.with_rules(saying("one", "text"))
    await house.subscribe(ANN, "one")
    await Evaluator(house.rules, house.store.alerts).take(at(0), now_ms=0)
    [head] = await house.store.deliveries.queue_heads("paper", 10, 10**15, but_not=())
    return head


@pytest.fixture
async def office(house, clock):
    """Return an office in which each view alerts for three watches of one chat, in one message."""
    office = Office(house, clock)
    house.with_rules(saying("two", "two", cooldown=0), saying("three", "three", cooldown=0))
    await office.subscribe(ANN)
    for rule in ("two", "three"):
        await house.subscribe(ANN, rule)
    return office


def noting_names(paper):
    """Return a list of the names of everything that is tried from now on."""
    names, send = [], paper.send

    async def noting(parcel):
        names.append(parcel.key)
        return await send(parcel)

    paper.send = noting
    return names


def test_tried_again_it_has_the_same_name(head):
    assert replace(head, is_repeat=True).key == head.key


def test_a_digest_that_begins_with_an_alert_is_not_taken_for_that_alert(head):
    digest = replace(head, ids=(*head.ids, 7), alerts=(*head.alerts, 7))
    assert digest.key != head.key
    longest = replace(digest, carrier=10**15)
    assert max(map(len, (head.key, digest.key, longest.key))) <= 25, "Discord takes no longer nonce"


@pytest.mark.parametrize("gone", [(1,), (2,), (1, 2), (1, 3)])
async def test_a_digest_keeps_its_name_where_some_of_its_alerts_are_unsubscribed_meanwhile(office, gone):
    office.connect(Paper({"ann": [Unclear("no answer")]}))
    tried = noting_names(office.paper)
    async with office.at_work():
        await office.alert()
        await office.later()
        assert len(tried) == 1
        for number in gone:
            assert await office.store.subscriptions.unsubscribe(ANN, number)
        await office.later(2)
    assert len(tried) == 2
    assert len(set(tried)) == 1
    assert office.status() == ["sent"] * (3 - len(gone))


async def test_what_comes_after_a_digest_that_may_have_arrived_has_a_name_of_its_own(office):
    office.connect(Paper({"ann": [Unclear("no answer"), Unclear("no answer")]}))
    tried = noting_names(office.paper)
    async with office.at_work():
        await office.alert()
        await office.later()
        await office.store.subscriptions.unsubscribe(ANN, 1)
        await office.alert()
        await office.later(2)
        await office.later(5)
        await office.later(5)
    assert tried == ["liqbot-1x"] * 3 + ["liqbot-4x"]
    assert set(office.status()) == {"sent"}


class TestARepeat:
    """A platform recognises a repeat for a few minutes; what comes later has to be marked."""

    @pytest.mark.parametrize(("after_s", "marked"), [(2, False), (59, False), (61, True), (600, True)])
    async def test_that_comes_when_the_platform_has_forgotten_the_name_is_marked(
        self, office, after_s, marked
    ):
        office.connect(Paper({"ann": [Unclear("no answer")]}, limits=Limits(knows_repeats_s=60)))
        async with office.at_work():
            await office.alert()
            await office.later()
            await office.later(after_s)
        [message] = [message for _, message in office.paper.messages]
        assert (MAY_REPEAT in message.notes) is marked

    async def test_counts_from_the_first_try_that_may_have_arrived(self, office):
        troubles = [Unclear("no answer"), NotSent("busy"), Unclear("no answer"), NotSent("busy")]
        office.connect(Paper({"ann": troubles}, limits=Limits(knows_repeats_s=60)))
        async with office.at_work():
            await office.alert()
            for _ in range(5):
                await office.later(20)
        [message] = [message for _, message in office.paper.messages]
        assert MAY_REPEAT in message.notes

    @pytest.mark.parametrize(("after_s", "marked"), [(5, False), (600, True)])
    async def test_of_what_a_killed_bot_was_sending_counts_from_when_it_was_due(
        self, office, after_s, marked
    ):
        await office.alert()
        [head] = await office.store.deliveries.queue_heads("paper", 10, office.clock(), but_not=())
        await office.store.deliveries.claim([head])  # and the bot is killed
        office.connect(Paper({}, limits=Limits(knows_repeats_s=60)))
        office.clock.now_ms += after_s * 1000
        async with office.at_work():
            await office.later()
        [message] = [message for _, message in office.paper.messages]
        assert (MAY_REPEAT in message.notes) is marked
