import numpy as np
import pytest
from shared import shared_json

from liqbot.market.margin import MarginTiers


def test_the_maintenance_amounts_are_those_that_binance_publishes():
    for entry in shared_json("api-samples/binance/leverage-brackets-majors.json"):
        brackets = entry["brackets"]
        tiers = MarginTiers(
            tuple(float(one["notionalFloor"]) for one in brackets),
            tuple(float(one["initialLeverage"]) for one in brackets),
            tuple(one["maintMarginRatio"] for one in brackets),
        )
        assert tiers.deductions == pytest.approx([one["cum"] for one in brackets], rel=1e-6, abs=1)
        caps = np.array([one["notionalCap"] - 1 for one in brackets], dtype=np.float64)
        margin = [cap * one["maintMarginRatio"] - one["cum"] for cap, one in zip(caps, brackets, strict=True)]
        assert tiers.maintenance_margin(caps) == pytest.approx(margin, rel=1e-6, abs=1)


def test_without_published_rates_they_are_half_the_initial_margin():
    assert MarginTiers((0.0, 1e6), (50, 20)).rates.tolist() == [0.01, 0.025]
    assert MarginTiers.flat(50).rates.tolist() == [0.01]
    assert MarginTiers.flat(150, 0.004).rates.tolist() == [0.004]


def test_two_tiers_may_share_a_leverage_where_their_rates_are_published():
    tiers = MarginTiers((0.0, 1e6, 2e6), (50, 50, 20), (0.004, 0.005, 0.01))
    assert tiers.deductions == pytest.approx([0, 1_000, 11_000])
    with pytest.raises(ValueError, match="falling leverage"):
        MarginTiers((0.0, 1e6), (50, 50))


@pytest.mark.parametrize(
    ("bounds", "leverages", "rates"),
    [
        ((1.0,), (50,), None),
        ((0.0, 2.0, 1.0), (50, 40, 30), None),
        ((0.0, 1.0), (20, 50), None),
        ((0.0,), (0.5,), None),
        ((0.0, 1.0), (50, 20), (0.01,)),
        ((0.0, 1.0), (50, 20), (0.02, 0.01)),
        ((0.0,), (50,), (0.0,)),
        ((0.0,), (50,), (1.0,)),
        ((0.0,), (0.0,), (0.5,)),
    ],
)
def test_tiers_that_cannot_be_are_refused(bounds, leverages, rates):
    with pytest.raises(ValueError, match=r"tier|leverage|maintenance"):
        MarginTiers(bounds, leverages, rates)
