"""Tables on a phone: nothing wraps by itself, nothing is lost."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from liqbot.text.tables import PHONE, columns

CLUSTERS = (("66,500", "+3.9%", "$5M", "1 account"), ("101,000", "+58.1%", "$51.2M", "12 accounts"))


def test_figures_stand_to_the_right_and_words_to_the_left():
    assert columns(CLUSTERS, 80) == [
        " 66,500   +3.9%     $5M  1 account",
        "101,000  +58.1%  $51.2M  12 accounts",
    ]


def test_on_a_phone_all_rows_break_after_the_same_column():
    assert columns(CLUSTERS) == [
        " 66,500   +3.9%     $5M",
        "  1 account",
        "101,000  +58.1%  $51.2M",
        "  12 accounts",
    ]


def test_tables_side_by_side_share_their_columns():
    assert columns([("620", "−2%")], alongside=CLUSTERS[:1]) == ["   620     −2%"] or columns(
        [("620", "−2%", "$5M", "x")], alongside=CLUSTERS
    )[0].startswith("    620")


def test_a_cell_that_is_empty_leaves_its_place_empty():
    assert columns([("a", "", "c"), ("a", "b", "c")], 80) == ["a     c", "a  b  c"]


def test_no_rows_are_no_lines():
    assert columns([]) == columns([()]) == []


words = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=20)
cells = st.lists(words, max_size=8).map(" ".join)


@given(st.lists(st.lists(cells, max_size=5), max_size=6), st.integers(30, 60))
def test_no_line_is_wider_than_the_phone_and_every_word_is_there(rows, width):
    lines = columns(rows, width)
    assert all(cell_len(line) <= width for line in lines)
    assert " ".join(lines).split() == [word for row in rows for cell in row for word in cell.split()]


def test_a_phone_shows_the_rows_of_a_list_of_clusters_on_one_line_each():
    rows = [("112,345", "+12.3%", "$123M", "14 acc."), ("98,765", "−3.4%", "$7.2M", "2 acc.")]
    assert len(columns(rows, PHONE)) == 2
