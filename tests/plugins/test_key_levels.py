from markets import long, short, view_of
from plugins.examples import examples


def test_it_marks_the_heaviest_cluster_of_each_side_and_five_percent():
    view = view_of(long("ann", 50_000, at=96), long("bob", 9_000, at=80), short("cat", 10_000, at=104))
    marks = examples().overlays["key-levels"].marks(view)
    bands = [(mark.side, mark.label, mark.low) for mark in marks if mark.shape == "band"]
    assert bands == [("long", "$5M", 96), ("short", "$1M", 104)]
    lines = [(mark.low, mark.label) for mark in marks if mark.shape == "line"]
    assert lines == [(105, "+5%"), (95, "−5%")]
