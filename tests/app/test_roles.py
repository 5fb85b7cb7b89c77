"""What `--role` and `--shards` mean, and what they are refused for."""

import pytest

from liqbot.app.roles import all_roles, read_duties, read_shards, require_shared, shards_text, whole
from liqbot.settings import Settings, SettingsError


def test_without_a_word_a_process_does_everything():
    assert read_duties((), "") == whole()
    assert whole().is_whole
    assert set(all_roles()) == {"engine", "alerts", "telegram", "discord", "scanner", "web"}


@pytest.mark.parametrize("typed", [["engine,alerts"], ["engine", "alerts"], [" engine , alerts,"]])
def test_roles_are_named_one_by_one_or_with_commas(typed):
    duties = read_duties(typed, "")
    assert duties.roles == {"engine", "alerts"}
    assert not duties.is_whole
    assert duties.words == "engine,alerts"


def test_a_role_that_there_is_not_is_refused_with_what_was_meant():
    with pytest.raises(SettingsError, match="no role 'telegramm'; did you mean telegram"):
        read_duties(["telegramm"], "")
    with pytest.raises(SettingsError, match="choose from engine, alerts"):
        read_duties(["xyz"], "")


@pytest.mark.parametrize(("typed", "numbers", "count"), [("0-3/16", [0, 1, 2, 3], 16), ("5/8", [5], 8)])
def test_shards_are_a_range_of_a_count(typed, numbers, count):
    shards = read_shards(typed)
    assert (list(shards[0]), shards[1]) == (numbers, count)
    assert read_shards(shards_text(shards)) == shards


@pytest.mark.parametrize("typed", ["3-0/16", "0-16/16", "all", "1/0", "-1/4", "0-3"])
def test_shards_that_there_are_not_are_refused(typed):
    with pytest.raises(SettingsError, match="--shards"):
        read_shards(typed)


def test_shards_without_discord_are_refused():
    with pytest.raises(SettingsError, match="role discord"):
        read_duties(["web"], "0-3/16")
    assert read_duties(["discord"], "0-3/16").words == "discord shards 0-3/16"


@pytest.mark.parametrize(("roles", "shards", "named"), [(["web"], "", "--role"), ((), "0/2", "--shards")])
def test_roles_apart_on_sqlite_are_refused_with_the_reason(roles, shards, named):
    with pytest.raises(SettingsError, match=f"{named}: .*SQLite is a file for one process.*postgresql://"):
        require_shared(read_duties(roles, shards), Settings())
    require_shared(whole(), Settings())
