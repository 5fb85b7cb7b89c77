"""Keep the documents true: `python -m docs.check` compares, `--write` renews.

Commands, rules, settings and the command line are written from the code between markers in README.md; links
between documents must lead somewhere; CHANGELOG.md must know the version.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from docs.sections import replace_section
from liqbot.builtin import RULES
from liqbot.chat.house_commands import COMMANDS
from liqbot.chat.manner import CHOICES, ROLE
from liqbot.cli import app
from liqbot.rules.standing import Policy, standing_parameters
from liqbot.settings import described

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")


def main() -> int:
    """Return 0 where every document is true, 1 where one is not."""
    parser = argparse.ArgumentParser(prog="python -m docs.check", description=__doc__)
    parser.add_argument("--write", action="store_true", help="renew what is generated")
    arguments = parser.parse_args()
    renewed = _renewed(README.read_text())
    if arguments.write:
        README.write_text(renewed)
    complaints = [*_stale(renewed), *_broken_links(), *_missing_version()]
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


def commands() -> str:
    """Return the table of the chat's commands."""
    rows = [f"| `{command.usage}` | {command.summary} |" for command in COMMANDS]
    return "\n".join(["| command | what you get |", "| --- | --- |", *rows])


def rules() -> str:
    """Return the built-in rules with their parameters."""
    lines: list[str] = []
    for rule in RULES:
        lines += [f"**`{rule.name}`** — {rule.summary}", ""]
        for parameter in rule.form.parameters:
            if not parameter.standing:
                usual = parameter.show(parameter.default)
                lines.append(f"- `{parameter.name}` ({parameter.takes}; usually {usual}): {parameter.help}")
        lines.append("")
    lines += ["**Every rule** also takes:", ""]
    for parameter in (*standing_parameters(Policy()), *CHOICES):
        usual = "by rule" if parameter.name == "cooldown" else parameter.show(parameter.default)
        lines.append(f"- `{parameter.name}` ({parameter.takes}; usually {usual}): {parameter.help}")
    lines.append(f"- `{ROLE}`: the id of a role to ping, where the platform has roles")
    return "\n".join(lines)


def settings() -> str:
    """Return the table of settings."""
    rows = [f"| `{variable}` | `{default}` | {what} |" for variable, default, what in described()]
    return "\n".join(["| variable | default | what it is |", "| --- | --- | --- |", *rows])


def command_line() -> str:
    """Return the table of the operator's commands."""
    groups = [
        ("liqbot", app),
        *((f"liqbot {group.name}", group.typer_instance) for group in app.registered_groups),
    ]
    rows = [
        f"| `{name} {command.callback.__name__}` | {_first_line(command.callback)} |"
        for name, one in groups
        if one is not None
        for command in one.registered_commands
        if command.callback is not None
    ]
    return "\n".join(["| | |", "| --- | --- |", *rows])


SECTIONS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "rules": rules,
    "settings": settings,
    "command-line": command_line,
}


def _renewed(text: str) -> str:
    for name, body in SECTIONS.items():
        text = replace_section(text, name, body())
    return text


def _stale(renewed: str) -> Iterator[str]:
    if README.read_text() != renewed:
        yield "README.md: a generated section is out of date; `make fix` renews it"


def _broken_links() -> Iterator[str]:
    for name in DOCUMENTS:
        text = (ROOT / name).read_text()
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", text):
            if not (ROOT / target).exists():
                yield f"{name}: there is no {target}"


def _missing_version() -> Iterator[str]:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    if f"## {version}" not in (ROOT / "CHANGELOG.md").read_text():
        yield f"CHANGELOG.md: says nothing of {version}"


def _first_line(function: Callable[..., object]) -> str:
    return (function.__doc__ or "").strip().split("\n", maxsplit=1)[0]


if __name__ == "__main__":
    sys.exit(main())
