"""Spans, hours, time zones and counts as people type them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from liqbot.alerts.hold_policy import told_zone, zone
from liqbot.chat.phrases import rest_text as told_rest
from liqbot.chat.phrases import until_text as told_until
from liqbot.chat.times import (
    ABBREVIATIONS,
    AMBIGUOUS,
    LONGEST_SPAN_S,
    MOST,
    all_zones,
    minutes_of_day,
    read_count,
    read_hours,
    read_span,
    read_zone,
)
from liqbot.service.errors import UserError
from liqbot.store.chats import ChatSettings

HOUR = 3_600_000
SPRING = 1_774_746_000_000
"""2026-03-29 01:00 UTC: clocks in Berlin go from 02:00 to 03:00."""
AUTUMN = 1_792_890_000_000
"""2026-10-25 01:00 UTC: clocks in Berlin go from 03:00 to 02:00."""


def refusal(read, written):
    with pytest.raises(UserError) as caught:
        read(written)
    return str(caught.value)


class TestSpans:
    @pytest.mark.parametrize(
        ("written", "seconds"),
        [("90m", 5_400), ("4h", 14_400), ("1h 30 min", 5_400), ("1d", 86_400), ("30d", LONGEST_SPAN_S)],
    )
    def test_are_read_with_their_unit(self, written, seconds):
        assert read_span(written) == seconds

    @pytest.mark.parametrize("written", ["off", "OFF", "none", "never", "no"])
    def test_that_say_so_are_off(self, written):
        assert read_span(written) == 0

    @pytest.mark.parametrize("written", ["0", "0h", "0m", "00s"])
    def test_of_no_length_are_refused_since_nobody_knows_whether_none_or_for_ever_is_meant(self, written):
        assert refusal(read_span, written) == f"{written!r} is no time at all. To end it: off"

    def test_without_a_unit_or_sense_are_answered_with_examples(self):
        assert refusal(read_span, "10") == "10 minutes or hours? Write 10m or 10h."
        assert refusal(read_span, "1000") == "How long is '1000'? Write 90m, 4h or 1d, or off."
        assert refusal(read_span, "-4h") == "How long is '-4h'? Write 90m, 4h or 1d, or off."

    def test_of_more_than_a_month_are_too_long(self):
        assert refusal(read_span, "31d") == "'31d' is too long: at most 30 d."


class TestHours:
    @pytest.mark.parametrize(
        "written",
        [
            *("23:00-07:00", "23-7", "2300-0700", "23:00 - 07:00", "23:00–07:00", "23 to 7", "23 until 7"),
            *("11pm-7am", "11 PM to 7 AM", "11:00pm-7:00am"),
        ],
    )
    def test_are_read_as_people_write_them(self, written):
        assert read_hours(written) == "23:00-07:00"

    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("24-6", "00:00-06:00"),
            ("12am-12pm", "00:00-12:00"),
            ("12:30pm-1am", "12:30-01:00"),
            ("No", "off"),
        ],
    )
    def test_at_midnight_and_at_noon(self, written, read):
        assert read_hours(written) == read

    @pytest.mark.parametrize(
        "written",
        ["", "23", "23:00", "25-7", "24:30-7", "23:60-7", "13pm-7am", "0am-7am", "1-2-3", "a-b", "²-7"],
    )
    def test_that_are_none_are_answered_with_how_to_write_them(self, written):
        assert refusal(read_hours, written) == f"From when to when is {written!r}? Write 23:00-07:00, or off."

    @pytest.mark.parametrize("written", ["7-7", "0-24", "12am-0"])
    def test_from_one_time_to_the_same_are_refused(self, written):
        assert refusal(read_hours, written).startswith("That would be all day or no time at all.")

    @given(st.integers(0, 1439), st.integers(0, 1439))
    def test_are_minutes_of_the_day(self, start, end):
        written = f"{start // 60}:{start % 60:02}-{end // 60:02}{end % 60:02}"
        if start != end:
            assert minutes_of_day(read_hours(written)) == (start, end)


class TestZones:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("Europe/Berlin", "Europe/Berlin"),
            ("europe/berlin", "Europe/Berlin"),
            ("berlin", "Europe/Berlin"),
            ("New York", "America/New_York"),
            ("buenos aires", "America/Argentina/Buenos_Aires"),
            ("Kathmandu", "Asia/Kathmandu"),
            ("chatham", "Pacific/Chatham"),
            ("lord howe", "Australia/Lord_Howe"),
            ("utc", "UTC"),
        ],
    )
    def test_are_found_by_their_name_or_their_city_in_any_case(self, written, read):
        assert read_zone(written) == read

    @pytest.mark.parametrize(
        ("written", "told"),
        [
            ("UTC+2", "UTC+2"),
            ("gmt+2", "UTC+2"),
            ("+2", "UTC+2"),
            ("UTC-5", "UTC-5"),
            ("utc +02:00", "UTC+2"),
        ],
    )
    def test_an_offset_is_meant_as_people_mean_it_not_as_the_database_does(self, written, told):
        name = read_zone(written)
        assert told_zone(name) == told
        hours = int(told.removeprefix("UTC"))
        assert told_until(ChatSettings(name), 12 * HOUR, 12 * HOUR).startswith(f"{12 + hours:02}:00 ")

    @pytest.mark.parametrize("written", ["utc+0", "-0", "gmt-00:00"])
    def test_no_offset_is_utc(self, written):
        assert read_zone(written) == "UTC"

    @pytest.mark.parametrize("written", ["UTC+5:15", "UTC+15", "utc-13"])
    def test_an_offset_that_has_no_zone_is_answered_with_cities(self, written):
        said = refusal(read_zone, written)
        assert said == f"There is no time zone {written!r}. Write a city, as Berlin, or UTC+2."

    def test_a_slip_is_answered_with_what_was_meant(self):
        assert refusal(read_zone, "Berlni") == "There is no time zone 'Berlni'. Did you mean Europe/Berlin?"
        assert refusal(read_zone, "").startswith("There is no time zone ''.")

    def test_every_one_of_the_database_is_found_by_its_name(self):
        short = ABBREVIATIONS | AMBIGUOUS
        named = [name for name in sorted(available_timezones()) if name.lower() not in short]
        other = {name: read_zone(name) for name in named if read_zone(name) != name}
        assert {name for name, zone in other.items() if zone == "UTC"} == {"GMT+0", "GMT-0"}
        year = [datetime(2026, month, 1, tzinfo=UTC) for month in range(1, 13)]
        for name, place in other.items():  # countries: the zone of the place, which is the same
            zones = [ZoneInfo(name), ZoneInfo(place)]
            assert len({tuple(now.astimezone(zone).utcoffset() for now in year) for zone in zones}) == 1

    def test_those_that_are_offered_can_be_used(self):
        assert len(all_zones()) > 300
        assert [name for name in all_zones() if zone(name) is None] == []


class TestCounts:
    @pytest.mark.parametrize("written", ["1", "20", str(MOST), "007"])
    def test_are_whole_numbers(self, written):
        assert read_count(written) == int(written)

    @pytest.mark.parametrize(
        "written", ["0", "-1", "1.5", "1001", "²", "٣", "", "many", "000000001" + "9" * 5_000]
    )
    def test_that_are_none_or_too_many_are_refused(self, written):
        assert refusal(read_count, written).endswith("is not a number from 1 to 1000.")


@pytest.mark.parametrize("read", [read_span, read_hours, read_zone, read_count])
@given(st.one_of(st.text(), st.text(alphabet="0123456789:-–+apmutch ")))
@example("9" * 5_000)
def test_whatever_is_written_is_read_or_refused(read, written):
    try:
        said = str(read(written))
    except UserError as refusal:
        said = str(refusal)
    assert 0 < len(said) < 160


class TestTelling:
    @pytest.mark.parametrize(
        ("hours", "told"),
        [(1, "05:00 UTC"), (19.5, "23:30 UTC"), (20, "Tue 00:00 UTC"), (144, "Sun 04:00 UTC")],
    )
    def test_a_time_to_come_names_its_day_only_where_it_is_another(self, hours, told):
        now_ms = 100 * HOUR  # Monday, 5 January 1970, 04:00
        assert told_until(ChatSettings(), now_ms + round(hours * HOUR), now_ms) == told

    def test_a_day_that_is_a_week_away_is_told_with_its_date(self):
        assert told_until(ChatSettings(), 100 * HOUR + 30 * 24 * HOUR, 100 * HOUR) == "Wed 4 Feb 04:00 UTC"

    @pytest.mark.parametrize(
        ("zone", "told"),
        [
            ("Asia/Kathmandu", "05:45"),
            ("Pacific/Chatham", "13:45"),
            ("Australia/Lord_Howe", "11:00"),
            ("Pacific/Kiritimati", "14:00"),
            ("America/St_Johns", "21:30"),
        ],
    )
    def test_zones_that_are_not_whole_hours_off(self, zone, told):
        now_ms = SPRING - HOUR  # midnight in UTC
        assert f"{told} {zone}" in told_until(ChatSettings(zone), now_ms, now_ms)

    @pytest.mark.parametrize(
        ("now_ms", "told"), [(SPRING - HOUR // 2, "03:30"), (AUTUMN - HOUR // 2, "02:30")]
    )
    def test_an_hour_from_now_is_an_hour_also_where_clocks_change(self, now_ms, told):
        assert told_until(ChatSettings("Europe/Berlin"), now_ms + HOUR, now_ms) == f"{told} Europe/Berlin"

    @pytest.mark.parametrize("night", [SPRING, AUTUMN])
    def test_quiet_hours_end_when_clocks_show_it_also_where_they_change(self, night):
        settings = ChatSettings("Europe/Berlin", quiet=(23 * 60, 7 * 60))
        now_ms = night - HOUR // 2
        assert told_rest(settings, now_ms) == "Quiet hours until 07:00 Europe/Berlin: alerts come after that."
        offset = 2 if night == SPRING else 1
        assert told_rest(settings, night + (6 - offset) * HOUR - 1) != ""
        assert told_rest(settings, night + (6 - offset) * HOUR) == ""

    def test_what_lasts_longer_is_told_and_nothing_where_alerts_come(self):
        settings = ChatSettings(quiet=(0, 300), mute_until_ms=110 * HOUR)
        assert told_rest(settings, 100 * HOUR) == "Muted until 14:00 UTC: alerts come after that."
        assert told_rest(settings, 110 * HOUR) == ""
