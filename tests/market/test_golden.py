"""What was written by any version is read, or refused by its number."""

from pathlib import Path

import msgspec
import pytest
from golden_cases import events, measured, modelled_view

from liqbot.market import wire
from liqbot.market.clusters import End
from liqbot.market.layer import Basis

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str) -> bytes:
    return (GOLDEN / f"{name}.bin").read_bytes()


def assert_still_holds(now: object, then: object) -> None:
    """Whatever was written then is written now, to the last digit; fields may have been added since."""
    if isinstance(then, dict):
        assert isinstance(now, dict)
        for key, value in then.items():
            assert_still_holds(now[key], value)
    else:
        assert now == then


def test_a_measured_view_is_written_as_it_was():
    now = wire.to_bytes(measured().view)
    assert_still_holds(msgspec.msgpack.decode(now), msgspec.msgpack.decode(golden("view-2-measured")))


def test_an_observation_is_written_as_it_was():
    observation = measured()
    assert {type(event).__name__ for event in observation.events} == {
        "ClusterBorn",
        "ClusterEnded",
        "LiquidationSeen",
        "LiquidationSum",
    }
    now = wire.observation_to_bytes(observation)
    then = msgspec.msgpack.decode(golden("observation-2-measured"))
    # What a regime is computed of has changed since: then it was told to have changed here.
    *then["events"], flip = then["events"]
    assert flip["kind"] == "regime-changed"
    assert_still_holds(msgspec.msgpack.decode(now), then)


def test_events_are_written_as_they_were():
    assert [wire.event_to_bytes(event) for event in events()] == msgspec.msgpack.decode(golden("events-2"))


def test_events_of_version_2_are_read():
    assert [wire.event_from_bytes(data) for data in msgspec.msgpack.decode(golden("events-2"))] == events()


@pytest.mark.parametrize("version", [1, 2])
def test_a_modelled_view_of_any_version_is_read_with_its_grid(version):
    view = wire.from_bytes(golden(f"view-{version}-modelled"))
    assert (view.layer.basis, len(view.clusters) > 0, view.swept is None) == (Basis.MODELLED, True, False)
    assert view.grid is not None
    assert len(view.grid) == 13


def test_a_grid_of_version_2_is_read():
    grid = wire.grid_from_bytes(golden("grid-2-modelled"))
    own = wire.from_bytes(golden("view-2-modelled")).grid
    assert own is not None
    assert (grid.usd == own.usd).all()
    assert grid.bins == own.bins
    now, then = wire.grid_to_bytes(grid), golden("grid-2-modelled")
    assert_still_holds(msgspec.msgpack.decode(now), msgspec.msgpack.decode(then))


def test_what_a_modelled_view_says_is_what_it_said():
    """The figures come of a computation whose last digits differ from machine to machine: nearly the same."""
    now, then = modelled_view(), wire.from_bytes(golden("view-2-modelled"))
    assert now.spot == pytest.approx(then.spot)
    assert now.layer == then.layer


def test_a_measured_view_of_version_1_is_read_without_what_it_called_faded():
    """It was said of clusters that were there still: how they ended is not known."""
    assert b"faded" in golden("view-1-measured")
    view = wire.from_bytes(golden("view-1-measured"))
    assert (view.coin, view.spot, view.ended) == ("BTC", 101, ())
    assert wire.from_bytes(golden("view-2-measured")).ended[0].end is End.CLOSED


@pytest.mark.parametrize(
    "read",
    [wire.from_bytes, wire.grid_from_bytes, wire.event_from_bytes, wire.observation_from_bytes],
)
def test_another_version_is_named(read):
    with pytest.raises(wire.WireError, match="of version 3, where only version 2 and older can be read"):
        read(msgspec.msgpack.encode({"version": 3}))


def test_an_event_of_an_unknown_kind_is_named():
    with pytest.raises(wire.WireError, match="an event of the kind 'comet'"):
        wire.event_from_bytes(msgspec.msgpack.encode({"version": 2, "kind": "comet", "event": {}}))


@pytest.mark.parametrize(
    "read", [wire.from_bytes, wire.grid_from_bytes, wire.event_from_bytes, wire.observation_from_bytes]
)
@pytest.mark.parametrize(
    "data", [b"", b"\xff", msgspec.msgpack.encode({"version": 1}), b"\x81\xa7version\x02"]
)
def test_garbage_is_refused(read, data):
    with pytest.raises(wire.WireError):
        read(data)
