"""`liqbot replay`: a recording played through the whole bot."""

import gzip
import re

import pytest
from cli.conftest import run_apart
from recordings import recorded, row, text_of

HOUR = 3_600_000


def fall(*, coins=("BTC",)):
    """Return five hours in which $12M of shorts above give way to $12M of longs close below."""
    return [
        line
        for hour in range(5)
        for coin in coins
        for line in (
            row("ann", 1000, at=60, coin=coin, time_ms=(490_000 + hour) * HOUR),
            row("bob", -120_000, at=104 if hour < 2 else 150, coin=coin, time_ms=(490_000 + hour) * HOUR),
            row("cid", 120_000, at=50 if hour < 2 else 97, coin=coin, time_ms=(490_000 + hour) * HOUR),
        )
    ]


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Return what a replay of the fall prints, and the pictures that it left."""
    folder = tmp_path_factory.mktemp("replay")
    rows = fall(coins=("BTC", "ETH"))
    recorded(folder / "fall.csv.gz", *rows[:3], "broken", *rows[3:])
    ran = run_apart(folder, "replay", "fall.csv.gz", "--coins", "btc", LIQBOT_LOG_LEVEL="info")
    return ran, folder


def alerts(ran):
    """Return the headings and the rules of the alerts."""
    return re.findall(r"ALERT +(.*)", ran.out), re.findall(
        r"^ +([a-z-]+) A\d+ · Hyperliquid", ran.out, re.MULTILINE
    )


def test_near_cluster_and_regime_flip_fire_where_they_should(played):
    ran, _ = played
    assert ran.status == 0
    headings, rules = alerts(ran)
    assert rules == ["near-cluster", "near-cluster", "regime-flip"]
    above, below, flip = headings
    assert "$12M of short liquidations at 104" in above
    assert "$12M of long liquidations at 97" in below
    assert "fuel moved below price" in flip
    assert ran.out.splitlines()[-1] == "3 alerts in 5 snapshots"


def test_each_alert_and_each_coin_has_its_picture(played):
    ran, folder = played
    pictures = re.findall(r"picture: (.*)", ran.out)
    assert len(pictures) == 4
    assert all((folder / picture).read_bytes().startswith(b"\x89PNG") for picture in pictures)
    assert "BTC-heatmap-4h" in pictures[-1]


def test_rows_that_were_skipped_are_named_on_standard_error(played):
    ran, _ = played
    assert ran.err == "fall.csv.gz: line 5: 1 fields instead of 9; the row is skipped\n"


def test_nothing_but_pictures_is_left(played):
    _, folder = played
    assert {file.name for file in folder.iterdir()} == {"fall.csv.gz", "pictures"}


def test_without_coins_the_largest_four_are_watched(liqbot, folder):
    coins = ("A", "B", "C", "D", "E")
    recorded(folder / "x.csv", *(row("ann", size, coin=coin) for size, coin in enumerate(coins, start=1)))
    ran = liqbot("replay", "x.csv")
    assert ran.status == 0
    assert sorted(re.findall(r"([A-Z])-heatmap", ran.out)) == ["B", "C", "D", "E"]


def test_what_to_hear_of_can_be_chosen(liqbot, folder):
    recorded(folder / "x.csv", *fall())
    ran = liqbot(
        "replay", "x.csv", "--watch", "trapped BTC over=50 side=long", "--watch", "near-cluster BTC within=1%"
    )
    assert ran.status == 0
    assert ran.out.splitlines()[-1] == "0 alerts in 5 snapshots"


@pytest.mark.parametrize(
    "watch", ["near-wall BTC", "near-cluster", "near-cluster BTC within", "near-cluster BTC within=x"]
)
def test_a_watch_that_makes_no_sense_is_a_usage_error(liqbot, folder, watch):
    recorded(folder / "x.csv", *fall())
    ran = liqbot("replay", "x.csv", "--watch", watch)
    assert (ran.status, ran.out) == (2, "")
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "arguments", [("--speed", "-1"), ("--speed", "x"), ("--speed", "nan"), ("--coins", " , ")]
)
def test_an_option_that_makes_no_sense_is_a_usage_error(liqbot, folder, arguments):
    recorded(folder / "x.csv", *fall())
    assert liqbot("replay", "x.csv", *arguments).status == 2


def test_a_coin_that_the_recording_never_has_is_refused_with_the_nearest_one(liqbot, folder):
    recorded(folder / "x.csv", *fall())
    ran = liqbot("replay", "x.csv", "--coins", "BTC,BTX")
    assert ran.status == 1
    assert "BTC-heatmap" in ran.out
    assert ran.err == "liqbot: x.csv has no BTX; did you mean BTC?\n"


def test_a_coin_that_comes_later_is_followed_from_then_on(liqbot, folder):
    recorded(folder / "x.csv", *fall(), row("ann", 2, coin="ETH", at=90, time_ms=490_005 * HOUR))
    ran = liqbot("replay", "x.csv", "--coins", "ETH")
    assert (ran.status, ran.err) == (0, "")
    assert "ETH-heatmap" in ran.out


def test_a_recording_that_breaks_off_is_played_up_to_there_and_then_refused(liqbot, folder):
    lines = [
        row(f"a{place}", time_ms=(place // 100 + 1) * HOUR, at=90 + place / 1000) for place in range(1000)
    ]
    (folder / "x.csv.gz").write_bytes(gzip.compress(text_of(*lines))[:-40])
    ran = liqbot("replay", "x.csv.gz")
    assert ran.status == 1
    assert re.search(r"^0 alerts in [1-9] snapshots$", ran.out, re.MULTILINE)
    assert ran.err.splitlines()[-1].startswith("liqbot: x.csv.gz: the file breaks off after time_ms")


@pytest.mark.parametrize("text", [b"", b"a,b\n", text_of(), text_of("broken")])
def test_a_file_that_is_no_recording_is_refused(refused, folder, text):
    (folder / "x.csv").write_bytes(text)
    assert refused("replay", "x.csv").startswith("x.csv: ")


def test_a_file_that_is_not_there_is_refused(refused):
    assert refused("replay", "gone.csv") == "gone.csv: cannot be read: No such file or directory"
