"""The same seed is the same market."""

import dataclasses
import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from liqbot.market.updates import Update
from liqbot.sources.simulator import Scenario, SimulatedMarket

FINGERPRINT = """
from test_simulated_determinism import fingerprint
print(fingerprint(5))
"""


def fingerprint(seed, steps=12, **arguments):
    """Return a digest of every figure that the first steps tell of."""
    market = SimulatedMarket(seed, Scenario.CASCADE, start_ms=0, step_s=600, event_after_s=0, **arguments)
    digest = hashlib.sha256()
    for _ in range(steps):
        for update in market.step():
            for value in _values(update):
                digest.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
    return digest.hexdigest()


def _values(update: Update):
    return [getattr(update, field.name) for field in dataclasses.fields(update)]


def test_the_same_seed_gives_the_same_updates():
    assert fingerprint(5) == fingerprint(5)


def test_another_seed_gives_another_market():
    assert fingerprint(5, steps=1) != fingerprint(6, steps=1)


def test_other_coins_or_another_scenario_are_no_error_and_another_market():
    assert fingerprint(5, steps=1, coins=("SOL", "HYPE")) != fingerprint(5, steps=1)


@pytest.mark.parametrize("hash_seed", [pytest.param("0", marks=pytest.mark.long), "12345"])
def test_another_process_with_another_hash_seed_gives_the_same_updates(hash_seed):
    here = os.path.dirname(__file__)  # noqa: PTH120 - an entry for PYTHONPATH is a string
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": here}
    told = subprocess.run(
        [sys.executable, "-c", FINGERPRINT], env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == fingerprint(5)


def test_account_names_look_like_addresses_and_last():
    market = SimulatedMarket(5, start_ms=0)
    first = market.census().accounts
    assert all(len(name) == 42 and name.startswith("0x") and int(name, 16) for name in first)
    assert len(set(first)) == len(first)
    market.step()
    assert market.census().accounts == first


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"coins": ("BTC", "DOGE")}, "knows BTC, ETH, SOL, HYPE, not DOGE"),
        ({"coins": ()}, "each coin once, and at least one"),
        ({"coins": ("BTC", "BTC")}, "each coin once, and at least one"),
        ({"step_s": 0}, "more than 0 seconds, not 0"),
    ],
)
def test_arguments_that_make_no_sense_are_refused_in_words(arguments, reason):
    with pytest.raises(ValueError, match=reason):
        SimulatedMarket(1, start_ms=0, **arguments)
