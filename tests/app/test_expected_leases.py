"""What nobody does is told only where it has to be done: a token, a source or shards may be gone for good."""

import pytest

from liqbot.app.expected_leases import missing
from liqbot.service.processes import ProcessAnswer, ProcessesAnswer, Unled
from liqbot.settings import Settings

SETTINGS = Settings(telegram={"token": "70000001:token-of-no-real-bot-0000000000000000"})


def told(lease, *held, layers=("hyperliquid/measured/live",)):
    processes = (ProcessAnswer("a3f9", ("engine",), dict.fromkeys(held, 0)),)
    answer = ProcessesAnswer(processes, (Unled(lease, 20.0),))
    return bool(missing(answer, SETTINGS, layers))


@pytest.mark.parametrize(
    "lease",
    [
        "alerts",
        "engine/hyperliquid/measured/live",
        "sender/telegram",
        "receiver/telegram",
        "sender/plugin-chat",
    ],
)
def test_what_the_settings_ask_for_is_missed(lease):
    assert told(lease)


@pytest.mark.parametrize(
    "lease",
    [
        "engine/binance/modelled/live",
        "sender/telegram.desk",
        "receiver/telegram.desk",
        "sender/discord",
    ],
)
def test_what_the_settings_name_no_more_is_not(lease):
    assert not told(lease)


def test_a_process_without_a_token_of_its_own_misses_whatever_nobody_does():
    assert missing(ProcessesAnswer((), (Unled("sender/telegram", 20.0),)), Settings())


def test_of_a_source_that_is_not_known_here_it_is_told():
    assert told("engine/binance/modelled/live", layers=None)


@pytest.mark.parametrize(
    ("lease", "held", "is_missed"),
    [
        ("receiver/discord/0-7/16", ["receiver/discord/8-15/16"], True),
        ("receiver/discord/0-7/16", ["receiver/discord/0-3/16", "receiver/discord/4-7/16"], False),
        ("receiver/discord/0-7/16", ["receiver/discord/0-3/16"], True),
        ("receiver/discord/0-7/16", ["receiver/discord/0-15/32"], False),
        ("receiver/discord/0-7/16", ["receiver/discord"], False),
        ("receiver/discord", ["receiver/discord/0-7/16"], False),
        ("receiver/discord", ["receiver/telegram"], True),
        ("sender/discord", ["receiver/discord/0-7/16"], True),
    ],
)
def test_shards_that_others_serve_by_now_are_not_missed(lease, held, is_missed):
    settings = Settings(discord={"token": "MTAw.GabcDe.of-no-real-bot"})
    answer = ProcessesAnswer(
        (ProcessAnswer("a3f9", ("discord",), dict.fromkeys(held, 0)),), (Unled(lease, 20.0),)
    )
    assert bool(missing(answer, settings)) == is_missed
