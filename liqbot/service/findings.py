"""What is wrong with sources, plugins and rules: whatever is seen without going anywhere."""

from collections.abc import Iterator, Mapping, Sequence

from liqbot.rules.plugin_loading import LoadError, Rules
from liqbot.service.sources import SourceHealth
from liqbot.service.troubles import Finding
from liqbot.sources.source import nowhere
from liqbot.text import _, ngettext

READS_PAST = "running, its past is still being read"
WELL = ("starting", "running", READS_PAST, "standing by", "ended")
"""The states of a source that are no trouble."""


def findings_of(
    sources: Sequence[SourceHealth], rules: Rules, faults: Mapping[str, int]
) -> Iterator[Finding]:
    """Yield what is wrong; `faults` counts how often each rule has failed."""
    for health in sources:
        yield from _of_source(health)
    yield from _of_coins(sources)
    for error in rules.errors:
        yield Finding(_("plugin {name}", name=_where(error)), error.reason, detail=str(error))
    for name, count in faults.items():
        known = name in rules.by_name
        text = _failing(count) if known else _("It is not loaded, but still subscribed to.")
        yield Finding(_("rule {name}", name=name), text)


def state_of(health: SourceHealth) -> str:
    """Return what a source does, and what of it was refused."""
    refused = health.rejected + health.report().refused
    if not refused:
        return health.state
    reasons = ", ".join(f"{count}× {reason}" for reason, count in refused.most_common(3))
    return _("{state}; refused {reasons}", state=health.state, reasons=reasons)


def _of_source(health: SourceHealth) -> Iterator[Finding]:
    if health.state not in WELL:
        yield Finding(
            _("source {name}", name=health.name),
            state_of(health),
            _("It is asked again; doctor says more."),
        )
    for what, why in health.missing.items():
        yield Finding(_("{source}: no data of {what}", source=health.name, what=what), why)


def _of_coins(sources: Sequence[SourceHealth]) -> Iterator[Finding]:
    running = [source.report() for source in sources if source.state in WELL]
    for coin, near in nowhere(running).items():
        said = (
            _("No source has it; the nearest that one has is {near}.", near=near)
            if near
            else _("No source has it.")
        )
        yield Finding(_("coin {name}", name=coin), said, _("Correct LIQBOT_COINS."))


def _where(error: LoadError) -> str:
    """Return where a plugin failed; not in which folder, which is nobody's business in a chat."""
    if not error.line:
        return error.file.name
    return _("{file}, line {line}", file=error.file.name, line=error.line)


def _failing(count: int) -> str:
    return ngettext(
        "It has failed once. The log names the line.",
        "It has failed {count} times so far. The log names the line.",
        count,
    )
