"""Under which name a message goes to a platform, which takes the same name for the same message."""

from dataclasses import replace

import pytest
from alerts.stand_ins import ANN, saying
from alerts.test_evaluator import at

from liqbot.alerts.evaluator import Evaluator


@pytest.fixture
async def head(house):
    house.with_rules(saying("one", "text"))
    await house.subscribe(ANN, "one")
    await Evaluator(house.rules, house.store.alerts).take(at(0), now_ms=0)
    [head] = await house.store.deliveries.queue_heads("paper", 10, 10**15, but_not=())
    return head


def test_tried_again_it_has_the_same_name(head):
    assert replace(head, is_repeat=True).key == head.key


def test_a_digest_that_begins_with_an_alert_is_not_taken_for_that_alert(head):
    digest = replace(head, ids=(*head.ids, 7), alerts=(*head.alerts, 7))
    longer = replace(head, ids=(*head.ids, 7, 8), alerts=(*head.alerts, 7, 8))
    assert len({head.key, digest.key, longer.key}) == 3
    assert max(map(len, (head.key, digest.key, longer.key))) <= 25, "Discord takes no longer nonce"
