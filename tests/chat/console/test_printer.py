import asyncio
from io import StringIO

import pytest
from rich.console import Console

from liqbot.alerts.platform import OutgoingMessage
from liqbot.chat.console.printer import CONSOLE_CHAT, Printer
from liqbot.message import Button, Fact, Message, Picture, Table, Tone

TIME_MS = 1_770_295_440_000  # 2026-02-05 12:44 UTC
PICTURE = Picture(b"png", "words", "BTC-heatmap-24h.png")
ALERT = Message(
    title="BTC: $21M of long liquidations at 62,700",
    lines=("Spot 64,000. A fall starts forced selling.", "Says nothing else."),
    tone=Tone.LONGS,
    picture=PICTURE,
    actions=(Button("Refresh", "/heatmap BTC"), Button("Clusters", "/clusters BTC")),
    time_ms=TIME_MS,
    provenance="near-cluster · Testex, measured",
)
CLUSTERS = Message(
    "BTC 64,000",
    lines=("Neither side stands out.",),
    facts=(Fact("Ratio", "1.5"), Fact("Spot price", "64,000")),
    tables=(
        Table(
            (("66,500", "+13.9%", "$5M", "1 account"), ("65,000", "+1.6%", "$51.2M", "12 accounts")),
            "Above spot",
            Tone.SHORTS,
        ),
        Table((("620", "−2%", "$20.5M", "2 accounts"),), "Below spot", Tone.LONGS),
    ),
    notes=("Mind the gap.",),
)


class Terminal:
    """A console and what is on it."""

    def __init__(self, folder, *, width=80, is_terminal=False, pictures="pictures"):
        self.file = StringIO()
        console = Console(file=self.file, width=width, force_terminal=is_terminal, color_system=None)
        self.pictures = folder / pictures
        self.printer = Printer(console, self.pictures)

    def show(self, message, **more) -> str:
        self.printer.show(message, **more)
        return self.screen

    @property
    def screen(self) -> str:
        return "\n".join(line.rstrip() for line in self.file.getvalue().splitlines())


@pytest.fixture
def piped(tmp_path):
    return Terminal(tmp_path)


@pytest.fixture
def terminal(tmp_path):
    return Terminal(tmp_path, is_terminal=True)


def test_a_message_is_its_title_its_lines_its_picture_its_provenance_and_what_to_type_next(piped):
    assert piped.show(ALERT) == (
        "▼ BTC: $21M of long liquidations at 62,700\n"
        "  Spot 64,000. A fall starts forced selling.\n"
        "  Says nothing else.\n"
        f"  picture: {piped.pictures}/BTC-heatmap-24h-20260205-1244.png\n"
        "  near-cluster · Testex, measured · 2026-02-05 12:44 UTC\n"
        "  next: /heatmap BTC  /clusters BTC\n"
    )


def test_a_bare_message_is_its_title(piped):
    assert piped.show(Message("Hello")) == "• Hello\n"


@pytest.mark.parametrize(
    ("tone", "mark"), [(Tone.NEUTRAL, "•"), (Tone.LONGS, "▼"), (Tone.SHORTS, "▲"), (Tone.WARNING, "!")]
)
def test_its_tone_is_a_mark_that_can_be_read_without_colour(piped, tone, mark):
    assert piped.show(Message("Hello", tone=tone)) == f"{mark} Hello\n"


def test_markup_of_the_terminal_in_a_message_is_only_text(terminal):
    assert (
        terminal.show(Message("[bold]x[/bold] :smile:", ("[red]y",)))
        == "• [bold]x[/bold] :smile:\n  [red]y\n"
    )


@pytest.mark.parametrize("odd", ["\x1b]0;mine\x07", "\x9b31m", "\u202e", "\0"])
def test_nothing_in_a_message_steers_the_terminal(piped, odd):
    message = Message(
        f"one{odd}",
        lines=(f"two{odd}",),
        facts=(Fact(f"three{odd}", f"four{odd}"),),
        tables=(Table(((f"five{odd}", "six"),), f"seven{odd}"),),
        notes=(f"eight{odd}",),
    )
    shown = piped.show(message)
    assert not set("\x1b\x07\x9b\u202e\0") & set(shown)
    assert "seven" in shown


def test_an_alert_says_that_it_is_one(piped):
    assert piped.show(Message("Hello"), heading="ALERT").startswith("•  ALERT  Hello")


def test_of_many_buttons_the_first_few_are_named_and_each_only_once(piped):
    buttons = [Button(str(number), f"/map {number // 2}") for number in range(20)]
    assert piped.show(Message("Hello", actions=tuple(buttons))).splitlines()[1] == (
        "  next: /map 0  /map 1  /map 2  /map 3"
    )


def test_narration_and_what_is_typed_for_somebody_are_lines_of_their_own(piped):
    piped.printer.narrate("And now")
    piped.printer.echo("/status")
    assert piped.screen == "And now\nliqbot> /status"


class TestPictures:
    def test_the_picture_is_put_into_the_folder_which_is_made(self, piped):
        piped.show(ALERT)
        assert (piped.pictures / "BTC-heatmap-24h-20260205-1244.png").read_bytes() == b"png"

    def test_another_picture_of_the_same_name_takes_nothing_away(self, piped):
        """Another venue, zoom or style of the same minute."""
        for png in (b"png", b"other", b"third", b"other"):
            piped.show(Message("Hello", picture=Picture(png, "words", "BTC-heatmap-24h.png")))
        kept = {file.name: file.read_bytes() for file in piped.pictures.iterdir()}
        assert kept == {
            "BTC-heatmap-24h.png": b"png",
            "BTC-heatmap-24h-2.png": b"other",
            "BTC-heatmap-24h-3.png": b"third",
        }

    def test_without_a_time_it_bears_its_own_name(self, piped):
        piped.show(Message("Hello", picture=PICTURE))
        assert (piped.pictures / "BTC-heatmap-24h.png").exists()

    def test_its_name_cannot_lead_out_of_the_folder(self, piped):
        piped.show(Message("Hello", picture=Picture(b"png", "words", "../../k/PEPE.png")))
        assert [file.name for file in piped.pictures.iterdir()] == ["PEPE.png"]

    def test_a_folder_that_cannot_be_written_is_named_and_the_text_still_stands(self, tmp_path):
        (tmp_path / "file").write_text("in the way")
        terminal = Terminal(tmp_path, pictures="file/pictures")
        screen = terminal.show(ALERT)
        assert "Spot 64,000." in screen
        assert (
            f"picture: could not be written to {terminal.pictures}/BTC-heatmap-24h-20260205-1244.png: "
            in screen
        )

    def test_its_path_stands_on_one_line_however_narrow_the_terminal(self, tmp_path):
        terminal = Terminal(tmp_path, width=30, is_terminal=True)
        assert f"{terminal.pictures}/BTC-heatmap-24h-20260205-1244.png" in terminal.show(ALERT)


class TestLayout:
    def test_in_a_pipe_lines_stand_as_they_are_however_long(self, piped):
        lines = piped.show(Message("t" * 200, ("word " * 100,), provenance="f" * 200)).splitlines()
        assert lines == [f"• {'t' * 200}", f"  {'word ' * 100}".rstrip(), f"  {'f' * 200}"]

    @pytest.mark.parametrize("is_terminal", [True, False])
    def test_the_columns_of_all_tables_and_the_names_of_figures_line_up(self, tmp_path, is_terminal):
        assert Terminal(tmp_path, is_terminal=is_terminal).show(CLUSTERS) == (
            "• BTC 64,000\n"
            "  Neither side stands out.\n"
            "  Ratio       1.5\n"
            "  Spot price  64,000\n"
            "  Above spot\n"
            "  66,500  +13.9%     $5M  1 account\n"
            "  65,000   +1.6%  $51.2M  12 accounts\n"
            "  Below spot\n"
            "     620     −2%  $20.5M  2 accounts\n"
            "  Mind the gap.\n"
        )

    def test_where_a_terminal_is_too_narrow_every_row_breaks_after_the_same_column(self, tmp_path):
        screen = Terminal(tmp_path, width=30, is_terminal=True).show(CLUSTERS)
        assert "  65,000   +1.6%  $51.2M\n    12 accounts\n" in screen

    def test_long_lines_wrap_between_words_under_their_beginning(self, tmp_path):
        terminal = Terminal(tmp_path, width=30, is_terminal=True)
        screen = terminal.show(
            Message("A title of more than thirty letters", ("word " * 10,), provenance="foot " * 10)
        )
        assert all(len(line) <= 30 for line in screen.splitlines())
        assert "  word word word word word\n  word" in screen
        assert "  foot foot foot foot foot\n  foot" in screen

    def test_nothing_is_lost_by_it_at_any_width(self, tmp_path):
        for width in range(20, 120, 7):
            screen = Terminal(tmp_path, width=width, is_terminal=True).show(CLUSTERS)
            for part in ("66,500", "+13.9%", "$51.2M", "accounts", "64,000", "Below spot", "Mind the gap."):
                assert part in " ".join(screen.split()), width


async def test_who_waits_for_an_alert_hears_of_it(piped):
    waiting = asyncio.create_task(piped.printer.alerted(more_than=1))
    await piped.printer.send(OutgoingMessage(CONSOLE_CHAT, ALERT, "key"))
    await asyncio.sleep(0)
    assert not waiting.done()
    await piped.printer.send(OutgoingMessage(CONSOLE_CHAT, ALERT, "key"))
    await waiting
    assert piped.printer.alerts == 2
    assert piped.screen.count(" ALERT ") == 2
