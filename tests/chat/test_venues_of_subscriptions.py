"""`venue=` of a subscription: taken, shown, told in /why, and refused by name."""

from chat.stand_ins import ME


async def test_it_is_taken_and_shown(room):
    answer = await room.say("/subscribe near-cluster BTC venue=TESTEX")
    assert "It reads Testex, measured, simulated." in answer.text
    (line, reads, _now) = (await room.say("/subscriptions")).lines
    assert line.startswith("#1 near-cluster BTC venue=testex: ")
    assert reads.strip() == "Reads Testex, measured, simulated"
    assert "venue=testex" in await room.text("/unsubscribe 1")


async def test_the_best_there_is_is_the_default_and_another_subscription(room):
    for venue in ("", " venue=best", " venue=measured", " venue=measured"):
        await room.say(f"/subscribe near-cluster BTC{venue}")
    assert sorted(await room.services.subscriptions.numbers(ME)) == [1, 2]


async def test_an_unknown_venue_is_refused_by_name_with_what_there_is(room):
    said = await room.text("/subscribe near-cluster BTC venue=kraken")
    assert "There is no venue 'kraken' here. Choose from best, testex, measured." in said
