from liqbot.hosting.records import KILLS, KILLS_WITHIN_S, RAISED_IN_A_ROW, Records


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_one_that_raises_on_many_views_in_a_row_is_quarantined_once():
    records = Records(Clock())
    said = [records.raised("bad", "it raised") for _ in range(RAISED_IN_A_ROW + 2)]
    assert said == [*[False] * (RAISED_IN_A_ROW - 1), True, False, False]
    assert records.quarantined("bad") == "it raised"


def test_one_good_view_begins_the_count_anew():
    records = Records(Clock())
    for _ in range(RAISED_IN_A_ROW - 1):
        records.raised("moody", "it raised")
    records.well("moody")
    assert not records.raised("moody", "it raised")
    assert records.quarantined("moody") is None


def test_one_that_ends_the_worker_is_a_suspect_at_once_and_quarantined_the_third_time():
    records = Records(Clock())
    assert not records.suspect("bad")
    assert [records.killed("bad", "it hung") for _ in range(KILLS)] == [False, False, True]
    assert records.suspect("bad")


def test_faults_that_lie_far_apart_are_no_quarantine():
    clock = Clock()
    records = Records(clock)
    for _ in range(2 * KILLS):
        assert not records.killed("rare", "it hung")
        assert records.suspect("rare")
        clock.now += KILLS_WITHIN_S
    assert not records.suspect("rare")


def test_who_has_never_failed_is_well():
    records = Records(Clock())
    assert (records.quarantined("good"), records.suspect("good")) == (None, False)
