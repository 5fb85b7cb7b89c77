from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from chat.stand_ins import BTC, NOW_MS
from markets import LAYER

from liqbot.builtin import RULES
from liqbot.chat.bot_commands import COMMANDS
from liqbot.market.layer import Basis, Layer
from liqbot.message import Tone
from liqbot.rules.plugin_loading import LoadError
from liqbot.service.sources import SourceHealth
from liqbot.sources.source import Elsewhere, Report

RULE_NAMES = ", ".join(rule.name for rule in RULES)

TOPICS = ["", *(command.name for command in COMMANDS), *(rule.name for rule in RULES)]
LIVE = Layer("Testex", Basis.MEASURED)


class TestHelp:
    async def test_it_is_six_short_lines_and_buttons(self, room):
        answer = await room.say("/help")
        assert len(answer.lines) == 6
        assert all(len(line) <= 40 for line in answer.lines), "it would wrap on a phone"
        for button in answer.actions:
            assert (await room.say(button.command)).title

    async def test_it_is_short_and_names_what_most_people_want(self, room):
        answer = await room.say("/help")
        assert len(answer.text) <= 6
        assert all(len(line) <= 90 for line in answer.text)
        assert {button.label for button in answer.actions} >= {"Heatmap", "Subscribe", "Everything"}

    async def test_everything_is_one_tap_away(self, room):
        rows = {row for table in (await room.say("/help all")).tables for row in table.rows}
        assert {(command.usage, command.summary) for command in COMMANDS} <= rows
        assert {(rule.name, rule.summary) for rule in RULES} <= rows

    async def test_its_buttons_can_be_tapped_right_away(self, room):
        for button in (await room.say("/help")).actions:
            assert (await room.say(button.command)).tone is not Tone.WARNING

    @pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
    async def test_it_explains_every_command(self, room, command):
        for topic in (command.name, f"/{command.name}", command.name.upper()):
            answer = await room.say(f"/help {topic}")
            assert answer.title == command.usage
            assert answer.lines[0] == command.summary

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
    async def test_it_explains_every_rule_with_every_parameter_its_bounds_and_its_default(self, room, rule):
        text = await room.text(f"/help {rule.name}")
        assert f"/subscribe {rule.name} COIN {rule.form.show(rule.form.defaults())}" in text
        assert rule.summary in text
        for parameter in rule.form.parameters:
            default = parameter.show(parameter.default)
            assert f"{parameter.name}: {parameter.help}; {parameter.takes}. Default: {default}." in text

    async def test_what_is_a_command_and_a_rule_is_explained_as_both(self, room):
        answer = await room.say("/help trapped")
        assert answer.title == "/trapped COIN"
        assert "It is a rule as well:" in answer.lines
        assert "/subscribe trapped COIN over=70% side=either depth=0% unusual=90%" in answer.lines

    async def test_it_says_what_an_argument_may_be(self, room):
        assert (await room.say("/help heatmap")).lines[-2:] == (
            "COIN: BTC, ETH",
            "window: 12h, 24h, 3d, 7d, 30d, 90d, 180d, 1y. Default: 24h.",
        )
        lines = (await room.say("/help subscribe")).lines
        assert any(line.startswith("RULE: near-cluster, regime-flip, trapped") for line in lines)

    @pytest.mark.parametrize("topic", TOPICS)
    async def test_it_reads_well_for_people_who_do_not_read_code(self, room, topic):
        text = await room.text(f"/help {topic}")
        assert "`" not in text
        assert "None" not in text
        assert "  " not in text
        assert len(text) < 2_000, "it fits into one message"

    async def test_its_examples_work(self, room):
        example = next(
            line for line in (await room.say("/help subscribe")).lines if line.startswith("For example")
        )
        assert (await room.title(example.removeprefix("For example: "))).startswith(
            "Subscribed to near-cluster"
        )


class TestStatus:
    async def test_when_all_is_well_it_says_so_and_what_there_is(self, room):
        room.sources.append(SourceHealth("simulator", LAYER, state="running"))
        await room.say("/subscribe trapped BTC")
        answer = await room.say("/status")
        assert (answer.title, answer.tone) == ("Status: all is well", Tone.NEUTRAL)
        assert answer.text == (
            "simulator (Testex, measured, simulated): running",
            f"Rules: {RULE_NAMES}",
            "Subscriptions: 1",
            "Deliveries under way: 0",
            "BTC  64,000  3 positions  4 min old  2 clusters",
            "ETH  2,000  1 position  1 min old  1 cluster",
        )

    async def test_before_anything_was_read_it_answers_too(self, room):
        room.services.markets.views.clear()
        assert (await room.say("/status")).text[0] == f"Rules: {RULE_NAMES}"

    async def test_what_a_source_has_refused_is_counted_by_reason(self, room):
        rejected = Counter({"older than what is known": 3, "funding rate is not a number": 1})
        room.sources.append(SourceHealth("told", LAYER, state="running", rejected=rejected))
        assert (await room.say("/status")).lines[0] == (
            "told (Testex, measured, simulated): running; "
            "refused 3× older than what is known, 1× funding rate is not a number"
        )

    @pytest.mark.parametrize(
        ("state", "is_trouble"),
        [
            ("starting", False),
            ("running", False),
            ("ended", False),
            ("stopped: there is no such file", True),
            ("failed, is tried again: OSError()", True),
        ],
    )
    async def test_a_source_that_failed_is_a_trouble_and_stands_first(self, room, state, is_trouble):
        room.sources.append(SourceHealth("told", LAYER, state=state))
        answer = await room.say("/status")
        who = "✗ source told" if is_trouble else "told (Testex, measured, simulated)"
        assert answer.lines[0] == f"{who}: {state}"
        assert answer.tone is (Tone.WARNING if is_trouble else Tone.NEUTRAL)

    async def test_what_a_source_says_of_itself_is_told_and_compared_with_another_map(self, room):
        report = Report(
            lines=("5,007 accounts known, 4,900 of them asked",),
            refused=Counter({"a figure that is not finite": 2}),
            elsewhere=(
                Elsewhere("HyperPerps", "BTC", 4e6, 18e6, NOW_MS - 120_000),
                Elsewhere("HyperPerps", "ETH", 1.0, 1.0, NOW_MS),
                Elsewhere("HyperPerps", "DOGE", 1.0, 1.0, NOW_MS),
            ),
        )
        layer = room.services.markets.views["BTC"].layer
        source = SourceHealth("hyperliquid", layer, state="running", report=lambda: report)
        room.sources.append(source)
        lines = (await room.say("/status")).lines
        assert "5,007 accounts known, 4,900 of them asked" in lines
        assert any("refused 2× a figure that is not finite" in line for line in lines)
        assert (
            "BTC within 5%: $5M above and $20.5M below here, $4M and $18M at HyperPerps, 2 min ago" in lines
        )
        assert not any("DOGE" in line for line in lines)
        source.layer = Layer("Elsewhere", Basis.MEASURED)
        assert not any("HyperPerps" in line for line in (await room.say("/status")).lines)

    async def test_what_a_source_lacks_at_the_moment_is_a_trouble_and_what_it_never_has_is_not(self, room):
        limits = {"liquidations": "are not published"}
        health = SourceHealth("told", LAYER, state="running", report=lambda: Report(limits=limits))
        room.sources.append(health)
        answer = await room.say("/status")
        assert answer.lines[1] == "told without liquidations: are not published"
        assert answer.tone is Tone.NEUTRAL
        health.report = lambda: Report(limits=limits, missing={"BTC": "Testex does not answer"})
        answer = await room.say("/status")
        assert answer.lines[0] == "✗ told: no data of BTC: Testex does not answer"
        assert answer.tone is Tone.WARNING

    async def test_a_coin_that_no_source_has_is_a_trouble_and_one_that_one_of_them_has_is_not(self, room):
        reports = {
            "one": Report(lacking={"BTX": "", "ETH": "", "PEPE": ""}),
            "two": Report(lacking={"BTX": "BTC", "PEPE": ""}),
        }
        for name, report in reports.items():
            room.sources.append(SourceHealth(name, LAYER, "running", report=lambda report=report: report))
        lines = (await room.say("/status")).lines
        assert "✗ coin BTX: No source has it; the nearest that one has is BTC." in lines
        assert "✗ coin PEPE: No source has it." in lines
        assert not any("ETH" in line and line.startswith("✗") for line in lines)

    async def test_a_plugin_that_was_left_out_is_named_with_its_line_but_not_its_folder(self, room):
        room.services.rules.errors += [
            LoadError(Path("/home/ann/plugins/wall.py"), 7, "SyntaxError: invalid syntax"),
            LoadError(Path("/home/ann/plugins/empty.py"), None, "there is no rule in it"),
        ]
        answer = await room.say("/status")
        assert (answer.title, answer.tone) == ("Status: not all is well", Tone.WARNING)
        assert answer.lines[:2] == (
            "✗ plugin wall.py, line 7: SyntaxError: invalid syntax",
            "✗ plugin empty.py: there is no rule in it",
        )
        assert "ann" not in "".join(answer.lines)

    async def test_rules_that_fail_or_are_gone_are_named(self, room):
        room.evaluator.faults.update({"trapped": 3, "wall": 2})
        assert (await room.say("/status")).lines[:2] == (
            "✗ rule trapped: It has failed 3 times so far. The log names the line.",
            "✗ rule wall: It is not loaded, but still subscribed to.",
        )

    @pytest.mark.parametrize(("layer", "age"), [(LIVE, "34 min"), (LAYER, "4 min")])
    async def test_what_is_live_goes_on_ageing_when_nothing_is_heard_of_it(self, room, layer, age):
        room.services.markets.views = {"BTC": replace(BTC, layer=layer, time_ms=NOW_MS - 30 * 60_000)}
        assert f"  {age} old  " in (await room.say("/status")).text[-1]
