"""What is shipped for operating: it keeps secrets out, and speaks of figures that there are."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
METRICS = (ROOT / "liqbot/app/metrics.py").read_text()


@pytest.mark.parametrize("name", [".gitignore", ".dockerignore"])
@pytest.mark.parametrize("secret", [".env", "liqbot.toml", "*.db", "*.db-*", "*.history"])
def test_neither_image_nor_repository_gets_secrets(name, secret):
    """In git a pattern holds in every folder, in an image's context only with `**/` before it."""
    there = (ROOT / name).read_text().splitlines()
    below = "**/" if name == ".dockerignore" else ""
    assert {f"{below}{secret}", f"{below}{secret}*"} & set(there)


def test_every_dependency_has_an_upper_bound():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(one for extra in extras for one in extra)]
    assert [one for one in wanted if "<" not in one] == []


def figures_of(text):
    return set(re.findall(r"\bliqbot_[a-z_]+", text))


@pytest.mark.parametrize("name", ["prometheus-rules.yaml", "grafana-dashboard.json"])
def test_only_figures_that_there_are_are_asked_for(name):
    asked = figures_of((ROOT / "deploy" / name).read_text())
    there = figures_of(METRICS)
    assert {figure.removesuffix("_total") for figure in asked} <= there


def test_the_dashboard_is_json_with_a_panel_for_each_figure():
    board = json.loads((ROOT / "deploy/grafana-dashboard.json").read_text())
    assert len(board["panels"]) >= 10
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_the_unit_is_hardened():
    unit = (ROOT / "deploy/liqbot.service").read_text()
    for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "LimitCORE=0", "UMask=0077", "run --serve"):
        assert line in unit


def test_systemd_understands_every_line_of_the_unit(tmp_path):
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not here")
    text = (ROOT / "deploy/liqbot.service").read_text()
    here = tmp_path / "liqbot.service"
    here.write_text(text.replace("/usr/local/bin/liqbot ", "/bin/sh "))  # it need not be installed
    ran = subprocess.run([analyze, "verify", str(here)], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_every_alert_of_prometheus_is_tried():
    """`make rules` lets promtool try them."""
    rules = re.findall(r"alert: (\w+)", (ROOT / "deploy/prometheus-rules.yaml").read_text())
    tried = (ROOT / "tests/docs/prometheus-rules.test.yaml").read_text()
    assert f"exp_samples: [{{value: {len(rules)}}}]" in tried
    assert all(name.startswith("Liqbot") for name in rules)
    assert "make rules" in (ROOT / ".ci/run").read_text()


def test_the_container_stays_up_without_a_terminal_and_mounts_the_settings():
    image, compose = (ROOT / "Dockerfile").read_text(), (ROOT / "compose.yaml").read_text()
    assert 'CMD ["run", "--serve"]' in image
    assert "HEALTHCHECK" in image
    assert "./liqbot.toml:/etc/liqbot/liqbot.toml:ro" in compose
