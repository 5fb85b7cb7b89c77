"""No sentence of a chat's message, nor of a picture in it, stands outside the calls of the catalogue."""

import ast
import re
from pathlib import Path

import pytest

import liqbot

PACKAGE = Path(liqbot.__file__).parent
ROOMS = ("chat", "service", "alerts", "builtin", "charts")
FILES = [
    *(file for room in ROOMS for file in sorted((PACKAGE / room).rglob("*.py"))),
    PACKAGE / "app" / "operator_chat.py",
    PACKAGE / "app" / "health_monitor.py",
    PACKAGE / "market" / "view.py",
    PACKAGE / "market" / "regime.py",
]
SAID = {"Message", "Fact", "Table", "Button", "Row", "Hit", "replace"}
"""Whoever makes one of these puts something before people."""
CATALOGUE = {"_", "N_", "ngettext", "UserError"}
NO_WORDS = {"command", "name"}
"""What of a button or of a picture nobody reads as a sentence."""
WORDS = re.compile(r"[A-Za-z]{2,},? [a-z]{2,}")


OPERATORS = {
    *("adapter.py", "checkup.py", "client.py", "connection.py", "errors.py", "receiving.py", "settings.py"),
    *("incoming.py", "outcomes.py", "verdicts.py", "own_commands.py"),
}
"""Files of platforms that speak to the operator (log, `liqbot doctor`), or hold platforms' own words."""
KEYS = {
    *("rule not loaded", "no data", "wrong parameters", "rule fails", "not seen yet"),  # of what was not read
    *("not let in by the operator", "blocked by the operator", "wrong code", "coins on request"),
    *("running, its past is still being read", "standing by"),  # states of sources, the same in JSON
    *("sweep only", "… and more"),  # names of models and of groups, the same in JSON
    *("no answer", "the bot was stopped", "…; it may have arrived"),  # of tries, in the log
    *("COIN or RULE", "on or off", "Send Messages in Threads", "bold yellow", "italic cyan"),
    *("… heatmap over …", "… terrain over …", "… history over …", "screener by …"),  # what failed, in the log
    *("short-squeeze setup", "long-liquidation setup", "no reading"),  # regimes, the same in JSON
    "there is no rule … any more",  # a fault of a plugin, which the log tells
}
"""What is written like a sentence and is none: code compares it, logs it, or looks up the sentence by it."""
LOGGED = {"debug", "info", "warning", "error", "exception", "critical"}


def called(node):
    function = node.func
    return getattr(function, "id", None) or getattr(function, "attr", "")


def bare(node):
    """Yield the texts below `node` that are not in a call of the catalogue."""
    if isinstance(node, ast.Call) and called(node) in CATALOGUE:
        return
    if isinstance(node, ast.keyword) and node.arg in NO_WORDS:
        return
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
        yield node.lineno, "".join(parts)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from bare(part.value)
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value
    for child in ast.iter_child_nodes(node):
        yield from bare(child)


def sentences(code):
    """Return the bare sentences of `code` that are put before people, by line."""
    return [
        (line, text)
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call) and called(node) in SAID
        for part in [*node.args, *node.keywords]
        for line, text in bare(part)
        if WORDS.search(text) and not text.startswith("/")  # a command is typed, in every language
    ]


def everywhere(node):
    """Yield the texts of code, however they reach a message: not docstrings, errors, annotations and logs."""
    if isinstance(node, ast.Call) and called(node) in CATALOGUE | LOGGED | {"Help", "cast"}:
        return
    if isinstance(node, ast.Raise | ast.Expr) and not isinstance(getattr(node, "value", None), ast.Call):
        return
    if isinstance(node, ast.JoinedStr | ast.Constant):
        yield from bare(node)
        return
    for name, field in ast.iter_fields(node):
        for child in field if isinstance(field, list) else [field]:
            if isinstance(child, ast.AST) and name not in {"returns", "annotation"}:
                yield from everywhere(child)


def test_not_even_by_way_of_a_name_does_a_sentence_come_from_elsewhere():
    found = {
        f"{file.relative_to(PACKAGE)}:{line}": text
        for file in FILES
        if file.name not in OPERATORS | {"zone_places.py"}
        for line, text in everywhere(ast.parse(file.read_text(encoding="utf-8")))
        if WORDS.search(text) and not text.startswith("/") and text not in KEYS
    }
    assert found == {}


def test_a_sentence_that_waits_in_a_name_would_be_found():
    assert list(everywhere(ast.parse('said = "No longer muted"\nMessage(said)')))


def test_every_sentence_of_a_message_is_of_the_catalogue():
    found = {
        f"{file.relative_to(PACKAGE)}:{line}": text
        for file in FILES
        for line, text in sentences(file.read_text(encoding="utf-8"))
    }
    assert found == {}


@pytest.mark.parametrize(
    "code",
    [
        'Message("No data yet")',
        'Hit(side, f"{size} of longs liquidated")',
        'Message(title=f"No data of {coin}")',
        'Message(_("A title"), notes=("not a sentence of the catalogue",))',
        'Fact(_("Ratio"), f"{above} above and {below} below")',
        'replace(message, notes=(*message.notes, "it is late"))',
    ],
)
def test_a_bare_one_would_be_found(code):
    assert sentences(code)


@pytest.mark.parametrize(
    "code",
    [
        'Message(_("No data of {coin}", coin=coin))',
        'Button(_("What is it?"), "/help near-cluster")',
        'Button(label, command=f"/subscribe near-cluster {coin}")',
        'Fact(_("Ratio"), f"{above} · {below}")',
    ],
)
def test_what_is_in_the_catalogue_or_is_no_sentence_is_left_alone(code):
    assert not sentences(code)
