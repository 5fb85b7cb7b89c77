"""What rules remember of whom `/forget` is about."""

import asyncio
from dataclasses import replace

import msgspec
import structlog

from liqbot.alerts.watching import decode_state
from liqbot.chat.command import Ask
from liqbot.rules.hit import RuleFault
from liqbot.store.subscriptions import Watch

_log = structlog.get_logger()


async def let_rule_forget(ask: Ask, watch: Watch) -> None:
    """Have what the rule of `watch` remembers written without the chat and who asks.

    Others may share the watch, so that it outlives the chat. A rule that fails keeps nobody from being
    forgotten by the bot: the log names it.
    """
    outbox, rule = ask.desk.store.alerts, ask.desk.rules.by_name.get(watch.rule)
    before = memory = decode_state(await outbox.state(watch)).memory
    if rule is None or memory is None:
        return
    try:
        for who in filter(None, dict.fromkeys((ask.chat.native_id, ask.person))):
            memory = await asyncio.to_thread(rule.forget, memory, who)
    except RuleFault as fault:
        _log.error("a rule could not forget", rule=rule.name, reason=str(fault))
        return
    if memory == before:
        return
    state = decode_state(await outbox.state(watch))
    if state.memory == before:
        written = msgspec.msgpack.encode(replace(state, memory=memory))
        await outbox.commit(None, [(watch, written)], [], ask.desk.clock())
    else:
        await let_rule_forget(ask, watch)  # a view came in between, and what it left is newer
