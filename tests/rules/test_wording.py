"""Which name was probably meant, and that no guess is made where nothing is near."""

import pytest

from liqbot.rules.wording import nearest

RULES = ("near-cluster", "regime-flip", "trapped", "liquidation-burst", "fragile", "cascade")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("near-clster", "near-cluster"),
        ("NEARCLUSTER", "near-cluster"),
        ("flip", "regime-flip"),
        ("burst", "liquidation-burst"),
        ("trap", "trapped"),
    ],
)
def test_a_slip_and_a_part_of_a_name_are_understood(typed, meant):
    assert nearest(typed, RULES) == meant


@pytest.mark.parametrize("typed", ["garbage", "nonsense", "BTC", "ap", ""])
def test_what_is_like_nothing_or_part_of_several_is_no_guess(typed):
    assert nearest(typed, RULES) is None


@pytest.mark.parametrize(("typed", "meant"), [("BTV", "BTC"), ("eht", "ETH"), ("DOG", "DOGE"), ("FOO", None)])
def test_one_wrong_letter_of_a_coin_is_a_slip(typed, meant):
    assert nearest(typed, ("BTC", "ETH", "SOL", "DOGE")) == meant


def test_a_part_of_several_names_means_none_of_them():
    assert nearest("reg", ("regime-change-long", "regime-change-short")) is None
