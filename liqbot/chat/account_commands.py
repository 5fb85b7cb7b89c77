"""The commands about single accounts: what one holds, and how far that is from liquidation."""

from liqbot.chat import account_words as words
from liqbot.chat.command import Account, CommandContext, command
from liqbot.message import Button, Message
from liqbot.service.account_answer import AccountAnswer
from liqbot.text import _


@command
async def account(context: CommandContext, address: Account) -> Message:
    """What an account holds: each position with its liquidation price, and how far that is.

    The address may be pasted in a link, as those of explorers. It is asked for when you ask; who asked for
    which account is not kept.
    """
    answer = await context.services.accounts.account(address, context.chat)
    actions = (Button(_("Refresh"), f"/account {answer.account}", renews=True),)
    return told_account(answer, context.services.clock(), actions=actions)


def told_account(
    answer: AccountAnswer, now_ms: int, name: str = "", actions: tuple[Button, ...] = ()
) -> Message:
    """Return an account, as a message."""
    return Message(
        title=words.title(answer, name),
        facts=tuple(words.facts(answer)),
        tables=tuple(words.tables(answer)),
        notes=tuple(words.notes(answer, now_ms)),
        tone=words.tone(answer),
        actions=actions,
        time_ms=answer.time_ms,
        provenance=answer.provenance,
    )


COMMANDS = (account,)
