"""All plugins that are there: the house's own and trusted ones in this process, others in the worker."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import structlog

from liqbot.hosting.bubblewrap import OFF, Containment, containment
from liqbot.hosting.protocol import Item
from liqbot.hosting.remote import WorkerGroup, is_remote, remote_command, remote_overlay, remote_rule
from liqbot.hosting.worker import Limits, Worker
from liqbot.market.marks import Mark
from liqbot.market.view import MarketView
from liqbot.rules.contributions import (
    KIND_WORDS,
    AdapterKind,
    Contribution,
    Overlay,
    PluginCommand,
    SourceKind,
)
from liqbot.rules.plugin_discovery import Candidate, denied_by, find_in_folder, find_installed
from liqbot.rules.plugin_loading import LoadError, Rules, load, refusal
from liqbot.rules.rule import Rule

_log = structlog.get_logger()
_Kind = TypeVar("_Kind", PluginCommand, Overlay, SourceKind, AdapterKind)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which plugins are wanted, and how they are to be held."""

    folder: Path | None = None
    """The plugins folder; None for none."""
    only: Candidate | None = None
    """One plugin alone, wherever it is."""
    installed: bool = False
    """Whether distributions are asked for plugins too."""
    trusted: tuple[str, ...] = ()
    """Names of plugins that run inside the bot."""
    denied: tuple[str, ...] = ()
    """Names, or names with versions, of plugins that are not loaded at all."""
    overlays: tuple[str, ...] = ()
    """Names of overlays that are drawn on every heatmap."""
    limits: Limits = field(default_factory=Limits)
    hidden: tuple[Path, ...] = ()
    """Files that plugins in the worker must not read."""
    show_output: bool = False
    """Whether what they print goes to standard error."""
    bubblewrap: bool = True
    """Whether the worker runs under bubblewrap where that is installed."""


@dataclass(frozen=True, slots=True)
class Known:
    """A plugin, for the list of `liqbot plugins`."""

    name: str
    version: str | None
    file: str
    runs: str
    """Where it runs: `inside`, `worker`, or why not."""
    brings: tuple[str, ...] = ()
    """What it brings: `rule wall`."""


@dataclass(slots=True)
class Plugins:
    """What all plugins bring, by name. `close` ends the worker."""

    rules: Rules = field(default_factory=Rules)
    commands: dict[str, PluginCommand] = field(default_factory=dict[str, PluginCommand])
    overlays: dict[str, Overlay] = field(default_factory=dict[str, Overlay])
    sources: dict[str, SourceKind] = field(default_factory=dict[str, SourceKind])
    adapters: dict[str, AdapterKind] = field(default_factory=dict[str, AdapterKind])
    known: list[Known] = field(default_factory=list[Known])
    wanted: Wanted = field(default_factory=Wanted)
    worker: Worker | None = None
    awaited: list[Candidate] = field(default_factory=list[Candidate])
    """Those that the worker has yet to load."""

    @property
    def errors(self) -> list[LoadError]:
        """Who was left out, and why."""
        return self.rules.errors

    def add(self, items: Iterable[Contribution]) -> None:
        """Take up what a plugin brings; a name that is taken is refused, naming both files."""
        for item in items:
            if isinstance(item, Rule):
                self.rules.add([item])
            elif isinstance(item, PluginCommand):
                self._put(self.commands, item)
            elif isinstance(item, Overlay):
                self._put(self.overlays, item)
            elif isinstance(item, SourceKind):
                self._put(self.sources, item)
            else:
                self._put(self.adapters, item)

    def marks(self, view: MarketView) -> tuple[Mark, ...]:
        """Return what the wanted overlays mark on a heatmap of `view`; one that fails is logged."""
        marks: list[Mark] = []
        for overlay in (self.overlays[name] for name in self.wanted.overlays if name in self.overlays):
            try:
                marks += overlay.marks(view)
            except Exception as error:  # noqa: BLE001 - whatever an overlay does, there is a picture
                _log.error("overlay_failed", overlay=overlay.name, reason=str(error))
        return tuple(marks)

    async def begin(self) -> None:
        """Load what the worker has yet to load; the event loop does not wait for it."""
        if self.awaited:
            candidates = self.awaited
            self.worker = await asyncio.to_thread(_worker, candidates, self.wanted)
            self.awaited = []
            _take_from_worker(self, self.worker, candidates)

    async def reload(self) -> None:
        """Load the plugins of the worker anew, as their files are now. Those inside stay as they are."""
        inside = [known for known in self.known if known.runs == "inside"]
        names = {known.name for known in inside}
        self.errors.clear()
        self.known = inside
        candidates = [one for one in _admitted(self) if one.name not in names]
        if self.worker is None:
            self.worker = await asyncio.to_thread(_worker, candidates, self.wanted)
        else:
            await asyncio.to_thread(self.worker.reload, candidates)
        for taken in (self.rules.by_name, self.commands, self.overlays):
            for name in [name for name, item in taken.items() if is_remote(item)]:
                del taken[name]
        _take_from_worker(self, self.worker, candidates)

    def close(self) -> None:
        """End the worker."""
        if self.worker is not None:
            self.worker.close()

    def _put(self, into: dict[str, _Kind], item: _Kind) -> None:
        error = refusal(item, into.get(item.name))
        if error is None:
            into[item.name] = item
        else:
            self.errors.append(error)


def load_plugins(house: Iterable[Contribution], wanted: Wanted, *, later: bool = False) -> Plugins:
    """Return what the house brings, and every plugin that is `wanted`; what goes wrong is in its errors.

    Those of the worker come with `begin` where that is to be `later`: a worker takes a second to start.
    """
    plugins = Plugins(wanted=wanted)
    plugins.add(house)
    outside: list[Candidate] = []
    for candidate in _admitted(plugins):
        if candidate.name in wanted.trusted:
            _load_inside(plugins, candidate)
        else:
            outside.append(candidate)
    if later:
        plugins.awaited = outside
    elif outside:
        plugins.worker = _worker(outside, wanted)
        _take_from_worker(plugins, plugins.worker, outside)
    return plugins


def _worker(candidates: Sequence[Candidate], wanted: Wanted) -> Worker:
    return Worker(
        candidates,
        wanted.limits,
        hidden=wanted.hidden,
        show_output=wanted.show_output,
        contained=contained(wanted),
    )


def contained(wanted: Wanted) -> Containment:
    """Return in what the worker runs."""
    return containment() if wanted.bubblewrap else OFF


def _admitted(plugins: Plugins) -> Iterator[Candidate]:
    """Yield the plugins that may be loaded: not denied, and each name once."""
    wanted = plugins.wanted
    taken: dict[str, Candidate] = {}
    for candidate in _found(wanted):
        entry = denied_by(candidate, wanted.denied)
        if entry is not None:
            plugins.known.append(_known(candidate, f"denied by {entry}"))
        elif candidate.name in taken:
            other = taken[candidate.name].file
            reason = f"there is a plugin {candidate.name} already, {other}; this one is left out"
            plugins.errors.append(LoadError(Path(candidate.file), None, reason))
            plugins.known.append(_known(candidate, "left out"))
        else:
            taken[candidate.name] = candidate
            yield candidate
    for name in sorted(set(wanted.trusted) - taken.keys()):
        _log.warning("trusted_plugin_missing", plugin=name)


def _found(wanted: Wanted) -> Iterator[Candidate]:
    if wanted.only is not None:
        yield wanted.only
    if wanted.folder is not None:
        yield from find_in_folder(wanted.folder)
    if wanted.installed:
        yield from find_installed()


def _load_inside(plugins: Plugins, candidate: Candidate) -> None:
    found = load(candidate)
    if isinstance(found, LoadError):
        plugins.errors.append(found)
        plugins.known.append(_known(candidate, "left out"))
        return
    plugins.known.append(_known(candidate, "inside", found))
    plugins.add(found)


def _take_from_worker(plugins: Plugins, worker: Worker, candidates: Sequence[Candidate]) -> None:
    # From here on there is one list: who is put into quarantine later is named like who was left out.
    plugins.errors.extend(worker.errors)
    worker.errors = plugins.errors
    group = WorkerGroup(worker)
    made: dict[str, Callable[[Item], Contribution]] = {
        KIND_WORDS[Rule]: lambda item: remote_rule(item, worker, group),
        KIND_WORDS[PluginCommand]: lambda item: remote_command(item, worker),
        KIND_WORDS[Overlay]: lambda item: remote_overlay(item, worker),
    }
    for candidate in candidates:
        brought = worker.brought.get(candidate.file, [])
        off = [item for item in brought if item.kind not in made]
        runs = "worker" if brought else "left out"
        if off:
            words = " and ".join(f"{item.kind} {item.name}" for item in off)
            runs = f"worker; its {words} only when trusted"
        plugins.known.append(_known(candidate, runs, brought))
        plugins.add(made[item.kind](item) for item in brought if item.kind in made)


def _known(candidate: Candidate, runs: str, brings: Collection[Contribution | Item] = ()) -> Known:
    words = tuple(
        f"{item.kind if isinstance(item, Item) else KIND_WORDS[type(item)]} {item.name}" for item in brings
    )
    return Known(candidate.name, candidate.version, candidate.file, runs, words)
