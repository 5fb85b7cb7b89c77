"""Keep the documents true: `python -m docs.check` compares, `--write` renews.

Commands, rules, settings and the command line are written from the code between markers in the pages of the
site, and the line for every file in ARCHITECTURE.md from what the file says of itself; links between
documents must lead somewhere; CHANGELOG.md must know the version.
"""

import argparse
import ast
import inspect
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import liqbot.plugin
from docs import catalogue
from docs.field_reference import reference
from docs.files import every_file
from docs.sections import replace_section
from liqbot import cli
from liqbot.builtin import RULES
from liqbot.chat.bot_commands import COMMANDS
from liqbot.hosting.plugins import Plugins
from liqbot.market import events, regime, updates
from liqbot.rules import contributions, parameters
from liqbot.rules.common_parameters import Policy, common_parameters
from liqbot.rules.contributions import KIND_WORDS, Contribution, PluginCommand
from liqbot.rules.parameters import Form
from liqbot.rules.plugin_discovery import find_in_folder
from liqbot.rules.plugin_loading import LoadError, load
from liqbot.rules.rule import Rule
from liqbot.service.delivery_options import CHOICES, ONCE, ROLE, UNTIL
from liqbot.settings import described

ROOT = Path(__file__).parents[1]
PAGES = "docs/pages"
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")


def main() -> int:
    """Return 0 where every document is true, 1 where one is not."""
    parser = argparse.ArgumentParser(prog="python -m docs.check", description=__doc__)
    parser.add_argument("--write", action="store_true", help="renew what is generated")
    arguments = parser.parse_args()
    renewed = {name: _renewed((ROOT / name).read_text(), sections) for name, sections in SECTIONS.items()}
    if arguments.write:
        for name, text in renewed.items():
            (ROOT / name).write_text(text)
        catalogue.renew()
    complaints = [*_stale(renewed), *_stale_template(), *_broken_links(), *_missing_version()]
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


def all_commands() -> str:
    """Return each of the chat's commands with all that `/help` tells of it."""
    lines: list[str] = []
    for command in COMMANDS:
        lines += [f"## `{command.usage}`", "", command.summary, ""]
        lines += [part for paragraph in command.details for part in (paragraph, "")]
    return "\n".join(lines).rstrip()


def all_rules(chosen: Iterable[Rule]) -> str:
    """Return rules with their parameters and all that `/help` tells of them."""
    parts: list[str] = []
    for rule in chosen:
        parts += [f"### `{rule.name}`", rule.summary, *rule.details, _form(rule.form)]
    return "\n\n".join(parts)


def examples() -> Plugins:
    """Return the example plugins, which are ours: so they may be loaded into this process."""
    plugins = Plugins()
    for candidate in find_in_folder(ROOT / "plugins"):
        found = load(candidate)
        if isinstance(found, LoadError):
            raise SystemExit(str(found))
        plugins.add(found)
    return plugins


def other_examples() -> str:
    """Return what the example plugins bring besides rules."""
    plugins = examples()
    brought = [*plugins.commands.values(), *plugins.overlays.values(), *plugins.adapters.values()]
    rows = [
        f"| `plugins/{Path(item.file).name}` | {KIND_WORDS[type(item)]} `{item.name}` | {_summary(item)} |"
        for item in brought
    ]
    return "\n".join(["| file | brings | what it is |", "| --- | --- | --- |", *rows])


def face() -> str:
    """Return every name of `liqbot.plugin` with the first line of what its docstring says."""
    rows = [f"| `{name}` | {_cell(_what(name))} |" for name in liqbot.plugin.__all__]
    return "\n".join(["| name | what it is |", "| --- | --- |", *rows])


def _cell(text: str) -> str:
    """Return `text` as it stands in a cell of a table."""
    return text.replace("|", r"\|")


def _what(name: str) -> str:
    """Return the first line of a name's docstring; that of a constant stands below it, in its own module."""
    value = getattr(liqbot.plugin, name)
    if isinstance(value, type) or inspect.isfunction(value):
        return _first_line(value)
    for module in (parameters, contributions, regime, updates, events):
        body = ast.parse(inspect.getsource(module)).body
        for node, following in pairwise(body):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            is_it = any(isinstance(target, ast.Name) and target.id == name for target in targets)
            if is_it and isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
                return str(following.value.value).split("\n", maxsplit=1)[0]
    raise SystemExit(f"liqbot.plugin: nothing is said of {name}")


def _summary(item: Contribution) -> str:
    return (
        item.form.fill_in(item.text[0], item.form.defaults())
        if isinstance(item, PluginCommand)
        else item.text[0]
    )


def _form(form: Form) -> str:
    lines: list[str] = []
    for parameter in form.parameters:
        if not parameter.standing:
            usual = parameter.show(parameter.default)
            lines.append(f"- `{parameter.name}` ({parameter.takes}; default {usual}): {parameter.help}")
    return "\n".join(lines)


def standing() -> str:
    """Return what every rule takes, whatever it looks for."""
    lines: list[str] = []
    for parameter in (*common_parameters(Policy()), *CHOICES, ONCE):
        usual = "by rule" if parameter.name == "cooldown" else parameter.show(parameter.default)
        lines.append(f"- `{parameter.name}` ({parameter.takes}; default {usual}): {parameter.help}")
    lines.append(f"- `{ROLE}`: the id of a role to ping, where the platform has roles; `off` for none")
    lines.append(f"- `{UNTIL}`: when it ends, as `7am` or `3d`; `off` for never")
    return "\n".join(lines)


def settings() -> str:
    """Return the table of settings."""
    rows = [
        f"| `{variable}` | {f'`{default}`' if default else 'empty'} | {what} |"
        for variable, default, what in described()
    ]
    return "\n".join(["| variable | default | what it is |", "| --- | --- | --- |", *rows])


def command_line() -> str:
    """Return the table of the operator's commands."""
    rows = [
        f"| `liqbot {command.callback.__name__}` | {_first_line(command.callback)} |"
        for command in cli.command_line().registered_commands
        if command.callback is not None
    ]
    rows += [f"| `liqbot {name}` | {_first_line(callback)} |" for name, callback in _grouped()]
    return "\n".join(["| | |", "| --- | --- |", *rows])


def _grouped() -> Iterator[tuple[str, Callable[..., object]]]:
    for group in cli.command_line().registered_groups:
        inside = group.typer_instance
        if inside is None:
            continue
        itself = inside.registered_callback
        if itself is not None and itself.callback is not None:
            yield str(group.name), itself.callback
        for command in inside.registered_commands:
            if command.callback is not None:
                yield f"{group.name} {command.callback.__name__}", command.callback


Sections: TypeAlias = dict[str, Callable[[], str]]
SECTIONS: dict[str, Sections] = {
    "ARCHITECTURE.md": {"every-file": every_file},
    f"{PAGES}/commands.md": {"all-commands": all_commands},
    f"{PAGES}/rules.md": {
        "every-rule": standing,
        "built-in-rules": lambda: all_rules(RULES),
        "example-rules": lambda: all_rules(examples().rules.by_name.values()),
        "example-others": other_examples,
    },
    f"{PAGES}/plugins.md": {"face": face},
    f"{PAGES}/fields.md": {"fields": reference},
    f"{PAGES}/operating.md": {"settings": settings, "command-line": command_line},
}


def _renewed(text: str, sections: Sections) -> str:
    for name, body in sections.items():
        text = replace_section(text, name, body())
    return text


def _stale(renewed: dict[str, str]) -> Iterator[str]:
    for name, text in renewed.items():
        if (ROOT / name).read_text() != text:
            yield f"{name}: a generated section is out of date; `make fix` renews it"


def _stale_template() -> Iterator[str]:
    if not catalogue.is_renewed():
        yield f"{catalogue.TEMPLATE.relative_to(ROOT)}: is not that of the code; renew it with --write"


def _broken_links() -> Iterator[str]:
    pages = [str(page.relative_to(ROOT)) for page in sorted((ROOT / PAGES).glob("*.md"))]
    for name in (*DOCUMENTS, *pages):
        text = (ROOT / name).read_text()
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", text):
            if not ((ROOT / name).parent / target).exists():
                yield f"{name}: there is no {target}"


def _missing_version() -> Iterator[str]:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    if f"## {version}" not in (ROOT / "CHANGELOG.md").read_text():
        yield f"CHANGELOG.md: says nothing of {version}"


def _first_line(function: Callable[..., object]) -> str:
    return (function.__doc__ or "").strip().split("\n", maxsplit=1)[0]


if __name__ == "__main__":
    sys.exit(main())
