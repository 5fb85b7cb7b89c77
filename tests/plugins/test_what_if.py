import pytest
from markets import long, short, view_of
from plugins.examples import examples

VIEW = view_of(long("ann", 50_000, at=96), long("bob", 9_000, at=80), short("cat", 10_000, at=104))


@pytest.mark.parametrize(
    ("move", "title"),
    [
        ("-5%", "BTC −5%: $5M would be force-sold"),
        ("-25", "BTC −25%: $5.9M would be force-sold"),
        ("+10", "BTC +10%: $1M would be force-bought"),
        ("-1%", "BTC −1%: $0 would be force-sold"),
    ],
)
def test_it_adds_up_what_lies_on_the_way(move, title):
    command = examples().commands["what-if"]
    message = command.answer(VIEW, command.form.parse({"move": move}))
    assert message.title == title
    assert message.provenance == VIEW.provenance
