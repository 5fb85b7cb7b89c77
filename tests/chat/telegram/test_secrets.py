"""The token: in no log, error, repr or database, whatever goes wrong."""

import logging
import socket
import traceback
from pathlib import Path

import pytest
import structlog
from chat.telegram.stand_ins import WITHIN, chat_of
from structlog.testing import LogCapture

from liqbot.alerts.platform import NotSent, OutgoingMessage
from liqbot.chat.adapter import AdapterError
from liqbot.chat.telegram.checkup import check_telegram
from liqbot.logs import QUIET_LIBRARIES
from liqbot.message import Message

pytestmark = [
    pytest.mark.usefixtures("unhurried"),
    pytest.mark.filterwarnings("ignore:.*retry_after:telegram.warnings.PTBDeprecationWarning"),
]
TESTS = Path(__file__).parents[2]
FAULTS = ("too_many", "bad_gateway", "server_error", "blocked", "reset", "hold")


@pytest.fixture
def logged(caplog):
    """Return all that was logged by us and by libraries, with arguments and tracebacks, at every level."""
    for name in (None, *QUIET_LIBRARIES):
        caplog.set_level(logging.DEBUG, logger=name)
    capture = LogCapture()
    before = structlog.get_config()["processors"]
    structlog.configure(processors=[structlog.processors.format_exc_info, capture])

    def logged():
        formatter = logging.Formatter("%(name)s %(message)s %(args)s")
        return "\n".join(
            [
                *(
                    f"{formatter.format(record)} {record.args!r} {record.__dict__!r}"
                    for record in caplog.records
                ),
                *map(repr, capture.entries),
            ]
        )

    yield logged
    structlog.configure(processors=before)


def told_of(error):
    """Return all that can be read off an error and what led to it, with the local variables of all frames.

    The test's own frames are left out: they know the token.
    """
    frames = error.__traceback__
    while frames is not None and Path(frames.tb_frame.f_code.co_filename).is_relative_to(TESTS):
        frames = frames.tb_next
    report = traceback.TracebackException(type(error), error, frames, capture_locals=True)
    report.__cause__ = report.__context__ = None
    told = "".join(report.format()) + repr(error) + str(error)
    before = [each for each in (error.__cause__, error.__context__) if each is not None]
    return told + "".join(map(told_of, before))


def secret_of(telegram):
    return telegram.token.partition(":")[2]


async def test_the_token_is_in_no_log_though_everything_is_logged(telegram, serving, logged):
    ann = await telegram.person("Ann")
    async with serving(patience_s=0.3) as bot:
        for kind in FAULTS:
            await telegram.fail(kind, "sendMessage", seconds=1)
            await telegram.fail(kind, "getUpdates", seconds=1)
            await ann.says("/regime BTC")
            await telegram.settled(within=WITHIN)
        await telegram.heal()
        await ann.says("/clusters BTC")
        await ann.hears(within=WITHIN)
    everything = logged()
    assert "getUpdates" in everything
    assert secret_of(telegram) not in everything
    database = bot.settings.database
    for file in database.parent.glob(f"{database.name}*"):
        assert secret_of(telegram).encode() not in file.read_bytes()


@pytest.mark.parametrize("kind", FAULTS)
async def test_the_token_is_in_no_error(telegram, adapter_of, logged, kind):
    ann = await telegram.person()
    await telegram.fail(kind, "sendMessage", seconds=2)
    with pytest.raises(NotSent) as caught:
        await adapter_of(patience_s=0.3).send(OutgoingMessage(chat_of(ann), Message("BTC"), key="7-1"))
    assert secret_of(telegram) not in told_of(caught.value)
    assert secret_of(telegram) not in logged()


async def test_the_token_is_in_no_error_where_nobody_listens(telegram, adapter_of, logged):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        adapter = adapter_of(api_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(NotSent) as caught:
            await adapter.send(OutgoingMessage(chat_of(await telegram.person()), Message("BTC"), key="7-1"))
    assert secret_of(telegram) not in told_of(caught.value)
    assert secret_of(telegram) not in logged()


async def test_the_token_is_in_no_repr(telegram, adapter_of):
    adapter = adapter_of()
    connection = adapter._connection
    bot = connection.bot
    for thing in (
        adapter,
        connection,
        bot,
        bot.request,
        connection._addressing,
        vars(connection._addressing),
    ):
        assert secret_of(telegram) not in repr(thing)
    assert secret_of(telegram) not in bot.token + bot.base_url + bot.base_file_url


async def test_a_token_that_is_refused_is_not_repeated(telegram, settings_of, logged):
    secret = "another-secret-than-the-right-one"  # noqa: S105 - names no bot anywhere
    settings = settings_of(token=f"70000001:{secret}")
    with pytest.raises(AdapterError) as caught:
        await check_telegram(settings.telegram)
    assert secret not in told_of(caught.value)
    assert secret not in logged()
    assert telegram.api_url in logged()


async def test_the_doctor_says_who_the_bot_is_and_how_to_add_it(telegram, settings_of):
    told = str(await check_telegram(settings_of().telegram))
    link = f"https://t.me/{telegram.username}"
    assert told == f"@{telegram.username}, {link}; add it to a group: {link}?startgroup=start"


async def test_the_doctor_says_what_waits_for_the_bot(telegram, settings_of):
    ann = await telegram.person("Ann")
    await ann.says("/heatmap BTC")
    assert "1 updates wait for it" in str(await check_telegram(settings_of().telegram))


async def test_the_doctor_says_that_nobody_answers(telegram, settings_of):
    assert telegram
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings = settings_of(api_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(
            AdapterError, match=r"Telegram cannot be asked at http://127.0.0.1:\d+: httpx.Conn"
        ):
            await check_telegram(settings.telegram)
