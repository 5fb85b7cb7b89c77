"""How clusters are said to have ended stands up to the rows of the recording: nothing closed that is open
still, nothing merged into what does not hold it, nothing swept where price never was.

`make test` looks at the largest coins of a few days, `make truth` at every coin of all of it.
"""

import os
from collections import Counter
from itertools import islice

from shared import shared_file

from docs.how_ended import endings, table
from liqbot.market.clusters import End
from liqbot.sources.recording import Recording

WHOLE = "LIQBOT_TEST_WHOLE" in os.environ
FOUR = ("BTC", "ETH", "SOL", "HYPE")


def test_over_the_recording_every_end_is_explained_by_what_the_accounts_hold():
    recording = Recording(shared_file("recordings/hyperliquid-positions-2026-02.csv.gz"))
    found = list(endings(islice(recording.snapshots(), None if WHOLE else 14), () if WHOLE else FOUR))
    print(table(found))  # noqa: T201 - `make truth` shows it
    assert [(one.ended.cluster.id, one.ended.time_ms) for one in found if not one.is_explained] == []
    count = Counter(one.ended.end for one in found)
    assert min(count[end] for end in End) >= (30 if WHOLE else 1), count
