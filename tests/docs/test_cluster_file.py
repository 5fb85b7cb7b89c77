"""The compose file of a bot of several processes: it names roles that there are, and leaves none out."""

import re
from pathlib import Path

import yaml

from liqbot.app.roles import all_roles, read_duties

ROOT = Path(__file__).parents[2]
SERVICES = yaml.safe_load((ROOT / "compose.cluster.yaml").read_text())["services"]
BOTS = {name: service for name, service in SERVICES.items() if name != "postgres"}


def duties_of(service):
    assert service["command"][:2] == ["run", "--role"]
    return read_duties(service["command"][2:], "")


def test_every_role_is_some_processes():
    found = set().union(*(duties_of(service).roles for service in BOTS.values()))
    assert found == set(all_roles())


def test_of_each_there_are_two_so_that_one_may_die():
    assert {name: service["deploy"]["replicas"] for name, service in BOTS.items()} == dict.fromkeys(BOTS, 2)


def test_all_work_on_one_database_whose_password_is_not_in_the_file():
    for service in BOTS.values():
        url = service["environment"]["LIQBOT_DATABASE"]
        assert url.startswith("postgresql://liqbot:${LIQBOT_POSTGRES_PASSWORD:?")
        assert service["build"]["args"] == {"EXTRAS": "postgres"}
        assert service["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_no_compose_file_has_a_secret_in_it_and_both_say_who_may_read_the_env_file():
    for name in ("compose.yaml", "compose.cluster.yaml"):
        text = (ROOT / name).read_text()
        assert "chmod 600 .env" in text
        for service in yaml.safe_load(text)["services"].values():
            given = service.get("environment", {})
            secret = {key: value for key, value in given.items() if "PASSWORD" in key or "TOKEN" in key}
            assert all(str(value).startswith("${") for value in secret.values())
            assert not [value for value in given.values() if re.search(r"://[^@$]*:[^@$]+@", str(value))]


def test_two_scanners_on_one_address_stay_within_its_budget():
    weight = int(BOTS["scanner"]["environment"]["LIQBOT_HYPERLIQUID__WEIGHT_PER_MINUTE"])
    assert 2 * weight < 1200
