"""Which tests hold each kind of fault that was found with a source: for every venue the case, and siblings.

The kinds are those of `../shared/cases`. A test is named by its file and its name; where a whole file tries
every venue alike, it names its venues as parameters. This table fails where a test is gone, was renamed, or
no longer tries a venue.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
EXCHANGES = ("binance", "bybit", "okx", "bitget", "gate")
VENUES = ("hyperliquid", *EXCHANGES, "replay")

BAD_PART = "exchanges/test_one_bad_part.py::"
EVERY = "exchanges/test_cases_of_every_venue.py::"
READING = "hyperliquid/test_hyperliquid_reading.py::"
FRAMES = "hyperliquid/test_hyperliquid_frames.py::"
CLIENT = "hyperliquid/test_hyperliquid_client.py::"
STREAM = "hyperliquid/test_hyperliquid_stream.py::"
SOURCE = "hyperliquid/test_hyperliquid_source.py::"
RECORDING = "test_recording.py::"
HEADER = "test_recording_header.py::"
REPLAY = "test_replay.py::"
PROXY = "test_proxy_of_the_environment.py::"
CLIENTS = "exchanges/test_clients.py::"
DEPTH = "exchanges/test_depth.py::"
BEGINNING = "exchanges/test_exchange_source.py::"
BACKSTOPS = "hyperliquid/test_backstops.py::"
STREAMS = "exchanges/test_streams.py::"
LIQUIDATIONS = "test_every_liquidation_arrives_in_coins_with_the_positions_side_and_the_price_that_did_it"


def of_exchanges(*tests):
    return dict.fromkeys(EXCHANGES, tests)


CASES = {
    "null-in-one-market.json: one part that cannot be read takes the whole with it": {
        "hyperliquid": (
            f"{FRAMES}test_the_recorded_market_without_a_price_leaves_bitcoin_its_own",
            f"{FRAMES}test_a_market_that_cannot_be_read_takes_no_other_with_it",
            f"{FRAMES}test_one_dex_that_fails_does_not_take_the_others",
            f"{FRAMES}test_a_trade_that_cannot_be_read_takes_no_other_with_it",
        ),
        **of_exchanges(
            f"{BAD_PART}test_a_market_without_a_price_leaves_the_others_theirs",
            f"{BAD_PART}test_a_candle_that_is_null_takes_no_other_with_it",
            f"{BAD_PART}test_a_payment_of_funding_that_is_null_takes_no_other_with_it",
            f"{BAD_PART}test_a_level_of_a_book_that_is_null_takes_no_other_with_it",
        ),
        "replay": (
            f"{RECORDING}test_a_figure_that_is_missing_is_named_and_its_row_skipped",
            f"{RECORDING}test_a_row_that_is_not_utf8_is_skipped_and_the_rest_delivered",
            f"{RECORDING}test_a_quote_that_is_never_closed_breaks_its_own_row_alone",
        ),
    },
    "account-with-an-odd-leg.json: one odd figure takes what stands beside it": {
        "hyperliquid": (
            f"{READING}test_the_recorded_account_with_an_odd_leg_keeps_its_bitcoin",
            f"{READING}test_a_leg_that_cannot_be_read_is_left_out_and_the_others_stand",
            f"{READING}test_a_liquidation_price_that_is_none_is_no_level_within_reach",
            f"{READING}test_a_position_that_lacks_a_field_stands_as_it_was",
        ),
        **of_exchanges(
            f"{BAD_PART}test_a_funding_rate_that_is_missing_leaves_the_price_where_it_is",
            f"{BAD_PART}test_candles_that_fail_leave_the_price_and_are_missing_by_name",
            f"{BAD_PART}test_an_answer_of_which_nothing_can_be_read_is_refused_whole",
        ),
        "replay": (
            f"{RECORDING}test_an_empty_liquidation_price_is_a_position_without_a_level",
            f"{RECORDING}test_a_liquidation_price_that_no_price_can_reach_is_a_position_without_a_level",
            f"{RECORDING}test_a_figure_that_is_no_finite_number_is_named_and_its_row_skipped",
        ),
    },
    "a wish that no source can fulfil is not said": {
        "hyperliquid": (
            f"{SOURCE}test_a_coin_that_there_is_not_is_named_with_the_one_that_is_meant",
            f"{FRAMES}test_one_dex_that_fails_does_not_take_the_others",
            f"{STREAM}test_where_all_sockets_are_full_no_coin_is_added",
        ),
        **of_exchanges(
            f"{EVERY}test_a_coin_that_is_not_listed_is_named_with_the_nearest_and_the_others_go_on",
            f"{EVERY}test_an_unambiguous_spelling_of_a_coin_is_taken",
            f"{EVERY}test_an_operator_is_told_of_a_coin_that_is_not_listed",
            f"{EVERY}test_an_exchange_that_lists_none_of_the_coins_says_so",
        ),
        "replay": (
            f"{REPLAY}test_a_coin_that_is_not_in_it_is_named_with_the_nearest_once_it_is_checked",
            f"{REPLAY}test_a_coin_that_is_not_in_it_is_named_once_it_is_played",
            f"{REPLAY}test_a_coin_that_comes_late_in_it_is_not_lacking",
        ),
    },
    "all answers are pages of HTML, and all is said to be well": {
        "hyperliquid": (
            f"{CLIENT}test_an_answer_that_is_none_names_the_request_and_the_reason",
            f"{SOURCE}test_an_exchange_that_cannot_be_reached_is_told_and_tried_again",
            f"{SOURCE}test_when_the_exchange_is_gone_there_are_no_more_views_at_its_last_prices",
        ),
        **of_exchanges(
            f"{EVERY}test_while_all_answers_are_pages_each_coin_is_missing_and_then_it_goes_on",
            f"{BEGINNING}test_an_exchange_that_is_out_of_order_at_the_start_has_no_data_and_says_who_and_why",
            "exchanges/test_faults.py::test_a_page_instead_of_data_is_no_data",
        ),
        "replay": (
            f"{RECORDING}test_a_refusal_does_not_repeat_a_whole_file_of_another_kind",
            f"{RECORDING}test_a_file_without_a_sound_row_is_refused",
            f"{RECORDING}test_a_gzip_of_damaged_bytes_is_refused_where_the_damage_is",
        ),
    },
    "time never runs backwards, in the code only": {
        "hyperliquid": (
            f"{READING}test_a_time_of_the_future_is_now",
            f"{BACKSTOPS}test_a_figure_that_cannot_be_is_no_liquidation_and_a_time_of_the_future_is_now",
            f"{READING}test_an_answer_of_another_day_is_refused",
        ),
        **of_exchanges(
            f"{EVERY}test_of_an_exchange_whose_clock_is_ahead_nothing_is_of_the_future",
            f"{EVERY}test_a_candle_whose_time_is_in_another_unit_is_left_out_and_the_others_stand",
            f"{EVERY}test_a_liquidation_of_the_future_is_of_now",
        ),
        "binance": (
            f"{EVERY}test_of_an_exchange_whose_clock_is_ahead_nothing_is_of_the_future",
            f"{EVERY}test_a_candle_whose_time_is_in_another_unit_is_left_out_and_the_others_stand",
            f"{BEGINNING}test_what_an_exchange_says_is_from_the_future_is_of_now",
        ),
        "replay": (
            f"{RECORDING}test_a_time_that_goes_backwards_is_skipped",
            f"{RECORDING}test_one_time_that_is_absurdly_late_does_not_make_the_rest_of_the_file_the_past",
            f"{RECORDING}test_a_broken_row_breaks_no_snapshot_in_two",
        ),
    },
    "a websocket that takes text frames only": {
        "hyperliquid": (
            f"{STREAM}test_subscriptions_and_pings_leave_as_text_frames",
            f"{STREAM}test_a_connection_that_breaks_is_opened_again_and_subscribed_anew",
            f"{STREAM}test_a_pong_is_a_sign_of_life",
        ),
        # The counterparts close a stream on which a binary frame comes: who hears of anything sent text.
        **of_exchanges(
            f"{STREAMS}{LIQUIDATIONS}",
            f"{BAD_PART}test_an_event_of_a_batch_that_cannot_be_read_leaves_the_others",
            f"{EVERY}test_a_liquidation_of_the_future_is_of_now",
        ),
        "binance": (
            f"{STREAMS}{LIQUIDATIONS}",
            f"{STREAMS}test_garbage_is_counted_and_what_follows_is_heard",
            f"{STREAMS}test_binances_old_path_is_silent_and_noticed",
        ),
    },
    "what the environment brings: ALL_PROXY": dict.fromkeys(
        ("hyperliquid", *EXCHANGES),
        (
            f"{PROXY}test_a_proxy_that_does_not_answer_is_no_data",
            f"{PROXY}test_a_proxy_that_cannot_be_is_named_with_its_variable",
            f"{PROXY}test_an_address_that_is_none_is_named_too",
        ),
    ),
    "recording-in-seconds.csv: figures in another unit": {
        "hyperliquid": (
            f"{READING}test_an_answer_of_another_day_is_refused",
            f"{FRAMES}test_a_price_that_jumps_is_believed_when_it_is_told_twice",
            f"{FRAMES}test_a_candle_that_makes_no_sense_is_left_out",
        ),
        **of_exchanges(
            f"{EVERY}test_a_candle_whose_time_is_in_another_unit_is_left_out_and_the_others_stand",
            "exchanges/test_clients.py::test_a_coin_now_is_in_coins_one_sided_usd_and_funding_by_the_hour",
            f"{DEPTH}test_a_book_is_in_coins_and_usd_whatever_the_venues_units_and_contracts",
        ),
        "replay": (
            f"{HEADER}test_times_in_seconds_are_said_to_be_and_not_played_as_1970",
            f"{HEADER}test_every_time_of_this_century_in_seconds_looks_like_one",
            f"{HEADER}test_columns_are_found_by_their_names_in_any_order_and_others_are_passed_over",
        ),
    },
}
NOT_OF_FILES = {
    "a websocket that takes text frames only": "a file has no websocket",
    "what the environment brings: ALL_PROXY": "a file needs no network",
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("venue", VENUES)
def test_every_case_is_held_for_every_venue_by_a_test_and_two_siblings(case, venue):
    if venue == "replay" and case in NOT_OF_FILES:
        pytest.skip(NOT_OF_FILES[case])
    tests = CASES[case][venue]
    assert len(set(tests)) >= 3
    for test in tests:
        file, name = test.split("::")
        function = functions(file).get(name)
        assert function is not None, f"{test} is gone"
        if venue in EXCHANGES:
            arguments = [argument.arg for argument in function.args.args]
            assert "venue" in arguments or venue in ast.unparse(function), f"{test} does not try {venue}"


@cache
def functions(file):
    """Return the tests of a file by their names."""
    body = ast.parse((HERE / file).read_text()).body
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
