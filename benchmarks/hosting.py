"""Rules in the worker against rules in the bot's own process; many watches, many plugins."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.measure import Row, medians_ms
from benchmarks.simulated import view_with_grid
from liqbot.hosting.plugins import Plugins, Wanted, load_plugins
from liqbot.market import wire
from liqbot.market.view import MarketView
from liqbot.rules.rule import Rule
from liqbot.rules.rule_calls import Question, answers

WATCHES = 1_000
PLUGINS = 100
ROUNDS = 101
_RULE = '''
from liqbot.plugin import Hit, Usd, rule


@rule("wall-{number}")
def wall(view, *, at_least: Usd = 50_000_000):
    """A single cluster holds at least `at_least`."""
    for cluster in view.clusters:
        if cluster.usd >= at_least:
            yield Hit(cluster.id, f"a wall of {{cluster.usd:.0f}}", value=cluster.usd, side=cluster.side)
'''


def rows() -> Iterator[Row]:
    """Yield what the worker costs by view and rule, by watch, and with many plugins."""
    view = replace(view_with_grid(), grid=None)
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder), 1)
        inside, outside = _loaded(folder, trusted=("plugin_0",)), _loaded(folder)
        try:
            yield from _by_view(view, inside, outside)
            yield from _by_watch(view, inside, outside)
        finally:
            outside.close()
        _write(Path(folder), PLUGINS)
        yield from _many(folder, view)


def _by_view(view: MarketView, inside: Plugins, outside: Plugins) -> Iterator[Row]:
    within, beside = _rule(inside), _rule(outside)
    values = within.form.defaults()

    def in_worker() -> object:
        return beside.read(replace(view), values)  # another view, so that it is sent

    def in_process() -> object:
        return within.read(view, values)

    process_ms, worker_ms, wire_ms = medians_ms(
        in_process, in_worker, lambda: wire.from_bytes(wire.to_bytes(view)), rounds=ROUNDS
    )
    size_kb = len(wire.to_bytes(view)) / 1000
    yield Row(
        "one rule on a new view, in the worker",
        f"{worker_ms:.2f} ms",
        f"{process_ms:.3f} ms in the bot's process; {wire_ms:.2f} ms for the {size_kb:.0f} kB of the view; "
        "at most 5 ms",
        worker_ms <= 5,
    )


def _by_watch(view: MarketView, inside: Plugins, outside: Plugins) -> Iterator[Row]:
    within, beside = _rule(inside), _rule(outside)
    questions = [Question(beside, {"at_least": 1e6 + n}) for n in range(WATCHES)]

    def in_worker() -> object:
        return answers(replace(view), questions)

    def in_process() -> object:
        return [within.read(view, question.values) for question in questions]

    process_ms, worker_ms = medians_ms(in_process, in_worker, rounds=11)
    yield Row(
        f"{WATCHES:,} watches of one rule on a view, in the worker",
        f"{worker_ms:.0f} ms, {1000 * worker_ms / WATCHES:.0f} µs a watch",
        f"{worker_ms / process_ms:.1f}× the same in the bot's process ({process_ms:.0f} ms); at most 10×",
        worker_ms <= 10 * process_ms,
    )


def _many(folder: str, view: MarketView) -> Iterator[Row]:
    start = time.perf_counter()
    plugins = _loaded(folder)
    taken_s = time.perf_counter() - start
    try:
        rules = list(plugins.rules.by_name.values())
        questions = [Question(rule, rule.form.defaults()) for rule in rules]
        [tick_ms] = medians_ms(lambda: answers(replace(view), questions), rounds=11)
        assert plugins.worker is not None  # noqa: S101 - a hundred plugins have one
        worker_mb = _resident_mb(plugins.worker.pid)
    finally:
        plugins.close()
    yield Row(
        f"{PLUGINS} plugins loaded in the worker",
        f"{taken_s:.2f} s, {worker_mb:.0f} MB",
        f"all of them read a view in {tick_ms:.1f} ms; the bot itself holds none of their code",
    )


def _write(folder: Path, count: int) -> None:
    for number in range(count):
        (folder / f"plugin_{number}.py").write_text(_RULE.format(number=number))


def _loaded(folder: str, trusted: tuple[str, ...] = ()) -> Plugins:
    plugins = load_plugins((), Wanted(folder=Path(folder), trusted=trusted))
    if plugins.errors:
        raise RuntimeError(str(plugins.errors[0]))
    return plugins


def _rule(plugins: Plugins) -> Rule:
    return plugins.rules.by_name["wall-0"]


def _resident_mb(pid: int | None) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise OSError(f"/proc/{pid}/status does not tell VmRSS")
