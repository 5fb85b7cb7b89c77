"""Every answer of Telegram, with and without the Bot API's own words, tried on a real adapter."""

import pytest
from chat.exercised import Exercise, wrong
from chat.verdict_rows import AGAIN, DEGRADE, GONE, ROWS, WAIT
from databases import ON_BOTH

from liqbot.store.chats import ChatKey

pytestmark = [
    ON_BOTH,
    pytest.mark.usefixtures("unhurried"),
    pytest.mark.filterwarnings("ignore:.*retry_after:telegram.warnings.PTBDeprecationWarning"),
]


@pytest.mark.parametrize("verdict", [AGAIN, WAIT, DEGRADE, GONE])
async def test_each_answer_leaves_its_state_and_ends_in_a_message(telegram, adapter_of, store, verdict):
    rows = [(status, said) for name, status, said, of in ROWS if name == "telegram" and of is verdict]
    failed = []
    exercise = Exercise(store, adapter_of(), "telegram")
    for status, said in rows:
        person = await telegram.person()
        kind = {"text": said, "status": status} if said else {"status": status}
        await telegram.fail("says" if said else "page", "sendMessage", chat=person.id, **kind)

        async def heard(person=person):
            return [one.text for one in await person.messages()]

        after, text = await exercise.row(ChatKey("telegram", str(person.id)), verdict, heard)
        print(f"telegram {status} {(said or '-')[:50]:50} {verdict:8} {after:8} {text[:60]!r}")  # noqa: T201 - it is to be read
        if wrong(verdict, after, text):
            failed.append((status, said, after, text))
    assert not failed
    assert len(rows) > 2
