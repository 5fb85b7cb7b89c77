"""Whether the processes of a bot are alike: what all of them have to have in common, and who stands aside.

Two senders with the tokens of two bots would tell the people of one what the other may not write to, and
two ranges of shards that overlap would answer everybody twice. Of two such processes the one that began later
serves nobody there until the other is gone.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence

from pydantic import BaseModel

from liqbot import __version__
from liqbot.app.bot import Bot
from liqbot.app.roles import read_shards, shards_text
from liqbot.chat import registry
from liqbot.chat.adapter import CLOCK_ERROR_S
from liqbot.platform_names import kind_of
from liqbot.service.processes import SILENT_S, short_name
from liqbot.service.troubles import Finding
from liqbot.store.presence import PresentProcess, ProcessReport
from liqbot.text import N_, _
from liqbot.text.figures import listed

SHARDS = "shards"
BOT = "bot "
"""Before the name of a bot on a platform: which one its token belongs to."""
_NAMES = {
    "version": N_("version"),
    "sources": N_("sources"),
    "coins": N_("coins"),
    "rules": N_("rules"),
    "access": N_("access"),
    "quotas": N_("quotas"),
}
_MOST = 200
"""So many characters of what differs are told."""


def traits_of(bot: Bot) -> Iterator[tuple[str, str]]:
    """Yield what a process has to have in common with the others, each by its name."""
    settings = bot.settings
    yield "version", __version__
    yield "sources", ", ".join(settings.sources)
    yield "coins", ", ".join(settings.coins)
    if bot.services.startup.plugins.is_set():
        yield "rules", ", ".join(sorted(bot.services.rules.by_name))
    yield "access", _digest(settings.access)
    yield "quotas", _digest(settings.quotas)
    for account in registry.accounts(settings.section):
        if bot.duties.has(account.name):
            yield BOT + account.name, _bot_of(account)
            if account.kind.name == "discord":
                yield SHARDS, "" if bot.duties.shards is None else shards_text(bot.duties.shards)


def difference(own: ProcessReport, others: Sequence[PresentProcess]) -> Finding | None:
    """Return in what the process differs from others that are there; None where they are alike."""
    found: dict[str, str] = {}
    for other in _alive(others):
        for name in _differing(own, other):
            said = _(
                "{process} has {value}, {other} has {others}",
                process=short_name(own.name),
                value=_shown(own, name),
                other=short_name(other.name),
                others=_shown(other, name),
            )
            found.setdefault(name, said)
    if not found:
        return None
    return Finding(
        _("processes"),
        _("They are not set up alike: {what}.", what=listed([_label(name) for name in found])),
        _("Give all of them the same version, settings and plugins, and start them again."),
        detail="; ".join(f"{_label(name)}: {said}" for name, said in found.items()) + ".",
    )


def barred_from(own: ProcessReport, others: Sequence[PresentProcess]) -> frozenset[str]:
    """Return which bots on platforms the process is not to serve, as another one serves them otherwise."""
    earlier = [one for one in _alive(others) if (one.started_ms, one.name) < (own.started_ms, own.name)]
    clashes = {name for other in earlier for name in _differing(own, other)}
    bots = {name for name in own.traits if name.startswith(BOT)}
    of_shards = {name for name in bots if SHARDS in clashes and kind_of(name.removeprefix(BOT)) == "discord"}
    return frozenset(name.removeprefix(BOT) for name in bots & clashes | of_shards)


def is_replaceable(own: ProcessReport, others: Sequence[PresentProcess]) -> bool:
    """Return whether others that are there, and whose clock is right, could do all that the process does."""
    right = [one for one in _alive(others) if abs(one.clock_ahead_s) <= CLOCK_ERROR_S]
    return all(any(role in one.roles and _serves_alike(own, one) for one in right) for role in own.roles)


def _serves_alike(own: ProcessReport, other: ProcessReport) -> bool:
    """Return whether the other one would serve the same people, as far as it serves any."""
    names = [name for name in own.traits if name == SHARDS or name.startswith(BOT)]
    return all(own.traits[name] == other.traits.get(name, own.traits[name]) for name in names)


def _alive(others: Sequence[PresentProcess]) -> list[ProcessReport]:
    return [one.report for one in others if one.silent_s <= SILENT_S]


def _differing(own: ProcessReport, other: ProcessReport) -> list[str]:
    """Return what both say of themselves, and say otherwise; ranges of shards may well be apart."""
    both = [name for name in own.traits if name in other.traits]
    return [name for name in both if _clash(name, own.traits[name], other.traits[name])]


def _clash(name: str, own: str, other: str) -> bool:
    """Return whether two processes do not go together: as to shards, if they share some, and not all."""
    if name != SHARDS or own == other or not (own and other):  # no range is all of them
        return own != other
    (mine, count), (theirs, other_count) = read_shards(own), read_shards(other)
    return count != other_count or bool(set(mine) & set(theirs))


def _label(name: str) -> str:
    if name == SHARDS:
        return _("shards of Discord")
    return _("the bot of {name}", name=name.removeprefix(BOT)) if name.startswith(BOT) else _(_NAMES[name])


def _shown(report: ProcessReport, name: str) -> str:
    value = report.traits[name] or _("all")
    return value if len(value) <= _MOST else f"{value[:_MOST]}…"


def _digest(section: BaseModel) -> str:
    """Return a section in short: whether two are alike is told, and not whom they name."""
    return hashlib.sha256(section.model_dump_json().encode()).hexdigest()[:8]


def _bot_of(account: registry.Account) -> str:
    """Return which bot a token belongs to: what of it stands before its first mark is no secret."""
    token = next((secret.get_secret_value() for secret in registry.secrets(account.section)), "")
    return re.split(r"[:.]", token)[0]
