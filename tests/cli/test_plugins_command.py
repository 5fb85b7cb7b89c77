"""`liqbot plugins`: which there are, and the tools of those who write them."""

import re

import pytest
from cli.conftest import run_apart
from markets import HOUR, long, view_of

from liqbot.store.sqlite.store import SqliteStore

GOOD = '''
from typing import Annotated
from liqbot.plugin import *

__version__ = "1.1"

@rule("heavy", policy=Policy(cooldown=0))
def heavy(view, *, at_least: Annotated[Usd, Help("how heavy")] = 1_000_000):
    """A cluster of at least `at_least`."""
    for cluster in view.clusters:
        if cluster.usd >= at_least:
            yield Hit(cluster.id, f"{cluster.usd:.0f}")
'''


@pytest.fixture
def plugin(folder):
    def plugin(text, name="mine"):
        file = folder / "plugins" / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return file

    return plugin


def test_it_lists_where_each_runs_and_what_it_brings(liqbot, plugin):
    plugin(GOOD)
    plugin(GOOD.replace("heavy", "other"), "other")
    plugin(GOOD.replace("heavy", "evil"), "evil")
    ran = liqbot("plugins", LIQBOT_PLUGINS__TRUSTED="other", LIQBOT_PLUGINS__DENIED="evil==1.1")
    assert ran.status == 0
    rows = [re.split(r" {2,}", line.strip()) for line in ran.out.splitlines()]
    assert [row[:4] for row in rows] == [
        ["plugin", "version", "runs", "brings"],
        ["evil", "1.1", "denied by evil==1.1", "—"],
        ["other", "1.1", "inside", "rule other"],
        ["mine", "1.1", "worker", "rule heavy"],
    ]


def test_what_is_wrong_is_told_with_file_line_and_reason_and_the_status_is_1(liqbot, plugin):
    file = plugin("x = 1\n1 / 0\n")
    ran = liqbot("plugins")
    assert ran.status == 1
    assert f"✗ {file}, line 2: ZeroDivisionError: division by zero" in ran.out


def test_where_there_are_none_it_says_how_to_make_one(liqbot):
    ran = liqbot("plugins")
    assert (ran.status, "liqbot plugins new NAME" in ran.out) == (0, True)


@pytest.mark.long
def test_a_new_plugin_is_sound_and_its_tests_pass(folder):
    made = run_apart(folder, "plugins", "new", "near-wall")
    assert made.status == 0, made.err
    assert (folder / "plugins" / "near_wall" / "README.md").exists()
    checked = run_apart(folder, "plugins", "check", "plugins/near_wall")
    assert (checked.status, checked.out.count("✓"), checked.out.count("✗")) == (0, 6, 0)
    tested = run_apart(folder, "plugins", "test", "plugins/near_wall", PYTHONWARNINGS="")
    assert "3 passed" in tested.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["new", "Near Wall"], "'Near Wall' is no name"),
        (["new", "mine"], "plugins/mine is there already"),
        (["check", "nowhere.py"], "there is no plugin in nowhere.py"),
        (["test", "plugins/mine.py"], "there is no test of plugins/mine.py"),
        (["replay", "nowhere.py"], "there is no plugin in nowhere.py"),
        (["replay", "plugins/mine.py", "--since", "soon"], "'soon' is no span of time"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(liqbot, plugin, arguments, said):
    plugin(GOOD)
    ran = liqbot("plugins", *arguments)
    assert ran.status == 2
    assert said in " ".join(ran.err.replace("│", " ").split())


PEEKS = '''
from liqbot.plugin import *
SEEN = {}

@rule("peeks")
def peeks(view):
    """It knows what comes next."""
    SEEN.setdefault(view.coin, {})[view.time_ms] = view.spot
    if any(at > view.time_ms and spot > view.spot for at, spot in SEEN[view.coin].items()):
        yield Hit("up", "it will rise")
'''


@pytest.mark.long
def test_a_rule_that_looks_ahead_is_found_out(liqbot, plugin):
    ran = liqbot("plugins", "check", plugin(PEEKS))
    assert ran.status == 1
    assert "✗ peeks: looks ahead: what it says of " in ran.out


@pytest.mark.long
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def broken(:\n", "✗ loads: .*mine.py, line 1: SyntaxError"),
        (
            GOOD.replace("yield", "1 / 0; yield"),
            r"✗ heavy: reads: fails on \d+ of 144 views: .*mine.py, line 12",
        ),
        (
            GOOD.replace("    for cluster", "    import time\n    time.sleep(0.06)\n    for cluster"),
            r"✗ heavy: time: \d+\.\d+ ms a view",
        ),
    ],
    ids=["broken", "raising", "slow"],
)
def test_a_check_says_what_is_wrong(liqbot, plugin, text, said):
    ran = liqbot("plugins", "check", plugin(text))
    assert ran.status == 1
    assert re.search(said, ran.out), ran.out


@pytest.mark.long
def test_types_are_checked_where_that_is_asked_for(folder, plugin):
    pytest.importorskip("pyright")
    file = plugin(GOOD.replace("Hit(cluster.id", "Hit(7"))
    ran = run_apart(folder, "plugins", "check", file, "--types", PYTHONWARNINGS="")
    assert ran.status == 1
    assert 'cannot be assigned to parameter "key" of type "str"' in ran.out, ran.err


@pytest.fixture
async def history(folder):
    """Five hours of BTC in the bot's database; in the third there is $10M at 95."""
    store = SqliteStore(folder / "liqbot.db")
    for hour in range(5):
        coins = 100_000 if hour == 2 else 10
        view = view_of(long("ann", coins, at=95), time_ms=(hour + 1) * HOUR)
        await store.observations.record([view])
        await store.history.record([view])
    await store.close()


@pytest.mark.long
@pytest.mark.usefixtures("history")
def test_replay_tells_when_a_rule_would_have_fired(liqbot, plugin):
    ran = liqbot("plugins", "replay", plugin(GOOD))
    assert ran.out.splitlines() == [
        "heavy on BTC: would have fired 1 time in 7d (5 views)",
        "  1970-01-01 03:00 UTC  10000000",
    ]
    ran = liqbot("plugins", "replay", plugin(GOOD), "--set", "at_least=20M", "--since", "2h", "--coin", "btc")
    assert ran.out.splitlines() == ["heavy on BTC: would have fired 0 times in 2h (3 views)"]


@pytest.mark.usefixtures("history")
def test_replay_draws_a_picture_of_each(liqbot, plugin, folder):
    ran = liqbot("plugins", "replay", plugin(GOOD), "--pictures", folder / "out")
    assert ran.status == 0
    [picture] = (folder / "out").iterdir()
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert str(picture) in ran.out


@pytest.mark.long
@pytest.mark.usefixtures("history")
def test_replay_says_what_is_wrong(refused, plugin):
    assert "mine.py, line 1: " in refused("plugins", "replay", plugin("1 / 0"))
    assert "ZeroDivisionError" in refused("plugins", "replay", plugin(GOOD.replace("yield", "1 / 0; yield")))
    assert "has no ETH; it has BTC" in refused("plugins", "replay", plugin(GOOD), "--coin", "ETH")


@pytest.mark.long
def test_without_plugins_a_demo_knows_the_rules_of_the_house_alone(folder, plugin):
    plugin(GOOD)
    script = folder / "try.txt"
    script.write_text("/help heavy\n")
    with_plugins = run_apart(folder, "demo", "--script", script, LIQBOT_SIMULATOR__BACKFILL_DAYS="0")
    assert "/subscribe heavy COIN" in with_plugins.out
    without = run_apart(
        folder,
        "demo",
        "--script",
        script,
        LIQBOT_SIMULATOR__BACKFILL_DAYS="0",
        LIQBOT_PLUGINS__ENABLED="false",
    )
    assert "There is no command or rule 'heavy' here" in without.out


@pytest.mark.long
def test_run_without_plugins_starts_without_any(folder, plugin):
    plugin("raise SystemExit('it ran')")
    ran = run_apart(folder, "run", "--no-plugins", LIQBOT_SOURCES="replay:gone.csv")
    assert "it ran" not in ran.out + ran.err
    assert "plugin" not in ran.err
