import ast
import subprocess
import sys
from pathlib import Path

import pytest

import liqbot.builtin
import liqbot.plugin

BUILT_IN = sorted(Path(liqbot.builtin.__file__).parent.glob("[!_]*.py"))


def test_the_public_face_is_exactly_this():
    assert liqbot.plugin.__all__ == [
        "API",
        "SQUEEZE_RATIO",
        "AccountRatioSeen",
        "AccountsSeen",
        "AssetContext",
        "Basis",
        "Beat",
        "Between",
        "Bins",
        "Button",
        "BySide",
        "Candles",
        "CandlesSeen",
        "Cascade",
        "ChatAdapter",
        "ChatAddress",
        "Cluster",
        "ClusterBorn",
        "ClusterEnded",
        "ClusterGrew",
        "Clusters",
        "Cohort",
        "CohortReading",
        "Coin",
        "Depth",
        "DepthSeen",
        "Duration",
        "Elsewhere",
        "End",
        "EndedCluster",
        "Fact",
        "FundingSeen",
        "Help",
        "Hit",
        "Holding",
        "Layer",
        "Liquidation",
        "LiquidationMap",
        "LiquidationSeen",
        "LiquidationSum",
        "MarginMode",
        "MarginTiers",
        "MarginTiersSeen",
        "Mark",
        "MarketEvent",
        "MarketView",
        "Message",
        "Need",
        "Neighbour",
        "NoDataError",
        "Observation",
        "OpenInterestSeen",
        "Options",
        "Origin",
        "Percent",
        "Picture",
        "Policy",
        "Provenance",
        "Ratio",
        "Regime",
        "RegimeChanged",
        "Remembered",
        "Report",
        "Shape",
        "Side",
        "SideChoice",
        "Source",
        "SourceError",
        "SourceRequest",
        "StopKind",
        "StopMap",
        "StopOrdersSeen",
        "Swept",
        "Table",
        "TakerFlowSeen",
        "Tone",
        "Trapped",
        "Undelivered",
        "Update",
        "Usd",
        "Weight",
        "Whole",
        "Window",
        "Word",
        "YesNo",
        "adapter",
        "band",
        "cascade_of",
        "command",
        "duration",
        "event_rule",
        "line",
        "overlay",
        "percent",
        "point",
        "price",
        "ratio",
        "rule",
        "share",
        "source",
        "usd",
        "usual_hour",
    ]
    assert liqbot.plugin.API == 1


def test_everything_that_is_promised_is_there_and_nothing_else_is():
    there = {name for name in vars(liqbot.plugin) if not name.startswith("_")}
    assert there == set(liqbot.plugin.__all__)


def test_the_promise_is_in_order():
    names = liqbot.plugin.__all__
    kinds = [0 if name.isupper() else 1 if name[0].isupper() else 2 for name in names]
    assert list(zip(kinds, names, strict=True)) == sorted(zip(kinds, names, strict=True))


@pytest.mark.parametrize("file", BUILT_IN, ids=lambda file: file.stem)
def test_a_built_in_rule_imports_from_liqbot_only_the_public_face(file):
    from_liqbot = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            from_liqbot += [alias.name for alias in node.names if alias.name.split(".")[0] == "liqbot"]
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").split(".")[0] == "liqbot"):
            from_liqbot += [f"{node.module}.{alias.name}" for alias in node.names]
    assert from_liqbot
    catalogue = {"liqbot.text._", "liqbot.text.N_", "liqbot.text.ngettext"}  # plugins have words of their own
    assert set(from_liqbot) - catalogue <= {f"liqbot.plugin.{name}" for name in liqbot.plugin.__all__}


def test_every_built_in_rule_is_in_a_file_of_its_own_and_says_what_each_parameter_is_for():
    rules = {rule.name: rule for rule in liqbot.builtin.RULES}
    assert sorted(rules) == sorted(file.stem.replace("_", "-") for file in BUILT_IN)
    for rule in rules.values():
        assert all(parameter.help for parameter in rule.form.parameters)
        assert "`" not in rule.summary


def test_the_face_is_light_since_every_worker_loads_it():
    heavy = ("matplotlib", "pydantic", "sqlite3", "sqlite_utils", "structlog", "typer", "rich", "asyncio")
    asked = f"import sys, liqbot.plugin; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
