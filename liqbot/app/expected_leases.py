"""Which leases somebody has to hold: not those of a token, a source or a range of shards that is no more."""

from collections.abc import Collection

from liqbot.app.roles import read_shards
from liqbot.chat import registry
from liqbot.platform_names import kind_of
from liqbot.service.processes import ProcessesAnswer, Unled
from liqbot.settings import CHAT_PLATFORMS, Settings


def missing(
    answer: ProcessesAnswer, settings: Settings, layers: Collection[str] | None = None
) -> list[Unled]:
    """Return what nobody does of what has to be done by these settings.

    `layers` are the keys of those that the sources make; None where they are not known.
    """
    held = {name for process in answer.processes for name in process.leads}
    bots = {account.name for account in registry.accounts(settings.section)}
    return [one for one in answer.unled if _is_expected(one.lease, bots, layers, held)]


def _is_expected(lease: str, bots: Collection[str], layers: Collection[str] | None, held: set[str]) -> bool:
    role, _, what = lease.partition("/")
    if role == "engine":
        return layers is None or what in layers
    if role not in ("sender", "receiver"):
        return True
    bot, _, shards = what.partition("/")
    if (
        bots and kind_of(bot) in CHAT_PLATFORMS and bot not in bots
    ):  # where no token is set, others may have it
        return False
    return role == "sender" or not _is_served(bot, shards, held)


def _is_served(bot: str, shards: str, held: set[str]) -> bool:
    """Return whether others receive for a bot what a range of shards was to receive; `""` is all of them."""
    before = f"receiver/{bot}"
    ranges = [name.removeprefix(before).removeprefix("/") for name in held if _is_of(name, before)]
    if not ranges or not shards or "" in ranges:
        return bool(ranges)
    wanted, count = read_shards(shards)
    read = [read_shards(text) for text in ranges]
    served = {shard for numbers, of in read if of == count for shard in numbers}
    return any(of != count for _, of in read) or served.issuperset(wanted)


def _is_of(lease: str, before: str) -> bool:
    return lease == before or lease.startswith(f"{before}/")
